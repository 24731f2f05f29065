//! From a telemetry report to a lineage report.
#![cfg(feature = "rust")]

use std::{collections::BTreeMap, num::NonZeroU64, sync::Arc};

use shape_lineage::{
    EvidenceKind, LineageReport, Query, SourceIndex, TraceOptions, Verdict, trace,
};
use shape_telemetry::{
    Anomaly, AnomalyId, AnomalyKind, ComponentId, Evidence, Exemplar, Level, LineCounts,
    LogPosition, Severity, SourceLocation, TelemetryReport,
};

const SOURCE: &str = r#"
pub fn run(log: &Logger, blocked_ms: f64, n: u32) {
    warn!(log, "blocked for {:.1}ms", blocked_ms; events = n);
    info!(log, "request completed"; status = 200);
}

pub fn twice() {
    log::error!("the same text");
    log::error!("the same text");
}

pub fn quiet(a: u32) {
    log::info!("{} {}", a, a);
}

fn lookup(id: &str) -> u32 {
    TABLE[id]
}
"#;

fn index() -> SourceIndex {
    SourceIndex::from_sources([
        ("shop/Cargo.toml", "[package]\nname = \"shop\"\n"),
        ("shop/src/canvas.rs", SOURCE),
    ])
}

fn exemplar(level: Level, target: &str, message: &str, fields: &[(&str, &str)]) -> Exemplar {
    Exemplar {
        position: LogPosition {
            source: Arc::from("shop.log"),
            line: NonZeroU64::MIN,
            byte_offset: 0,
        },
        time: None,
        level: Some(level),
        target: Some(target.to_owned()),
        message: message.to_owned(),
        fields: fields
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect::<BTreeMap<_, _>>(),
        duration: None,
        emitter: None,
        frames: Vec::new(),
    }
}

fn location(path: &str, line: u32) -> SourceLocation {
    SourceLocation {
        path: path.to_owned(),
        line: line.try_into().unwrap(),
        column: None,
    }
}

/// The lines that the answer names, and how it was found.
#[track_caller]
fn check(exemplar: &Exemplar, lines: &[u32], evidence: &str) {
    let answer = index().locate(&Query::from(exemplar));
    let (found, by) = match &answer.verdict {
        Verdict::Unique {
            statement,
            evidence,
        } => (vec![statement.clone()], Some(evidence)),
        Verdict::Ambiguous {
            candidates,
            evidence,
        } => (candidates.clone(), Some(evidence)),
        Verdict::Unmapped { .. } => (Vec::new(), None),
    };
    let found: Vec<u32> = found
        .iter()
        .map(|place| place.location.line.get())
        .collect();
    assert_eq!(found, lines, "{exemplar:?}");
    let by = match by {
        None => "none",
        Some(EvidenceKind::EmitterMetadata) => "emitter",
        Some(EvidenceKind::StackFrame) => "frame",
        Some(EvidenceKind::Text { .. }) => "text",
        Some(_) => "other",
    };
    assert_eq!(by, evidence);
    assert!((0.0..=1.0).contains(&answer.confidence));
}

#[test]
fn text_with_fields_split_off_or_not() {
    let warn = |message, fields: &[_]| exemplar(Level::Warn, "shop::canvas", message, fields);
    check(
        &warn("blocked for 71.9ms", &[("events", "31")]),
        &[3],
        "text",
    );
    check(&warn("blocked for 71.9ms events=31", &[]), &[3], "text");
    check(
        &warn("blocked for 71.9ms events=31 extra=1", &[]),
        &[3],
        "text",
    );
    check(&warn("blocked for 71.9ms", &[]), &[3], "text");
    check(&warn("blocked for 71.9s", &[]), &[], "none");
    // Another level, with little text.
    check(
        &exemplar(Level::Info, "shop", "blocked for 1ms", &[]),
        &[],
        "none",
    );
}

#[test]
fn doubt_is_said() {
    check(
        &exemplar(Level::Error, "shop::canvas", "the same text", &[]),
        &[8, 9],
        "text",
    );
    check(
        &exemplar(Level::Info, "shop::canvas", "1 1", &[]),
        &[],
        "none",
    );
    let record = exemplar(Level::Info, "shop::canvas", "1 1", &[]);
    let by_elimination = index().locate(&Query::from(&record).by_elimination());
    let place = by_elimination.verdict.unique().expect("the only one left");
    assert_eq!(place.location.line.get(), 13);
    // Text of another crate.
    check(
        &exemplar(Level::Error, "other::place", "the same text", &[]),
        &[],
        "none",
    );
}

#[test]
fn metadata_comes_first() {
    let mut record = exemplar(Level::Error, "shop::canvas", "the same text", &[]);
    record.emitter = Some(location("src/canvas.rs", 9));
    check(&record, &[9], "emitter");
    record.emitter = Some(location("/build/shop/src/canvas.rs", 8));
    check(&record, &[8], "emitter");
    record.emitter = Some(location("src/gone.rs", 8));
    check(&record, &[8, 9], "text");
    // The log is of another version than the source: the text in that file wins.
    let mut moved = exemplar(Level::Warn, "shop::canvas", "blocked for 1ms events=2", &[]);
    moved.emitter = Some(location("src/canvas.rs", 7));
    check(&moved, &[3], "text");
}

#[cfg(feature = "java")]
#[test]
fn a_class_and_a_line_are_metadata_if_the_text_fits() {
    let source = "package org.app;\nclass Net {\n  void f() {\n    LOG.warn(\"cannot open \" + id);\n    \
                  LOG.warn(\"cannot open \" + id);\n    LOG.warn(\"cannot close \" + id);\n  }\n}\n";
    let index = SourceIndex::from_sources([("src/org/app/Net.java", source)]);
    let check = |target: &str, line: &str, expected: &[u32]| {
        let fields = BTreeMap::from([("line".to_owned(), line.to_owned())]);
        let query = Query::message("cannot open 3")
            .target(target)
            .fields(&fields);
        let lines: Vec<u32> = match index.locate(&query).verdict {
            Verdict::Unique { statement, .. } => vec![statement.location.line.get()],
            Verdict::Ambiguous { candidates, .. } => candidates
                .iter()
                .map(|place| place.location.line.get())
                .collect(),
            Verdict::Unmapped { .. } => Vec::new(),
        };
        assert_eq!(lines, expected, "{target}@{line}");
    };
    check("Net", "4", &[4]);
    check("Net$Sender", "5", &[5]);
    check("Net", "6", &[4, 5]);
    check("Other", "5", &[4, 5]);
    check("Net", "many", &[4, 5]);
}

#[cfg(feature = "python")]
#[test]
fn a_text_of_another_module_may_be_that_of_a_variable() {
    let index = SourceIndex::from_sources([
        (
            "app/old.py",
            "def f(self):\n    self.log.info(\"connection is CLOSED\")\n",
        ),
        (
            "app/new.py",
            "def f(self):\n    self.log.info(\"connection is %s\", self.state)\n",
        ),
    ]);
    let lines = |target: &str| {
        let query = Query::message("connection is CLOSED")
            .level(Level::Info)
            .target(target);
        match index.locate(&query).verdict {
            Verdict::Unique { .. } => 1,
            Verdict::Ambiguous { candidates, .. } => candidates.len(),
            Verdict::Unmapped { .. } => 0,
        }
    };
    assert_eq!(lines("app.server"), 2);
    assert_eq!(lines("app.old"), 1);
}

#[test]
fn frames_name_the_line_that_failed() {
    let mut record = exemplar(Level::Error, "shop::canvas", "no entry found for key", &[]);
    record.frames = vec![
        location("/rustc/abc/library/std/src/map.rs", 1),
        location("src/canvas.rs", 17),
    ];
    check(&record, &[17], "frame");
    let answer = index().locate(&Query::from(&record));
    let place = answer.verdict.unique().unwrap();
    assert_eq!(place.symbol.as_deref(), Some("canvas::lookup"));
    assert!(place.excerpt.contains("TABLE[id]"));
}

fn anomaly(id: &str, exemplars: Vec<Exemplar>) -> Anomaly {
    Anomaly {
        id: AnomalyId::new(id),
        kind: AnomalyKind::NewTemplate,
        severity: Severity::High,
        component: ComponentId::new("canvas"),
        template: None,
        summary: String::new(),
        period: None,
        change: None,
        count: 1,
        affected_requests: 0,
        evidence: Evidence {
            test: "none".to_owned(),
            n: 1,
            n_baseline: 0,
            statistic: 0.0,
            p_value: 1.0,
            q_value: 1.0,
            effect: 0.0,
            effect_name: "none".to_owned(),
        },
        exemplars,
        together: Vec::new(),
    }
}

fn report(anomalies: Vec<Anomaly>) -> TelemetryReport {
    TelemetryReport {
        schema_version: 1,
        period: None,
        lines: LineCounts::default(),
        overflow: shape_telemetry::Overflow::default(),
        sources: Vec::new(),
        templates: Vec::new(),
        anomalies,
        diagnoses: Vec::new(),
    }
}

#[test]
fn a_report_is_traced() -> Result<(), Box<dyn std::error::Error>> {
    let warn = |message| exemplar(Level::Warn, "shop::canvas", message, &[("events", "3")]);
    let report = report(vec![
        anomaly(
            "a",
            vec![
                warn("unknown"),
                warn("blocked for 1.0ms"),
                warn("blocked for 2.0ms"),
            ],
        ),
        anomaly(
            "b",
            vec![exemplar(Level::Error, "shop::canvas", "the same text", &[])],
        ),
        anomaly("c", vec![warn("unknown")]),
        anomaly("d", Vec::new()),
    ]);
    let lineage = trace(&report, &index(), TraceOptions::new())?;
    let counts = lineage.counts;
    assert_eq!(
        (
            counts.unique,
            counts.ambiguous,
            counts.unmapped,
            counts.not_applicable
        ),
        (1, 1, 1, 1)
    );
    let first = lineage.trace(&AnomalyId::new("a")).ok_or("no trace")?;
    assert_eq!(first.positions.len(), 2);
    assert_eq!(first.message, "blocked for 1.0ms");
    assert_eq!(
        first.variables,
        [
            ("blocked_ms".to_owned(), "1.0".to_owned()),
            ("events".to_owned(), "3".to_owned())
        ]
    );
    assert!(lineage.trace(&AnomalyId::new("d")).is_none());
    // Written and read, it is the same; traced again, it is the same.
    let json = serde_json::to_string(&lineage)?;
    assert_eq!(serde_json::from_str::<LineageReport>(&json)?, lineage);
    assert_eq!(
        serde_json::to_string(&trace(&report, &index(), TraceOptions::new())?)?,
        json
    );
    // The rate stands beside the counts, and can not contradict them.
    assert!(json.contains(r#""trace_rate":0.3333"#), "{json}");
    let lie = json.replace(r#""trace_rate":0.3333"#, r#""trace_rate":0.9333"#);
    let error = serde_json::from_str::<LineageReport>(&lie).unwrap_err();
    assert!(error.to_string().contains("but the counts give"), "{error}");
    // No commit is known: the statement says only where it is.
    let statement = serde_json::to_value(lineage.in_toto_statement())?;
    assert_eq!(statement["_type"], "https://in-toto.io/Statement/v1");
    let subjects = statement["subject"].as_array().ok_or("no subjects")?;
    assert_eq!(subjects.len(), 1);
    let place = first.verdict.unique().ok_or("not unique")?;
    assert_eq!(subjects[0]["digest"]["gitBlob"], place.blob.as_str());
    assert_eq!(statement["predicate"], serde_json::to_value(&lineage)?);
    let attributes = serde_json::to_value(lineage.otel_attributes(first))?;
    assert_eq!(attributes["code.file.path"], place.location.path.as_str());
    assert_eq!(attributes["code.line.number"], place.location.line.get());
    assert_eq!(attributes["code.function.name"], "canvas::run");
    Ok(())
}

/// The log was written by the last commit; the source has been edited since.
#[cfg(all(feature = "git", feature = "ledger"))]
#[test]
fn the_repository_says_whose_it_is_and_where_it_was() -> Result<(), Box<dyn std::error::Error>> {
    use shape_lineage::{
        Drift, ErrorKind, Git, Ledger, LineageRecord, RecordedPlace, RecordedVerdict, verify_ledger,
    };
    use std::fs;

    let folder = tempfile::tempdir()?;
    let git = Git::at(folder.path()).with_identity("Ada", "ada@example.org");
    match git.run(["init", "--quiet", "--initial-branch=main"]) {
        Err(error) if error.kind() == ErrorKind::GitNotFound => return Ok(()),
        result => drop(result?),
    }
    git.run([
        "remote",
        "add",
        "origin",
        "https://ada:secret@example.org/shop",
    ])?;
    let write = |path: &str, text: &str| {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().ok_or(std::io::ErrorKind::NotFound)?)?;
        fs::write(path, text)
    };
    write("Cargo.toml", "[package]\nname = \"shop\"\n")?;
    write("src/canvas.rs", SOURCE)?;
    write(".github/CODEOWNERS", "* @shop\n/src/canvas.rs @graphics\n")?;
    git.run(["add", "--all"])?;
    git.run(["commit", "--quiet", "--message", "shop: all of it"])?;

    let warn = exemplar(
        Level::Warn,
        "shop::canvas",
        "blocked for 1.0ms",
        &[("events", "3")],
    );
    let report = report(vec![anomaly("a", vec![warn])]);
    let traced = || -> Result<(LineageReport, Vec<LineageRecord>), shape_lineage::Error> {
        let index = SourceIndex::builder().root(folder.path()).build()?;
        let lineage = trace(&report, &index, TraceOptions::new().git(&git))?;
        let records = lineage.records(&index);
        Ok((lineage, records))
    };
    let (lineage, records) = traced()?;
    assert_eq!(lineage.traces[0].owners, ["@graphics"]);
    assert_eq!(lineage.traces[0].drift, Some(Drift::Pinned));
    let repository = lineage.repository.clone().ok_or("no repository")?;
    assert_eq!(repository.url.as_deref(), Some("https://example.org/shop"));
    let attributes = lineage.otel_attributes(&lineage.traces[0]);
    let attributes = serde_json::to_value(attributes)?;
    assert_eq!(attributes["vcs.ref.head.revision"], git.head()?.as_str());

    let ledger_path = folder.path().join("lineage.jsonl");
    let mut ledger = Ledger::open(&ledger_path)?;
    ledger.append_all(&records)?;
    let head = ledger.head();
    assert_eq!(head.size, 1);

    // An edit above shifts the statement: it is known where the deployed commit has it.
    write("src/canvas.rs", &format!("// New.\n{SOURCE}"))?;
    let (lineage, later) = traced()?;
    let Some(Drift::Moved { from, to, .. }) = &lineage.traces[0].drift else {
        return Err(format!("{:?}", lineage.traces[0].drift).into());
    };
    assert_eq!((from.line.get(), to.line.get()), (4, 3));
    ledger.append_all(&later)?;
    let proof = ledger.prove_consistency(&head).ok_or("no proof")?;
    assert!(proof.verify(&head, &ledger.head()));

    // What the ledger says can be read again, and the anchor in it leads to where the statement is now.
    let text = fs::read_to_string(&ledger_path)?;
    verify_ledger(&text, Some(&head))?;
    let first: serde_json::Value = serde_json::from_str(text.lines().next().ok_or("empty")?)?;
    let record: LineageRecord = serde_json::from_value(first["body"].clone())?;
    assert_eq!(record, records[0]);
    let RecordedVerdict::Unique { place, .. } = &record.verdict else {
        return Err("not unique".into());
    };
    let RecordedPlace::Statement(anchor) = place else {
        return Err("no statement".into());
    };
    assert!(anchor.is_pinned(&git)?);
    let index = SourceIndex::builder().root(folder.path()).build()?;
    let child = anchor.follow(&index).ok_or("not found")?;
    assert_eq!(child.location.line.get(), 4);
    assert_eq!(child.parent, Some(anchor.id()));
    Ok(())
}

/// A person looks for the caller, a runtime names the call in the wrapper: the report has both.
#[cfg(feature = "python")]
#[test]
fn a_wrapper_and_its_caller_are_named() -> Result<(), Box<dyn std::error::Error>> {
    let source = "class Peer:\n    def _log(self, text):\n        self.logger.info(text)\n\n    def open(self):\n        self._log('peer is open')\n";
    let index = SourceIndex::from_sources([("peer.py", source)]);
    let said = exemplar(Level::Info, "peer", "peer is open", &[]);
    let lineage = trace(
        &report(vec![anomaly("a", vec![said])]),
        &index,
        TraceOptions::new(),
    )?;
    let place = lineage.traces[0].verdict.unique().ok_or("not unique")?;
    assert_eq!(place.location.line.get(), 6);
    let emit_sites: Vec<u32> = place.emit_sites.iter().map(|at| at.line.get()).collect();
    assert_eq!(emit_sites, [3]);
    Ok(())
}
