//! Burn of a running stream of events, in constant time.

use jiff::Timestamp;
use shape_sli::{Events, SliPoint};
use shape_slo::{Slo, Target};
use shape_telemetry::Period;

use crate::{
    Alert, AlertRule, BudgetConfig, BurnRate, BurnWindow, Error, Exclusion, SloBudget,
    alert::Arithmetic, assess_slo, error::Repr, exclusion::Excluded,
};

/// Counts events as they come and knows the burn over several look-backs at any time.
///
/// A ring of slots: recording an event and asking for a burn take the same time however long the window is, and the memory
/// is 16 bytes a slot (675 KiB for 30 days of minutes). Events may come late and out of order, as long as their slot is in
/// the window; what comes later is counted apart ([`BurnMeter::too_late`]).
///
/// A look-back of `s` seconds is the last `s / slot` slots, the present one included.
///
/// ```
/// use shape_budget::{AlertRule, BurnMeter};
/// use shape_sli::Events;
///
/// let mut meter = BurnMeter::new("99.9%".parse()?, 30 * 86_400, 60, &AlertRule::SRE_WORKBOOK)?;
/// let start: jiff::Timestamp = "2026-11-24T08:00:00Z".parse()?;
/// for minute in 0..60 {
///     let at = start + jiff::SignedDuration::from_mins(minute);
///     meter.record(at, Events::from_good_bad(if minute < 50 { 1_000 } else { 0 }, if minute < 50 { 0 } else { 1_000 }));
/// }
/// let alerts = meter.alerts(0.95);
/// assert_eq!(alerts.len(), 4);
/// assert_eq!(meter.burn(3_600).map(|burn| burn.to_string()), Some("166.7".to_owned()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct BurnMeter {
    target: Target,
    window_seconds: u64,
    slot_seconds: i64,
    rules: Vec<AlertRule>,
    /// The slot of the present, counted from the epoch.
    head: Option<i64>,
    ring: Vec<Events>,
    spans: Vec<Span>,
    too_late: Events,
    excluded: Excluded,
    left_out: Events,
}

/// A look-back and the sum of its slots.
#[derive(Clone, Copy, Debug)]
struct Span {
    seconds: u64,
    slots: i64,
    sum: Events,
}

impl BurnMeter {
    /// A meter for a promise over so many seconds, in slots of so many; `rules` name the look-backs.
    ///
    /// Rules whose long window is longer than the promise's window do not apply.
    ///
    /// # Errors
    ///
    /// When a slot has no length, does not divide the windows, or a rule is not valid.
    pub fn new(
        target: Target,
        window_seconds: u64,
        slot_seconds: u64,
        rules: &[AlertRule],
    ) -> Result<Self, Error> {
        let rules: Vec<AlertRule> = rules
            .iter()
            .filter(|rule| rule.long_seconds <= window_seconds)
            .map(|rule| rule.checked())
            .collect::<Result<_, _>>()?;
        let mut lengths: Vec<u64> = rules
            .iter()
            .flat_map(|rule| [rule.long_seconds, rule.short_seconds])
            .chain([window_seconds])
            .collect();
        lengths.sort_unstable();
        lengths.dedup();
        let wrong = |seconds: u64| Repr::Config {
            what: "slot",
            seen: format!("{slot_seconds} s in a window of {seconds} s"),
            expected: "a length above zero that divides every window",
        };
        let mut spans = Vec::with_capacity(lengths.len());
        for seconds in lengths {
            let slots = seconds
                .checked_rem(slot_seconds)
                .filter(|rest| *rest == 0 && seconds != 0)
                .and_then(|_| i64::try_from(seconds / slot_seconds).ok())
                .ok_or_else(|| wrong(seconds))?;
            spans.push(Span {
                seconds,
                slots,
                sum: Events::NONE,
            });
        }
        let whole = spans.last().map_or(0, |span| span.slots);
        let length = usize::try_from(whole).map_err(|_| wrong(window_seconds))?;
        Ok(Self {
            target,
            window_seconds,
            slot_seconds: i64::try_from(slot_seconds).map_err(|_| wrong(window_seconds))?,
            rules,
            head: None,
            ring: vec![Events::NONE; length],
            spans,
            too_late: Events::NONE,
            excluded: Excluded::default(),
            left_out: Events::NONE,
        })
    }

    /// Counts events of this time. A time beyond the present moves the present on.
    pub fn record(&mut self, at: Timestamp, events: Events) {
        let slot = at.as_second().div_euclid(self.slot_seconds);
        let head = self.advance_to(slot);
        let age = head - slot;
        let Some(place) = self.place(slot).filter(|_| age < self.whole()) else {
            self.too_late += events;
            return;
        };
        if self.is_excluded(slot) {
            self.left_out += events;
            return;
        }
        self.ring[place] += events;
        for span in &mut self.spans {
            if age < span.slots {
                span.sum += events;
            }
        }
    }

    /// Leaves a time out: what was recorded in it leaves every look-back, what comes for it later is not counted. A slot
    /// is left out when it starts in the time.
    pub fn exclude(&mut self, period: Period) {
        let periods = self.excluded.periods().iter().copied().chain([period]);
        self.excluded = Excluded::from_periods(periods.collect());
        let Some(head) = self.head else {
            return;
        };
        for slot in head - self.whole() + 1..=head {
            let Some(place) = self.place(slot).filter(|_| self.is_excluded(slot)) else {
                continue;
            };
            let gone = std::mem::replace(&mut self.ring[place], Events::NONE);
            self.left_out += gone;
            for span in &mut self.spans {
                if head - slot < span.slots {
                    span.sum = span.sum.checked_sub(gone).unwrap_or(Events::NONE);
                }
            }
        }
    }

    /// Adds what another meter of the same slots and window counted: shards of one stream, in any order, are the stream.
    ///
    /// # Errors
    ///
    /// When the slots or the windows differ.
    pub fn merge(&mut self, other: &Self) -> Result<(), Error> {
        if (self.slot_seconds, self.window_seconds) != (other.slot_seconds, other.window_seconds) {
            return Err(Repr::Config {
                what: "meter",
                seen: format!(
                    "slots of {} s in {} s",
                    other.slot_seconds, other.window_seconds
                ),
                expected: "the slots and the window of the meter it is merged into",
            }
            .into());
        }
        for period in other.excluded.periods() {
            self.exclude(*period);
        }
        if let Some(now) = other.head.and_then(|head| other.start_of(head)) {
            self.advance(now);
        }
        for point in other.points() {
            self.record(point.start, point.events);
        }
        self.too_late += other.too_late;
        self.left_out += other.left_out;
        Ok(())
    }

    /// The budget of a promise at `now`, from the slots that are kept: [`assess_slo`] with the stream's own events.
    ///
    /// The slots must reach back as far as the promise's window: make the meter for the longest one, 31 days and an hour
    /// for a calendar month. Exclusions of `config` come on top of those of the meter.
    ///
    /// # Errors
    ///
    /// As [`assess_slo`].
    pub fn budget(
        &self,
        slo: &Slo,
        now: Timestamp,
        config: &BudgetConfig,
    ) -> Result<SloBudget, Error> {
        let points: Vec<SliPoint> = self.points().collect();
        let mut config = config.clone();
        for period in self.excluded.periods() {
            config.exclusions.push(Exclusion::once("meter", *period)?);
        }
        let bucket_ms = self.slot_seconds.unsigned_abs().saturating_mul(1_000);
        assess_slo(slo, &points, Events::NONE, bucket_ms, now, &config)
    }

    /// The slots that hold events, in time order, by their start.
    pub fn points(&self) -> impl Iterator<Item = SliPoint> + '_ {
        let slots = self.head.map(|head| head - self.whole() + 1..=head);
        slots.into_iter().flatten().filter_map(|slot| {
            let events = self.ring[self.place(slot)?];
            let start = self.start_of(slot)?;
            (!events.is_none()).then_some(SliPoint { start, events })
        })
    }

    /// Moves the present on, although nothing happened; never back.
    pub fn advance(&mut self, now: Timestamp) {
        self.advance_to(now.as_second().div_euclid(self.slot_seconds));
    }

    /// The events of a look-back that a rule names, or of the whole window; `None` for another one.
    pub fn events(&self, seconds: u64) -> Option<Events> {
        let span = self.spans.iter().find(|span| span.seconds == seconds)?;
        Some(span.sum)
    }

    /// The burn over a look-back; `None` without events, for a target of 100 %, and for a look-back that is not kept.
    pub fn burn(&self, seconds: u64) -> Option<BurnRate> {
        BurnRate::of(self.target, self.events(seconds)?)
    }

    /// All look-backs, the shortest first, the whole window last.
    pub fn windows(&self) -> impl Iterator<Item = BurnWindow> + '_ {
        self.spans
            .iter()
            .map(|span| BurnWindow::new(span.seconds, self.target, span.sum))
    }

    /// The alerts that fire now.
    pub fn alerts(&self, confidence: f64) -> Vec<Alert> {
        self.alerts_after(&[], confidence)
    }

    /// The alerts that fire now, after those that fired a moment ago: what has begun needs no new evidence, and goes on
    /// while both of its windows burn.
    ///
    /// ```
    /// use shape_budget::{AlertRule, BurnMeter};
    /// use shape_sli::Events;
    ///
    /// let at = |minute: u32| format!("2026-11-24T08:{minute:02}:00Z").parse::<jiff::Timestamp>();
    /// let mut meter = BurnMeter::new("99.9%".parse()?, 30 * 86_400, 60, &AlertRule::SRE_WORKBOOK)?;
    /// for minute in 0..30 {
    ///     meter.record(at(minute)?, Events::from_good_bad(1, 0));
    /// }
    /// meter.record(at(30)?, Events::from_good_bad(0, 2));
    /// let alerts = meter.alerts(0.95);
    /// assert!(!alerts.is_empty());
    /// for minute in 31..35 {
    ///     meter.record(at(minute)?, Events::from_good_bad(20, 0));
    /// }
    /// // Two of a hundred requests would be no evidence by themselves.
    /// assert!(meter.alerts(0.95).len() < meter.alerts_after(&alerts, 0.95).len());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn alerts_after(&self, before: &[Alert], confidence: f64) -> Vec<Alert> {
        self.alerts_as(Arithmetic::Exact, before, confidence)
    }

    pub(crate) fn alerts_as(
        &self,
        arithmetic: Arithmetic,
        before: &[Alert],
        confidence: f64,
    ) -> Vec<Alert> {
        let of = |seconds| self.events(seconds).unwrap_or(Events::NONE);
        self.rules
            .iter()
            .filter_map(|rule| {
                let has_begun = before.iter().any(|alert| rule.made(alert));
                rule.fires_as(
                    arithmetic,
                    self.target,
                    self.window_seconds,
                    of(rule.long_seconds),
                    of(rule.short_seconds),
                    (!has_begun).then_some(confidence),
                )
            })
            .collect()
    }

    /// Events that came when their slot had left the window.
    pub fn too_late(&self) -> Events {
        self.too_late
    }

    /// Events of excluded time, which count nowhere.
    pub fn left_out(&self) -> Events {
        self.left_out
    }

    fn start_of(&self, slot: i64) -> Option<Timestamp> {
        Timestamp::from_second(slot.checked_mul(self.slot_seconds)?).ok()
    }

    fn is_excluded(&self, slot: i64) -> bool {
        !self.excluded.is_empty()
            && self
                .start_of(slot)
                .is_some_and(|start| self.excluded.contains(start))
    }

    fn whole(&self) -> i64 {
        self.spans.last().map_or(0, |span| span.slots)
    }

    fn place(&self, slot: i64) -> Option<usize> {
        let length = i64::try_from(self.ring.len()).ok()?;
        usize::try_from(slot.checked_rem_euclid(length)?).ok()
    }

    /// Makes `slot` the present one, unless it is past; gives the present one.
    fn advance_to(&mut self, slot: i64) -> i64 {
        let head = *self.head.get_or_insert(slot);
        if slot <= head {
            return head;
        }
        if self.whole() <= slot - head {
            // Everything has left.
            self.ring.fill(Events::NONE);
            for span in &mut self.spans {
                span.sum = Events::NONE;
            }
        } else {
            for next in head + 1..=slot {
                self.step(next);
            }
        }
        self.head = Some(slot);
        slot
    }

    /// Lets the oldest slot of each look-back go, and empties the place of the next slot.
    fn step(&mut self, next: i64) {
        for index in 0..self.spans.len() {
            let leaving = next - self.spans[index].slots;
            if let Some(place) = self.place(leaving) {
                let gone = self.ring[place];
                let span = &mut self.spans[index];
                // What leaves was added before, so that it is part of the sum.
                span.sum = span.sum.checked_sub(gone).unwrap_or(Events::NONE);
            }
        }
        if let Some(place) = self.place(next) {
            self.ring[place] = Events::NONE;
        }
    }
}
