//! The header of a log whose layout nobody knows: the columns that its lines begin with.

use crate::Level;

/// How many lines are looked at.
const SAMPLE: usize = 1_000;
/// Fewer lines say nothing.
const MIN_LINES: usize = 8;
/// Columns beyond these belong to the message.
const MAX_COLUMNS: usize = 12;
/// Of a hundred lines, how many must agree.
const AGREE: usize = 95;

/// What a column of the header holds in every line. Anything else may stand between such columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// A date, a time, or a part of one.
    Time,
    Level,
    /// `[main]`, `(17)`, `<3>`.
    Bracket,
    /// `sshd[12]:`, `worker:`.
    Name,
    /// `-`, `|`, `--`, `:`.
    Mark,
    /// Anything without a blank, in a table.
    Word,
}

/// The columns that lines have in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Columns {
    separator: Option<char>,
    /// One for each column of the header; the last is one that says something.
    kinds: Vec<Option<Kind>>,
}

impl Columns {
    /// Looks at the first lines; nothing when they have no header, or none that has a time or a level in it.
    pub(crate) fn find<'l>(lines: impl Iterator<Item = &'l str>) -> Option<Self> {
        let lines: Vec<&str> = lines
            .filter(|line| !line.is_empty() && !line.starts_with([' ', '\t']))
            .take(SAMPLE)
            .collect();
        if lines.len() < MIN_LINES {
            return None;
        }
        let separators = [Some('|'), Some('\t'), Some(';'), Some(','), None];
        separators
            .into_iter()
            .find_map(|separator| Self::with(separator, &lines))
    }

    fn with(separator: Option<char>, lines: &[&str]) -> Option<Self> {
        let rows: Vec<Vec<&str>> = lines
            .iter()
            .map(|line| {
                Tokens::new(line, separator)
                    .map(|(token, _)| token)
                    .take(MAX_COLUMNS)
                    .collect()
            })
            .collect();
        let is_table = separator.is_some();
        let agree = |n: usize| AGREE * lines.len() <= 100 * n;
        let mut kinds = Vec::new();
        for column in 0..MAX_COLUMNS {
            // The last token of a line is its message.
            let n_there = rows.iter().filter(|row| column + 1 < row.len()).count();
            if !agree(n_there) {
                break;
            }
            let tokens = || rows.iter().filter_map(|row| row.get(column));
            let kind = [
                Kind::Time,
                Kind::Level,
                Kind::Bracket,
                Kind::Mark,
                Kind::Name,
                Kind::Word,
            ]
            .into_iter()
            .filter(|&kind| kind != Kind::Word || is_table)
            .find(|&kind| agree(tokens().filter(|token| fits(token, kind)).count()));
            kinds.push(kind);
        }
        let last = kinds.iter().rposition(Option::is_some)?;
        kinds.truncate(last + 1);
        let tells = kinds
            .iter()
            .any(|kind| matches!(kind, Some(Kind::Time | Kind::Level)));
        // A message with a comma in it is no table.
        let is_enough = !is_table || 2 <= kinds.iter().flatten().count();
        (tells && is_enough).then_some(Self { separator, kinds })
    }

    /// What stands behind the header, where the line has it.
    pub(crate) fn body<'l>(&self, line: &'l str) -> Option<&'l str> {
        let mut tokens = Tokens::new(line, self.separator);
        let mut end = 0;
        for kind in &self.kinds {
            let (token, after) = tokens.next()?;
            if kind.is_some_and(|kind| !fits(token, kind)) {
                return None;
            }
            end = after;
        }
        let rest = line.get(end..)?;
        let rest = match self.separator {
            Some(separator) => rest.strip_prefix(separator).unwrap_or(rest),
            None => rest,
        };
        Some(rest.trim_ascii())
    }
}

/// The tokens of a line, each with the offset of its end. A bracket with blanks in it is one.
struct Tokens<'l> {
    line: &'l str,
    at: usize,
    separator: Option<char>,
}

impl<'l> Tokens<'l> {
    fn new(line: &'l str, separator: Option<char>) -> Self {
        Self {
            line,
            at: 0,
            separator,
        }
    }
}

impl<'l> Iterator for Tokens<'l> {
    type Item = (&'l str, usize);

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.line.get(self.at..)?;
        if let Some(separator) = self.separator {
            if rest.is_empty() {
                return None;
            }
            let start =
                usize::from(0 < self.at && rest.starts_with(separator)) * separator.len_utf8();
            let rest = rest.get(start..)?;
            let length = rest.find(separator).unwrap_or(rest.len());
            self.at += start + length;
            return Some((rest.get(..length)?.trim_ascii(), self.at));
        }
        let start = rest.len() - rest.trim_start_matches([' ', '\t']).len();
        let rest = rest.get(start..)?;
        let first = rest.chars().next()?;
        let close = match first {
            '[' => Some(']'),
            '(' => Some(')'),
            _ => None,
        };
        let blank = rest.find([' ', '\t']).unwrap_or(rest.len());
        let length = match close.and_then(|close| rest.find(close)) {
            // What is glued to the bracket belongs to the token.
            Some(end) => rest
                .get(end..)
                .and_then(|rest| rest.find([' ', '\t']))
                .map_or(rest.len(), |more| end + more),
            None => blank,
        };
        self.at += start + length;
        Some((rest.get(..length)?, self.at))
    }
}

fn fits(token: &str, kind: Kind) -> bool {
    let bare = token.trim_matches([
        '[', ']', '(', ')', '<', '>', ',', ':', '|', '-', '"', '=', '@',
    ]);
    match kind {
        Kind::Time => is_time(bare),
        Kind::Level => Level::from_word(bare).is_some(),
        Kind::Bracket => {
            1 < token.len()
                && matches!(
                    (
                        token.as_bytes().first(),
                        token.trim_end_matches(':').as_bytes().last()
                    ),
                    (Some(b'['), Some(b']')) | (Some(b'('), Some(b')')) | (Some(b'<'), Some(b'>'))
                )
        }
        Kind::Name => {
            1 < token.len()
                && token.ends_with(':')
                && token.starts_with(|c: char| c.is_alphanumeric() || c == '_')
        }
        Kind::Word => !token.contains([' ', '\t']),
        Kind::Mark => {
            !token.is_empty()
                && token
                    .chars()
                    .all(|c| matches!(c, '-' | '|' | ':' | '>' | '='))
        }
    }
}

/// How dates in words begin.
const NAMES: [&str; 19] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec", "Mon",
    "Tue", "Wed", "Thu", "Fri", "Sat", "Sun",
];

/// `2026-11-24`, `08:59:30.833`, `20261124-8:59:30:12`, `1117838570`, `Nov`.
fn is_time(text: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let joints = text
        .bytes()
        .filter(|b| matches!(b, b':' | b'-' | b'/' | b'.' | b',' | b'_'))
        .count();
    let others = text.len() - digits - joints;
    if matches!(others, 0..=3) && 4 <= digits && 2 <= joints {
        return text
            .bytes()
            .filter(u8::is_ascii_alphabetic)
            .all(|b| matches!(b, b'T' | b'Z' | b'U' | b'C'))
            && text.starts_with(|c: char| c.is_ascii_digit())
            && !is_address(text);
    }
    // `20261124T085930`.
    if matches!(digits, 8 | 12 | 14 | 17) && others <= 2 && text.starts_with(['1', '2']) {
        return text.starts_with("20") || text.starts_with("19");
    }
    if others == 0 && joints <= 1 {
        // Epoch seconds, milliseconds and so on.
        return matches!(
            text.split('.').next().map_or(0, str::len),
            10 | 13 | 16 | 19
        ) && text.starts_with('1');
    }
    NAMES.contains(&text)
}

/// Four numbers with dots, which a date never has.
fn is_address(text: &str) -> bool {
    text.split('.').count() == 4 && !text.contains([':', '-', '/'])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ten lines of a layout with the message `connection N lost`.
    #[track_caller]
    fn check(line: impl Fn(usize) -> String) {
        let lines: Vec<String> = (0..40).map(&line).collect();
        let columns = Columns::find(lines.iter().map(String::as_str));
        let Some(columns) = columns else {
            panic!("no header in {}", lines[0]);
        };
        for (n, line) in lines.iter().enumerate() {
            let expected = format!("connection {n} lost");
            assert_eq!(columns.body(line), Some(&*expected), "{line}");
        }
        assert_eq!(columns.body("\tat x.Y.z(Y.java:3)"), None);
    }

    #[test]
    fn layouts_that_nobody_knows() {
        check(|n| format!("node{n} 2026/11/24-08:59:{n:02} W <net> connection {n} lost"));
        check(|n| format!("{n} @ 20261124_085930 ~ WARN ~ {n}: connection {n} lost"));
        check(|n| {
            format!(
                "{}|WARN|net|{n}|20261124|08:59:30|connection {n} lost",
                n * 7
            )
        });
        check(|n| format!("x{n} 1795510770.{n:03} net[{n}]: connection {n} lost"));
        check(|n| format!("<W> ({n}) 08:59:30,{n:03} [a b] -- connection {n} lost"));
        check(|n| format!("app-{n};2026-11-24 08:59:30;warning;connection {n} lost"));
    }

    #[test]
    fn messages_without_a_header() {
        let find = |lines: &[&str]| {
            let lines: Vec<&str> = lines.iter().copied().cycle().take(40).collect();
            Columns::find(lines.into_iter())
        };
        assert_eq!(
            find(&["connection lost", "link up again", "retry in 5 s"]),
            None
        );
        assert_eq!(find(&["a: first", "b: second", "c: third"]), None);
        assert_eq!(find(&["10.0.0.1 is up", "10.0.0.2 is down now"]), None);
        assert_eq!(Columns::find(["2026-11-24 x y"].into_iter()), None);
    }
}
