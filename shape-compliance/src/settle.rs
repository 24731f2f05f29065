//! What a contract pays for a period, by the contract's own method.

use std::collections::BTreeMap;

use jiff::Timestamp;
use num_bigint::BigUint;
use serde::{Deserialize, Serialize};
use shape_budget::Exclusion;
use shape_sli::{Events, Grouped, SliPoint};
use shape_slo::{SloId, Target};
use shape_telemetry::Period;

use crate::{Contract, Error, error::Repr};

/// How a contract counts uptime.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind", deny_unknown_fields)]
#[non_exhaustive]
pub enum UptimeMethod {
    /// Good requests of all requests.
    #[default]
    Requests,
    /// The mean over slices of the share of good requests; a slice without requests has no errors. Amazon S3: slices of
    /// five minutes.
    MeanOfSlices {
        /// The length of a slice in seconds.
        slice_seconds: u64,
    },
    /// Minutes that were up, of all minutes. A minute is down when less than a share of its requests is good, and counts
    /// only in a row of so many; a minute without requests is up.
    ///
    /// Contracts speak of minutes in which a service is "unavailable" or without "connectivity"; that such a minute is one
    /// without a single good request, as in the built-in contracts, is our reading of their text, not their word.
    Minutes {
        /// The share of good requests of a minute that is up.
        up_from: Target,
        /// Downtime begins with so many minutes in a row. Google Compute Engine: one whole minute.
        in_a_row: u32,
    },
}

/// Uptime as an exact fraction.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Uptime {
    /// What was down, of `whole`: their quotient is the error share.
    down: BigUint,
    whole: BigUint,
}

/// What a contract pays for a period.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settlement {
    /// The contract.
    pub contract: String,
    /// The period, a month in the contract's time zone say.
    pub period: Period,
    /// The uptime in parts per billion, cut: for people, the tiers were decided by the exact fraction. `None` when
    /// nothing was measured.
    pub uptime_ppb: Option<u32>,
    /// What was counted: requests, slices or minutes, without what is excluded.
    pub counted: u64,
    /// Requests in the period, without what is excluded.
    pub requests: Events,
    /// The part of the fee that is paid back, in percent; `None` when nothing was measured.
    pub credit_percent: Option<u8>,
    /// The credit in cents.
    pub credit_cents: Option<u64>,
    /// One sentence for people.
    pub explanation: String,
}

impl Contract {
    /// What the contract pays for a period on a fee in cents, by its own method of counting uptime.
    ///
    /// `points` are requests by time bucket in time order; a bucket must not be longer than a minute or slice, and lies
    /// where it starts. What the exclusions leave out leaves both what was up and what there was.
    ///
    /// ```
    /// use shape_compliance::Contract;
    /// use shape_sli::{Events, SliPoint};
    /// use shape_slo::Window;
    ///
    /// // A month of five minutes each; in 90 of them a third of the requests failed.
    /// let month = "calendar month UTC".parse::<Window>()?.period_at("2026-11-10T00:00:00Z".parse()?)?;
    /// let points: Vec<SliPoint> = (0..8_640)
    ///     .map(|n| SliPoint {
    ///         start: month.start + std::time::Duration::from_secs(300 * n),
    ///         events: Events::from_good_bad(if n < 90 { 2 } else { 3 }, if n < 90 { 1 } else { 0 }),
    ///     })
    ///     .collect();
    /// let settled = Contract::amazon_s3_standard().settle(&points, month, &[], 100_000)?;
    /// // 30 of 8,640 slices down: 99.652… %.
    /// assert_eq!(settled.uptime_ppb, Some(996_527_777));
    /// assert_eq!((settled.credit_percent, settled.credit_cents), (Some(10), Some(10_000)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When slices have no length, or an exclusion can not be placed in the period.
    pub fn settle(
        &self,
        points: &[SliPoint],
        period: Period,
        exclusions: &[Exclusion],
        fee_cents: u64,
    ) -> Result<Settlement, Error> {
        let of = SloId::new(self.name());
        let mut left_out = Vec::new();
        for exclusion in exclusions
            .iter()
            .filter(|exclusion| exclusion.holds_for(&of))
        {
            left_out.extend(exclusion.periods_in(period).map_err(|error| Repr::Budget {
                message: error.to_string(),
            })?);
        }
        left_out.sort_unstable();
        let is_out = |at: Timestamp| left_out.iter().any(|times| times.contains(at));
        let kept = points
            .iter()
            .filter(|point| period.contains(point.start) && !is_out(point.start));
        let requests: Events = kept.clone().map(|point| point.events).sum();
        let count = Counting {
            period,
            left_out: &left_out,
        };
        let (uptime, counted) = match self.method() {
            UptimeMethod::Requests => (
                Uptime::of(requests.bad(), requests.total()),
                requests.total(),
            ),
            UptimeMethod::MeanOfSlices { slice_seconds } => {
                let slices = count.slices(kept, slice_seconds).ok_or_else(no_length)?;
                let n = count.units(slice_seconds);
                (Uptime::mean(slices.values().copied(), n), n)
            }
            UptimeMethod::Minutes { up_from, in_a_row } => {
                let minutes = count.slices(kept, 60).ok_or_else(no_length)?;
                let is_down = |minute: &Events| up_from.is_met_by(*minute) == Some(false);
                let down = minutes.iter().filter(|(_, minute)| is_down(minute));
                let n = count.units(60);
                (Uptime::of(in_rows(down.map(|(at, _)| *at), in_a_row), n), n)
            }
        };
        let uptime = uptime.filter(|_| !requests.is_none());
        let credit_percent = uptime
            .as_ref()
            .map(|uptime| self.percent_where(|target| uptime.meets(target)));
        let credit_cents = credit_percent.map(|percent| self.cents(percent, fee_cents));
        let uptime_ppb = uptime.as_ref().map(Uptime::ppb);
        let unit = match self.method() {
            UptimeMethod::Requests => "requests",
            UptimeMethod::MeanOfSlices { .. } => "slices",
            UptimeMethod::Minutes { .. } => "minutes",
        };
        let explanation = match (uptime_ppb, credit_percent, credit_cents) {
            (Some(ppb), Some(percent), Some(cents)) => format!(
                "{}: {}.{:07} % up over {} {unit}: {percent} % of the fee, {}.{:02}",
                self.name(),
                ppb / 10_000_000,
                ppb % 10_000_000,
                Grouped(counted),
                Grouped(cents / 100),
                cents % 100
            ),
            _ => format!(
                "{}: nothing was measured, which is no uptime and no outage",
                self.name()
            ),
        };
        Ok(Settlement {
            contract: self.name().to_owned(),
            period,
            uptime_ppb,
            counted,
            requests,
            credit_percent,
            credit_cents,
            explanation,
        })
    }
}

fn no_length() -> Error {
    Repr::Config {
        what: "slice",
        seen: "0 s".to_owned(),
        expected: "at least 1 s",
    }
    .into()
}

/// Minutes or slices of a period, from its start on.
struct Counting<'a> {
    period: Period,
    left_out: &'a [Period],
}

impl Counting<'_> {
    fn slices<'p>(
        &self,
        points: impl Iterator<Item = &'p SliPoint>,
        seconds: u64,
    ) -> Option<BTreeMap<u64, Events>> {
        let mut slices: BTreeMap<u64, Events> = BTreeMap::new();
        for point in points {
            let since = point.start.duration_since(self.period.start).as_secs();
            let index = u64::try_from(since).ok()?.checked_div(seconds)?;
            *slices.entry(index).or_insert(Events::NONE) += point.events;
        }
        (seconds != 0).then_some(slices)
    }

    /// How many there are, without those that lie in excluded time.
    fn units(&self, seconds: u64) -> u64 {
        let all = self.period.length().as_secs().div_ceil(seconds);
        let edge = |index: u64| {
            let since = std::time::Duration::from_secs(index.saturating_mul(seconds));
            let at = self
                .period
                .start
                .checked_add(since)
                .unwrap_or(Timestamp::MAX);
            at.min(self.period.end)
        };
        // Excluded times may touch or overlap: walk over them as one goes.
        let is_out = |index: u64| {
            let (mut at, end) = (edge(index), edge(index + 1));
            for times in self.left_out {
                if times.start <= at && at < times.end {
                    at = times.end;
                }
            }
            end <= at
        };
        if self.left_out.is_empty() {
            return all;
        }
        let kept = (0..all).filter(|index| !is_out(*index)).count();
        u64::try_from(kept).unwrap_or(u64::MAX)
    }
}

/// Of indexes in order, those in rows of at least so many.
fn in_rows(indexes: impl Iterator<Item = u64>, at_least: u32) -> u64 {
    let (mut sum, mut row, mut last) = (0, 0, None);
    let needed = u64::from(at_least);
    for index in indexes {
        if last != index.checked_sub(1) || last.is_none() {
            row = 0;
        }
        row += 1;
        last = Some(index);
        sum += match row {
            row if row == needed.max(1) => row,
            row if needed < row => 1,
            _ => 0,
        };
    }
    sum
}

impl Uptime {
    fn of(down: u64, whole: u64) -> Option<Self> {
        (whole != 0).then(|| Self {
            down: down.into(),
            whole: whole.into(),
        })
    }

    /// The mean of the error shares of slices, of which there are `n` with those without requests: exact, whatever the
    /// numbers of requests.
    fn mean(slices: impl Iterator<Item = Events>, n: u64) -> Option<Self> {
        // Slices of equally many requests add up before there is anything to multiply.
        let mut by_total: BTreeMap<u64, u128> = BTreeMap::new();
        for slice in slices.filter(|slice| 0 < slice.bad()) {
            *by_total.entry(slice.total()).or_insert(0) += u128::from(slice.bad());
        }
        let (mut down, mut whole) = (BigUint::ZERO, BigUint::from(1_u8));
        for (total, bad) in by_total {
            let shared = gcd(bad, u128::from(total));
            let (bad, total) = (bad / shared, u128::from(total) / shared);
            down = down * total + &whole * bad;
            whole *= total;
        }
        (n != 0).then(|| Self {
            down,
            whole: whole * n,
        })
    }

    /// Whether the uptime reaches a target: `down / whole <= 1 - target`, without a division.
    fn meets(&self, target: Target) -> bool {
        &self.down * Target::DENOMINATOR <= &self.whole * target.allowed_ppb()
    }

    fn ppb(&self) -> u32 {
        let billion = BigUint::from(Target::DENOMINATOR);
        if self.whole <= self.down {
            return 0;
        }
        let up = (&self.whole - &self.down) * &billion / &self.whole;
        u32::try_from(up).unwrap_or(Target::DENOMINATOR)
    }
}

fn gcd(mut a: u128, mut b: u128) -> u128 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a.max(1)
}
