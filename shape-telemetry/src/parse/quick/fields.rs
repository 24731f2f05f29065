//! A record whose fields are written over those of the record before it.

use std::borrow::Cow;

use crate::{Field, Record};

/// Writes the fields of a record in place: neither are the old ones dropped first, nor the new ones copied into a list.
pub(super) struct Fields<'r, 'a> {
    pub(super) record: &'r mut Record<'a>,
    /// How many are written; what follows them is old.
    n: usize,
}

impl<'r, 'a> Fields<'r, 'a> {
    pub(super) fn new(record: &'r mut Record<'a>) -> Self {
        Self { record, n: 0 }
    }

    #[expect(clippy::inline_always, reason = "as below")]
    #[inline(always)]
    pub(super) fn put(&mut self, name: &'a str, value: &'a str) {
        self.borrow(name, value, false);
    }

    /// As [`Fields::put`], unless the value is empty or `-`.
    #[expect(clippy::inline_always, reason = "as below")]
    #[inline(always)]
    pub(super) fn said(&mut self, name: &'static str, value: &'a str) {
        if !matches!(value, "" | "-") {
            self.put(name, value);
        }
    }

    /// As [`Fields::put`], with values that may be the record's own.
    #[inline]
    pub(super) fn write(&mut self, name: Cow<'a, str>, value: Cow<'a, str>, of_span: bool) {
        match (name, value) {
            (Cow::Borrowed(name), Cow::Borrowed(value)) => self.borrow(name, value, of_span),
            (name, value) => self.own(name, value, of_span),
        }
    }

    #[expect(
        clippy::inline_always,
        reason = "calling it takes longer than writing the few words"
    )]
    #[inline(always)]
    pub(super) fn borrow(&mut self, name: &'a str, value: &'a str, of_span: bool) {
        // What was borrowed need not be dropped: a few words are written over.
        match self.record.fields.get_mut(self.n) {
            Some(Field {
                name: Cow::Borrowed(old_name),
                value: Cow::Borrowed(old_value),
                of_span: old_of_span,
            }) => {
                *old_name = name;
                *old_value = value;
                *old_of_span = of_span;
                self.n += 1;
            }
            Some(_) => self.own(Cow::Borrowed(name), Cow::Borrowed(value), of_span),
            None => {
                self.record.fields.push(Field {
                    name: Cow::Borrowed(name),
                    value: Cow::Borrowed(value),
                    of_span,
                });
                self.n += 1;
            }
        }
    }

    #[cold]
    fn own(&mut self, name: Cow<'a, str>, value: Cow<'a, str>, of_span: bool) {
        let field = Field {
            name,
            value,
            of_span,
        };
        match self.record.fields.get_mut(self.n) {
            Some(old) => *old = field,
            None => self.record.fields.push(field),
        }
        self.n += 1;
    }

    /// Takes all fields back.
    #[inline]
    pub(super) fn clear(&mut self) {
        self.n = 0;
    }

    /// The record with its fields, to which more may be added.
    pub(super) fn with(&mut self, add: impl FnOnce(&mut Record<'a>)) {
        self.end();
        add(self.record);
        self.n = self.record.fields.len();
    }

    /// Drops what is old.
    pub(super) fn end(&mut self) {
        self.record.fields.truncate(self.n);
    }
}
