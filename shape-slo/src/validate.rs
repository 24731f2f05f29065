//! Verdicts on `OpenSLO` documents, as `OpenSLO`'s own validator gives them.

use serde::Serialize;
use serde_json::Value;

use self::{
    rules::Rules,
    shape::{Shape, decode},
};

mod objects;
mod rules;
mod shape;
mod text;

/// A version of `OpenSLO`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Version {
    V1alpha,
    V1,
    V2alpha,
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
    version: Version,
    kind: &'static str,
    shape: &'static Shape,
    value: Value,
}

fn objects(text: &str) -> Result<Vec<Object>, String> {
    // The later of two equal keys counts, as in Go's reader.
    let options =
        serde_saphyr::options! { duplicate_keys: serde_saphyr::DuplicateKeyPolicy::LastWins };
    let documents: Vec<Value> =
        serde_saphyr::from_multiple_with_options(text, options).map_err(|error| {
            let message = error.without_snippet().to_string();
            format!("not valid YAML: {}", message.lines().next().unwrap_or(""))
        })?;
    let mut objects = Vec::new();
    for document in documents {
        match document {
            Value::Array(items) => {
                for item in items {
                    objects.push(object(item)?);
                }
            }
            // An empty document between two separators.
            Value::Null => {}
            other => objects.push(object(other)?),
        }
    }
    if objects.is_empty() {
        return Err("no documents".to_owned());
    }
    Ok(objects)
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
    let version = match seen {
        "openslo/v1alpha" => Version::V1alpha,
        "openslo/v1" => Version::V1,
        "openslo.com/v2alpha" => Version::V2alpha,
        _ => return Err(format!("apiVersion `{seen}` is not supported")),
    };
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
