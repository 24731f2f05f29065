//! Words that vary: found by comparing templates with each other.

use std::collections::{BTreeMap, BTreeSet};

use super::WILDCARD;
use crate::fingerprint;

/// How many words must be seen at a place before the place is a variable.
const MIN_VALUES: usize = 5;
/// The same behind a word that a name follows: `user`, `for`, `from`.
const MIN_NAMES: usize = 3;
/// The same for words of which it is known that they are values: they were at a place with many.
const MIN_KNOWN: usize = 2;
/// How many other words with letters a template needs, so that what is left still says what happens.
const MIN_OTHERS: usize = 2;
/// Rounds beyond these are not worth their time.
const MAX_ROUNDS: usize = 8;

/// What to put at the places that vary, by a fingerprint of the words around them.
type Places = BTreeMap<u64, Vec<String>>;

/// What was learned: a function of the set of templates.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Variation {
    rounds: Vec<Places>,
}

impl Variation {
    /// Learns from templates.
    pub(crate) fn learn<'t>(templates: impl Iterator<Item = &'t str>) -> Self {
        let mut current: Vec<Words> = templates.map(Words::of).collect();
        let mut values = BTreeSet::new();
        let mut rounds = Vec::new();
        // Each round may make templates alike that were not; it ends when nothing changes.
        while rounds.len() < MAX_ROUNDS {
            current.sort_unstable();
            current.dedup();
            let places = places(&current, &mut values);
            let mut changed = false;
            for words in &mut current {
                changed |= words.generalise(&places);
            }
            if !changed {
                break;
            }
            rounds.push(places);
        }
        Self { rounds }
    }

    /// The template with its varying words replaced.
    pub(crate) fn apply(&self, template: &str) -> String {
        if self.rounds.is_empty() {
            return template.to_owned();
        }
        let mut words = Words::of(template);
        for places in &self.rounds {
            words.generalise(places);
        }
        words.0.join(" ")
    }
}

/// A template as words.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Words(Vec<String>);

impl Words {
    fn of(template: &str) -> Self {
        Self(template.split(' ').map(str::to_owned).collect())
    }

    /// The words that may be, or are, variables, each with the fingerprint of all the others.
    fn keyed(&self) -> impl Iterator<Item = (u64, usize, &str)> {
        let words = &self.0;
        let hash = |at: usize, word: &str| {
            fingerprint::mix(fingerprint::of(&[word]), crate::number::len(at))
        };
        let sum = words
            .iter()
            .enumerate()
            .fold(crate::number::len(words.len()), |sum, (at, word)| {
                sum.wrapping_add(hash(at, word))
            });
        let with_letters = |word: &&String| word.bytes().any(|b| b.is_ascii_alphabetic());
        let n_letters = words.iter().filter(with_letters).count();
        let candidates = words.iter().enumerate().filter(move |&(at, word)| {
            let others = n_letters - usize::from(with_letters(&word));
            word.contains(WILDCARD) || (MIN_OTHERS <= others && may_vary(word, at))
        });
        candidates.map(move |(at, word)| {
            let others = sum.wrapping_sub(hash(at, word));
            (
                fingerprint::mix(others, crate::number::len(at)),
                at,
                &**word,
            )
        })
    }

    /// Whether the word before a place is one that a name follows.
    fn introduces(&self, at: usize) -> bool {
        let before = at.checked_sub(1).and_then(|before| self.0.get(before));
        before.is_some_and(|word| {
            matches!(
                word.as_str(),
                "user"
                    | "for"
                    | "from"
                    | "to"
                    | "by"
                    | "of"
                    | "at"
                    | "on"
                    | "in"
                    | "with"
                    | "named"
                    | "called"
            )
        })
    }

    /// Replaces the words at places that vary; whether anything changed.
    fn generalise(&mut self, places: &Places) -> bool {
        let found: Vec<(usize, String)> = self
            .keyed()
            .filter(|(_, _, word)| !word.contains(WILDCARD))
            .filter_map(|(key, at, word)| {
                let fitting = places.get(&key)?.iter().find(|pattern| fits(pattern, word));
                fitting.map(|pattern| (at, pattern.clone()))
            })
            .collect();
        let changed = !found.is_empty();
        for (at, pattern) in found {
            if let Some(word) = self.0.get_mut(at) {
                *word = pattern;
            }
        }
        changed
    }
}

/// Whether a word may be a variable: it is no mere punctuation, empty brackets apart, and it does not say what happens, as the first word does, unless it is a dotted name,
/// and participles do.
fn may_vary(word: &str, at: usize) -> bool {
    let core = word.trim_end_matches(|c: char| !c.is_alphanumeric());
    let is_verb = core.ends_with("ed") || core.ends_with("ing");
    let is_state = core.bytes().any(|b| b.is_ascii_uppercase())
        && !core.bytes().any(|b| b.is_ascii_lowercase());
    let says_something = !core.is_empty() || matches!(word, "()" | "[]" | "{}" | "\"\"" | "''");
    says_something && !is_verb && !is_state && (0 < at || core.contains('.'))
}

/// The places where templates differ and nowhere else.
fn places(templates: &[Words], values: &mut BTreeSet<String>) -> Places {
    let mut all: Vec<(u64, &str, bool)> = templates
        .iter()
        .flat_map(|words| {
            words
                .keyed()
                .map(|(key, at, word)| (key, word, words.introduces(at)))
        })
        .collect();
    all.sort_unstable();
    all.dedup();
    let mut places = Places::new();
    let mut new = BTreeSet::new();
    for group in all
        .chunk_by(|a, b| a.0 == b.0)
        .filter(|group| 1 < group.len())
    {
        let Some(&(key, _, is_introduced)) = group.first() else {
            continue;
        };
        let min = if is_introduced { MIN_NAMES } else { MIN_VALUES };
        let words = group.iter().map(|&(_, word, _)| word);
        let (mut patterns, plain): (Vec<&str>, Vec<&str>) =
            words.partition(|word| word.contains(WILDCARD));
        let known = plain.iter().filter(|&&word| values.contains(word)).count();
        let joint = joint(&plain);
        if min <= plain.len() {
            new.extend(plain.iter().map(|&word| word.to_owned()));
        }
        if min <= plain.len() || MIN_KNOWN <= known {
            patterns.push(&joint);
        }
        if !patterns.is_empty() {
            let patterns = patterns.into_iter().map(str::to_owned).collect();
            places.insert(key, patterns);
        }
    }
    values.extend(new);
    places
}

/// What words have in common: a variable between the brackets and in front of the comma that all of them have.
fn joint(words: &[&str]) -> String {
    let Some((first, others)) = words.split_first() else {
        return WILDCARD.to_owned();
    };
    let head = first.len() - first.trim_start_matches(is_bracket).len();
    let tail = first.len() - first.trim_end_matches(is_end).len();
    let (head, tail) = (
        first.get(..head).unwrap_or_default(),
        first.get(first.len() - tail..).unwrap_or_default(),
    );
    let shared = head.len() + tail.len() < first.len()
        && others.iter().all(|word| {
            head.len() + tail.len() < word.len() && word.starts_with(head) && word.ends_with(tail)
        });
    if shared {
        format!("{head}{WILDCARD}{tail}")
    } else {
        WILDCARD.to_owned()
    }
}

fn is_bracket(c: char) -> bool {
    matches!(c, '(' | '[' | '{' | '<' | '"' | '\'')
}

fn is_end(c: char) -> bool {
    matches!(
        c,
        ')' | ']' | '}' | '>' | '"' | '\'' | ',' | ';' | ':' | '.'
    )
}

/// Whether a word is what a pattern stands for: `()` is one of `(<*>)`.
fn fits(pattern: &str, word: &str) -> bool {
    let Some((before, after)) = pattern.split_once(WILDCARD) else {
        return false;
    };
    before.len() + after.len() <= word.len() && word.starts_with(before) && word.ends_with(after)
}
