//! Objectives in files: the native form and `OpenSLO`, told apart by `apiVersion`.

use jiff::Timestamp;
use shape_sli::Indicator;
use shape_telemetry::ComponentId;

use self::tree::{Node, Reader};
use crate::{BudgetingMethod, Error, Slo, SloId, SloSet, Standing, Target, Window, error::Repr};

pub(crate) use self::{tree::yaml_mistake, write::quoted};

mod native;
mod openslo;
mod suggest;
mod tree;
mod write;

impl SloSet {
    /// Reads objectives from YAML, in the native form or as `OpenSLO` documents.
    ///
    /// What is written in a file is ratified: `by` says by whom (the file's name, say), `at` when.
    ///
    /// The native form:
    ///
    /// ```
    /// use shape_slo::SloSet;
    ///
    /// let text = "
    /// service: studio
    /// window: 28d                    # unless an objective has its own
    /// slos:
    ///   - component: canvas
    ///     indicator: availability
    ///     target: 99.9%
    ///   - component: canvas
    ///     indicator: latency
    ///     limit: 100ms
    ///     target: 99.5%
    ///     window: calendar month Europe/Berlin
    ///     min_events: 200
    /// ";
    /// let set = SloSet::from_yaml(text, "slo.yaml", "2026-11-24T08:00:00Z".parse()?)?;
    /// assert_eq!(set.slos[1].to_string(), "canvas/latency-100ms >= 99.5% over calendar month Europe/Berlin");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// An objective may also have `id`, and `method: occurrences | timeslices | ratio_timeslices` with `slice: 1m` and,
    /// for `timeslices`, `slice_target: 95%`.
    ///
    /// The `indicator` is `availability`, `latency` or `freshness` with a `limit` (`100ms`), `saturation` with a `limit`
    /// (`80%`), `throughput` with what has to be done `per_hour`, or `probe`.
    ///
    /// In `OpenSLO` (v1, v2alpha) the metric source has `type: shape`; its `spec` names `component`, `indicator` and what
    /// belongs to it. Indicators may stand in the SLO or in an `SLI` document of the same file. In v1alpha the metric has
    /// `source: shape`, the indicator as `queryType`, and as `query` the component or a map with it, with what belongs to
    /// the indicator, and with `id`, `min_events` and `slice` (`1m` unless it says so). Documents of other kinds are read over.
    ///
    /// # Errors
    ///
    /// When anything is wrong: **all** mistakes with line and column, what was seen and what is expected, see
    /// [`Error::mistakes`].
    ///
    /// ```
    /// # use shape_slo::SloSet;
    /// let text = "service: studio\nslos:\n  - component: canvas\n    indicator: latnecy\n    taget: 99.9\n";
    /// let error = SloSet::from_yaml(text, "slo.yaml", "2026-11-24T08:00:00Z".parse()?).unwrap_err();
    /// assert_eq!(error.to_string(), "\
    /// line 3, column 5: `target` is missing
    /// line 4, column 16: indicator `latnecy`, expected one of `availability`, `latency`, `freshness`, `throughput`, `saturation`, `probe`: did you mean `latency`?
    /// line 5, column 5: unknown field `taget`: did you mean `target`?");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn from_yaml(text: &str, by: &str, at: Timestamp) -> Result<Self, Error> {
        let mut reader = Reader::default();
        let documents = tree::documents(text).unwrap_or_else(|mistake| {
            reader.mistakes.push(mistake);
            Vec::new()
        });
        let is_openslo =
            |node: &Node| node.entry("apiVersion").is_some() || node.entry("kind").is_some();
        let mut set = if documents.iter().any(is_openslo) {
            openslo::read(&mut reader, &documents)
        } else {
            native::read(&mut reader, &documents)
        };
        if reader.mistakes.is_empty() {
            for slo in &mut set.slos {
                slo.standing = Standing::Ratified {
                    by: by.to_owned(),
                    at,
                };
            }
            return Ok(set);
        }
        let mut mistakes = reader.mistakes;
        mistakes.sort_by_key(|mistake| (mistake.line, mistake.column));
        mistakes.dedup();
        Err(Repr::Document(mistakes).into())
    }
}

/// An objective as a file gives it, before it has its name.
struct Draft<'a> {
    node: &'a Node,
    id: Option<&'a str>,
    component: ComponentId,
    indicator: Indicator,
    target: Target,
    window: Window,
    method: BudgetingMethod,
    min_events: Option<u64>,
}

impl Draft<'_> {
    /// Adds the objective, unless its name is taken.
    fn add(self, reader: &mut Reader, slos: &mut Vec<Slo>) {
        let mut slo = Slo::new(&self.component, self.indicator, self.target, self.window);
        slo.method = self.method;
        if let Some(id) = self.id {
            slo.id = SloId::new(id);
        }
        // Without a figure of the author's, a single failure must not break the promise.
        slo.min_events = self
            .min_events
            .or(self.target.events_for_one_failure())
            .unwrap_or(1);
        if slos.iter().any(|other| other.id == slo.id) {
            reader.mistake(
                self.node,
                format!(
                    "a second objective `{}`: give one of them another `id`",
                    slo.id
                ),
            );
        } else {
            slos.push(slo);
        }
    }
}
