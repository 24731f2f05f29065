//! What plain text still tells.

use super::{
    pairs,
    scan::{self, blanks, split},
    time::{self, Context},
};
use crate::{Format, Level, Record};

/// The name before the first `: `, behind symbols: `✅ BeatExecutor: …`, `[Canvas] …`.
///
/// Words such as `error:` are no names, nor is anything with a blank in it.
pub(crate) fn component_prefix(message: &str) -> Option<&str> {
    let start = message
        .char_indices()
        .find(|&(_, c)| c.is_ascii_alphanumeric() || c == '[' || c == '"' || c == '\'')
        .map(|(at, _)| at)?;
    if 16 < start {
        return None;
    }
    // `/usr/share/fonts: …`, `--option: …`, `$name: …` are no names.
    if split(message, start)
        .0
        .ends_with(['/', '\\', '.', '~', '-', '$', '%', '#', '+'])
    {
        return None;
    }
    let i = split(message, start).1;
    if let Ok((rest, inside)) = scan::bracketed(i) {
        let is_tag = rest.starts_with(' ') && is_name(inside);
        return is_tag.then_some(inside);
    }
    let (name, rest) = i.split_once(':')?;
    let name = name.strip_suffix("()").unwrap_or(name);
    (rest.starts_with(' ') && is_name(name)).then_some(name)
}

/// Whether text may be the name of a logger.
pub(crate) fn is_name(text: &str) -> bool {
    (2..=64).contains(&text.len())
        && text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"_.-/$".contains(&b))
        && Level::from_word(text).is_none()
        && ![
            "Uncaught", "Caused", "http", "https", "failed", "Note", "TODO",
        ]
        .contains(&text)
        && !text.ends_with("Error")
        && !text.ends_with("Exception")
}

/// `app.js:42 message` as browsers save their console.
pub(crate) fn console<'a>(line: &'a str, context: &Context) -> Option<Record<'a>> {
    let (rest, first) = scan::word(line).ok()?;
    let place = scan::place(first)?;
    let mut i = blanks(rest);
    let mut record = Record::new(Format::Console, i);
    if let Ok((rest, time)) = time::iso(i, context) {
        record.time = Some(time);
        i = blanks(rest);
    }
    if i.starts_with("Uncaught ") {
        record.level = Some(Level::Error);
    } else if let Ok((rest, level)) = scan::level(i)
        && (rest.starts_with(' ') || rest.starts_with(':'))
    {
        record.level = Some(level);
        i = rest.trim_start_matches([':', ' ']);
    }
    record.emitter = Some(place);
    record.target = component_prefix(i).map(Into::into);
    record.message = i.into();
    Some(record)
}

/// Text in which no format was found; a name before a colon is still its target, and pairs are still fields.
pub(crate) fn plain(line: &str) -> Record<'_> {
    let text = line.trim_end();
    let mut record = Record::plain(text);
    record.target = component_prefix(text).map(Into::into);
    let message = pairs::tail(text, &mut record.fields);
    if !message.is_empty() {
        record.message = message.into();
    }
    record
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes() {
        let check = |text, expected| assert_eq!(component_prefix(text), expected, "{text}");
        check(" ✅ BeatExecutor: Beat 2 completed", Some("BeatExecutor"));
        check("[Canvas] ResizeCanvas blocked", Some("Canvas"));
        check("📡 EventBus: Subscribed to \"x: y\"", Some("EventBus"));
        check("error: it broke", None);
        check("TypeError: it broke", None);
        check("at 10:00: hello", None);
        check("nothing here", None);
        check("/usr/share/fonts: skipping", None);
        check("--verbose: on", None);
        check("\"quoted\": text", None);
    }
}
