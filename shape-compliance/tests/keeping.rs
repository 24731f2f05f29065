//! Histories and settlements.

use std::fs;

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use shape_budget::{BudgetConfig, Exclusion};
use shape_compliance::{Contract, CreditTier, ErrorKind, Fact, History, HistoryFile, UptimeMethod};
use shape_sli::{Events, Indicator, SliPoint};
use shape_slo::{Slo, SloId, Target, Window};
use shape_telemetry::{ComponentId, Period};

fn at(minute: i64) -> Timestamp {
    let start: Timestamp = "2026-11-24T08:00:00Z".parse().unwrap();
    start + SignedDuration::from_mins(minute)
}

fn promise(target: &str) -> Slo {
    Slo::new(
        &ComponentId::new("canvas"),
        Indicator::Availability,
        target.parse().unwrap(),
        Window::Rolling { seconds: 3_600 },
    )
}

fn id() -> SloId {
    promise("99%").id
}

fn counts(minute: i64, good: u64, bad: u64) -> Fact {
    Fact::Counts {
        slo: id(),
        start: at(minute),
        events: Events::from_good_bad(good, bad),
    }
}

fn promised(from: i64, target: &str) -> Fact {
    Fact::Promise {
        from: at(from),
        slo: Box::new(promise(target)),
    }
}

#[track_caller]
fn remaining(history: &History, minute: i64, known: i64) -> Option<i64> {
    let answer = history
        .budget_at(&id(), at(minute), at(known), &BudgetConfig::new())
        .unwrap();
    answer.map(|answer| answer.budget.remaining)
}

#[test]
fn a_question_has_an_answer_as_known_then_and_as_known_now() {
    let mut history = History::new(60_000);
    for (known, fact) in [
        (0, promised(0, "99%")),
        (1, counts(0, 980, 20)),
        (2, counts(1, 1_000, 0)),
        // 20 events of minute 0 come late.
        (10, counts(0, 20, 0)),
        // The target is lowered from minute 30 on, known beforehand.
        (20, promised(30, "98%")),
        (
            40,
            Fact::Excluded {
                exclusion: Box::new(
                    Exclusion::once(
                        "test",
                        Period {
                            start: at(0),
                            end: at(1),
                        },
                    )
                    .unwrap(),
                ),
            },
        ),
        (
            50,
            Fact::Withdrawn {
                exclusion: "test".to_owned(),
                reason: "it was none".to_owned(),
            },
        ),
        // Told on the next day.
        (
            1_440,
            Fact::Correction {
                slo: id(),
                start: at(0),
                events: Events::from_good_bad(1_010, 10),
                reason: "retries".to_owned(),
            },
        ),
    ] {
        history.add(at(known), fact).unwrap();
    }
    assert_eq!(remaining(&history, -1, 1_440), None); // nothing was promised yet
    assert_eq!(remaining(&history, 5, 5), Some(0)); // 20 allowed of 2,000
    assert_eq!(remaining(&history, 5, 10), Some(0)); // 20.2 of 2,020
    assert_eq!(remaining(&history, 29, 30), Some(0));
    assert_eq!(remaining(&history, 30, 30), Some(20)); // 40.4
    assert_eq!(remaining(&history, 45, 45), Some(20)); // without minute 0: 2 % of 1,000
    assert_eq!(remaining(&history, 45, 50), Some(20));
    assert_eq!(remaining(&history, 45, 2_000), Some(30)); // as known now
    assert_eq!(remaining(&history, 61, 1_439), Some(20)); // minute 0 has left the window
    let answer = history
        .budget_at(&id(), at(45), at(2_000), &BudgetConfig::new())
        .unwrap()
        .unwrap();
    let because = answer.because.join("\n");
    for part in [
        "the promise is canvas/availability >= 98% over 1h, known since 2026-11-24T08:20:00Z",
        "corrected (entry 8 of 2026-11-25T08:00:00Z): 2026-11-24T08:00:00Z has 10 of 1,020 events bad, not 20 of 1,020: retries",
        "exclusion `test` was withdrawn (entry 7 of 2026-11-24T08:50:00Z): it was none",
        "10 of 10 bad events between",
    ] {
        assert!(because.contains(part), "{part} in\n{because}");
    }
    let error = history.add(at(0), promised(0, "99%")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::History);
}

#[test]
fn a_file_keeps_what_it_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(History::FILE_NAME);
    let mut file = HistoryFile::open(&path, 60_000).unwrap();
    file.append(at(0), [promised(0, "99%")]).unwrap();
    file.append(at(1), [counts(0, 980, 20), counts(1, 1, 0)])
        .unwrap();
    assert!(file.append(at(0), [counts(2, 1, 0)]).is_err());
    let written = file.history().clone();
    drop(file);
    assert_eq!(
        *HistoryFile::open(&path, 60_000).unwrap().history(),
        written
    );

    // Torn after any byte: whole lines are kept, the rest is cut off and counted, and writing goes on.
    let bytes = fs::read(&path).unwrap();
    for kept in 0..bytes.len() {
        fs::write(&path, &bytes[..kept]).unwrap();
        let mut file = HistoryFile::open(&path, 60_000).unwrap();
        let whole = bytes[..kept]
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(0, |at| at + 1);
        assert_eq!(file.cut_bytes(), u64::try_from(kept - whole).unwrap());
        let n = file.history().entries().len();
        assert_eq!(file.history().entries(), &written.entries()[..n]);
        file.append(at(5), [counts(4, 7, 7)]).unwrap();
        drop(file);
        assert_eq!(
            HistoryFile::open(&path, 60_000)
                .unwrap()
                .history()
                .entries()
                .len(),
            n + 1
        );
    }
    // A changed or a missing line in the middle is an error with its number.
    let text = String::from_utf8(bytes).unwrap();
    for (damaged, line) in [
        (text.replace("980", "990"), "line 3"),
        (
            text.replacen(text.split_inclusive('\n').nth(1).unwrap(), "", 1),
            "line 2",
        ),
        (text.replacen(' ', "", 1), "line 1"),
    ] {
        fs::write(&path, damaged).unwrap();
        let error = HistoryFile::open(&path, 60_000).unwrap_err().to_string();
        assert!(error.contains(line), "{line}: {error}");
    }
    fs::write(&path, &text).unwrap();
    let error = HistoryFile::open(&path, 1_000).unwrap_err().to_string();
    assert!(
        error.contains("expected version 1 with buckets of 1000 ms"),
        "{error}"
    );
}

fn any_fact() -> impl Strategy<Value = Fact> {
    let bucket = (0_i64..50, 0_u64..100, 0_u64..5);
    prop_oneof![
        4 => bucket.clone().prop_map(|(minute, good, bad)| counts(minute, good, bad)),
        1 => bucket.prop_map(|(minute, good, bad)| Fact::Correction {
            slo: id(), start: at(minute), events: Events::from_good_bad(good, bad), reason: "x".to_owned(),
        }),
        1 => (0_i64..50, prop::sample::select(vec!["90%", "99%", "99.9%"])).prop_map(|(from, target)| promised(from, target)),
        1 => (0_i64..50, 1_i64..20).prop_map(|(from, length)| Fact::Excluded { exclusion: Box::new(
            Exclusion::once("test", Period { start: at(from), end: at(from + length) }).unwrap()) }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// What was known then is what a history that ended then says; nothing that is told later changes it. And a slow
    /// reckoning over the facts agrees.
    #[test]
    fn the_past_is_not_rewritten(
        facts in prop::collection::vec((any_fact(), 0_i64..3), 1..40),
        ask in 0_i64..60,
        known in 0_i64..120,
    ) {
        let mut now = 0;
        let mut whole = History::new(60_000);
        let mut then = History::new(60_000);
        let mut all: Vec<Fact> = Vec::new();
        for (fact, wait) in facts {
            now += wait;
            whole.add(at(now), fact.clone()).unwrap();
            if now <= known {
                then.add(at(now), fact.clone()).unwrap();
                all.push(fact);
            }
        }
        let config = BudgetConfig::new();
        let one = whole.budget_at(&id(), at(ask), at(known), &config).unwrap();
        let other = then.budget_at(&id(), at(ask), at(known), &config).unwrap();
        prop_assert_eq!(&one, &other);

        let mut target: Option<(i64, Target)> = None;
        let mut minutes = vec![Events::NONE; 60];
        let mut out = (0_i64, 0_i64);
        let minute = |time: Timestamp| time.duration_since(at(0)).as_mins();
        for fact in &all {
            match fact {
                Fact::Promise { from, slo } => {
                    let from = minute(*from);
                    if from <= ask && target.is_none_or(|(known, _)| known <= from) {
                        target = Some((from, slo.target));
                    }
                }
                Fact::Counts { start, events, .. } => minutes[usize::try_from(minute(*start)).unwrap()] += *events,
                Fact::Correction { start, events, .. } => minutes[usize::try_from(minute(*start)).unwrap()] = *events,
                Fact::Excluded { exclusion } => {
                    let all = Period { start: at(-100), end: at(1_000) };
                    let times = exclusion.periods_in(all).unwrap()[0];
                    out = (minute(times.start), minute(times.end));
                }
                _ => {}
            }
        }
        let events: Events = (0..ask)
            .filter(|at| !(out.0 <= *at && *at < out.1))
            .map(|at| minutes[usize::try_from(at).unwrap()])
            .sum();
        prop_assert_eq!(one.is_some(), target.is_some());
        if let (Some(answer), Some((_, target))) = (one, target) {
            prop_assert_eq!(answer.budget.events, events);
            prop_assert_eq!(answer.slo.target, target);
        }
    }
}

fn month() -> Period {
    let window: Window = "calendar month UTC".parse().unwrap();
    window
        .period_at("2026-11-10T00:00:00Z".parse().unwrap())
        .unwrap()
}

/// `events` in each stretch of so many seconds of the month.
fn month_of(seconds: u64, events: impl Fn(u64) -> (u64, u64)) -> Vec<SliPoint> {
    let month = month();
    (0..month.length().as_secs() / seconds)
        .map(|n| {
            let (good, bad) = events(n);
            SliPoint {
                start: month.start + std::time::Duration::from_secs(n * seconds),
                events: Events::from_good_bad(good, bad),
            }
        })
        .collect()
}

#[track_caller]
fn credit(contract: &Contract, points: &[SliPoint], exclusions: &[Exclusion]) -> Option<u8> {
    let settled = contract
        .settle(points, month(), exclusions, 100_000)
        .unwrap();
    assert!(settled.explanation.contains(contract.name()));
    settled.credit_percent
}

/// The mean of the slices is exact: 8,640 slices, of which thirds and sevenths add up to the boundary and not past it.
#[test]
fn boundaries_are_met_exactly_by_fractions() {
    let s3 = Contract::amazon_s3_standard();
    // 0.1 % of 8,640 slices are 8.64: 26 thirds are 8.667, 25 thirds and 6/25 more are not.
    let thirds = |n: u64, last: (u64, u64)| {
        month_of(300, move |slice| match slice {
            slice if slice < n => (2, 1),
            slice if slice == n => last,
            _ => (5, 0),
        })
    };
    assert_eq!(credit(&s3, &thirds(26, (5, 0)), &[]), Some(10));
    assert_eq!(credit(&s3, &thirds(25, (5, 0)), &[]), Some(0));
    // 25/3 + x = 8.64 for x = 23/75: exactly 99.9 %.
    assert_eq!(credit(&s3, &thirds(25, (52, 23)), &[]), Some(0));
    assert_eq!(credit(&s3, &thirds(25, (51, 24)), &[]), Some(10));
    let exact = s3
        .settle(&thirds(25, (52, 23)), month(), &[], 100_000)
        .unwrap();
    assert_eq!(exact.uptime_ppb, Some(999_000_000));
    // A busy slice weighs no more than a quiet one, and one without requests has no errors.
    let busy = month_of(300, |slice| {
        if slice == 0 {
            (0, 1_000_000)
        } else {
            (u64::from(slice % 2 == 0), 0)
        }
    });
    assert_eq!(credit(&s3, &busy, &[]), Some(0));
    assert_eq!(
        credit(
            &Contract::new("by requests", s3.tiers().to_vec()).unwrap(),
            &busy,
            &[]
        ),
        Some(100)
    );
    assert_eq!(credit(&s3, &[], &[]), None);
}

/// Many different denominators, against floating point far from a boundary.
#[test]
fn many_fractions_add_up() {
    let points = month_of(300, |slice| {
        (slice * 7_919 % 9_973 + 1, slice * 104_729 % 97)
    });
    let mean: f64 = points
        .iter()
        .map(|point| point.events.error_ratio().unwrap())
        .sum::<f64>()
        / 8_640.0;
    let settled = Contract::amazon_s3_standard()
        .settle(&points, month(), &[], 1)
        .unwrap();
    let seen = f64::from(settled.uptime_ppb.unwrap()) / 1e9;
    assert!((seen - (1.0 - mean)).abs() < 2e-9, "{seen} {mean}");
}

#[test]
fn minutes_count_whole_and_in_a_row() {
    let tiers = Contract::google_interconnect().tiers().to_vec();
    let of = |in_a_row, down: &[u64]| {
        let up_from = "50%".parse().unwrap();
        let contract = Contract::new("rows", tiers.clone()).unwrap();
        let contract = contract.counting(UptimeMethod::Minutes { up_from, in_a_row });
        let points = month_of(60, |minute| {
            if down.contains(&minute) {
                (4, 6)
            } else {
                (5, 5)
            }
        });
        let settled = contract.settle(&points, month(), &[], 0).unwrap();
        // 43,200 minutes: every one down is 0.0023148 %.
        (1_000_000_000 - u64::from(settled.uptime_ppb.unwrap())).div_ceil(23_149)
    };
    assert_eq!(of(1, &[0, 5, 6, 7, 43_199]), 5);
    assert_eq!(of(2, &[0, 5, 6, 7, 43_199]), 3);
    assert_eq!(of(3, &[5, 6, 7, 9, 10]), 3);
    assert_eq!(of(4, &[5, 6, 7, 9, 10]), 0);
    // Half a minute down is no whole minute; buckets of a second add up to minutes.
    let compute = Contract::aws_compute_region();
    let halves = month_of(30, |half| {
        if half % 2 == 0 && half < 20_000 {
            (0, 1)
        } else {
            (1, 0)
        }
    });
    assert_eq!(credit(&compute, &halves, &[]), Some(0));
    let down = |minutes: u64| {
        month_of(
            60,
            move |minute| if minute < minutes { (0, 1) } else { (1, 0) },
        )
    };
    // 0.01 % of 43,200 minutes are 4.32.
    assert_eq!(credit(&compute, &down(4), &[]), Some(0));
    assert_eq!(credit(&compute, &down(5), &[]), Some(10));
    assert_eq!(credit(&compute, &down(432), &[]), Some(10)); // exactly 99 %
    assert_eq!(credit(&compute, &down(433), &[]), Some(30));
    assert_eq!(credit(&compute, &down(2_161), &[]), Some(100));
    assert_eq!(
        credit(&Contract::google_interconnect(), &down(2_161), &[]),
        Some(25)
    );
}

/// Excluded time leaves what was up and what there was.
#[test]
fn exclusions_leave_both() {
    let outage = |minutes: u64| {
        month_of(
            60,
            move |minute| if minute < minutes { (0, 1) } else { (1, 0) },
        )
    };
    let hours = |from: u64, to: u64| {
        let edge = |hour: u64| month().start + std::time::Duration::from_secs(hour * 3_600);
        Exclusion::once(
            "x",
            Period {
                start: edge(from),
                end: edge(to),
            },
        )
        .unwrap()
    };
    let compute = Contract::aws_compute_region();
    assert_eq!(credit(&compute, &outage(60), &[]), Some(10));
    assert_eq!(credit(&compute, &outage(60), &[hours(0, 1)]), Some(0));
    // 430 of 43,200 minutes are 0.995 %, of the half that is left they are 1.99 %.
    assert_eq!(credit(&compute, &outage(430), &[]), Some(10));
    assert_eq!(
        credit(&compute, &outage(430), &[hours(300, 660), hours(500, 660)]),
        Some(30)
    );
    let settled = compute
        .settle(&outage(430), month(), &[hours(300, 660)], 12_345)
        .unwrap();
    assert_eq!(
        (settled.counted, settled.credit_cents),
        (21_600, Some(3_703))
    );
    assert_eq!(settled.requests.bad(), 430);
    assert_eq!(credit(&compute, &outage(60), &[hours(0, 720)]), None);
}

/// Every contract: exactly on a boundary the better tier, one part in a billion below it the worse one.
#[test]
fn every_boundary_is_half_open() {
    for contract in [
        Contract::amazon_s3_standard(),
        Contract::amazon_s3_infrequent_access(),
        Contract::aws_compute_optimizer(),
        Contract::aws_compute_region(),
        Contract::google_bigtable_multi_cluster(),
        Contract::google_interconnect(),
        Contract::azure_virtual_machines_zones(),
    ] {
        let mut better = 0;
        for CreditTier {
            below,
            credit_percent,
            ..
        } in contract.tiers()
        {
            let billion = 1_000_000_000;
            let at = Events::new(below.ppb().into(), billion).unwrap();
            let under = Events::new(u64::from(below.ppb()) - 1, billion).unwrap();
            assert_eq!(
                contract.credit_percent(at),
                Some(better),
                "{} at {below}",
                contract.name()
            );
            assert_eq!(
                contract.credit_percent(under),
                Some(*credit_percent),
                "{}",
                contract.name()
            );
            better = *credit_percent;
        }
        assert_eq!(
            contract.credit_percent(Events::new(0, 1).unwrap()),
            Some(better)
        );
        let json = serde_json::to_string(&contract).unwrap();
        assert_eq!(serde_json::from_str::<Contract>(&json).unwrap(), contract);
    }
}
