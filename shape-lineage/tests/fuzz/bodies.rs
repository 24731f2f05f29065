//! What the fuzz targets run, which the tests of this crate run as well (on random pieces of source and of traces).

use std::num::NonZeroU32;

use shape_lineage::{Anchor, Drift, Query, SourceIndex, Verdict};
use shape_telemetry::{Event, Reader, SourceLocation};

/// The name decides the language; one that was built without a grammar is not read.
const NAMES: [&str; 8] = [
    "a.rs",
    "A.java",
    "a.py",
    "a.js",
    "a.ts",
    "a.go",
    "A.kt",
    "Cargo.toml",
];

/// Reads bytes as source; the first says in which language. Every statement stands where it is said to stand, and is
/// found there again.
pub(crate) fn extractor(data: &[u8]) {
    let (first, rest) = data.split_first().unwrap_or((&0, &[]));
    let path = NAMES[usize::from(*first) % NAMES.len()];
    let text = String::from_utf8_lossy(rest).into_owned();
    let index = SourceIndex::from_sources([(path, text.as_str())]);
    let again = SourceIndex::from_sources([(path, text.as_str())]);
    assert_eq!(index.statements(), again.statements());
    let n_lines = text.split('\n').count();
    for statement in index.statements() {
        let (line, end) = (statement.location.line, statement.end_line);
        assert!(line <= end && usize::try_from(end.get()).is_ok_and(|end| end <= n_lines));
        let anchor = Anchor::pin(&index, statement).expect("a statement of this index");
        assert_eq!(anchor.verify(&again), Drift::Current);
        let place = index.source_ref(statement);
        assert!(place.excerpt_start <= line);
        let _ = index.locate(&Query::message(&statement.template()));
    }
}

/// Reads bytes as a log with stack traces: a frame leads to a line that its file has, or nowhere.
pub(crate) fn frames(data: &[u8]) {
    let index = SourceIndex::from_sources([
        (
            "src/canvas.rs",
            "fn f() {\n    log::error!(\"failed {}\", x);\n}\n",
        ),
        ("app/canvas.py", "def f():\n    log.error('failed %s', x)\n"),
        (
            "web/canvas.js",
            "function f() {\n  console.error(`failed ${x}`);\n}\n",
        ),
        (
            "src/main/java/shop/Canvas.java",
            "package shop;\nclass Canvas {\n  void f() { LOG.error(\"failed {}\", x); }\n}\n",
        ),
        (
            "canvas/canvas.go",
            "package canvas\n\nfunc f() {\n\tslog.Error(\"failed\")\n}\n",
        ),
    ]);
    Reader::new().read("fuzz", data, &mut |event: &Event<'_>| {
        let query = Query::message(&event.record.message).frames(&event.frames);
        let places = match index.locate(&query).verdict {
            Verdict::Unique { statement, .. } => vec![statement],
            Verdict::Ambiguous { candidates, .. } => {
                assert!(1 < candidates.len());
                candidates
            }
            Verdict::Unmapped { reason } => {
                assert!(!reason.is_empty());
                Vec::new()
            }
        };
        for place in places {
            let file = index
                .file(&place.location.path)
                .expect("a file of the index");
            assert!(file.line(place.location.line).is_some());
        }
    });
}

/// Reads bytes as the source map of a generated file, and as the file itself, which may hold one: a frame in it leads to
/// a line that its file has, or nowhere. The first byte says where the frame is.
pub(crate) fn source_map(data: &[u8]) {
    let (first, rest) = data.split_first().unwrap_or((&0, &[]));
    let map = String::from_utf8_lossy(rest).into_owned();
    let generated = format!("f(); g();\n{map}\n//# sourceMappingURL=app.js.map\n");
    let sources = [
        ("dist/app.js", generated.as_str()),
        ("dist/app.js.map", map.as_str()),
        ("src/a.ts", "let x = 1;\nlog.info(`x is ${x}`);\n"),
    ];
    let index = SourceIndex::from_sources(sources);
    assert_eq!(
        index.statements(),
        SourceIndex::from_sources(sources).statements()
    );
    let number = |n: u8| NonZeroU32::MIN.saturating_add(u32::from(n));
    let frames = [SourceLocation {
        path: "dist/app.js".to_owned(),
        line: number(first % 4),
        column: Some(number(first / 4)),
    }];
    let answer = index.locate(&Query::message("?").frames(&frames));
    if let Some(place) = answer.verdict.unique() {
        let file = index
            .file(&place.location.path)
            .expect("a file of the index");
        assert!(file.line(place.location.line).is_some());
    }
}
