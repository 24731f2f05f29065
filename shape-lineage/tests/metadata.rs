//! Records that name the file and line which wrote them, in the layouts of the libraries: all lead there, whatever
//! machine the path is of, and none leads to another file of the same name.
#![cfg(all(feature = "rust", feature = "go", feature = "python"))]

use shape_lineage::{EvidenceKind, Query, SourceIndex, Verdict};
use shape_telemetry::{Event, Reader};

const GO: &str = "package x\n\nfunc f() {\n\tslog.Info(\"opened\", \"n\", n)\n\tlog.Printf(\"closed %d\", n)\n}\n";
const RUST: &str = "fn f() {\n    // two\n    // three\n    info!(\"opened {n}\");\n    info!(\"closed {n}\");\n}\n";
const PYTHON: &str = "import logging\nlog = logging.getLogger()\ndef f():\n    log.info('opened %d', n)\n    log.info('closed %d', n)\n";

/// The same files twice, in folders of different names.
fn index() -> SourceIndex {
    let mut files = vec![("shop/Cargo.toml".to_owned(), "[package]\nname = \"shop\"\n")];
    for folder in ["net", "db"] {
        files.push((format!("shop/{folder}/conn.go"), GO));
        files.push((format!("shop/src/{folder}/conn.rs"), RUST));
        files.push((format!("shop/{folder}/conn.py"), PYTHON));
    }
    SourceIndex::from_sources(files)
}

/// A layout: how a record with a path and a line looks.
type Layout = (&'static str, &'static str, fn(&str, u32) -> String);

fn layouts() -> Vec<Layout> {
    fn json_text(path: &str) -> String {
        path.replace('\\', "\\\\")
    }
    vec![
        ("tracing", "rs", |path, line| {
            format!("2026-11-24T09:24:23.000001Z  INFO shop::net::conn: {path}:{line}: closed 3")
        }),
        ("tracing JSON", "rs", |path, line| {
            let path = json_text(path);
            format!(
                r#"{{"timestamp":"2026-11-24T09:24:23.000001Z","level":"INFO","fields":{{"message":"closed 3"}},"target":"shop::net::conn","filename":"{path}","line_number":{line}}}"#
            )
        }),
        ("zap console", "go", |path, line| {
            format!("2026-11-24T09:24:23.000Z\tINFO\t{path}:{line}\tclosed 3")
        }),
        ("zap JSON", "go", |path, line| {
            let path = json_text(path);
            format!(
                r#"{{"level":"info","ts":1795512263.1,"caller":"{path}:{line}","msg":"closed 3"}}"#
            )
        }),
        ("slog JSON", "go", |path, line| {
            let path = json_text(path);
            format!(
                r#"{{"time":"2026-11-24T09:24:23Z","level":"INFO","source":{{"function":"x.f","file":"{path}","line":{line}}},"msg":"closed 3"}}"#
            )
        }),
        ("slog text", "go", |path, line| {
            format!("time=2026-11-24T09:24:23Z level=INFO source={path}:{line} msg=\"closed 3\"")
        }),
        ("log.Llongfile", "go", |path, line| {
            format!("2026/11/24 09:24:23 {path}:{line}: closed 3")
        }),
        ("python", "py", |path, line| {
            format!("2026-11-24 09:24:23,123 INFO root [{path}:{line}] closed 3")
        }),
        ("python, first", "py", |path, line| {
            format!("2026-11-24 09:24:23,123 {path}:{line} INFO closed 3")
        }),
        ("python JSON", "py", |path, line| {
            let path = json_text(path);
            format!(
                r#"{{"asctime":"2026-11-24 09:24:23,123","levelname":"INFO","pathname":"{path}","lineno":{line},"message":"closed 3"}}"#
            )
        }),
        ("OpenTelemetry", "py", |path, line| {
            let path = json_text(path);
            format!(
                r#"{{"timestamp":"2026-11-24T09:24:23Z","severity_text":"INFO","body":"closed 3","attributes":{{"code.file.path":"{path}","code.line.number":{line}}}}}"#
            )
        }),
        ("OpenTelemetry before 1.33", "go", |path, line| {
            let path = json_text(path);
            format!(
                r#"{{"timestamp":"2026-11-24T09:24:23Z","severity_text":"INFO","body":"closed 3","attributes":{{"code.filepath":"{path}","code.lineno":{line}}}}}"#
            )
        }),
    ]
}

fn answer(index: &SourceIndex, record: &str) -> (Vec<String>, bool) {
    let mut found = (Vec::new(), false);
    Reader::new().read("test", record.as_bytes(), &mut |event: &Event<'_>| {
        let verdict = index.locate(&Query::from(event)).verdict;
        let place = |path: &str, line| format!("{path}:{line}");
        found = match verdict {
            Verdict::Unique {
                statement,
                evidence,
            } => (
                vec![place(&statement.location.path, statement.location.line)],
                evidence == EvidenceKind::EmitterMetadata,
            ),
            Verdict::Ambiguous { candidates, .. } => (
                candidates
                    .iter()
                    .map(|candidate| place(&candidate.location.path, candidate.location.line))
                    .collect(),
                false,
            ),
            Verdict::Unmapped { reason } => (vec![reason], false),
        };
    });
    found
}

#[test]
fn a_named_position_is_the_answer() {
    let index = index();
    let mut failures = Vec::new();
    for (name, extension, record) in layouts() {
        let below = if extension == "rs" { "src/net" } else { "net" };
        let expected = format!("shop/{below}/conn.{extension}:5");
        for path in [
            format!("shop/{below}/conn.{extension}"),
            format!("{below}/conn.{extension}"),
            format!("net/conn.{extension}"),
            format!("/home/ci/build/shop/{below}/conn.{extension}"),
            format!("/go/pkg/mod/example.org/shop/{below}/conn.{extension}"),
            format!(
                r"C:\build\shop\{}\conn.{extension}",
                below.replace('/', "\\")
            ),
        ] {
            let record = record(&path, 5);
            let found = answer(&index, &record);
            if found != (vec![expected.clone()], true) {
                failures.push(format!("{name}: {record}\n  {found:?}"));
            }
        }
        // A name that two files have: both, and no other.
        let record = record(&format!("conn.{extension}"), 5);
        let (found, _) = answer(&index, &record);
        if !found.contains(&expected)
            || found
                .iter()
                .any(|place| !place.ends_with(&format!("conn.{extension}:5")))
        {
            failures.push(format!("{name}: {record}\n  {found:?}"));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn klog_names_the_file_alone() {
    let index = index();
    let (found, _) = answer(&index, "I1124 09:24:23.123456    4711 conn.go:5] closed 3");
    assert_eq!(found, ["shop/db/conn.go:5", "shop/net/conn.go:5"]);
    let single = SourceIndex::from_sources([("net/conn.go", GO), ("net/other.go", GO)]);
    let (found, is_metadata) = answer(&single, "I1124 09:24:23.123456    4711 conn.go:5] closed 3");
    assert_eq!(
        (found, is_metadata),
        (vec!["net/conn.go:5".to_owned()], true)
    );
}
