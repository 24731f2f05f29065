//! The skeleton of a message: its text with a mark for each variable, and what stood at the marks that may not vary.

use serde::{Deserialize, Serialize};

use super::{
    MessageKind, WILDCARD, mask,
    scanner::{self, Pieces, Sort},
};
use crate::{Record, fingerprint};

/// Longer runs of variables are lists of any length.
const MAX_LIST: u32 = 8;

/// Marks in a skeleton. Messages have none of them: control characters are blanks there.
mod mark {
    pub(super) const SURE: u8 = 1;
    pub(super) const NAME: u8 = 2;
    pub(super) const VALUE: u8 = 3;
    pub(super) const QUOTED: u8 = 4;
    pub(super) const UNIT: u8 = 5;
    pub(super) const LIST: u8 = 6;
}

/// What was seen at a mark. Joining is associative, commutative and idempotent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Slot {
    /// One value so far.
    Same(Box<str>),
    /// More than one, or one that is a variable by its shape.
    Varies,
}

impl Slot {
    pub(super) fn see(&mut self, value: Option<&str>) {
        if let Self::Same(known) = self
            && value != Some(known)
        {
            *self = Self::Varies;
        }
    }

    pub(super) fn join(&mut self, other: &Self) {
        match other {
            Self::Same(value) => self.see(Some(value)),
            Self::Varies => *self = Self::Varies,
        }
    }
}

/// A message taken apart; reused from message to message.
#[derive(Clone, Debug, Default)]
pub(super) struct Skeleton {
    /// The text with marks.
    pub(super) text: String,
    /// The values at the marks that may not vary, end to end.
    values: String,
    /// Where each value ends; none for one that varies by its shape.
    ends: Vec<(usize, bool)>,
    /// The length of the text just behind a date in words.
    date: usize,
}

impl Skeleton {
    pub(super) fn read(&mut self, message: &str) {
        self.clear();
        scanner::scan(message, self);
    }

    fn clear(&mut self) {
        self.text.clear();
        self.values.clear();
        self.ends.clear();
        self.date = usize::MAX - 1;
    }

    /// Takes a record apart; one without a message by the names of its fields.
    pub(super) fn read_record(&mut self, record: &Record<'_>) {
        if record.message.trim_ascii().is_empty() {
            self.clear();
            let mut names = String::new();
            mask::names(record, &mut names);
            self.text
                .extend(names.chars().map(|c| if c < ' ' { ' ' } else { c }));
        } else {
            self.read(&record.message);
        }
    }

    /// The values in order.
    pub(super) fn values(&self) -> impl Iterator<Item = Option<&str>> {
        let mut from = 0;
        self.ends.iter().map(move |&(end, same)| {
            let value = self.values.get(from..end);
            from = end;
            value.filter(|_| same)
        })
    }

    /// What messages are alike in.
    pub(super) fn kind(&self) -> MessageKind {
        MessageKind(fingerprint(&self.text))
    }

    pub(super) fn slots(&self) -> Vec<Slot> {
        self.values()
            .map(|value| value.map_or(Slot::Varies, |value| Slot::Same(value.into())))
            .collect()
    }

    /// What is taken to be the same in all messages of a kind that was not seen: names and units.
    pub(super) fn likely_slots(&self) -> Vec<Slot> {
        let marks = slotted(&self.text);
        let slots = self.slots().into_iter().zip(marks);
        slots
            .map(|(slot, mark)| match mark {
                mark::NAME | mark::UNIT => slot,
                _ => Slot::Varies,
            })
            .collect()
    }

    fn mark(&mut self, mark: u8, value: Option<&str>) {
        self.text.push(char::from(mark));
        self.values.push_str(value.unwrap_or(""));
        self.ends.push((self.values.len(), value.is_some()));
    }

    fn sure(&mut self) {
        let bytes = self.text.as_bytes();
        match bytes {
            // `Jul 10 03:55:15 2005`: a date in words is one value.
            _ if bytes.len() == self.date + 1 && bytes.ends_with(b" ") => {
                self.text.pop();
                return;
            }
            [.., mark::SURE, b','] => {
                self.text.pop();
                return;
            }
            [.., mark::SURE, b' '] => {
                self.text.truncate(bytes.len() - 2);
                self.mark(mark::LIST, Some("\u{2}"));
                return;
            }
            [.., mark::LIST, b' '] => {
                self.text.pop();
                if let Some(count) = self.values.pop() {
                    let next = char::from_u32(u32::from(count) + 1).unwrap_or(count);
                    self.values.push(next);
                    if let Some(last) = self.ends.last_mut() {
                        *last = (self.values.len(), u32::from(next) <= MAX_LIST);
                    }
                }
                return;
            }
            _ => {}
        }
        if let Some(start) = date_in_words(&self.text) {
            self.text.truncate(start);
            self.text.push(char::from(mark::SURE));
            self.date = self.text.len();
            return;
        }
        self.text.push(char::from(mark::SURE));
    }
}

impl Pieces for Skeleton {
    fn text(&mut self, text: &str) {
        self.text.push_str(text);
    }

    fn variable(&mut self, sort: Sort, text: &str) {
        match sort {
            Sort::Sure => self.sure(),
            Sort::SureValue => self.mark(mark::VALUE, None),
            Sort::Value | Sort::Dotted => self.mark(mark::VALUE, Some(text)),
            Sort::Quoted => self.mark(mark::QUOTED, Some(text)),
            Sort::Unit => self.mark(mark::UNIT, Some(text)),
            Sort::Name => {
                self.mark(mark::NAME, Some(text));
                self.text
                    .extend(text.chars().filter(|c| !c.is_ascii_digit()));
                self.text.push(char::from(mark::NAME));
            }
        }
    }
}

const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// Where `Sun Jul ` or `Jul ` at the end of a text begins.
pub(super) fn date_in_words(text: &str) -> Option<usize> {
    // Cheap first: hardly any text ends like this.
    let [.., b'A'..=b'Z', b'a'..=b'z', b'a'..=b'z', b' '] = text.as_bytes() else {
        return None;
    };
    let head = text.strip_suffix(' ')?;
    let month = head.get(head.len().checked_sub(3)?..)?;
    if !MONTHS.contains(&month) {
        return None;
    }
    let before = head.get(..head.len() - 3)?;
    let free = |text: &str| !text.ends_with(|c: char| c.is_alphanumeric());
    if let Some(day) = before
        .strip_suffix(' ')
        .and_then(|text| text.get(text.len().checked_sub(3)?..))
        && DAYS.contains(&day)
        && free(before.get(..before.len() - 4)?)
    {
        return Some(before.len() - 4);
    }
    free(before).then_some(before.len())
}

/// Appends the template: the skeleton with its marks filled in.
pub(super) fn render(skeleton: &str, slots: &[Slot], out: &mut String) {
    let mut slots = slots.iter();
    let mut next = || match slots.next() {
        Some(Slot::Same(value)) => Some(&**value),
        _ => None,
    };
    let mut rest = skeleton;
    while let Some(at) = rest.bytes().position(|b| b < b' ') {
        let (text, marked) = rest.split_at(at);
        out.push_str(text);
        let mark = marked.as_bytes()[0];
        rest = &marked[1..];
        match mark {
            mark::VALUE | mark::QUOTED => out.push_str(next().unwrap_or(WILDCARD)),
            mark::UNIT => out.push_str(next().unwrap_or("")),
            mark::NAME => {
                out.push_str(next().unwrap_or(WILDCARD));
                let end = rest.find(char::from(mark::NAME)).map_or(0, |at| at + 1);
                rest = &rest[end..];
            }
            mark::LIST => {
                let count = next()
                    .and_then(|text| text.chars().next())
                    .map_or(1, u32::from);
                for n in 0..count {
                    if 0 < n {
                        out.push(' ');
                    }
                    out.push_str(WILDCARD);
                }
            }
            _ => out.push_str(WILDCARD),
        }
    }
    out.push_str(rest);
}

/// The fingerprint of a skeleton.
pub(super) fn fingerprint(skeleton: &str) -> u64 {
    fingerprint::of(&[skeleton])
}

/// The marks of a skeleton that have a slot, in order.
fn slotted(skeleton: &str) -> impl Iterator<Item = u8> {
    let mut inside_name = false;
    skeleton.bytes().filter(move |&b| match b {
        mark::NAME => {
            inside_name = !inside_name;
            inside_name
        }
        mark::VALUE | mark::QUOTED | mark::UNIT | mark::LIST => true,
        _ => false,
    })
}

/// How many of the marks of a skeleton have a slot.
pub(super) fn n_slots(skeleton: &str) -> usize {
    slotted(skeleton).count()
}
