//! Equal texts told apart by the records beside them.
#![cfg(feature = "java")]

use proptest::prelude::*;
use shape_lineage::{Locator, Query, Sequence, SourceIndex};

/// Looks up records of `thread message` and returns the lines found for each, or none.
fn lines(index: &SourceIndex, records: &[(&str, &str)]) -> Vec<Vec<u32>> {
    let mut locator = Locator::new(index);
    let mut sequence = Sequence::new(index);
    let mut told = Vec::new();
    for (tag, (thread, message)) in records.iter().enumerate() {
        let found = locator.find(&Query::message(message).target("Net"));
        sequence.push(thread, "Net", found, tag);
        while let Some(next) = sequence.pop() {
            told.push(next);
        }
    }
    told.extend(sequence.finish());
    // None is lost, and they come in their order.
    assert!(told.iter().map(|told| told.tag).eq(0..records.len()));
    let of = |told: &shape_lineage::Told<'_, usize>| {
        let places = told.found.places.iter();
        places.map(|place| place.line.get()).collect()
    };
    told.iter().map(of).collect()
}

fn index(methods: &str) -> SourceIndex {
    let source = format!(
        "class Net {{ static final Logger LOG = LoggerFactory.getLogger(Net.class);\n{methods}\n}}\n"
    );
    SourceIndex::from_sources([("Net.java", source)])
}

#[track_caller]
fn check(methods: &str, records: &[(&str, &str)], expected: &[&[u32]]) {
    assert_eq!(lines(&index(methods), records), expected, "{methods}");
}

const TWICE: &str = "void open() {\n LOG.info(\"reading the file\");\n prepare();\n LOG.info(\"binding to port\");\n \
                     LOG.info(\"bound at last\");\n}\nvoid again() {\n LOG.info(\"binding to port\");\n}";

#[test]
fn the_record_before_decides() {
    check(
        TWICE,
        &[("a", "reading the file"), ("a", "binding to port")],
        &[&[3], &[5]],
    );
}

#[test]
fn the_record_behind_decides() {
    check(
        TWICE,
        &[("a", "binding to port"), ("a", "bound at last")],
        &[&[5], &[6]],
    );
}

#[test]
fn other_threads_and_other_records_do_not() {
    let both: &[u32] = &[5, 9];
    check(TWICE, &[("a", "binding to port")], &[both]);
    check(
        TWICE,
        &[("a", "reading the file"), ("b", "binding to port")],
        &[&[3], both],
    );
    check(
        TWICE,
        &[
            ("a", "reading the file"),
            ("a", "something unknown"),
            ("a", "binding to port"),
        ],
        &[&[3], &[], both],
    );
    // What a neighbour decided decides nothing itself, and no thread has no neighbours.
    check(
        TWICE,
        &[("", "reading the file"), ("", "binding to port")],
        &[&[3], both],
    );
}

#[test]
fn only_what_must_follow_does() {
    let records = [("a", "reading the file"), ("a", "binding to port")];
    let follows = |between: &str, is_sure: bool| {
        let methods = format!(
            "void open() {{ LOG.info(\"reading the file\"); {between} }}\nvoid again() {{ LOG.info(\"binding to port\"); }}"
        );
        let expected: &[u32] = if is_sure { &[2] } else { &[2, 3] };
        let found = lines(&index(&methods), &records);
        assert_eq!(found[1], expected, "{between}");
    };
    let bind = "LOG.info(\"binding to port\");";
    follows(bind, true);
    follows(
        &format!("try {{ {bind} }} catch (IOException e) {{ }}"),
        true,
    );
    follows(&format!("synchronized (this) {{ {bind} }}"), true);
    follows(
        &format!("for (int i = 0; i < n; i++) {{ add(i); }} {bind}"),
        true,
    );
    follows(&format!("if (port == 0) {{ return; }} {bind}"), false);
    follows(
        &format!("if (port == 0) {{ throw new X(); }} {bind}"),
        false,
    );
    follows(&format!("if (port != 0) {{ {bind} }}"), false);
    follows(&format!("if (port != 0) {bind}"), false);
    follows(&format!("pool.submit(() -> {{ {bind} }});"), false);
    follows(
        &format!("try {{ go(); }} catch (IOException e) {{ {bind} }}"),
        false,
    );
    follows(&format!("LOG.info(\"another one\"); {bind}"), false);
}

proptest! {
    /// A program of one thread, run: what a neighbour decides is what was run.
    #[test]
    fn what_it_says_is_what_was_run(
        methods in prop::collection::vec(prop::collection::vec((0_usize..4, any::<bool>()), 1..5), 2..5),
        calls in prop::collection::vec((0_usize..5, any::<u32>()), 1..12),
    ) {
        let texts = ["reading the file", "binding to port", "closing the door", "sleeping a while"];
        let mut source = String::new();
        for (idx, method) in methods.iter().enumerate() {
            source.push_str(&["void m", &idx.to_string(), "() {\n"].concat());
            for (text, is_choice) in method {
                let choice = if *is_choice { "if (x()) " } else { "" };
                source.push_str(&[choice, "LOG.info(\"", texts[*text], "\");\n"].concat());
            }
            source.push_str("}\n");
        }
        let mut records = Vec::new();
        let mut truth = Vec::new();
        for (method, choices) in calls {
            let idx = method % methods.len();
            let before: usize = methods[..idx].iter().map(|method| method.len() + 2).sum();
            for (at, (text, is_choice)) in methods[idx].iter().enumerate() {
                if !is_choice || choices >> at & 1 == 1 {
                    records.push(("a", texts[*text]));
                    truth.push(u32::try_from(before + at + 3).unwrap());
                }
            }
        }
        let found = lines(&index(&source), &records);
        for (found, truth) in found.iter().zip(truth) {
            prop_assert!(found.contains(&truth), "{found:?} without {truth} of {records:?} in\n{source}");
        }
    }
}
