//! A finished run, read from a folder.

mod fixture;

use std::{error::Error as _, fs, path::Path};

use serde::Serialize;
use shape_dashboard::{Dashboard, ErrorKind};
use shape_workflow::LoopState;

fn write(dir: &Path, name: &str, report: &impl Serialize) {
    fs::write(dir.join(name), serde_json::to_vec_pretty(report).unwrap()).unwrap();
}

#[test]
fn a_whole_run() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "anomalies.json", &fixture::telemetry());
    write(dir.path(), "log-source-lineage.json", &fixture::lineage());
    write(
        dir.path(),
        "sli-metrics.json",
        &fixture::sli(20, 60, 4_914, "critical"),
    );
    write(dir.path(), "slo-targets.json", &fixture::slos());
    write(
        dir.path(),
        "error-budgets.json",
        &fixture::budget_report(1_890, fixture::at(8)),
    );
    write(
        dir.path(),
        "sla-compliance.json",
        &fixture::compliance(1_890, fixture::at(9)),
    );
    write(dir.path(), "heal-report.json", &fixture::heal());
    let dashboard = Dashboard::from_artifacts(dir.path()).unwrap();
    assert_eq!(dashboard.service_name(), "studio");
    let snapshot = dashboard.snapshot();
    assert!(snapshot.is_replay);
    assert_eq!(snapshot.loop_view.state, Some(LoopState::Recovered));
    assert_eq!(snapshot.updated_at, Some(fixture::at(92)));
    assert!(snapshot.artifacts.iter().all(|it| it.is_there));
}

#[test]
fn what_is_missing_is_awaited() {
    let dir = tempfile::tempdir().unwrap();
    write(
        dir.path(),
        "sli-metrics.json",
        &fixture::sli(0, 0, 9_900, "excellent"),
    );
    let snapshot = Dashboard::from_artifacts(dir.path()).unwrap().snapshot();
    assert_eq!(snapshot.components.len(), 4);
    assert_eq!(snapshot.loop_view.state, None);
    assert!(snapshot.awaited.slos.is_some());
}

#[test]
fn what_is_wrong_is_said() {
    let dir = tempfile::tempdir().unwrap();
    let check = |text: &str, kind: ErrorKind, expected: &str| {
        fs::write(dir.path().join("sla-compliance.json"), text).unwrap();
        let error = Dashboard::from_artifacts(dir.path()).unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().contains(expected), "{error}");
        error
    };
    check(
        r#"{"schema_version": 99}"#,
        ErrorKind::UnsupportedVersion,
        "has schema version 99, expected 1",
    );
    check(
        "{\n  oops",
        ErrorKind::Parse,
        "line 2, column 3: expected a compliance report",
    );
    let error = check(
        r#"{"schema_version": 1}"#,
        ErrorKind::Parse,
        "sla-compliance.json",
    );
    assert!(
        error
            .source()
            .unwrap()
            .to_string()
            .contains("missing field")
    );
    let error = Dashboard::from_artifacts(dir.path().join("nowhere")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Read);
}
