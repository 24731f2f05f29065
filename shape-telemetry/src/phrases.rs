//! Messages that differ in their digits only are read once.
//!
//! What the words of a message say, where a duration stands in it, which template it has: none of this depends on what the
//! digits are, but for a few cases that are known by their shape. Most messages of a log are therefore read by comparing
//! them with one that was read before.

use std::time::Duration;

use self::shape::Shape;
use crate::{
    duration::{self, Place},
    hash,
    mine::mask,
    number,
    sentence::Sentence,
};

mod shape;

/// The phrases that were met lately, by component and shape.
#[derive(Clone, Debug, Default)]
pub(crate) struct Phrases {
    slots: Vec<Phrase>,
    /// The shape of the message at hand: the memory is used again.
    shape: Shape,
}

/// The messages of a component that have the same shape.
#[derive(Clone, Debug, Default)]
pub(crate) struct Phrase {
    component: usize,
    shape: Shape,
    pub(crate) template: Template,
    facts: Facts,
}

/// The template that all messages of a phrase have.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) enum Template {
    /// Nobody has asked yet.
    #[default]
    Unknown,
    /// Some digits are part of the template.
    Varies,
    /// Its fingerprint, and where its series was when it was counted last.
    Known(u64, usize),
}

/// What the messages of a phrase say.
#[derive(Clone, Debug, Default)]
enum Facts {
    /// Nobody has asked yet.
    #[default]
    Unknown,
    /// Whether there is a status or a duration depends on the digits.
    Vary,
    Known {
        /// Where numbers stand that may be status codes.
        codes: Vec<usize>,
        /// By the kinds of those numbers.
        by_kind: Vec<(u32, Said)>,
    },
}

/// What is said, as far as it was asked for.
#[derive(Clone, Copy, Debug, Default)]
struct Said {
    sentence: Option<Sentence>,
    duration: First,
}

/// Where the first duration of a message stands.
#[derive(Clone, Copy, Debug, Default)]
enum First {
    /// Nobody has asked yet.
    #[default]
    Unknown,
    Nowhere,
    At(Place),
}

impl Phrases {
    const SLOTS: usize = 4_096;
    /// Longer messages hardly ever have the same shape.
    const MAX_MESSAGE: usize = 256;

    /// The phrase of a message; `None` for one that is too long, or says nothing.
    pub(crate) fn of(&mut self, component: usize, message: &str) -> Option<&mut Phrase> {
        if Self::MAX_MESSAGE < message.len() || message.trim_ascii().is_empty() {
            return None;
        }
        self.shape.take(message);
        if self.slots.is_empty() {
            self.slots.resize(Self::SLOTS, Phrase::default());
        }
        let mix = number::len(component).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let slot = hash::index(hash::bytes(self.shape.as_bytes()) ^ mix, Self::SLOTS);
        let phrase = self.slots.get_mut(slot)?;
        if phrase.component != component || phrase.shape != self.shape {
            phrase.component = component;
            phrase.shape.clone_from(&self.shape);
            phrase.template = Template::Unknown;
            phrase.facts = Facts::Unknown;
        }
        Some(phrase)
    }

    /// Forgets all: components have other indexes now.
    pub(crate) fn clear(&mut self) {
        self.slots.clear();
    }
}

impl Phrase {
    /// Remembers the template of a message of this phrase.
    pub(crate) fn has_template(&mut self, id: u64, index: usize) {
        self.template = match self.template {
            Template::Unknown if mask::may_keep_digits(self.shape.as_bytes()) => Template::Varies,
            Template::Varies => Template::Varies,
            _ => Template::Known(id, index),
        };
    }

    /// What is known of the messages of this phrase that have codes of the same kinds; `None` where nothing can be.
    fn said(&mut self, message: &str) -> Option<&mut Said> {
        if matches!(self.facts, Facts::Unknown) {
            self.facts = facts(self.shape.as_bytes());
        }
        let Facts::Known { codes, by_kind } = &mut self.facts else {
            return None;
        };
        let kinds = codes.iter().fold(0, |kinds, &at| {
            4 * kinds + kind_of_code(message.as_bytes().get(at))
        });
        let known = by_kind.iter().position(|&(known, _)| known == kinds);
        let at = known.unwrap_or_else(|| {
            by_kind.push((kinds, Said::default()));
            by_kind.len() - 1
        });
        by_kind.get_mut(at).map(|(_, said)| said)
    }

    fn sentence(&mut self, message: &str) -> Sentence {
        let Some(said) = self.said(message) else {
            return Sentence::of(message);
        };
        if let Some(known) = said.sentence {
            return Sentence {
                latency: known.place.and_then(|place| place.read(message)),
                ..known
            };
        }
        let sentence = Sentence::of(message);
        let has_unit = sentence.latency.is_none() || sentence.place.is_some();
        let is_large = || sentence.request_line && has_long_number(self.shape.as_bytes());
        if !has_unit || sentence.counted || is_large() {
            // `0 failed`. A number without a unit: its place says what it is, its digits whether it is too large.
            self.facts = Facts::Vary;
        } else if let Some(said) = self.said(message) {
            said.sentence = Some(sentence);
        }
        sentence
    }

    fn duration(&mut self, message: &str) -> Option<Duration> {
        let Some(said) = self.said(message) else {
            return duration::of_text(message);
        };
        match said.duration {
            First::At(place) => place.read(message),
            First::Nowhere => None,
            First::Unknown => {
                let found = duration::place(message);
                said.duration = found.map_or(First::Nowhere, |(place, _)| First::At(place));
                found.map(|(_, duration)| duration)
            }
        }
    }
}

/// Of the code whose first digit is given only this matters: whether it is one, and whether it is one of a failure.
fn kind_of_code(first: Option<&u8>) -> u32 {
    match first {
        Some(b'1'..=b'4') => 1,
        Some(b'5') => 2,
        _ => 3,
    }
}

/// Whether what messages of a shape say can be known from one of them.
fn facts(shape: &[u8]) -> Facts {
    /// More numbers that may be codes have too many kinds.
    const MAX_CODES: usize = 3;
    /// Numbers of more digits may be too large for their unit. Five digits never are, however many of them are added up in
    /// a message of the length that is remembered.
    const MAX_DIGITS: usize = 5;
    let mut codes = Vec::new();
    let mut at = 0;
    while let Some(start) = memchr::memchr(b'0', shape.get(at..).unwrap_or_default()) {
        let start = at + start;
        let rest = shape.get(start..).unwrap_or_default();
        let length = rest.iter().take_while(|&&b| b == b'0').count();
        at = start + length;
        let is_fraction = matches!(
            start.checked_sub(2).and_then(|at| shape.get(at..start)),
            Some([b'0', b'.'])
        );
        let behind = shape.get(at..).unwrap_or_default();
        if MAX_DIGITS < length && !is_fraction && may_have_unit(behind) {
            return Facts::Vary;
        }
        if length == 3 && may_be_code(shape, start) {
            codes.push(start);
        }
    }
    if MAX_CODES < codes.len() {
        return Facts::Vary;
    }
    Facts::Known {
        codes,
        by_kind: Vec::new(),
    }
}

/// Whether there is a number that may be too large for 64 bits of nanoseconds, when it is one of seconds.
fn has_long_number(shape: &[u8]) -> bool {
    memchr::memmem::find(shape, b"0000000000").is_some()
}

/// Whether the unit of a duration may stand behind a number.
fn may_have_unit(behind: &[u8]) -> bool {
    let next = behind
        .iter()
        .find(|b| !(b"()[],;:.!\"".contains(b) || b.is_ascii_digit() || b.is_ascii_whitespace()));
    // `ns`, `us`, `ms`, `s`, `min`, `h`; and whatever is written in other letters.
    next.is_some_and(|b| matches!(b, b'n' | b'u' | b'm' | b's' | b'h' | 0x80..))
}

/// Whether a number of three digits stands where a word begins and ends, as a status code does: not within `10.200.3`.
fn may_be_code(shape: &[u8], start: usize) -> bool {
    let is_part = |b: Option<&u8>| b.is_some_and(u8::is_ascii_alphanumeric);
    let joins = |b: Option<&u8>| b.is_some_and(|b| b"./-,_".contains(b));
    let before = |distance: usize| start.checked_sub(distance).and_then(|at| shape.get(at));
    let behind = |distance: usize| shape.get(start + 2 + distance);
    !(is_part(before(1))
        || is_part(behind(1))
        || joins(before(1)) && is_part(before(2))
        || joins(behind(1)) && is_part(behind(2)))
}

/// A message, and what is known of its phrase.
#[derive(Debug)]
pub(crate) struct Reading<'r> {
    message: &'r str,
    phrase: Option<&'r mut Phrase>,
}

impl<'r> Reading<'r> {
    /// A message of which nothing is known.
    pub(crate) fn new(message: &'r str) -> Self {
        Self {
            message,
            phrase: None,
        }
    }

    pub(crate) fn of(message: &'r str, phrase: Option<&'r mut Phrase>) -> Self {
        Self { message, phrase }
    }

    /// Whether there is a number in the message.
    pub(crate) fn has_digits(&self) -> bool {
        match &self.phrase {
            Some(phrase) => phrase.shape.has_digits(),
            None => self.message.bytes().any(|b| b.is_ascii_digit()),
        }
    }

    /// What the words of the message say.
    pub(crate) fn sentence(&mut self) -> Sentence {
        match &mut self.phrase {
            Some(phrase) => phrase.sentence(self.message),
            None => Sentence::of(self.message),
        }
    }

    /// The first duration in the message.
    pub(crate) fn duration(&mut self) -> Option<Duration> {
        if !self.has_digits() {
            return None;
        }
        match &mut self.phrase {
            Some(phrase) => phrase.duration(self.message),
            None => duration::of_text(self.message),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    /// Words of messages, and words that other words are read by; `#` is any digit, `@` any digit of base 16.
    const WORDS: &[&str] = &[
        "completed",
        "failed",
        "# failed",
        "failed: #",
        "# timed out",
        "not",
        "took",
        "timed",
        "out",
        "request",
        "startup",
        "status",
        "code",
        "retrying",
        "after",
        "in",
        "with",
        "status:",
        "status=###",
        "code=###",
        "(###)",
        "[###]",
        "###",
        "###",
        "#.##s",
        "##ms",
        "#### ms",
        "### ms",
        "##",
        "#######s",
        "######## ms",
        "#.#######ms",
        "1m##s",
        "########h",
        "GET",
        "/a/###",
        "\"GET /x/## HTTP/1.1\"",
        "HTTP/1.1 ###",
        "|",
        "->",
        "OK",
        "10.#.##.###:####",
        "10/0/##/69/### ###",
        "time:",
        "#.######",
        "############.#",
        "-",
        "- ### ## ### #",
        "\"Mozilla/5.#\"",
        "@@@@@@@@",
        "id=@@@@@@@@@@@@",
        "trace[@@@@@@@@@@@@@@@@]",
        "@@@@@@@@ ms",
        "@@@@@@@@-@@@@-@@@@-@@@@-@@@@@@@@@@@@",
        "utf#",
        "ipv#",
        "sha###",
        "x##_##",
        "eth#",
        "node-##",
        "core.#",
        "part_-###############",
        "Server@@@@@@@",
        "a#b#",
        "é##",
        "/v#/x",
        "200.###",
        "Sun Jul ##",
        "####-##-## ##:##:##.###",
        "##:##",
        "returned",
        "count=##,",
        "=",
        "tty=ssh",
        "user=u#",
        "x=(##,##)",
    ];

    fn message() -> impl Strategy<Value = String> {
        let digits = prop::collection::vec(prop::sample::select(b"0123456789abcdef".to_vec()), 64);
        let words = prop::collection::vec(prop::sample::select(WORDS), 1..5);
        (words, digits).prop_map(|(words, digits)| {
            let mut digits = digits.into_iter().cycle();
            let mut any = || digits.next().unwrap_or(b'0');
            let fill = |c: char| match c {
                '#' => char::from(b'0' + any() % 10),
                '@' => char::from(any()),
                c => c,
            };
            words.join(" ").chars().map(fill).collect()
        })
    }

    /// As far as a verdict depends on it.
    fn told(sentence: Sentence) -> Sentence {
        Sentence {
            status: sentence
                .status
                .map(|status| if status < 500 { 200 } else { 500 }),
            place: None,
            ..sentence
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]

        /// Many messages share few phrases: what is remembered is what would have been read.
        #[test]
        fn remembered_is_read(
            shapes in prop::collection::vec(message(), 1..6),
            fills in prop::collection::vec(any::<u64>(), 1..12),
        ) {
            let mut phrases = Phrases::default();
            let mut templates: HashMap<u64, String> = HashMap::new();
            for (shape, fill) in fills.iter().flat_map(|fill| shapes.iter().map(move |shape| (shape, fill))) {
                // The same words with other digits.
                let mut state = *fill;
                let refill = |c: char| {
                    state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                    let random = u8::try_from(state >> 60).unwrap_or(0);
                    if c.is_ascii_digit() { char::from(b'0' + random % 10) } else { c }
                };
                let message: String = shape.chars().map(refill).collect();
                let phrase = phrases.of(0, &message).unwrap();
                let mut reading = Reading::of(&message, Some(&mut *phrase));
                let mut plain = Reading::new(&message);
                prop_assert_eq!(reading.has_digits(), plain.has_digits(), "{}", &message);
                prop_assert_eq!(told(reading.sentence()), told(plain.sentence()), "{}", &message);
                prop_assert_eq!(reading.duration(), plain.duration(), "{}", &message);
                let mut masked = String::new();
                mask::message(&message, &mut masked);
                if let Template::Known(id, _) = phrase.template {
                    prop_assert_eq!(templates.get(&id), Some(&masked), "{}", &message);
                }
                let id = crate::fingerprint::of(&[&masked]);
                templates.insert(id, masked);
                phrase.has_template(id, 0);
            }
        }
    }
}
