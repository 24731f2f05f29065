//! The lines that `PostgreSQL` writes behind a message, each with a header of its own.

use crate::{Field, Format, Record};

/// The field that a `DETAIL:`, `HINT:` or `STATEMENT:` line is of the record before it, if both are of one process.
pub(crate) fn goes_on<'a>(before: &Record<'_>, record: &Record<'a>) -> Option<Field<'a>> {
    let name = match record.field("kind")? {
        "DETAIL" => "detail",
        "HINT" => "hint",
        "CONTEXT" => "context",
        "STATEMENT" => "statement",
        "QUERY" => "query",
        "LOCATION" => "location",
        _ => return None,
    };
    let is_same = before.format == Format::Postgres && before.field("pid") == record.field("pid");
    is_same.then(|| Field {
        name: name.into(),
        value: record.message.clone(),
        of_span: false,
    })
}
