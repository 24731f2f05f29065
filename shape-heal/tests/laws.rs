//! Laws of what is learned.

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use shape_heal::{FaultSignature, Knowledge, KnownOutcome, Posterior};
use shape_telemetry::{AnomalyKind, ComponentId, TemplateId};

fn now() -> Timestamp {
    "2026-03-01T00:00:00Z".parse().unwrap()
}

fn signature(n: u8) -> FaultSignature {
    FaultSignature {
        component: ComponentId::new(["canvas", "library"][usize::from(n % 2)]),
        kind: [AnomalyKind::RepeatedBlocking, AnomalyKind::ErrorRatio][usize::from(n / 2 % 2)],
        template: (n / 4 % 2 == 1).then(|| TemplateId::new("t1")),
    }
}

prop_compose! {
    fn outcome()(key in 0_u32..100_000, sig in 0_u8..8, recipe in 0_u8..3, helped in any::<Option<bool>>(), days in 0_i64..900)
        -> KnownOutcome {
        KnownOutcome {
            key: key.to_string(),
            signature: signature(sig),
            recipe: format!("recipe-{recipe}"),
            helped,
            at: now() - SignedDuration::from_hours(24 * days),
        }
    }
}

fn knowledge(outcomes: &[KnownOutcome]) -> Knowledge {
    let mut knowledge = Knowledge::default();
    for (index, outcome) in outcomes.iter().enumerate() {
        let key = format!("{index}/{}", outcome.key);
        knowledge.record(KnownOutcome {
            key,
            ..outcome.clone()
        });
    }
    knowledge
}

fn posterior(knowledge: &Knowledge, sig: u8, prior: f64) -> Posterior {
    knowledge.posterior(&signature(sig), "recipe-0", prior, now())
}

fn with(outcomes: &[KnownOutcome], sig: u8, helped: Option<bool>) -> Knowledge {
    let mut knowledge = knowledge(outcomes);
    knowledge.record(KnownOutcome {
        key: "one more".to_owned(),
        signature: signature(sig),
        recipe: "recipe-0".to_owned(),
        helped,
        at: now(),
    });
    knowledge
}

proptest! {
    #[test]
    fn a_probability_is_one(outcomes in prop::collection::vec(outcome(), 0..40), sig in 0_u8..8, prior in 0.0..=1.0, u in 0.0..=1.0) {
        let posterior = posterior(&knowledge(&outcomes), sig, prior);
        prop_assert!(0.0 < posterior.mean() && posterior.mean() < 1.0);
        let draw = posterior.quantile(u);
        prop_assert!((0.0..=1.0).contains(&draw), "{draw}");
    }

    #[test]
    fn success_raises_failure_lowers_and_silence_does_neither(
        outcomes in prop::collection::vec(outcome(), 0..40), sig in 0_u8..8, of in 0_u8..8, prior in 0.0..=1.0,
    ) {
        let before = posterior(&knowledge(&outcomes), sig, prior).mean();
        let mean = |helped| posterior(&with(&outcomes, of, helped), sig, prior).mean();
        prop_assert!(before - 1e-12 <= mean(Some(true)));
        prop_assert!(mean(Some(false)) <= before + 1e-12);
        prop_assert!((mean(None) - before).abs() < 1e-12);
    }

    #[test]
    fn the_order_does_not_matter(outcomes in prop::collection::vec(outcome(), 0..40), sig in 0_u8..8, prior in 0.0..=1.0) {
        let mut reversed = outcomes.clone();
        reversed.reverse();
        let (a, b) = (posterior(&knowledge(&outcomes), sig, prior), posterior(&knowledge(&reversed), sig, prior));
        prop_assert!((a.mean() - b.mean()).abs() < 1e-12);
    }

    #[test]
    fn the_past_fades(outcomes in prop::collection::vec(outcome(), 0..40), sig in 0_u8..8, prior in 0.02..=0.98) {
        let far = now() + SignedDuration::from_hours(24 * 365 * 60);
        let mean = knowledge(&outcomes).posterior(&signature(sig), "recipe-0", prior, far).mean();
        prop_assert!((mean - prior).abs() < 1e-6, "{mean} against {prior}");
    }

    #[test]
    fn a_draw_rises_with_u(outcomes in prop::collection::vec(outcome(), 0..20), sig in 0_u8..8, u in 0.0..=1.0, v in 0.0..=1.0) {
        let posterior = posterior(&knowledge(&outcomes), sig, 0.5);
        let (low, high) = if u < v { (u, v) } else { (v, u) };
        prop_assert!(posterior.quantile(low) <= posterior.quantile(high) + 1e-9);
    }
}

#[test]
fn what_is_saved_is_what_is_loaded_and_the_same_key_counts_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state/knowledge.json");
    assert_eq!(Knowledge::load(&path).unwrap(), Knowledge::default());
    let mut knowledge = with(&[], 0, Some(true));
    let outcome = knowledge.outcomes()[0].clone();
    assert!(!knowledge.record(outcome));
    assert_eq!(knowledge.outcomes().len(), 1);
    knowledge.save(&path).unwrap();
    assert_eq!(Knowledge::load(&path).unwrap(), knowledge);
    std::fs::write(&path, "{\"schema_version\": 1, \"outcomes\": 3}").unwrap();
    let message = Knowledge::load(&path).unwrap_err().to_string();
    assert!(
        message.contains("knowledge.json`: invalid type: integer `3`"),
        "{message}"
    );
}
