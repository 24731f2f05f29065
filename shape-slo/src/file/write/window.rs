//! Windows and lengths as the versions of `OpenSLO` write them.

use super::{Writer, quoted};
use crate::{CalendarUnit, OpenSloVersion, Window, validate::is_time_zone, window::seconds_text};

impl Writer<'_> {
    pub(super) fn window(&mut self) -> String {
        let (duration, calendar) = match &self.slo.window {
            Window::Rolling { seconds } => (
                self.length("spec.timeWindow[0].duration", *seconds),
                String::new(),
            ),
            Window::Calendar { unit, time_zone } => {
                let is_short = matches!(unit, CalendarUnit::Day | CalendarUnit::Week);
                if self.version == OpenSloVersion::V2alpha && !is_short {
                    let version = self.version;
                    self.lose(
                        "spec.timeWindow[0].duration",
                        &format!(
                            "a calendar {unit}, `{version}` has minutes, hours, days and weeks"
                        ),
                    );
                }
                let calendar = self.calendar("spec.timeWindow[0].calendar.timeZone", time_zone);
                (unit_text(*unit).to_owned(), calendar)
            }
        };
        let is_rolling = self.slo.window.is_rolling();
        format!("    - duration: {duration}\n      isRolling: {is_rolling}\n{calendar}")
    }

    pub(super) fn window_v1alpha(&mut self) -> String {
        let (unit, count, calendar) = match &self.slo.window {
            Window::Rolling { seconds } => {
                let (unit, count) = if seconds.is_multiple_of(86_400) {
                    ("Day", seconds / 86_400)
                } else {
                    ("Second", *seconds)
                };
                if !(1..=i64::MAX.unsigned_abs()).contains(&count) {
                    self.lose(
                        "spec.timeWindows[0].count",
                        &format!("{count}, OpenSLO wants more than 0 and at most 63 bits"),
                    );
                }
                (unit, count, String::new())
            }
            Window::Calendar { unit, time_zone } => {
                let name = match unit {
                    CalendarUnit::Day => "Day",
                    CalendarUnit::Week => "Week",
                    CalendarUnit::Month => "Month",
                    CalendarUnit::Quarter => "Quarter",
                    CalendarUnit::Year => {
                        let version = self.version;
                        self.lose(
                            "spec.timeWindows[0].unit",
                            &format!("a calendar year, `{version}` ends with quarters"),
                        );
                        "Year"
                    }
                };
                let calendar = self.calendar("spec.timeWindows[0].calendar.timeZone", time_zone);
                (name, 1, calendar)
            }
        };
        let is_rolling = self.slo.window.is_rolling();
        format!(
            "    - unit: {unit}\n      count: {count}\n      isRolling: {is_rolling}\n{calendar}"
        )
    }

    fn calendar(&mut self, path: &str, time_zone: &str) -> String {
        if !is_time_zone(time_zone) {
            self.lose(path, &format!("`{time_zone}`, which is no IANA time zone"));
        }
        // A Monday, and the first day of a month, a quarter and a year at once.
        let start = "2018-01-01 00:00:00";
        let zone = quoted(time_zone);
        format!("      calendar:\n        startTime: {start}\n        timeZone: {zone}\n")
    }

    /// A length in the units of v1 and v2alpha, of which the least is a minute.
    pub(super) fn length(&mut self, path: &str, seconds: u64) -> String {
        let text = seconds_text(seconds);
        if seconds == 0 || !seconds.is_multiple_of(60) {
            self.lose(path, &format!("{text}, OpenSLO wants whole minutes"));
        }
        text
    }
}

fn unit_text(unit: CalendarUnit) -> &'static str {
    match unit {
        CalendarUnit::Day => "1d",
        CalendarUnit::Week => "1w",
        CalendarUnit::Month => "1M",
        CalendarUnit::Quarter => "1Q",
        CalendarUnit::Year => "1Y",
    }
}
