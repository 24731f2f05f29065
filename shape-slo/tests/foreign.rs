//! Whatever somebody hands in, it is read or refused; nothing panics.
#![cfg(feature = "yaml")]

use proptest::prelude::*;
use shape_slo::{AlertWindows, RuleConfig, prometheus_rules, validate_openslo};

const OPENSLO: &str = "apiVersion: openslo/v1
kind: SLO
metadata: { name: web, labels: { team: [a] } }
spec:
  service: web
  indicator: { metadata: { name: a }, spec: { ratioMetric: { good: { metricSource: { spec: { q: a } } } } } }
  budgetingMethod: Timeslices
  timeWindow: [{ duration: 1d, calendar: { startTime: '2022-01-01 12:00:00', timeZone: UTC } }]
  objectives: [{ target: 0.99, timeSliceTarget: 0.95, timeSliceWindow: 1m }]
  alertPolicies: [{ alertPolicyRef: a }]
";

const SLOTH: &str = "version: prometheus/v1
service: shop
slos:
  - name: a
    objective: 99.9
    sli: { raw: { error_ratio_query: 'x[{{ .window }}]' } }
    alerting: { name: A, labels: { tier: 2 } }
";

const WINDOWS: &str = "kind: AlertWindows
spec:
  sloPeriod: 7d
  page: { quick: { errorBudgetPercent: 8, shortWindow: 5m, longWindow: 1h }, slow: { errorBudgetPercent: 12.5, shortWindow: 30m, longWindow: 6h } }
  ticket: { quick: { errorBudgetPercent: 20, shortWindow: 2h, longWindow: 1d }, slow: { errorBudgetPercent: 42, shortWindow: 6h, longWindow: 3d } }
";

/// A document with a piece of it replaced.
fn damaged(text: &'static str) -> impl Strategy<Value = String> {
    let end = text.len();
    let piece = prop_oneof![
        Just(String::new()),
        "[ -~]{1,6}",
        "\\PC{1,3}",
        "(null|\\[\\]|\\{\\}|-1|0m|99999999999999999999m|1e400|\\{\\{|~|&a|\\*a)",
    ];
    (0..=end, 0_usize..12, piece).prop_map(move |(start, length, piece)| {
        let rest = text.get(start + length..).unwrap_or("");
        format!("{}{piece}{rest}", &text[..start])
    })
}

proptest! {
    #[test]
    fn documents_are_read_or_refused(
        openslo in damaged(OPENSLO), sloth in damaged(SLOTH), windows in damaged(WINDOWS), noise in "\\PC{0,40}"
    ) {
        for text in [&openslo, &noise] {
            let verdict = validate_openslo(text);
            prop_assert_eq!(verdict.valid, verdict.decode_error.is_none() && verdict.errors.is_empty());
        }
        for text in [&sloth, &noise] {
            if let Ok(files) = prometheus_rules(text, &RuleConfig::new()) {
                for file in files {
                    let read: Result<serde_json::Value, _> = serde_saphyr::from_str(&file.to_string());
                    prop_assert!(read.is_ok(), "{file}");
                }
            }
        }
        let _ = AlertWindows::from_yaml(&windows);
        let _ = RuleConfig::new().period(&noise);
    }
}

#[test]
fn the_undamaged_ones_are_valid() {
    assert!(prometheus_rules(SLOTH, &RuleConfig::new()).is_ok());
    assert!(AlertWindows::from_yaml(WINDOWS).is_ok());
    let verdict = validate_openslo(OPENSLO);
    assert_eq!(verdict.decode_error, None);
    let path = "spec.indicator.spec.ratioMetric";
    assert_eq!(verdict.errors[0].path, path);
    assert_eq!(verdict.errors[0].code, Some("mutually_exclusive"));
}
