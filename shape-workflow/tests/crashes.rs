//! Random graphs, crashed at random places, end as a run that never crashed.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::Arc,
};

use proptest::{collection::vec, prelude::*};
use shape_heal::{Effect, EffectJournal as _, EffectKind};
use shape_workflow::{
    Crash, Engine, ErrorKind, EventBus, EventKind, Journal, LoopState, ManualClock, Outcome,
    Output, Record, RecordKind, Retry, Run, StepContext, StepError, Workflow,
};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Behaviour {
    Works,
    /// Fails once, then works.
    Flaky,
    Skips,
    /// Fails until it is repaired.
    Fails,
}

#[derive(Clone, Copy, Debug)]
enum Need {
    Value,
    Optional,
    Outcome,
    Order,
}

#[derive(Clone, Debug)]
struct Plan {
    behaviour: Behaviour,
    /// Which earlier steps it depends on, and how.
    needs: Vec<(usize, Need)>,
    n_effects: usize,
    moves_state: bool,
}

/// What outlives a crash.
#[derive(Default)]
struct World {
    /// How often the effect of a key happened.
    effects: BTreeMap<String, u32>,
    n_attempts: BTreeMap<usize, u32>,
    /// Steps that the journal on disk calls finished, with their keys.
    finished: BTreeSet<(String, String)>,
    /// Effects that the journal on disk calls finished, by key.
    finished_effects: BTreeSet<String>,
    is_repaired: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Ending {
    Finished(u64),
    Skipped,
    Blocked,
    Failed,
}

fn mix(idx: usize, inputs: impl Iterator<Item = u64>) -> u64 {
    let seed = u64::try_from(idx).expect("a small number") + 1;
    inputs.fold(seed, |sum, input| sum.wrapping_mul(31).wrapping_add(input))
}

const SKIPPED: u64 = 11;
const FAILED: u64 = 13;
const NOTHING: u64 = 7;

/// The endings and the last state, straight from the rules.
fn expected(plans: &[Plan], is_repaired: bool) -> (Vec<Ending>, bool) {
    let mut endings: Vec<Ending> = Vec::new();
    let mut is_breached = false;
    for (idx, plan) in plans.iter().enumerate() {
        let of = |wanted: fn(&Need) -> bool| {
            let needs = plan.needs.iter().filter(move |(_, need)| wanted(need));
            needs.map(|(on, _)| endings[*on]).collect::<Vec<_>>()
        };
        let values = of(|need| matches!(need, Need::Value));
        let optional = of(|need| matches!(need, Need::Optional));
        let outcomes = of(|need| matches!(need, Need::Outcome));
        let is_blocked = |ending: &Ending| matches!(ending, Ending::Failed | Ending::Blocked);
        let ending = if values.iter().chain(&optional).any(is_blocked) {
            Ending::Blocked
        } else if values.contains(&Ending::Skipped) {
            Ending::Skipped
        } else {
            is_breached ^= plan.moves_state;
            let value = |ending: Ending, otherwise: u64| match ending {
                Ending::Finished(value) => value,
                Ending::Failed => FAILED,
                Ending::Skipped | Ending::Blocked => otherwise,
            };
            let inputs = values
                .into_iter()
                .chain(optional)
                .map(|ending| value(ending, NOTHING))
                .chain(outcomes.into_iter().map(|ending| value(ending, SKIPPED)));
            match plan.behaviour {
                Behaviour::Skips => Ending::Skipped,
                Behaviour::Fails if !is_repaired => Ending::Failed,
                _ => Ending::Finished(mix(idx, inputs)),
            }
        };
        endings.push(ending);
    }
    (endings, is_breached)
}

fn act(
    idx: usize,
    plan: &Plan,
    world: &RefCell<World>,
    ctx: &StepContext<'_>,
    inputs: impl Iterator<Item = u64>,
) -> Result<u64, StepError> {
    let mut world = world.borrow_mut();
    let is_first = {
        let n_attempts = world.n_attempts.entry(idx).or_default();
        *n_attempts += 1;
        *n_attempts == 1
    };
    let run = (ctx.step().to_owned(), ctx.key().to_owned());
    assert!(
        !world.finished.contains(&run),
        "finished steps do not run again"
    );
    for n in 0..plan.n_effects {
        let effect = Effect {
            kind: EffectKind::Commit,
            key: format!("{}/{n}", ctx.key()),
            detail: format!("effect {n} of step {idx}"),
        };
        let mut journal = ctx.effects();
        if journal.begin(&effect)?.is_some() {
            assert_eq!(world.effects.get(&effect.key), Some(&1));
            continue;
        }
        assert!(
            !world.finished_effects.contains(&effect.key),
            "nobody is sent to do a finished effect again"
        );
        // An effect that may have happened looks for its key in the world, as a commit looks for its trailer.
        if !world.effects.contains_key(&effect.key) {
            *world.effects.entry(effect.key.clone()).or_default() += 1;
        }
        journal.finish(&effect.key, "done")?;
    }
    if plan.moves_state {
        let to = match ctx.state() {
            LoopState::Healthy => LoopState::Breached,
            _ => LoopState::Healthy,
        };
        ctx.enter(to, "it moved")?;
    }
    match plan.behaviour {
        Behaviour::Skips => Err(StepError::skip("nothing to do")),
        Behaviour::Flaky if is_first => Err(StepError::failed("flaky")),
        Behaviour::Fails if !world.is_repaired => Err(StepError::permanent("broken")),
        _ => Ok(mix(idx, inputs)),
    }
}

fn build<'a>(plans: &'a [Plan], world: &'a RefCell<World>) -> (Workflow<'a>, Vec<Output<u64>>) {
    let mut steps = Workflow::builder("random");
    let mut outputs: Vec<Output<u64>> = Vec::new();
    for (idx, plan) in plans.iter().enumerate() {
        let (mut values, mut optional, mut outcomes, mut before) =
            (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for (on, need) in &plan.needs {
            let on = outputs[*on];
            match need {
                Need::Value => values.push(on),
                Need::Optional => optional.push(on.optional()),
                Need::Outcome => outcomes.push(on.outcome()),
                Need::Order => before.push(on),
            }
        }
        let step = steps.step(
            format!("Step {idx}"),
            (values, optional, outcomes),
            move |ctx, (values, optional, outcomes)| {
                let inputs = values
                    .into_iter()
                    .map(|value| *value)
                    .chain(
                        optional
                            .into_iter()
                            .map(|value| value.map_or(NOTHING, |v| *v)),
                    )
                    .chain(outcomes.into_iter().map(|outcome| match outcome {
                        Outcome::Finished(value) => *value,
                        Outcome::Skipped(_) => SKIPPED,
                        Outcome::Failed(_) => FAILED,
                    }));
                act(idx, plan, world, ctx, inputs)
            },
        );
        steps.retry(step, Retry::attempts(2));
        for earlier in before {
            steps.after(step, earlier);
        }
        outputs.push(step);
    }
    (steps.build().expect("no cycle"), outputs)
}

/// Every change of state begins where the one before ended.
fn check_states(records: &[Record]) {
    let mut state = LoopState::Healthy;
    for record in records {
        match record.kind {
            RecordKind::StateChanged { from, to, .. } => {
                assert_eq!(from, state);
                assert!(from.leads_to(to));
                state = to;
            }
            RecordKind::StateRestored { from, to, .. } => {
                assert_eq!(from, state);
                state = to;
            }
            RecordKind::RunStarted { state: seen, .. }
            | RecordKind::StepStarted { state: seen, .. }
            | RecordKind::StepFinished { state: seen, .. }
            | RecordKind::RunFinished { state: seen, .. } => assert_eq!(seen, state),
            _ => {}
        }
    }
}

/// Runs until a run is not crashed any more.
fn run_through(
    path: &Path,
    workflow: &mut Workflow<'_>,
    world: &RefCell<World>,
    crashes: &mut impl Iterator<Item = (u64, Crash)>,
) -> Run {
    loop {
        let now = "2026-03-01T10:00:00Z".parse().expect("a time");
        let clock = Arc::new(ManualClock::at(now));
        let journal = Journal::open(path, clock.clone()).expect("a sound journal");
        for record in journal.records() {
            if let RecordKind::StepFinished { step, key, .. } = record.kind {
                world.borrow_mut().finished.insert((step, key));
            }
        }
        world.borrow_mut().finished_effects = journal
            .finished_effects()
            .into_iter()
            .map(|effect| effect.key)
            .collect();
        if let Some((n_records, crash)) = crashes.next() {
            journal.crash_after(n_records, crash);
        }
        let bus = EventBus::new(clock.clone());
        let events = bus.subscribe();
        let engine = Engine::new(clock).journal(journal.clone()).events(bus);
        let result = engine.run(workflow);
        drop(engine);
        let events: Vec<_> = events.collect();
        assert!((1..).zip(&events).all(|(seq, event)| event.seq == seq));
        match result {
            Ok(run) => {
                check_states(&journal.records());
                assert!(journal.unfinished_effects().is_empty());
                assert!(matches!(
                    events.last().map(|event| &event.kind),
                    Some(EventKind::RunFinished { .. })
                ));
                let world = world.borrow();
                assert!(world.effects.values().all(|&count| count == 1));
                let finished = journal.finished_effects();
                assert!(
                    finished
                        .iter()
                        .map(|effect| &effect.key)
                        .eq(world.effects.keys())
                );
                return run;
            }
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::Io, "{error}");
                check_states(&Journal::read(path).expect("a sound journal"));
            }
        }
    }
}

fn compare(run: &Run, outputs: &[Output<u64>], expected: &[Ending]) {
    for ((idx, output), expected) in outputs.iter().enumerate().zip(expected) {
        let ending = match run.outcome(*output).expect("nobody stopped the run") {
            Outcome::Finished(value) => Ending::Finished(*value),
            Outcome::Failed(_) => Ending::Failed,
            Outcome::Skipped(reason) if reason.ends_with("failed") => Ending::Blocked,
            Outcome::Skipped(_) => Ending::Skipped,
        };
        assert_eq!(ending, *expected, "step {idx}");
    }
}

fn plan(idx: usize) -> impl Strategy<Value = Plan> {
    let behaviour = prop_oneof![
        5 => Just(Behaviour::Works),
        2 => Just(Behaviour::Flaky),
        1 => Just(Behaviour::Skips),
        1 => Just(Behaviour::Fails),
    ];
    let need = prop_oneof![
        4 => Just(Need::Value),
        1 => Just(Need::Optional),
        1 => Just(Need::Outcome),
        1 => Just(Need::Order),
    ];
    let needs = vec((0..idx.max(1), need), 0..=idx.min(3));
    (behaviour, needs, 0..3_usize, any::<bool>()).prop_map(
        |(behaviour, needs, n_effects, moves_state)| Plan {
            behaviour,
            needs,
            n_effects,
            moves_state,
        },
    )
}

fn plans() -> impl Strategy<Value = Vec<Plan>> {
    (1..7_usize).prop_flat_map(|n_steps| (0..n_steps).map(plan).collect::<Vec<_>>())
}

fn crashes() -> impl Strategy<Value = Vec<(u64, Crash)>> {
    let crash = prop_oneof![Just(Crash::Before), Just(Crash::Torn), Just(Crash::After)];
    vec((0..12_u64, crash), 0..8)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_crashed_run_ends_like_one_that_was_not(plans in plans(), crashes in crashes(), later in crashes()) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(Journal::FILE_NAME);
        let world = RefCell::new(World::default());
        let (mut workflow, outputs) = build(&plans, &world);

        let run = run_through(&path, &mut workflow, &world, &mut crashes.into_iter());
        let (endings, is_breached) = expected(&plans, false);
        compare(&run, &outputs, &endings);
        let state = if is_breached { LoopState::Breached } else { LoopState::Healthy };
        prop_assert_eq!(run.state(), state);
        prop_assert_eq!(run.is_success(), !endings.contains(&Ending::Failed));

        // Somebody repairs what failed and takes the run up again.
        world.borrow_mut().is_repaired = true;
        let run = run_through(&path, &mut workflow, &world, &mut later.into_iter());
        compare(&run, &outputs, &expected(&plans, true).0);
        prop_assert!(run.is_success());
    }

    #[test]
    fn the_order_respects_every_edge_or_a_cycle_is_named(
        n_steps in 1..8_usize,
        edges in vec((0..8_usize, 0..8_usize), 0..12),
    ) {
        let mut steps = Workflow::builder("order");
        let handles: Vec<_> = (0..n_steps)
            .map(|idx| steps.step(format!("s{idx}"), (), |_, ()| Ok(0_u8)))
            .collect();
        let edges: BTreeSet<(usize, usize)> = edges
            .into_iter()
            .map(|(from, to)| (from % n_steps, to % n_steps))
            .collect();
        for &(from, to) in &edges {
            steps.after(handles[to], handles[from]);
        }
        match steps.build() {
            Ok(workflow) => {
                let order: Vec<&str> = workflow.steps().collect();
                let place = |idx: usize| order.iter().position(|name| *name == format!("s{idx}"));
                for &(from, to) in &edges {
                    prop_assert!(place(from) < place(to));
                }
                prop_assert_eq!(order.len(), n_steps);
            }
            Err(error) => {
                let text = error.to_string();
                let path: Vec<usize> = text
                    .trim_start_matches("the steps wait for each other: ")
                    .split(" → ")
                    .map(|name| name.trim_matches('`').trim_start_matches('s').parse().unwrap())
                    .collect();
                prop_assert!(1 < path.len() && path.first() == path.last(), "{}", text);
                prop_assert!(path.windows(2).all(|pair| edges.contains(&(pair[0], pair[1]))), "{}", text);
            }
        }
    }
}
