//! The quick ways and the grammars read the same.

use proptest::prelude::*;

use super::*;
use crate::parse::{self, marks::Marks};

const FORMATS: [Format; 11] = [
    Format::Clf,
    Format::Tracing,
    Format::Logfmt,
    Format::Rfc3164,
    Format::Rfc5424,
    Format::Syslog,
    Format::Json,
    Format::NginxError,
    Format::Log4j,
    Format::Spring,
    Format::Python,
];

/// What is read quickly must be what the grammar reads; how many lines were read quickly.
#[track_caller]
fn check(format: Format, lines: &[&str], context: &Context) -> usize {
    let block = lines.join("\n");
    let mut marks = Marks::default();
    marks.take(block.as_bytes(), needs_words(format));
    let mut stamps = Stamps::default();
    let mut record = Record::plain("");
    let mut start = 0;
    let mut n = 0;
    for text in lines {
        let end = start + text.len();
        let line = Line::new(&block, &marks, start, end);
        if read(format, &line, &mut stamps, context, &mut record) {
            let expected = parse::parse(format, text, context);
            assert_eq!(record, expected, "{format}: {text}");
            n += 1;
        }
        start = end + 1;
    }
    n
}

fn contexts() -> [Context; 3] {
    let at = |text: &str| Context {
        reference: text.parse().ok(),
        utc_offset_s: 3_600,
        ..Context::default()
    };
    [
        Context::default(),
        at("2026-11-24T12:00:00Z"),
        // In the middle of the day of the lines.
        at("2026-11-22T22:30:00Z"),
    ]
}

fn of(choices: &'static [&'static str]) -> impl Strategy<Value = &'static str> + Clone {
    prop::sample::select(choices)
}

const TIME: &[&str] = &[
    "2026-11-23T23:41:07.321916Z",
    "2026-11-23T23:41:07Z",
    "2026-11-23 23:41:07.5",
    "2026-11-23T23:41:07.1234567890Z",
    "2026-11-23T23:41:07,5Z",
    "2026-11-23T23:41:60Z",
    "2026-11-23T23:41:07+01:00",
    "2026-13-23T23:41:07Z",
    "2026/11/23 23:41:07 UTC",
    "2026-11-23T23:41:07.3 +0100",
    "-",
    "1772366400",
    "",
];

const CLOCK: &[&str] = &[
    "Nov 23 23:41:07",
    "Nov  3 00:00:00",
    "Nov 3 00:00:01",
    "Feb 30 01:02:03",
    "Nov 23 23:41:07.5",
    "Nov 23 2026 23:41:07",
    "2026-11-23T23:41:07Z",
    "Nov 23 24:00:00",
];

const NAME: &[&str] = &[
    "status",
    "a",
    "duration_ms",
    "a.b",
    "@t",
    "x#y",
    "_z",
    "time",
    "level",
    "msg",
    "1a",
    "target",
    "caller",
    "a b",
    "é",
    "msg",
    "ts",
    "",
];

const VALUE: &[&str] = &[
    "200",
    "\"a b\"",
    "\"a \\\" b\"",
    "Some(Port { n: 4 })",
    "(1",
    "a,",
    "\"a,\"",
    "",
    "\"\"",
    "/x?y=z&w=%20",
    "\"x\"y",
    "info",
    "src/main.rs:7",
    "2026-11-23T23:41:07Z",
    "\"",
    "é",
    "[1 2]",
    "a;",
    "true",
    "12.5",
    "1772366400.5",
];

const EQUALS: &[&str] = &["=", "=", "=", "= ", " "];

const BLANK: &[&str] = &[" ", " ", " ", " ", "  ", "\t", ""];

const LEVEL: &[&str] = &["INFO", "WARN", "ERROR", "DEBUG", "TRACE", "info", "FATAL"];

const HEAD: &[&str] = &[
    "studio::canvas: ",
    "request{a=1 b=\"x y\"}: app::db: ",
    "a{x=1}:b{y=2}: c::d: ",
    "fmtgen: ",
    "request: fmtgen: ",
    "a:b: c: ",
    "ValueError: ",
    "x::Error: ",
    "a:::b: ",
    "ThreadId(01) a::b: ",
    "main ThreadId(01) a::b: ",
    "a::b: ThreadId(01) ",
    "a::b:  x ",
    "a::b: src/main.rs:2: ",
    "a::b: src/main.rs:2:7: ",
    "a::b:",
    "r{a=\"}: x\"}: a::b: ",
    "{}: ",
    "a::b: \"k=1\" ",
    ":: ",
    "request{a=(1}: a::b: ",
];

const MESSAGE: &[&str] = &[
    "request completed",
    "x, y",
    "moved a=1 to the left",
    "",
    "typed \"a",
    "open {",
    "é ü",
    "blocked for 71.9ms",
    "a  b",
    "x = y",
    "\u{feff}bom",
    " lead",
    "trail \t",
];

const PROGRAM: &[&str] = &[
    "header[4711]: ",
    "kernel: ",
    "sshd(pam_unix)[1]: ",
    "a[1] (x): ",
    "a b[1]: ",
    "a[1[2]]: ",
    "syslogd 1.4.1: ",
    "a[: ",
    "[1]: ",
    ": ",
    "-[7]: ",
    "a:b: ",
    "a[1]:",
    "no program",
    "é[1]: ",
];

const PRIORITY: &[&str] = &[
    "<34>", "<134>", "<191>", "<192>", "<>", "", "<034>", "<34> ",
];

const DATA: &[&str] = &[
    "-",
    "[id@1 a=\"1\" b=\"x ] y\"]",
    "[id@1 a=\"1\"][x b=\"2\"]",
    "[id]",
    "[id  a=\"1\"]",
    "[id a=\"\\]\"]",
    "[id a=\"1,\"]",
    "[id a=1]",
    "[id a=\"1\"",
    "[id=1 a=\"1\"]",
    "-x",
    "",
    "[i a=\"1\" ]",
];

const CLIENT: &[&str] = &["127.0.0.1", "::1", "host 10.0.0.1", "-", "a\tb", ""];

const USER: &[&str] = &["- -", "- frank", "- a b", "x y", "-", "- ", "-  -"];

const DAY: &[&str] = &[
    "[24/Nov/2026:07:52:24 +0000]",
    "[24/Nov/2026:07:52:24 -0730]",
    "[4/Nov/2026:07:52:24 +0000]",
    "[24/Nov/2026 07:52:24]",
    "[24/Nov/2026:07:52:24.12345]",
    "[24/Nov/2026:25:52:24 +0000]",
    "[24/Nov/2026:07:52:24 +9900]",
    "[24/Nov/2026:07:52:24 UTC  ]",
];

const REQUEST: &[&str] = &[
    "GET /a?b=c HTTP/1.1",
    "GET /",
    "-",
    "",
    "GET /a b HTTP/1.1",
    "GET /\\\" HTTP/1.1",
    " GET / HTTP/1.1",
    "- - -",
    "GET /é HTTP/2.0",
    "a  b",
];

const STATUS: &[&str] = &["200", "404", "-", "2x0", "20", "2000"];

const SIZE: &[&str] = &["3", "-", "", " 3", "\t3", "é"];

const REST: &[&str] = &[
    " \"-\" \"shop-app/2.1\"",
    " \"http://x/\" \"a \\\" b\"",
    "",
    " ",
    " \"-\"",
    " 0.004",
    " \"-\" \"agent\" 0.004",
    " \"-\" \"agent\" 123",
    " \"-\"\"agent\"",
    " \"-\" \"a",
    " \"-\" \"b\" rt=0.1 x",
    " \"-\" \"b\" \"c\" 3ms",
    " \"-\" \"b\"  7",
];

const JSON_KEY: &[&str] = &[
    "timestamp",
    "time",
    "ts",
    "level",
    "message",
    "msg",
    "fields",
    "span",
    "spans",
    "target",
    "a",
    "caller",
    "source",
    "log",
    "stream",
    "name",
    "line_number",
    "filename",
    "v",
    "a\\n",
    "ecs",
    "event",
];

const JSON_VALUE: &[&str] = &[
    "1",
    "\"x\"",
    "\"2026-11-23T23:41:07.321916Z\"",
    "\"2026-11-23T23:41:07+01:00 x\"",
    "null",
    "-1.5e+3",
    "tru",
    "{\"message\":\"m\",\"log.line\":3,\"n\":{\"x\":{\"y\":[1,2]}}}",
    "[{\"name\":\"r\",\"id\":4},{\"name\":\"s\"}]",
    "[1,\"]\"]",
    "\"a\\\"b\"",
    "\"\\ud800\"",
    "{}",
    "[]",
    "{\"file\":\"a.go\",\"line\":3}",
    "\"src/a.rs:7\"",
    "30",
    "1772366400123",
    "\"info\"",
    "[1}",
    "{\"a\":1,}",
    "\"\\\"",
    "true ",
    "[{},,{}]",
    "\"é\"",
];

fn pairs() -> impl Strategy<Value = String> + Clone {
    let pair = (of(NAME), of(EQUALS), of(VALUE)).prop_map(|(n, e, v)| format!("{n}{e}{v}"));
    prop::collection::vec(pair, 0..6).prop_map(|pairs| pairs.join(" "))
}

fn text_lines() -> impl Strategy<Value = String> {
    let tracing = (
        of(TIME),
        of(BLANK),
        of(LEVEL),
        of(HEAD),
        of(MESSAGE),
        pairs(),
    )
        .prop_map(|(t, b, l, h, m, p)| format!("{t}{b}{b}{l} {h}{m} {p}"));
    let logfmt = (of(TIME), pairs(), of(VALUE), pairs())
        .prop_map(|(t, p, v, q)| format!("time={t} {p} msg={v} {q}"));
    prop_oneof![tracing, logfmt]
}

fn syslog_lines() -> impl Strategy<Value = String> {
    let rfc3164 = (of(PRIORITY), of(CLOCK), of(BLANK), of(PROGRAM), of(MESSAGE))
        .prop_map(|(p, c, b, n, m)| format!("{p}{c}{b}web-1{b}{n}{m}"));
    let version = of(&["1", "2", "3", "11"]);
    let rfc5424 = (
        of(PRIORITY),
        version,
        of(TIME),
        of(BLANK),
        of(DATA),
        of(MESSAGE),
    )
        .prop_map(|(p, v, t, b, d, m)| format!("{p}{v} {t}{b}web-1 app 7 - {d} {m}"));
    prop_oneof![rfc3164, rfc5424]
}

fn access_lines() -> impl Strategy<Value = String> {
    let head = (of(CLIENT), of(USER), of(DAY)).prop_map(|(c, u, d)| format!("{c} {u} {d}"));
    (head, of(REQUEST), of(STATUS), of(SIZE), of(REST))
        .prop_map(|(h, r, s, z, e)| format!("{h} \"{r}\" {s} {z}{e}"))
}

const LOGGER_TIME: &[&str] = &[
    "2026-11-23 23:41:07,123",
    "2026-11-23T23:41:07.123Z",
    "2026/11/23 23:41:07",
    "2026-11-23 23:41:07,123 +0100",
    "2026-11-23 23:41:07 UTC",
    "2026-11-23 23:41:07,1234567890",
];

const LOGGER_LEVEL: &[&str] = &[
    "INFO", "INFO ", "WARN", "ERROR", "WARNING", "FATAL", "info", "NOTICE", "[INFO]", "",
];

const THREAD: &[&str] = &[
    "[main]",
    "[main]",
    "[IPC Server handler 8 on 62270]",
    "[           main]",
    "[a[1]]",
    "[a",
    "[-]",
    "[]",
    "[ERROR]",
    "[42]",
    "",
];

const LOGGER: &[&str] = &[
    "c.e.Cart - ",
    "c.e.Cart: ",
    "c.e.Cart : ",
    "c.e.Cart                 : ",
    "c.e.Cart -- ",
    "c.e.Cart -",
    "c.e.Cart",
    ": ",
    "- ",
    "error.x - ",
    "a b: ",
    "LOG:  ",
    "user=x LOG:  ",
    "",
];

const PID: &[&str] = &["1 --- ", "1 ---", "--- ", "1 -- ", "12345 --- [app] "];

fn logger_lines() -> impl Strategy<Value = String> {
    let parts = || (of(LOGGER_TIME), of(BLANK), of(LOGGER_LEVEL), of(BLANK));
    let log4j = (parts(), of(THREAD), of(BLANK), of(LOGGER), of(MESSAGE))
        .prop_map(|((t, a, l, b), h, c, n, m)| format!("{t}{a}{h}{b}{l}{c}{n}{m}"));
    let hadoop = (parts(), of(THREAD), of(BLANK), of(LOGGER), of(MESSAGE))
        .prop_map(|((t, a, l, b), h, c, n, m)| format!("{t}{a}{l}{b}{h}{c}{n}{m}"));
    let spring = (
        parts(),
        of(PID),
        of(THREAD),
        of(BLANK),
        of(LOGGER),
        of(MESSAGE),
    )
        .prop_map(|((t, a, l, b), p, h, c, n, m)| format!("{t}{a}{l}{b}{p}{h}{c}{n}{m}"));
    let dash = || of(&[" - ", " - ", " - ", " -", "- ", "  - "]);
    let python = (parts(), dash(), of(LOGGER), dash(), dash(), of(MESSAGE)).prop_map(
        |((t, _, l, _), a, n, b, c, m)| {
            let name = n.trim_end_matches([' ', '-', ':']);
            format!("{t}{a}{name}{b}{l}{c}{m}")
        },
    );
    prop_oneof![log4j, hadoop, spring, python]
}

const OF_REQUEST: &[&str] = &[
    ", client: 10.0.0.1",
    ", server: x",
    ", request: \"GET /a, b: c HTTP/1.1\"",
    ", host: \"shop\"",
    ", referrer: \"\"",
    ", x: \"",
    ", : y",
    ", nothing",
    ", a:b",
    ",",
    ", ",
    ": ",
    ", é: ü",
];

fn nginx_lines() -> impl Strategy<Value = String> {
    let level = of(&[
        "[error]", "[error]", "[warn]", "[x]", "[a b]", "[]", "error",
    ]);
    let ids = of(&["1#2: ", "1234#5678: ", "1#2:", "1#: ", "#2: ", "1 #2: "]);
    let connection = of(&["*90 ", "*90 ", "", "* ", "*9", "*9  "]);
    let tail = prop::collection::vec(of(OF_REQUEST), 0..6);
    let head = (
        of(LOGGER_TIME),
        of(BLANK),
        level,
        of(BLANK),
        ids,
        connection,
    )
        .prop_map(|(t, a, l, b, i, c)| format!("{t}{a}{l}{b}{i}{c}"));
    (head, of(MESSAGE), tail).prop_map(|(h, m, t)| format!("{h}{m}{}", t.concat()))
}

fn json_lines() -> impl Strategy<Value = String> {
    let colon = of(&[":", ":", " : ", ""]);
    let pair = (of(JSON_KEY), colon, of(JSON_VALUE)).prop_map(|(k, c, v)| format!("\"{k}\"{c}{v}"));
    let pairs = prop::collection::vec(pair, 0..6);
    (pairs, of(&["{", "{ ", ""]), of(&["}", " } ", "}x", ""]))
        .prop_map(|(pairs, open, close)| format!("{open}{}{close}", pairs.join(",")))
}

/// Lines of every kind, most of them such as programs write.
fn line() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => text_lines(),
        3 => syslog_lines(),
        2 => access_lines(),
        3 => json_lines(),
        3 => logger_lines(),
        2 => nginx_lines(),
        1 => "[ -~]{0,80}",
        1 => "\\PC{0,40}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_500, ..ProptestConfig::default() })]

    /// The quick way and the grammar read the same, whatever the lines are.
    #[test]
    fn quick_is_what_the_grammar_says(lines in prop::collection::vec(line(), 1..6)) {
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        for context in contexts() {
            for format in FORMATS {
                check(format, &lines, &context);
            }
        }
    }
}

#[test]
fn ordinary_lines_are_read_quickly() {
    for (format, line) in [
        (
            Format::Clf,
            r#"10.0.0.1 - - [24/Nov/2026:07:52:24 +0000] "GET /a?b=c HTTP/1.1" 200 3 "-" "a (b; c)" 0.004"#,
        ),
        (
            Format::Clf,
            r#"::1 - frank [10/Oct/2000:13:55:36 -0700] "GET /a HTTP/1.0" 200 2326"#,
        ),
        (
            Format::Tracing,
            "2026-11-23T23:41:07.3Z  INFO studio::canvas: request completed status=200 path=\"/a b\"",
        ),
        (
            Format::Tracing,
            "2026-11-23T23:41:07.3Z  WARN request{id=4}: fmtgen: src/main.rs:2: slow ms=7",
        ),
        (
            Format::Logfmt,
            r#"time="2026-11-23T23:41:07Z" level=info msg="slow query" duration=512ms caller=a.go:3"#,
        ),
        (
            Format::Rfc3164,
            "<34>Oct 11 22:14:15 mymachine su[231]: 'su root' failed",
        ),
        (Format::Syslog, "Oct 11 22:14:15 mymachine kernel: it works"),
        (
            Format::Rfc5424,
            r#"<165>1 2003-10-11T22:14:15.003Z m.example.com evntslog 12 ID47 [x@3 iut="3" a="b c"] An entry"#,
        ),
        (
            Format::NginxError,
            r#"2026/11/23 23:41:07 [error] 1#2: *9 no, file, client: 10.0.0.1, request: "GET / HTTP/1.1""#,
        ),
        (
            Format::Log4j,
            "2026-11-23 23:41:07,123 [main] INFO  c.e.Cart - request 7 completed",
        ),
        (
            Format::Log4j,
            "2026-11-23 23:41:07,123 INFO [IPC Server handler 8 on 62270] a.B: Progress",
        ),
        (
            Format::Spring,
            "2026-11-23T23:41:07.123Z  INFO 1 --- [app] [           main] c.e.Cart   : started",
        ),
        (
            Format::Python,
            "2026-11-23 23:41:07,123 - shop.cart - INFO - request 7 completed",
        ),
        (
            Format::Json,
            r#"{"timestamp":"2026-11-23T23:41:07.3Z","level":"INFO","fields":{"message":"m","n":2},"spans":[{"name":"r"}]}"#,
        ),
        (
            Format::Json,
            r#"{"level":30,"time":1772366400000,"pid":123,"msg":"listening \"x\"","a":{"b":[1,"]"]}}"#,
        ),
    ] {
        for context in contexts() {
            assert_eq!(check(format, &[line, line], &context), 2, "{line}");
        }
    }
}
