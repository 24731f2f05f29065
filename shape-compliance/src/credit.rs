//! SLA credits: what a contract pays back for so much uptime.

use serde::{Deserialize, Serialize};
use shape_sli::Events;
use shape_slo::Target;

use crate::{Error, UptimeMethod, error::Repr};

/// One step of a contract: uptime in `from <= uptime < below` pays back `credit_percent` of the fee.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreditTier {
    /// The uptime that the tier begins at; `None` for no uptime at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Target>,
    /// The uptime that the tier ends before.
    pub below: Target,
    /// The part of the fee that is paid back, in percent.
    pub credit_percent: u8,
}

/// How a contract rounds an amount to whole cents.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rounding {
    /// Down.
    #[default]
    Down,
    /// To the nearest cent, half a cent up.
    Nearest,
    /// Up.
    Up,
}

/// The mean of error rates of five minutes, as in Amazon's S3.
const FIVE_MINUTES: UptimeMethod = UptimeMethod::MeanOfSlices { slice_seconds: 300 };

/// Whole minutes in which nothing was good.
const DOWN_MINUTES: UptimeMethod = UptimeMethod::Minutes {
    up_from: Target::from_ppb(1).expect("invariant: a part per billion is a target"),
    in_a_row: 1,
};

/// The credit terms of a service level agreement, as data.
///
/// Boundaries are half-open and compared exactly: at an uptime of exactly 99.0 % a contract that pays 25 % "below
/// 99.0 %" pays the next better tier.
///
/// ```
/// use shape_compliance::Contract;
/// use shape_sli::Events;
///
/// let s3 = Contract::amazon_s3_standard();
/// let minutes = |down| Events::from_good_bad(43_200 - down, down);
/// assert_eq!(s3.credit_percent(minutes(43)), Some(0)); // 99.9004 %
/// assert_eq!(s3.credit_percent(minutes(44)), Some(10));
/// assert_eq!(s3.credit_percent(minutes(432)), Some(10)); // exactly 99 %
/// assert_eq!(s3.credit_percent(minutes(433)), Some(25));
/// assert_eq!(s3.credit_percent(Events::NONE), None);
/// assert_eq!(s3.credit_cents(minutes(433), 10_001), Some(2_500));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "RawContract", into = "RawContract")]
pub struct Contract {
    name: String,
    tiers: Vec<CreditTier>,
    above_cents: u64,
    rounding: Rounding,
    method: UptimeMethod,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawContract {
    name: String,
    tiers: Vec<CreditTier>,
    /// A credit is paid only when it is more than this.
    #[serde(default)]
    above_cents: u64,
    #[serde(default)]
    rounding: Rounding,
    #[serde(default)]
    method: UptimeMethod,
}

impl TryFrom<RawContract> for Contract {
    type Error = Error;
    fn try_from(raw: RawContract) -> Result<Self, Error> {
        Ok(Self::new(&raw.name, raw.tiers)?
            .paid_above_cents(raw.above_cents)
            .rounding(raw.rounding)
            .counting(raw.method))
    }
}

impl From<Contract> for RawContract {
    fn from(contract: Contract) -> Self {
        Self {
            name: contract.name,
            tiers: contract.tiers,
            above_cents: contract.above_cents,
            rounding: contract.rounding,
            method: contract.method,
        }
    }
}

impl Contract {
    /// A contract by its tiers, the best uptime first.
    ///
    /// # Errors
    ///
    /// When a tier is empty, pays more than 100 % or less than the one before it, or does not end where the one before
    /// it begins.
    pub fn new(name: &str, tiers: Vec<CreditTier>) -> Result<Self, Error> {
        let wrong = |message: String| {
            Error::from(Repr::Contract {
                contract: name.to_owned(),
                message,
            })
        };
        let mut before: Option<CreditTier> = None;
        for tier in &tiers {
            if tier.from.is_some_and(|from| tier.below <= from) {
                return Err(wrong(format!("a tier below {} is empty", tier.below)));
            }
            if 100 < tier.credit_percent {
                return Err(wrong(format!(
                    "a credit of {} %, expected at most 100 %",
                    tier.credit_percent
                )));
            }
            if let Some(before) = before {
                if before.from != Some(tier.below) {
                    return Err(wrong(format!(
                        "a tier below {}, expected one that ends where the tier before it begins",
                        tier.below
                    )));
                }
                if tier.credit_percent < before.credit_percent {
                    return Err(wrong(format!(
                        "less uptime pays {} % after {} %, expected no less",
                        tier.credit_percent, before.credit_percent
                    )));
                }
            }
            before = Some(*tier);
        }
        if before.is_none_or(|last| last.from.is_some()) {
            return Err(wrong("no tier reaches down to no uptime".to_owned()));
        }
        Ok(Self {
            name: name.to_owned(),
            tiers,
            above_cents: 0,
            rounding: Rounding::Down,
            method: UptimeMethod::Requests,
        })
    }

    /// A credit is paid only when it is more than this.
    #[must_use]
    pub fn paid_above_cents(mut self, cents: u64) -> Self {
        self.above_cents = cents;
        self
    }

    /// How an amount is rounded to cents.
    #[must_use]
    pub fn rounding(mut self, rounding: Rounding) -> Self {
        self.rounding = rounding;
        self
    }

    /// How the contract counts uptime: requests, unless told otherwise.
    #[must_use]
    pub fn counting(mut self, method: UptimeMethod) -> Self {
        self.method = method;
        self
    }

    /// How the contract counts uptime.
    pub fn method(&self) -> UptimeMethod {
        self.method
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The tiers, the best uptime first.
    pub fn tiers(&self) -> &[CreditTier] {
        &self.tiers
    }

    /// The part of the fee that so much uptime pays back, in percent; `None` when nothing was measured.
    ///
    /// `uptime` counts what the contract counts: requests, minutes, or slices.
    pub fn credit_percent(&self, uptime: Events) -> Option<u8> {
        if uptime.is_none() {
            return None;
        }
        Some(self.percent_where(|target| target.is_met_by(uptime) == Some(true)))
    }

    /// The percentage of the tier that an uptime falls in, by the targets it reaches.
    pub(crate) fn percent_where(&self, reaches: impl Fn(Target) -> bool) -> u8 {
        let holds = |tier: &&CreditTier| !reaches(tier.below) && tier.from.is_none_or(&reaches);
        let tier = self.tiers.iter().find(holds);
        tier.map_or(0, |tier| tier.credit_percent)
    }

    /// The credit in cents on a fee in cents, never more than the fee; `None` when nothing was measured.
    pub fn credit_cents(&self, uptime: Events, fee_cents: u64) -> Option<u64> {
        let percent = self.credit_percent(uptime)?;
        Some(self.cents(percent, fee_cents))
    }

    /// A percentage of a fee, rounded, capped at the fee, and nothing at or below the minimum.
    pub(crate) fn cents(&self, percent: u8, fee_cents: u64) -> u64 {
        let hundredths = u128::from(fee_cents) * u128::from(percent);
        let cents = match self.rounding {
            Rounding::Down => hundredths / 100,
            Rounding::Nearest => (hundredths + 50) / 100,
            Rounding::Up => hundredths.div_ceil(100),
        };
        let cents = u64::try_from(cents).unwrap_or(u64::MAX).min(fee_cents);
        if self.above_cents < cents { cents } else { 0 }
    }

    /// Amazon S3 Standard, as of 2019-07-31: below 99.9 % 10 %, below 99.0 % 25 %, below 95.0 % all.
    pub fn amazon_s3_standard() -> Self {
        Self::of(
            "Amazon S3 Standard (2019-07-31)",
            &[(999_000_000, 10), (990_000_000, 25), (950_000_000, 100)],
        )
        .counting(FIVE_MINUTES)
    }

    /// Amazon S3 Intelligent-Tiering and Infrequent Access, as of 2019-07-31.
    pub fn amazon_s3_infrequent_access() -> Self {
        Self::of(
            "Amazon S3 Infrequent Access (2019-07-31)",
            &[(990_000_000, 10), (980_000_000, 25), (950_000_000, 100)],
        )
        .counting(FIVE_MINUTES)
    }

    /// AWS Compute at the level of a region, as of 2022: below 99.99 % 10 %, below 99.0 % 30 %, below 95.0 % all; minutes.
    /// That a minute is down when no request of it is good is our reading of the contract.
    pub fn aws_compute_region() -> Self {
        Self::of(
            "AWS Compute, region (2022)",
            &[(999_900_000, 10), (990_000_000, 30), (950_000_000, 100)],
        )
        .counting(DOWN_MINUTES)
    }

    /// Google Cloud Interconnect at 99.99 %: below it 10 %, below 99.0 % 25 %; whole minutes. That a minute is down when no
    /// request of it is good, and one such minute is enough, is our reading of the contract.
    pub fn google_interconnect() -> Self {
        Self::of(
            "Google Cloud Interconnect, 99.99 %",
            &[(999_900_000, 10), (990_000_000, 25)],
        )
        .counting(DOWN_MINUTES)
    }

    /// AWS Compute Optimizer, as of 2022-05-04; paid above one dollar.
    pub fn aws_compute_optimizer() -> Self {
        Self::of(
            "AWS Compute Optimizer (2022-05-04)",
            &[(999_000_000, 10), (990_000_000, 25), (950_000_000, 100)],
        )
        .paid_above_cents(100)
    }

    /// Google Cloud Bigtable, replicated with multi-cluster routing: half of the fee at most.
    pub fn google_bigtable_multi_cluster() -> Self {
        Self::of(
            "Google Cloud Bigtable, multi-cluster",
            &[(999_990_000, 10), (990_000_000, 25), (950_000_000, 50)],
        )
    }

    /// Azure Virtual Machines across availability zones, from version 1.5 on; minutes. That a minute is down when no request
    /// of it is good, and one such minute is enough, is our reading of the contract.
    pub fn azure_virtual_machines_zones() -> Self {
        Self::of(
            "Azure Virtual Machines, availability zones",
            &[(999_900_000, 10), (990_000_000, 25), (950_000_000, 100)],
        )
        .counting(DOWN_MINUTES)
    }

    fn of(name: &str, bounds: &[(u32, u8)]) -> Self {
        let bound = |index: usize| {
            let (ppb, _) = bounds.get(index)?;
            Target::from_ppb(*ppb)
        };
        let tiers = bounds
            .iter()
            .enumerate()
            .filter_map(|(index, (_, credit_percent))| {
                Some(CreditTier {
                    from: bound(index + 1),
                    below: bound(index)?,
                    credit_percent: *credit_percent,
                })
            })
            .collect();
        Self {
            name: name.to_owned(),
            tiers,
            above_cents: 0,
            rounding: Rounding::Down,
            method: UptimeMethod::Requests,
        }
    }
}
