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

proptest! {
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
