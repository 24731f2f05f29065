//! The reports of the crates as a person reads them in a terminal. Nothing is computed here.

use std::{collections::BTreeSet, fmt::Write as _};

use shape_budget::BudgetReport;
use shape_compliance::{ComplianceReport, Status};
use shape_heal::{Candidate, CandidateState, Comparison, Gate, HealReport};
use shape_lineage::{Drift, LineageReport, SourceRef, Trace, Verdict};
use shape_sli::{Events, SliReport};
use shape_slo::{SloSet, Standing};
use shape_telemetry::{Evidence, Overflow, Severity, SourceSummary, TelemetryReport};

use crate::terminal::{Style, count, table};

/// The sources and what became of their lines.
pub fn sources(sources: &[SourceSummary], style: Style) -> String {
    let rows: Vec<Vec<String>> = sources
        .iter()
        .map(|source| {
            vec![
                source.name.to_string(),
                source.format.clone(),
                count(source.lines.total),
                count(source.lines.parsed),
                count(source.lines.unparsed),
                source.problem.clone().unwrap_or_default(),
            ]
        })
        .collect();
    table(
        &[
            "source",
            "format",
            "lines",
            "parsed",
            "kept unparsed",
            "notice",
        ],
        &[2, 3, 4],
        &rows,
        style,
    )
}

/// Indicators and health per component, the least healthy first.
pub fn components(report: &SliReport, style: Style) -> String {
    let mut entries: Vec<_> = report.components.iter().collect();
    entries.sort_by_key(|entry| {
        (
            entry
                .health
                .as_ref()
                .map_or(u16::MAX, |health| health.score.hundredths()),
            &entry.component,
        )
    });
    // Who reports no request has no figures: a name suffices.
    let (measured, silent): (Vec<_>, Vec<_>) = entries
        .into_iter()
        .partition(|entry| entry.health.is_some() || entry.latency.is_some());
    let rows: Vec<Vec<String>> = measured
        .into_iter()
        .map(|entry| {
            let availability = entry.slis.first();
            let events = availability.map(|sli| sli.events).unwrap_or_default();
            let interval =
                availability
                    .and_then(|sli| sli.interval)
                    .map_or_else(String::new, |interval| {
                        format!(
                            "{:.2}–{:.2} %",
                            100.0 * interval.lower,
                            100.0 * interval.upper
                        )
                    });
            let ms = |pick: fn(&shape_sli::LatencySummary) -> f64| {
                entry
                    .latency
                    .as_ref()
                    .map_or_else(String::new, |latency| format!("{:.1}", pick(latency)))
            };
            vec![
                entry.component.to_string(),
                entry
                    .health
                    .as_ref()
                    .map_or_else(|| "no data".to_owned(), |health| health.tier.to_string()),
                entry
                    .health
                    .as_ref()
                    .map_or_else(String::new, |health| health.score.to_string()),
                count(events.total()),
                count(events.bad()),
                interval,
                ms(|latency| latency.p50_ms),
                ms(|latency| latency.p95_ms),
                ms(|latency| latency.p99_ms),
            ]
        })
        .collect();
    let mut out = if rows.is_empty() {
        String::new()
    } else {
        component_table(&rows, style)
    };
    if !silent.is_empty() {
        let names: Vec<&str> = silent
            .iter()
            .take(MOST_NAMES)
            .map(|entry| entry.component.as_str())
            .collect();
        let more = match silent.len() - names.len() {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let _ = writeln!(
            out,
            "  without requests ({}): {}{more}",
            silent.len(),
            names.join(", ")
        );
    }
    out
}

/// What was too much to be told apart, in one line.
pub fn overflow(overflow: &Overflow) -> String {
    let parts = [
        (overflow.messages, "messages are counted as one kind"),
        (overflow.records, "records are counted as one component"),
        (overflow.metric_values, "values became no metric"),
        (
            overflow.field_values,
            "values of requests' fields are not counted one by one",
        ),
        (
            u64::from(overflow.bucket_doublings),
            "times buckets became twice as wide",
        ),
    ];
    let told: Vec<String> = parts
        .into_iter()
        .filter(|&(n, _)| n != 0)
        .map(|(n, what)| format!("{} {what}", count(n)))
        .collect();
    format!("too many to tell apart: {}", told.join(", "))
}

/// Names of components without requests that are listed.
const MOST_NAMES: usize = 12;

fn component_table(rows: &[Vec<String>], style: Style) -> String {
    table(
        &[
            "component",
            "tier",
            "health",
            "requests",
            "failed",
            "availability (95 %)",
            "p50 ms",
            "p95 ms",
            "p99 ms",
        ],
        &[2, 3, 4, 5, 6, 7, 8],
        rows,
        style,
    )
}

/// Promises and what is left of their budgets, the worst first.
pub fn promises(compliance: &ComplianceReport, slos: &SloSet, style: Style) -> String {
    let mut statuses: Vec<_> = compliance.statuses.iter().collect();
    let rank = |status| match status {
        Status::Breached => 0,
        Status::AtRisk => 1,
        Status::Met => 2,
        Status::NoData => 3,
    };
    statuses.sort_by_key(|entry| (rank(entry.status), entry.budget.remaining));
    let rows: Vec<Vec<String>> = statuses
        .into_iter()
        .map(|entry| {
            let budget = &entry.budget;
            let standing = match slos.find(&entry.slo).map(|slo| &slo.standing) {
                Some(Standing::Ratified { by, .. }) => format!("ratified by {by}"),
                Some(Standing::Derived) => "proposed".to_owned(),
                None => String::new(),
            };
            vec![
                entry.slo.to_string(),
                entry.status.to_string(),
                budget.target.to_string(),
                share(budget.events),
                count(budget.allowed),
                format!("{:+}", budget.remaining),
                budget
                    .burn
                    .last()
                    .and_then(|window| window.burn)
                    .map_or_else(|| "–".to_owned(), |burn| burn.to_string()),
                standing,
            ]
        })
        .collect();
    table(
        &[
            "promise",
            "status",
            "target",
            "good events",
            "allowed bad",
            "left",
            "burn",
            "standing",
        ],
        &[2, 3, 4, 5, 6],
        &rows,
        style,
    )
}

/// Anomalies with their evidence, log line and source line.
pub fn anomalies(
    telemetry: &TelemetryReport,
    lineage: Option<&LineageReport>,
    most: usize,
    style: Style,
) -> String {
    let mut out = String::new();
    let mut shown = BTreeSet::new();
    for anomaly in telemetry.anomalies.iter().take(most) {
        let severity = format!("{:?}", anomaly.severity).to_uppercase();
        let severity = match anomaly.severity {
            Severity::Critical | Severity::High => style.bad(&severity),
            Severity::Medium => style.warn(&severity),
            Severity::Low => style.dim(&severity),
        };
        let _ = writeln!(
            out,
            "  {severity}  {}  {}",
            style.bold(anomaly.component.as_str()),
            anomaly.summary
        );
        let _ = writeln!(
            out,
            "      {}",
            style.dim(&format!(
                "{}  [{}]",
                evidence(&anomaly.evidence),
                anomaly.id
            ))
        );
        for companion in anomaly.together.iter().take(MOST_COMPANIONS) {
            let other = &companion.anomaly;
            let _ = writeln!(
                out,
                "      with    {}  {}  {}",
                other.component,
                other.summary,
                style.dim(&format!(
                    "({}, p = {:.1e})",
                    companion.bond, companion.p_value
                ))
            );
        }
        if let more @ 1.. = anomaly.together.len().saturating_sub(MOST_COMPANIONS) {
            let _ = writeln!(out, "      with    {more} more in anomalies.json");
        }
        if let Some(exemplar) = anomaly.exemplars.first() {
            let _ = writeln!(
                out,
                "      log     {}  {}",
                exemplar.position,
                first_line(&exemplar.message)
            );
        }
        if let Some(trace) = lineage.and_then(|lineage| lineage.trace(&anomaly.id)) {
            let _ = writeln!(out, "      source  {}", verdict(&trace.verdict));
            let place = trace.verdict.unique();
            if place.is_none_or(|place| shown.insert(place.location.to_string())) {
                out.push_str(&behind(trace, style));
            }
        }
    }
    if telemetry.anomalies.is_empty() {
        out.push_str("  none\n");
    } else if most < telemetry.anomalies.len() {
        let _ = writeln!(
            out,
            "  and {} more in anomalies.json",
            telemetry.anomalies.len() - most
        );
    }
    out
}

/// Messages listed under the one that they come with.
const MOST_COMPANIONS: usize = 4;

/// The test behind an anomaly; where nothing was compared there is no p value to tell.
fn evidence(evidence: &Evidence) -> String {
    let effect = format!("{} {:.3}", evidence.effect_name, evidence.effect);
    let n = count(evidence.n);
    if evidence.n_baseline == 0 && 1.0 <= evidence.p_value {
        return format!("{}: n = {n}, {effect}", evidence.test);
    }
    let baseline = match evidence.n_baseline {
        0 => String::new(),
        baseline => format!(", baseline {}", count(baseline)),
    };
    format!(
        "{}: n = {n}{baseline}, q = {:.2e}, {effect}",
        evidence.test, evidence.q_value
    )
}

/// The first anomaly that has only one place in the source, with the code there and the commit behind it.
pub fn first_place(lineage: &LineageReport, style: Style) -> String {
    let found = lineage
        .traces
        .iter()
        .find(|trace| trace.verdict.unique().is_some());
    found.map_or_else(String::new, |trace| {
        format!(
            "      source  {}\n{}",
            verdict(&trace.verdict),
            behind(trace, style)
        )
    })
}

/// What is known of the place of an anomaly: code, owners, drift, the most suspect commit.
fn behind(trace: &Trace, style: Style) -> String {
    let mut out = String::new();
    if let Some(place) = trace.verdict.unique() {
        out.push_str(&excerpt(place, style));
    }
    if !trace.owners.is_empty() {
        let _ = writeln!(out, "      owners  {}", trace.owners.join(", "));
    }
    if let Some(drift) = trace.drift.as_ref().filter(|it| **it != Drift::Pinned) {
        let _ = writeln!(out, "      at the deployed commit: {drift}");
    }
    if let Some(suspect) = trace.suspects.first() {
        let _ = writeln!(
            out,
            "      commit  {} {}  {}",
            suspect.id.short(),
            suspect.summary,
            style.dim(&suspect.reason)
        );
    }
    out
}

/// The statement with a line on each side.
fn excerpt(place: &SourceRef, style: Style) -> String {
    let own = place.location.line.get()..=place.end_line.get();
    let near = own.start().saturating_sub(1)..=own.end().saturating_add(1);
    let mut out = String::new();
    for (number, text) in (place.excerpt_start.get()..).zip(place.excerpt.lines()) {
        if own.contains(&number) {
            let _ = writeln!(out, "      {number:>6} ▌ {text}");
        } else if near.contains(&number) {
            let _ = writeln!(out, "{}", style.dim(&format!("      {number:>6} │ {text}")));
        }
    }
    out
}

fn verdict(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Unique { statement, .. } => {
            let symbol = statement
                .symbol
                .as_deref()
                .map_or_else(String::new, |symbol| format!(" in {symbol}"));
            format!("{}{symbol}", statement.location)
        }
        Verdict::Ambiguous { candidates, .. } => {
            let places: Vec<String> = candidates
                .iter()
                .take(3)
                .map(|place| place.location.to_string())
                .collect();
            format!("one of {}: {}", candidates.len(), places.join(", "))
        }
        Verdict::Unmapped { reason } => format!("not found: {reason}"),
    }
}

/// One side of a comparison: the good share, or how many durations there are.
fn sample(comparison: &Comparison, events: Events) -> String {
    if comparison.unit == "ms" {
        return format!("n = {}", count(events.total()));
    }
    share(events)
}

/// Good of all, and the share: `9,971 of 10,000 (99.71%)`.
fn share(events: Events) -> String {
    if events.is_none() {
        return events.to_string();
    }
    format!(
        "{} of {} ({events})",
        count(events.good()),
        count(events.total())
    )
}

fn first_line(message: &str) -> String {
    let line = message.lines().next().unwrap_or_default();
    if line.chars().count() <= 110 {
        line.to_owned()
    } else {
        line.chars().take(109).chain(['…']).collect()
    }
}

/// Why it is so, likeliest first.
pub fn causes(telemetry: &TelemetryReport, style: Style) -> String {
    let mut out = String::new();
    for diagnosis in &telemetry.diagnoses {
        for cause in diagnosis.causes.iter().take(3) {
            let _ = writeln!(out, "  {:>3.0} %  {}", 100.0 * cause.weight, cause.summary);
        }
        for recommendation in diagnosis.recommendations.iter().take(2) {
            let _ = writeln!(
                out,
                "         {} {}",
                style.dim("→"),
                recommendation.summary
            );
        }
    }
    out
}

/// Budgets that are overspent or burn, one sentence each.
pub fn forecasts(budget: &BudgetReport) -> String {
    let concerning = budget
        .budgets
        .iter()
        .filter(|budget| budget.remaining < 0 || !budget.alerts.is_empty());
    concerning.fold(String::new(), |mut out, budget| {
        let _ = writeln!(out, "  {}: {}", budget.slo, budget.forecast.explanation);
        out
    })
}

/// Candidates with their gates; those whose preconditions do not hold are named in a line each.
pub fn candidates(report: &HealReport, style: Style) -> String {
    let is_left_out = |candidate: &&Candidate| {
        let gate = candidate.gates.last();
        gate.is_some_and(|gate| gate.gate == Gate::Preconditions && gate.passed == Some(false))
    };
    let mut out = String::new();
    let tried = report
        .candidates
        .iter()
        .filter(|candidate| !is_left_out(candidate));
    for (rank, candidate) in tried.enumerate() {
        let name = match candidate.state {
            // It passed the gates that cost little, and a better one was found before it was replayed.
            CandidateState::NotTried if !candidate.gates.is_empty() => "kept in reserve",
            state => state_name(state),
        };
        let state = match candidate.state {
            CandidateState::Deployed | CandidateState::Validated | CandidateState::Proposed => {
                style.good(name)
            }
            CandidateState::NotTried => style.dim(name),
            _ => style.bad(name),
        };
        let expected = format!(
            "expected benefit {:+.3} = {:.2} × {:.2} − {:.2} × {:.2}",
            candidate.expected_benefit,
            candidate.success_probability,
            candidate.benefit,
            1.0 - candidate.success_probability,
            candidate.cost
        );
        let title = style.bold(&candidate.title);
        let _ = writeln!(
            out,
            "  {}. {title}  {state}\n     {}",
            rank + 1,
            style.dim(&expected)
        );
        for gate in &candidate.gates {
            let mark = match gate.passed {
                Some(true) => style.good("✔"),
                Some(false) => style.bad("✘"),
                None => style.dim("–"),
            };
            let name = gate_name(gate.gate);
            let _ = writeln!(out, "     {mark} {name:<18} {}", first_line(&gate.detail));
        }
    }
    for candidate in report.candidates.iter().filter(is_left_out) {
        let why = candidate.gates.last().map_or("", |gate| &gate.detail);
        let line = first_line(&format!("{}: {why}", candidate.id));
        let _ = writeln!(out, "  {} {}", style.dim("–"), style.dim(&line));
    }
    out
}

fn gate_name(gate: Gate) -> &'static str {
    match gate {
        Gate::Preconditions => "preconditions",
        Gate::Applies => "applies",
        Gate::Guards => "guard rails",
        Gate::ReproducesBefore => "reproduces before",
        Gate::Builds => "builds",
        Gate::TestsPass => "tests pass",
        Gate::ReplayImproves => "replay improves",
        _ => "other",
    }
}

fn state_name(state: CandidateState) -> &'static str {
    match state {
        CandidateState::NotTried => "not tried",
        CandidateState::Refused => "refused",
        CandidateState::Validated => "validated, kept in reserve",
        CandidateState::Proposed => "proposed",
        CandidateState::Deployed => "deployed",
        CandidateState::RolledBack => "rolled back",
        _ => "unknown",
    }
}

/// The candidate whose change is, or was last, in production or proposed.
pub fn chosen(report: &HealReport) -> Option<&Candidate> {
    let id = &report.deployment.as_ref()?.candidate;
    report
        .candidates
        .iter()
        .find(|candidate| candidate.id == *id)
}

/// Before and after, with sample sizes and intervals.
pub fn before_after(comparisons: &[Comparison], style: Style) -> String {
    let ms =
        |value: Option<f64>| value.map_or_else(|| "–".to_owned(), |value| format!("{value:.1}"));
    let rows: Vec<Vec<String>> = comparisons
        .iter()
        .map(|comparison| {
            vec![
                comparison.what.clone(),
                sample(comparison, comparison.before),
                sample(comparison, comparison.after),
                ms(comparison.p95_before_ms),
                ms(comparison.p95_after_ms),
                format!(
                    "{:+.2} [{:+.2}, {:+.2}] {}",
                    comparison.change,
                    comparison.change_lower,
                    comparison.change_upper,
                    comparison.unit
                ),
                format!("{:.1e}", comparison.p_value),
                match (comparison.is_better, comparison.is_worse) {
                    (true, _) => "better".to_owned(),
                    (_, true) => "worse".to_owned(),
                    _ => "no change".to_owned(),
                },
            ]
        })
        .collect();
    table(
        &[
            "what",
            "before",
            "after",
            "p95 before",
            "p95 after",
            "change [95 %]",
            "p",
            "",
        ],
        &[1, 2, 3, 4, 6],
        &rows,
        style,
    )
}
