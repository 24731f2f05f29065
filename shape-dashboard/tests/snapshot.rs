//! What the page says, from reports made by hand.

mod fixture;

use serde_json::Value;
use shape_dashboard::{
    Dashboard, Snapshot,
    snapshot::{
        DiffLineKind,
        Phase::{self, Ahead, Current, Passed},
        Tone,
    },
};
use shape_workflow::{Artifact, Event, EventKind, LoopState};

fn after(story: &fixture::Story) -> Snapshot {
    let dashboard = Dashboard::new("studio");
    for event in &story.events {
        dashboard.apply(event);
    }
    dashboard.snapshot()
}

fn with(reports: Vec<Artifact>) -> Snapshot {
    let dashboard = Dashboard::new("studio");
    for (seq, report) in (1..).zip(reports) {
        dashboard.apply(&Event {
            seq,
            at: fixture::at(0),
            kind: EventKind::Report(report),
        });
    }
    dashboard.snapshot()
}

#[test]
fn nothing_is_known_at_first_and_nothing_is_claimed() {
    let snapshot = Dashboard::new("studio").snapshot();
    assert_eq!(
        (snapshot.seq, snapshot.revision, snapshot.updated_at),
        (0, 0, None)
    );
    assert_eq!(snapshot.loop_view.state, None);
    assert_eq!(snapshot.loop_view.badge.tone, Tone::Neutral);
    assert!(
        snapshot
            .loop_view
            .strip
            .iter()
            .all(|it| it.phase == Phase::Ahead)
    );
    let awaited = serde_json::to_value(&snapshot.awaited).unwrap();
    assert!(
        awaited
            .as_object()
            .unwrap()
            .values()
            .all(|it| !it.is_null()),
        "{awaited}"
    );
    assert!(snapshot.artifacts.iter().all(|it| !it.is_there));
}

#[test]
fn healthy_without_data_is_no_success() {
    let dashboard = Dashboard::new("studio");
    dashboard.apply(&Event {
        seq: 1,
        at: fixture::at(0),
        kind: EventKind::RunFinished {
            state: LoopState::Healthy,
            duration: std::time::Duration::ZERO,
        },
    });
    let view = dashboard.snapshot().loop_view;
    assert_eq!(view.badge.tone, Tone::Neutral);
    assert_eq!(
        view.headline,
        "No promise is known to be broken, and none is known to hold."
    );
}

#[test]
fn the_worst_comes_first() {
    let snapshot = after(&fixture::breached());
    let slos: Vec<_> = snapshot
        .slos
        .iter()
        .map(|it| (it.id.as_str(), it.status.text.as_str()))
        .collect();
    assert_eq!(
        slos,
        [
            ("canvas/latency-50ms", "breached"),
            ("control-panel/availability", "at risk"),
            ("theme/availability", "too little data"),
            ("library/availability", "met"),
            ("canvas/availability", "met"),
        ]
    );
    let tiles: Vec<_> = snapshot
        .components
        .iter()
        .map(|it| it.name.as_str())
        .collect();
    assert_eq!(
        tiles,
        ["canvas", "control-panel", "theme", "header", "library"]
    );
    let anomalies: Vec<_> = snapshot
        .anomalies
        .iter()
        .map(|it| it.severity.text.as_str())
        .collect();
    assert_eq!(anomalies, ["critical", "high", "low"]);
    let totals: Vec<_> = snapshot.totals.iter().map(|it| it.text.as_str()).collect();
    assert_eq!(
        totals,
        ["1 breached", "1 at risk", "1 too little data", "2 met"]
    );
    assert!(snapshot.charts[0].title.starts_with("canvas/latency-50ms"));
}

/// 9 971 of 10 000 meets 99.5 % with 58 % of the budget used.
#[test]
fn the_figures_are_rounded_towards_bad() {
    let snapshot = after(&fixture::breached());
    let row = |id: &str| snapshot.slos.iter().find(|it| it.id == id).unwrap();
    let library = row("library/availability");
    assert_eq!(library.sli_label, "99.71%");
    assert_eq!(library.events_label, "9,971 of 10,000 good");
    assert_eq!(library.target_label, "99.5%");
    assert_eq!(
        (
            library.remaining_label.as_str(),
            library.allowed_label.as_str()
        ),
        ("+21", "50")
    );
    assert_eq!(library.consumed_label, "58.0%");
    assert_eq!(library.remaining_percent_label, "42.0%");
    assert_eq!(library.burn[1].label, "0.6\u{d7}");

    let canvas = row("canvas/latency-50ms");
    assert_eq!(canvas.sli_label, "84.25%");
    assert_eq!(canvas.remaining_label, "\u{2212}1,770");
    assert_eq!(canvas.remaining_percent_label, "\u{2212}1,475.0%");
    assert_eq!(canvas.outlook_label, "recovers 2026-03-02 14:58:00 UTC");
    assert_eq!(canvas.consumed_permille, 1_000);
    assert_eq!(canvas.window_label, "rolling 1 h");

    let theme = row("theme/availability");
    assert_eq!(theme.sli_label, "no events");
    assert_eq!(theme.consumed_label, "no events to count");
    assert_eq!(theme.burn[0].label, "no data");
    assert_eq!(theme.remaining_label, "");

    let quiet = row("canvas/availability");
    assert_eq!(quiet.burn[1].label, "0.0\u{d7}");
    assert_eq!(snapshot.components[0].score_label, "49.14");
    assert_eq!(snapshot.components[0].p95_label, "88.3 ms");
}

#[test]
fn a_fix_does_not_refill_a_budget() {
    let snapshot = after(&fixture::healed());
    assert_eq!(snapshot.loop_view.state, Some(LoopState::Recovered));
    assert_eq!(snapshot.slos[0].status.text, "breached");
    assert!(
        snapshot
            .loop_view
            .headline
            .contains("when the bad events have left its window")
    );
    assert_eq!(snapshot.slos[0].remaining_label, "\u{2212}1,060");
}

#[test]
fn a_newer_budget_takes_the_place_of_the_one_that_was_judged() {
    let judged = Artifact::Compliance(fixture::compliance(1_890, fixture::at(10)));
    let remaining = |now| {
        let counted = Artifact::Budget(fixture::budget_report(600, now));
        with(vec![judged.clone(), counted]).slos[0]
            .remaining_label
            .clone()
    };
    assert_eq!(remaining(fixture::at(9)), "\u{2212}1,770");
    assert_eq!(remaining(fixture::at(11)), "\u{2212}480");
}

#[test]
fn the_strip_shows_the_way_of_the_incident() {
    let snapshot = after(&fixture::healing());
    let phases: Vec<_> = snapshot.loop_view.strip.iter().map(|it| it.phase).collect();
    assert_eq!(
        phases,
        [
            Passed, Passed, Passed, Passed, Current, Ahead, Ahead, Ahead, Ahead, Ahead
        ]
    );
    assert_eq!(snapshot.loop_view.history[0].to.text, "validating");
    let steps: Vec<_> = snapshot
        .steps
        .iter()
        .map(|it| it.badge.text.as_str())
        .collect();
    assert_eq!(
        steps,
        [
            "done", "done", "done", "done", "done", "done", "running", "waiting", "waiting"
        ]
    );
    assert_eq!(snapshot.steps[6].done_permille, Some(450));
    for step in &snapshot.steps {
        assert!(
            step.bar_start_permille + step.bar_length_permille <= 1_000,
            "{step:?}"
        );
    }
    assert_eq!(
        snapshot.activity[0].message,
        "the service builds with the second candidate"
    );
}

#[test]
fn healing_is_told_with_its_gates_and_its_patch() {
    let snapshot = after(&fixture::healed());
    let heal = snapshot.heal.unwrap();
    let [refused, deployed, untried] = &heal.candidates[..] else {
        panic!("{:#?}", heal.candidates);
    };
    let gates = |it: &shape_dashboard::snapshot::CandidateView| -> Vec<String> {
        it.gates
            .iter()
            .map(|gate| gate.result.text.clone())
            .collect()
    };
    assert_eq!(
        gates(refused),
        [
            "passed",
            "passed",
            "passed",
            "passed",
            "refused",
            "not reached",
            "not reached"
        ]
    );
    assert_eq!(gates(deployed), ["passed"; 7]);
    assert_eq!(gates(untried), ["not tried"; 7]);
    assert!(deployed.is_leading && !refused.is_leading);
    assert_eq!(
        deployed.diff_label,
        "10 lines added, 4 removed, with the new test tests/resize_burst.rs"
    );
    let first_added = deployed
        .diff
        .iter()
        .find(|line| line.kind == DiffLineKind::Added)
        .unwrap();
    assert_eq!(
        (first_added.old_line, first_added.new_line),
        (None, Some(85))
    );
    assert_eq!(
        heal.comparisons[0].before_label,
        "78.00% (3,120 of 4,000 good)"
    );
    assert_eq!(
        heal.comparisons[0].change_label,
        "+21.9 percentage points of good events"
    );
    assert_eq!(
        heal.comparisons[0].interval_label,
        "95% interval +20.6 to +23.2"
    );
    assert_eq!(heal.comparisons[0].p95_label, "88.3 ms \u{2192} 6.2 ms");
}

#[test]
fn evidence_leads_to_the_line() {
    let snapshot = after(&fixture::breached());
    let worst = &snapshot.anomalies[0];
    assert_eq!(worst.q_label, "q 3.1e-18");
    assert_eq!(worst.source_label, "src/canvas/render.rs:88");
    assert_eq!(worst.lines[0].position_label, "studio.log:1204");
    let source = worst.source.as_ref().unwrap();
    let own: Vec<_> = source.statements[0]
        .lines
        .iter()
        .filter(|it| it.is_statement)
        .map(|it| it.number)
        .collect();
    assert_eq!(own, [88, 89, 90, 91, 92]);
    assert_eq!(
        source.suspects[1].notes,
        ["newer than the baseline", "changes the layout only"]
    );
    assert_eq!(source.owners_label, "owned by @graphics, ada@example.org");
    assert_eq!(
        source.drift_label,
        "in the deployed commit: moved from src/canvas/render.rs:88 to src/canvas/render.rs:91, \
         the only one of its text in its function"
    );
    // Text stays text: the snapshot neither cuts nor escapes it, JSON does what is due.
    assert_eq!(snapshot.anomalies[2].lines[0].message, fixture::HOSTILE);
}

#[test]
fn the_json_names_its_version_and_units() {
    let value = serde_json::to_value(after(&fixture::breached())).unwrap();
    assert_eq!(value["schema_version"], Snapshot::SCHEMA_VERSION);
    assert_eq!(value["stale_after_ms"], 10_000);
    assert_eq!(value["loop"]["state"], "breached");
    let burndown = &value["charts"][0]["burndown"];
    assert_eq!(burndown["unit"], "bad events");
    assert_eq!(
        burndown["times_unix_s"].as_array().map(Vec::len),
        burndown["values"].as_array().map(Vec::len)
    );
    assert!(!contains_nan(&value));
}

/// `serde_json` writes what is no number as null; the drawings must have none.
fn contains_nan(value: &Value) -> bool {
    let series = |it: &Value| it["values"].as_array().unwrap().iter().any(Value::is_null);
    value["charts"]
        .as_array()
        .unwrap()
        .iter()
        .any(|it| series(&it["burndown"]) || series(&it["sli"]))
}

#[test]
fn the_same_events_give_the_same_bytes() {
    let bytes = || serde_json::to_string(&after(&fixture::healed())).unwrap();
    assert!(bytes() == bytes());
}
