//! Queries to an engine: a server of three lines that says what it is told to, and real Prometheus where it is installed.
#![cfg(feature = "prometheus-client")]
#![expect(clippy::print_stdout, reason = "why a comparison is skipped")]

use std::{
    fmt::Write as _,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    thread::JoinHandle,
    time::Duration,
};

use jiff::Timestamp;
use shape_sli::{ErrorKind, Events, PrometheusClient, QueriedSli, SliQuery};
use shape_telemetry::Period;

/// Answers so many requests, one after the other; gives back what was asked.
fn engine(answers: Vec<(u16, String)>) -> (String, JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let server = std::thread::spawn(move || {
        let answer = |(status, body): (u16, String)| {
            let (socket, _) = listener.accept().unwrap();
            asked(socket, status, &body)
        };
        answers.into_iter().map(answer).collect()
    });
    (address, server)
}

fn asked(socket: TcpStream, status: u16, body: &str) -> String {
    let mut reader = BufReader::new(socket);
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        if line.trim().is_empty() {
            break;
        }
        head.push_str(&line);
    }
    let mut form = vec![0; length];
    reader.read_exact(&mut form).unwrap();
    let length = body.len();
    let answer = format!(
        "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
    );
    reader.get_mut().write_all(answer.as_bytes()).unwrap();
    head + "\n" + &String::from_utf8(form).unwrap()
}

fn vector(value: &str) -> String {
    format!(
        r#"{{"status":"success","data":{{"resultType":"vector","result":[{{"metric":{{"a":"b"}},"value":[1795507200.5,"{value}"]}}]}}}}"#
    )
}

fn now() -> Timestamp {
    "2026-11-24T08:00:00Z".parse().unwrap()
}

fn evaluate(sli: &SliQuery, answers: &[(u16, &str)]) -> QueriedSli {
    let answers = answers
        .iter()
        .map(|(status, body)| (*status, (*body).to_owned()));
    let (address, server) = engine(answers.collect());
    let seen = sli.evaluate(&PrometheusClient::new(&address), now());
    server.join().unwrap();
    seen
}

#[test]
fn a_query_is_a_form_with_headers() {
    let (address, server) = engine(vec![(200, vector("1.5"))]);
    let client =
        PrometheusClient::new(&format!("{address}/prometheus/")).header("X-Scope-OrgID", "shop");
    let answer = client.query("sum(up{a=\"b & c\"})", now()).unwrap();
    assert_eq!(answer.total(), Some(1.5));
    assert_eq!(answer.series[0].labels["a"], "b");
    let time = answer.series[0].samples[0].time;
    assert_eq!(time, "2026-11-24T08:00:00.5Z".parse().unwrap());
    let asked = server.join().unwrap().remove(0);
    assert!(
        asked.starts_with("POST /prometheus/api/v1/query HTTP/1.1\r\n"),
        "{asked}"
    );
    assert!(
        asked.to_ascii_lowercase().contains("x-scope-orgid: shop"),
        "{asked}"
    );
    assert!(asked.contains("time=1795507200.000"), "{asked}");
    assert!(
        asked.contains("b+%26+c") || asked.contains("b%20%26%20c"),
        "{asked}"
    );
}

#[test]
fn whatever_is_not_sure_is_no_data() {
    let bad = SliQuery::of_bad("bad", "all");
    let good = SliQuery::of_good("good", "all");
    let (one, hundred) = (vector("1.2"), vector("99.7"));
    let seen = evaluate(&bad, &[(200, &one), (200, &hundred)]);
    assert_eq!(seen.events, Events::from_good_bad(99, 1));
    assert_eq!(seen.no_data, None);
    let seen = evaluate(&good, &[(200, &one), (200, &hundred)]);
    assert_eq!(seen.events, Events::from_good_bad(1, 99));

    let empty = r#"{"status":"success","data":{"resultType":"vector","result":[]}}"#;
    // No series of failures is no failure; no series of successes is no success.
    let seen = evaluate(&bad, &[(200, empty), (200, &hundred)]);
    assert_eq!(seen.events, Events::from_good_bad(100, 0));
    let nan = vector("NaN");
    let warned = r#"{"status":"success","warnings":["store a is down"],"data":{"resultType":"vector","result":[]}}"#;
    let partial =
        r#"{"status":"success","isPartial":true,"data":{"resultType":"vector","result":[]}}"#;
    let refused = r#"{"status":"error","errorType":"bad_data","error":"parse error"}"#;
    for (answers, reason) in [
        (
            vec![(200, &*one), (200, &*nan)],
            "no series, or a value that is not a number",
        ),
        (
            vec![(200, &*nan), (200, &*hundred)],
            "no series, or a value that is not a number",
        ),
        (
            vec![(200, &*one), (200, empty)],
            "no series, or a value that is not a number",
        ),
        (
            vec![(200, &*one), (200, warned)],
            "query `all`: store a is down",
        ),
        (vec![(200, partial)], "query `bad`: the answer is partial"),
        (
            vec![(400, refused)],
            "query `bad`: status 400 Bad Request, bad_data: parse error",
        ),
        (
            vec![(502, "<html>")],
            "query `bad`: status 502 Bad Gateway, the answer `<html>` is not one of a query engine",
        ),
    ] {
        let seen = evaluate(&bad, &answers);
        assert_eq!(seen.events, Events::NONE, "{reason}");
        let no_data = seen.no_data.unwrap();
        assert!(no_data.starts_with(reason), "{no_data}");
    }
    let seen = evaluate(&good, &[(200, empty), (200, &hundred)]);
    assert_eq!(seen.events, Events::NONE);
    let (no_bad, none) = (vector("0"), vector("0"));
    let seen = evaluate(&bad, &[(200, &no_bad), (200, &none)]);
    assert_eq!(seen.no_data.as_deref(), Some("no events"));
    let lenient = bad.accept_partial();
    let seen = evaluate(&lenient, &[(200, partial), (200, &hundred)]);
    assert_eq!(seen.events, Events::from_good_bad(100, 0));
}

#[test]
fn nobody_there_is_no_data() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let client = PrometheusClient::new(&address).timeout(Duration::from_millis(200));
    // It accepts, and says nothing.
    let seen = SliQuery::of_bad("bad", "all").evaluate(&client, now());
    assert_eq!(seen.events, Events::NONE);
    assert!(seen.no_data.unwrap().contains("timeout"));
    drop(listener);
    let error = client.query("up", now()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Query);
}

#[test]
fn a_range_has_points_where_there_are_data() {
    let matrix = |values: &str| {
        (
            200,
            format!(
                r#"{{"status":"success","data":{{"resultType":"matrix","result":[{{"metric":{{}},"values":[{values}]}}]}}}}"#
            ),
        )
    };
    let (address, server) = engine(vec![
        matrix(r#"[60,"1"],[180,"NaN"]"#),
        matrix(r#"[60,"10"],[120,"10"],[180,"10"],[240,"0"]"#),
    ]);
    let client = PrometheusClient::new(&address);
    let period = Period {
        start: Timestamp::from_second(60).unwrap(),
        end: Timestamp::from_second(240).unwrap(),
    };
    let sli = SliQuery::of_bad("bad", "all");
    let points = sli
        .evaluate_range(&client, period, Duration::from_secs(60))
        .unwrap();
    let seen: Vec<(i64, u64, u64)> = points
        .iter()
        .map(|point| {
            (
                point.start.as_second(),
                point.events.good(),
                point.events.bad(),
            )
        })
        .collect();
    assert_eq!(seen, [(60, 9, 1), (120, 10, 0)]);
    let asked = server.join().unwrap().remove(0);
    assert!(
        asked.contains("start=60.000&end=240.000&step=60"),
        "{asked}"
    );
}

struct Prometheus(Child);

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Real Prometheus, filled with the samples of a file that `promtool` makes blocks of.
#[test]
fn real_prometheus_answers() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    // Ten requests a minute, one of them bad, for an hour.
    let start = 1_700_000_000_u64;
    let mut text = String::from("# TYPE requests counter\n");
    for (code, step) in [("200", 9), ("500", 1)] {
        for minute in 0..=60 {
            let time = start + minute * 60;
            let count = minute * step;
            writeln!(text, "requests_total{{code=\"{code}\"}} {count} {time}").unwrap();
        }
    }
    std::fs::write(at("samples.txt"), text + "# EOF\n").unwrap();
    std::fs::write(at("prometheus.yml"), "scrape_configs: []\n").unwrap();
    let made = Command::new("promtool")
        .args(["tsdb", "create-blocks-from", "openmetrics"])
        .args([at("samples.txt"), at("data")])
        .stdout(Stdio::null())
        .status();
    if !made.is_ok_and(|status| status.success()) {
        println!("skipped: no promtool");
        return;
    }
    let port = {
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        free.local_addr().unwrap().port()
    };
    let child = Command::new("prometheus")
        .arg(format!("--config.file={}", at("prometheus.yml").display()))
        .arg(format!("--storage.tsdb.path={}", at("data").display()))
        .args(["--storage.tsdb.retention.time=100y", "--log.level=error"])
        .arg(format!("--web.listen-address=127.0.0.1:{port}"))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let Ok(child) = child else {
        println!("skipped: no prometheus");
        return;
    };
    let _prometheus = Prometheus(child);
    let client = PrometheusClient::new(&format!("http://127.0.0.1:{port}"));
    let end = Timestamp::from_second(i64::try_from(start + 3_600).unwrap()).unwrap();
    let mut is_up = false;
    for _ in 0..600 {
        is_up = client.query("vector(1)", end).is_ok();
        if is_up {
            break;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    assert!(is_up, "Prometheus did not come up in 30 s");
    let sli = SliQuery::of_bad(
        r#"sum(increase(requests_total{code="500"}[50m]))"#,
        "sum(increase(requests_total[50m]))",
    );
    let seen = sli.evaluate(&client, end);
    assert_eq!(seen.no_data, None);
    assert_eq!(seen.events, Events::from_good_bad(450, 50));
    // Before there was anything, and where nothing has such a name.
    let seen = sli.evaluate(&client, Timestamp::from_second(1_600_000_000).unwrap());
    assert_eq!(seen.events, Events::NONE);
    assert!(seen.no_data.is_some());
    let error = client.query("sum(", end).unwrap_err().to_string();
    assert!(
        error.contains("status 400") && error.contains("bad_data"),
        "{error}"
    );
    let period = Period {
        start: end
            .checked_sub(jiff::SignedDuration::from_mins(20))
            .unwrap(),
        end,
    };
    let minutes = SliQuery::of_bad(
        r#"sum(increase(requests_total{code="500"}[10m]))"#,
        "sum(increase(requests_total[10m]))",
    );
    let points = minutes
        .evaluate_range(&client, period, Duration::from_secs(600))
        .unwrap();
    assert_eq!(points.len(), 3);
    assert!(
        points
            .iter()
            .all(|point| point.events == Events::from_good_bad(90, 10))
    );
}
