//! A run that is killed anywhere and started again does each effect once; a run that is stopped leaves nothing behind.
#![cfg(feature = "rust")]

mod scratch;

use scratch::{Case, Scratch, assert_clean, book, coalesce, has_git};
use shape_heal::{Cancel, CandidateState, ErrorKind, HealOutcome};

/// The last of the effects that a run without a crash begins.
const MANY: usize = 40;

#[track_caller]
fn crash_everywhere(trap: Option<&'static str>, outcome: HealOutcome, n_rollbacks: usize) {
    for calls_left in 0..MANY {
        let scratch = Scratch::queue();
        let before = scratch.deployed("src/queue.rs");
        let mut case = Case::queue(&scratch);
        case.service.trap = trap;
        case.journal.calls_left = Some(calls_left);
        match case.try_heal(book([coalesce()]), |builder| builder) {
            Ok(report) => {
                assert_eq!(report.outcome, outcome);
                assert!(8 < calls_left, "only {calls_left} journal calls");
                return;
            }
            Err(error) => assert_eq!(error.kind(), ErrorKind::Journal, "{error}"),
        }
        assert_clean(&scratch);
        case.journal.calls_left = None;
        let report = case.heal(book([coalesce()]));
        assert_eq!(report.outcome, outcome, "crash {calls_left}: {report:#?}");
        assert_eq!(
            scratch.n_commits("Shape-Recipe: coalesce"),
            2,
            "crash {calls_left}"
        );
        assert_eq!(scratch.n_commits("Merge fix of "), 1, "crash {calls_left}");
        assert_eq!(
            scratch.n_commits("Shape-Rollback-Of: "),
            n_rollbacks,
            "crash {calls_left}"
        );
        assert_eq!(
            case.service.restarts.len(),
            1 + n_rollbacks,
            "crash {calls_left}"
        );
        assert_eq!(
            case.service.running.as_deref(),
            Some(scratch.head().as_str())
        );
        if n_rollbacks == 1 {
            assert_eq!(scratch.deployed("src/queue.rs"), before);
        }
        assert_clean(&scratch);
        // A third run finds nothing left to do.
        let head = scratch.head();
        let third = case.heal(book([coalesce()]));
        assert_eq!(scratch.head(), head, "{third:#?}");
        assert_eq!(case.service.restarts.len(), 1 + n_rollbacks);
    }
    panic!("still crashing after {MANY} journal calls");
}

#[test]
fn a_deployment_is_resumed_from_any_crash() {
    if has_git() {
        crash_everywhere(None, HealOutcome::Healed, 0);
    }
}

#[test]
fn a_rollback_is_resumed_from_any_crash() {
    if has_git() {
        crash_everywhere(Some("render_last"), HealOutcome::RolledBack, 1);
    }
}

#[test]
fn leftovers_of_a_killed_run_are_removed() {
    if !has_git() {
        return;
    }
    let scratch = Scratch::queue();
    let folder = scratch.folder.path().join("scratch/worktrees/coalesce-1");
    scratch.git(&[
        "worktree",
        "add",
        "--detach",
        folder.to_str().unwrap(),
        "HEAD",
    ]);
    let report = Case::queue(&scratch).heal(book([coalesce()]));
    assert_eq!(report.outcome, HealOutcome::Healed);
    assert_clean(&scratch);
}

#[test]
fn stopping_before_the_deployment_changes_nothing() {
    if !has_git() {
        return;
    }
    let scratch = Scratch::queue();
    let mut case = Case::queue(&scratch);
    let head = scratch.head();
    let cancel = Cancel::new();
    let flag = cancel.clone();
    let report = case
        .try_heal(book([coalesce()]), |builder| {
            builder.cancel(cancel).observer(move |event| {
                if event.message.starts_with("replay of") {
                    flag.cancel();
                }
            })
        })
        .unwrap();
    assert_eq!(report.outcome, HealOutcome::Interrupted);
    assert_eq!(scratch.head(), head);
    assert!(case.service.restarts.is_empty());
    assert!(report.explanation.contains("nothing was deployed"));
    assert_clean(&scratch);
}

#[test]
fn stopping_while_new_traffic_is_watched_takes_the_fix_back() {
    if !has_git() {
        return;
    }
    let scratch = Scratch::queue();
    let mut case = Case::queue(&scratch);
    let before = scratch.deployed("src/queue.rs");
    let cancel = Cancel::new();
    case.service.cancel_on_observe = Some(cancel.clone());
    let report = case
        .try_heal(book([coalesce()]), |builder| builder.cancel(cancel))
        .unwrap();
    assert_eq!(report.outcome, HealOutcome::Interrupted);
    assert_eq!(report.candidates[0].state, CandidateState::RolledBack);
    assert_eq!(scratch.deployed("src/queue.rs"), before);
    assert_eq!(case.service.restarts.len(), 2);
    assert_clean(&scratch);
    // It is no failure of the fix: the next run may try it again.
    let report = case.heal(book([coalesce()]));
    assert_eq!(report.outcome, HealOutcome::Healed, "{report:#?}");
}
