//! Pinned statements are found again, or it is said that they are not.
#![cfg(feature = "rust")]

use proptest::prelude::*;
use shape_lineage::{Anchor, Drift, Rung, SourceIndex};

const BEFORE: &str = r#"
fn start() {
    open();
    log::info!("opened {}", name);
    read();
    log::info!("read {} bytes", n);
}

fn stop() {
    log::warn!("again");
    flush();
    log::warn!("again");
}
"#;

fn index(text: &str) -> SourceIndex {
    SourceIndex::from_sources([("src/lib.rs", text)])
}

fn anchors() -> Vec<Anchor> {
    let index = index(BEFORE);
    index
        .statements()
        .iter()
        .map(|statement| Anchor::pin(&index, statement).unwrap())
        .collect()
}

/// `state line` for the statement at `place`.
#[track_caller]
fn check(place: usize, after: &str, expected: &str) {
    let found = match anchors()[place].verify(&index(after)) {
        Drift::Current => "current".to_owned(),
        Drift::Moved { to, rung, .. } => format!("moved {} {rung:?}", to.line),
        Drift::Edited { to } => format!("edited {}", to.line),
        Drift::Ambiguous { candidates } => {
            let lines: Vec<String> = candidates.iter().map(|to| to.line.to_string()).collect();
            format!("ambiguous {}", lines.join(","))
        }
        Drift::Lost => "lost".to_owned(),
        other => format!("{other:?}"),
    };
    assert_eq!(found, expected, "{after}");
}

#[test]
fn the_ladder() {
    check(0, BEFORE, "current");
    check(1, &format!("// x\n{BEFORE}"), "moved 7 Context");
    check(
        0,
        &BEFORE.replace("open();", "open2();"),
        "moved 4 Function",
    );
    check(2, &BEFORE.replace("fn stop", "fn halt"), "ambiguous 10,12");
    check(
        2,
        &BEFORE.replace("flush();", "flush2();"),
        "moved 10 Ordinal",
    );
    check(
        3,
        &BEFORE.replace("flush();", "flush2();"),
        "moved 12 Ordinal",
    );
    check(0, &BEFORE.replace("opened {}", "opened the {}"), "edited 4");
    check(
        0,
        &BEFORE.replace("    log::info!(\"opened {}\", name);\n", ""),
        "lost",
    );
    let doubled = BEFORE.replace(
        "    read();",
        "    log::info!(\"opened {}\", other);\n    read();",
    );
    check(0, &doubled, "ambiguous 4,5");
    check(
        0,
        &BEFORE
            .replace("fn start", "fn begin")
            .replace("open()", "o()"),
        "moved 4 File",
    );
    check(0, "", "lost");
}

#[test]
fn a_renamed_file() {
    let moved = SourceIndex::from_sources([("src/new.rs", BEFORE)]);
    let Drift::Moved { to, rung, .. } = anchors()[0].verify(&moved) else {
        panic!("not found");
    };
    assert_eq!(
        (to.to_string().as_str(), rung),
        ("src/new.rs:4:5", Rung::Context)
    );
}

#[test]
fn an_anchor_is_what_it_was() -> Result<(), serde_json::Error> {
    for anchor in anchors() {
        let json = serde_json::to_string(&anchor)?;
        let read: Anchor = serde_json::from_str(&json)?;
        assert_eq!((&read, read.id()), (&anchor, anchor.id()));
        let next = anchor.clone().following(&anchor);
        assert_eq!(next.parent, Some(anchor.id()));
        assert_ne!(next.id(), anchor.id());
    }
    Ok(())
}

/// Statements of the same text among lines of few kinds, each line with a number of its own.
fn lines() -> impl Strategy<Value = Vec<(usize, String)>> {
    let line = prop_oneof![
        2 => Just("    log::info!(\"again {}\", n);"),
        1 => Just("    log::info!(\"other\");"),
        2 => Just("    a();"),
        2 => Just("    b();"),
    ];
    prop::collection::vec(line, 1..14).prop_map(|lines| {
        let lines = lines.into_iter().map(str::to_owned);
        lines.enumerate().collect()
    })
}

fn text(lines: &[(usize, String)]) -> String {
    let lines: Vec<&str> = lines.iter().map(|(_, line)| line.as_str()).collect();
    format!("fn f() {{\n{}\n}}\n", lines.join("\n"))
}

/// The number of the line that a place names.
fn number(lines: &[(usize, String)], line: u32) -> usize {
    lines[usize::try_from(line).unwrap() - 2].0
}

proptest! {
    #[test]
    fn lines_around_a_statement_never_lead_to_its_like(
        before in lines(),
        edits in prop::collection::vec((any::<prop::sample::Index>(), 0_usize..3), 0..6),
    ) {
        let mut after = before.clone();
        for (place, edit) in edits {
            let at = place.index(after.len());
            match edit {
                0 => after.insert(at, (usize::MAX, "    b();".to_owned())),
                _ if after[at].1.contains("log") => {}
                1 if 1 < after.len() => drop(after.remove(at)),
                _ => after[at].1 = "    c();".to_owned(),
            }
        }
        let (pinned, now) = (index(&text(&before)), index(&text(&after)));
        for statement in pinned.statements() {
            let anchor = Anchor::pin(&pinned, statement).unwrap();
            let is_it = |line: u32| number(&before, statement.location.line.get()) == number(&after, line);
            match anchor.verify(&now) {
                Drift::Pinned | Drift::Current => {}
                Drift::Moved { to, .. } => {
                    prop_assert!(is_it(to.line.get()), "{} became {to}", anchor.location);
                    // It is found where it is: nothing is left to move.
                    let child = anchor.follow(&now).unwrap();
                    prop_assert_eq!(child.verify(&now), Drift::Current);
                    prop_assert_eq!(child.parent, Some(anchor.id()));
                }
                Drift::Ambiguous { candidates } => {
                    prop_assert!(candidates.iter().any(|to| is_it(to.line.get())));
                }
                other => prop_assert!(false, "{other:?}, but it is there"),
            }
        }
    }

    #[test]
    fn a_statement_that_is_gone_is_not_found_elsewhere(
        before in lines(),
        chosen in any::<prop::sample::Index>(),
        reworded in any::<bool>(),
    ) {
        let places: Vec<usize> = (0..before.len()).filter(|at| before[*at].1.contains("other")).collect();
        prop_assume!(!places.is_empty());
        let at = places[chosen.index(places.len())];
        let mut after = before.clone();
        if reworded {
            after[at].1 = "    log::info!(\"reworded\");".to_owned();
        } else {
            after.remove(at);
        }
        let (pinned, now) = (index(&text(&before)), index(&text(&after)));
        let line = u32::try_from(at).unwrap() + 2;
        let statement = pinned.statements().iter().find(|s| s.location.line.get() == line).unwrap();
        match Anchor::pin(&pinned, statement).unwrap().verify(&now) {
            Drift::Moved { to, rung, .. } => prop_assert!(false, "gone, but found at {to} by {rung:?}"),
            Drift::Edited { to } => {
                // Only where it stood can it be said to be another text now.
                prop_assert!(number(&after, to.line.get()) == at || !reworded || 1 < places.len());
            }
            // One like it took its place, among the same lines: nobody could tell.
            Drift::Current => prop_assert!(after.get(at).is_some_and(|line| line.1 == before[at].1)),
            Drift::Ambiguous { .. } | Drift::Lost => {}
            other => prop_assert!(false, "{other:?}"),
        }
    }

    #[test]
    fn blank_lines_and_comments_shift_a_statement_by_as_much(
        above in prop::collection::vec(prop_oneof![Just(""), Just("// x"), Just("   "), Just("fn other() {}")], 1..5),
        place in 0_usize..4,
    ) {
        let n_above = above.len();
        let after = format!("{}\n{BEFORE}", above.join("\n"));
        let anchor = &anchors()[place];
        let Drift::Moved { to, .. } = anchor.verify(&index(&after)) else {
            return Err(TestCaseError::fail("not found"));
        };
        let shift = to.line.get() - anchor.location.line.get();
        prop_assert_eq!(usize::try_from(shift).unwrap(), n_above);
    }
}
