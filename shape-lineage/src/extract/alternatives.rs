//! What an expression may write, where that is not one text.

use super::placeholder::Argument;
use crate::{MessageTemplate, Part};

/// What an expression may write: `c ? "a" : "b"` has two templates.
#[derive(Clone, Debug)]
pub(super) struct Alternatives(pub(super) Vec<MessageTemplate>);

impl Alternatives {
    /// More ways than this are a variable.
    pub(super) const MAX: usize = 8;

    pub(super) fn new() -> Self {
        Self(vec![MessageTemplate::default()])
    }

    pub(super) fn push_text(&mut self, text: &str) {
        for template in &mut self.0 {
            template.push_text(text);
        }
    }

    /// A variable that is named by its source, on one line.
    pub(super) fn push_expression(&mut self, expression: &str) {
        let words: Vec<&str> = expression.split_whitespace().collect();
        let name: String = words.join(" ").chars().take(80).collect();
        for template in &mut self.0 {
            template.push_variable(Some(&name));
        }
    }

    pub(super) fn push_template(&mut self, other: &MessageTemplate) {
        for template in &mut self.0 {
            template.push_template(other);
        }
    }

    pub(super) fn push_argument(&mut self, argument: &Argument) {
        for template in &mut self.0 {
            argument.write_to(template);
        }
    }

    /// Goes on with either of two texts.
    pub(super) fn fork(&mut self, expression: &str, branches: [&mut dyn FnMut(&mut Self); 2]) {
        let mut all = Vec::new();
        for branch in branches {
            let mut copy = self.clone();
            branch(&mut copy);
            all.extend(copy.0);
        }
        if Self::MAX < all.len() {
            self.push_expression(expression);
        } else {
            self.0 = all;
        }
    }

    /// Goes on with any of several texts.
    pub(super) fn push_any(&mut self, expression: &str, values: &Self) {
        if Self::MAX < self.0.len() * values.0.len() {
            self.push_expression(expression);
            return;
        }
        let mut all = Vec::new();
        for head in &self.0 {
            for value in &values.0 {
                let mut template = head.clone();
                template.push_template(value);
                all.push(template);
            }
        }
        self.0 = all;
    }

    /// One of these, or one of those.
    pub(super) fn or(&mut self, others: Self) {
        for other in others.0 {
            if !self.0.contains(&other) {
                self.0.push(other);
            }
        }
    }

    pub(super) fn map(self, change: impl Fn(MessageTemplate) -> MessageTemplate) -> Self {
        Self(self.0.into_iter().map(change).collect())
    }

    /// Whether there is text that is more than a number.
    pub(super) fn has_text(&self) -> bool {
        let is_text = |text: &str| !text.bytes().all(|byte| byte.is_ascii_digit());
        self.0.iter().any(|template| template.texts().any(is_text))
    }

    /// What stands before and behind a variable, if there is but one template and it has the variable as it is, or
    /// first in a longer expression.
    pub(super) fn around(&self, variable: &str) -> Option<(MessageTemplate, MessageTemplate)> {
        let parts = self.single()?.parts();
        let name_of = |part: &Part| match part {
            Part::Variable(name) => name.clone(),
            Part::Text(_) => None,
        };
        let is_it = |part: &Part| {
            let name = name_of(part).unwrap_or_default();
            let rest = name.strip_prefix(variable);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(" +"))
        };
        let at = parts.iter().position(is_it)?;
        let mut after = MessageTemplate::default();
        if name_of(&parts[at]).as_deref() != Some(variable) {
            after.push_variable(None);
        }
        after.push_template(&MessageTemplate::from_parts(&parts[at + 1..]));
        Some((MessageTemplate::from_parts(&parts[..at]), after))
    }

    /// The template, if there is but one.
    pub(super) fn single(&self) -> Option<&MessageTemplate> {
        match self.0.as_slice() {
            [template] => Some(template),
            _ => None,
        }
    }
}

impl From<MessageTemplate> for Alternatives {
    fn from(template: MessageTemplate) -> Self {
        Self(vec![template])
    }
}
