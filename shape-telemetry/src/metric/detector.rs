//! Anomalies of one metric, row by row.

use std::collections::VecDeque;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{MetricConfig, alarms::Alarms, history::KEPT, lattice::Lattice, views::Views};

/// Which family of views a row surprises most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum MetricReason {
    /// The last rows, up to 48, look like nothing before.
    Recurrence,
    /// The values have moved away from where they were.
    Level,
    /// The series became restless, or strangely quiet.
    Roughness,
    /// The value is not what is usual at this time of day.
    Season,
}

impl std::fmt::Display for MetricReason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Self::Recurrence => "recurrence",
            Self::Level => "level",
            Self::Roughness => "roughness",
            Self::Season => "season",
        })
    }
}

/// What the detector says about one row.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MetricScore {
    /// 0 to 1, comparable between series; 0.5 and more for alarms and only for them.
    pub score: f64,
    /// −log10 of how probable so odd a row is, 0 to 6, before earlier alarms are held against it.
    pub surprise: f64,
    /// Whether it is worth telling somebody: surprising enough, and not soon after another.
    pub alarm: bool,
    /// The family of views that is most surprised; `None` while nothing is known.
    pub reason: Option<MetricReason>,
}

/// Why a row was refused. The detector is as it was before.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum MetricError {
    /// Not a number, or infinite: leave the row out, or give the last value again.
    #[error("row {row} of the metric is {value}, which is no finite number")]
    NotFinite {
        /// The number of the row, the first is 1.
        row: u64,
        /// The value.
        value: f64,
    },
}

/// Finds anomalies in one metric, row by row, from the past alone.
///
/// The score of a row never depends on later rows, nor on how many there will be. Memory is bounded (about half a
/// megabyte), a row takes a few microseconds, and multiplying all values by a positive factor or adding a constant
/// changes nothing. Written and read back with `serde`, it goes on as if it had never stopped.
///
/// Time is used for the time of day only (UTC). Rows need not be evenly spaced; a time that repeats or goes back, as at
/// the end of summer time, is a row like any other.
///
/// ```
/// use jiff::{SignedDuration, Timestamp};
/// use shape_telemetry::{MetricConfig, MetricDetector, MetricReason};
///
/// let mut detector = MetricDetector::new(MetricConfig::new());
/// let mut time: Timestamp = "2026-11-23T00:00:00Z".parse()?;
/// let mut alarms = Vec::new();
/// for minute in 0..2_000_u32 {
///     // Requests in a minute: a little noise, and twice as many from minute 1,500 on.
///     let noise = f64::from(minute * 7_919 % 101) / 10.0;
///     let level = if minute < 1_500 { 100.0 } else { 200.0 };
///     let score = detector.push(time, level + noise)?;
///     if score.alarm {
///         alarms.push((minute, score.reason));
///     }
///     time += SignedDuration::from_mins(1);
/// }
/// let (minute, reason) = alarms[0];
/// assert!((1_500..1_512).contains(&minute), "{alarms:?}");
/// # let _ = reason;
/// # let _ = MetricReason::Level;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "State", into = "State")]
pub struct MetricDetector {
    state: State,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct State {
    schema_version: u32,
    config: MetricConfig,
    /// The last rows as they came, to place them anew when the lattice no longer fits.
    raw: VecDeque<(Timestamp, f64)>,
    lattice: Option<Lattice>,
    views: Views,
    alarms: Alarms,
}

/// Rows before the lattice is chosen.
const FIRST_FIT: u64 = 64;

impl MetricDetector {
    /// The version of the format that it is written in.
    pub const SCHEMA_VERSION: u32 = 1;

    /// A detector that has seen nothing.
    pub fn new(config: MetricConfig) -> Self {
        Self {
            state: State {
                schema_version: Self::SCHEMA_VERSION,
                config,
                raw: VecDeque::new(),
                lattice: None,
                views: Views::new(),
                alarms: Alarms::default(),
            },
        }
    }

    /// Takes the next row in and judges it.
    ///
    /// # Errors
    ///
    /// When the value is not a finite number.
    pub fn push(&mut self, time: Timestamp, value: f64) -> Result<MetricScore, MetricError> {
        let state = &mut self.state;
        if !value.is_finite() {
            return Err(MetricError::NotFinite {
                row: state.alarms.rows() + 1,
                value,
            });
        }
        if KEPT <= state.raw.len() {
            state.raw.pop_front();
        }
        state.raw.push_back((time, value));
        let rows = state.alarms.rows() + 1;
        let surprise = if state.refit(rows) {
            state.replay()
        } else if let Some(lattice) = state.lattice {
            state.views.push(time, lattice.place(value))
        } else {
            super::views::Surprise::default()
        };
        let (alarm, score) = state.alarms.judge(state.config, surprise.value);
        Ok(MetricScore {
            score,
            surprise: surprise.value,
            alarm,
            reason: surprise.reason,
        })
    }

    /// How many rows it has seen.
    pub fn rows(&self) -> u64 {
        self.state.alarms.rows()
    }
}

impl State {
    /// Chooses a lattice at row 64, at the first movement of a series that stood still until then, and again at each
    /// doubling of the rows when it has become far too fine or too coarse. Says whether it did.
    fn refit(&mut self, rows: u64) -> bool {
        let due = match self.lattice {
            None => FIRST_FIT <= rows,
            Some(_) => FIRST_FIT < rows && rows.is_power_of_two(),
        };
        if !due {
            return false;
        }
        let moved = || {
            let first = self.raw.front().map(|&(_, value)| value.to_bits());
            self.raw
                .iter()
                .any(|&(_, value)| Some(value.to_bits()) != first)
        };
        // Standing still costs one comparison a row, not a fit.
        if self.lattice.is_none() && !rows.is_power_of_two() {
            let mut last = self.raw.iter().rev().map(|&(_, value)| value.to_bits());
            if last.next() == last.next() {
                return false;
            }
        }
        if self.lattice.is_none() && !moved() {
            return false;
        }
        let values: Vec<f64> = self.raw.iter().map(|&(_, value)| value).collect();
        let Some(fitted) = Lattice::fit(&values) else {
            return false;
        };
        if self
            .lattice
            .is_some_and(|lattice| !lattice.is_stale(fitted))
        {
            return false;
        }
        self.lattice = Some(fitted);
        true
    }

    /// Looks at the rows kept once more, on the new lattice; the surprise of the last one.
    fn replay(&mut self) -> super::views::Surprise {
        self.views = Views::new();
        let mut surprise = super::views::Surprise::default();
        if let Some(lattice) = self.lattice {
            for &(time, value) in &self.raw {
                surprise = self.views.push(time, lattice.place(value));
            }
        }
        surprise
    }
}

impl TryFrom<State> for MetricDetector {
    type Error = String;

    fn try_from(state: State) -> Result<Self, String> {
        if state.schema_version != Self::SCHEMA_VERSION {
            return Err(format!(
                "schema_version {} of a metric detector; this version reads {}",
                state.schema_version,
                Self::SCHEMA_VERSION
            ));
        }
        let sound = state.config.is_sound()
            && state.raw.len() <= KEPT
            && state.raw.iter().all(|(_, value)| value.is_finite())
            && state.lattice.is_none_or(Lattice::is_sound)
            && state.views.is_sound()
            && state.alarms.is_sound();
        if sound {
            Ok(Self { state })
        } else {
            Err(
                "the parts of this metric detector contradict each other; start a new one"
                    .to_owned(),
            )
        }
    }
}

impl From<MetricDetector> for State {
    fn from(detector: MetricDetector) -> Self {
        detector.state
    }
}
