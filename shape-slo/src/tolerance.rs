//! What a number of windows says about a later one.

use shape_sli::Events;
use statrs::distribution::{Binomial, DiscreteCDF};

use crate::{Error, error::Repr};

/// A distribution-free lower tolerance bound for the good share of a later window.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ToleranceBound {
    /// The bound, in parts per billion.
    pub good_ppb: u32,
    /// Which of the windows it is: 1 is the worst one.
    pub rank: u64,
    /// The number of windows.
    pub windows: u64,
    /// The confidence that it really has, in 0..=1.
    pub confidence: f64,
}

impl ToleranceBound {
    /// The largest order statistic of the windows' good shares below which a later window falls with at most
    /// probability `risk`, at this `confidence` (Wilks 1941, *Determination of sample sizes for setting tolerance
    /// limits*).
    ///
    /// With fewer than 59 windows (at 95 % and 5 %) even the worst one carries less confidence: it is given, with the
    /// confidence it has. `None` without windows that have events, or when a share is not strictly between 0 and 1.
    ///
    /// ```
    /// use shape_sli::Events;
    /// use shape_slo::ToleranceBound;
    ///
    /// let week = vec![Events::new(999, 1_000)?; 7];
    /// let bound = ToleranceBound::of(&week, 0.05, 0.95).ok_or("no windows")?;
    /// assert_eq!(bound.rank, 1);
    /// assert_eq!(format!("{:.2}", bound.confidence), "0.30"); // seven windows support 30 %, not 95 %
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn of(windows: &[Events], risk: f64, confidence: f64) -> Option<Self> {
        open_share("risk", risk).ok()?;
        open_share("confidence", confidence).ok()?;
        let mut shares: Vec<u32> = windows.iter().filter_map(|w| w.good_ppb()).collect();
        shares.sort_unstable();
        let count = u64::try_from(shares.len()).ok()?;
        let below = Binomial::new(risk, count).ok()?;
        // P(Bin(m, risk) >= r): the confidence that at most `risk` of all windows lie below the r-th smallest.
        let confidence_of = |rank: u64| below.sf(rank - 1);
        let mut rank = 1;
        while rank < count && confidence <= confidence_of(rank + 1) {
            rank += 1;
        }
        let good_ppb = *shares.get(usize::try_from(rank - 1).ok()?)?;
        Some(Self {
            good_ppb,
            rank,
            windows: count,
            confidence: confidence_of(rank).clamp(0.0, 1.0),
        })
    }
}

pub(crate) fn open_share(what: &'static str, value: f64) -> Result<f64, Error> {
    if 0.0 < value && value < 1.0 {
        return Ok(value);
    }
    Err(Repr::Config {
        what,
        seen: value.to_string(),
        expected: "a number between 0 and 1, both excluded",
    }
    .into())
}
