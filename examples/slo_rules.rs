//! Makes Prometheus rules of Sloth's specifications.
//!
//! ```text
//! cargo run --release --example slo_rules -- SPEC.yml… [--period 28d] [--windows DIR|pyrra] [--extra-labels k=v]…
//! ```
//!
//! Reads `prometheus/v1`, `sloth.slok.dev/v1` and `openslo/v1alpha`; prints one YAML document for each that it read.
#![expect(clippy::print_stderr, reason = "it is a program")]

use std::{io::Read as _, path::Path, process::ExitCode};

use shape_examples::say;
use shape_slo::{AlertWindows, RuleConfig, grafana_dashboard, prometheus_rules};

const USAGE: &str = "usage: slo_rules SPEC.yml… [options]

  SPEC.yml              a specification; - reads standard input
  --period LENGTH       the period of objectives without their own, 30d by default
  --windows DIR         a folder of catalogues of alert windows (kind: AlertWindows), or pyrra: its windows for any period
  --dashboard FILE      also writes a Grafana dashboard of the objectives
  --disable-recordings  no recording rules
  --disable-alerts      no alerts
  --extra-labels k=v    a label for every recording rule; may be repeated, or hold several separated by commas
exit code: 0 printed, 2 an error";

type Failure = Box<dyn std::error::Error>;

struct Arguments {
    specs: Vec<String>,
    config: RuleConfig,
    dashboard: Option<String>,
}

fn arguments() -> Result<Option<Arguments>, Failure> {
    use lexopt::prelude::{Long, Short, Value, ValueExt as _};
    let mut specs = Vec::new();
    let mut config = RuleConfig::new();
    let mut dashboard = None;
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        config = match argument {
            Value(path) => {
                specs.push(path.string()?);
                config
            }
            Long("period") => config.period(&parser.value()?.string()?)?,
            Long("windows") => match parser.value()? {
                name if name == "pyrra" && !Path::new(&name).exists() => config.pyrra_windows(),
                folder => with_windows(config, Path::new(&folder))?,
            },
            Long("dashboard") => {
                dashboard = Some(parser.value()?.string()?);
                config
            }
            Long("disable-recordings") => config.without_recordings(),
            Long("disable-alerts") => config.without_alerts(),
            Long("extra-labels") => with_labels(config, &parser.value()?.string()?)?,
            Long("help") | Short('h') => return Ok(None),
            other => return Err(other.unexpected().into()),
        };
    }
    if specs.is_empty() {
        return Err(format!("no specification was named\n\n{USAGE}").into());
    }
    Ok(Some(Arguments {
        specs,
        config,
        dashboard,
    }))
}

fn with_labels(mut config: RuleConfig, text: &str) -> Result<RuleConfig, Failure> {
    for pair in text.split(',') {
        let (name, value) = pair
            .split_once('=')
            .filter(|(name, _)| !name.is_empty())
            .ok_or_else(|| format!("--extra-labels `{pair}`, expected `name=value`"))?;
        config = config.extra_label(name, value);
    }
    Ok(config)
}

fn with_windows(mut config: RuleConfig, folder: &Path) -> Result<RuleConfig, Failure> {
    let mut paths = Vec::new();
    let entries = folder
        .read_dir()
        .map_err(|error| format!("cannot read `{}`: {error}", folder.display()))?;
    for entry in entries {
        let path = entry?.path();
        if matches!(path.extension(), Some(ending) if ending == "yaml" || ending == "yml") {
            paths.push(path);
        }
    }
    paths.sort();
    if paths.is_empty() {
        return Err(format!("no `.yaml` or `.yml` files in `{}`", folder.display()).into());
    }
    for path in paths {
        let name = path.display();
        let text = std::fs::read_to_string(&path)
            .map_err(|error| format!("cannot read `{name}`: {error}"))?;
        let windows = AlertWindows::from_yaml(&text).map_err(|error| format!("{name}: {error}"))?;
        config = config.windows(windows);
    }
    Ok(config)
}

fn run() -> Result<(), Failure> {
    let Some(arguments) = arguments()? else {
        say(USAGE);
        return Ok(());
    };
    let mut all = Vec::new();
    for path in &arguments.specs {
        let text = if path == "-" {
            let mut text = String::new();
            std::io::stdin().read_to_string(&mut text)?;
            text
        } else {
            std::fs::read_to_string(path)
                .map_err(|error| format!("cannot read `{path}`: {error}"))?
        };
        let files = prometheus_rules(&text, &arguments.config)
            .map_err(|error| format!("{path}:\n{error}"))?;
        all.extend(files);
    }
    if let Some(path) = &arguments.dashboard {
        let text = grafana_dashboard("Service level objectives", &all);
        std::fs::write(path, text).map_err(|error| format!("cannot write `{path}`: {error}"))?;
    }
    let documents: Vec<String> = all.iter().map(ToString::to_string).collect();
    // Nothing is printed before everything was read: half a rule file is worse than none.
    say(documents.join("---\n").trim_end());
    Ok(())
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}
