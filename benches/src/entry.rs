//! Log records of a service, before they are laid out as lines.

use std::{fs, io};

use jiff::{SignedDuration, Timestamp};
use shape_telemetry::{Event, Level, Reader};

use crate::{files::root, random::Random};

/// A log record, before it is laid out as a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// When.
    pub time: Timestamp,
    /// How serious.
    pub level: Level,
    /// The module that wrote it.
    pub target: String,
    /// What happened.
    pub message: String,
    /// Names and values.
    pub fields: Vec<(String, String)>,
    /// The request that it belongs to.
    pub span: Option<Span>,
}

/// A span around a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// Its name.
    pub name: String,
    /// Names and values.
    pub fields: Vec<(String, String)>,
}

/// What the studio service of the examples wrote, where its logs lie in the repository; else what [`generate`] makes of the
/// same components. 30 000 records or more.
///
/// # Errors
/// When a log is there and can not be read.
pub fn studio() -> io::Result<Vec<Entry>> {
    let folder = root().join("examples/logs/studio");
    if !folder.is_dir() {
        return Ok(generate(1, 30_000, 1));
    }
    let mut paths = fs::read_dir(&folder)?
        .map(|entry| Ok(entry?.path()))
        .collect::<io::Result<Vec<_>>>()?;
    paths.retain(|path| path.extension().is_some_and(|ext| ext == "log"));
    paths.sort();
    let mut entries = Vec::new();
    for path in paths {
        let name = path.display().to_string();
        Reader::new().read(&name, fs::File::open(&path)?, &mut |event: &Event<'_>| {
            entries.extend(read_back(event));
        });
    }
    if entries.is_empty() {
        return Ok(generate(1, 30_000, 1));
    }
    let n = entries.len();
    Ok(entries.into_iter().cycle().take(n.max(30_000)).collect())
}

fn read_back(event: &Event<'_>) -> Option<Entry> {
    let record = &event.record;
    let fields = |of_span| {
        record
            .fields
            .iter()
            .filter(move |field| field.of_span == of_span)
            .map(|field| (field.name.to_string(), field.value.to_string()))
            .collect()
    };
    Some(Entry {
        time: record.time?,
        level: record.level?,
        target: record.target.as_deref()?.to_owned(),
        message: record.message.to_string(),
        fields: fields(false),
        span: record.spans.first().map(|name| Span {
            name: name.to_string(),
            fields: fields(true),
        }),
    })
}

const MODULES: [&str; 6] = [
    "canvas",
    "header",
    "library",
    "theme",
    "host_sdk",
    "control_panel",
];
const PATHS: [&str; 5] = ["/frame", "/document", "/search", "/theme", "/export"];
const HOSTS: [&str; 4] = ["eu-central", "us-east", "ap-south", "sa-west"];

/// `n` records of a service with six components: a third of them requests, of which `percent_bad` fail; the others of
/// eight kinds, with numbers, durations, addresses, paths, ids and quoted texts in them.
pub fn generate(seed: u64, n: u32, percent_bad: u64) -> Vec<Entry> {
    let mut random = Random::new(seed);
    // 2026-11-23T23:41:07Z
    let mut time = Timestamp::from_second(1_795_477_267).unwrap_or_default();
    (0..n)
        .map(|_| {
            time += SignedDuration::from_micros(random.below(14_000).cast_signed());
            let target = format!("studio::{}", random.one_of(&MODULES));
            if random.below(3) == 0 {
                request(&mut random, time, target, percent_bad)
            } else {
                other(&mut random, time, target)
            }
        })
        .collect()
}

fn request(random: &mut Random, time: Timestamp, target: String, percent_bad: u64) -> Entry {
    let is_bad = random.below(100) < percent_bad;
    let status = if is_bad { "500" } else { "200" };
    let took_us = 700 + random.below(4_000) * random.below(10);
    Entry {
        time,
        level: Level::Info,
        target,
        message: "request completed".to_owned(),
        fields: owned([
            ("request_id", format!("{:016x}", random.next())),
            ("method", random.one_of(&["GET", "GET", "POST"]).to_owned()),
            ("path", random.one_of(&PATHS).to_owned()),
            ("status", status.to_owned()),
            (
                "duration_ms",
                format!("{}.{:03}", took_us / 1_000, took_us % 1_000),
            ),
        ]),
        span: None,
    }
}

fn other(random: &mut Random, time: Timestamp, target: String) -> Entry {
    let (a, b) = (random.below(1_000), random.below(250));
    let (level, message, fields) = match random.below(8) {
        0 => (
            Level::Warn,
            format!("ResizeCanvas blocked main thread for {b}.{}ms", a % 10),
            owned([("events", (a % 90).to_string())]),
        ),
        1 => (
            Level::Info,
            format!("theme is now {}", random.one_of(&["dark", "light"])),
            Vec::new(),
        ),
        2 => (
            Level::Info,
            format!("saved {b} pages"),
            owned([
                ("document", format!("poster-{a}")),
                ("bytes", (a * 4_096).to_string()),
            ]),
        ),
        3 => (
            Level::Debug,
            format!("cache miss for \"poster-{a}\" in {}", random.one_of(&HOSTS)),
            owned([("key", format!("{:032x}", u128::from(random.next())))]),
        ),
        4 => (
            Level::Warn,
            format!(
                "upstream 10.0.{b}.7:8443 answered 503 after 1.{a}s, attempt {} of 5",
                a % 5 + 1
            ),
            owned([("host", random.one_of(&HOSTS).to_owned())]),
        ),
        5 => (
            Level::Info,
            format!("connection from 10.1.{b}.{}:{} closed", a % 250, 40_000 + a),
            owned([("sent_kb", a.to_string()), ("open_s", b.to_string())]),
        ),
        6 => (
            Level::Error,
            format!("cannot load page {b} of /srv/documents/poster-{a}.json"),
            owned([("error", "no such object".to_owned())]),
        ),
        _ => (
            Level::Debug,
            "frame drawn".to_owned(),
            owned([
                ("layers", b.to_string()),
                ("dirty", (a % 2 == 0).to_string()),
            ]),
        ),
    };
    let span = (random.below(3) == 0).then(|| Span {
        name: "request".to_owned(),
        fields: owned([
            ("method", "GET".to_owned()),
            ("path", random.one_of(&PATHS).to_owned()),
        ]),
    });
    Entry {
        time,
        level,
        target,
        message,
        fields,
        span,
    }
}

fn owned<const N: usize>(fields: [(&str, String); N]) -> Vec<(String, String)> {
    fields.map(|(name, value)| (name.to_owned(), value)).into()
}
