//! Artifacts on disk: written whole, read with clear complaints.

use std::fs;

use serde::{Deserialize, Serialize};
use shape_workflow::{ErrorKind, read_artifact, write_artifact};

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Report {
    schema_version: u32,
    p95_ms: f64,
}

#[test]
fn written_whole_and_read_back() {
    let folder = tempfile::tempdir().unwrap();
    let deep = folder.path().join("run/1");
    let mut report = Report {
        schema_version: 1,
        p95_ms: 0.1 + 0.2,
    };
    let path = write_artifact(&deep, "sli-metrics.json", &report).unwrap();
    assert_eq!(
        fs::read_to_string(&path).unwrap(),
        "{\n  \"schema_version\": 1,\n  \"p95_ms\": 0.30000000000000004\n}\n"
    );
    assert_eq!(read_artifact::<Report>(&path, 1).unwrap(), report);
    report.p95_ms = 71.85;
    write_artifact(&deep, "sli-metrics.json", &report).unwrap();
    assert_eq!(read_artifact::<Report>(&path, 1).unwrap(), report);
    let names: Vec<_> = fs::read_dir(&deep)
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(names, ["sli-metrics.json"]);

    for name in ["", ".", "..", "a/b.json", "/a.json", "a/"] {
        let error = write_artifact(&deep, name, &report).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Artifact, "{name}");
    }
}

#[test]
fn complaints_name_the_place() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("report.json");
    let place = path.display();
    let cases: [(&[u8], String); 9] = [
        (b" \n", format!("`{place}`: the file is empty")),
        (
            b"{}",
            format!("`{place}`: schema_version is missing, expected 1"),
        ),
        (
            b"{\"schema_version\": 2, \"later\": 1}",
            format!("`{place}`: schema_version is 2, expected 1"),
        ),
        (
            b"{\"schema_version\": 1,\n \"p95_ms\": 1.5,\n \"p59_ms\": 1}",
            format!("{place}:3:9: unknown field `p59_ms`, expected `schema_version` or `p95_ms`"),
        ),
        (
            b"{\"schema_version\": 1\n}",
            format!("{place}:2:1: missing field `p95_ms`"),
        ),
        (
            b"{\"schema_version\": 1,\n\"p95_ms\": \"fast\"}",
            format!("{place}:2:16: invalid type: string \"fast\", expected f64"),
        ),
        (
            b"{\"schema_version\": 1,",
            format!("{place}:1:21: EOF while parsing a value"),
        ),
        (
            b"{\"schema_version\": 1, \"p95_ms\": 1.5}]",
            format!("{place}:1:37: trailing characters"),
        ),
        (
            b"{\"schema_version\": 1, \"\xff\": 1}",
            format!("{place}:1:24: invalid unicode code point"),
        ),
    ];
    for (bytes, expected) in cases {
        fs::write(&path, bytes).unwrap();
        let error = read_artifact::<Report>(&path, 1).unwrap_err();
        assert_eq!(error.to_string(), expected);
        assert_eq!(error.kind(), ErrorKind::Artifact);
    }
    let error = read_artifact::<Report>(folder.path().join("none.json"), 1).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io);
}
