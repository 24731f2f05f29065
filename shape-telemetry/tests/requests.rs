//! What counts as the end of a request: lines as servers and frameworks write them, and lines that look alike.

use shape_telemetry::{
    Outcome::{self, Bad, Good},
    Reader, classify,
};

/// Outcome and latency in microseconds.
fn verdict(line: &str) -> (Outcome, Option<u128>) {
    let reader = Reader::new().reference("2026-12-01T00:00:00Z".parse().unwrap());
    let verdict = classify(&reader.parse_line(line));
    (verdict.outcome, verdict.latency.map(|d| d.as_micros()))
}

#[track_caller]
fn check(cases: &[(&str, Outcome, Option<u128>)]) {
    let mut wrong = Vec::new();
    for &(line, outcome, us) in cases {
        let found = verdict(line);
        if found != (outcome, us) {
            wrong.push(format!("{line}\n    {found:?}, not {:?}", (outcome, us)));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn python_servers() {
    check(&[
        (
            "2026-11-24 08:59:30,833 INFO orders.http: GET /cheaper 200 in 33.4 ms",
            Good,
            Some(33_400),
        ),
        (
            r#"INFO:     127.0.0.1:5000 - "GET /x HTTP/1.1" 200 OK"#,
            Good,
            None,
        ),
        (
            r#"INFO:     127.0.0.1:5000 - "POST /x?a=1 HTTP/1.1" 500 Internal Server Error"#,
            Bad,
            None,
        ),
        (
            r#"127.0.0.1 - - [24/Nov/2026:08:59:30 +0000] "GET / HTTP/1.1" 200 12 "-" "curl/8.5""#,
            Good,
            None,
        ),
        (
            r#"127.0.0.1 - - [24/Nov/2026 08:59:30] "GET / HTTP/1.1" 200 -"#,
            Good,
            None,
        ),
        (
            r#"INFO:werkzeug:127.0.0.1 - - [24/Nov/2026 08:59:30] "GET /x HTTP/1.1" 404 -"#,
            Good,
            None,
        ),
        (
            r#"2026-11-24 08:59:30,833 INFO werkzeug: 127.0.0.1 - - [24/Nov/2026 08:59:30] "GET /x HTTP/1.1" 500 -"#,
            Bad,
            None,
        ),
        (
            r#"[24/Nov/2026 08:59:30] "GET /admin/ HTTP/1.1" 302 0"#,
            Good,
            None,
        ),
        (
            r#"INFO 2026-11-24 08:59:30,833 basehttp 12 34 "GET /x HTTP/1.1" 503 145"#,
            Bad,
            None,
        ),
        (
            "[I 261124 08:59:30 web:2348] 200 GET /x (127.0.0.1) 1.23ms",
            Good,
            Some(1_230),
        ),
        (
            "[E 261124 08:59:30 web:2348] 500 GET /x (127.0.0.1) 1.23ms",
            Bad,
            Some(1_230),
        ),
        (
            r#"INFO:aiohttp.access:127.0.0.1 [24/Nov/2026:08:59:30 +0000] "GET / HTTP/1.1" 200 12 "-" "curl""#,
            Good,
            None,
        ),
        (
            r#"{"event":"request","http_status":500,"duration_seconds":0.12}"#,
            Bad,
            Some(120_000),
        ),
        (
            r#"{"event":"request_finished","status":200,"path":"/x","timestamp":"2026-11-24T08:59:30Z","level":"info"}"#,
            Good,
            None,
        ),
    ]);
}

/// An event is a request only if it says so.
#[test]
fn what_only_looks_like_a_request() {
    use shape_telemetry::Outcome::NotARequest;
    check(&[
        ("DEBUG app: cache lookup took 2ms", NotARequest, None),
        ("INFO app: rendering took 2ms", NotARequest, None),
        ("DEBUG app: step completed in 2ms", NotARequest, None),
        ("TRACE app: step failed after 2ms", NotARequest, None),
        ("DEBUG app: request took 2ms", Good, Some(2_000)),
        ("DEBUG app: request completed in 2ms", Good, Some(2_000)),
        ("INFO app: lookup took 2ms request_id=r1", Good, Some(2_000)),
        ("INFO app: order completed in 2ms", Good, Some(2_000)),
        ("INFO app: Performed MailJob in 12.5ms", Good, Some(12_500)),
    ]);
}

/// A request failed only if it says that something did.
#[test]
fn what_only_looks_like_a_failure() {
    check(&[
        (
            "INFO app: batch completed in 5ms, 0 failed",
            Good,
            Some(5_000),
        ),
        (
            "INFO app: batch completed in 5ms, 00 failed",
            Good,
            Some(5_000),
        ),
        (
            "INFO app: batch completed in 5ms, failed: 0",
            Good,
            Some(5_000),
        ),
        (
            "INFO app: batch completed in 5ms (failed: none)",
            Good,
            Some(5_000),
        ),
        (
            "INFO app: batch completed in 5ms failed=0",
            Good,
            Some(5_000),
        ),
        (
            "INFO app: batch completed in 5ms, 0 timed out",
            Good,
            Some(5_000),
        ),
        (
            "INFO app: batch completed in 5ms, none failed",
            Good,
            Some(5_000),
        ),
        (
            "INFO app: batch completed in 5ms, no order failed",
            Good,
            Some(5_000),
        ),
        (
            "INFO app: batch completed in 5ms without failure",
            Good,
            Some(5_000),
        ),
        (
            "INFO app: batch completed in 5ms with 0 errors",
            Good,
            Some(5_000),
        ),
        (
            "INFO app: batch completed in 5ms errors=0",
            Good,
            Some(5_000),
        ),
        (
            "INFO app: batch completed in 5ms, error: none",
            Good,
            Some(5_000),
        ),
        (
            "INFO app: batch completed in 5ms, no error",
            Good,
            Some(5_000),
        ),
        (
            "INFO app: batch has never failed, finished in 5ms",
            Good,
            Some(5_000),
        ),
        ("INFO app: error-report completed in 5ms", Good, Some(5_000)),
        ("INFO app: failover completed in 5ms", Good, Some(5_000)),
    ]);
}

#[test]
fn what_is_a_failure_in_words() {
    check(&[
        (
            "INFO app: batch completed in 5ms, 1 failed",
            Bad,
            Some(5_000),
        ),
        (
            "INFO app: batch completed in 5ms, 10 failed",
            Bad,
            Some(5_000),
        ),
        (
            "INFO app: batch completed in 5ms, failed: 3",
            Bad,
            Some(5_000),
        ),
        ("INFO app: batch not completed after 5ms", Bad, Some(5_000)),
        (
            "INFO app: batch could not be completed in 5ms",
            Bad,
            Some(5_000),
        ),
        (
            "INFO app: batch was never completed, gave up after 5ms",
            Bad,
            Some(5_000),
        ),
        ("INFO app: batch failed after 5ms", Bad, Some(5_000)),
        ("INFO app: batch 12 timed out after 5ms", Bad, Some(5_000)),
        ("ERROR app: batch completed in 5ms", Bad, Some(5_000)),
    ]);
}

#[test]
fn javascript_servers() {
    check(&[
        ("GET /x 200 5.123 ms - 12", Good, Some(5_123)),
        ("GET /x 500 12 - 5.123 ms", Bad, Some(5_123)),
        ("POST /orders 201 - - 0.42 ms", Good, Some(420)),
        ("  --> GET /x 200 12ms 1.2kb", Good, Some(12_000)),
        ("  xxx GET /x 500 12ms -", Bad, Some(12_000)),
        (
            r#"{"level":30,"time":1772366400000,"pid":1,"hostname":"h","req":{"id":1,"method":"GET","url":"/x"},"res":{"statusCode":200},"responseTime":1.25,"msg":"request completed"}"#,
            Good,
            Some(1_250),
        ),
        (
            r#"{"level":50,"time":1772366400000,"req":{"method":"GET","url":"/x"},"res":{"statusCode":500},"responseTime":3,"msg":"request errored"}"#,
            Bad,
            Some(3_000),
        ),
        (
            r#"{"level":"info","message":"GET /x","http":{"response":{"status_code":502},"request":{"method":"GET"}}}"#,
            Bad,
            None,
        ),
        (
            "2026-11-24T08:59:30.833Z info: HTTP GET /x 200 12ms",
            Good,
            Some(12_000),
        ),
    ]);
}

#[test]
fn go_servers() {
    check(&[
        (
            r#"[GIN] 2026/11/24 - 08:59:30 | 200 |     1.2ms |       127.0.0.1 | GET      "/x""#,
            Good,
            Some(1_200),
        ),
        (
            r#"[GIN] 2026/11/24 - 08:59:30 | 500 |  12.5µs |             ::1 | POST     "/pay""#,
            Bad,
            Some(12),
        ),
        (
            r#"{"time":"2026-11-24T08:59:30Z","id":"","remote_ip":"127.0.0.1","method":"GET","uri":"/","status":200,"error":"","latency":1200,"latency_human":"1.2µs","bytes_out":12}"#,
            Good,
            Some(1),
        ),
        (
            r#"2026/11/24 08:59:30 "GET http://localhost:3333/ HTTP/1.1" from 127.0.0.1:5000 - 200 12B in 1.2ms"#,
            Good,
            Some(1_200),
        ),
        (
            r#"{"time":"2026-11-24T08:59:30Z","level":"INFO","msg":"request","method":"GET","path":"/x","status":200,"duration":1200000}"#,
            Good,
            Some(1_200),
        ),
        (
            r#"{"time":"2026-11-24T08:59:30Z","level":"INFO","msg":"request","status":200,"latency":"1.2ms"}"#,
            Good,
            Some(1_200),
        ),
        (
            r#"{"time":"2026-11-24T08:59:30Z","level":"INFO","msg":"served","status":503,"elapsed_ms":7}"#,
            Bad,
            Some(7_000),
        ),
        (
            r#"{"level":"info","ts":1772366400.123,"caller":"api/server.go:42","msg":"request","status":200,"method":"GET","elapsed":0.0125}"#,
            Good,
            Some(12_500),
        ),
        (
            "time=2026-11-24T08:59:30Z level=INFO msg=request method=GET path=/x status=404 duration=1.2ms",
            Good,
            Some(1_200),
        ),
        (
            r#"{"level":"info","ts":1646861401.5241024,"logger":"http.log.access","msg":"handled request","request":{"method":"GET","uri":"/"},"duration":0.000929,"size":10900,"status":200}"#,
            Good,
            Some(929),
        ),
        (
            "2026/11/24 08:59:30 finished unary call with code OK grpc.time_ms=1.2",
            Good,
            Some(1_200),
        ),
        (
            r#"{"level":"error","ts":1772366400.5,"msg":"finished unary call with code Internal","grpc.code":"Internal","grpc.time_ms":3.5,"grpc.method":"Get"}"#,
            Bad,
            Some(3_500),
        ),
        (
            r#"{"level":"info","ts":1772366400.5,"msg":"finished call","grpc.code":"NotFound","grpc.time_ms":3.5}"#,
            Good,
            Some(3_500),
        ),
        (
            "08:59:30 | 200 | 1.2ms | 127.0.0.1 | GET | /x | -",
            Good,
            Some(1_200),
        ),
        ("method=GET path=/x code=200 took=0.004s", Good, Some(4_000)),
    ]);
}

#[test]
fn ruby_java_net_php_rust() {
    check(&[
        (
            "Completed 200 OK in 12ms (Views: 5.1ms | ActiveRecord: 1.2ms)",
            Good,
            Some(12_000),
        ),
        (
            "I, [2026-11-24T08:59:30.833123 #1234]  INFO -- : Completed 500 Internal Server Error in 8ms",
            Bad,
            Some(8_000),
        ),
        (
            "method=GET path=/x format=html controller=X action=y status=200 duration=12.34 view=5.1",
            Good,
            Some(12_340),
        ),
        (
            "2026-11-24 08:59:30.833 DEBUG 12 --- [main] o.s.w.servlet.DispatcherServlet : Completed 500 INTERNAL_SERVER_ERROR",
            Bad,
            None,
        ),
        (
            "2026-11-24 08:59:30.833 DEBUG 12 --- [main] o.s.w.servlet.DispatcherServlet : Completed 200 OK",
            Good,
            None,
        ),
        ("08:59:30.833 [info] Sent 200 in 12ms", Good, Some(12_000)),
        (
            "Request finished HTTP/1.1 GET http://localhost:5000/x - 200 0 text/plain 12.3456ms",
            Good,
            Some(12_345),
        ),
        (
            "Request finished in 12.5ms 500 text/plain",
            Bad,
            Some(12_500),
        ),
        (
            "[08:59:30 INF] HTTP GET /x responded 503 in 12.5000 ms",
            Bad,
            Some(12_500),
        ),
        (
            "[Tue Nov 24 08:59:30 2026] 127.0.0.1:5000 [200]: GET /x",
            Good,
            None,
        ),
        (
            "2026-11-24T08:59:30Z DEBUG request{method=GET uri=/x version=HTTP/1.1}: tower_http::trace::on_response: finished processing request latency=3 ms status=200",
            Good,
            Some(3_000),
        ),
        (
            r#"[2026-11-24T08:59:30Z INFO  actix_web::middleware::logger] 127.0.0.1 "GET / HTTP/1.1" 200 12 "-" "curl/8.5" 0.000123"#,
            Good,
            Some(123),
        ),
        ("   >> Outcome: Success(200 OK)", Good, None),
        ("   >> Outcome: Error(500 Internal Server Error)", Bad, None),
        (
            r#"{"@t":"2026-11-24T08:59:30Z","@mt":"HTTP {Method} responded","RequestMethod":"GET","RequestPath":"/x","StatusCode":200,"Elapsed":12.5}"#,
            Good,
            Some(12_500),
        ),
    ]);
}

#[test]
fn proxies() {
    check(&[
        (
            r#"127.0.0.1 - - [24/Nov/2026:08:59:30 +0000] "GET /x HTTP/1.1" 502 12 "-" "curl/8.5" 0.250"#,
            Bad,
            Some(250_000),
        ),
        (
            r#"10.0.0.1 - - [24/Nov/2026:08:59:30 +0000] "GET /x HTTP/2.0" 200 12 "-" "curl" rt=0.004 uct=0.001"#,
            Good,
            Some(4_000),
        ),
        (
            r#"Nov 24 08:59:30 localhost haproxy[14389]: 10.0.1.2:33317 [24/Nov/2026:08:59:30.655] http-in static/srv1 10/0/30/69/109 200 2750 - - ---- 1/1/1/1/0 0/0 {1wt.eu} {} "GET /index.html HTTP/1.1""#,
            Good,
            Some(109_000),
        ),
        (
            r#"[2026-11-24T08:59:30.123Z] "GET /x HTTP/1.1" 200 - 0 12 5 4 "-" "curl" "id" "host" "10.0.0.1:80""#,
            Good,
            Some(5_000),
        ),
        (
            r#"[2026-11-24T08:59:30.123Z] "GET /x HTTP/1.1" 503 UF via_upstream - "-" 0 12 25 - "-" "curl" "id" "host" "-""#,
            Bad,
            Some(25_000),
        ),
        (
            r#"127.0.0.1 - - [24/Nov/2026:08:59:30 +0000] "GET / HTTP/1.1" 200 12 "-" "curl" 1 "router@docker" "http://10.0.0.2:80" 5ms"#,
            Good,
            Some(5_000),
        ),
        (
            r#"{"DownstreamStatus":200,"Duration":1234567,"RequestMethod":"GET","RequestPath":"/","level":"info","msg":"","time":"2026-11-24T08:59:30Z"}"#,
            Good,
            Some(1_234),
        ),
        (
            r#"http 2026-11-24T08:59:30.186641Z app/my-lb/50dc6c495c0c9188 10.0.0.39:2817 10.0.0.1:80 0.000 0.001 0.000 200 200 34 366 "GET http://www.example.com:80/ HTTP/1.1" "curl/7.46.0" - - arn:aws:x"#,
            Good,
            Some(1_000),
        ),
        (
            r#"https 2026-11-24T08:59:30.186641Z app/my-lb/50dc6c495c0c9188 10.0.0.39:2817 - -1 -1 -1 502 - 34 366 "GET https://www.example.com:443/ HTTP/1.1" "curl/7.46.0" - - arn:aws:x"#,
            Bad,
            None,
        ),
    ]);
}

#[test]
fn sentences() {
    check(&[
        (
            "INFO shop: handled GET /orders/1 -> 503 (12.5ms)",
            Bad,
            Some(12_500),
        ),
        ("GET /orders/1 => 200 [4.7ms]", Good, Some(4_700)),
        ("INFO app: GET /x took 12ms", Good, Some(12_000)),
        ("INFO app: request took 31ms", Good, Some(31_000)),
        (
            "ERROR worker: job 17 failed after 2.3s",
            Bad,
            Some(2_300_000),
        ),
        (
            "INFO worker: job 17 failed after 2.3s",
            Bad,
            Some(2_300_000),
        ),
        ("task completed in 4.70ms", Good, Some(4_700)),
        ("order 12 processed in 0.31s", Good, Some(310_000)),
        ("POST /pay status=402 dur=18ms", Good, Some(18_000)),
        ("POST /pay status=500 dur=18ms", Bad, Some(18_000)),
        ("request failed: timeout after 30s", Bad, Some(30_000_000)),
        ("retry 3 completed in 5ms", Good, Some(5_000)),
        ("request timed out after 30s", Bad, Some(30_000_000)),
        (
            "2026-11-24 08:59:30 [INFO] api: POST /pay returned 500 after 1.5s",
            Bad,
            Some(1_500_000),
        ),
        (
            r#"{"message":"request","method":"GET","path":"/x","duration_ms":3}"#,
            Good,
            Some(3_000),
        ),
    ]);
}

#[test]
fn lines_that_report_no_request() {
    let mut wrong = Vec::new();
    for line in [
        "INFO app: listening on port 200",
        "2026-11-24 08:59:29,443 WARNING orders.prices: price index built in 18.9 ms for 40000 articles",
        "INFO app: 200 items loaded",
        "INFO app: retry 3 of 200",
        "INFO app: loaded 404 rules in 3 ms",
        r#"EventBus: Subscribed to "sequence-failed" (1 total subscribers)"#,
        r#"INFO app: Subscribed to "GET /x 500 in 3ms""#,
        r#"INFO app: user typed "request completed in 5ms status=500""#,
        "  <-- GET /x",
        "  --> GET /x",
        r#"Started GET "/x" for 127.0.0.1 at 2026-11-24 08:59:30 +0000"#,
        "Processing by OrdersController#show as HTML",
        r#"{"level":30,"time":1772366400000,"reqId":1,"req":{"method":"GET","url":"/x"},"msg":"incoming request"}"#,
        "INFO app: incoming request method=GET path=/x",
        "2026-11-24T08:59:30Z DEBUG request{method=GET uri=/x}: tower_http::trace::on_request: started processing request",
        "2026-11-24T08:59:30Z ERROR request{method=GET uri=/x}: shop::db: no connection left",
        "[GIN-debug] GET    /ping                     --> main.main.func1 (3 handlers)",
        "[GIN-debug] Listening and serving HTTP on :8080",
        "[Nest] 1234  - 11/24/2026, 8:59:30 AM     LOG [RouterExplorer] Mapped {/orders, GET} route +2ms",
        "WARN app: upload failed, retrying in 5s",
        "WARN app: Scheduling restart of failed service x in 1000ms",
        "WARN app: Failed to renew lease for [x] for 30 seconds. Will retry shortly ...",
        "WARN app: GET /x failed, retrying in 200 ms",
        "INFO app: calling GET https://example.com/x with timeout 500 ms",
        "INFO app: will retry in 500 ms",
        "INFO app: next run in 500 s",
        "INFO app: request timeout=30s max_connections=200",
        "INFO app: cache entry expires in 300 s",
        "INFO app: every 500 ms a request is sent",
        "Root WebApplicationContext: initialization completed in 1033 ms",
        "Started Application in 2.3 seconds (process running for 2.9)",
        "INFO app: startup completed in 812ms",
        "INFO gc: garbage collection finished in 12ms",
        "INFO app: reload done in 5ms",
        "process finished with exit status 137",
        "INFO app: sent 200 emails",
        "INFO app: returned 404 items",
        "INFO app: completed 200 of 500 steps",
        "INFO app: GET /items: 200 items cached",
        "INFO app: registered route GET /orders 3 handlers",
        "INFO app: config status=on code=200 workers=4",
        r#"{"level":"info","msg":"error code","code":500}"#,
        "WARN app: slow query took 512 ms",
        "WARN app: slow request GET /x took 900 ms",
        "WARN app: ResizeCanvas blocked main thread for 71.9ms events=31",
        "ERROR app: component lookup failed: no entry for id \"Text Field\" request_id=4",
        "INFO app: heap 512 MB used after 300 s",
        "INFO app: 10.0.0.200 connected",
        "INFO pool: connections 200 OK",
        "2026-11-24 08:59:30,833 INFO app: version 2.0.404 started in 512 ms",
    ] {
        let found = verdict(line);
        if found != (Outcome::NotARequest, None) {
            wrong.push(format!("{line}\n    {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}
