//! What calendar windows allow: months differ, clocks change, years leap (reference figures in minutes).

use shape_budget::{BudgetConfig, Exclusion, assess_slo};
use shape_sli::{Events, Indicator};
use shape_slo::{BudgetingMethod, Slo, Target};
use shape_telemetry::ComponentId;

/// The minutes that a window allows to be bad, as minutes of one slice each and in billionths of a minute.
#[track_caller]
fn check(window: &str, now: &str, minutes: u64, allowed_of_minutes: [(&str, u64); 3]) {
    for (target, allowed) in allowed_of_minutes {
        let target: Target = target.parse().unwrap();
        let component = ComponentId::new("canvas");
        let mut slo = Slo::new(
            &component,
            Indicator::Availability,
            target,
            window.parse().unwrap(),
        );
        let config = BudgetConfig::new();
        let mut assess = |method| {
            slo.method = method;
            assess_slo(
                &slo,
                &[],
                Events::NONE,
                60_000,
                now.parse().unwrap(),
                &config,
            )
            .unwrap()
        };
        let whole = assess(BudgetingMethod::Timeslices {
            slice_seconds: 60,
            slice_target: target,
        });
        let slices = whole.slices.unwrap();
        assert_eq!(slices.ahead + slices.no_data, minutes, "{window}");
        // At the first instant of a window all of it is ahead.
        assert_eq!(slices.no_data, 0, "{window}");
        assert_eq!(whole.allowed, allowed / 1_000_000_000, "{window} {target}");
        let exact = assess(BudgetingMethod::RatioTimeslices { slice_seconds: 60 });
        assert_eq!(exact.allowed, allowed, "{window} {target}");
    }
}

#[test]
fn months_years_and_clocks() {
    // 417.6, 41.76 and 0.4176 minutes.
    let leap = [
        ("99%", 417_600_000_000),
        ("99.9%", 41_760_000_000),
        ("99.999%", 417_600_000),
    ];
    check("calendar month UTC", "2024-02-01T00:00:00Z", 41_760, leap);
    let spring = [
        ("99%", 445_800_000_000),
        ("99.95%", 22_290_000_000),
        ("99.99%", 4_458_000_000),
    ];
    check(
        "calendar month America/New_York",
        "2026-03-01T05:00:00Z",
        44_580,
        spring,
    );
    let year = [
        ("99%", 5_256_000_000_000),
        ("99.5%", 2_628_000_000_000),
        ("99.9%", 525_600_000_000),
    ];
    check("calendar year UTC", "2025-01-01T00:00:00Z", 525_600, year);
    let leap_year = [
        ("99%", 5_270_400_000_000),
        ("99.5%", 2_635_200_000_000),
        ("99.9%", 527_040_000_000),
    ];
    check(
        "calendar year UTC",
        "2024-01-01T00:00:00Z",
        527_040,
        leap_year,
    );
    let autumn = [
        ("99%", 15_000_000_000),
        ("99.9%", 1_500_000_000),
        ("99.99%", 150_000_000),
    ];
    check(
        "calendar day Europe/Berlin",
        "2026-10-24T22:00:00Z",
        1_500,
        autumn,
    );
}

/// A nightly hour at half past two, in the night that has no half past two and in the one that has two of them.
#[test]
fn an_exclusion_over_a_change_of_clocks() {
    let nightly = |day: &str| {
        let start = format!("{day}T02:30:00").parse().unwrap();
        let rule = "FREQ=DAILY;COUNT=1".parse().unwrap();
        Exclusion::again("nightly", start, "Europe/Berlin", 3_600, rule).unwrap()
    };
    for (day, midnight, minutes) in [
        ("2026-03-29", "2026-03-28T23:00:00Z", 23 * 60 - 60),
        ("2026-10-25", "2026-10-24T22:00:00Z", 25 * 60 - 60),
    ] {
        let target = "99%".parse().unwrap();
        let window = "calendar day Europe/Berlin".parse().unwrap();
        let mut slo = Slo::new(
            &ComponentId::new("canvas"),
            Indicator::Availability,
            target,
            window,
        );
        slo.method = BudgetingMethod::RatioTimeslices { slice_seconds: 60 };
        let config = BudgetConfig::new().exclusions([nightly(day)]);
        let budget = assess_slo(
            &slo,
            &[],
            Events::NONE,
            60_000,
            midnight.parse().unwrap(),
            &config,
        )
        .unwrap();
        assert_eq!(budget.slices.unwrap().ahead, minutes, "{day}");
    }
}
