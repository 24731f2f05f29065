//! Logs whose lines mean something only with what was read before.
#![allow(clippy::as_conversions, reason = "lengths of a test are small")]

use shape_telemetry::{Event, Reader, SourceSummary};

fn newlines(bytes: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', bytes).count() as u64
}

/// One line an event: line number, byte offset, format, time, level, target, message, fields, detail.
fn read(log: &[u8]) -> (Vec<String>, SourceSummary) {
    let mut events = Vec::new();
    let reader = Reader::new().reference("2026-12-01T00:00:00Z".parse().unwrap());
    let summary = reader.read("x.log", log, &mut |event: &Event<'_>| {
        let record = &event.record;
        let fields: Vec<_> = record
            .fields
            .iter()
            .map(|field| format!("{}={}", field.name, field.value))
            .collect();
        // The offset is that of the line.
        let before = &log[..usize::try_from(event.position.byte_offset).unwrap()];
        assert_eq!(newlines(before) + 1, event.position.line.get(), "{event:?}");
        let frames: Vec<_> = event.frames.iter().map(ToString::to_string).collect();
        events.push(format!(
            "{} {} {} {} {} `{}` {}{}{}",
            event.position.line,
            record.format,
            record.time.map_or("-".to_owned(), |time| time.to_string()),
            record.level.map_or("-", shape_telemetry::Level::as_str),
            record.target.as_deref().unwrap_or("-"),
            record.message,
            fields.join(","),
            if event.detail.is_empty() {
                String::new()
            } else {
                format!(" {:?}", event.detail)
            },
            if frames.is_empty() {
                String::new()
            } else {
                format!(" at {}", frames.join(" "))
            },
        ));
    });
    let lines = summary.lines;
    assert_eq!(lines.total, lines.parsed + lines.unparsed);
    let open = u64::from(log.last().is_some_and(|&b| b != b'\n'));
    assert_eq!(lines.total, newlines(log) + open);
    (events, summary)
}

#[track_caller]
fn check(log: &str, format: &str, unparsed: u64, expected: &[&str]) {
    let (events, summary) = read(log.as_bytes());
    assert_eq!(events, expected, "{events:#?}");
    assert_eq!(
        (summary.format.as_str(), summary.lines.unparsed),
        (format, unparsed)
    );
}

#[test]
fn iis() {
    check(
        "#Software: Microsoft Internet Information Services 10.0\r\n#Version: 1.0\r\n#Date: 2026-03-01 12:00:00\r\n\
         #Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) sc-status sc-substatus sc-win32-status time-taken\r\n\
         2026-03-01 12:00:01 10.0.0.1 GET /index.html - 80 - 10.0.0.9 Mozilla/5.0+(X11) 200 0 0 15\r\n\
         garbage\r\n\
         #Fields: time cs-method cs-uri-stem sc-status\r\n\
         12:00:02 POST /x 500\r\n",
        "w3c",
        1,
        &[
            "5 w3c 2026-03-01T12:00:01Z - - `GET /index.html` s-ip=10.0.0.1,method=GET,path=/index.html,s-port=80,client=10.0.0.9,agent=Mozilla/5.0+(X11),status=200,sc-substatus=0,sc-win32-status=0,duration=15ms",
            "8 w3c 2026-03-01T12:00:02Z - - `POST /x` method=POST,path=/x,status=500",
            "6 plain - - - `garbage` ",
        ],
    );
}

#[test]
fn cloudfront_and_zeek() {
    check(
        "#Version: 1.0\n#Fields: date time sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status time-taken\n\
         2026-03-01\t12:00:00\t2390\t192.0.2.1\tGET\td1.cloudfront.net\t/a.png\t200\t0.001\n",
        "w3c",
        0,
        &[
            "3 w3c 2026-03-01T12:00:00Z - - `GET /a.png` size=2390,client=192.0.2.1,method=GET,cs(Host)=d1.cloudfront.net,path=/a.png,status=200,duration=0.001s",
        ],
    );
    check(
        "#separator \\x09\n#path\tconn\n#fields\tts\tuid\tid.orig_h\tservice\n#types\ttime\tstring\taddr\tstring\n\
         1772366400.123456\tCx1\t10.0.0.1\t-\n#close\t2026-03-01\n",
        "zeek",
        0,
        &["5 zeek 2026-03-01T12:00:00.123456Z - - `` uid=Cx1,id.orig_h=10.0.0.1"],
    );
}

#[test]
fn separated_values() {
    check(
        "time,level,logger,message,user\n\
         2026-03-01T12:00:00Z,INFO,a.b,\"hello, \"\"you\"\"\",ann\n\
         2026-03-01 12:00:01,ERROR,a.c,\"two\nlines\",\n\
         not,enough\n\
         1772366402,warn,a.d,last,bob",
        "csv",
        1,
        &[
            "2 csv 2026-03-01T12:00:00Z info a.b `hello, \"you\"` user=ann",
            "3 csv 2026-03-01T12:00:01Z error a.c `two\nlines` ",
            "6 csv 2026-03-01T12:00:02Z warn a.d `last` user=bob",
            "5 plain - - - `not,enough` ",
        ],
    );
    check(
        "date;time;level;text\n2026-03-01;12:00:00,5;warn;a;b\n2026-03-01;12:00:00,5;warn;c\n",
        "csv",
        1,
        &[
            "3 csv 2026-03-01T12:00:00.5Z warn - `c` ",
            "2 plain - - - `2026-03-01;12:00:00,5;warn;a;b` ",
        ],
    );
    check(
        "Level\tDate and Time\tSource\tEvent ID\tDescription\nInformation\t11/24/2026, 8:59:30 AM\tService Control Manager\t7036\tstarted\n",
        "csv",
        0,
        &["2 csv 2026-11-24T08:59:30Z info Service Control Manager `started` Event ID=7036"],
    );
}

#[test]
fn exported_journal() {
    let mut log = b"__CURSOR=s=1;i=2\n__REALTIME_TIMESTAMP=1772366400000000\nPRIORITY=6\nSYSLOG_IDENTIFIER=app\n_PID=42\nMESSAGE=started\n\n".to_vec();
    log.extend_from_slice(
        b"__REALTIME_TIMESTAMP=1772366401000000\nPRIORITY=3\n_COMM=app\nMESSAGE\n",
    );
    let message = "failed: \u{e9}\n\n  at f (app.js:1:2)\nA=b";
    log.extend_from_slice(&(message.len() as u64).to_le_bytes());
    log.extend_from_slice(message.as_bytes());
    log.extend_from_slice(b"\n_PID=43\n\n");
    let expected = [
        "1 journal 2026-03-01T12:00:00Z info app `started` pid=42",
        "8 journal 2026-03-01T12:00:01Z error app `failed: é` _COMM=app,pid=43 \"\\n  at f (app.js:1:2)\\nA=b\" at app.js:1:2",
    ];
    let (events, summary) = read(&log);
    assert_eq!(events, expected, "{events:#?}");
    assert_eq!(
        (summary.format.as_str(), summary.lines.unparsed),
        ("journal", 0)
    );
    // A length with a byte that is a line end (10), and one with bytes that are no UTF-8 (200).
    for size in [10_usize, 200] {
        let mut log = b"__REALTIME_TIMESTAMP=1772366401000000\nMESSAGE\n".to_vec();
        log.extend_from_slice(&(size as u64).to_le_bytes());
        log.extend_from_slice(&vec![b'x'; size]);
        log.extend_from_slice(
            b"\nPRIORITY=4\n\n__REALTIME_TIMESTAMP=1772366402000000\nMESSAGE=next\n",
        );
        let (events, _) = read(&log);
        let first = format!(
            "1 journal 2026-03-01T12:00:01Z warn - `{}` ",
            "x".repeat(size)
        );
        assert_eq!(events[0], first);
        assert_eq!(events.len(), 2);
        assert!(events[1].ends_with(" `next` "), "{}", events[1]);
    }
}

#[test]
fn container_lines_in_parts_and_traces() {
    check(
        "2026-03-01T12:00:00.1Z stdout P hello \n\
         2026-03-01T12:00:00.2Z stderr F 2026-03-01 12:00:00,123 [main] ERROR c.e.Foo - boom\n\
         2026-03-01T12:00:00.3Z stderr F \tat c.e.Foo.bar(Foo.java:42)\n\
         2026-03-01T12:00:00.4Z stdout F world\n\
         2026-03-01T12:00:00.5Z stderr F Caused by: java.io.IOException: x\n\
         not wrapped\n\
         2026-03-01T12:00:00.6Z stdout F \n\
         2026-03-01T12:00:00.7Z stdout P open",
        "cri",
        1,
        &[
            "1 cri 2026-03-01T12:00:00.1Z - - `hello world` stream=stdout",
            "8 cri 2026-03-01T12:00:00.7Z - - `open` stream=stdout",
            "2 log4j 2026-03-01T12:00:00.123Z error c.e.Foo `boom` thread=main,exception.type=java.io.IOException,stream=stderr \"\\tat c.e.Foo.bar(Foo.java:42)\\nCaused by: java.io.IOException: x\" at c/e/Foo.java:42",
            "6 plain - - - `not wrapped` ",
        ],
    );
    check(
        "{\"log\":\"{\\\"level\\\":\\\"warn\\\",\\\"msg\\\":\\\"in\",\"stream\":\"stdout\",\"time\":\"2026-03-01T12:00:00Z\"}\n\
         {\"log\":\"ner\\\"}\\n\",\"stream\":\"stdout\",\"time\":\"2026-03-01T12:00:00.5Z\"}\n\
         {\"log\":\"plain\\n\",\"stream\":\"stderr\",\"time\":\"2026-03-01T12:00:01Z\"}\n",
        "slog",
        0,
        &[
            "1 slog 2026-03-01T12:00:00Z warn - `inner` stream=stdout",
            "3 docker 2026-03-01T12:00:01Z - - `plain` stream=stderr",
        ],
    );
}

#[test]
fn a_line_in_parts_is_bounded_and_what_is_cut_is_counted() {
    let part = format!("2026-03-01T12:00:00.1Z stdout P {}\n", "x".repeat(600));
    let log = part.repeat(5) + "2026-03-01T12:00:00.2Z stdout F end\n";
    let mut length = 0;
    let summary = Reader::new()
        .max_line(1_000)
        .read("x", log.as_bytes(), &mut |event: &Event<'_>| {
            length = event.record.message.len();
        });
    assert_eq!(
        (length, summary.lines.total, summary.lines.parsed),
        (1_000, 6, 6)
    );
    assert_eq!(summary.lines.cut, 5);
}

#[test]
fn open_telemetry() {
    check(
        "{\"resourceLogs\":[{\"resource\":{\"attributes\":[{\"key\":\"service.name\",\"value\":{\"stringValue\":\"shop\"}}]},\"scopeLogs\":[{\"scope\":{\"name\":\"shop.cart\"},\"logRecords\":[\
         {\"timeUnixNano\":\"1772366400000000000\",\"severityNumber\":13,\"severityText\":\"WARN\",\"body\":{\"stringValue\":\"no price\"},\"attributes\":[{\"key\":\"item\",\"value\":{\"intValue\":\"42\"}}],\"traceId\":\"aa\",\"spanId\":\"\"},\
         {\"observedTimeUnixNano\":1772366401000000000,\"body\":{\"kvlistValue\":{\"values\":[]}}}]}]}]}\n\
         level=info msg=other\n",
        "otlp",
        0,
        &[
            "1 otlp 2026-03-01T12:00:00Z warn shop.cart `no price` item=42,trace_id=aa,service.name=shop",
            "1 otlp 2026-03-01T12:00:01Z - shop.cart `{\"values\":[]}` service.name=shop",
            "2 logfmt - info - `other` ",
        ],
    );
}
