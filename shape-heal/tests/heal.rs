//! The healer end to end, against a real git repository and a service in memory.
#![cfg(feature = "rust")]

mod scratch;

use scratch::{Case, Scratch, assert_clean, book, coalesce, has_git, recipe, revert_with_test};
use shape_heal::{
    CandidateState, Gate, HealOutcome, HealReport, Mode, Recipe, StrategyKind, VerificationVerdict,
};

#[test]
fn a_rewrite_heals() {
    if !has_git() {
        return;
    }
    let scratch = Scratch::queue();
    let mut case = Case::queue(&scratch);
    let before = scratch.head();
    let report = case.heal(book([coalesce(), Recipe::revert_suspect()]));
    assert_eq!(report.outcome, HealOutcome::Healed, "{report:#?}");
    let best = &report.candidates[0];
    assert_eq!(best.recipe, "coalesce");
    assert_eq!(best.state, CandidateState::Deployed);
    let gates: Vec<Gate> = best.gates.iter().map(|result| result.gate).collect();
    let expected = [
        Gate::Applies,
        Gate::Guards,
        Gate::ReproducesBefore,
        Gate::Builds,
        Gate::TestsPass,
        Gate::ReplayImproves,
    ];
    assert_eq!(gates, expected);
    assert!(
        best.diff.contains("-        render_each(size);"),
        "{}",
        best.diff
    );
    assert!(
        best.diff
            .contains("+# canvas blocked for 72 ms, request r-17, 72 ms")
    );
    assert!(
        scratch
            .deployed("src/queue.rs")
            .contains("render_last(size)")
    );

    let deployment = report.deployment.unwrap();
    let merge = deployment.merge.unwrap();
    assert_eq!(merge.as_str(), scratch.head());
    assert_eq!(deployment.previous.as_str(), before);
    assert_eq!(case.service.restarts, [merge.as_str()]);
    let message = scratch.git(&["log", "-1", "--format=%B", deployment.commit.as_str()]);
    for trailer in [
        "Shape-Fault: canvas/",
        "Shape-Recipe: coalesce",
        "Shape-Idempotency-Key: ",
    ] {
        assert!(message.contains(trailer), "{message}");
    }
    let verification = report.verification.unwrap();
    assert_eq!(verification.verdict, VerificationVerdict::Improved);
    assert_eq!(verification.promise_kept, Some(true));
    assert_eq!(report.lessons[0].helped, Some(true));
    assert_clean(&scratch);
}

#[test]
fn only_the_revert_of_the_culprit_heals_and_the_format_on_top_goes_with_it() {
    if !has_git() {
        return;
    }
    let scratch = Scratch::lookup();
    let mut case = Case::lookup(&scratch);
    let report = case.heal(book([coalesce(), revert_with_test()]));
    assert_eq!(report.outcome, HealOutcome::Healed, "{report:#?}");
    let deployed = report
        .candidates
        .iter()
        .find(|candidate| candidate.state == CandidateState::Deployed)
        .unwrap();
    let Some(StrategyKind::Revert { suspect, commits }) = &deployed.strategy else {
        panic!("{deployed:?}");
    };
    let subject = |hash: &str| scratch.git(&["log", "-1", "--format=%s", hash]);
    assert_eq!(subject(suspect.as_str()), "Find things faster\n");
    assert_eq!(commits.len(), 2);
    assert_eq!(subject(commits[0].as_str()), "Format\n");
    assert!(
        scratch
            .deployed("src/lookup.rs")
            .contains("lookup_safe(id)")
    );
    let message = scratch.git(&[
        "log",
        "-1",
        "--format=%B",
        report.deployment.unwrap().commit.as_str(),
    ]);
    assert!(
        message.contains(&format!("Shape-Suspect: {suspect}")),
        "{message}"
    );

    // The most suspect commit is the reformat; taking that back alone is vacuous.
    let vacuous = report
        .candidates
        .iter()
        .find(|candidate| candidate.title.ends_with("Format"))
        .unwrap();
    assert_eq!(vacuous.state, CandidateState::Refused);
    let last = vacuous.gates.last().unwrap();
    assert_eq!(last.gate, Gate::TestsPass);
    assert!(
        last.detail.contains("does not change the reproduction"),
        "{}",
        last.detail
    );
    // The first commit is never reverted.
    let root = report
        .candidates
        .iter()
        .find(|candidate| candidate.title.ends_with("Find things"))
        .unwrap();
    assert!(root.gates[0].detail.contains("first commit"), "{root:?}");
    assert_clean(&scratch);
}

#[test]
fn without_a_test_replayed_load_is_the_reproduction() {
    if !has_git() {
        return;
    }
    let scratch = Scratch::lookup();
    let mut case = Case::lookup(&scratch);
    let report = case.heal(book([Recipe::revert_suspect()]));
    assert_eq!(report.outcome, HealOutcome::Healed, "{report:#?}");
    assert!(
        scratch
            .deployed("src/lookup.rs")
            .contains("lookup_safe(id)")
    );
    let vacuous = report
        .candidates
        .iter()
        .find(|candidate| candidate.title.ends_with("Format"))
        .unwrap();
    let last = vacuous.gates.last().unwrap();
    assert_eq!(last.gate, Gate::ReplayImproves);
    assert!(
        last.detail.contains("does not change the reproduction"),
        "{}",
        last.detail
    );
}

/// The culprit changed a second file as well, whose line was changed again since: only its hunk in the traced file
/// comes out.
#[test]
fn a_hunk_is_taken_out_of_a_commit_that_can_not_be_reverted() {
    if !has_git() {
        return;
    }
    let scratch = Scratch::lookup();
    scratch.write("src/lookup.rs", &scratch::lookup("lookup_safe(id)"));
    scratch.write("NOTES", "one\n");
    scratch.commit("Mend it");
    scratch.write("src/lookup.rs", &scratch::lookup("lookup_fast(id)"));
    scratch.write("NOTES", "two\n");
    scratch.commit("Break it again");
    scratch.write("NOTES", "three\n");
    scratch.commit("Note something else");
    scratch.push();
    let mut case = Case::lookup(&scratch);
    let mut strict = revert_with_test();
    strict.strategy =
        recipe("id = \"x\"\ntitle = \"X\"\nstrategy = \"revert\"\n[revert]\nmax_commits = 1\n")
            .strategy;
    let report = case.heal(book([strict]));
    assert_eq!(report.outcome, HealOutcome::Healed, "{report:#?}");
    let applied = &report.candidates[0].gates[0];
    assert!(
        applied.detail.contains("hunks in the traced file"),
        "{}",
        applied.detail
    );
    assert!(
        scratch
            .deployed("src/lookup.rs")
            .contains("lookup_safe(id)")
    );
    assert_eq!(scratch.deployed("NOTES"), "three\n");
}

#[test]
fn a_merge_is_reverted_against_its_first_parent() {
    if !has_git() {
        return;
    }
    let scratch = Scratch::lookup();
    scratch.write("src/lookup.rs", &scratch::lookup("lookup_safe(id)"));
    scratch.commit("Mend it");
    scratch.git(&["checkout", "--quiet", "-b", "side"]);
    scratch.write("src/lookup.rs", &scratch::lookup("lookup_fast(id)"));
    scratch.commit("Break it aside");
    scratch.git(&["checkout", "--quiet", "main"]);
    scratch.git(&["merge", "--quiet", "--no-ff", "-m", "Merge side", "side"]);
    scratch.push();
    let mut case = Case::lookup(&scratch);
    let merge = shape_lineage::CommitId::new(&scratch.head());
    let suspects = &mut case.lineage.traces[0].suspects;
    suspects[0].id = merge;
    suspects.truncate(1);
    let report = case.heal(book([revert_with_test()]));
    assert_eq!(report.outcome, HealOutcome::Healed, "{report:#?}");
    assert!(
        scratch
            .deployed("src/lookup.rs")
            .contains("lookup_safe(id)")
    );
}

/// The source was searched before somebody added lines above the statement.
#[test]
fn a_trace_of_an_earlier_version_is_followed() {
    if !has_git() {
        return;
    }
    let scratch = Scratch::queue();
    let mut case = Case::queue(&scratch);
    scratch.write(
        "src/queue.rs",
        &format!("// One.\n// Two.\n\n{}", scratch::QUEUE),
    );
    scratch.commit("Comment");
    scratch.push();
    let report = case.heal(book([coalesce()]));
    assert_eq!(report.outcome, HealOutcome::Healed, "{report:#?}");
    let strategy = report.candidates[0].strategy.clone();
    let Some(StrategyKind::Rewrite { at }) = strategy else {
        panic!("{strategy:?}");
    };
    assert_eq!(at.to_string(), "src/queue.rs:6");
}

#[test]
fn a_report_is_read_back_as_it_was_written() {
    if !has_git() {
        return;
    }
    let scratch = Scratch::queue();
    let report = Case::queue(&scratch).heal(book([coalesce()]));
    let json = report.to_json().unwrap();
    assert_eq!(HealReport::from_json(&json).unwrap(), report);
    let other = json.replace("\"schema_version\": 1", "\"schema_version\": 9");
    let message = HealReport::from_json(&other).unwrap_err().to_string();
    assert_eq!(
        message,
        "not a heal report: `schema_version` is 9, expected 1"
    );
}

#[test]
fn observing_changes_nothing() {
    if !has_git() {
        return;
    }
    let scratch = Scratch::queue();
    let mut case = Case::queue(&scratch);
    let before = scratch.git(&["for-each-ref"]);
    let report = case
        .try_heal(book([coalesce()]), |builder| builder.mode(Mode::Observe))
        .unwrap();
    assert_eq!(report.outcome, HealOutcome::Observed);
    assert!(report.candidates[0].diff.contains("render_last"));
    assert_eq!(scratch.git(&["for-each-ref"]), before);
    assert_eq!(case.service.n_replays, 0);
    assert!(case.service.restarts.is_empty());
    assert_clean(&scratch);
}

#[test]
fn proposing_pushes_a_branch_and_no_more() {
    if !has_git() {
        return;
    }
    let scratch = Scratch::queue();
    let mut case = Case::queue(&scratch);
    let before = scratch.head();
    let report = case
        .try_heal(book([coalesce()]), |builder| builder.mode(Mode::Propose))
        .unwrap();
    assert_eq!(report.outcome, HealOutcome::Proposed);
    assert_eq!(scratch.head(), before);
    let deployment = report.deployment.unwrap();
    assert_eq!(deployment.merge, None);
    let name = format!("refs/heads/{}", deployment.branch);
    let remote = scratch.git(&["ls-remote", "origin", &name]);
    assert!(remote.starts_with(deployment.commit.as_str()), "{remote}");
    assert!(case.service.restarts.is_empty());
}

#[test]
fn a_refusing_hook_leads_to_the_next_candidate() {
    if !has_git() {
        return;
    }
    let scratch = Scratch::queue();
    scratch.hook("! grep -q render_last src/queue.rs");
    let mut case = Case::queue(&scratch);
    let report = case.heal(book([coalesce(), Recipe::revert_suspect()]));
    assert_eq!(report.outcome, HealOutcome::Healed, "{report:#?}");
    assert_eq!(report.candidates[0].state, CandidateState::Refused);
    let refusal = &report.refusals[0];
    assert_eq!(refusal.rule, "remote");
    assert!(
        refusal
            .detail
            .contains("CI: refused refs/heads/shape/heal-"),
        "{}",
        refusal.detail
    );
    assert!(scratch.deployed("src/queue.rs").contains("render_all"));
    assert!(report.deployment.unwrap().remote_output.contains("CI: ok"));
}

#[test]
fn what_makes_it_worse_is_taken_back() {
    if !has_git() {
        return;
    }
    let scratch = Scratch::queue();
    let before = scratch.deployed("src/queue.rs");
    let mut case = Case::queue(&scratch);
    case.service.trap = Some("render_last");
    let report = case.heal(book([coalesce()]));
    assert_eq!(report.outcome, HealOutcome::RolledBack, "{report:#?}");
    assert_eq!(
        report.verification.unwrap().verdict,
        VerificationVerdict::Worse
    );
    assert_eq!(report.candidates[0].state, CandidateState::RolledBack);
    assert_eq!(scratch.deployed("src/queue.rs"), before);
    assert_eq!(scratch.n_commits("Shape-Rollback-Of: "), 1);
    assert_eq!(case.service.restarts.len(), 2);
    assert_eq!(case.service.restarts[1], scratch.head());
    assert_eq!(report.lessons[0].helped, Some(false));
    assert!(report.lessons[0].probability.1 < report.lessons[0].probability.0);
    assert_clean(&scratch);
}

#[test]
fn after_a_rollback_the_next_candidate_is_deployed() {
    if !has_git() {
        return;
    }
    let scratch = Scratch::queue();
    let mut case = Case::queue(&scratch);
    case.service.trap = Some("render_last");
    let report = case.heal(book([coalesce(), Recipe::revert_suspect()]));
    assert_eq!(report.outcome, HealOutcome::Healed, "{report:#?}");
    assert!(scratch.deployed("src/queue.rs").contains("render_all"));
    let helped: Vec<_> = report
        .lessons
        .iter()
        .map(|lesson| (lesson.recipe.as_str(), lesson.helped))
        .collect();
    assert_eq!(
        helped,
        [("coalesce", Some(false)), ("revert-suspect", Some(true))]
    );
}

#[test]
fn what_was_learned_changes_the_next_ranking() {
    if !has_git() {
        return;
    }
    let scratch = Scratch::queue();
    let mut case = Case::queue(&scratch);
    case.service.trap = Some("render_last");
    case.heal(book([coalesce(), Recipe::revert_suspect()]));
    // A week later the same fault is back.
    scratch.git(&["pull", "--quiet", "origin", "main"]);
    scratch.write("src/queue.rs", scratch::QUEUE);
    scratch.commit("Render each event again");
    scratch.push();
    let mut next = Case::queue(&scratch);
    next.now = "2026-03-08T12:00:00Z";
    next.breach.id = shape_compliance::BreachId::new("another");
    let report = next
        .try_heal(book([coalesce(), Recipe::revert_suspect()]), |builder| {
            builder.mode(Mode::Observe)
        })
        .unwrap();
    assert_eq!(report.candidates[0].recipe, "revert-suspect", "{report:#?}");
    assert!(report.candidates[0].success_probability > 0.55);
}

#[test]
fn a_fix_that_breaks_the_tests_or_the_build_is_refused() {
    if !has_git() {
        return;
    }
    let text = |fix: &str| {
        format!(
            "id = \"bad\"\ntitle = \"Bad\"\nstrategy = \"rewrite\"\n[rewrite]\nlanguage = \"rust\"\n\
             rules = '''\nid: r\nlanguage: rust\nrule: {{pattern: render_each($A)}}\nfix: {fix}\n'''\n"
        )
    };
    for (fix, gate) in [
        ("does_not_compile($A)", Gate::Builds),
        ("placebo_render_each($A)", Gate::ReplayImproves),
    ] {
        let scratch = Scratch::queue();
        let mut case = Case::queue(&scratch);
        let before = scratch.head();
        let report = case.heal(book([recipe(&text(fix))]));
        assert_eq!(report.outcome, HealOutcome::Escalated, "{report:#?}");
        assert_eq!(report.candidates[0].gates.last().unwrap().gate, gate);
        assert_eq!(scratch.head(), before);
        assert_eq!(report.lessons[0].helped, Some(false));
        assert_clean(&scratch);
    }
}
