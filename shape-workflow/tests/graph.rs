//! Building and drawing graphs.

use std::collections::BTreeMap;

use shape_workflow::{ErrorKind, LoopState, StateMachine, StepStatus, Workflow};

#[test]
fn a_cycle_is_named() {
    let mut steps = Workflow::builder("cycle");
    steps.step("alone", (), |_, ()| Ok(0_u8));
    let parse = steps.step("parse", (), |_, ()| Ok(1_u8));
    let measure = steps.step("measure", parse, |_, n| Ok(*n));
    let judge = steps.step("judge", measure, |_, n| Ok(*n));
    steps.step("end", judge, |_, n| Ok(*n));
    steps.after(parse, judge);
    let error = steps.build().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Graph);
    assert_eq!(
        error.to_string(),
        "the steps wait for each other: `parse` → `measure` → `judge` → `parse`"
    );

    let mut steps = Workflow::builder("self");
    let one = steps.step("one", (), |_, ()| Ok(0_u8));
    steps.after(one, one);
    let error = steps.build().unwrap_err();
    assert_eq!(
        error.to_string(),
        "the steps wait for each other: `one` → `one`"
    );
}

#[test]
fn names_and_handles_are_checked() {
    let mut steps = Workflow::builder("names");
    steps.step("twice", (), |_, ()| Ok(0_u8));
    steps.step("twice", (), |_, ()| Ok(0_u8));
    let error = steps.build().unwrap_err();
    assert_eq!(error.to_string(), "two steps are called `twice`");

    let mut steps = Workflow::builder("names");
    steps.step(" ", (), |_, ()| Ok(0_u8));
    let error = steps.build().unwrap_err();
    assert_eq!(error.to_string(), "` ` is no name for a step: it is empty");

    let mut other = Workflow::builder("other");
    let foreign = other.step("foreign", (), |_, ()| Ok(0_u8));
    let mut steps = Workflow::builder("handles");
    steps.step("user", foreign, |_, n| Ok(*n));
    let error = steps.build().unwrap_err();
    assert_eq!(
        error.to_string(),
        "`user` was given a handle that comes from another workflow"
    );
    let mut steps = Workflow::builder("handles");
    let own = steps.step("own", (), |_, ()| Ok(0_u8));
    steps.after(own, foreign);
    assert!(steps.build().is_err());
    let mut steps = Workflow::builder("handles");
    steps.version(foreign, 2);
    assert!(steps.build().is_err());
}

fn drawn() -> Workflow<'static> {
    let mut steps = Workflow::builder("a \"loop\"");
    let logs = steps.step("read `logs`", (), |_, ()| Ok(vec![String::new()]));
    let measure = steps.step("measure", logs, |_, lines| Ok(lines.len()));
    let judge = steps.step("judge", (logs, measure.optional()), |_, _| Ok(true));
    let tell = steps.step("tell", judge.outcome(), |_, _| Ok(()));
    let clean = steps.step("clean", (), |_, ()| Ok(()));
    steps.after(clean, tell);
    steps.build().expect("a sound graph")
}

#[test]
fn drawn_as_dot() {
    let expected = r##"digraph "a \"loop\"" {
  rankdir=LR;
  node [shape=box, style="rounded,filled", fontname="sans-serif"];
  s0 [label="read `logs`\nVec<String>", fillcolor="#f6f8fa"];
  s1 [label="measure\nusize", fillcolor="#f6f8fa"];
  s2 [label="judge\nbool", fillcolor="#f6f8fa"];
  s3 [label="tell\n()", fillcolor="#f6f8fa"];
  s4 [label="clean\n()", fillcolor="#f6f8fa"];
  s0 -> s1;
  s0 -> s2;
  s1 -> s2 [style=dashed];
  s2 -> s3 [style=dashed];
  s3 -> s4 [style=dotted];
}
"##;
    assert_eq!(drawn().to_dot(), expected);
}

#[test]
fn drawn_as_mermaid_with_live_colours() {
    let statuses = BTreeMap::from([
        ("read `logs`".to_owned(), StepStatus::Finished),
        ("measure".to_owned(), StepStatus::Running),
    ]);
    let expected = r#"flowchart LR
  s0["read #96;logs#96;<br/><small>Vec#lt;String#gt;</small>"]
  s1["measure<br/><small>usize</small>"]
  s2["judge<br/><small>bool</small>"]
  s3["tell<br/><small>()</small>"]
  s4["clean<br/><small>()</small>"]
  s0 --> s1
  s0 --> s2
  s1 -. optional .-> s2
  s2 -. outcome .-> s3
  s3 -. then .-> s4
  classDef running fill:#ffd33d,color:#24292f
  class s1 running
  classDef finished fill:#8ddb8c,color:#24292f
  class s0 finished
"#;
    assert_eq!(drawn().outline().to_mermaid(&statuses), expected);
}

#[test]
fn an_outline_is_read_back() {
    let outline = drawn().outline();
    let json = serde_json::to_string(&outline).unwrap();
    assert_eq!(
        serde_json::from_str::<shape_workflow::Outline>(&json).unwrap(),
        outline
    );
}

#[test]
fn the_fingerprint_is_that_of_the_graph() {
    let build = |parameters: &str, with_order: bool| {
        let mut steps = Workflow::builder("graph");
        let one = steps.step("one", (), |_, ()| Ok(1_u8));
        let two = steps.step("two", (), |_, ()| Ok(1_u8));
        if with_order {
            steps.after(two, one);
        }
        steps.parameters(parameters);
        steps.build().unwrap().fingerprint()
    };
    assert_eq!(build("a", false), build("a", false));
    assert_ne!(build("a", false), build("b", false));
    assert_ne!(build("a", false), build("a", true));
    assert_eq!(drawn().fingerprint(), drawn().fingerprint());
}

#[test]
fn every_state_can_be_reached_and_drawn() {
    let dot = StateMachine::to_dot(Some(LoopState::Verifying));
    let mermaid = StateMachine::to_mermaid(Some(LoopState::Verifying));
    for state in LoopState::ALL {
        assert!(dot.contains(&format!("-> {state};\n")), "{state}");
        assert!(mermaid.contains(&format!("--> {state}\n")), "{state}");
    }
    assert!(dot.contains("  verifying [fillcolor=\"#ffd33d\"];\n"));
    assert!(mermaid.ends_with("  class verifying current\n"));
    let n_transitions = dot.matches(" -> ").count();
    assert_eq!(mermaid.matches(" --> ").count(), n_transitions + 1);
}
