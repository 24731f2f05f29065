//! The report as a page: nothing from elsewhere, nothing that is not escaped, the same bytes for the same report.

use jiff::{SignedDuration, Timestamp};
use shape_budget::{BudgetConfig, BudgetPolicy, BudgetReport, BudgetRule, Exclusion, assess_slo};
use shape_compliance::{ComplianceReport, JudgeConfig, judge};
use shape_sli::{Events, Indicator, SliPoint};
use shape_slo::{Slo, SloSet, Window};
use shape_telemetry::{ComponentId, Period};

fn report(component: &str) -> ComplianceReport {
    let start: Timestamp = "2026-11-01T00:00:00Z".parse().unwrap();
    let minute = |minute: i64| start + SignedDuration::from_mins(minute);
    let slos = ["99.9%", "99.5%"].map(|target| {
        let mut slo = Slo::new(
            &ComponentId::new(component),
            Indicator::Availability,
            target.parse().unwrap(),
            Window::rolling_days(28),
        );
        slo.id = shape_slo::SloId::new(&format!("{component}/{target}"));
        slo
    });
    let promises = SloSet::new("studio", slos.to_vec()).ratify("the test", start);
    let points: Vec<SliPoint> = (0..20_000)
        .map(|n| SliPoint {
            start: minute(n),
            events: Events::from_good_bad(
                100 - u64::from(n % 20 == 0),
                u64::from(n % 20 == 0)
                    + if (15_000..15_090).contains(&n) {
                        100
                    } else {
                        0
                    },
            ),
        })
        .collect();
    let now = minute(20_000);
    let maintenance = Period {
        start: minute(5_000),
        end: minute(5_120),
    };
    let config = BudgetConfig::new()
        .exclusions([Exclusion::once("maintenance", maintenance).unwrap()])
        .budget_rules(BudgetRule::USUAL)
        .unwrap();
    let budgets = promises
        .slos
        .iter()
        .map(|slo| assess_slo(slo, &points, Events::NONE, 60_000, now, &config).unwrap());
    let budgets = BudgetReport {
        schema_version: BudgetReport::SCHEMA_VERSION,
        now,
        budgets: budgets.collect(),
    };
    let policy =
        r#"{"name": "<storefront>", "steps": [{"left_at_most": "0%", "allow": "reverts"}]}"#;
    let config = JudgeConfig::new().policies([BudgetPolicy::from_json(policy).unwrap()]);
    judge(&promises, &budgets, None, &config)
}

#[test]
fn a_page_stands_alone() {
    let report = report("canvas");
    let page = report.to_html();
    assert_eq!(page, self::report("canvas").to_html());
    let body = page.split_once("<body>").unwrap().1;
    for absent in [
        "<script", "src=", "href=", "url(", "style=", "onclick", "NaN", "inf",
    ] {
        assert!(!body.contains(absent), "{absent}");
    }
    assert_eq!(page.matches("<svg").count(), 2);
    for tag in ["section", "svg", "table", "p", "article", "span", "h2"] {
        let opened =
            page.matches(&format!("<{tag} ")).count() + page.matches(&format!("<{tag}>")).count();
        assert_eq!(opened, page.matches(&format!("</{tag}>")).count(), "{tag}");
    }
    for present in [
        "default-src 'none'; style-src 'sha256-",
        "prefers-color-scheme:dark",
        "Where it was spent",
        "Policy: ",
        "Left out: 2 h 0 min",
    ] {
        assert!(page.contains(present), "{present}");
    }
    // A chart of 20,000 points is a picture, not a data set.
    assert!(page.len() < 40_000, "{}", page.len());
}

#[test]
fn what_comes_from_outside_is_text() {
    let nasty = "<img onerror=\"x\">&'";
    let page = report(nasty).to_html();
    assert!(!page.contains("<img") && page.contains("&lt;img onerror=&quot;x&quot;&gt;&amp;&#39;"));
    assert!(page.contains("&lt;storefront&gt;"));
}

#[test]
fn an_incident_carries_cause_and_policy() {
    let report = report("canvas");
    let breach = report.breaches.first().unwrap();
    let cause = breach.cause.unwrap();
    // 100 failures a minute for 90 minutes: found, as exactly as the burndown's points.
    let outage: Timestamp = "2026-11-11T10:00:00Z".parse().unwrap();
    let over = outage + SignedDuration::from_mins(90);
    assert!(cause.period.start < over && outage < cause.period.end);
    assert!(cause.period.length().as_secs() < 4 * 3_600, "{cause}");
    assert!(4_997 <= cause.events.bad());
    let policy = breach.policy.as_ref().unwrap();
    assert_eq!(policy.allowed, shape_budget::Allowed::Reverts);
    let text = report.to_json().unwrap();
    assert_eq!(ComplianceReport::from_json(&text).unwrap(), report);
    let page = report.to_markdown();
    assert!(page.contains("Where it was spent: "));
    assert!(page.contains("Left out: 2 h 0 min with "), "{page}");
    // A page to look at, where one is asked for.
    if let Some(path) = std::env::var_os("SHAPE_PAGE") {
        std::fs::write(path, report.to_html()).unwrap();
    }
}
