//! Budgets as metrics, and what `promtool` says to them.
#![cfg(feature = "prometheus")]
#![expect(clippy::print_stdout, reason = "why a comparison is skipped")]

use std::{
    io::Write as _,
    process::{Command, Stdio},
    time::Duration,
};

use shape_budget::{BudgetConfig, assess};
use shape_sli::{
    Exposition, ExpositionWriter, Indicator, MeasureConfig, Observation, Sampler, SliReport,
};
use shape_slo::{Slo, SloSet, Window};
use shape_telemetry::{ComponentId, Measurements};

#[test]
fn measured_promised_and_spent_in_one_scrape() {
    let measurements = Measurements::empty(Duration::from_secs(60), []);
    let mut report = SliReport::measure(&measurements, &MeasureConfig::new());
    let now: jiff::Timestamp = "2026-11-24T08:00:00Z".parse().unwrap();
    let mut slos = Vec::new();
    for (name, bad) in [("shop", 300_u32), ("quiet", 0)] {
        let component = ComponentId::new(name);
        let mut probe = Sampler::new(Indicator::Probe, Duration::from_secs(60));
        for minute in 1..=1_000 {
            let at = now
                .checked_sub(jiff::SignedDuration::from_mins(i64::from(minute)))
                .unwrap();
            if bad != 0 {
                probe.look(at, Observation::Up(bad < minute));
            }
        }
        report.add(&component, probe.sli(&component));
        let target = "99%".parse().unwrap();
        slos.push(Slo::new(
            &component,
            Indicator::Probe,
            target,
            Window::rolling_days(28),
        ));
    }
    let promises = SloSet::new("shop", slos).ratify("us", now);
    let budgets = assess(&promises, &report, now, &BudgetConfig::new()).unwrap();
    let mut writer = ExpositionWriter::new();
    writer.add_report(&report);
    promises.write_metrics(&mut writer);
    budgets.write_metrics(&mut writer);
    let text = writer.to_string();
    let scrape = Exposition::parse(&text).unwrap();
    let of = |metric: &str, slo: &str| -> Vec<f64> {
        let samples = scrape.samples().filter(|sample| sample.name == metric);
        let mine = samples.filter(|sample| sample.label("slo") == Some(slo));
        mine.map(|sample| sample.value).collect()
    };
    let close = |seen: &[f64], wanted: f64| seen.len() == 1 && (seen[0] - wanted).abs() < 1e-9;
    assert!(
        close(&of("shape_slo_objective_ratio", "shop/probe"), 0.99),
        "{text}"
    );
    assert!(
        close(&of("shape_budget_allowed_events", "shop/probe"), 10.0),
        "{text}"
    );
    assert!(
        close(&of("shape_budget_remaining_events", "shop/probe"), -290.0),
        "{text}"
    );
    assert!(
        close(&of("shape_budget_consumed_ratio", "shop/probe"), 30.0),
        "{text}"
    );
    assert!(!of("shape_burn_rate", "shop/probe").is_empty());
    // Nothing was seen: no share, no burn.
    assert!(of("shape_budget_consumed_ratio", "quiet/probe").is_empty());
    assert!(of("shape_burn_rate", "quiet/probe").is_empty());

    let promtool = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut promtool) = promtool else {
        println!("skipped: no promtool");
        return;
    };
    promtool
        .stdin
        .take()
        .unwrap()
        .write_all(text.as_bytes())
        .unwrap();
    let output = promtool.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success() && said.is_empty(), "{said}\n{text}");
}
