//! Message templates as the source spells them.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A piece of a message template.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// Constant text.
    Text(String),
    /// A value, with the expression that gives it where the source names one.
    Variable(Option<String>),
}

/// A message template: constant texts and variables in turn.
///
/// ```
/// use shape_lineage::MessageTemplate;
///
/// let template = MessageTemplate::from_text("blocked for <*>ms");
/// assert_eq!(template.values("blocked for 71.9ms"), Some(vec!["71.9"]));
/// assert_eq!(template.values("blocked for 71.9s"), None);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MessageTemplate {
    parts: Vec<Part>,
}

impl MessageTemplate {
    /// A template from text with `<*>` for variables.
    pub fn from_text(text: &str) -> Self {
        let mut template = Self::default();
        for (piece_idx, piece) in text.split("<*>").enumerate() {
            if piece_idx != 0 {
                template.push_variable(None);
            }
            template.push_text(piece);
        }
        template
    }

    /// The pieces in order; no two texts touch.
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// Whether there is neither text nor variable.
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// Constant characters, blanks not counted.
    pub fn literal_chars(&self) -> u32 {
        self.texts().map(visible_chars).sum()
    }

    /// The values of the variables if `message` fits: texts are found in order, anchored at both ends.
    ///
    /// Of variables that touch, the first takes all.
    pub fn values<'m>(&self, message: &'m str) -> Option<Vec<&'m str>> {
        let mut values = Vec::new();
        self.fit(message, false, |value| values.push(value))
            .then_some(values)
    }

    #[cfg(feature = "syntax")]
    pub(crate) fn from_parts(parts: &[Part]) -> Self {
        Self {
            parts: parts.to_vec(),
        }
    }

    pub(crate) fn push_text(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        if let Some(Part::Text(last)) = self.parts.last_mut() {
            last.push_str(text);
        } else {
            self.parts.push(Part::Text(text.to_owned()));
        }
    }

    pub(crate) fn push_variable(&mut self, name: Option<&str>) {
        self.parts.push(Part::Variable(name.map(str::to_owned)));
    }

    pub(crate) fn push_template(&mut self, other: &Self) {
        for part in &other.parts {
            match part {
                Part::Text(text) => self.push_text(text),
                Part::Variable(name) => self.push_variable(name.as_deref()),
            }
        }
    }

    /// The text that it starts with.
    pub(crate) fn head(&self) -> Option<&str> {
        match self.parts.first() {
            Some(Part::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// The template with another text, maybe none, in the place of the one that it starts with.
    pub(crate) fn without_head(&self, head: &str) -> Self {
        let mut rest = Self::default();
        rest.push_text(head);
        rest.parts.extend_from_slice(&self.parts[1..]);
        rest
    }

    pub(crate) fn texts(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|part| match part {
            Part::Text(text) => Some(text.as_str()),
            Part::Variable(_) => None,
        })
    }

    pub(crate) fn has_variables(&self) -> bool {
        self.parts
            .iter()
            .any(|part| matches!(part, Part::Variable(_)))
    }

    /// Without blanks at both ends, as readers of logs cut them.
    pub(crate) fn trimmed(mut self) -> Self {
        if let Some(Part::Text(first)) = self.parts.first_mut() {
            *first = first.trim_start().to_owned();
            if first.is_empty() {
                self.parts.remove(0);
            }
        }
        if let Some(Part::Text(last)) = self.parts.last_mut() {
            *last = last.trim_end().to_owned();
            if last.is_empty() {
                self.parts.pop();
            }
        }
        self
    }

    /// Up to the first line break, if there is one.
    pub(crate) fn first_line(&self) -> Option<Self> {
        let mut first = Self::default();
        for part in &self.parts {
            match part {
                Part::Text(text) => {
                    if let Some((head, _)) = text.split_once('\n') {
                        first.push_text(head);
                        return Some(first.trimmed());
                    }
                    first.push_text(text);
                }
                Part::Variable(name) => first.push_variable(name.as_deref()),
            }
        }
        None
    }

    /// Whether `message` fits; hands out the values of the variables as it goes.
    ///
    /// With `is_cut` the message may end before the template does. Readers of logs cut blanks off a message's ends, so
    /// that blanks beside an empty value at either end may be missing.
    pub(crate) fn fit<'m>(
        &self,
        message: &'m str,
        is_cut: bool,
        mut on_value: impl FnMut(&'m str),
    ) -> bool {
        let mut rest = message;
        let mut n_open = 0_usize;
        let last_idx = self.parts.len().saturating_sub(1);
        // The last text, where only variables follow it.
        let before_end = self
            .parts
            .iter()
            .rposition(|part| matches!(part, Part::Text(_)))
            .filter(|text_idx| *text_idx < last_idx);
        let mut close = |n_open: &mut usize, value: &'m str| {
            for open_idx in 0..*n_open {
                on_value(if open_idx == 0 { value } else { "" });
            }
            *n_open = 0;
        };
        for (part_idx, part) in self.parts.iter().enumerate() {
            match part {
                Part::Variable(_) => n_open += 1,
                Part::Text(text) if n_open == 0 => {
                    if let Some(tail) = rest.strip_prefix(text.as_str()) {
                        rest = tail;
                    } else if Some(part_idx) == before_end && rest == text.trim_end() {
                        rest = "";
                    } else {
                        return is_cut && text.starts_with(rest);
                    }
                }
                Part::Text(text) if part_idx == last_idx && !is_cut => {
                    if let Some(value) = rest.strip_suffix(text.as_str()) {
                        close(&mut n_open, value);
                    } else if rest.len() == message.len() && rest == text.trim_start() {
                        close(&mut n_open, "");
                    } else {
                        return false;
                    }
                    rest = "";
                }
                Part::Text(text) => {
                    if let Some(at) = memchr::memmem::find(rest.as_bytes(), text.as_bytes()) {
                        close(&mut n_open, &rest[..at]);
                        rest = &rest[at + text.len()..];
                    } else if rest.len() == message.len()
                        && let Some(tail) = rest.strip_prefix(text.trim_start())
                    {
                        close(&mut n_open, "");
                        rest = tail;
                    } else if Some(part_idx) == before_end
                        && let Some(value) = rest.strip_suffix(text.trim_end())
                    {
                        close(&mut n_open, value);
                        rest = "";
                    } else if Some(part_idx) == before_end && message == text.trim() {
                        close(&mut n_open, "");
                        rest = "";
                    } else {
                        if is_cut {
                            close(&mut n_open, rest);
                        }
                        return is_cut;
                    }
                }
            }
        }
        if n_open != 0 {
            close(&mut n_open, rest);
            return true;
        }
        rest.is_empty() || is_cut
    }
}

/// The text with `<*>` for variables.
impl fmt::Display for MessageTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for part in &self.parts {
            f.write_str(match part {
                Part::Text(text) => text,
                Part::Variable(_) => "<*>",
            })?;
        }
        Ok(())
    }
}

/// Characters that are not blank.
pub(crate) fn visible_chars(text: &str) -> u32 {
    let n_chars = text.chars().filter(|c| !c.is_whitespace()).count();
    u32::try_from(n_chars).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(template: &str, message: &str, expected: Option<&[&str]>) {
        let values = MessageTemplate::from_text(template).values(message);
        assert_eq!(values.as_deref(), expected, "{template} on {message}");
    }

    #[test]
    fn texts_are_found_in_order_and_anchored() {
        check("ready", "ready", Some(&[]));
        check("ready", "ready!", None);
        check("ready", "not ready", None);
        check("a <*> b", "a 1 b", Some(&["1"]));
        check("a <*> b", "a 1 b 2 b", Some(&["1 b 2"]));
        check("a <*> b", "a 1 b 2", None);
        check("<*>: <*>", "x: y: z", Some(&["x", "y: z"]));
        check("a<*><*>b", "a12b", Some(&["12", ""]));
        check("a<*>a", "a", None);
        check("a: <*>", "a:", Some(&[""]));
        check("<*> a", "a", Some(&[""]));
        check("a: <*><*>", "a:", Some(&["", ""]));
        check("<*> a <*>", "a", Some(&["", ""]));
        check("a <*> b <*>", "a 1 b", Some(&["1", ""]));
        check("<*>", "", Some(&[""]));
        check("", "", Some(&[]));
        check("", "x", None);
    }

    #[test]
    fn a_cut_message_fits_the_start() {
        let template = MessageTemplate::from_text("read <*> of <*> bytes");
        assert!(template.fit("read 1 of 2", true, |_| {}));
        assert!(template.fit("read 1", true, |_| {}));
        assert!(!template.fit("wrote 1 of", true, |_| {}));
    }
}
