//! From the text of a pattern to its steps.

use std::collections::BTreeSet;

use super::stamp::Stamp;

/// One step through a line.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Step {
    /// Text that must stand there.
    Literal(Vec<Literal>),
    /// A part of the line, and what it becomes.
    Field(Role, Kind),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Literal {
    Text(String),
    /// One blank or more.
    Blank,
}

/// What a part of a line becomes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Time,
    Level,
    Target,
    Message,
    Location,
    File,
    Line,
    Nothing,
    Named(String),
}

/// Which text a field takes.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    Text,
    Word,
    Int,
    Number,
    Hex,
    Ip,
    Uuid,
    Quoted,
    Duration,
    Level,
    Stamp(Stamp),
}

impl Kind {
    /// Whether it finds its own end, so that nothing must separate it from the next field.
    fn ends_by_itself(&self) -> bool {
        !matches!(self, Self::Text | Self::Word)
    }
}

/// What is wrong with a pattern, and the offset in bytes.
#[derive(Debug)]
pub(super) struct Mistake {
    pub(super) at: usize,
    pub(super) problem: String,
}

fn mistake<T>(at: usize, problem: impl Into<String>) -> Result<T, Mistake> {
    Err(Mistake {
        at,
        problem: problem.into(),
    })
}

const TYPES: &str = "text, word, int, number, hex, ip, uuid, quoted, duration";

pub(super) fn steps(text: &str) -> Result<Vec<Step>, Mistake> {
    let mut steps: Vec<Step> = Vec::new();
    let mut names = BTreeSet::new();
    let mut open: Option<(String, usize)> = None;
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '<' => {
                let rest = text.get(at + 1..).unwrap_or_default();
                let Some(end) = rest.find('>') else {
                    return mistake(
                        at,
                        "`<` is never closed by `>`; write `\\<` for the character",
                    );
                };
                let inside = rest.get(..end).unwrap_or_default();
                let (role, kind) = field(inside, at + 1)?;
                if let Some((name, _)) = &open {
                    return mistake(
                        at,
                        format!("nothing separates <{name}> from <{inside}>: where would it end?"),
                    );
                }
                let name = inside.split(':').next().unwrap_or(inside);
                if role != Role::Nothing && !names.insert(canonical(name).to_owned()) {
                    return mistake(at, format!("<{name}> stands here for the second time"));
                }
                open = (!kind.ends_by_itself()).then(|| (inside.to_owned(), at));
                steps.push(Step::Field(role, kind));
                chars = text.char_indices();
                // Behind the closing bracket.
                let next = at + 1 + end + 1;
                while chars.offset() < next {
                    chars.next();
                }
            }
            '\\' => match chars.next() {
                Some((_, c @ ('<' | '>' | '\\'))) => {
                    open = None;
                    push(&mut steps, c);
                }
                Some((at, c)) => {
                    return mistake(at, format!("`\\{c}` means nothing: known are \\< \\> \\\\"));
                }
                None => return mistake(at, "a `\\` at the end; write `\\\\` for the character"),
            },
            c => {
                open = None;
                push(&mut steps, c);
            }
        }
    }
    if !steps.iter().any(|step| matches!(step, Step::Field(..))) {
        return mistake(0, "no field; the least is `<message>`");
    }
    Ok(steps)
}

/// One name for what means the same.
fn canonical(name: &str) -> &str {
    match name {
        "target" | "logger" => "component",
        "msg" => "message",
        "timestamp" => "time",
        "severity" => "level",
        _ => name,
    }
}

fn push(steps: &mut Vec<Step>, c: char) {
    if !matches!(steps.last(), Some(Step::Literal(_))) {
        steps.push(Step::Literal(Vec::new()));
    }
    let Some(Step::Literal(literals)) = steps.last_mut() else {
        return;
    };
    match (c, literals.last_mut()) {
        (' ' | '\t', Some(Literal::Blank)) => {}
        (' ' | '\t', _) => literals.push(Literal::Blank),
        (c, Some(Literal::Text(text))) => text.push(c),
        (c, _) => literals.push(Literal::Text(c.to_string())),
    }
}

fn field(inside: &str, at: usize) -> Result<(Role, Kind), Mistake> {
    let (name, kind) = match inside.split_once(':') {
        Some((name, kind)) => (name, Some(kind)),
        None => (inside, None),
    };
    if name.is_empty() {
        return mistake(
            at,
            "a field needs a name, as in `<message>`; write `\\<` for the character",
        );
    }
    if let Some(bad) = name.find(|c: char| !(c.is_ascii_alphanumeric() || "_.-@".contains(c))) {
        return mistake(
            at + bad,
            "a name has letters, digits and `_.-@`; write `\\<` for the character",
        );
    }
    let role = match canonical(name) {
        "time" => {
            let stamp = Stamp::new(kind).map_err(|(offset, problem)| Mistake {
                at: at + name.len() + 1 + offset,
                problem,
            })?;
            return Ok((Role::Time, Kind::Stamp(stamp)));
        }
        "level" => Role::Level,
        "component" => Role::Target,
        "message" => Role::Message,
        "location" => Role::Location,
        "file" => Role::File,
        "line" => Role::Line,
        "_" => Role::Nothing,
        _ => Role::Named(name.to_owned()),
    };
    let free = matches!(role, Role::Nothing | Role::Named(_) | Role::Target);
    let kind_at = at + name.len() + 1;
    let kind = match (kind, &role) {
        (None, Role::Level) => Kind::Level,
        (None, Role::Line) => Kind::Int,
        (None, Role::Location) => Kind::Word,
        (Some(_), _) if !free => {
            return mistake(
                kind_at,
                format!("<{name}> has a type of its own; leave it out"),
            );
        }
        (None | Some("text"), _) => Kind::Text,
        (Some("word"), _) => Kind::Word,
        (Some("int"), _) => Kind::Int,
        (Some("number"), _) => Kind::Number,
        (Some("hex"), _) => Kind::Hex,
        (Some("ip"), _) => Kind::Ip,
        (Some("uuid"), _) => Kind::Uuid,
        (Some("quoted"), _) => Kind::Quoted,
        (Some("duration"), _) => Kind::Duration,
        (Some(other), _) => {
            return mistake(kind_at, format!("`{other}` is no type; known are {TYPES}"));
        }
    };
    Ok((role, kind))
}

#[cfg(test)]
mod tests {
    use crate::Pattern;

    #[track_caller]
    fn wrong(pattern: &str, position: usize, problem: &str) {
        let error = pattern.parse::<Pattern>().unwrap_err();
        assert_eq!(
            (error.position().get(), error.problem()),
            (position, problem)
        );
    }

    #[test]
    fn mistakes_are_told_with_their_place() {
        wrong(
            "é <time> <level",
            10,
            "`<` is never closed by `>`; write `\\<` for the character",
        );
        wrong(
            "<time> <a><b>",
            11,
            "nothing separates <a> from <b>: where would it end?",
        );
        wrong(
            "<x:integer>",
            4,
            "`integer` is no type; known are text, word, int, number, hex, ip, uuid, quoted, duration",
        );
        wrong(
            "<msg> <message>",
            7,
            "<message> stands here for the second time",
        );
        wrong(
            "<level:word> x",
            8,
            "<level> has a type of its own; leave it out",
        );
        wrong("no field", 1, "no field; the least is `<message>`");
        wrong("", 1, "no field; the least is `<message>`");
        wrong(
            "<a b>",
            3,
            "a name has letters, digits and `_.-@`; write `\\<` for the character",
        );
        wrong("a\\q<m>", 3, "`\\q` means nothing: known are \\< \\> \\\\");
        wrong(
            "<m>\\",
            4,
            "a `\\` at the end; write `\\\\` for the character",
        );
        wrong(
            "<time:%Y-%Q> x",
            10,
            "`%Q` is no part of a time; known are %Y %y %m %b %B %d %e %j %a %A %H %k %I %l %p %M %S %f %.f %z %:z %s %T %F %D %%",
        );
        let error = "<time".parse::<Pattern>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "pattern `<time`, character 1: `<` is never closed by `>`; write `\\<` for the character"
        );
    }

    #[test]
    fn display_is_the_text() {
        let text = "<time:%d/%m/%Y> \\<<level>\\> <_> <message>";
        assert_eq!(text.parse::<Pattern>().unwrap().to_string(), text);
    }
}
