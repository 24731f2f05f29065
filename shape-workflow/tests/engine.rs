//! The engine as a user sees it: order, failures, retries, resuming, cancelling.

use std::{cell::RefCell, fs, path::Path, sync::Arc, time::Duration};

use shape_heal::{Cancel, Effect, EffectJournal as _, EffectKind};
use shape_workflow::{
    Clock, Engine, Error, ErrorKind, EventKind, Journal, LoopState, ManualClock, Outcome, Output,
    RecordKind, Retry, Run, RunStatus, StepEnding, StepError, Workflow,
};

fn clock() -> ManualClock {
    ManualClock::at("2026-03-01T10:00:00Z".parse().expect("a time"))
}

fn open(folder: &Path) -> Result<Journal, Error> {
    Journal::open(folder.join(Journal::FILE_NAME), Arc::new(clock()))
}

fn engine(journal: Journal) -> Engine {
    Engine::new(Arc::new(clock())).journal(journal)
}

fn ending(run: &Run, step: &str) -> StepEnding {
    let report = run.steps().iter().find(|report| report.step == step);
    report.expect("a step of the workflow").ending.clone()
}

fn skipped(reason: &str) -> StepEnding {
    StepEnding::Skipped {
        reason: reason.to_owned(),
    }
}

#[test]
fn values_flow_along_typed_handles_in_a_stable_order() {
    let ran = RefCell::new(Vec::new());
    let mut steps = Workflow::builder("flow");
    let text = steps.step("text", (), |ctx, ()| {
        ran.borrow_mut().push("text");
        ctx.output_summary("3 letters");
        Ok(String::from("abc"))
    });
    let late = steps.step("late", (), |_, ()| {
        ran.borrow_mut().push("late");
        Ok(1_u8)
    });
    let length = steps.step("length", text, |_, text| {
        ran.borrow_mut().push("length");
        Ok(text.len())
    });
    let both = steps.step("both", (text, length), |_, (text, length)| {
        ran.borrow_mut().push("both");
        Ok(format!("{text}: {length}"))
    });
    steps.after(late, both);
    let mut workflow = steps.build().unwrap();
    let run = Engine::new(Arc::new(clock())).run(&mut workflow).unwrap();
    drop(workflow);
    assert_eq!(
        run.value(both).as_deref().map(String::as_str),
        Some("abc: 3")
    );
    assert_eq!(ran.into_inner(), ["text", "length", "both", "late"]);
    assert!(run.is_success());
    let StepEnding::Finished { output, .. } = ending(&run, "text") else {
        panic!("it finished");
    };
    assert_eq!(output, "3 letters");
}

#[test]
fn a_skipped_step_takes_those_along_that_need_it() {
    let mut steps = Workflow::builder("skip");
    let heal: Output<u8> = steps.step("heal", (), |_, ()| Err(StepError::skip("no breach")));
    let report = steps.step("report", heal, |_, n| Ok(*n));
    let archive = steps.step("archive", report, |_, n| Ok(*n));
    let verdict = steps.step("verdict", heal.optional(), |_, n| Ok(n.is_none()));
    let told = steps.step(
        "told",
        (archive.outcome(),),
        |_, (archive,)| match archive {
            Outcome::Skipped(reason) => Ok(reason),
            _ => Err(StepError::failed("expected a skip")),
        },
    );
    let mut workflow = steps.build().unwrap();
    let run = Engine::new(Arc::new(clock())).run(&mut workflow).unwrap();
    assert_eq!(ending(&run, "heal"), skipped("no breach"));
    assert_eq!(
        ending(&run, "report"),
        skipped("`heal` was skipped: no breach")
    );
    assert_eq!(
        ending(&run, "archive"),
        skipped("`heal` was skipped: no breach")
    );
    assert_eq!(run.value(verdict).as_deref(), Some(&true));
    assert_eq!(
        run.value(told).as_deref().map(String::as_str),
        Some("`heal` was skipped: no breach")
    );
    assert_eq!(run.status(), RunStatus::Succeeded);
}

#[test]
fn a_failure_blocks_those_that_need_the_value_and_nobody_else() {
    let mut steps = Workflow::builder("failure");
    let bad: Output<u8> = steps.step("bad", (), |_, ()| {
        let error = std::io::Error::other("disk on fire");
        Err(error.into())
    });
    let needs = steps.step("needs", bad, |_, n| Ok(*n));
    let takes = steps.step("takes", needs.optional(), |_, n| Ok(n.is_none()));
    let watches = steps.step("watches", bad.outcome(), |_, bad| {
        Ok(bad == Outcome::Failed("disk on fire".into()))
    });
    let follows = steps.step("follows", (), |_, ()| Ok(7_u8));
    steps.after(follows, bad);
    let mut workflow = steps.build().unwrap();
    let run = Engine::new(Arc::new(clock())).run(&mut workflow).unwrap();
    assert_eq!(run.status(), RunStatus::Failed);
    assert_eq!(
        run.failures().collect::<Vec<_>>(),
        [("bad", "disk on fire")]
    );
    assert_eq!(ending(&run, "needs"), skipped("`bad` failed"));
    assert_eq!(ending(&run, "takes"), skipped("`bad` failed"));
    assert_eq!(run.value(takes), None);
    assert_eq!(run.value(watches).as_deref(), Some(&true));
    assert_eq!(run.value(follows).as_deref(), Some(&7));
}

#[test]
fn a_step_is_tried_again_after_growing_waits() {
    let time = clock();
    let begin = time.now();
    let mut attempts = Vec::new();
    let mut steps = Workflow::builder("retry");
    let flaky = steps.step("flaky", (), |ctx, ()| {
        attempts.push(ctx.now().duration_since(begin).as_secs());
        match ctx.attempt() {
            3 => Ok(3_u32),
            n => Err(StepError::failed(format!("attempt {n}"))),
        }
    });
    let stubborn: Output<()> = steps.step("stubborn", (), |_, ()| {
        Err(StepError::permanent("no such file"))
    });
    let retry = Retry::attempts(5).base(Duration::from_secs(2)).factor(3);
    steps.retry(flaky, retry).retry(stubborn, retry);
    let mut workflow = steps.build().unwrap();
    let engine = Engine::new(Arc::new(time));
    let events = engine.bus().subscribe();
    let run = engine.run(&mut workflow).unwrap();
    drop(workflow);
    assert_eq!(attempts, [0, 2, 8]);
    assert_eq!(run.value(flaky).as_deref(), Some(&3));
    assert_eq!(
        ending(&run, "stubborn"),
        StepEnding::Failed {
            error: "no such file".into(),
            attempts: 1
        }
    );
    drop(engine);
    let events: Vec<_> = events.collect();
    assert!(
        events.iter().map(|event| event.seq).eq(1..=8),
        "{events:#?}"
    );
    assert!(events.iter().any(|event| matches!(
        &event.kind,
        EventKind::StepProgress { message, .. } if message == "attempt 2 of 5: attempt 2; next in 6s"
    )));
}

/// Steps that count how often they ran.
fn counted<'a>(
    counts: &'a RefCell<[u32; 3]>,
    is_broken: &'a RefCell<bool>,
) -> (Workflow<'a>, Output<f64>) {
    let mut steps = Workflow::builder("counted");
    let first = steps.step("First step", (), |ctx, ()| {
        counts.borrow_mut()[0] += 1;
        ctx.enter(LoopState::Breached, "too slow")?;
        Ok(0.1 + 0.2)
    });
    let second = steps.step("second", first, |ctx, value| {
        counts.borrow_mut()[1] += 1;
        ctx.enter(LoopState::Diagnosing, "looking")?;
        if *is_broken.borrow() {
            return Err(StepError::failed("broken"));
        }
        Ok(*value * 2.0)
    });
    let third = steps.step("third", second, |_, value| {
        counts.borrow_mut()[2] += 1;
        Ok(*value)
    });
    steps.artifact(third, "third.json");
    (steps.build().expect("a sound graph"), third)
}

#[test]
fn resuming_runs_what_has_no_value_yet() {
    let folder = tempfile::tempdir().unwrap();
    let counts = RefCell::new([0; 3]);
    let is_broken = RefCell::new(true);
    let (mut workflow, third) = counted(&counts, &is_broken);

    let run = engine(open(folder.path()).unwrap())
        .run(&mut workflow)
        .unwrap();
    assert_eq!(run.status(), RunStatus::Failed);
    assert_eq!(run.state(), LoopState::Diagnosing);
    assert_eq!(*counts.borrow(), [1, 1, 0]);

    *is_broken.borrow_mut() = false;
    let journal = open(folder.path()).unwrap();
    let run = engine(journal.clone()).run(&mut workflow).unwrap();
    assert_eq!(*counts.borrow(), [1, 2, 1]);
    assert_eq!(
        run.value(third).as_deref().copied().map(f64::to_bits),
        Some((0.6_f64 + f64::EPSILON / 2.0).to_bits())
    );
    assert!(matches!(
        ending(&run, "First step"),
        StepEnding::Finished { resumed: true, .. }
    ));
    // The second step went through its states again, from where it had begun.
    assert!(journal.records().iter().any(|record| matches!(
        &record.kind,
        RecordKind::StateRestored {
            from: LoopState::Diagnosing,
            to: LoopState::Breached,
            ..
        }
    )));
    drop(journal);

    let run = engine(open(folder.path()).unwrap())
        .run(&mut workflow)
        .unwrap();
    assert_eq!(*counts.borrow(), [1, 2, 1]);
    assert_eq!(run.state(), LoopState::Diagnosing);
    assert!(run.is_success());
    let third = fs::read_to_string(folder.path().join("third.json")).unwrap();
    assert!(third.starts_with("0.6"), "{third}");
}

#[test]
fn a_stored_value_that_was_changed_or_lost() {
    let folder = tempfile::tempdir().unwrap();
    let counts = RefCell::new([0; 3]);
    let is_broken = RefCell::new(false);
    let (mut workflow, _) = counted(&counts, &is_broken);
    engine(open(folder.path()).unwrap())
        .run(&mut workflow)
        .unwrap();

    let value = folder.path().join("steps/second.json");
    fs::write(&value, "17.0\n").unwrap();
    let error = engine(open(folder.path()).unwrap())
        .run(&mut workflow)
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Damaged);
    assert!(
        error
            .to_string()
            .contains("delete `steps/second.json` to run the step again"),
        "{error}"
    );

    fs::remove_file(&value).unwrap();
    let journal = open(folder.path()).unwrap();
    engine(journal.clone()).run(&mut workflow).unwrap();
    assert_eq!(*counts.borrow(), [1, 2, 1]);
    assert_eq!(
        journal.notices(),
        ["the stored value of step `second` is gone; the step runs again"]
    );
}

#[test]
fn another_graph_is_not_resumed() {
    let folder = tempfile::tempdir().unwrap();
    let build = |version| {
        let mut steps = Workflow::builder("graph");
        let one = steps.step("one", (), |_, ()| Ok(1_u8));
        steps.version(one, version);
        steps.build().unwrap()
    };
    engine(open(folder.path()).unwrap())
        .run(&mut build(1))
        .unwrap();
    let error = engine(open(folder.path()).unwrap())
        .run(&mut build(2))
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Changed);
    assert_eq!(
        error.to_string(),
        "the journal was written by another version of the workflow, it can not be resumed (it had step `one` v1: u8; now it has step `one` v2: u8); start again in an empty folder"
    );
    let other = engine(open(folder.path()).unwrap()).run_id("other");
    let error = other.run(&mut build(1)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Changed);
}

#[test]
fn a_cancelled_run_stops_and_resumes() {
    let folder = tempfile::tempdir().unwrap();
    let cancel = Cancel::new();
    let n_ran = RefCell::new(0);
    let mut steps = Workflow::builder("cancel");
    let long = steps.step("long", (), |ctx, ()| {
        *n_ran.borrow_mut() += 1;
        if *n_ran.borrow() == 1 {
            ctx.cancel().cancel();
        }
        ctx.check_cancelled()?;
        Ok(())
    });
    let next = steps.step("next", long, |_, _| Ok(5_u8));
    let mut workflow = steps.build().unwrap();
    let first = engine(open(folder.path()).unwrap()).cancel(cancel.clone());
    let run = first.run(&mut workflow).unwrap();
    drop(first);
    assert!(cancel.is_cancelled());
    assert_eq!(run.status(), RunStatus::Cancelled);
    assert_eq!(ending(&run, "next"), StepEnding::Cancelled);
    assert_eq!(run.value(next), None);

    let run = engine(open(folder.path()).unwrap())
        .run(&mut workflow)
        .unwrap();
    assert_eq!(run.value(next).as_deref(), Some(&5));
}

/// Somebody presses Ctrl-C while the engine waits.
struct Impatient(ManualClock, Cancel, jiff::Timestamp);

impl Clock for Impatient {
    fn now(&self) -> jiff::Timestamp {
        self.0.now()
    }

    fn sleep(&self, duration: Duration) {
        self.0.sleep(duration);
        if self.2 <= self.0.now() {
            self.1.cancel();
        }
    }
}

#[test]
fn nobody_waits_for_a_retry_once_cancelled() {
    let cancel = Cancel::new();
    let time = clock();
    let stop_at = time
        .now()
        .checked_add(jiff::SignedDuration::from_secs(1))
        .unwrap();
    let mut steps = Workflow::builder("impatient");
    let bad: Output<()> = steps.step("bad", (), |_, ()| Err(StepError::failed("no")));
    steps.retry(bad, Retry::attempts(9).base(Duration::from_secs(60)));
    let mut workflow = steps.build().unwrap();
    let engine = Engine::new(Arc::new(Impatient(time, cancel.clone(), stop_at))).cancel(cancel);
    let run = engine.run(&mut workflow).unwrap();
    assert_eq!(run.duration(), Duration::from_secs(1));
    assert_eq!(run.status(), RunStatus::Cancelled);
    assert_eq!(
        ending(&run, "bad"),
        StepEnding::Failed {
            error: "no".into(),
            attempts: 1
        }
    );
}

#[test]
fn effects_of_a_step_carry_its_key() {
    let journal = Journal::in_memory(Arc::new(clock()));
    let mut keys = Vec::new();
    let mut steps = Workflow::builder("effects");
    let push = steps.step("push", (), |ctx, ()| {
        keys.push(ctx.key().to_owned());
        let mut effects = ctx.effects();
        let effect = Effect {
            kind: EffectKind::Push,
            key: format!("{}/push", ctx.key()),
            detail: "branch `fix`".into(),
        };
        let known = effects.begin(&effect)?;
        if known.is_none() {
            effects.finish(&effect.key, "abc123")?;
        }
        if ctx.attempt() == 1 {
            return Err(StepError::failed("lost the connection"));
        }
        Ok(known)
    });
    steps.retry(push, Retry::attempts(2));
    let mut workflow = steps.build().unwrap();
    let run = engine(journal.clone())
        .run_id("run-1")
        .run(&mut workflow)
        .unwrap();
    assert_eq!(run.value(push).as_deref(), Some(&Some("abc123".to_owned())));
    drop(workflow);
    assert_eq!(keys[0], keys[1]);
    assert_eq!(journal.finished_effects().len(), 1);
    assert!(journal.unfinished_effects().is_empty());
}

#[test]
fn a_value_that_can_not_be_read_back_fails_its_step() {
    let mut steps = Workflow::builder("nan");
    let nan = steps.step("nan", (), |_, ()| Ok(f64::NAN));
    let mut workflow = steps.build().unwrap();
    let run = Engine::new(Arc::new(clock())).run(&mut workflow).unwrap();
    assert_eq!(run.value(nan), None);
    let (_, error) = run.failures().next().unwrap();
    assert!(
        error.starts_with(
            "the output of step `nan` was written as JSON that can not be read back as `f64`: "
        ),
        "{error}"
    );
}
