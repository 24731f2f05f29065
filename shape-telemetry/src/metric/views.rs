//! The nine views, their families, and how surprises are combined.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    calibrate::Calibration, detector::MetricReason, history::History, level::Level,
    recurrence::Recurrence, roughness::Roughness, season::Season,
};

const LENGTHS: [usize; 3] = [8, 24, 48];
const ROUGH_ROWS: [usize; 2] = [24, 96];
/// Which views belong to which family, in the order of [`Views::look`].
const FAMILIES: [(MetricReason, std::ops::Range<usize>); 4] = [
    (MetricReason::Recurrence, 0..3),
    (MetricReason::Level, 3..5),
    (MetricReason::Roughness, 5..7),
    (MetricReason::Season, 7..9),
];
const VIEWS: usize = 9;

/// All views of a series, and the past of each.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Views {
    history: History,
    recurrences: [Recurrence; 3],
    level: Level,
    roughness: [Roughness; 2],
    season: Season,
    calibrations: [Calibration; VIEWS],
}

/// How surprising a row is, and to whom.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Surprise {
    /// −log10 of a probability, 0 to 6.
    pub(super) value: f64,
    /// The family that is most surprised.
    pub(super) reason: Option<MetricReason>,
}

impl Views {
    pub(super) fn new() -> Self {
        Self {
            history: History::default(),
            recurrences: LENGTHS.map(Recurrence::new),
            level: Level::new(),
            roughness: ROUGH_ROWS.map(Roughness::new),
            season: Season::new(),
            calibrations: std::array::from_fn(|_| Calibration::new()),
        }
    }

    /// Takes a placed value in.
    pub(super) fn push(&mut self, time: Timestamp, value: f64) -> Surprise {
        let views = self.look(time, value);
        let mut surprises = [0.0; VIEWS];
        for ((surprise, view), calibration) in
            surprises.iter_mut().zip(views).zip(&mut self.calibrations)
        {
            if let Some(view) = view {
                *surprise = calibration.surprise(view);
            }
        }
        combine(&surprises)
    }

    fn look(&mut self, time: Timestamp, value: f64) -> [Option<f64>; VIEWS] {
        self.history.push(value);
        let history = &self.history;
        let [short, middle, long] = &mut self.recurrences;
        let moved = self.level.push(history);
        let [recent, longer] = &mut self.roughness;
        let unusual = self.season.push(time, value);
        [
            short.push(history),
            middle.push(history),
            long.push(history),
            moved.map(|moved| moved.mean),
            moved.map(|moved| moved.shift),
            recent.push(history),
            longer.push(history),
            unusual.map(|unusual| unusual.row),
            unusual.map(|unusual| unusual.smooth),
        ]
    }

    /// Whether the parts fit each other, after reading.
    pub(super) fn is_sound(&self) -> bool {
        self.history.is_sound()
            && self
                .recurrences
                .iter()
                .zip(LENGTHS)
                .all(|(view, length)| view.is_sound(length))
            && self.level.is_sound()
            && self
                .roughness
                .iter()
                .zip(ROUGH_ROWS)
                .all(|(view, rows)| view.is_sound(rows))
            && self.season.is_sound()
            && self.calibrations.iter().all(Calibration::is_sound)
    }
}

/// A family speaks with the mean of its two strongest views, and all with the strongest family twice and the second
/// once. One view alone is noise more often than not; views of one family are too alike to confirm each other much.
fn combine(surprises: &[f64; VIEWS]) -> Surprise {
    let (mut first, mut second) = (Surprise::default(), 0.0);
    for (reason, members) in FAMILIES {
        let (mut strongest, mut next) = (0.0_f64, 0.0_f64);
        for &surprise in surprises.get(members).unwrap_or_default() {
            next = next.max(surprise.min(strongest));
            strongest = strongest.max(surprise);
        }
        let family = f64::midpoint(strongest, next);
        if first.value < family {
            second = first.value;
            first = Surprise {
                value: family,
                reason: Some(reason),
            };
        } else if second < family {
            second = family;
        }
    }
    Surprise {
        value: (2.0 * first.value + second) / 3.0,
        ..first
    }
}
