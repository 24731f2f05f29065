//! Catalogues of alert windows.

use serde::Deserialize;

use super::{go, overall};
use crate::{Error, Mistake, error::Repr, file::yaml_mistake};

/// The pairs of windows that alert on objectives of one period.
///
/// ```
/// use shape_slo::AlertWindows;
///
/// let windows = AlertWindows::from_yaml("
/// apiVersion: sloth.slok.dev/v1
/// kind: AlertWindows
/// spec:
///   sloPeriod: 7d
///   page:
///     quick: { errorBudgetPercent: 8, shortWindow: 5m, longWindow: 1h }
///     slow: { errorBudgetPercent: 12.5, shortWindow: 30m, longWindow: 6h }
///   ticket:
///     quick: { errorBudgetPercent: 20, shortWindow: 2h, longWindow: 1d }
///     slow: { errorBudgetPercent: 42, shortWindow: 6h, longWindow: 3d }
/// ")?;
/// # let _ = windows;
/// # Ok::<(), shape_slo::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct AlertWindows {
    pub(super) period_ms: u64,
    pub(super) page: WindowPairs,
    pub(super) ticket: WindowPairs,
}

/// The two pairs of one severity.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct WindowPairs {
    pub(super) quick: WindowPair,
    pub(super) slow: WindowPair,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct WindowPair {
    pub(super) burn: Burn,
    pub(super) short_ms: u64,
    pub(super) long_ms: u64,
    /// How long it has to burn before the alert fires.
    pub(super) hold_ms: Option<u64>,
}

/// How fast the budget has to burn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Burn {
    /// So that this percentage of it is used up in the long window.
    BudgetPercent(f64),
    /// So many times as fast as it may.
    Factor(u32),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Catalogue {
    kind: String,
    spec: CatalogueSpec,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CatalogueSpec {
    slo_period: String,
    page: CataloguePairs,
    ticket: CataloguePairs,
}

#[derive(Deserialize)]
struct CataloguePairs {
    quick: CataloguePair,
    slow: CataloguePair,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CataloguePair {
    error_budget_percent: f64,
    short_window: String,
    long_window: String,
}

impl AlertWindows {
    /// Reads a catalogue: a document of `kind: AlertWindows`.
    ///
    /// # Errors
    ///
    /// When it is none, or a window can not be read.
    pub fn from_yaml(text: &str) -> Result<Self, Error> {
        let wrong = |message: String| Error::from(Repr::Document(vec![overall(message)]));
        let catalogue: Catalogue = serde_saphyr::from_str(text).map_err(|error| {
            let mistake = yaml_mistake(&error);
            let message = format!("no alert windows: {}", mistake.message);
            Repr::Document(vec![Mistake { message, ..mistake }])
        })?;
        if catalogue.kind != "AlertWindows" {
            return Err(wrong(format!(
                "kind `{}`, expected `AlertWindows`",
                catalogue.kind
            )));
        }
        let length = |text: &str| {
            go::parse_duration(text).ok_or_else(|| {
                wrong(format!(
                    "window `{text}`, expected a length such as `5m` or `3d`"
                ))
            })
        };
        let pair = |pair: &CataloguePair| {
            let percent = pair.error_budget_percent;
            if !(0.0 < percent && percent <= 100.0) {
                return Err(wrong(format!(
                    "errorBudgetPercent `{percent}`, expected a number above 0, at most 100"
                )));
            }
            Ok(WindowPair {
                burn: Burn::BudgetPercent(percent),
                short_ms: length(&pair.short_window)?,
                long_ms: length(&pair.long_window)?,
                hold_ms: None,
            })
        };
        let pairs = |pairs: &CataloguePairs| {
            Ok::<_, Error>(WindowPairs {
                quick: pair(&pairs.quick)?,
                slow: pair(&pairs.slow)?,
            })
        };
        Ok(Self {
            period_ms: length(&catalogue.spec.slo_period)?,
            page: pairs(&catalogue.spec.page)?,
            ticket: pairs(&catalogue.spec.ticket)?,
        })
    }

    /// Sloth's own, for 28 and 30 days: the pairs of *The Site Reliability Workbook* and one more.
    pub(super) fn built_in() -> Vec<Self> {
        const MINUTE: u64 = 60_000;
        const HOUR: u64 = 60 * MINUTE;
        let pair = |percent, short_ms, long_ms| WindowPair {
            burn: Burn::BudgetPercent(percent),
            short_ms,
            long_ms,
            hold_ms: None,
        };
        let windows = |days: u64| Self {
            period_ms: days * 24 * HOUR,
            page: WindowPairs {
                quick: pair(2.0, 5 * MINUTE, HOUR),
                slow: pair(5.0, 30 * MINUTE, 6 * HOUR),
            },
            ticket: WindowPairs {
                quick: pair(10.0, 2 * HOUR, 24 * HOUR),
                slow: pair(10.0, 6 * HOUR, 72 * HOUR),
            },
        };
        vec![windows(28), windows(30)]
    }

    /// Pyrra's, for any period: the factors 14, 7, 2 and 1 stay, and the windows grow with the period, to the minute; an
    /// alert also has to hold for a while. (Sloth keeps the windows and changes the factors.)
    ///
    /// ```
    /// use shape_slo::AlertWindows;
    ///
    /// let windows = AlertWindows::pyrra("28d")?;
    /// # let _ = windows;
    /// # Ok::<(), shape_slo::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When the period is no length of at least a day.
    pub fn pyrra(period: &str) -> Result<Self, Error> {
        let length = go::parse_duration(period).filter(|ms| 86_400_000 <= *ms);
        let period_ms = length.ok_or_else(|| Repr::Window {
            seen: period.to_owned(),
            expected: "a length of at least a day such as `28d`",
        })?;
        Ok(Self::pyrra_for(period_ms))
    }

    pub(super) fn pyrra_for(period_ms: u64) -> Self {
        // To the nearest minute, halves up; nothing is shorter than one.
        let part = |of: u64| ((period_ms * 2 / of + 60_000) / 120_000).max(1) * 60_000;
        let pair = |factor, hold, long, short| WindowPair {
            burn: Burn::Factor(factor),
            short_ms: part(short),
            long_ms: part(long),
            hold_ms: Some(part(hold)),
        };
        Self {
            period_ms,
            page: WindowPairs {
                quick: pair(14, 20_160, 672, 8_064),
                slow: pair(7, 2_688, 112, 1_344),
            },
            ticket: WindowPairs {
                quick: pair(2, 672, 28, 336),
                slow: pair(1, 224, 7, 112),
            },
        }
    }

    /// All windows, from the shortest to the longest, each once.
    pub(super) fn lengths(&self) -> Vec<u64> {
        let pairs = [
            self.page.quick,
            self.page.slow,
            self.ticket.quick,
            self.ticket.slow,
        ];
        let mut lengths: Vec<u64> = pairs
            .iter()
            .flat_map(|pair| [pair.short_ms, pair.long_ms])
            .collect();
        lengths.sort_unstable();
        lengths.dedup();
        lengths
    }
}

impl WindowPair {
    /// The burn rate above which the pair alerts, in the steps of Sloth's arithmetic so that the last digit agrees.
    pub(super) fn factor(self, period_ms: u64) -> f64 {
        match self.burn {
            Burn::BudgetPercent(percent) => {
                percent * go::hours(period_ms) / 100.0 / go::hours(self.long_ms)
            }
            Burn::Factor(factor) => f64::from(factor),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn factors_are_those_of_sloth() {
        let built_in = AlertWindows::built_in();
        let printed = |windows: &AlertWindows| {
            [
                windows.page.quick,
                windows.page.slow,
                windows.ticket.quick,
                windows.ticket.slow,
            ]
            .map(|pair| go::float(pair.factor(windows.period_ms)))
        };
        assert_eq!(
            printed(&built_in[0]),
            [
                "13.44",
                "5.6000000000000005",
                "2.8000000000000003",
                "0.9333333333333333"
            ]
        );
        assert_eq!(printed(&built_in[1]), ["14.4", "6", "3", "1"]);
        let week = AlertWindows {
            period_ms: 7 * 86_400_000,
            page: WindowPairs {
                quick: WindowPair {
                    burn: Burn::BudgetPercent(8.0),
                    ..built_in[0].page.quick
                },
                slow: WindowPair {
                    burn: Burn::BudgetPercent(12.5),
                    ..built_in[0].page.slow
                },
            },
            ticket: WindowPairs {
                quick: WindowPair {
                    burn: Burn::BudgetPercent(20.0),
                    ..built_in[0].ticket.quick
                },
                slow: WindowPair {
                    burn: Burn::BudgetPercent(42.0),
                    ..built_in[0].ticket.slow
                },
            },
        };
        assert_eq!(
            printed(&week),
            ["13.44", "3.5", "1.4000000000000001", "0.98"]
        );
    }

    /// The table of Pyrra's own test for 28 days, and its formula for others.
    #[test]
    fn windows_are_those_of_pyrra() {
        for (period, table) in [
            (7, [[1, 15, 1], [4, 90, 8], [15, 360, 30], [45, 1_440, 90]]),
            (
                14,
                [[1, 30, 3], [8, 180, 15], [30, 720, 60], [90, 2_880, 180]],
            ),
            (
                28,
                [
                    [2, 60, 5],
                    [15, 360, 30],
                    [60, 1_440, 120],
                    [180, 5_760, 360],
                ],
            ),
            (
                30,
                [
                    [2, 64, 5],
                    [16, 386, 32],
                    [64, 1_543, 129],
                    [193, 6_171, 386],
                ],
            ),
            (
                90,
                [
                    [6, 193, 16],
                    [48, 1_157, 96],
                    [193, 4_629, 386],
                    [579, 18_514, 1_157],
                ],
            ),
        ] {
            let windows = AlertWindows::pyrra(&format!("{period}d")).unwrap();
            let pairs = [
                windows.page.quick,
                windows.page.slow,
                windows.ticket.quick,
                windows.ticket.slow,
            ];
            let minutes = pairs.map(|pair| {
                [pair.hold_ms.unwrap(), pair.long_ms, pair.short_ms].map(|ms| ms / 60_000)
            });
            assert_eq!(minutes, table, "{period}");
            assert_eq!(
                pairs.map(|pair| go::float(pair.factor(0))),
                ["14", "7", "2", "1"]
            );
        }
        assert!(AlertWindows::pyrra("1h").is_err());
    }

    #[test]
    fn wrong_catalogues_say_what_is_wrong() {
        let text = "kind: AlertWindows\nspec:\n  sloPeriod: 7x\n  page: &p\n    quick: &q {errorBudgetPercent: 8, shortWindow: 5m, longWindow: 1h}\n    slow: *q\n  ticket: *p\n";
        let error = AlertWindows::from_yaml(text).unwrap_err();
        assert_eq!(
            error.to_string(),
            "window `7x`, expected a length such as `5m` or `3d`"
        );
        assert!(AlertWindows::from_yaml(&text.replace("7x", "7d")).is_ok());
        assert!(AlertWindows::from_yaml("kind: SLO").is_err());
    }
}
