//! The report as Markdown.

use std::fmt::Write;

use shape_sli::Grouped;

use crate::{ComplianceReport, IncidentState, figures};

impl ComplianceReport {
    /// The report as a Markdown page: a table of the promises, then each incident and each promise in words.
    ///
    /// The same report gives the same bytes.
    pub fn to_markdown(&self) -> String {
        let mut page = String::new();
        let _ = writeln!(
            page,
            "# Service levels at {}\n\nOverall: **{}**.\n",
            figures::to_the_second(self.now),
            self.worst()
        );
        page.push_str(
            "| promise | target | status | good of all | share | budget used | left | burn now |\n|---|---:|---|---:|---:|---:|---:|---:|\n",
        );
        for entry in &self.statuses {
            let budget = &entry.budget;
            let used = budget
                .consumed_ppm
                .map_or_else(|| "–".to_owned(), figures::percent);
            // The whole window is no news about now.
            let looks_back = budget.burn.len().saturating_sub(1);
            let burn = budget.burn[..looks_back]
                .iter()
                .find_map(|window| Some((window, window.burn?)))
                .map_or_else(
                    || "–".to_owned(),
                    |(window, burn)| format!("{burn} over {}", figures::span(window.seconds)),
                );
            let _ = writeln!(
                page,
                "| {} | {} | {} | {} of {} | {} | {used} | {} | {burn} |",
                cell(entry.slo.as_str()),
                budget.target,
                entry.status,
                Grouped(budget.events.good()),
                Grouped(budget.events.total()),
                budget.events,
                figures::signed(budget.remaining),
            );
        }
        if !self.breaches.is_empty() {
            page.push_str("\n## Incidents\n");
            for breach in &self.breaches {
                let state = match breach.state {
                    IncidentState::Burning => "going on",
                    IncidentState::Mitigated => "stopped, budget overspent",
                };
                let news = if breach.is_new { "new, " } else { "" };
                let _ = writeln!(
                    page,
                    "\n### {}\n\n{news}{state}; began {}, seen {}.\n\n{}.",
                    breach.id,
                    figures::to_the_second(breach.started_at),
                    figures::to_the_second(breach.detected_at),
                    breach.explanation
                );
                if let Some(cause) = breach.cause {
                    let _ = writeln!(page, "\nWhere it was spent: {cause}.");
                }
                if let Some(policy) = &breach.policy {
                    let _ = writeln!(page, "\nPolicy: {}.", policy.explanation);
                }
            }
        }
        page.push_str("\n## Promises\n\n");
        for entry in &self.statuses {
            let left_out = entry
                .budget
                .excluded
                .map_or_else(String::new, |time| format!(" {}.", figures::left_out(time)));
            let _ = writeln!(
                page,
                "- **{}**: {}, since {}. {}. Forecast: {}.{left_out}",
                entry.slo,
                entry.status,
                figures::to_the_second(entry.since),
                entry.explanation,
                entry.budget.forecast.explanation
            );
        }
        page
    }
}

/// Text that can not end a table cell.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace(['\r', '\n'], " ")
}
