//! What is found among sessions, by processes that are made up and labelled.
#![allow(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::print_stdout,
    reason = "numbers of a test are small and known"
)]

use proptest::prelude::*;
use shape_telemetry::SessionModel;

use crate::simulated::sessions::{Process, Session, Tally, bursts, lifecycles, programs, replicas};

mod simulated;

fn learn(sessions: &[Session]) -> SessionModel {
    let mut model = SessionModel::new();
    for (n, session) in sessions.iter().enumerate() {
        model.learn(&n.to_string(), session.events.iter().map(String::as_str));
    }
    model
}

/// Learns from a share of sessions, anomalies included, and judges the rest.
fn tally(sessions: &[Session], fit: f64) -> Tally {
    let (learned, judged) = sessions.split_at((sessions.len() as f64 * fit) as usize);
    let detector = learn(learned).detector();
    let mut tally = Tally::default();
    for session in judged {
        let verdict = detector.judge(session.events.iter().map(String::as_str));
        assert!(verdict.score.is_finite());
        assert!(!verdict.anomalous || !verdict.reasons.is_empty());
        tally.add(session.anomalous, verdict.anomalous);
    }
    tally
}

/// Anomalies in the part learned from: all that there are, or none.
fn sessions(process: Process, seed: u64, n: usize, fit: f64, clean: bool) -> Vec<Session> {
    let mut all = process(seed, n, 0.03);
    if clean {
        let n_fit = (n as f64 * fit) as usize;
        let mut at = 0;
        all.retain(|session| {
            at += 1;
            n_fit < at || !session.anomalous
        });
    }
    all
}

/// `cargo test -p shape-telemetry --test sessions -- --nocapture f1` prints the table.
#[test]
fn f1_of_labelled_processes() {
    let cases: [(&str, Process, u64, [f64; 4]); 4] = [
        // F1 at least, for a clean and a contaminated half, and for a clean and a contaminated twentieth.
        ("replicas", replicas, 1, [0.85, 0.85, 0.75, 0.65]),
        ("programs", programs, 4, [0.70, 0.80, 0.45, 0.45]),
        ("lifecycles", lifecycles, 1, [0.97, 0.97, 0.95, 0.85]),
        // Rare events of the faults are as rare as those of the noise: only what was never seen can be told.
        ("bursts", bursts, 1, [0.60, 0.0, 0.0, 0.0]),
    ];
    for (name, process, seeds, floors) in cases {
        for ((fit, clean), floor) in [(0.5, true), (0.5, false), (0.05, true), (0.05, false)]
            .into_iter()
            .zip(floors)
        {
            let mut sum = Tally::default();
            for seed in 0..seeds {
                sum = sum.plus(tally(&sessions(process, seed, 2_400, fit, clean), fit));
            }
            println!(
                "{name:10} fit {fit:4} {:12} precision {:.3} recall {:.3} F1 {:.3}",
                if clean { "clean" } else { "contaminated" },
                sum.precision(),
                sum.recall(),
                sum.f1()
            );
            assert!(floor <= sum.f1(), "{name} {fit} {clean}: {sum:?}");
        }
    }
}

#[test]
fn without_anomalies_hardly_anything_is_reported() {
    for process in [replicas, programs, lifecycles, bursts] {
        let tally = tally(&process(11, 3_000, 0.0), 0.5);
        assert!(tally.false_alarms < 30, "{tally:?}");
    }
}

#[test]
fn reasons_name_what_is_wrong() {
    let detector = learn(&lifecycles(3, 1_000, 0.0)).detector();
    let usual = "E1 E2 E3 E4 E5 E6 E7 E8 E9 E10 E9 E10 E9 E10 E12 E13 E14 E15 E16 E17 E18 E19 E20";
    let judge = |text: &str| detector.judge(text.split(' '));
    assert!(!judge(usual).anomalous, "{:?}", judge(usual));
    let new = judge(&usual.replace("E16", "E16 E99"));
    assert!(new.anomalous);
    assert!(new.reasons.iter().any(|r| r.contains("`E99`")), "{new:?}");
    let missing = judge(&usual.replace("E16 ", ""));
    assert!(missing.anomalous);
    assert!(
        missing
            .reasons
            .iter()
            .any(|r| r.starts_with("`E16` is missing")),
        "{missing:?}"
    );
    let swapped = judge(&usual.replace("E5 E6", "E6 E5"));
    assert!(swapped.anomalous);
    assert!(
        swapped.reasons[0].contains("`E6` before `E5`; in 0 of 1000"),
        "{swapped:?}"
    );
    let uneven = judge(&usual.replace("E9 E10 E9 E10 E9 E10", "E9 E10 E9 E10 E9"));
    assert!(uneven.anomalous, "{uneven:?}");
}

#[test]
fn a_session_that_goes_on_misses_nothing_yet() {
    let detector = learn(&replicas(5, 3_000, 0.02)).detector();
    let begun = "E5 E22 E5 E5 E9 E26";
    assert!(detector.judge(begun.split(' ')).anomalous);
    assert!(!detector.judge_open(begun.split(' ')).anomalous);
    assert!(detector.judge_open("E5 E22 E7".split(' ')).anomalous);
}

#[test]
fn the_end_of_a_log_cuts_sessions_off() {
    let all = replicas(6, 4_000, 0.02);
    let (learned, judged) = all.split_at(2_000);
    let detector = learn(learned).detector();
    let texts = |cut: bool| -> Vec<String> {
        let n = judged.len();
        judged
            .iter()
            .enumerate()
            .map(|(at, session)| {
                let left = if cut { (n - at) as f64 / 120.0 } else { 1.0 };
                let keep = (session.events.len() as f64 * left) as usize;
                session.events[..keep.clamp(2, session.events.len())].join(" ")
            })
            .collect()
    };
    let found = |texts: &[String]| {
        let verdicts = detector.judge_log(texts);
        let cut = verdicts.iter().filter(|verdict| verdict.cut_off).count();
        let called = verdicts.iter().filter(|verdict| verdict.anomalous).count();
        (cut, called)
    };
    let (none, whole) = found(&texts(false));
    let (cut, called) = found(&texts(true));
    assert_eq!(none, 0);
    assert!(50 < cut, "{cut}");
    assert!(called <= whole + 5, "{called} {whole}");
}

#[test]
fn nothing_learned_and_odd_input() {
    let detector = SessionModel::new().detector();
    let verdict = detector.judge(["a", "b"]);
    assert!(verdict.score.is_finite());
    let mut model = SessionModel::new();
    for n in 0..200 {
        model.learn(&n.to_string(), std::iter::empty());
    }
    model.learn("long", std::iter::repeat_n("x y", 10_000));
    let detector = model.detector();
    assert!(!detector.judge(std::iter::empty()).anomalous);
    assert!(detector.judge(["new"]).anomalous);
    let json = serde_json::to_string(&model).unwrap();
    assert_eq!(serde_json::from_str::<SessionModel>(&json).unwrap(), model);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Shards merge to the bytes of one pass, in any order and grouping.
    #[test]
    fn merging_is_a_law(sessions in prop::collection::vec(prop::collection::vec("[a-d]", 0..6), 0..40), cuts in (0_usize..40, 0_usize..40)) {
        let learn = |range: std::ops::Range<usize>| {
            let mut model = SessionModel::new();
            for n in range {
                model.learn(&n.to_string(), sessions[n].iter().map(String::as_str));
            }
            model
        };
        let n = sessions.len();
        let (a, b) = (cuts.0.min(n), cuts.1.min(n));
        let (a, b) = (a.min(b), a.max(b));
        let whole = learn(0..n);
        let (x, y, z) = (learn(0..a), learn(a..b), learn(b..n));
        prop_assert_eq!(&x.clone().merge(y.clone()).merge(z.clone()), &whole);
        prop_assert_eq!(&z.merge(x.merge(y)), &whole);
        prop_assert_eq!(whole.clone().merge(SessionModel::new()), whole);
    }
}
