//! The guard rails, and input that healing must not work with.
#![cfg(feature = "rust")]

mod scratch;

use scratch::{Case, Scratch, assert_clean, book, coalesce, has_git};
use shape_heal::{ErrorKind, Gate, HealOutcome, HealReport, Mode, Policy, Recipe};

fn policy(json: serde_json::Value) -> Policy {
    serde_json::from_value(json).unwrap()
}

#[track_caller]
fn heal(scratch: &Scratch, json: serde_json::Value) -> HealReport {
    Case::queue(scratch)
        .try_heal(book([coalesce()]), |builder| builder.policy(policy(json)))
        .unwrap()
}

/// A guard rail that only lets a fix be proposed.
#[track_caller]
fn check_proposed(rule: &str, json: serde_json::Value) {
    if !has_git() {
        return;
    }
    let scratch = Scratch::queue();
    let head = scratch.head();
    let report = heal(&scratch, json);
    assert_eq!(report.outcome, HealOutcome::Proposed, "{report:#?}");
    assert_eq!(report.refusals[0].rule, rule);
    assert_eq!(scratch.head(), head);
}

#[test]
fn a_freeze_allows_only_proposals() {
    check_proposed(
        "freeze",
        serde_json::json!({"freezes": [{"start": "2026-03-01T00:00:00Z", "end": "2026-03-02T00:00:00Z", "reason": "sale"}]}),
    );
}

#[test]
fn an_overspent_budget_may_allow_only_reverts() {
    check_proposed("budget", serde_json::json!({"overspent": "revert_only"}));
}

#[test]
fn a_budget_policy_says_what_is_allowed_at_what_is_left() {
    let policy = |part: &str, allow: &str| serde_json::json!({"budget": {"name": "storefront", "steps": [{"left_at_most": part, "allow": allow}]}});
    check_proposed("budget", policy("0%", "reverts"));
    check_proposed("budget", policy("50%", "proposals"));
    if !has_git() {
        return;
    }
    // Nothing at all: not even a candidate is looked for.
    let scratch = Scratch::queue();
    let report = heal(&scratch, policy("0%", "nothing"));
    assert_eq!(report.outcome, HealOutcome::Escalated, "{report:#?}");
    assert_eq!(report.refusals[0].rule, "budget");
    assert!(
        report.refusals[0]
            .detail
            .contains("`storefront` allows nothing")
    );
    assert!(report.candidates.is_empty());
    // A fix may pass.
    let scratch = Scratch::queue();
    assert_eq!(
        heal(&scratch, policy("0%", "fixes")).outcome,
        HealOutcome::Healed
    );
}

#[test]
fn a_recipe_that_is_not_named_is_only_proposed() {
    check_proposed(
        "auto_recipes",
        serde_json::json!({"auto_recipes": ["other"]}),
    );
}

#[test]
fn an_open_breaker_allows_only_proposals() {
    check_proposed("breaker", serde_json::json!({"breaker": 0}));
}

#[test]
fn without_a_replay_a_policy_may_allow_only_proposals() {
    if !has_git() {
        return;
    }
    let scratch = Scratch::queue();
    let mut case = Case::queue(&scratch);
    case.service.can_replay = false;
    let strict = policy(serde_json::json!({"allow_without_replay": false}));
    let report = case
        .try_heal(book([coalesce()]), |builder| builder.policy(strict))
        .unwrap();
    assert_eq!(report.outcome, HealOutcome::Proposed);
    assert_eq!(report.candidates[0].gates.last().unwrap().passed, None);
    // The default trusts the recipe's test.
    let scratch = Scratch::queue();
    let mut case = Case::queue(&scratch);
    case.service.can_replay = false;
    assert_eq!(case.heal(book([coalesce()])).outcome, HealOutcome::Healed);
}

#[test]
fn the_blast_radius_and_protected_paths_refuse() {
    if !has_git() {
        return;
    }
    for (json, text) in [
        (
            serde_json::json!({"max_lines": 1}),
            "2 lines, `max_lines` is 1",
        ),
        (
            serde_json::json!({"deny_paths": ["src/**"]}),
            "`src/queue.rs` is protected by `src/**`",
        ),
    ] {
        let scratch = Scratch::queue();
        let report = heal(&scratch, json);
        assert_eq!(report.outcome, HealOutcome::Escalated);
        let last = report.candidates[0].gates.last().unwrap();
        assert_eq!(last.gate, Gate::Guards);
        assert!(last.detail.ends_with(text), "{}", last.detail);
        assert!(report.refusals[0].detail.ends_with(text));
        assert_clean(&scratch);
    }
}

#[test]
fn the_kill_switch_stops_everything() {
    if !has_git() {
        return;
    }
    let scratch = Scratch::queue();
    let file = scratch.folder.path().join("stop");
    std::fs::write(&file, "").unwrap();
    let report = heal(&scratch, serde_json::json!({"kill_switch": file}));
    assert_eq!(report.outcome, HealOutcome::Escalated);
    assert_eq!(report.refusals[0].rule, "kill_switch");
    assert!(report.candidates.is_empty());
}

#[test]
fn failures_are_followed_by_a_pause_that_doubles_and_then_by_a_person() {
    if !has_git() {
        return;
    }
    let scratch = Scratch::queue();
    let mut case = Case::queue(&scratch);
    case.service.trap = Some("render_last");
    assert_eq!(
        case.heal(book([coalesce()])).outcome,
        HealOutcome::RolledBack
    );
    case.now = "2026-03-01T12:10:00Z";
    let report = case.heal(book([coalesce(), Recipe::revert_suspect()]));
    assert_eq!(report.refusals[0].rule, "cooldown");
    assert!(
        report
            .explanation
            .contains("failed 600 s ago; the next is allowed after 900 s")
    );
    case.now = "2026-03-01T12:20:00Z";
    let once = policy(serde_json::json!({"max_attempts": 1}));
    let report = case
        .try_heal(book([Recipe::revert_suspect()]), |builder| {
            builder.policy(once)
        })
        .unwrap();
    assert_eq!(report.refusals[0].rule, "max_attempts");
    // The failed candidate is not tried again for this incident; the other one is.
    let report = case.heal(book([coalesce(), Recipe::revert_suspect()]));
    assert_eq!(report.outcome, HealOutcome::Healed, "{report:#?}");
    let failed = report
        .candidates
        .iter()
        .find(|candidate| candidate.recipe == "coalesce")
        .unwrap();
    assert!(
        failed.gates[0]
            .detail
            .contains("was tried for this incident")
    );
}

#[test]
fn a_dirty_repository_is_refused() {
    if !has_git() {
        return;
    }
    let scratch = Scratch::queue();
    scratch.write("README", "changed\n");
    scratch.write("untracked", "is fine\n");
    let error = Case::queue(&scratch)
        .try_heal(book([coalesce()]), |builder| builder)
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::DirtyRepository);
    let text = error.to_string();
    assert!(
        text.contains("uncommitted changes to tracked files (README)"),
        "{text}"
    );
    assert!(text.contains("commit or stash"), "{text}");
}

#[test]
fn a_missing_remote_is_named_and_observing_works_without() {
    if !has_git() {
        return;
    }
    let scratch = Scratch::queue();
    let mut case = Case::queue(&scratch);
    scratch.git(&["remote", "rename", "origin", "elsewhere"]);
    let error = case
        .try_heal(book([coalesce()]), |builder| builder)
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(
        error.to_string().contains("has no remote `origin`"),
        "{error}"
    );
    let report = case
        .try_heal(book([coalesce()]), |builder| builder.mode(Mode::Observe))
        .unwrap();
    assert_eq!(report.outcome, HealOutcome::Observed);
}

#[test]
fn two_runs_do_not_share_a_scratch_folder() {
    if !has_git() {
        return;
    }
    let scratch = Scratch::queue();
    let folder = scratch.folder.path().join("scratch");
    std::fs::create_dir_all(&folder).unwrap();
    let lock = std::fs::File::create(folder.join("heal.lock")).unwrap();
    lock.lock().unwrap();
    let error = Case::queue(&scratch)
        .try_heal(book([coalesce()]), |builder| builder)
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Locked);
}

#[test]
fn a_branch_that_moves_meanwhile_is_merged_and_tested_once_more() {
    if !has_git() {
        return;
    }
    let scratch = Scratch::queue();
    let mut case = Case::queue(&scratch);
    let mut has_moved = false;
    let folder = scratch.repository.clone();
    let report = case
        .try_heal(book([coalesce()]), |builder| {
            builder.mode(Mode::Propose).approver(move |patch| {
                if !has_moved {
                    has_moved = true;
                    std::fs::write(folder.join("README"), "Somebody else's change.\n").unwrap();
                    scratch::git(
                        &folder,
                        900,
                        &["commit", "--quiet", "--all", "--message", "More"],
                    );
                    scratch::git(&folder, 900, &["push", "--quiet", "origin", "main"]);
                }
                Some(shape_heal::Approval::by_person(
                    patch,
                    "me",
                    scratch::NOW.parse().unwrap(),
                ))
            })
        })
        .unwrap();
    assert_eq!(report.outcome, HealOutcome::Healed, "{report:#?}");
    assert!(scratch.deployed("README").contains("Somebody"));
    assert!(scratch.deployed("src/queue.rs").contains("render_last"));
}
