//! Rules of the user: which component a record belongs to, and what it says about a request.

use shape_telemetry::{
    Collector, CollectorConfig, ComponentRule, Outcome, Outcome::*, OutcomeRule, Reader,
};

fn rules(json: &str) -> Vec<OutcomeRule> {
    serde_json::from_str(json).unwrap()
}

#[track_caller]
fn check(json: &str, cases: &[(&str, Outcome)]) {
    let config = CollectorConfig::new()
        .component_rules([ComponentRule::target("checkout", "shop::cart*")])
        .outcome_rules(rules(json));
    for &(line, outcome) in cases {
        let record = Reader::new().parse_line(line);
        assert_eq!(
            config.verdict(&record, "shop.log").outcome,
            outcome,
            "{line}"
        );
        // What is measured is what the verdict says.
        let mut collector = Collector::new(config.clone());
        collector.read("shop.log", format!("{line}\n").as_bytes());
        let (measurements, _) = collector.finish();
        let totals = measurements
            .components
            .keys()
            .map(|component| measurements.totals(component.as_str(), None))
            .fold((0, 0), |sum, totals| {
                (sum.0 + totals.good, sum.1 + totals.bad)
            });
        let expected = match outcome {
            Good => (1, 0),
            Bad => (0, 1),
            NotARequest => (0, 0),
        };
        assert_eq!(totals, expected, "{line}");
    }
}

#[test]
fn by_field() {
    check(
        r#"[{ "outcome": "bad", "when": { "field": "cache", "equals": "miss*" } }]"#,
        &[
            ("INFO shop: GET /a 200 in 1ms cache=miss", Bad),
            ("INFO shop: GET /a 200 in 1ms cache=missed", Bad),
            ("INFO shop: GET /a 200 in 1ms cache=hit", Good),
            ("INFO shop: GET /a 200 in 1ms", Good),
            ("INFO shop: cache miss", NotARequest),
        ],
    );
}

#[test]
fn by_template() {
    check(
        r#"[{ "outcome": "good", "template": "order <*> left in <*>" },
            { "outcome": "not_a_request", "template": "GET <*> *" }]"#,
        &[
            ("INFO shop: order 17 left in 3ms", Good),
            ("ERROR shop: order 18 left in 3ms", Good),
            ("INFO shop: order 17 left in 3ms again", NotARequest),
            ("INFO shop: GET /a 503 in 1ms", NotARequest),
            ("INFO shop: POST /a 503 in 1ms", Bad),
        ],
    );
}

#[test]
fn by_component_as_the_rules_for_components_name_it() {
    check(
        r#"[{ "outcome": "not_a_request", "component": "checkout" },
            { "outcome": "bad", "component": "he?lth", "when": { "min_level": "warn" } }]"#,
        &[
            ("INFO shop::cart::api: GET /a 200 in 1ms", NotARequest),
            ("INFO shop::cartoons: GET /a 200 in 1ms", NotARequest),
            ("INFO shop::list: GET /a 200 in 1ms", Good),
            ("INFO shop::health: GET /a 200 in 1ms", Good),
            ("WARN shop::health: GET /a 200 in 1ms", Bad),
        ],
    );
}

/// The first rule that fits wins; what no rule says the line does.
#[test]
fn the_first_rule_wins() {
    check(
        r#"[{ "outcome": "good", "when": { "message": "*expected*" } },
            { "outcome": "bad", "when": { "message": "*refused*" } },
            { "outcome": "not_a_request", "when": { "file": "other.log" } }]"#,
        &[
            ("INFO shop: refused as expected", Good),
            ("INFO shop: refused", Bad),
            ("INFO shop: GET /a 503 in 1ms", Bad),
            ("INFO shop: nothing", NotARequest),
        ],
    );
    check(
        r#"[{ "outcome": "bad" }, { "outcome": "good" }]"#,
        &[("INFO shop: whatever", Bad)],
    );
}

/// A latency is only that of a request, and a request of a rule has that of its line.
#[test]
fn latencies() {
    let config = CollectorConfig::new().outcome_rules(rules(
        r#"[{ "outcome": "good", "template": "order <*> left in <*>" },
            { "outcome": "not_a_request", "component": "health" }]"#,
    ));
    let latency = |line| config.verdict(&Reader::new().parse_line(line), "x").latency;
    let ms = std::time::Duration::from_millis;
    assert_eq!(latency("INFO shop: order 17 left in 3ms"), Some(ms(3)));
    assert_eq!(latency("INFO a::health: GET /up 200 in 3ms"), None);
}

#[test]
fn what_is_not_known_is_an_error() {
    let wrong = [
        r#"[{ "outcome": "fine" }]"#,
        r#"[{ "outcome": "bad", "componet": "a" }]"#,
        r#"[{ "when": {} }]"#,
    ];
    for json in wrong {
        assert!(
            serde_json::from_str::<Vec<OutcomeRule>>(json).is_err(),
            "{json}"
        );
    }
}
