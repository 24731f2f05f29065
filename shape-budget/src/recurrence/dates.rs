//! The days of a recurrence rule.

use std::collections::VecDeque;

use jiff::{ToSpan, civil::Date};

use super::{Day, Frequency, Recurrence};

/// The days of a rule, step by step: a day, a week, a month or a year at a time.
pub(super) struct Steps<'a> {
    rule: &'a Recurrence,
    first: Date,
    last: Date,
    /// The first day of the next step; `None` at the end of the calendar.
    next: Option<Date>,
    found: VecDeque<Date>,
}

impl<'a> Steps<'a> {
    pub(super) fn new(rule: &'a Recurrence, first: Date, last: Date) -> Self {
        let next = match rule.frequency {
            Frequency::Daily => Some(first),
            Frequency::Weekly => {
                let back = first.weekday().since(rule.week_start);
                first.checked_sub(i64::from(back).days()).ok()
            }
            Frequency::Monthly => Some(first.first_of_month()),
            Frequency::Yearly => Some(first.first_of_year()),
        };
        Self {
            rule,
            first,
            last,
            next,
            found: VecDeque::new(),
        }
    }

    /// The days of the step that begins with `start`, in order and each once.
    fn expand(&self, start: Date) -> Vec<Date> {
        let rule = self.rule;
        let days: Vec<Date> = match rule.frequency {
            Frequency::Daily => vec![start],
            Frequency::Weekly => (0..7)
                .filter_map(|n| start.checked_add(n.days()).ok())
                .collect(),
            Frequency::Monthly => month(start),
            Frequency::Yearly => (1..=12)
                .filter_map(|month| Date::new(start.year(), month, 1).ok())
                .flat_map(month)
                .collect(),
        };
        let found: Vec<Date> = days.into_iter().filter(|day| self.has(*day)).collect();
        if rule.by_set_pos.is_empty() {
            return found;
        }
        let at = |place: i16| {
            let place = isize::from(place);
            let index = if 0 < place {
                usize::try_from(place - 1).ok()?
            } else {
                found.len().checked_sub(place.unsigned_abs())?
            };
            found.get(index).copied()
        };
        let mut chosen: Vec<Date> = rule
            .by_set_pos
            .iter()
            .filter_map(|place| at(*place))
            .collect();
        chosen.sort_unstable();
        chosen.dedup();
        chosen
    }

    /// Whether a day of a step is one of the rule's: every part must agree. What the rule leaves open is as on the
    /// first day.
    fn has(&self, date: Date) -> bool {
        let rule = self.rule;
        let by_month = |months: &[i8]| months.contains(&date.month());
        if !rule.by_month.is_empty() && !by_month(&rule.by_month) {
            return false;
        }
        let by_month_day = |day: &i8| {
            let from_end = date.day() - date.days_in_month() - 1;
            *day == date.day() || *day == from_end
        };
        if !rule.by_month_day.is_empty() && !rule.by_month_day.iter().any(by_month_day) {
            return false;
        }
        if !rule.by_day.is_empty() {
            return rule.by_day.iter().any(|day| self.is_day(*day, date));
        }
        if !rule.by_month_day.is_empty() {
            return true;
        }
        match rule.frequency {
            Frequency::Daily => true,
            Frequency::Weekly => date.weekday() == self.first.weekday(),
            Frequency::Monthly => date.day() == self.first.day(),
            Frequency::Yearly => {
                let is_month = !rule.by_month.is_empty() || date.month() == self.first.month();
                is_month && date.day() == self.first.day()
            }
        }
    }

    fn is_day(&self, day: Day, date: Date) -> bool {
        if day.weekday != date.weekday() {
            return false;
        }
        let Some(nth) = day.nth else {
            return true;
        };
        let in_year = self.rule.frequency == Frequency::Yearly && self.rule.by_month.is_empty();
        let (place, length) = if in_year {
            (date.day_of_year(), date.days_in_year())
        } else {
            (i16::from(date.day()), i16::from(date.days_in_month()))
        };
        if 0 < nth {
            (place - 1) / 7 + 1 == nth
        } else {
            -((length - place) / 7 + 1) == nth
        }
    }
}

fn month(day: Date) -> Vec<Date> {
    (1..=day.days_in_month())
        .filter_map(|n| Date::new(day.year(), day.month(), n).ok())
        .collect()
}

impl Iterator for Steps<'_> {
    type Item = Date;

    fn next(&mut self) -> Option<Date> {
        loop {
            if let Some(found) = self.found.pop_front() {
                return Some(found);
            }
            // A rule may match no day at all: without a last one, the 30th of February is looked for up to the end.
            let start = self.next.filter(|start| *start <= self.last)?;
            let interval = i64::from(self.rule.interval);
            let step = match self.rule.frequency {
                Frequency::Daily => interval.days(),
                Frequency::Weekly => (7 * interval).days(),
                Frequency::Monthly => interval.months(),
                Frequency::Yearly => interval.years(),
            };
            self.next = start.checked_add(step).ok();
            let days = self.expand(start);
            self.found.extend(
                days.into_iter()
                    .filter(|day| self.first <= *day && *day <= self.last),
            );
        }
    }
}
