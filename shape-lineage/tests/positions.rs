//! Where a record names its position, that is the answer: every layout, and paths of every kind.
#![cfg(all(feature = "rust", feature = "java", feature = "python", feature = "go"))]

use shape_lineage::{EvidenceKind, Locator, Query, SourceIndex};
use shape_telemetry::{Event, Reader};

fn index() -> SourceIndex {
    SourceIndex::from_sources([
        ("app/Cargo.toml", "[package]\nname = \"app\"\n"),
        (
            "app/src/db.rs",
            "pub fn f() {\n    tracing::info!(\"{}\", x);\n    tracing::info!(\"same\");\n    tracing::info!(\"same\");\n}\n",
        ),
        (
            "svc/server.py",
            "import logging\nlog = logging.getLogger(__name__)\nlog.info('same')\nlog.info('same')\nlog.info(text)\n",
        ),
        (
            "src/org/app/Net.java",
            "package org.app;\nclass Net {\n  void f() {\n    LOG.info(\"same\");\n    LOG.info(\"same\");\n    LOG.info(text);\n  }\n}\n",
        ),
        (
            "cmd/main.go",
            "package main\n\nfunc f() {\n\tslog.Info(\"same\")\n\tslog.Info(\"same\")\n\tslog.Info(text)\n}\n",
        ),
    ])
}

/// The place that a log line leads to.
#[track_caller]
fn check(line: &str, expected: &str) {
    let index = index();
    let mut locator = Locator::new(&index);
    let mut found = Vec::new();
    Reader::new().read("log", line.as_bytes(), &mut |event: &Event<'_>| {
        let answer = locator.find(&Query::from(event));
        let places: Vec<String> = answer
            .places
            .iter()
            .map(|place| format!("{}:{}", place.path, place.line))
            .collect();
        let is_metadata = answer.evidence == Ok(EvidenceKind::EmitterMetadata);
        found.push((places.join("|"), is_metadata));
    });
    assert_eq!(found, [(expected.to_owned(), true)], "{line}");
}

#[test]
fn every_layout_that_names_a_position() {
    // tracing, as text and as JSON; any message.
    check(
        "2026-11-24T11:19:58.123456Z  INFO app::db: src/db.rs:4: same",
        "app/src/db.rs:4",
    );
    check(
        "2026-11-24T11:19:58.123456Z  INFO app::db: app/src/db.rs:2: anything",
        "app/src/db.rs:2",
    );
    check(
        "{\"timestamp\":\"2026-11-24T11:19:58Z\",\"level\":\"INFO\",\"fields\":{\"message\":\"same\"},\
         \"target\":\"app::db\",\"filename\":\"src/db.rs\",\"line_number\":3}",
        "app/src/db.rs:3",
    );
    // klog, slog, zap.
    check(
        "I1124 11:19:58.123456    1234 main.go:5] same",
        "cmd/main.go:5",
    );
    check(
        "{\"time\":\"2026-11-24T11:19:58Z\",\"level\":\"INFO\",\"source\":{\"function\":\"main.f\",\
         \"file\":\"/build/cmd/main.go\",\"line\":4},\"msg\":\"same\"}",
        "cmd/main.go:4",
    );
    check(
        "time=2026-11-24T11:19:58Z level=INFO source=/build/cmd/main.go:6 msg=anything",
        "cmd/main.go:6",
    );
    check(
        "{\"level\":\"info\",\"ts\":1700000000.1,\"caller\":\"cmd/main.go:5\",\"msg\":\"same\"}",
        "cmd/main.go:5",
    );
    // Python.
    check(
        "2026-11-24 11:19:58,123 - INFO - server.py:4 - same",
        "svc/server.py:4",
    );
    check(
        "2026-11-24 11:19:58,123 - svc.server - INFO - [server.py:3] - same",
        "svc/server.py:3",
    );
    check(
        "2026-11-24 11:19:58,123 INFO server.py:5 anything",
        "svc/server.py:5",
    );
    check(
        "2026-11-24 11:19:58.123 | INFO     | svc.server:f:4 - same",
        "svc/server.py:4",
    );
    check(
        "{\"asctime\": \"2026-11-24 11:19:58,123\", \"levelname\": \"INFO\", \"pathname\": \"/srv/svc/server.py\", \
         \"lineno\": 4, \"message\": \"same\"}",
        "svc/server.py:4",
    );
    // Java.
    check(
        "2015-07-29 17:41:44,747 - INFO  [main:Net@5] - same",
        "src/org/app/Net.java:5",
    );
    check(
        "2026-11-24 11:19:58,123 INFO [main] (Net.java:4) - same",
        "src/org/app/Net.java:4",
    );
    check(
        "2026-11-24 11:19:58,123 INFO  [main] app.Net (Net.java:f(5)) - same",
        "src/org/app/Net.java:5",
    );
    check(
        "2026-11-24 11:19:58,123 INFO org.app.Net.f(Net.java:6) anything",
        "src/org/app/Net.java:6",
    );
    check(
        "{\"@timestamp\":\"2026-11-24T11:19:58.123Z\",\"log.level\":\"INFO\",\"message\":\"same\",\
         \"log.origin\":{\"file.name\":\"Net.java\",\"file.line\":5}}",
        "src/org/app/Net.java:5",
    );
    // OpenTelemetry, the names of today and those before.
    check(
        "{\"body\":\"same\",\"attributes\":{\"code.file.path\":\"/srv/svc/server.py\",\"code.line.number\":3}}",
        "svc/server.py:3",
    );
    check(
        "{\"body\":\"same\",\"attributes\":{\"code.filepath\":\"server.py\",\"code.lineno\":4}}",
        "svc/server.py:4",
    );
}

#[test]
fn paths_of_every_kind() {
    let line = |path: &str| {
        format!("{{\"level\":\"info\",\"ts\":1.5,\"caller\":\"{path}:5\",\"msg\":\"same\"}}")
    };
    for path in [
        "cmd/main.go",
        "/home/build/checkout/cmd/main.go",
        "github.com/org/app/cmd/main.go",
        "C:/work/cmd/main.go",
        "main.go",
    ] {
        check(&line(path), "cmd/main.go:5");
    }
}

#[test]
fn a_position_in_a_text_has_to_fit() {
    let index = index();
    let text = "server.py:99 is too long";
    let found = Locator::new(&index).find(&Query::message(text));
    assert!(found.places.is_empty());
}
