//! Every format: one line in, what the record says out.
#![allow(clippy::print_stderr, reason = "says what was skipped")]

use shape_telemetry::{Event, Format, Level, Reader, Record};

fn reader() -> Reader {
    Reader::new().reference("2026-12-01T00:00:00Z".parse().unwrap())
}

/// Format, level, target, message and time (to the second) of a line.
#[track_caller]
fn check<'a>(
    line: &'a str,
    format: Format,
    level: Option<Level>,
    target: Option<&str>,
    message: &str,
    time: Option<&str>,
) -> Record<'a> {
    let record = reader().parse_line(line);
    assert_eq!(record.format, format, "{line}");
    assert_eq!(record.level, level, "{line}");
    assert_eq!(record.target.as_deref(), target, "{line}");
    assert_eq!(record.message, message, "{line}");
    let found = record.time.map(|time| time.to_string());
    assert_eq!(found.as_deref(), time, "{line}");
    record
}

const INFO: Option<Level> = Some(Level::Info);
const WARN: Option<Level> = Some(Level::Warn);
const ERROR: Option<Level> = Some(Level::Error);
const DEBUG: Option<Level> = Some(Level::Debug);

#[test]
fn tracing_text() {
    let time = Some("2026-11-23T23:41:07.321916Z");
    let record = check(
        r#"2026-11-23T23:41:07.321916Z  INFO request{method="GET" id=42}: fmtgen: handled request status=200 latency_ms=12.5"#,
        Format::Tracing,
        INFO,
        Some("fmtgen"),
        "handled request",
        time,
    );
    assert_eq!(record.spans, ["request"]);
    let names: Vec<_> = record
        .fields
        .iter()
        .map(|f| (&*f.name, &*f.value, f.of_span))
        .collect();
    assert_eq!(
        names,
        [
            ("status", "200", false),
            ("latency_ms", "12.5", false),
            ("method", "GET", true),
            ("id", "42", true)
        ]
    );
    let record = check(
        r#"2026-11-23T23:41:07.321916Z  WARN ThreadId(01) request{method="GET" id=42}: shape::db: src/main.rs:2: slow query retries=3 error="pool timed out""#,
        Format::Tracing,
        WARN,
        Some("shape::db"),
        "slow query",
        time,
    );
    assert_eq!(
        record.emitter.unwrap().to_location().to_string(),
        "src/main.rs:2"
    );
    let record = check(
        r#"2026-11-23T23:41:07.321916Z  INFO request: fmtgen: handled request status=200 latency_ms=12.5 method="GET" id=42"#,
        Format::Tracing,
        INFO,
        Some("fmtgen"),
        "handled request",
        time,
    );
    assert_eq!(record.spans, ["request"]);
    check(
        "2026-11-23T23:41:07.321916Z  WARN studio::canvas: ResizeCanvas blocked main thread for 71.9ms events=31",
        Format::Tracing,
        WARN,
        Some("studio::canvas"),
        "ResizeCanvas blocked main thread for 71.9ms",
        time,
    );
    check(
        "2026-11-23T23:41:07.321916Z ERROR studio::library: component lookup failed: no entry for id \"Text Field\"",
        Format::Tracing,
        ERROR,
        Some("studio::library"),
        "component lookup failed: no entry for id \"Text Field\"",
        time,
    );
    check(
        "DEBUG reqwest::connect: starting new connection 'Some(\"127.0.0.1\")'",
        Format::Tracing,
        DEBUG,
        Some("reqwest::connect"),
        "starting new connection 'Some(\"127.0.0.1\")'",
        None,
    );
}

#[test]
fn tracing_json() {
    let time = Some("2026-11-23T23:41:07.322297Z");
    let record = check(
        r#"{"timestamp":"2026-11-23T23:41:07.322297Z","level":"INFO","fields":{"message":"handled request","status":200,"latency_ms":12.5},"target":"fmtgen","span":{"id":42,"method":"GET","name":"request"},"spans":[{"id":42,"method":"GET","name":"request"}]}"#,
        Format::TracingJson,
        INFO,
        Some("fmtgen"),
        "handled request",
        time,
    );
    assert_eq!(record.spans, ["request"]);
    assert_eq!(record.status(), Some(200));
    assert_eq!(record.field("method"), Some("GET"));
    let record = check(
        r#"{"timestamp":"2026-11-23T23:41:07.322297Z","level":"WARN","message":"slow query","retries":3,"error":"\"pool timed out\"","target":"shape::db","filename":"src/main.rs","line_number":2,"span":{"name":"request"},"spans":[{"name":"request"}]}"#,
        Format::TracingJson,
        WARN,
        Some("shape::db"),
        "slow query",
        time,
    );
    assert_eq!(
        record.emitter.unwrap().to_location().to_string(),
        "src/main.rs:2"
    );
}

#[test]
fn json_dialects() {
    let noon = Some("2026-03-01T12:00:00Z");
    let millis = Some("2026-03-01T12:00:00.123Z");
    check(
        r#"{"msg":"cache miss","level":"WARN","ts":"2026-03-01T12:00:00Z","version":"0.1.0","ms":7,"key":"user:42"}"#,
        Format::Slog,
        WARN,
        None,
        "cache miss",
        noon,
    );
    check(
        r#"{"name":"api","hostname":"h1","pid":123,"level":30,"msg":"listening","time":"2026-03-01T12:00:00.000Z","v":0}"#,
        Format::Bunyan,
        INFO,
        Some("api"),
        "listening",
        noon,
    );
    check(
        r#"{"level":50,"time":1772366400000,"pid":123,"hostname":"h1","msg":"listening"}"#,
        Format::Pino,
        ERROR,
        None,
        "listening",
        noon,
    );
    let record = check(
        r#"{"level":"info","ts":1772366400.123,"caller":"api/server.go:42","msg":"listening","port":8080}"#,
        Format::Zap,
        INFO,
        None,
        "listening",
        millis,
    );
    assert_eq!(
        record.emitter.unwrap().to_location().to_string(),
        "api/server.go:42"
    );
    let record = check(
        r#"{"time":"2026-03-01T12:00:00.000Z","level":"INFO","source":{"function":"main.main","file":"main.go","line":12},"msg":"hello","count":3}"#,
        Format::Slog,
        INFO,
        None,
        "hello",
        noon,
    );
    assert_eq!(
        record.emitter.unwrap().to_location().to_string(),
        "main.go:12"
    );
    check(
        r#"{"@timestamp":"2026-03-01T12:00:00.000Z","@version":"1","message":"m","logger_name":"a.B","thread_name":"main","level":"INFO","level_value":20000}"#,
        Format::Logstash,
        INFO,
        Some("a.B"),
        "m",
        noon,
    );
    check(
        r#"{"@timestamp":"2026-03-01T12:00:00.000Z","log.level":"INFO","message":"m","ecs.version":"8.11.0","service.name":"api","log.origin.file.line":42}"#,
        Format::Ecs,
        INFO,
        Some("api"),
        "m",
        noon,
    );
    let record = check(
        r#"{"version":"1.1","host":"h1","short_message":"m","timestamp":1772366400.123,"level":4,"_user_id":9}"#,
        Format::Gelf,
        WARN,
        None,
        "m",
        millis,
    );
    assert_eq!(record.field("_user_id"), Some("9"));
}

#[test]
fn wrappers() {
    let record = check(
        r#"{"log":"hello\n","stream":"stdout","time":"2026-03-01T12:00:00.123456789Z"}"#,
        Format::Docker,
        None,
        None,
        "hello",
        Some("2026-03-01T12:00:00.123456789Z"),
    );
    assert_eq!(record.field("stream"), Some("stdout"));
    check(
        r#"{"log":"{\"level\":\"info\",\"msg\":\"inner\"}\n","stream":"stdout","time":"2026-03-01T12:00:00Z"}"#,
        Format::Slog,
        INFO,
        None,
        "inner",
        Some("2026-03-01T12:00:00Z"),
    );
    check(
        "2026-03-01T12:00:00.123456789Z stdout F hello",
        Format::Cri,
        None,
        None,
        "hello",
        Some("2026-03-01T12:00:00.123456789Z"),
    );
    check(
        "2026-03-01T12:00:00.5Z stdout F level=warn msg=\"a b\"",
        Format::Logfmt,
        WARN,
        None,
        "a b",
        Some("2026-03-01T12:00:00.5Z"),
    );
}

#[test]
fn load_balancers_and_security_devices() {
    let record = check(
        "2015-05-13T23:39:43.945958Z my-loadbalancer 192.168.131.39:2817 10.0.0.1:80 0.000073 0.001048 0.000057 200 200 0 29 \"GET http://www.example.com:80/ HTTP/1.1\" \"curl/7.38.0\" - -",
        Format::Clf,
        None,
        None,
        "GET http://www.example.com:80/ HTTP/1.1",
        Some("2015-05-13T23:39:43.945958Z"),
    );
    assert_eq!(record.status(), Some(200));
    assert_eq!(
        record.duration(),
        Some(std::time::Duration::from_micros(73 + 1_048 + 57))
    );
    let record = check(
        "CEF:0|Vendor|Product|1.0|100|Name|5|src=10.0.0.1 dst=2.1.2.2 rt=1772366400000",
        Format::Cef,
        WARN,
        Some("Product"),
        "Name",
        Some("2026-03-01T12:00:00Z"),
    );
    assert_eq!(
        (record.field("src"), record.field("dst")),
        (Some("10.0.0.1"), Some("2.1.2.2"))
    );
    let record = check(
        "Sep 19 08:26:10 host CEF:0|Security|threatmanager|1.0|100|worm successfully stopped|10|src=10.0.0.1 dst=2.1.2.2 spt=1232",
        Format::Cef,
        Some(Level::Fatal),
        Some("threatmanager"),
        "worm successfully stopped",
        Some("2026-09-19T08:26:10Z"),
    );
    assert_eq!(record.field("host"), Some("host"));
    let record = check(
        "Jan 18 11:07:53 192.168.1.1 LEEF:1.0|QRadar|QRM|1.0|NEW_PORT_DISCOVERD|src=172.5.6.67\tdst=172.50.123.1\tsev=5\tcat=anomaly\tmsg=a text",
        Format::Leef,
        WARN,
        Some("QRM"),
        "NEW_PORT_DISCOVERD",
        Some("2026-01-18T11:07:53Z"),
    );
    assert_eq!(
        (record.field("cat"), record.field("msg")),
        (Some("anomaly"), Some("a text"))
    );
    let record = check(
        "LEEF:2.0|Vendor|Product|Version|EventID|x5E|src=10.0.1.8^sev=9^devTime=1772366400000",
        Format::Leef,
        Some(Level::Fatal),
        Some("Product"),
        "EventID",
        Some("2026-03-01T12:00:00Z"),
    );
    assert_eq!(record.field("src"), Some("10.0.1.8"));
}

#[test]
fn the_journal() {
    check(
        "2026-03-01T12:00:00+0100 host sshd[42]: session opened: root",
        Format::Syslog,
        None,
        Some("sshd"),
        "session opened: root",
        Some("2026-03-01T11:00:00Z"),
    );
    check(
        "2026-03-01T12:00:00.123456+00:00 web-1 kernel: eth0: link up",
        Format::Syslog,
        None,
        Some("kernel"),
        "eth0: link up",
        Some("2026-03-01T12:00:00.123456Z"),
    );
    // No host and no program: text.
    check(
        "2026-03-01T12:00:00Z starting server: done",
        Format::Iso,
        None,
        None,
        "starting server: done",
        Some("2026-03-01T12:00:00Z"),
    );
    let record = check(
        r#"{"__CURSOR":"s=1","__REALTIME_TIMESTAMP":"1772366400000000","PRIORITY":"4","SYSLOG_IDENTIFIER":"sshd","_COMM":"sshd","_PID":"42","_HOSTNAME":"h","CODE_FILE":"src/a.c","CODE_LINE":"7","MESSAGE":"m"}"#,
        Format::Journal,
        WARN,
        Some("sshd"),
        "m",
        Some("2026-03-01T12:00:00Z"),
    );
    assert_eq!(record.field("pid"), Some("42"));
    assert_eq!(
        record.emitter.unwrap().to_location().to_string(),
        "src/a.c:7"
    );
}

#[test]
fn rust_and_go() {
    check(
        "[2026-11-23T23:41:07Z INFO  fmtgen] listening on 0.0.0.0:8080",
        Format::EnvLogger,
        INFO,
        Some("fmtgen"),
        "listening on 0.0.0.0:8080",
        Some("2026-11-23T23:41:07Z"),
    );
    check(
        "time=2026-03-01T12:00:00.000Z level=INFO msg=\"hello world\" count=3",
        Format::Logfmt,
        INFO,
        None,
        "hello world",
        Some("2026-03-01T12:00:00Z"),
    );
    let record = check(
        "time=\"2026-03-01T12:00:00Z\" level=info msg=\"slow query\" duration=512ms",
        Format::Logfmt,
        INFO,
        None,
        "slow query",
        Some("2026-03-01T12:00:00Z"),
    );
    assert_eq!(
        record.duration(),
        Some(std::time::Duration::from_millis(512))
    );
    let record = check(
        "I0301 12:00:00.123456    1234 controller.go:42] \"Starting\" workers=4",
        Format::Klog,
        INFO,
        None,
        "Starting",
        Some("2026-03-01T12:00:00.123456Z"),
    );
    assert_eq!(
        record.emitter.unwrap().to_location().to_string(),
        "controller.go:42"
    );
    let record = check(
        "thread 'main' (2028) panicked at src/main.rs:64:217:",
        Format::RustPanic,
        ERROR,
        None,
        "panicked",
        None,
    );
    assert_eq!(
        record.emitter.unwrap().to_location().to_string(),
        "src/main.rs:64:217"
    );
}

#[test]
fn syslog() {
    check(
        "<34>Oct 11 22:14:15 mymachine su[231]: 'su root' failed for lonvick on /dev/pts/8",
        Format::Rfc3164,
        Some(Level::Fatal),
        Some("su"),
        "'su root' failed for lonvick on /dev/pts/8",
        Some("2026-10-11T22:14:15Z"),
    );
    let record = check(
        "<165>1 2003-10-11T22:14:15.003Z mymachine.example.com evntslog 1234 ID47 [exampleSDID@32473 iut=\"3\"] An application event log entry",
        Format::Rfc5424,
        INFO,
        Some("evntslog"),
        "An application event log entry",
        Some("2003-10-11T22:14:15.003Z"),
    );
    assert_eq!(record.field("iut"), Some("3"));
    check(
        "Jun 14 15:16:01 combo sshd(pam_unix)[19939]: authentication failure; logname= uid=0",
        Format::Syslog,
        None,
        Some("sshd(pam_unix)"),
        "authentication failure; logname= uid=0",
        Some("2026-06-14T15:16:01Z"),
    );
    check(
        "Jul  1 09:00:55 calvisitor-10-105-160-95 kernel[0]: hello: there",
        Format::Syslog,
        None,
        Some("kernel"),
        "hello: there",
        Some("2026-07-01T09:00:55Z"),
    );
}

#[test]
fn web_servers() {
    let record = check(
        "127.0.0.1 - frank [10/Oct/2000:13:55:36 -0700] \"GET /apache_pb.gif HTTP/1.0\" 200 2326 \"http://www.example.com/start.html\" \"Mozilla/4.08\"",
        Format::Clf,
        None,
        None,
        "GET /apache_pb.gif HTTP/1.0",
        Some("2000-10-10T20:55:36Z"),
    );
    assert_eq!(
        (record.status(), record.field("user"), record.field("agent")),
        (Some(200), Some("frank"), Some("Mozilla/4.08"))
    );
    let record = check(
        "2026/03/01 12:00:00 [error] 1234#5678: *90 connect() failed (111: Connection refused) while connecting to upstream, client: 1.2.3.4, server: x",
        Format::NginxError,
        ERROR,
        None,
        "connect() failed (111: Connection refused) while connecting to upstream",
        Some("2026-03-01T12:00:00Z"),
    );
    assert_eq!(record.field("client"), Some("1.2.3.4"));
    check(
        "[Sun Dec 04 04:47:44 2005] [notice] workerEnv.init() ok /etc/httpd/conf/workers2.properties",
        Format::ApacheError,
        INFO,
        None,
        "workerEnv.init() ok /etc/httpd/conf/workers2.properties",
        Some("2005-12-04T04:47:44Z"),
    );
    check(
        "[Fri Sep 09 10:42:29.902022 2011] [core:error] [pid 35708:tid 4328636416] [client 72.15.99.187] File does not exist: /usr/local/f",
        Format::ApacheError,
        ERROR,
        Some("core"),
        "File does not exist: /usr/local/f",
        Some("2011-09-09T10:42:29.902022Z"),
    );
}

#[test]
fn jvm() {
    check(
        "2015-10-18 18:04:44,036 INFO [IPC Server handler 8 on 62270] org.apache.hadoop.mapred.TaskAttemptListenerImpl: Progress of x",
        Format::Log4j,
        INFO,
        Some("org.apache.hadoop.mapred.TaskAttemptListenerImpl"),
        "Progress of x",
        Some("2015-10-18T18:04:44.036Z"),
    );
    check(
        "2015-07-29 17:41:44,747 - INFO  [QuorumPeer[myid=1]/0:0:0:0:0:0:0:0:2181:FastLeaderElection@774] - Notification time out: 3200",
        Format::Zookeeper,
        INFO,
        Some("FastLeaderElection"),
        "Notification time out: 3200",
        Some("2015-07-29T17:41:44.747Z"),
    );
    check(
        "2026-11-24 11:20:27 - DEBUG [main:wire] - http-outgoing-0 >> \"GET / HTTP/1.1\"",
        Format::Zookeeper,
        DEBUG,
        Some("wire"),
        "http-outgoing-0 >> \"GET / HTTP/1.1\"",
        Some("2026-11-24T11:20:27Z"),
    );
    check(
        "17/06/09 20:10:40 INFO executor.CoarseGrainedExecutorBackend: Registered signal handlers for [TERM, HUP, INT]",
        Format::Spark,
        INFO,
        Some("executor.CoarseGrainedExecutorBackend"),
        "Registered signal handlers for [TERM, HUP, INT]",
        Some("2017-06-09T20:10:40Z"),
    );
    check(
        "081109 203615 148 INFO dfs.DataNode$PacketResponder: PacketResponder 1 terminating",
        Format::Hdfs,
        INFO,
        Some("dfs.DataNode$PacketResponder"),
        "PacketResponder 1 terminating",
        Some("2008-11-09T20:36:15Z"),
    );
    check(
        "2026-03-01 12:00:00,123 [main] ERROR c.e.Foo - boom",
        Format::Log4j,
        ERROR,
        Some("c.e.Foo"),
        "boom",
        Some("2026-03-01T12:00:00.123Z"),
    );
    check(
        "2026-03-01T12:00:00.123Z  INFO 1234 --- [           main] c.e.App : Started App in 2.1 seconds",
        Format::Spring,
        INFO,
        Some("c.e.App"),
        "Started App in 2.1 seconds",
        Some("2026-03-01T12:00:00.123Z"),
    );
    check(
        "[2026-03-01 12:00:00,123] INFO [GroupCoordinator 0]: Stabilized group g (kafka.coordinator.group.GroupCoordinator)",
        Format::Kafka,
        INFO,
        Some("kafka.coordinator.group.GroupCoordinator"),
        "[GroupCoordinator 0]: Stabilized group g",
        Some("2026-03-01T12:00:00.123Z"),
    );
}

#[test]
fn machines_and_phones() {
    check(
        "nova-api.log.1.2017-05-16_13:53:08 2017-05-16 00:00:00.008 25746 INFO nova.osapi_compute.wsgi.server [req-3 1 5 - - -] 10.11.10.1 \"GET /v2\"",
        Format::OpenStack,
        INFO,
        Some("nova.osapi_compute.wsgi.server"),
        "10.11.10.1 \"GET /v2\"",
        Some("2017-05-16T00:00:00.008Z"),
    );
    check(
        "- 1117838570 2005.06.03 R02-M1-N0-C:J12-U11 2005-06-03-15.42.50.675872 R02-M1-N0-C:J12-U11 RAS KERNEL INFO instruction cache parity error corrected",
        Format::Bgl,
        INFO,
        Some("KERNEL"),
        "instruction cache parity error corrected",
        Some("2005-06-03T22:42:50Z"),
    );
    check(
        "285818 gige7 gige temperature 1080291435 1 normal",
        Format::Hpc,
        None,
        Some("gige"),
        "normal",
        Some("2004-03-26T08:57:15Z"),
    );
    check(
        "- 1131566461 2005.11.09 dn228 Nov 9 12:01:01 dn228/dn228 crond(pam_unix)[2915]: session closed for user root",
        Format::Thunderbird,
        None,
        Some("crond(pam_unix)"),
        "session closed for user root",
        Some("2005-11-09T20:01:01Z"),
    );
    check(
        "2016-09-28 04:30:30, Info                  CBS    Loaded Servicing Stack v6.1.7601.23505",
        Format::WindowsCbs,
        INFO,
        Some("CBS"),
        "Loaded Servicing Stack v6.1.7601.23505",
        Some("2016-09-28T04:30:30Z"),
    );
    check(
        "03-17 16:13:38.811  1702  2395 D WindowManager: printFreezingDisplayLogs",
        Format::Logcat,
        DEBUG,
        Some("WindowManager"),
        "printFreezingDisplayLogs",
        Some("2026-03-17T16:13:38.811Z"),
    );
    check(
        "D/WindowManager( 1702): message",
        Format::Logcat,
        DEBUG,
        Some("WindowManager"),
        "message",
        None,
    );
    check(
        "20171223-22:15:29:606|Step_LSC|30002312|onStandStepChanged 3579",
        Format::HealthApp,
        None,
        Some("Step_LSC"),
        "onStandStepChanged 3579",
        Some("2017-12-23T22:15:29.606Z"),
    );
    check(
        "[07.26 17:28:22] chrome.exe *64 - clients6.google.com:443 open through proxy",
        Format::Proxifier,
        None,
        Some("chrome.exe"),
        "clients6.google.com:443 open through proxy",
        Some("2026-07-26T17:28:22Z"),
    );
}

#[test]
fn python_and_databases() {
    check(
        "ERROR:app.db:connection refused",
        Format::Python,
        ERROR,
        Some("app.db"),
        "connection refused",
        None,
    );
    check(
        "2026-11-23 23:41:07,812 - x - WARNING - slow query took 512 ms",
        Format::Python,
        WARN,
        Some("x"),
        "slow query took 512 ms",
        Some("2026-11-23T23:41:07.812Z"),
    );
    check(
        "2026-03-01 12:00:00.123 UTC [1234] ERROR:  duplicate key value violates unique constraint \"pk\"",
        Format::Postgres,
        ERROR,
        None,
        "duplicate key value violates unique constraint \"pk\"",
        Some("2026-03-01T12:00:00.123Z"),
    );
    check(
        "2026-03-01T12:00:00.123456Z 0 [Warning] [MY-010068] [Server] CA certificate is self signed.",
        Format::MySql,
        WARN,
        Some("Server"),
        "CA certificate is self signed.",
        Some("2026-03-01T12:00:00.123456Z"),
    );
    check(
        "1234:M 01 Mar 2026 12:00:00.123 * Ready to accept connections",
        Format::Redis,
        INFO,
        None,
        "Ready to accept connections",
        Some("2026-03-01T12:00:00.123Z"),
    );
    let record = check(
        "CEF:0|Vendor|Product|1.0|100|Name|5|src=10.0.0.1 dst=2.1.2.2",
        Format::Cef,
        WARN,
        Some("Product"),
        "Name",
        None,
    );
    assert_eq!(record.field("dst"), Some("2.1.2.2"));
}

#[test]
fn browser_console() {
    let record = check(
        "resize.ts:17 [Canvas] ResizeCanvas blocked main thread 212ms",
        Format::Console,
        None,
        Some("Canvas"),
        "[Canvas] ResizeCanvas blocked main thread 212ms",
        None,
    );
    assert_eq!(
        record.emitter.unwrap().to_location().to_string(),
        "resize.ts:17"
    );
    check(
        "app.js:42 Uncaught TypeError: Cannot read properties of undefined (reading 'x')",
        Format::Console,
        ERROR,
        None,
        "Uncaught TypeError: Cannot read properties of undefined (reading 'x')",
        None,
    );
    check(
        "EventBus.ts:56 2025-11-14T21:40:00.551Z 🎼 EventBus: Using internal conductor",
        Format::Console,
        None,
        Some("EventBus"),
        "🎼 EventBus: Using internal conductor",
        Some("2025-11-14T21:40:00.551Z"),
    );
    check(
        "[2025-11-13T06:05:51.274Z] LOG 2025-11-13T06:05:51.274Z 🎼 EventBus: Using internal conductor",
        Format::Bracketed,
        INFO,
        Some("EventBus"),
        "🎼 EventBus: Using internal conductor",
        Some("2025-11-13T06:05:51.274Z"),
    );
    check(
        " 📡 EventBus: Subscribed to \"sequence-failed\" (1 total subscribers)",
        Format::Plain,
        None,
        Some("EventBus"),
        " 📡 EventBus: Subscribed to \"sequence-failed\" (1 total subscribers)",
        None,
    );
}

struct Got {
    lines: (u64, u64, u64),
    events: Vec<(String, String, Vec<String>)>,
}

fn read(text: &[u8]) -> Got {
    let mut events = Vec::new();
    let summary = reader().read("t.log", text, &mut |event: &Event<'_>| {
        events.push((
            event.record.message.to_string(),
            event.detail.to_owned(),
            event.frames.iter().map(ToString::to_string).collect(),
        ));
    });
    let lines = summary.lines;
    assert_eq!(lines.total, lines.parsed + lines.unparsed);
    Got {
        lines: (lines.total, lines.parsed, lines.unparsed),
        events,
    }
}

#[test]
fn stack_traces_belong_to_the_record_before() {
    let got = read(b"2026-03-01 12:00:00,123 [main] ERROR c.e.Foo - boom\njava.lang.IllegalStateException: bad\n\tat c.e.Foo.bar(Foo.java:42)\n\tat c.e.Main.main(Main.java:7)\nCaused by: java.io.IOException: disk\n\t... 2 more\n2026-03-01 12:00:01,123 [main] INFO c.e.Foo - on\n");
    assert_eq!(got.lines, (7, 7, 0));
    assert_eq!(got.events.len(), 2);
    assert_eq!(got.events[0].2, ["c/e/Foo.java:42", "c/e/Main.java:7"]);
    let got = read(b"2026-11-23 23:41:07,812 - x - ERROR - failed\nTraceback (most recent call last):\n  File \"/a/b.py\", line 3, in f\n    g()\n  File \"/a/c.py\", line 9, in g\n    1/0\nZeroDivisionError: division by zero\n2026-11-23 23:41:08,812 - x - INFO - on\n");
    assert_eq!((got.lines, got.events.len()), ((8, 8, 0), 2));
    assert_eq!(got.events[0].2, ["/a/c.py:9", "/a/b.py:3"]);
    let got = read(b"thread 'main' (2028) panicked at src/main.rs:64:217:\ncalled `Option::unwrap()` on a `None` value\nstack backtrace:\n   0: rust_begin_unwind\n             at /rustc/abc/library/std/src/panicking.rs:697:5\n   1: app::main\n             at ./src/main.rs:64:217\n");
    assert_eq!((got.lines, got.events.len()), ((7, 7, 0), 1));
    assert_eq!(
        got.events[0].0,
        "called `Option::unwrap()` on a `None` value"
    );
    assert_eq!(got.events[0].2[1], "src/main.rs:64:217");
    let got = read(b"app.js:42 Uncaught TypeError: x\n    at foo (app.js:42:7)\n    at app.js:50:1\nother line\n");
    assert_eq!((got.lines, got.events.len()), ((4, 3, 1), 2));
    assert_eq!(got.events[0].2, ["app.js:42:7", "app.js:50:1"]);
}

#[test]
fn tracing_pretty_takes_several_lines() {
    let text = "  2026-11-23T23:41:07.322231Z  INFO fmtgen: handled request, status: 200, latency_ms: 12.5\n    at src/main.rs:2\n    in fmtgen::request with method: \"GET\", id: 42\n\n";
    let mut seen = 0;
    let summary = reader().read("t", text.as_bytes(), &mut |event: &Event<'_>| {
        let record = &event.record;
        assert_eq!(record.message, "handled request");
        assert_eq!(record.field("latency_ms"), Some("12.5"));
        assert_eq!(record.field("method"), Some("GET"));
        assert_eq!(record.spans, ["request"]);
        assert_eq!(
            record.emitter.as_ref().unwrap().to_location().to_string(),
            "src/main.rs:2"
        );
        seen += 1;
    });
    assert_eq!((seen, summary.lines.total, summary.lines.parsed), (1, 4, 4));
}

#[test]
fn encodings_and_line_ends() {
    let line = "2026-11-23T23:41:07.3Z  INFO a::b: héllo";
    let expect = vec![("héllo".to_owned(), String::new(), Vec::new())];
    assert_eq!(read(format!("{line}\r\n").as_bytes()).events, expect);
    assert_eq!(read(format!("\u{feff}{line}").as_bytes()).events, expect);
    for big_endian in [false, true] {
        let units = format!("\u{feff}{line}\n");
        let bytes: Vec<u8> = units
            .encode_utf16()
            .flat_map(|unit| {
                if big_endian {
                    unit.to_be_bytes()
                } else {
                    unit.to_le_bytes()
                }
            })
            .collect();
        assert_eq!(read(&bytes).events, expect);
    }
    let ansi = "\u{1b}[2m2026-11-23T23:41:07.322041Z\u{1b}[0m \u{1b}[32m INFO\u{1b}[0m \u{1b}[2ma::b\u{1b}[0m\u{1b}[2m:\u{1b}[0m h\u{e9}llo";
    assert_eq!(read(ansi.as_bytes()).events, expect);
}

#[test]
fn bytes_that_are_not_utf8_are_counted_and_kept() {
    let mut events = 0;
    let summary = reader().read(
        "t",
        &b"level=info msg=a\xff k=v\nlevel=info msg=b k=v\n"[..],
        &mut |event: &Event<'_>| {
            events += 1;
            assert!(event.record.message.starts_with(['a', 'b']));
        },
    );
    assert_eq!(
        (events, summary.lines.total, summary.lines.not_utf8),
        (2, 2, 1)
    );
}

#[test]
fn long_lines_are_cut_and_counted() {
    let long = format!("{}\nlevel=info msg=b k=v\n", "x".repeat(3_000_000));
    let mut lengths = Vec::new();
    let summary = reader().read("t", long.as_bytes(), &mut |event: &Event<'_>| {
        lengths.push(event.record.message.len());
        assert_eq!(
            usize::try_from(event.position.line.get()),
            Ok(lengths.len())
        );
    });
    assert_eq!(lengths, [1 << 20, 1]);
    assert_eq!((summary.lines.total, summary.lines.cut), (2, 1));
    let small = Reader::new()
        .max_line(64)
        .read("t", long.as_bytes(), &mut |_: &Event<'_>| {});
    assert_eq!((small.lines.total, small.lines.cut), (2, 1));
}

/// The samples that real libraries wrote, where they are at hand.
#[test]
fn samples_of_real_libraries() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../shared/data/formats/rust-format-samples.txt");
    let Ok(text) = std::fs::read_to_string(&path) else {
        eprintln!("skipped: {} is not there", path.display());
        return;
    };
    for section in text.split("## ").skip(1) {
        let (title, body) = section.split_once('\n').unwrap();
        let mut events = 0;
        let summary = reader().read(title, body.as_bytes(), &mut |event: &Event<'_>| {
            events += 1;
            assert_ne!(event.record.format, Format::Plain, "{title}: {event:?}");
            assert!(
                event.record.time.is_some() && event.record.level.is_some(),
                "{title}"
            );
        });
        assert_eq!(summary.lines.unparsed, 0, "{title}");
        assert!((1..=2).contains(&events), "{title}: {events}");
    }
}
