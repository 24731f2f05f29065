//! Which of many texts a message starts with.

use std::ops::Range;

use super::hash::FastMap;

/// Shorter texts say too little about a message.
pub(super) const MIN_BYTES: usize = 3;

/// Texts are told apart by this many bytes; what follows is compared when the whole template is.
const MAX_BYTES: usize = 32;

/// Texts, asked for those that a message starts with, or ends with.
///
/// All texts that are a prefix of a message are found from the last text in order that is not after the message: such
/// a prefix is that text or a prefix of it, and each text knows the longest other one that it starts with.
#[derive(Debug, Default)]
pub(super) struct Affixes {
    is_end: bool,
    texts: Vec<Text>,
    /// Texts by their first bytes.
    buckets: FastMap<u64, Range<usize>>,
    /// The values of all texts, one text after the other.
    values: Vec<usize>,
}

#[derive(Debug)]
struct Text {
    key: Key,
    /// The longest other text that is a prefix of this one.
    shorter: Option<usize>,
    values: Range<usize>,
}

impl Affixes {
    /// Texts with a value each, to be looked for at the start of messages, or at their end.
    pub(super) fn new<'t>(is_end: bool, texts: impl IntoIterator<Item = (&'t str, usize)>) -> Self {
        let mut entries: Vec<(Key, usize)> = texts
            .into_iter()
            .map(|(text, value)| (Key::new(text, is_end), value))
            .collect();
        entries.sort_unstable();
        let mut affixes = Self {
            is_end,
            ..Self::default()
        };
        for (key, value) in entries {
            let value_idx = affixes.values.len();
            affixes.values.push(value);
            match affixes.texts.last_mut() {
                Some(last) if last.key == key => last.values.end = value_idx + 1,
                _ => {
                    let shorter = affixes.shorter(&key);
                    affixes.texts.push(Text {
                        key,
                        shorter,
                        values: value_idx..value_idx + 1,
                    });
                }
            }
        }
        for (text_idx, text) in affixes.texts.iter().enumerate() {
            if let Some(first) = text.key.first() {
                let bucket = affixes.buckets.entry(first);
                bucket.or_insert(text_idx..text_idx).end = text_idx + 1;
            }
        }
        affixes
    }

    /// The longest prefix of a text among the texts so far, which are all before it in order.
    fn shorter(&self, key: &Key) -> Option<usize> {
        let mut text_idx = self.texts.len().checked_sub(1)?;
        while !key.starts_with(&self.texts[text_idx].key) {
            text_idx = self.texts[text_idx].shorter?;
        }
        Some(text_idx)
    }

    /// Hands out the values of all texts that the message starts (or ends) with.
    pub(super) fn find(&self, message: &str, found: &mut Vec<usize>) {
        let message = Key::new(message, self.is_end);
        let Some(bucket) = message.first().and_then(|first| self.buckets.get(&first)) else {
            return;
        };
        let texts = &self.texts[bucket.clone()];
        let n_before = texts.partition_point(|text| text.key <= message);
        let mut next = n_before.checked_sub(1).map(|last| bucket.start + last);
        while let Some(text) = next.and_then(|text_idx| self.texts.get(text_idx)) {
            if message.starts_with(&text.key) {
                found.extend_from_slice(&self.values[text.values.clone()]);
            }
            next = text.shorter;
        }
    }
}

const N_WORDS: usize = MAX_BYTES / 8;

/// The first bytes of a text, or the last ones backwards, as numbers in the order of texts: eight bytes are compared
/// at a time. What is missing is zero; of texts that differ in zeros only the shorter comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    words: [u64; N_WORDS],
    n_bytes: usize,
}

impl Key {
    fn new(text: &str, is_end: bool) -> Self {
        let n_bytes = text.len().min(MAX_BYTES);
        let mut bytes = [0_u8; MAX_BYTES];
        if is_end {
            for (to, from) in bytes.iter_mut().zip(text.bytes().rev()) {
                *to = from;
            }
        } else {
            bytes[..n_bytes].copy_from_slice(&text.as_bytes()[..n_bytes]);
        }
        let mut words = [0; N_WORDS];
        let (chunks, _) = bytes.as_chunks::<8>();
        for (word, chunk) in words.iter_mut().zip(chunks) {
            *word = u64::from_be_bytes(*chunk);
        }
        Self { words, n_bytes }
    }

    fn starts_with(&self, prefix: &Self) -> bool {
        let mut n_bits = 8 * prefix.n_bytes;
        prefix.n_bytes <= self.n_bytes
            && self.words.iter().zip(&prefix.words).all(|(own, word)| {
                let differing = own ^ word;
                let n_compared = n_bits.min(64);
                n_bits -= n_compared;
                differing
                    .checked_shr(64 - u32::try_from(n_compared).unwrap_or(64))
                    .is_none_or(|rest| rest == 0)
            })
    }

    /// The first bytes, if there are so many.
    fn first(&self) -> Option<u64> {
        let n_bits = 8 * u32::try_from(MIN_BYTES).unwrap_or(8);
        (MIN_BYTES <= self.n_bytes).then_some(self.words[0] >> (64 - n_bits))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn bytes(text: &str, is_end: bool) -> Vec<u8> {
        if is_end {
            text.bytes().rev().take(MAX_BYTES).collect()
        } else {
            text.bytes().take(MAX_BYTES).collect()
        }
    }

    proptest! {
        #[test]
        fn the_same_as_asking_each_text(
            texts in prop::collection::vec("[ab]{3,7}|[abé]{3,40}", 0..40),
            message in "[ab]{0,8}|[abé]{0,50}",
        ) {
            for is_end in [false, true] {
                let pairs = texts.iter().enumerate().map(|(idx, text)| (text.as_str(), idx));
                let mut found = Vec::new();
                Affixes::new(is_end, pairs).find(&message, &mut found);
                found.sort_unstable();
                let expected: Vec<usize> = (0..texts.len())
                    .filter(|idx| bytes(&message, is_end).starts_with(&bytes(&texts[*idx], is_end)))
                    .collect();
                prop_assert_eq!(found, expected);
            }
        }
    }
}
