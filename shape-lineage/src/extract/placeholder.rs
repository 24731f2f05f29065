//! The placeholders of format strings, in the dialects of the languages.

use crate::MessageTemplate;

/// An argument of a format string.
#[derive(Clone, Debug, Default)]
pub(super) struct Argument {
    /// The name in `name = value`.
    pub(super) name: Option<String>,
    /// The expression as the source spells it.
    pub(super) expression: String,
    /// The value where it is constant.
    pub(super) constant: Option<MessageTemplate>,
}

impl Argument {
    pub(super) fn write_to(&self, template: &mut MessageTemplate) {
        match &self.constant {
            Some(value) => template.push_template(value),
            None => template.push_variable(Some(&self.expression)),
        }
    }
}

/// `{}` as in Rust, and near enough in Python's `str.format`: `{{`, `{0}`, `{name:>5}`, `{:?}`.
pub(super) fn braces(format: &str, arguments: &[Argument]) -> MessageTemplate {
    let mut template = MessageTemplate::default();
    let mut rest = format;
    let mut next_idx = 0;
    while let Some(at) = rest.find(['{', '}']) {
        let (text, tail) = rest.split_at(at);
        template.push_text(text);
        if let Some(after) = tail.strip_prefix("{{").or_else(|| tail.strip_prefix("}}")) {
            template.push_text(&tail[..1]);
            rest = after;
            continue;
        }
        let inner = tail.strip_prefix('{').and_then(|inner| {
            // Widths may nest in Python: `{:{width}}`.
            let mut depth = 1_usize;
            let close = inner.char_indices().find(|(_, c)| {
                depth = match c {
                    '{' => depth + 1,
                    '}' => depth - 1,
                    _ => depth,
                };
                depth == 0
            })?;
            Some(inner.split_at(close.0))
        });
        let Some((spec, after)) = inner else {
            template.push_text(&tail[..1]);
            rest = &tail[1..];
            continue;
        };
        rest = &after[1..];
        let (name, format) = spec.split_once([':', '!']).unwrap_or((spec, ""));
        let name = name.trim();
        if name.is_empty() {
            push_argument(&mut template, arguments.get(next_idx), format);
            next_idx += 1;
        } else if let Ok(arg_idx) = name.parse::<usize>() {
            push_argument(&mut template, arguments.get(arg_idx), format);
        } else {
            let argument = arguments
                .iter()
                .find(|argument| argument.name.as_deref() == Some(name));
            match argument {
                Some(argument) => push_argument(&mut template, Some(argument), format),
                None => template.push_variable(Some(name)),
            }
        }
    }
    template.push_text(rest);
    template
}

/// A constant argument becomes text only where it is printed as it is.
fn push_argument(template: &mut MessageTemplate, argument: Option<&Argument>, format: &str) {
    match argument {
        Some(argument) if format.is_empty() => argument.write_to(template),
        Some(argument) => template.push_variable(Some(&argument.expression)),
        None => template.push_variable(None),
    }
}

/// `%s`, `%-5d`, `%(name)s`, `%%`: Python, Java's `String.format`, the console of JavaScript.
#[cfg(feature = "syntax")]
pub(super) fn percent(format: &str, arguments: &[Argument]) -> MessageTemplate {
    let mut template = MessageTemplate::default();
    let mut rest = format;
    let mut next_idx = 0;
    while let Some(at) = rest.find('%') {
        let (text, tail) = rest.split_at(at);
        template.push_text(text);
        let tail = &tail[1..];
        if let Some(after) = tail.strip_prefix('%') {
            template.push_text("%");
            rest = after;
            continue;
        }
        let (name, tail_spec) = match tail.strip_prefix('(').and_then(|t| t.split_once(')')) {
            Some((name, after)) => (Some(name), after),
            None => (None, tail),
        };
        let spec_len = tail_spec
            .find(|c: char| !matches!(c, '#' | '0'..='9' | '-' | '+' | ' ' | '.' | '*' | ',' | '$'))
            .unwrap_or(tail_spec.len());
        let conversion = tail_spec[spec_len..].trim_start_matches(['l', 'h', 'z']);
        match conversion.chars().next() {
            Some('n') => {
                template.push_text("\n");
                rest = &conversion[1..];
            }
            Some(c) if c.is_ascii_alphabetic() => {
                match name {
                    Some(name) => template.push_variable(Some(name)),
                    None => match arguments.get(next_idx) {
                        Some(argument) => argument.write_to(&mut template),
                        None => template.push_variable(None),
                    },
                }
                next_idx += 1;
                rest = &conversion[1..];
            }
            _ => {
                template.push_text("%");
                rest = tail;
            }
        }
    }
    template.push_text(rest);
    template
}

/// `{}` as in slf4j and log4j 2: only the empty pair counts.
#[cfg(any(feature = "java", feature = "kotlin"))]
pub(super) fn empty_braces(format: &str, arguments: &[Argument]) -> MessageTemplate {
    let mut template = MessageTemplate::default();
    let mut arguments = arguments.iter();
    for (piece_idx, piece) in format.split("{}").enumerate() {
        if piece_idx != 0 {
            match arguments.next() {
                Some(argument) => argument.write_to(&mut template),
                None => template.push_variable(None),
            }
        }
        template.push_text(piece);
    }
    template
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments() -> Vec<Argument> {
        ["a", "b.c"]
            .map(|expression| Argument {
                expression: expression.to_owned(),
                ..Argument::default()
            })
            .into()
    }

    #[test]
    fn rust_braces() {
        let check = |format: &str, expected: &str| {
            assert_eq!(
                braces(format, &arguments()).to_string(),
                expected,
                "{format}"
            );
        };
        check("x {} y {:.1}ms", "x <*> y <*>ms");
        check("{{{}}}", "{<*>}");
        check("{x:>width$} {1}", "<*> <*>");
        check("open { brace", "open { brace");
        check("close } brace", "close } brace");
        check("{:{w}} é", "<*> é");
    }

    #[cfg(feature = "python")]
    #[test]
    fn percent_signs() {
        let check = |format: &str, expected: &str| {
            assert_eq!(
                percent(format, &arguments()).to_string(),
                expected,
                "{format}"
            );
        };
        check("x %s y %-5.2f", "x <*> y <*>");
        check("%(name)s is 100%%", "<*> is 100%");
        check("100% sure %ld", "100<*>ure <*>");
        check("ends with %", "ends with %");
    }
}
