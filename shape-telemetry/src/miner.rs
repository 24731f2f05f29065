//! Words that vary: found by comparing the masked texts with each other.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    Record, fingerprint,
    mask::{self, WILDCARD},
};

/// Finds the templates of messages.
///
/// The first step is a pure function of each message: everything with a digit, paths, addresses, quoted texts and values
/// become `<*>`. The second compares what is left: where texts are the same but for one word, and that word has many
/// values, the word is a variable too. It looks at the set of texts, not at their order, so that the templates of
/// merged shards are those of one pass.
///
/// ```
/// use shape_telemetry::TemplateMiner;
///
/// let mut miner = TemplateMiner::new();
/// for user in ["ann", "bob", "cleo", "dan", "eve"] {
///     miner.add(&format!("session opened for user {user} after 12ms"));
/// }
/// let templates = miner.finish();
/// assert_eq!(
///     templates.of("session opened for user zoe after 9ms"),
///     "session opened for user <*> after <*>",
/// );
/// ```
#[derive(Clone, Debug, Default)]
pub struct TemplateMiner {
    texts: BTreeSet<String>,
    buffer: String,
}

/// How many words must be seen at a place before the place is a variable.
const MIN_VALUES: usize = 4;
/// Rounds beyond these are not worth their time.
const MAX_ROUNDS: usize = 8;
/// How many words of letters must remain beside a variable.
const MIN_CONSTANT: usize = 3;

impl TemplateMiner {
    /// Texts beyond this many are not kept; they get the template of the first step.
    pub const MAX_TEXTS: usize = 50_000;

    /// Nothing seen yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sees a message.
    pub fn add(&mut self, message: &str) {
        self.buffer.clear();
        mask::message(message, &mut self.buffer);
        self.add_masked();
    }

    /// Sees a record; one without a message counts by the names of its fields.
    pub fn add_record(&mut self, record: &Record<'_>) {
        mask::record(record, &mut self.buffer);
        self.add_masked();
    }

    /// Sees a text that is masked already.
    pub(crate) fn add_text(&mut self, text: &str) {
        self.buffer.clear();
        self.buffer.push_str(text);
        self.add_masked();
    }

    fn add_masked(&mut self) {
        if !self.texts.contains(&self.buffer) && self.texts.len() < Self::MAX_TEXTS {
            self.texts.insert(self.buffer.clone());
        }
    }

    /// Sees what another miner saw.
    #[must_use]
    pub fn merge(mut self, other: Self) -> Self {
        self.texts.extend(other.texts);
        self
    }

    /// The templates.
    pub fn finish(self) -> Templates {
        let mut current: Vec<Vec<String>> = self
            .texts
            .iter()
            .map(|text| text.split(' ').map(str::to_owned).collect())
            .collect();
        // Each round may make texts alike that were not; it ends when nothing changes.
        let mut rounds = Vec::new();
        while rounds.len() < MAX_ROUNDS {
            let varying = varying(&current);
            let mut changed = false;
            for words in &mut current {
                changed |= generalise(words, &varying);
            }
            if !changed {
                break;
            }
            rounds.push(varying);
        }
        let map = self
            .texts
            .into_iter()
            .zip(current)
            .map(|(text, words)| (text, words.join(" ")))
            .filter(|(text, template)| text != template)
            .collect();
        Templates { map, rounds }
    }
}

/// The places that vary, as fingerprints of the words around them.
fn varying(texts: &[Vec<String>]) -> BTreeSet<u64> {
    // The values at a place of the texts that are the same everywhere else.
    let mut values: BTreeMap<u64, BTreeSet<&str>> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for words in texts {
        if !seen.insert(words) {
            continue;
        }
        for (at, word) in words.iter().enumerate() {
            if may_vary(words, at) {
                values.entry(key(words, at)).or_default().insert(word);
            }
        }
    }
    values
        .into_iter()
        .filter(|(_, values)| MIN_VALUES <= values.len())
        .map(|(key, _)| key)
        .collect()
}

/// Replaces the words at places that vary; whether anything changed.
fn generalise(words: &mut [String], varying: &BTreeSet<u64>) -> bool {
    let places: Vec<usize> = (0..words.len())
        .filter(|&at| may_vary(words, at) && varying.contains(&key(words, at)))
        .collect();
    for &at in &places {
        if let Some(word) = words.get_mut(at) {
            WILDCARD.clone_into(word);
        }
    }
    !places.is_empty()
}

/// Whether the word at a place may be a variable: it is no variable yet, it does not say what happens (the first
/// word does, unless it is a dotted name, and so do participles), and enough words remain that do.
fn may_vary(words: &[String], at: usize) -> bool {
    let Some(word) = words.get(at) else {
        return false;
    };
    let core = word.trim_end_matches(|c: char| !c.is_alphanumeric());
    let is_dotted = core.contains('.');
    let is_verb = core.ends_with("ed") || core.ends_with("ing");
    if (at == 0 && !is_dotted) || is_verb || word.contains(WILDCARD) {
        return false;
    }
    let constant = words
        .iter()
        .filter(|word| word.bytes().any(|b| b.is_ascii_alphabetic()))
        .count();
    MIN_CONSTANT < constant
}

/// A fingerprint of all words but one.
fn key(words: &[String], without: usize) -> u64 {
    let mut parts: Vec<&str> = words.iter().map(String::as_str).collect();
    parts[without] = "\0";
    fingerprint::of(&parts)
}

/// Templates that a [`TemplateMiner`] found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Templates {
    /// The texts that were seen and have a template other than themselves.
    map: BTreeMap<String, String>,
    /// The places that vary, round by round.
    rounds: Vec<BTreeSet<u64>>,
}

impl Templates {
    /// The template of a message, whether it was seen or not.
    pub fn of(&self, message: &str) -> String {
        let mut text = String::new();
        mask::message(message, &mut text);
        if let Some(template) = self.map.get(&text) {
            return template.clone();
        }
        let mut words: Vec<String> = text.split(' ').map(str::to_owned).collect();
        let mut changed = false;
        for varying in &self.rounds {
            changed |= generalise(&mut words, varying);
        }
        if changed { words.join(" ") } else { text }
    }

    /// The template of a masked text that was seen.
    pub(crate) fn of_text<'t>(&'t self, text: &'t str) -> &'t str {
        self.map.get(text).map_or(text, String::as_str)
    }
}
