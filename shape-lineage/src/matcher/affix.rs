//! Which of many texts a message starts with.

use std::{collections::HashMap, ops::Range};

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
    buckets: HashMap<[u8; MIN_BYTES], Range<usize>>,
    /// The values of all texts, one text after the other.
    values: Vec<usize>,
}

#[derive(Debug)]
struct Text {
    bytes: Vec<u8>,
    /// The longest other text that is a prefix of this one.
    shorter: Option<usize>,
    values: Range<usize>,
}

impl Affixes {
    /// Texts with a value each, to be looked for at the start of messages, or at their end.
    pub(super) fn new<'t>(is_end: bool, texts: impl IntoIterator<Item = (&'t str, usize)>) -> Self {
        let mut entries: Vec<(Vec<u8>, usize)> = texts
            .into_iter()
            .map(|(text, value)| (key(text, is_end), value))
            .collect();
        entries.sort();
        let mut affixes = Self {
            is_end,
            ..Self::default()
        };
        for (bytes, value) in entries {
            let value_idx = affixes.values.len();
            affixes.values.push(value);
            match affixes.texts.last_mut() {
                Some(last) if last.bytes == bytes => last.values.end = value_idx + 1,
                _ => {
                    let shorter = affixes.shorter(&bytes);
                    affixes.texts.push(Text {
                        bytes,
                        shorter,
                        values: value_idx..value_idx + 1,
                    });
                }
            }
        }
        for (text_idx, text) in affixes.texts.iter().enumerate() {
            if let Some(first) = text.bytes.first_chunk() {
                let bucket = affixes.buckets.entry(*first);
                bucket.or_insert(text_idx..text_idx).end = text_idx + 1;
            }
        }
        affixes
    }

    /// The longest prefix of `bytes` among the texts so far, which are all before it in order.
    fn shorter(&self, bytes: &[u8]) -> Option<usize> {
        let mut text_idx = self.texts.len().checked_sub(1)?;
        while !bytes.starts_with(&self.texts[text_idx].bytes) {
            text_idx = self.texts[text_idx].shorter?;
        }
        Some(text_idx)
    }

    /// Hands out the values of all texts that the message starts (or ends) with.
    pub(super) fn find(&self, message: &str, found: &mut Vec<usize>) {
        let mut reversed = [0_u8; MAX_BYTES];
        let bytes = if self.is_end {
            let n_bytes = message.len().min(MAX_BYTES);
            for (to, from) in reversed.iter_mut().zip(message.bytes().rev()) {
                *to = from;
            }
            &reversed[..n_bytes]
        } else {
            &message.as_bytes()[..message.len().min(MAX_BYTES)]
        };
        let Some(bucket) = bytes
            .first_chunk::<MIN_BYTES>()
            .and_then(|first| self.buckets.get(first))
        else {
            return;
        };
        let texts = &self.texts[bucket.clone()];
        let n_before = texts.partition_point(|text| text.bytes.as_slice() <= bytes);
        let mut next = n_before.checked_sub(1).map(|last| bucket.start + last);
        while let Some(text) = next.and_then(|text_idx| self.texts.get(text_idx)) {
            if bytes.starts_with(&text.bytes) {
                found.extend_from_slice(&self.values[text.values.clone()]);
            }
            next = text.shorter;
        }
    }
}

fn key(text: &str, is_end: bool) -> Vec<u8> {
    if is_end {
        text.bytes().rev().take(MAX_BYTES).collect()
    } else {
        text.bytes().take(MAX_BYTES).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

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
                    .filter(|idx| key(&message, is_end).starts_with(&key(&texts[*idx], is_end)))
                    .collect();
                prop_assert_eq!(found, expected);
            }
        }
    }
}
