//! Ordinary lines of every format that is read: the test of allocations and the bench of formats go over them.

/// The n-th line.
pub(crate) type Line = fn(usize) -> String;

/// The name of a layout, and its lines. The numbers in them differ, so that nothing is learned by heart.
pub(crate) const EVERY_FORMAT: &[(&str, Line)] = &[
    ("combined", |n| {
        format!(
            "10.0.0.{} - - [23/Nov/2026:23:41:{:02} +0000] \"GET /item/{n} HTTP/1.1\" 200 {n} \"-\" \"app/2.1 (x; y)\" 0.00{n}",
            n % 250,
            n % 60
        )
    }),
    ("tracing", |n| {
        format!(
            "2026-11-23T23:41:07.{n:06}Z  INFO request{{id={n} path=\"/a b\"}}: shop::cart: handled request status=200 ms=1.{n}"
        )
    }),
    ("tracing json", |n| {
        format!(
            "{{\"timestamp\":\"2026-11-23T23:41:07.{n:06}Z\",\"level\":\"INFO\",\"fields\":{{\"message\":\"handled request\",\"status\":200,\"n\":{n}}},\"target\":\"shop::cart\"}}"
        )
    }),
    ("logfmt", |n| {
        format!(
            "time=2026-11-23T23:41:07.{n:06}Z level=info msg=\"request {n} completed\" status=200 path=/item/{n}"
        )
    }),
    ("rfc3164", |n| {
        format!("<134>Nov 23 23:41:07 web-1 cart[{n}]: request {n} completed in {n} ms")
    }),
    ("rfc5424", |n| {
        format!(
            "<134>1 2026-11-23T23:41:07.{n:06}Z web-1 cart 4711 - [a@1 id=\"{n}\" path=\"/a\"] request completed"
        )
    }),
    ("syslog", |n| {
        format!("Nov 23 23:41:07 web-1 cart[{n}]: request {n} completed in {n} ms")
    }),
    ("bunyan", |n| {
        format!(
            "{{\"name\":\"api\",\"hostname\":\"h1\",\"pid\":{n},\"level\":30,\"msg\":\"listening\",\"time\":\"2026-11-23T23:41:07.123Z\",\"v\":0}}"
        )
    }),
    ("pino", |n| {
        format!(
            "{{\"level\":30,\"time\":{},\"pid\":{n},\"hostname\":\"h1\",\"msg\":\"listening\"}}",
            1_795_477_267_000 + n
        )
    }),
    ("zap", |n| {
        format!(
            "{{\"level\":\"info\",\"ts\":1795477267.{:03},\"caller\":\"api/server.go:42\",\"msg\":\"listening\",\"port\":{n}}}",
            n % 1_000
        )
    }),
    ("slog json", |n| {
        format!(
            "{{\"time\":\"2026-11-23T23:41:07.000Z\",\"level\":\"INFO\",\"source\":{{\"function\":\"main.main\",\"file\":\"main.go\",\"line\":12}},\"msg\":\"hello\",\"count\":{n}}}"
        )
    }),
    ("logstash", |n| {
        format!(
            "{{\"@timestamp\":\"2026-11-23T23:41:07.000Z\",\"@version\":\"1\",\"message\":\"request {n} completed\",\"logger_name\":\"a.B\",\"thread_name\":\"main\",\"level\":\"INFO\",\"level_value\":20000}}"
        )
    }),
    ("ecs", |n| {
        format!(
            "{{\"@timestamp\":\"2026-11-23T23:41:07.000Z\",\"log.level\":\"INFO\",\"message\":\"request {n} completed\",\"ecs.version\":\"8.11.0\",\"service.name\":\"api\"}}"
        )
    }),
    ("gelf", |n| {
        format!(
            "{{\"version\":\"1.1\",\"host\":\"h1\",\"short_message\":\"request completed\",\"timestamp\":1795477267.123,\"level\":4,\"_user_id\":{n}}}"
        )
    }),
    ("nginx error", |n| {
        format!(
            "2026/11/23 23:41:07 [error] 1#2: *{n} connect() failed (111: Connection refused) while connecting to upstream, client: 10.0.0.1, server: x, request: \"GET /item/{n} HTTP/1.1\", upstream: \"http://10.0.0.2:80/item/{n}\", host: \"shop\""
        )
    }),
    ("apache error", |n| {
        format!(
            "[Mon Nov 23 23:41:07.123456 2026] [core:error] [pid {n}] [client 10.0.0.1:5] AH00128: File does not exist: /var/www/{n}"
        )
    }),
    ("apache error 2.2", |n| {
        format!(
            "[Mon Nov 23 23:41:07 2026] [notice] workerEnv.init() ok /etc/httpd/conf/workers{n}.properties"
        )
    }),
    ("log4j", |n| {
        format!("2026-11-23 23:41:07,123 [main] INFO  c.e.Cart - request {n} completed in {n} ms")
    }),
    ("hadoop", |n| {
        format!(
            "2026-11-23 23:41:07,123 INFO [IPC Server handler {n} on 62270] o.a.h.mapred.TaskAttempt: Progress of task {n} is {n}"
        )
    }),
    ("spring", |n| {
        format!(
            "2026-11-23T23:41:07.123Z  INFO 1 --- [           main] c.e.Cart : request {n} completed in {n} ms"
        )
    }),
    ("zookeeper", |n| {
        format!(
            "2026-11-23 23:41:07,123 - INFO  [main:FastLeaderElection@{n}] - Notification time out: {n}"
        )
    }),
    ("python", |n| {
        format!("2026-11-23 23:41:07,123 - shop.cart - INFO - request {n} completed in {n} ms")
    }),
    ("spark", |n| {
        format!("17/06/09 20:10:40 INFO executor.Backend: request {n} completed took={n}")
    }),
    ("hdfs", |n| {
        format!("081109 203615 {n} INFO dfs.DataNode: PacketResponder {n} terminating")
    }),
    ("openstack", |n| {
        format!(
            "nova-api.log 2026-11-23 23:41:07.008 {n} INFO nova.osapi.server [req-38101a0b - - - - -] 10.11.10.1 status: 200 len: {n}"
        )
    }),
    ("bgl", |n| {
        format!(
            "- 1117838570 2005.06.03 R02-M1-N0-C:J12-U11 2005-06-03-15.42.50.675872 R02-M1-N0-C:J12-U11 RAS KERNEL INFO instruction cache parity error {n} corrected"
        )
    }),
    ("hpc", |n| {
        format!("{n} gige7 gige temperature 1080291435 1 normal ambient={n}")
    }),
    ("thunderbird", |n| {
        format!(
            "- 1131566461 2005.11.09 dn228 Nov 9 12:01:01 dn228/dn228 crond(pam_unix)[{n}]: session closed for user root"
        )
    }),
    ("windows cbs", |n| {
        format!(
            "2016-09-28 04:30:30, Info                  CBS    Loaded Servicing Stack v6.1.{n} with Core"
        )
    }),
    ("logcat", |n| {
        format!("11-23 23:41:07.123  1702  2395 D WindowManager: request {n} completed in {n} ms")
    }),
    ("healthapp", |n| {
        format!("20171223-22:15:29:606|Step_LSC|30002312|onStandStepChanged {n}")
    }),
    ("proxifier", |n| {
        format!("[07.26 17:28:22] chrome.exe *64 - clients6.google.com:443 open through proxy {n}")
    }),
    ("env_logger", |n| {
        format!("[2026-11-23T23:41:07Z INFO  shop::cart] request completed n={n}")
    }),
    ("klog", |n| {
        format!("I1123 23:41:07.123456 {n} controller.go:42] \"Starting\" workers=4")
    }),
    ("postgres", |n| {
        format!("2026-11-23 23:41:07.123 UTC [{n}] LOG:  checkpoint complete: wrote {n} buffers")
    }),
    ("mysql", |n| {
        format!(
            "2026-11-23T23:41:07.123456Z {n} [Warning] [MY-010068] [Server] CA certificate is self signed."
        )
    }),
    ("redis", |n| {
        format!("{n}:M 23 Nov 2026 23:41:07.123 * Ready to accept connections {n}")
    }),
    ("kafka", |n| {
        format!(
            "[2026-11-23 23:41:07,123] INFO [GroupCoordinator {n}]: Stabilized group g (kafka.coordinator.group.GroupCoordinator)"
        )
    }),
    ("docker", |n| {
        format!(
            "{{\"log\":\"request {n} completed\\n\",\"stream\":\"stdout\",\"time\":\"2026-11-23T23:41:07.123456789Z\"}}"
        )
    }),
    ("cri", |n| {
        format!("2026-11-23T23:41:07.123456789Z stdout F request {n} completed in {n} ms")
    }),
    ("cef", |n| {
        format!(
            "CEF:0|Vendor|Product|1.0|100|Name|5|rt=1795477267000 src=10.0.0.1 dst=2.1.2.2 spt={n}"
        )
    }),
    ("iso", |n| {
        format!("2026-11-23 23:41:07.123 INFO shop.cart: request {n} completed in {n} ms")
    }),
];
