//! The text that a Prometheus server scrapes.

use std::{borrow::Cow, collections::HashMap};

use super::{
    cursor::{Cursor, begins_name, is_label_byte, is_metric_byte},
    family::{ExpositionFormat, MetricFamily, MetricKind, MetricSample, SampleExemplar},
};
use crate::Error;

/// The samples of one scrape, in families, in the order of the text.
///
/// Reads Prometheus' text format 0.0.4 and `OpenMetrics` 1.0 (which ends with `# EOF`): comments, escapes, timestamps,
/// histograms, summaries, exemplars, and names in quotes.
///
/// ```
/// use shape_sli::Exposition;
///
/// let scrape = Exposition::parse("\
/// ## TYPE http_requests_total counter
/// http_requests_total{code=\"200\"} 1027 1395066363000
/// http_requests_total{code=\"500\"} 3
/// ")?;
/// let family = scrape.family("http_requests_total").ok_or("missing")?;
/// assert_eq!(family.samples[0].label("code"), Some("200"));
/// assert_eq!(family.samples[0].timestamp_ms, Some(1_395_066_363_000));
///
/// let error = Exposition::parse("up{job=\"a\"} 1\nup{job=a} 1\n").unwrap_err();
/// assert_eq!(error.to_string(), "line 2, column 8: `a`, expected a text in quotes");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Exposition<'a> {
    /// The families.
    pub families: Vec<MetricFamily<'a>>,
    index: HashMap<Cow<'a, str>, usize>,
}

impl<'a> Exposition<'a> {
    /// Reads a scrape; it is `OpenMetrics` when its last line is `# EOF`.
    ///
    /// # Errors
    ///
    /// At the first line that is wrong, with line and column.
    pub fn parse(text: &'a str) -> Result<Self, Error> {
        let last = text.trim_end().lines().next_back();
        let format = if last == Some("# EOF") {
            ExpositionFormat::OpenMetrics
        } else {
            ExpositionFormat::Prometheus
        };
        Self::parse_as(text, format)
    }

    /// Reads a scrape of a known format, as the header `content-type` of its answer says.
    ///
    /// # Errors
    ///
    /// At the first line that is wrong, with line and column.
    pub fn parse_as(text: &'a str, format: ExpositionFormat) -> Result<Self, Error> {
        let mut exposition = Self::default();
        let mut is_ended = false;
        let mut count = 0;
        for (number, line) in (1..).zip(text.lines()) {
            count = number;
            let mut cursor = Cursor::new(line, number);
            if is_ended {
                return Err(cursor.wrong("a line after `# EOF`".to_owned()));
            }
            if format == ExpositionFormat::Prometheus {
                cursor.skip_blank();
            }
            if cursor.peek() == Some(b'#') {
                is_ended = exposition.comment(&mut cursor, format)?;
            } else if !cursor.is_over() {
                let sample = sample(&mut cursor, format)?;
                exposition.add(sample, format);
            } else if format == ExpositionFormat::OpenMetrics {
                return Err(cursor.wrong("an empty line, which OpenMetrics forbids".to_owned()));
            }
        }
        if format == ExpositionFormat::OpenMetrics && !is_ended {
            let cursor = Cursor::new("", count + 1);
            return Err(
                cursor.wrong("the end, expected `# EOF`: the scrape was cut off".to_owned())
            );
        }
        Ok(exposition)
    }

    /// A family by name.
    pub fn family(&self, name: &str) -> Option<&MetricFamily<'a>> {
        self.families.get(*self.index.get(name)?)
    }

    /// All samples.
    pub fn samples(&self) -> impl Iterator<Item = &MetricSample<'a>> {
        self.families.iter().flat_map(|family| &family.samples)
    }

    /// Reads a comment; whether it is the end.
    fn comment(
        &mut self,
        cursor: &mut Cursor<'a>,
        format: ExpositionFormat,
    ) -> Result<bool, Error> {
        let is_end = format == ExpositionFormat::OpenMetrics && cursor.rest() == "# EOF";
        cursor.take(b'#');
        cursor.skip_blank();
        let word = cursor.word();
        if is_end || !matches!(word, "HELP" | "TYPE" | "UNIT") {
            return Ok(is_end);
        }
        cursor.skip_blank();
        let start = cursor.here();
        let name = if cursor.peek() == Some(b'"') {
            cursor.quoted()?
        } else {
            Cow::Borrowed(metric_name(cursor)?)
        };
        cursor.skip_blank();
        match word {
            "HELP" => {
                let help = unescaped(cursor.take_rest());
                self.family_mut(name).help = Some(help);
            }
            "TYPE" => {
                let at = cursor.here();
                let word = cursor.word();
                let kind = MetricKind::of(word).ok_or_else(|| {
                    cursor.wrong_at(at, format!("`{word}`, expected a kind such as `counter`"))
                })?;
                let family = self.family_mut(name);
                if !family.samples.is_empty() || family.kind != MetricKind::Unknown {
                    let message = format!(
                        "a kind for `{}`, which has samples or a kind already",
                        family.name
                    );
                    return Err(cursor.wrong_at(start, message));
                }
                family.kind = kind;
            }
            _ => self.family_mut(name).unit = Some(cursor.take_rest()),
        }
        Ok(false)
    }

    fn family_mut(&mut self, name: Cow<'a, str>) -> &mut MetricFamily<'a> {
        let families = &mut self.families;
        let index = *self.index.entry(name).or_insert_with_key(|name| {
            families.push(MetricFamily {
                name: name.clone(),
                kind: MetricKind::Unknown,
                help: None,
                unit: None,
                samples: Vec::new(),
            });
            families.len() - 1
        });
        &mut self.families[index]
    }

    /// Adds a sample to the family that its name belongs to.
    fn add(&mut self, sample: MetricSample<'a>, format: ExpositionFormat) {
        // Samples of a family stand together, as a rule.
        let belongs = |family: &MetricFamily<'_>, name: &str| {
            let rest = name.strip_prefix(&*family.name);
            rest.is_some_and(|rest| family.kind.suffixes(format).contains(&rest))
        };
        if let Some(last) = self.families.last_mut()
            && belongs(last, &sample.name)
        {
            last.samples.push(sample);
            return;
        }
        let known = sample.name.rmatch_indices('_').find_map(|(at, _)| {
            let index = *self.index.get(&sample.name[..at])?;
            belongs(&self.families[index], &sample.name).then_some(index)
        });
        match known {
            Some(index) => self.families[index].samples.push(sample),
            None => self.family_mut(sample.name.clone()).samples.push(sample),
        }
    }
}

/// Reads `name{label="value",…} value [timestamp] [# {…} value [timestamp]]`.
fn sample<'a>(
    cursor: &mut Cursor<'a>,
    format: ExpositionFormat,
) -> Result<MetricSample<'a>, Error> {
    let mut name = None;
    if cursor.peek() != Some(b'{') {
        name = Some(Cow::Borrowed(metric_name(cursor)?));
        cursor.skip_blank();
    }
    let mut labels = Vec::new();
    if cursor.take(b'{') {
        (name, labels) = label_list(cursor, name)?;
    }
    let Some(name) = name else {
        return Err(cursor.wrong("a sample without the name of its metric".to_owned()));
    };
    cursor.skip_blank();
    let value = number(cursor)?;
    cursor.skip_blank();
    let timestamp_ms = timestamp(cursor, format)?;
    cursor.skip_blank();
    let exemplar = if format == ExpositionFormat::OpenMetrics && cursor.take(b'#') {
        cursor.skip_blank();
        Some(exemplar(cursor)?)
    } else {
        None
    };
    cursor.skip_blank();
    if !cursor.is_over() {
        return Err(cursor.wrong(format!("{}, expected the end of the line", cursor.seen())));
    }
    Ok(MetricSample {
        name,
        labels,
        value,
        timestamp_ms,
        exemplar,
    })
}

fn exemplar<'a>(cursor: &mut Cursor<'a>) -> Result<SampleExemplar<'a>, Error> {
    if !cursor.take(b'{') {
        return Err(cursor.wrong(format!(
            "{}, expected the labels of an exemplar",
            cursor.seen()
        )));
    }
    let (_, labels) = label_list(cursor, Some(Cow::Borrowed("")))?;
    cursor.skip_blank();
    let value = number(cursor)?;
    cursor.skip_blank();
    Ok(SampleExemplar {
        labels,
        value,
        timestamp_ms: timestamp(cursor, ExpositionFormat::OpenMetrics)?,
    })
}

type Labels<'a> = Vec<(Cow<'a, str>, Cow<'a, str>)>;

/// Reads what follows a `{`; a lone text in quotes is the name of the metric.
fn label_list<'a>(
    cursor: &mut Cursor<'a>,
    mut metric: Option<Cow<'a, str>>,
) -> Result<(Option<Cow<'a, str>>, Labels<'a>), Error> {
    let mut labels: Labels<'a> = Vec::new();
    loop {
        cursor.skip_blank();
        if cursor.take(b'}') {
            break;
        }
        let start = cursor.here();
        let name = if cursor.peek() == Some(b'"') {
            cursor.quoted()?
        } else if cursor.peek().is_some_and(begins_name) {
            Cow::Borrowed(cursor.take_while(is_label_byte))
        } else {
            return Err(cursor.wrong(format!("{}, expected a label or `}}`", cursor.seen())));
        };
        cursor.skip_blank();
        if cursor.take(b'=') {
            cursor.skip_blank();
            let value = cursor.quoted()?;
            labels.push((name, value));
        } else if metric.is_none() {
            metric = Some(name);
        } else {
            return Err(cursor.wrong_at(start, format!("label `{name}` without `=` and a value")));
        }
        cursor.skip_blank();
        if !cursor.take(b',') && cursor.peek() != Some(b'}') {
            return Err(cursor.wrong(format!("{}, expected `,` or `}}`", cursor.seen())));
        }
    }
    labels.sort_unstable();
    if let Some(twice) = labels.windows(2).find(|pair| pair[0].0 == pair[1].0) {
        return Err(cursor.wrong(format!("label `{}` twice", twice[0].0)));
    }
    Ok((metric, labels))
}

fn metric_name<'a>(cursor: &mut Cursor<'a>) -> Result<&'a str, Error> {
    if cursor
        .peek()
        .is_some_and(|byte| begins_name(byte) || byte == b':')
    {
        return Ok(cursor.take_while(is_metric_byte));
    }
    Err(cursor.wrong(format!("{}, expected the name of a metric", cursor.seen())))
}

fn number(cursor: &mut Cursor<'_>) -> Result<f64, Error> {
    let at = cursor.here();
    let word = cursor.word();
    // `f64` reads what Go reads, and `inf`, `infinity` and `nan` in any case, as Prometheus does.
    word.parse().map_err(|_| {
        let seen = if word.is_empty() {
            "the end of the line".to_owned()
        } else {
            format!("`{word}`")
        };
        cursor.wrong_at(at, format!("{seen}, expected a number"))
    })
}

fn timestamp(cursor: &mut Cursor<'_>, format: ExpositionFormat) -> Result<Option<i64>, Error> {
    if cursor.is_over() || cursor.peek() == Some(b'#') {
        return Ok(None);
    }
    let at = cursor.here();
    let word = cursor.word();
    let parsed = match format {
        ExpositionFormat::Prometheus => word.parse().ok(),
        ExpositionFormat::OpenMetrics => word.parse().ok().and_then(milliseconds),
    };
    let expected = match format {
        ExpositionFormat::Prometheus => "a time in milliseconds",
        ExpositionFormat::OpenMetrics => "a time in seconds",
    };
    parsed
        .map(Some)
        .ok_or_else(|| cursor.wrong_at(at, format!("`{word}`, expected {expected}")))
}

#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    reason = "checked to lie far inside of the range of an i64"
)]
pub(super) fn milliseconds(seconds: f64) -> Option<i64> {
    let ms = (seconds * 1e3).round();
    (ms.abs() < 9e15).then_some(ms as i64)
}

/// A description with its escapes read; what is no escape stays as it is.
fn unescaped(text: &str) -> Cow<'_, str> {
    if !text.contains('\\') {
        return Cow::Borrowed(text);
    }
    let mut read = String::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let escaped = match (c, chars.peek()) {
            ('\\', Some('n')) => '\n',
            ('\\', Some('\\')) => '\\',
            ('\\', Some('"')) => '"',
            _ => {
                read.push(c);
                continue;
            }
        };
        chars.next();
        read.push(escaped);
    }
    Cow::Owned(read)
}
