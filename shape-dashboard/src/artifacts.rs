//! The reports as files: read from a folder, given out by name.

use std::{fs, io, path::Path, sync::Arc};

use serde::de::DeserializeOwned;
use serde_json::json;
use shape_budget::BudgetReport;
use shape_compliance::ComplianceReport;
use shape_heal::HealReport;
use shape_lineage::LineageReport;
use shape_sli::SliReport;
use shape_slo::SloSet;
use shape_telemetry::TelemetryReport;

use crate::{
    Error,
    error::Repr,
    state::{Reports, State},
};

/// File name and meaning, in the order of the loop.
pub(crate) const NAMES: [(&str, &str); 8] = [
    ("anomalies.json", "what the logs say"),
    ("diagnosis-results.json", "why it is so"),
    (
        "log-source-lineage.json",
        "where in the source it comes from",
    ),
    ("sli-metrics.json", "what was measured"),
    ("slo-targets.json", "what is promised"),
    ("error-budgets.json", "what may still fail"),
    ("sla-compliance.json", "whether the promises hold"),
    ("heal-report.json", "what healing did"),
];

/// Whether the report of that name is there.
pub(crate) fn is_there(reports: &Reports, name: &str) -> bool {
    match name {
        "anomalies.json" | "diagnosis-results.json" => reports.telemetry.is_some(),
        "log-source-lineage.json" => reports.lineage.is_some(),
        "sli-metrics.json" => reports.sli.is_some(),
        "slo-targets.json" => reports.slo.is_some(),
        "error-budgets.json" => reports.budget.is_some(),
        "sla-compliance.json" => reports.compliance.is_some(),
        "heal-report.json" => reports.heal.is_some(),
        _ => false,
    }
}

/// The report of that name as JSON; `None` when it is not there yet or no report has that name.
pub(crate) fn json(reports: &Reports, name: &str) -> Option<String> {
    fn text<T: serde::Serialize>(report: Option<&Arc<T>>) -> Option<String> {
        serde_json::to_string_pretty(report?.as_ref()).ok()
    }
    match name {
        "anomalies.json" => text(reports.telemetry.as_ref()),
        "diagnosis-results.json" => {
            let report = reports.telemetry.as_ref()?;
            let part = json!({
                "schema_version": report.schema_version,
                "diagnoses": report.diagnoses,
            });
            serde_json::to_string_pretty(&part).ok()
        }
        "log-source-lineage.json" => text(reports.lineage.as_ref()),
        "sli-metrics.json" => text(reports.sli.as_ref()),
        "slo-targets.json" => text(reports.slo.as_ref()),
        "error-budgets.json" => text(reports.budget.as_ref()),
        "sla-compliance.json" => text(reports.compliance.as_ref()),
        "heal-report.json" => text(reports.heal.as_ref()),
        _ => None,
    }
}

/// Reads the reports in a folder, with the name of the service.
pub(crate) fn load(dir: &Path) -> Result<(String, State), Error> {
    // A folder that is not there is a mistake; a file that is not there is a step that has not run.
    fs::read_dir(dir).map_err(|source| Repr::Read {
        path: dir.to_owned(),
        source,
    })?;
    let telemetry: Option<TelemetryReport> = read(
        dir,
        "anomalies.json",
        "a telemetry report",
        TelemetryReport::SCHEMA_VERSION,
    )?;
    let reports = Reports {
        telemetry: telemetry.map(Arc::new),
        lineage: read::<LineageReport>(
            dir,
            "log-source-lineage.json",
            "a lineage report",
            LineageReport::SCHEMA_VERSION,
        )?
        .map(Arc::new),
        sli: read::<SliReport>(
            dir,
            "sli-metrics.json",
            "an SLI report",
            SliReport::SCHEMA_VERSION,
        )?
        .map(Arc::new),
        slo: read::<SloSet>(
            dir,
            "slo-targets.json",
            "a set of objectives",
            SloSet::SCHEMA_VERSION,
        )?
        .map(Arc::new),
        budget: read::<BudgetReport>(
            dir,
            "error-budgets.json",
            "a budget report",
            BudgetReport::SCHEMA_VERSION,
        )?
        .map(Arc::new),
        compliance: read::<ComplianceReport>(
            dir,
            "sla-compliance.json",
            "a compliance report",
            ComplianceReport::SCHEMA_VERSION,
        )?
        .map(Arc::new),
        heal: read::<HealReport>(
            dir,
            "heal-report.json",
            "a healing report",
            HealReport::SCHEMA_VERSION,
        )?
        .map(Arc::new),
    };
    let service = reports.slo.as_ref().map_or_else(
        || {
            dir.file_name().map_or_else(
                || "service".into(),
                |name| name.to_string_lossy().into_owned(),
            )
        },
        |set| set.service.clone(),
    );
    let times = [
        reports
            .telemetry
            .as_ref()
            .and_then(|it| it.period)
            .map(|it| it.end),
        reports.budget.as_ref().map(|it| it.now),
        reports.compliance.as_ref().map(|it| it.now),
        reports.heal.as_ref().map(|it| it.ended_at),
    ];
    let mut state = State {
        updated_at: times.into_iter().flatten().max(),
        is_replay: true,
        reports,
        ..State::default()
    };
    state.settle();
    Ok((service, state))
}

#[derive(serde::Deserialize)]
struct Versioned {
    schema_version: u32,
}

fn read<T: DeserializeOwned>(
    dir: &Path,
    name: &str,
    expected: &'static str,
    version: u32,
) -> Result<Option<T>, Error> {
    let path = dir.join(name);
    let bytes = match fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(Repr::Read { path, source }.into()),
    };
    // The version first: a file of another version has other fields, and to name those would lead astray.
    if let Ok(Versioned { schema_version }) = serde_json::from_slice(&bytes)
        && schema_version != version
    {
        return Err(Repr::UnsupportedVersion {
            path,
            seen: schema_version,
            expected: version,
        }
        .into());
    }
    serde_json::from_slice(&bytes).map(Some).map_err(|source| {
        Repr::Parse {
            path,
            line: source.line(),
            column: source.column(),
            expected,
            source,
        }
        .into()
    })
}
