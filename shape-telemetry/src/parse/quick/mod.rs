//! The formats of which there is most, read without asking for one byte after the other.
//!
//! Each function here reads the ordinary lines of one format, into memory that is used again, or says that a line is
//! not ordinary: then the grammars of nom read it. Where a function here reads a line, the record is the one of the
//! grammar (a property test holds the two together).

pub(crate) use self::{line::Line, stamps::Stamps};
use super::time::Context;
use crate::{Format, Record};

mod access;
mod fields;
mod java;
mod json;
mod line;
mod nginx;
#[cfg(test)]
mod oracle;
mod pairs;
mod stamps;
mod syslog;
mod tracing;

/// Whether the lines of a format are read by where words end, beside blanks and quotes.
pub(crate) fn needs_words(format: Format) -> bool {
    matches!(format, Format::Tracing | Format::Logfmt | Format::Rfc5424) || is_json(format)
}

/// Whether a line of the format is an object of JSON.
fn is_json(format: Format) -> bool {
    matches!(
        format,
        Format::TracingJson
            | Format::Bunyan
            | Format::Pino
            | Format::Zap
            | Format::Slog
            | Format::Logstash
            | Format::Ecs
            | Format::Gelf
            | Format::Json
    )
}

/// Reads an ordinary line of a format into a record, whose content before is overwritten; false for any other line, with
/// the record in whatever state.
pub(crate) fn read<'a>(
    format: Format,
    line: &Line<'a, '_>,
    stamps: &mut Stamps,
    context: &Context,
    record: &mut Record<'a>,
) -> bool {
    record.clear_all_but_fields();
    let fields = &mut fields::Fields::new(record);
    let done = match format {
        Format::Clf => access::clf(line, stamps, context, fields),
        Format::Tracing => tracing::tracing(line, stamps, context, fields),
        Format::Logfmt => pairs::logfmt(line, stamps, context, fields),
        Format::Rfc3164 | Format::Rfc5424 => syslog::with_priority(line, stamps, context, fields),
        Format::Syslog => syslog::header(line, line.start, stamps, context, fields),
        Format::NginxError => nginx::error(line, stamps, context, fields),
        Format::Log4j => java::log4j(line, stamps, context, fields),
        Format::Spring => java::spring(line, stamps, context, fields),
        Format::Python => java::python(line, stamps, context, fields),
        _ if is_json(format) => json::json(line, stamps, context, fields),
        _ => None,
    };
    fields.end();
    done.is_some()
}
