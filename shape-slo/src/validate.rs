//! Verdicts on `OpenSLO` documents, as `OpenSLO`'s own validator gives them.

use std::{fmt, iter};

use serde::Serialize;
use serde_json::Value;

pub(crate) use self::text::is_time_zone;
use self::{
    rules::Rules,
    shape::{Shape, decode},
};

mod objects;
mod rules;
mod shape;
mod text;

/// A version of `OpenSLO`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OpenSloVersion {
    /// `openslo/v1alpha`
    V1alpha,
    /// `openslo/v1`
    V1,
    /// `openslo.com/v2alpha`
    V2alpha,
}

impl OpenSloVersion {
    /// All versions, the oldest first.
    pub const ALL: [Self; 3] = [Self::V1alpha, Self::V1, Self::V2alpha];

    /// What documents call it: their `apiVersion`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V1alpha => "openslo/v1alpha",
            Self::V1 => "openslo/v1",
            Self::V2alpha => "openslo.com/v2alpha",
        }
    }

    /// The version of an `apiVersion`.
    ///
    /// ```
    /// use shape_slo::OpenSloVersion;
    ///
    /// assert_eq!(OpenSloVersion::of("openslo/v1"), Some(OpenSloVersion::V1));
    /// assert_eq!(OpenSloVersion::of("openslo/v2"), None);
    /// ```
    pub fn of(api_version: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|version| version.as_str() == api_version)
    }
}

impl fmt::Display for OpenSloVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What is wrong with a property of a document.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[non_exhaustive]
pub struct OpenSloMistake {
    /// Where: `spec.objectives[0].target`.
    pub path: String,
    /// Which rule it breaks: `required`, `one_of`; some rules have no code.
    pub code: Option<&'static str>,
}

/// Whether `OpenSLO` documents are valid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct OpenSloVerdict {
    /// No mistakes, and everything could be read.
    pub valid: bool,
    /// Why the text is no `OpenSLO` at all: not YAML, an unknown field, a value of another type.
    pub decode_error: Option<String>,
    /// The mistakes of what could be read, in the order of the rules.
    pub errors: Vec<OpenSloMistake>,
}

/// Checks `OpenSLO` documents (`openslo/v1alpha`, `openslo/v1`, `openslo.com/v2alpha`) by the rules of `OpenSLO`'s own
/// validator, with its property paths and error codes.
///
/// As there, a text that can not be read in full (an unknown field is enough) has a reason and no mistakes.
///
/// ```
/// use shape_slo::validate_openslo;
///
/// let verdict = validate_openslo("
/// apiVersion: openslo/v1
/// kind: Service
/// metadata: { name: My Service }
/// spec: {}
/// ");
/// assert!(!verdict.valid);
/// assert_eq!(verdict.errors[0].path, "metadata.name");
/// assert_eq!(verdict.errors[0].code, Some("string_dns_label:string_match_regexp"));
///
/// let verdict = validate_openslo("apiVersion: openslo/v1\nkind: Service\nmetadata: { nam: a }");
/// assert_eq!(verdict.decode_error.as_deref(), Some("`metadata` has an unknown field `nam`"));
/// ```
pub fn validate_openslo(text: &str) -> OpenSloVerdict {
    match objects(text) {
        Ok(objects) => {
            let mut rules = Rules::default();
            for object in &objects {
                rules.object(object);
            }
            OpenSloVerdict {
                valid: rules.mistakes.is_empty(),
                decode_error: None,
                errors: rules.mistakes,
            }
        }
        Err(reason) => OpenSloVerdict {
            valid: false,
            decode_error: Some(reason),
            errors: Vec::new(),
        },
    }
}

/// An object with its fields under their own names.
struct Object {
    version: OpenSloVersion,
    kind: &'static str,
    shape: &'static Shape,
    value: Value,
}

fn objects(text: &str) -> Result<Vec<Object>, String> {
    let mut objects = Vec::new();
    for Document {
        text: document,
        line,
    } in documents(text)
    {
        if document.trim().is_empty() {
            continue;
        }
        match (begins_as_list(document), first_value(document, line)?) {
            (true, Value::Array(items)) => {
                for item in items {
                    objects.push(object(item)?);
                }
            }
            (true, _) => return Err("a document that begins with `-` is no list".to_owned()),
            (false, value) => objects.push(object(value)?),
        }
    }
    if objects.is_empty() {
        return Err("no documents".to_owned());
    }
    Ok(objects)
}

/// A document and how many lines stand before it.
struct Document<'a> {
    text: &'a str,
    line: usize,
}

/// The documents of a text, parted where `OpenSLO`'s reader parts them: at each line that begins with `---`, of which
/// the rest does not count. A document of comments alone stays one, and is refused there as here.
fn documents(text: &str) -> impl Iterator<Item = Document<'_>> {
    let mut rest = Some((text, 0));
    iter::from_fn(move || {
        let (text, line) = rest?;
        let Some(end) = text.find("\n---") else {
            rest = None;
            return Some(Document { text, line });
        };
        let (document, after) = (&text[..end], &text[end + 1..]);
        let next = line + document.matches('\n').count() + 2;
        rest = after.split_once('\n').map(|(_, after)| (after, next));
        Some(Document {
            text: document,
            line,
        })
    })
}

/// Whether the first line that says something begins a list.
fn begins_as_list(document: &str) -> bool {
    let mut lines = document.lines().map(str::trim);
    let first = lines.find(|line| !line.is_empty() && !line.starts_with('#') && *line != "---");
    first.is_some_and(|line| line.starts_with(['-', '[']))
}

/// The value of a document; what stands after its end marker does not count.
fn first_value(document: &str, line: usize) -> Result<Value, String> {
    // The later of two equal keys counts, as in Go's reader.
    let options =
        serde_saphyr::options! { duplicate_keys: serde_saphyr::DuplicateKeyPolicy::LastWins };
    let read = |text: &str| -> Result<Vec<Value>, _> {
        serde_saphyr::from_multiple_with_options(text, options.clone())
    };
    let values = read(document).map_err(|error| {
        // Told with the lines of the whole text.
        let whole = format!("{}{document}", "\n".repeat(line));
        let error = read(&whole).err().unwrap_or(error);
        let message = error.without_snippet().to_string();
        format!("not valid YAML: {}", message.lines().next().unwrap_or(""))
    })?;
    Ok(values.into_iter().next().unwrap_or(Value::Null))
}

fn object(value: Value) -> Result<Object, String> {
    if !value.is_object() {
        let seen = shape::kind_of(&value);
        return Err(format!("`document` is {seen}, expected a map"));
    }
    let word = |name: &str| match shape::field(&value, name) {
        Some(Value::String(word)) => Ok(word.as_str()),
        None | Some(Value::Null) => Ok(""),
        Some(other) => Err(format!(
            "`{name}` is {}, expected text",
            shape::kind_of(other)
        )),
    };
    let seen = word("apiVersion")?;
    let version =
        OpenSloVersion::of(seen).ok_or_else(|| format!("apiVersion `{seen}` is not supported"))?;
    let kind = word("kind")?;
    let (kind, shape) = objects::shape_of(version, kind)
        .ok_or_else(|| format!("kind `{kind}` is not supported in `{seen}`"))?;
    Ok(Object {
        version,
        kind,
        shape,
        value: decode(value, shape, "")?,
    })
}
