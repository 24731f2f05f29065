//! Which samples are meant.

use std::{fmt, str::FromStr};

use regex::Regex;

use super::{
    MetricSample,
    cursor::{Cursor, begins_name, is_label_byte, is_metric_byte},
};
use crate::{Error, error::Repr};

/// The samples of a metric whose labels match, as `PromQL` writes it.
///
/// ```
/// use shape_sli::{Exposition, Selector};
///
/// let failed: Selector = r#"http_requests_total{code=~"5..",job!="test"}"#.parse()?;
/// let scrape = Exposition::parse("http_requests_total{code=\"503\"} 2\nhttp_requests_total{code=\"200\"} 9\n")?;
/// assert_eq!(scrape.samples().filter(|sample| failed.matches(sample)).count(), 1);
/// # Ok::<(), shape_sli::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Selector {
    name: String,
    matchers: Vec<(String, Test)>,
}

#[derive(Clone, Debug)]
enum Test {
    Is(String),
    IsNot(String),
    Matches(Regex),
    MatchesNot(Regex),
}

impl Selector {
    /// The samples of a metric, whatever their labels.
    pub fn metric(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            matchers: Vec::new(),
        }
    }

    /// The name of the metric.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether a sample is meant. A label that is not there counts as empty.
    pub fn matches(&self, sample: &MetricSample<'_>) -> bool {
        sample.name == self.name && self.matches_labels(sample)
    }

    pub(super) fn matches_labels(&self, sample: &MetricSample<'_>) -> bool {
        self.matchers.iter().all(|(label, test)| {
            let value = sample.label(label).unwrap_or("");
            match test {
                Test::Is(wanted) => value == wanted,
                Test::IsNot(unwanted) => value != unwanted,
                Test::Matches(regex) => regex.is_match(value),
                Test::MatchesNot(regex) => !regex.is_match(value),
            }
        })
    }

    /// The same labels of another metric.
    pub(super) fn with_name(&self, name: String) -> Self {
        Self {
            name,
            matchers: self.matchers.clone(),
        }
    }
}

impl FromStr for Selector {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let mut cursor = Cursor::new(text.trim(), 1);
        let wrong = |cursor: &Cursor<'_>, expected: &str| -> Error {
            Repr::Selector {
                seen: text.to_owned(),
                message: format!(
                    "{} after `{}`, expected {expected}",
                    cursor.seen(),
                    cursor.passed()
                ),
            }
            .into()
        };
        let name = cursor.take_while(is_metric_byte);
        if !name
            .bytes()
            .next()
            .is_some_and(|byte| begins_name(byte) || byte == b':')
        {
            return Err(wrong(&cursor, "the name of a metric"));
        }
        let mut selector = Self::metric(name);
        cursor.skip_blank();
        if cursor.take(b'{') {
            loop {
                cursor.skip_blank();
                if cursor.take(b'}') {
                    break;
                }
                let label = cursor.take_while(is_label_byte).to_owned();
                if label.is_empty() {
                    return Err(wrong(&cursor, "the name of a label"));
                }
                cursor.skip_blank();
                let operator = cursor.take_while(|byte| b"=!~".contains(&byte));
                cursor.skip_blank();
                let value = cursor
                    .quoted()
                    .map_err(|_| wrong(&cursor, "a value in quotes"))?
                    .into_owned();
                let regex = |value: &str| {
                    Regex::new(&format!("^(?s:{value})$")).map_err(|_| {
                        Error::from(Repr::Selector {
                            seen: text.to_owned(),
                            message: format!("`{value}` is no regular expression"),
                        })
                    })
                };
                let matcher = match operator {
                    "=" => Test::Is(value),
                    "!=" => Test::IsNot(value),
                    "=~" => Test::Matches(regex(&value)?),
                    "!~" => Test::MatchesNot(regex(&value)?),
                    _ => return Err(wrong(&cursor, "one of `=`, `!=`, `=~`, `!~`")),
                };
                selector.matchers.push((label, matcher));
                cursor.skip_blank();
                if !cursor.take(b',') && cursor.peek() != Some(b'}') {
                    return Err(wrong(&cursor, "`,` or `}`"));
                }
            }
        }
        cursor.skip_blank();
        if cursor.is_over() {
            Ok(selector)
        } else {
            Err(wrong(&cursor, "the end"))
        }
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        if self.matchers.is_empty() {
            return Ok(());
        }
        let of = |(label, test): &(String, Test)| {
            let (operator, value) = match test {
                Test::Is(value) => ("=", value.as_str()),
                Test::IsNot(value) => ("!=", value.as_str()),
                Test::Matches(regex) => ("=~", inner(regex)),
                Test::MatchesNot(regex) => ("!~", inner(regex)),
            };
            format!("{label}{operator}{}", super::write::quoted(value))
        };
        let matchers: Vec<String> = self.matchers.iter().map(of).collect();
        write!(f, "{{{}}}", matchers.join(","))
    }
}

/// A regular expression as it was written.
fn inner(regex: &Regex) -> &str {
    let text = regex.as_str();
    text.strip_prefix("^(?s:")
        .and_then(|text| text.strip_suffix(")$"))
        .unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selectors_are_read_and_written() {
        for text in [
            "up",
            "job:up:sum",
            r#"a{b="c"}"#,
            r#"a{b="c",d!="e",f=~"g|h",i!~"j.*"}"#,
            r#"a{b="say \"hi\"\\\n"}"#,
        ] {
            assert_eq!(text.parse::<Selector>().unwrap().to_string(), text);
        }
        for (text, message) in [
            (
                "",
                "the end of the line after ``, expected the name of a metric",
            ),
            (
                "5a",
                "the end of the line after `5a`, expected the name of a metric",
            ),
            ("a{b}", "`}` after `a{b`, expected a value in quotes"),
            (
                r#"a{b=>"c"}"#,
                "`>` after `a{b=`, expected a value in quotes",
            ),
            (
                r#"a{b=="c"}"#,
                r#"`}` after `a{b=="c"`, expected one of `=`, `!=`, `=~`, `!~`"#,
            ),
            (
                r#"a{b="c" d="e"}"#,
                r#"`d` after `a{b="c" `, expected `,` or `}`"#,
            ),
            (r#"a{b=~"("}"#, "`(` is no regular expression"),
            (
                r#"a{b="c"}[5m]"#,
                r#"`[` after `a{b="c"}`, expected the end"#,
            ),
        ] {
            let error = text.parse::<Selector>().unwrap_err().to_string();
            assert_eq!(error, format!("selector `{text}`: {message}"));
        }
    }

    #[test]
    fn regular_expressions_match_whole_values() {
        let selector: Selector = r#"a{b=~"5.|x"}"#.parse().unwrap();
        let matches = |value: &str| {
            let sample = format!("a{{b=\"{value}\"}} 1\n");
            let scrape = crate::Exposition::parse(&sample).unwrap();
            scrape.samples().all(|sample| selector.matches(sample))
        };
        assert!(matches("50") && matches("x"));
        assert!(!matches("503") && !matches("150") && !matches(""));
    }
}
