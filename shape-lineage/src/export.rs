//! Lineage in the words of other systems: OpenTelemetry attributes and in-toto statements.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{LineageReport, SourceRef, Trace};

/// The value of an attribute: OpenTelemetry's `string` or `int`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum AttributeValue {
    /// A number.
    Int(i64),
    /// A text.
    Text(String),
}

/// Attributes by their names.
pub type Attributes = BTreeMap<&'static str, AttributeValue>;

impl SourceRef {
    /// The place as the `code.*` attributes of OpenTelemetry's semantic conventions (stable since version 1.33).
    ///
    /// ```
    /// use shape_lineage::{AttributeValue, SourceIndex};
    ///
    /// let index = SourceIndex::from_sources([("src/a.rs", "fn f() { log::info!(\"ready\") }")]);
    /// let place = index.source_ref(&index.statements()[0]);
    /// let attributes = place.otel_attributes();
    /// assert_eq!(attributes["code.file.path"], AttributeValue::Text("src/a.rs".to_owned()));
    /// assert_eq!(attributes["code.line.number"], AttributeValue::Int(1));
    /// assert_eq!(attributes["code.function.name"], AttributeValue::Text("f".to_owned()));
    /// ```
    pub fn otel_attributes(&self) -> Attributes {
        let mut attributes = Attributes::from([
            (
                "code.file.path",
                AttributeValue::Text(self.location.path.clone()),
            ),
            (
                "code.line.number",
                AttributeValue::Int(self.location.line.get().into()),
            ),
        ]);
        if let Some(column) = self.location.column {
            attributes.insert(
                "code.column.number",
                AttributeValue::Int(column.get().into()),
            );
        }
        if let Some(symbol) = &self.symbol {
            attributes.insert("code.function.name", AttributeValue::Text(symbol.clone()));
        }
        attributes
    }
}

impl LineageReport {
    /// The attributes of a trace's place and of the repository (`vcs.*`, in development at OpenTelemetry); empty unless
    /// the trace has exactly one place.
    pub fn otel_attributes(&self, trace: &Trace) -> Attributes {
        let Some(place) = trace.verdict.unique() else {
            return Attributes::new();
        };
        let mut attributes = place.otel_attributes();
        if let Some(repository) = &self.repository {
            attributes.insert(
                "vcs.ref.head.revision",
                AttributeValue::Text(repository.commit.as_str().to_owned()),
            );
            if let Some(url) = &repository.url {
                attributes.insert("vcs.repository.url.full", AttributeValue::Text(url.clone()));
            }
        }
        attributes
    }

    /// The report as an in-toto statement, to be signed and kept by what keeps attestations.
    ///
    /// Its subjects are the source files that anomalies were traced to, by their git blob hashes, and the commit.
    pub fn in_toto_statement(&self) -> InTotoStatement<'_> {
        let mut subjects: BTreeMap<(&str, &str), &str> = BTreeMap::new();
        for place in self.traces.iter().filter_map(|t| t.verdict.unique()) {
            if !place.blob.is_empty() {
                subjects.insert((&place.location.path, "gitBlob"), &place.blob);
            }
        }
        if let Some(repository) = &self.repository {
            let name = repository.url.as_deref().unwrap_or("repository");
            subjects.insert((name, "gitCommit"), repository.commit.as_str());
        }
        InTotoStatement {
            statement_type: InTotoStatement::STATEMENT_TYPE,
            subject: subjects
                .into_iter()
                .map(|((name, algorithm), hash)| InTotoSubject {
                    name,
                    digest: BTreeMap::from([(algorithm, hash)]),
                })
                .collect(),
            predicate_type: InTotoStatement::PREDICATE_TYPE,
            predicate: self,
        }
    }
}

/// An in-toto statement, version 1, about a lineage report.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct InTotoStatement<'a> {
    #[serde(rename = "_type")]
    statement_type: &'static str,
    /// The files and the commit that the report is about.
    pub subject: Vec<InTotoSubject<'a>>,
    predicate_type: &'static str,
    /// The report.
    pub predicate: &'a LineageReport,
}

/// What an in-toto statement is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct InTotoSubject<'a> {
    /// A path in the repository, or the repository.
    pub name: &'a str,
    /// Its hash: `gitBlob` or `gitCommit`.
    pub digest: BTreeMap<&'a str, &'a str>,
}

impl InTotoStatement<'_> {
    /// The type that in-toto gives its statements.
    pub const STATEMENT_TYPE: &'static str = "https://in-toto.io/Statement/v1";
    /// The type of what is stated.
    pub const PREDICATE_TYPE: &'static str = "https://github.com/shape-rs/shape/lineage/v1";
}
