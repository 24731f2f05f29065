//! Records kept as evidence: few, and the same ones whatever order they came in.

use std::{cmp::Ordering, time::Duration};

use jiff::Timestamp;

use crate::{Event, Exemplar, LogPosition, number::cut};

/// How many slow requests a bucket keeps, and how many failed ones.
pub(crate) const PER_BUCKET: usize = 2;
/// How many records a template keeps.
pub(crate) const PER_TEMPLATE: usize = 5;

const MAX_MESSAGE: usize = 1_024;
const MAX_VALUE: usize = 256;
const MAX_FIELDS: usize = 32;

impl Exemplar {
    /// The event as evidence, long texts cut.
    pub fn of(event: &Event<'_>) -> Self {
        let record = &event.record;
        let mut fields = std::collections::BTreeMap::new();
        for field in record.fields.iter().take(MAX_FIELDS) {
            fields
                .entry(cut(&field.name, MAX_VALUE).to_owned())
                .or_insert_with(|| cut(&field.value, MAX_VALUE).to_owned());
        }
        Self {
            position: event.position.clone(),
            time: record.time,
            level: record.level,
            target: record
                .target
                .as_deref()
                .map(|target| cut(target, MAX_VALUE).to_owned()),
            message: cut(&record.message, MAX_MESSAGE).to_owned(),
            fields,
            duration: record.duration(),
            emitter: record.emitter.as_ref().map(crate::Emitter::to_location),
            frames: event.frames.clone(),
        }
    }
}

/// What orders exemplars before their whole content does.
#[derive(Clone, Copy)]
pub(crate) struct Key<'k> {
    pub(crate) time: Option<Timestamp>,
    pub(crate) duration: Option<Duration>,
    pub(crate) position: &'k LogPosition,
}

impl<'k> From<&'k Exemplar> for Key<'k> {
    fn from(exemplar: &'k Exemplar) -> Self {
        Self {
            time: exemplar.time,
            duration: exemplar.duration,
            position: &exemplar.position,
        }
    }
}

/// Which exemplars a list keeps.
#[derive(Clone, Copy)]
pub(crate) enum Order {
    /// Those with the earliest time; records without a time come last.
    First,
    /// Those with the longest duration.
    Slowest,
}

impl Order {
    fn compare(self, a: Key<'_>, b: Key<'_>) -> Ordering {
        let earliest =
            || (a.time.is_none(), a.time, a.position).cmp(&(b.time.is_none(), b.time, b.position));
        match self {
            Self::First => earliest(),
            Self::Slowest => b.duration.cmp(&a.duration).then_with(earliest),
        }
    }
}

/// Inserts an exemplar where it belongs, if it belongs among the `max` first; it is built only then.
pub(crate) fn insert(
    list: &mut Vec<Exemplar>,
    order: Order,
    max: usize,
    key: Key<'_>,
    build: impl FnOnce() -> Exemplar,
) {
    if list.len() == max
        && list
            .last()
            .is_some_and(|last| order.compare(key, last.into()) == Ordering::Greater)
    {
        return;
    }
    let exemplar = build();
    let at = list.partition_point(|other| {
        order
            .compare(other.into(), (&exemplar).into())
            .then_with(|| other.cmp(&exemplar))
            == Ordering::Less
    });
    if list.len() == max {
        if at == max {
            return;
        }
        list.pop();
    }
    // There is a list per bucket: none has room that it never needs.
    list.reserve_exact(1);
    list.insert(at, exemplar);
}

/// The first `max` of both lists.
pub(crate) fn merge(list: &mut Vec<Exemplar>, other: Vec<Exemplar>, order: Order, max: usize) {
    list.reserve_exact(other.len());
    list.extend(other);
    list.sort_by(|a, b| order.compare(a.into(), b.into()).then_with(|| a.cmp(b)));
    list.truncate(max);
    list.shrink_to(max);
}
