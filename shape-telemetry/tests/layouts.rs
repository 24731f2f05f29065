//! The logger is the target and leaves the message, in the text layouts of seven languages.

use shape_telemetry::{Level, Level::Error, Level::Info, Level::Warn, Reader, Sink};

/// A line, its level, its target and its message.
type Case = (
    &'static str,
    Option<Level>,
    Option<&'static str>,
    &'static str,
);

#[track_caller]
fn check(time: bool, cases: &[Case]) {
    let reader = Reader::new().reference("2026-11-24T12:00:00Z".parse().unwrap());
    let mut wrong = Vec::new();
    for &(line, level, target, message) in cases {
        let record = reader.parse_line(line);
        let found = (record.level, record.target.as_deref(), &*record.message);
        if found != (level, target, message) || record.time.is_some() != time {
            wrong.push(format!(
                "{line}\n    {found:?} {:?} {:?}",
                record.time, record.format
            ));
        }
        if let Some(time) = record.time {
            assert!(time.to_string().starts_with("2026-11-24T"), "{line}");
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn python() {
    check(
        true,
        &[
            (
                "2026-11-24 08:59:29,443 WARNING orders.prices: price index built in 18.9 ms for 40000 articles",
                Some(Warn),
                Some("orders.prices"),
                "price index built in 18.9 ms for 40000 articles",
            ),
            (
                "2026-11-24 08:59:30,833 INFO orders.http: GET /cheaper 200 in 33.4 ms",
                Some(Info),
                Some("orders.http"),
                "GET /cheaper 200 in 33.4 ms",
            ),
            (
                "2026-11-24 08:59:30,833 CRITICAL orders: out of stock",
                Some(Level::Fatal),
                Some("orders"),
                "out of stock",
            ),
            (
                "2026-11-24 08:59:30,833 - orders.http - INFO - ready",
                Some(Info),
                Some("orders.http"),
                "ready",
            ),
            (
                "2026-11-24 08:59:30,833 [WARNING] orders.http: late",
                Some(Warn),
                Some("orders.http"),
                "late",
            ),
            (
                "2026-11-24 08:59:30,833 INFO [orders.http] ready",
                Some(Info),
                Some("orders.http"),
                "ready",
            ),
            (
                "[2026-11-24 08:59:30,833] WARNING in app: late",
                Some(Warn),
                Some("app"),
                "late",
            ),
            (
                "[2026-11-24 08:59:30 +0000] [1234] [INFO] Booting worker",
                Some(Info),
                None,
                "Booting worker",
            ),
            (
                "2026-11-24 08:59:30.833 | WARNING  | orders.prices:build:42 - built",
                Some(Warn),
                Some("orders.prices"),
                "built",
            ),
            (
                "[2026-11-24 08:59:30,833: WARNING/MainProcess] late",
                Some(Warn),
                None,
                "late",
            ),
            (
                "2026-11-24 08:59:30 [warning  ] price index built              [orders.prices] articles=4",
                Some(Warn),
                Some("orders.prices"),
                "price index built",
            ),
            (
                "WARNING 2026-11-24 08:59:30,833 prices 1234 5678 built",
                Some(Warn),
                Some("prices"),
                "built",
            ),
            (
                "WARNING 2026-11-24 08:59:30,833 orders.prices: built",
                Some(Warn),
                Some("orders.prices"),
                "built",
            ),
        ],
    );
    check(
        false,
        &[
            (
                "WARNING:orders.prices:built",
                Some(Warn),
                Some("orders.prices"),
                "built",
            ),
            (
                "WARNING orders.prices: built",
                Some(Warn),
                Some("orders.prices"),
                "built",
            ),
        ],
    );
}

#[test]
fn node() {
    check(
        true,
        &[
            (
                "2026-11-24T08:59:30.833Z [orders] warn: late",
                Some(Warn),
                Some("orders"),
                "late",
            ),
            (
                "2026-11-24T08:59:30.833Z warn: late",
                Some(Warn),
                None,
                "late",
            ),
            (
                "2026-11-24T08:59:30.833Z warn [orders]: late",
                Some(Warn),
                Some("orders"),
                "late",
            ),
            (
                "[Nest] 1234  - 11/24/2026, 8:59:30 AM    WARN [PricesService] built +2ms",
                Some(Warn),
                Some("PricesService"),
                "built",
            ),
            (
                "[2026-11-24T08:59:30.833] [WARN] prices - built",
                Some(Warn),
                Some("prices"),
                "built",
            ),
            (
                "[08:59:30.833] WARN (prices/1234): built",
                Some(Warn),
                Some("prices"),
                "built",
            ),
            (
                "[08:59:30.833] WARN (1234): built",
                Some(Warn),
                None,
                "built",
            ),
        ],
    );
    check(
        false,
        &[("warn: prices: built", Some(Warn), Some("prices"), "built")],
    );
}

#[test]
fn java() {
    check(
        true,
        &[
            (
                "08:59:30.833 [main] WARN  c.e.Prices - built",
                Some(Warn),
                Some("c.e.Prices"),
                "built",
            ),
            (
                "2026-11-24 08:59:30,833 WARN [main] c.e.Prices: built",
                Some(Warn),
                Some("c.e.Prices"),
                "built",
            ),
            (
                "2026-11-24 08:59:30,833 WARN c.e.Prices:42 - built",
                Some(Warn),
                Some("c.e.Prices"),
                "built",
            ),
            (
                "2026-11-24 08:59:30 WARN  Prices:42 - built",
                Some(Warn),
                Some("Prices"),
                "built",
            ),
            (
                "2026-11-24 08:59:30,833 WARN  c.e.Prices - built",
                Some(Warn),
                Some("c.e.Prices"),
                "built",
            ),
            (
                "2026-11-24 08:59:30,833 WARN  [c.e.Prices] (main) built",
                Some(Warn),
                Some("c.e.Prices"),
                "built",
            ),
            (
                "2026-11-24 08:59:30,833 [main] WARN  c.e.Prices - built",
                Some(Warn),
                Some("c.e.Prices"),
                "built",
            ),
            (
                "2026-11-24T08:59:30.833Z  WARN 12 --- [app] [main] c.e.Prices : built",
                Some(Warn),
                Some("c.e.Prices"),
                "built",
            ),
            (
                "24-Nov-2026 08:59:30.833 WARNING [main] org.a.Prices.build built",
                Some(Warn),
                Some("org.a.Prices"),
                "built",
            ),
        ],
    );
}

#[test]
fn go() {
    check(
        true,
        &[
            ("2026/11/24 08:59:30 main.go:42: built", None, None, "built"),
            (
                "2026/11/24 08:59:30 WARN built articles=4",
                Some(Warn),
                None,
                "built",
            ),
            (
                "2026-11-24T08:59:30.833Z\tWARN\tprices\torders/prices.go:42\tbuilt\t{\"articles\": 4}",
                Some(Warn),
                Some("prices"),
                "built",
            ),
            (
                "2026-11-24T08:59:30.833Z\tWARN\torders/prices.go:42\tbuilt",
                Some(Warn),
                None,
                "built",
            ),
            (
                "2026-11-24T08:59:30Z WRN built articles=4",
                Some(Warn),
                None,
                "built",
            ),
            (
                "WARN[2026-11-24T08:59:30Z] built    articles=4",
                Some(Warn),
                None,
                "built",
            ),
            (
                r#"time="2026-11-24T08:59:30Z" level=warning msg=built logger=prices"#,
                Some(Warn),
                Some("prices"),
                "built",
            ),
        ],
    );
    check(
        false,
        &[("WARN[0012] built    articles=4", Some(Warn), None, "built")],
    );
}

#[test]
fn ruby_net_php() {
    check(
        true,
        &[
            (
                "W, [2026-11-24T08:59:30.833123 #1234]  WARN -- prices: built",
                Some(Warn),
                Some("prices"),
                "built",
            ),
            (
                "I, [2026-11-24T08:59:30.833123 #1234]  INFO -- : built",
                Some(Info),
                None,
                "built",
            ),
            (
                "2026-11-24 08:59:30 warn: Orders.Prices[0] built",
                Some(Warn),
                Some("Orders.Prices"),
                "built",
            ),
            (
                "2026-11-24 08:59:30.833 +00:00 [WRN] Orders.Prices: built",
                Some(Warn),
                Some("Orders.Prices"),
                "built",
            ),
            (
                "2026-11-24 08:59:30.833 +00:00 [WRN] built",
                Some(Warn),
                None,
                "built",
            ),
            ("[08:59:30 WRN] built", Some(Warn), None, "built"),
            (
                "2026-11-24 08:59:30.8330|WARN|Orders.Prices|built",
                Some(Warn),
                Some("Orders.Prices"),
                "built",
            ),
            (
                "2026-11-24 08:59:30,833 [1] WARN  Orders.Prices - built",
                Some(Warn),
                Some("Orders.Prices"),
                "built",
            ),
            (
                r#"[2026-11-24T08:59:30.833123+00:00] prices.WARNING: built {"articles":4} []"#,
                Some(Warn),
                Some("prices"),
                "built",
            ),
            (
                "[2026-11-24 08:59:30] production.ERROR: no price",
                Some(Error),
                Some("production"),
                "no price",
            ),
            (
                "[24-Nov-2026 08:59:30 UTC] PHP Warning:  no price in /srv/prices.php on line 42",
                Some(Warn),
                None,
                "no price",
            ),
        ],
    );
    check(
        false,
        &[(
            "warn: Orders.Prices[0]",
            Some(Warn),
            Some("Orders.Prices"),
            "",
        )],
    );
}

#[derive(Default)]
struct Kept(Vec<(Option<String>, String)>);

impl Sink for Kept {
    fn event(&mut self, event: &shape_telemetry::Event<'_>) {
        let target = event.record.target.as_deref().map(str::to_owned);
        self.0.push((target, event.record.message.to_string()));
    }
}

#[test]
fn the_console_of_net_writes_two_lines() {
    let log =
        "warn: Orders.Prices[0]\n      price index built\ninfo: Orders.Http[1]\n      ready\n";
    let mut kept = Kept::default();
    let summary = Reader::new().read("orders.log", log.as_bytes(), &mut kept);
    let expected = [
        ("Orders.Prices", "price index built"),
        ("Orders.Http", "ready"),
    ];
    let expected: Vec<_> = expected
        .iter()
        .map(|&(target, message)| (Some(target.to_owned()), message.to_owned()))
        .collect();
    assert_eq!(kept.0, expected);
    assert_eq!((summary.lines.total, summary.lines.unparsed), (4, 0));
}

#[test]
fn sentences_are_no_loggers() {
    check(
        true,
        &[
            (
                "2026-11-24 08:59:30,833 WARNING no price for this article: using the old one",
                Some(Warn),
                None,
                "no price for this article: using the old one",
            ),
            (
                "2026-11-24 08:59:30 ERROR ValueError: no price",
                Some(Error),
                None,
                "ValueError: no price",
            ),
            (
                "2026-11-24 08:59:30 WARNING failed: no price",
                Some(Warn),
                None,
                "failed: no price",
            ),
        ],
    );
}
