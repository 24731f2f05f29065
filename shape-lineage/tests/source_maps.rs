//! Frames of generated JavaScript, and where source maps say that they come from.
#![cfg(feature = "typescript")]

use std::{num::NonZeroU32, path::Path};

use proptest::prelude::*;
use shape_lineage::{Answer, EvidenceKind, Query, SourceIndex, Verdict};
use shape_telemetry::SourceLocation;

fn location(text: &str) -> SourceLocation {
    let mut parts = text.rsplitn(3, ':');
    let column: NonZeroU32 = parts.next().unwrap().parse().unwrap();
    let line = parts.next().unwrap().parse().unwrap();
    SourceLocation {
        path: parts.next().unwrap().to_owned(),
        line,
        column: Some(column),
    }
}

/// A record of no known text, traced by its frames.
fn by_frame(index: &SourceIndex, frame: &str) -> Answer {
    let frames = [location(frame)];
    index.locate(&Query::message("?").frames(&frames))
}

#[track_caller]
fn check(index: &SourceIndex, frame: &str, expected: &str) {
    let answer = by_frame(index, frame);
    let Verdict::Unique {
        statement,
        evidence,
    } = &answer.verdict
    else {
        panic!("{frame}: {:?}", answer.verdict);
    };
    let place = format!("{}:{}", statement.location.path, statement.location.line);
    assert_eq!(place, expected, "{frame}");
    assert_eq!(*evidence, EvidenceKind::StackFrame);
}

fn program() -> SourceIndex {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/source-map");
    let index = SourceIndex::builder().root(&root).base(&root).build();
    index.unwrap()
}

#[test]
fn frames_of_real_tools_lead_to_what_node_says() {
    let index = program();
    assert!(index.problems().is_empty(), "{:?}", index.problems());
    for generated in [
        "dist/esbuild.js",
        "dist/inline.js",
        "/srv/app/dist/esbuild.js",
    ] {
        check(&index, &format!("{generated}:1:87"), "src/canvas.ts:12");
        check(&index, &format!("{generated}:1:258"), "src/main.ts:10");
        check(&index, &format!("{generated}:1:322"), "src/main.ts:16");
    }
    check(&index, "dist/tsc/canvas.js:9:15", "src/canvas.ts:12");
    check(&index, "dist/tsc/main.js:10:53", "src/main.ts:10");
    check(&index, "dist/tsc/main.js:17:5", "src/main.ts:16");
}

#[test]
fn generated_code_says_nothing_twice() {
    let index = program();
    let answer = index.locate(&Query::message("resizing to 640x480"));
    let statement = answer.verdict.unique().unwrap();
    assert_eq!(statement.location.to_string(), "src/canvas.ts:10:3");
}

#[test]
fn a_position_that_a_record_names_is_mapped_too() {
    let index = program();
    let emitter = location("dist/esbuild.js:1:36");
    let answer = index.locate(&Query::message("resizing to 1x2").emitter(&emitter));
    let statement = answer.verdict.unique().unwrap();
    assert_eq!(statement.location.to_string(), "src/canvas.ts:10:3");
}

/// A map of two generated lines: `a();` from `a.ts:3`, `b();` from `b.ts:7`.
const MAPPINGS: &str = "AAEA;ACIA";

#[track_caller]
fn check_map(map: &str, frame: &str, expected: Option<&str>) -> Vec<String> {
    let source = "export const x = 1;\n".repeat(20);
    let index = SourceIndex::from_sources([
        ("web/app.js", "a();\nb();\n"),
        ("web/app.js.map", map),
        ("web/src/a.ts", &source),
        ("web/src/b.ts", &source),
    ]);
    match expected {
        Some(expected) => check(&index, frame, expected),
        None => check(&index, frame, frame.rsplit_once(':').unwrap().0),
    }
    index.problems().to_vec()
}

#[test]
fn maps_as_the_specification_has_them() {
    let sources = r#""sources":["src/a.ts","src/b.ts"]"#;
    let plain = format!(r#"{{"version":3,{sources},"mappings":"{MAPPINGS}"}}"#);
    check_map(&plain, "web/app.js:1:1", Some("web/src/a.ts:3"));
    check_map(&plain, "web/app.js:2:4", Some("web/src/b.ts:7"));
    // A line that is not mapped stays what it is.
    check_map(&plain, "web/app.js:3:1", None);
    let guarded = format!(")]}}'\n{plain}");
    check_map(&guarded, "web/app.js:1:1", Some("web/src/a.ts:3"));
    let rooted = format!(
        r#"{{"version":3,"sourceRoot":"src","sources":["a.ts","b.ts"],"mappings":"{MAPPINGS}"}}"#
    );
    check_map(&rooted, "web/app.js:2:1", Some("web/src/b.ts:7"));
    let url = plain.replace("src/a.ts", "webpack://web/./src/a.ts");
    check_map(&url, "web/app.js:1:1", Some("web/src/a.ts:3"));
    // An index map: the second section starts in the middle of the first line.
    let indexed = format!(
        r#"{{"version":3,"sections":[
            {{"offset":{{"line":0,"column":0}},"map":{{"version":3,"sources":["src/a.ts"],"mappings":"AAEA"}}}},
            {{"offset":{{"line":0,"column":10}},"map":{{"version":3,{sources},"mappings":"ACIA;AAEA"}}}}]}}"#
    );
    check_map(&indexed, "web/app.js:1:10", Some("web/src/a.ts:3"));
    check_map(&indexed, "web/app.js:1:11", Some("web/src/b.ts:5"));
    check_map(&indexed, "web/app.js:2:1", Some("web/src/b.ts:7"));
}

#[test]
fn absurd_maps_are_problems() {
    let check = |map: &str, problem: &str| {
        let problems = check_map(map, "web/app.js:1:1", None);
        assert!(
            matches!(problems.as_slice(), [one] if one.starts_with("web/app.js.map: ") && one.contains(problem)),
            "{map}: {problems:?}"
        );
    };
    let with = |mappings: &str| {
        format!(r#"{{"version":3,"sources":["src/a.ts"],"mappings":"{mappings}"}}"#)
    };
    check("", "no source map");
    check("[]", "no source map");
    check(r#"{"version":2,"mappings":""}"#, "revision 2");
    check(&with("AADA"), "1 of its mappings lead out");
    check(&with("ACAA,AACA"), "2 of its mappings lead out");
    check(&with("DAAA"), "1 of its mappings lead out");
    check(&with("AA"), "1 of its mappings lead out");
    check(&with("A*"), "no digit of base 64");
    check(&with("gggggggggggB"), "longer than 32 bits");
    check(&with("AAg"), "ends in its middle");
    check(
        r#"{"version":3,"sections":[{"offset":{"line":0,"column":0},"map":{"version":3,"sections":[]}}]}"#,
        "a section has sections",
    );
    check(
        r#"{"version":3,"sections":[{"offset":{"line":0,"column":0},"url":"x.map"}]}"#,
        "a section has no map",
    );
    check(
        r#"{"version":3,"sections":[{"offset":{"line":-1,"column":0}}]}"#,
        "no source map",
    );
    let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    check(&deep, "no source map");
}

#[test]
fn sources_that_only_the_map_has_are_read_from_it() {
    let map = r#"{"version":3,"sources":["../src/a.ts"],
        "sourcesContent":["function f(n: number) {\n  console.log(`took ${n} apples`);\n}\n"],"mappings":"AACA"}"#;
    let index = SourceIndex::from_sources([
        ("dist/app.js", "console.log(`took ${n} apples`)"),
        ("dist/app.js.map", map),
    ]);
    let answer = index.locate(&Query::message("took 3 apples"));
    let statement = answer.verdict.unique().unwrap();
    assert_eq!(statement.location.to_string(), "src/a.ts:2:3");
    check(&index, "dist/app.js:1:5", "src/a.ts:2");
}

#[test]
fn a_line_from_two_places_needs_a_column() {
    let map = r#"{"version":3,"sources":["src/a.ts"],"mappings":"AAEA,KAEA"}"#;
    let source = "let x = 1;\n".repeat(9);
    let index = SourceIndex::from_sources([
        ("app.js", "a();b();\n"),
        ("app.js.map", map),
        ("src/a.ts", &source),
    ]);
    check(&index, "app.js:1:5", "src/a.ts:3");
    check(&index, "app.js:1:6", "src/a.ts:5");
    let mut frame = location("app.js:1:1");
    frame.column = None;
    let frames = [frame];
    let answer = index.locate(&Query::message("?").frames(&frames));
    let place = &answer.verdict.unique().unwrap().location;
    assert_eq!((place.path.as_str(), place.line.get()), ("app.js", 1));
}

proptest! {
    #[test]
    fn no_map_makes_it_panic(
        mappings in "[A-Za-z0-9+/,;*]{0,60}",
        junk in any::<String>(),
        line in 1_u32..5,
        column in 1_u32..60,
    ) {
        let map = format!(
            r#"{{"version":3,"sources":["src/a.ts",null,"b.ts"],"sourcesContent":[null,"x"],"mappings":"{mappings}"}}"#
        );
        for map in [map, junk] {
            let index = SourceIndex::from_sources([
                ("app.js".to_owned(), format!("f()\n//# sourceMappingURL={map}\n")),
                ("app.js.map".to_owned(), map),
                ("src/a.ts".to_owned(), "x\ny\n".to_owned()),
            ]);
            let frames = [location(&format!("app.js:{line}:{column}"))];
            let _ = index.locate(&Query::message("?").frames(&frames));
        }
    }
}
