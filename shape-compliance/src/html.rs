//! The report as one HTML page.

use std::fmt::Write as _;

use shape_budget::SloBudget;
use shape_sli::Grouped;

use crate::{ComplianceReport, IncidentState, SloStatus, Status, figures};

mod chart;

/// The style of the page: its hash stands in the page's own content security policy.
const STYLE: &str = include_str!("html/report.css");

/// The SHA-256 of [`STYLE`] in base64; a test keeps it true.
const STYLE_HASH: &str = "opQW9A62aE8kJ0UZfGITQ/XVDn5vmuYCkFdRjqFkx8E=";

impl ComplianceReport {
    /// The report as one HTML page that needs nothing else: no script, no font, no image from elsewhere.
    ///
    /// The burndown of each promise is a chart in SVG. The page follows the reader's choice of light or dark, prints,
    /// and carries a content security policy that allows its own style and nothing more. All that comes from outside is
    /// escaped. The same report gives the same bytes.
    pub fn to_html(&self) -> String {
        let mut page = String::new();
        let now = figures::to_the_second(self.now);
        let _ = write!(
            page,
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'sha256-{STYLE_HASH}'\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta name=\"color-scheme\" content=\"light dark\">\n\
             <title>Service levels at {now}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n\
             <header><h1>Service levels</h1><p>{now} · {} promises · overall {}</p></header>\n<main>\n",
            self.statuses.len(),
            badge(self.worst())
        );
        self.incidents(&mut page);
        self.overview(&mut page);
        for entry in &self.statuses {
            promise(&mut page, entry);
        }
        page.push_str("</main>\n</body>\n</html>\n");
        page
    }

    fn incidents(&self, page: &mut String) {
        if self.breaches.is_empty() {
            return;
        }
        page.push_str("<section><h2>Incidents</h2>\n");
        for breach in &self.breaches {
            let (state, class) = match breach.state {
                IncidentState::Burning => ("going on", "breached"),
                IncidentState::Mitigated => ("stopped, budget overspent", "at-risk"),
            };
            let news = if breach.is_new { "new · " } else { "" };
            let lasted = figures::length(self.now.duration_since(breach.started_at).as_secs());
            let _ = write!(
                page,
                "<article class=\"incident {class}\"><h3>{}</h3>\n<p class=\"facts\">{news}{state} · began {} · seen {} · {lasted}</p>\n<p>{}.</p>\n",
                escape(breach.id.as_str()),
                figures::to_the_second(breach.started_at),
                figures::to_the_second(breach.detected_at),
                escape(&breach.explanation)
            );
            if let Some(cause) = breach.cause {
                let _ = writeln!(page, "<p>Where it was spent: {cause}.</p>");
            }
            if let Some(policy) = &breach.policy {
                let _ = writeln!(page, "<p>Policy: {}.</p>", escape(&policy.explanation));
            }
            page.push_str("</article>\n");
        }
        page.push_str("</section>\n");
    }

    fn overview(&self, page: &mut String) {
        page.push_str(
            "<section><h2>Promises</h2>\n<div class=\"scroll\"><table>\n<thead><tr><th>promise</th><th>status</th><th class=\"n\">target</th><th class=\"n\">share</th><th class=\"n\">bad of all</th><th class=\"n\">budget used</th><th class=\"n\">left</th></tr></thead>\n<tbody>\n",
        );
        for entry in &self.statuses {
            let budget = &entry.budget;
            let used = budget
                .consumed_ppm
                .map_or_else(|| "–".to_owned(), figures::percent);
            let _ = writeln!(
                page,
                "<tr><td>{}</td><td>{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{} of {}</td><td class=\"n\">{used}</td><td class=\"n\">{}</td></tr>",
                escape(entry.slo.as_str()),
                badge(entry.status),
                budget.target,
                budget.events,
                Grouped(budget.events.bad()),
                Grouped(budget.events.total()),
                figures::signed(budget.remaining)
            );
        }
        page.push_str("</tbody>\n</table></div></section>\n");
    }
}

fn promise(page: &mut String, entry: &SloStatus) {
    let budget = &entry.budget;
    let _ = write!(
        page,
        "<section class=\"promise\"><h2>{} {}</h2>\n<p>Since {}: {}.</p>\n",
        escape(entry.slo.as_str()),
        badge(entry.status),
        figures::to_the_second(entry.since),
        escape(&entry.explanation)
    );
    page.push_str(&chart::burndown(budget));
    burn(page, budget);
    let _ = writeln!(
        page,
        "<p>Forecast: {}.</p>",
        escape(&budget.forecast.explanation)
    );
    if let Some(band) = budget.forecast.exhaustion {
        let latest = band.latest.map_or_else(
            || "may as well last".to_owned(),
            |latest| format!("before {} with 90 %", figures::to_the_second(latest)),
        );
        let _ = writeln!(
            page,
            "<p>The budget is spent before {} with a probability of 10 %, {latest}.</p>",
            figures::to_the_second(band.earliest)
        );
    }
    let alerts = budget.alerts.iter().map(|alert| &alert.explanation);
    let alerts = alerts.chain(budget.budget_alerts.iter().map(|alert| &alert.explanation));
    let alerts: Vec<String> = alerts
        .map(|text| format!("<li>{}</li>", escape(text)))
        .collect();
    if !alerts.is_empty() {
        let _ = writeln!(page, "<ul class=\"alerts\">{}</ul>", alerts.concat());
    }
    if let Some(excluded) = budget.excluded {
        let _ = writeln!(page, "<p>{}.</p>", figures::left_out(excluded));
    }
    page.push_str("</section>\n");
}

/// The burn over each look-back.
fn burn(page: &mut String, budget: &SloBudget) {
    page.push_str("<div class=\"scroll\"><table class=\"burn\"><thead><tr><th>over</th>");
    for window in &budget.burn {
        let _ = write!(
            page,
            "<th class=\"n\">{}</th>",
            figures::span(window.seconds)
        );
    }
    page.push_str("</tr></thead><tbody><tr><td>burn</td>");
    for window in &budget.burn {
        let burn = window
            .burn
            .map_or_else(|| "–".to_owned(), |burn| burn.to_string());
        let class = match budget.target.is_met_by(window.events) {
            Some(false) => "n bad",
            _ => "n",
        };
        let _ = write!(page, "<td class=\"{class}\">{burn}</td>");
    }
    page.push_str("</tr></tbody></table></div>\n");
}

fn badge(status: Status) -> String {
    let class = match status {
        Status::Met => "met",
        Status::AtRisk => "at-risk",
        Status::Breached => "breached",
        Status::NoData => "no-data",
    };
    format!("<span class=\"badge {class}\">{status}</span>")
}

/// Text that can not become markup.
fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            letter => safe.push(letter),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use sha2::{Digest as _, Sha256};

    use super::*;

    /// Base64 of RFC 4648, for the one hash of this test.
    fn base64(bytes: &[u8]) -> String {
        const LETTERS: &[u8; 64] =
            b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let mut text = String::new();
        for chunk in bytes.chunks(3) {
            let bits = (0..3).fold(0_u32, |bits, n| {
                bits << 8 | u32::from(chunk.get(n).copied().unwrap_or(0))
            });
            for n in 0..=chunk.len() {
                let place = usize::try_from(bits >> (18 - 6 * n) & 63).unwrap();
                text.push(char::from(LETTERS[place]));
            }
            text.push_str(&"=".repeat(3 - chunk.len()));
        }
        text
    }

    #[test]
    fn the_policy_of_the_page_names_its_style() {
        assert_eq!(base64(b"foob"), "Zm9vYg==");
        assert_eq!(STYLE_HASH, base64(&Sha256::digest(STYLE)));
    }

    #[test]
    fn markup_is_escaped() {
        assert_eq!(
            escape("<a href='x'>&\"</a>"),
            "&lt;a href=&#39;x&#39;&gt;&amp;&quot;&lt;/a&gt;"
        );
    }
}
