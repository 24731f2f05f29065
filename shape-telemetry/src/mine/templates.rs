//! The templates that a miner found.

use std::{borrow::Cow, collections::BTreeMap};

use serde::Serialize;

use super::{
    clean_up,
    miner::MessageKind,
    skeleton::{self, Skeleton},
    vary::Variation,
};
use crate::{TemplateId, fingerprint};

/// A template and how many messages have it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Template {
    /// A fingerprint of the text: the same text has the same id in every run.
    pub id: TemplateId,
    /// The text, with `<*>` for each variable.
    pub text: String,
    /// How many messages were seen with it.
    pub count: u64,
}

/// Templates that a [`TemplateMiner`](crate::TemplateMiner) found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Templates {
    /// In the order of their texts.
    found: Vec<Template>,
    /// The index of the template of each kind of message that was seen.
    kinds: BTreeMap<u64, usize>,
    variation: Variation,
    overflow: u64,
    is_clean: bool,
}

impl Template {
    fn new(text: String, count: u64) -> Self {
        let id = TemplateId::new(&format!("{:016x}", fingerprint::of(&[&text])));
        Self { id, text, count }
    }
}

impl Templates {
    /// From the skeletons with a template each and their counts.
    pub(super) fn new(rendered: Vec<(u64, String, u64)>, overflow: u64) -> Self {
        let variation = Variation::learn(rendered.iter().map(|(_, text, _)| text.as_str()));
        let mut this = Self {
            variation,
            overflow,
            ..Self::default()
        };
        this.fill(rendered);
        this
    }

    /// One template for each text that is left when what varies is left out.
    fn fill(&mut self, rendered: Vec<(u64, String, u64)>) {
        let mut by_text: BTreeMap<String, (u64, Vec<u64>)> = BTreeMap::new();
        for (kind, text, count) in rendered {
            let entry = by_text.entry(self.finished(&text)).or_default();
            entry.0 += count;
            entry.1.push(kind);
        }
        self.found.clear();
        for (text, (count, kinds)) in by_text {
            let index = self.found.len();
            self.kinds
                .extend(kinds.into_iter().map(|kind| (kind, index)));
            self.found.push(Template::new(text, count));
        }
    }

    fn finished(&self, text: &str) -> String {
        let text = self.variation.apply(text);
        if self.is_clean { clean_up(&text) } else { text }
    }

    /// The templates rewritten by [`clean_up`]; those that are the same then are one.
    #[must_use]
    pub fn clean_up(mut self) -> Self {
        self.is_clean = true;
        let mut counts = self
            .found
            .iter()
            .map(|template| Some(template.count))
            .collect::<Vec<_>>();
        let rendered = self.kinds.iter().filter_map(|(&kind, &index)| {
            let template = self.found.get(index)?;
            // The count of a template goes with the first of its kinds.
            let count = counts.get_mut(index).and_then(Option::take).unwrap_or(0);
            Some((kind, template.text.clone(), count))
        });
        let rendered = rendered.collect();
        self.fill(rendered);
        self
    }

    /// The template of a message, whether its kind was seen or not.
    ///
    /// A template that was not seen has no count.
    pub fn find(&self, message: &str) -> Cow<'_, Template> {
        let mut skeleton = Skeleton::default();
        skeleton.read(message);
        if let Some(template) = self.get(skeleton.kind()) {
            return Cow::Borrowed(template);
        }
        let text = self.unseen(&skeleton);
        let known = self
            .found
            .binary_search_by(|known| known.text.as_str().cmp(&text));
        match known.ok().and_then(|at| self.found.get(at)) {
            Some(template) => Cow::Borrowed(template),
            None => Cow::Owned(Template::new(text, 0)),
        }
    }

    /// The text of the template of a message.
    pub fn of(&self, message: &str) -> String {
        self.find(message).into_owned().text
    }

    /// The template of a kind of message that was seen; none when there were too many kinds to keep this one.
    pub fn get(&self, kind: MessageKind) -> Option<&Template> {
        self.found.get(*self.kinds.get(&kind.0)?)
    }

    /// All templates, by text.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Template> {
        self.found.iter()
    }

    /// How many messages were seen whose template was not kept.
    pub fn overflow(&self) -> u64 {
        self.overflow
    }

    /// The template of a skeleton that was not seen.
    fn unseen(&self, skeleton: &Skeleton) -> String {
        let mut text = String::new();
        skeleton::render(&skeleton.text, &skeleton.likely_slots(), &mut text);
        self.finished(&text)
    }
}
