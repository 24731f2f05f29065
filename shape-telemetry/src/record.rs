//! One log record, borrowed from its line.

use std::{borrow::Cow, cell::Cell, mem, num::NonZeroU32};

use jiff::Timestamp;

use crate::{Format, Level, SourceLocation};

/// What a log line says, borrowed from the line wherever that is possible.
#[derive(Clone, Debug, PartialEq)]
pub struct Record<'a> {
    /// How the line is laid out.
    pub format: Format,
    /// When, where the line says so; never guessed.
    pub time: Option<Timestamp>,
    /// How serious, where the line says so.
    pub level: Option<Level>,
    /// The target, logger, program or tag.
    pub target: Option<Cow<'a, str>>,
    /// The message, without header and without the fields that follow it.
    pub message: Cow<'a, str>,
    /// The fields in the order of the line; those of spans come after those of the record itself.
    pub fields: Vec<Field<'a>>,
    /// The names of the spans, outermost first.
    pub spans: Vec<Cow<'a, str>>,
    /// The source location that the emitter wrote into the line.
    pub emitter: Option<Emitter<'a>>,
}

/// One named value of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field<'a> {
    /// The name; nested JSON objects give `outer.inner`.
    pub name: Cow<'a, str>,
    /// The value as text, without quotes.
    pub value: Cow<'a, str>,
    /// Whether it belongs to an enclosing span.
    pub of_span: bool,
}

/// A place in source code, borrowed from a log line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Emitter<'a> {
    /// The path as written.
    pub path: Cow<'a, str>,
    /// The line, from 1.
    pub line: NonZeroU32,
    /// The column, from 1.
    pub column: Option<NonZeroU32>,
}

impl Emitter<'_> {
    /// The place with its own path, `/` as separator.
    pub fn to_location(&self) -> SourceLocation {
        SourceLocation {
            path: self.path.replace('\\', "/"),
            line: self.line,
            column: self.column,
        }
    }

    fn into_owned(self) -> Emitter<'static> {
        Emitter {
            path: Cow::Owned(self.path.into_owned()),
            line: self.line,
            column: self.column,
        }
    }
}

thread_local! {
    /// The list of the fields of a record that was read, emptied: the next one is written into its memory. Grammars
    /// return their records, so that there is no other way from one line to the next.
    static SPARE: Cell<Vec<Field<'static>>> = const { Cell::new(Vec::new()) };
}

/// The memory of a list, for fields that borrow from elsewhere.
pub(crate) fn emptied<'a>(mut fields: Vec<Field<'_>>) -> Vec<Field<'a>> {
    fields.clear();
    // Collected in place: the memory stays, what it may hold changes.
    fields.into_iter().map_while(|_| None).collect()
}

impl<'a> Record<'a> {
    /// A record that only has a message.
    pub fn plain(line: &'a str) -> Self {
        Self::new(Format::Plain, line)
    }

    #[inline]
    pub(crate) fn new(format: Format, message: &'a str) -> Self {
        Self {
            format,
            time: None,
            level: None,
            target: None,
            message: Cow::Borrowed(message),
            fields: SPARE.take(),
            spans: Vec::new(),
            emitter: None,
        }
    }

    /// Leaves the memory of its fields to the record that is made next on this thread.
    pub(crate) fn lend(&mut self) {
        let fields = mem::take(&mut self.fields);
        if fields.capacity() != 0 {
            SPARE.set(emptied(fields));
        }
    }

    /// A copy, its fields in the memory of others.
    pub(crate) fn copy(&self, mut fields: Vec<Field<'a>>) -> Self {
        fields.extend_from_slice(&self.fields);
        Self {
            format: self.format,
            time: self.time,
            level: self.level,
            target: self.target.clone(),
            message: self.message.clone(),
            fields,
            spans: self.spans.clone(),
            emitter: self.emitter.clone(),
        }
    }

    /// Empties the record apart from its fields, which are then written over.
    #[inline]
    pub(crate) fn clear_all_but_fields(&mut self) {
        self.format = Format::Plain;
        self.time = None;
        self.level = None;
        self.target = None;
        self.message = Cow::Borrowed("");
        self.spans.clear();
        self.emitter = None;
    }

    #[inline]
    pub(crate) fn at(mut self, time: Option<Timestamp>) -> Self {
        self.time = time;
        self
    }

    #[inline]
    pub(crate) fn level(mut self, level: Option<Level>) -> Self {
        self.level = level;
        self
    }

    #[inline]
    pub(crate) fn target(mut self, target: &'a str) -> Self {
        self.name(target);
        self
    }

    /// Sets the target, unless it is empty or `-`.
    #[inline]
    pub(crate) fn name(&mut self, target: &'a str) {
        if !target.is_empty() && target != "-" {
            self.target = Some(Cow::Borrowed(target));
        }
    }

    #[inline]
    pub(crate) fn with(mut self, name: &'static str, value: &'a str) -> Self {
        if !value.is_empty() && value != "-" {
            self.fields.push(Field {
                name: Cow::Borrowed(name),
                value: Cow::Borrowed(value),
                of_span: false,
            });
        }
        self
    }

    /// The value of the first field of this name.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields
            .iter()
            .find(|field| field.name == name)
            .map(|field| &*field.value)
    }

    /// The value of the first field that has one of these names, in the order of the names.
    pub fn first_field(&self, names: &[&str]) -> Option<&str> {
        if self.fields.is_empty() {
            return None;
        }
        names.iter().find_map(|name| self.field(name))
    }

    /// The id of the request or trace that the record belongs to.
    pub fn request_id(&self) -> Option<&str> {
        let field = self
            .fields
            .iter()
            .find(|field| is_request_id(&field.name))?;
        Some(&field.value)
    }

    /// The status code of the response that the record reports, 100 to 599.
    pub fn status(&self) -> Option<u16> {
        let text = &*self
            .fields
            .iter()
            .find(|field| is_status(&field.name))?
            .value;
        let digits = text.split_ascii_whitespace().next()?;
        digits
            .parse()
            .ok()
            .filter(|status| (100..600).contains(status))
    }

    /// The record with text of its own.
    pub fn into_owned(self) -> Record<'static> {
        fn own(text: Cow<'_, str>) -> Cow<'static, str> {
            Cow::Owned(text.into_owned())
        }
        Record {
            format: self.format,
            time: self.time,
            level: self.level,
            target: self.target.map(own),
            message: own(self.message),
            fields: self
                .fields
                .into_iter()
                .map(|field| Field {
                    name: own(field.name),
                    value: own(field.value),
                    of_span: field.of_span,
                })
                .collect(),
            spans: self.spans.into_iter().map(own).collect(),
            emitter: self.emitter.map(Emitter::into_owned),
        }
    }
}

/// Whether a field of this name holds the id of a request or trace.
pub(crate) fn is_request_id(name: &str) -> bool {
    matches!(
        name,
        "request_id"
            | "req_id"
            | "requestId"
            | "reqId"
            | "x-request-id"
            | "trace_id"
            | "traceId"
            | "TraceId"
            | "TraceID"
            | "RequestId"
            | "trace.id"
            | "correlation_id"
            | "correlationId"
            | "dd.trace_id"
    )
}

/// Whether a field of this name holds the status code of a response.
pub(crate) fn is_status(name: &str) -> bool {
    // Cheap first: every name of the list ends with one of these. `resp` is that of Kubernetes' own servers.
    if !name.ends_with(['s', 'e']) || name.len() < 6 {
        return name == "resp";
    }
    matches!(
        name,
        "status"
            | "status_code"
            | "statusCode"
            | "StatusCode"
            | "http.status_code"
            | "http.status"
            | "http.response.status_code"
            | "http.response.status"
            | "http_status"
            | "http_status_code"
            | "httpStatus"
            | "httpStatusCode"
            | "res.statusCode"
            | "res.status"
            | "response.status"
            | "response.status_code"
            | "response.statusCode"
            | "response_status"
            | "response_code"
            | "responseCode"
            | "resp_status"
            | "rsp_status"
            | "DownstreamStatus"
            | "elb_status_code"
            | "sc-status"
    )
}
