//! The lines that `PostgreSQL` writes behind a message, each with a header of its own.

use crate::{Field, Format, Record};

/// Whether a line may go on with the record before it.
pub(crate) fn is_detail(record: &Record<'_>) -> bool {
    record.format == Format::Postgres && name(record).is_some()
}

/// The name of the field that a line is of the record before it.
fn name(record: &Record<'_>) -> Option<&'static str> {
    Some(match record.field("kind")? {
        "DETAIL" => "detail",
        "HINT" => "hint",
        "CONTEXT" => "context",
        "STATEMENT" => "statement",
        "QUERY" => "query",
        "LOCATION" => "location",
        _ => return None,
    })
}

/// The field that a `DETAIL:`, `HINT:` or `STATEMENT:` line is of the record before it, if both are of one process.
pub(crate) fn goes_on<'a>(before: &Record<'_>, record: &Record<'a>) -> Option<Field<'a>> {
    let name = name(record)?;
    let is_same = before.format == Format::Postgres && before.field("pid") == record.field("pid");
    is_same.then(|| Field {
        name: name.into(),
        value: record.message.clone(),
        of_span: false,
    })
}
