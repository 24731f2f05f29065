//! The closed loop over your own service, as a configuration file describes it.
//!
//! ```text
//! cargo run --release --example heal -- --config loop.toml [--check] [--seed N] [--serve] [--json]
//! ```
//!
//! Exit code 0: healed, or nothing to heal; 1: not healed; 2: an error.

use std::{path::PathBuf, process::ExitCode};

use shape_examples::{
    complain,
    drive::{DriveOptions, Failure, cancel_on_ctrl_c, check, drive, serve_address},
    outcome, say,
    terminal::Style,
};
use shape_workflow::LoopConfig;

const USAGE: &str = "usage: heal --config FILE [options]

  --config FILE    the service, its repository, promises, recipes and guard rails
  --check          only check the configuration, the recipes and the promises
  --seed N         the seed of the load, 1 by default
  --serve[=ADDR]   show the dashboard while it runs and afterwards, at 127.0.0.1:8088 by default, until Ctrl-C
  --json           print the result as JSON instead of the timeline
exit code: 0 healed or nothing to heal, 1 not healed, 2 error";

fn main() -> ExitCode {
    run().unwrap_or_else(|error| {
        complain(&format!("heal: {}", outcome::with_causes(&*error)));
        ExitCode::from(2)
    })
}

fn run() -> Result<ExitCode, Failure> {
    use lexopt::prelude::{Long, Short, ValueExt as _};
    let (mut file, mut only_check, mut json, mut seed, mut serve) = (None, false, false, 1, None);
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Long("config") => file = Some(PathBuf::from(parser.value()?)),
            Long("check") => only_check = true,
            Long("seed") => seed = parser.value()?.parse()?,
            Long("serve") => serve = Some(serve_address(parser.optional_value())?),
            Long("json") => json = true,
            Long("help") | Short('h') => {
                say(USAGE);
                return Ok(ExitCode::SUCCESS);
            }
            other => return Err(format!("{}\n\n{USAGE}", other.unexpected()).into()),
        }
    }
    let file = file.ok_or_else(|| format!("--config is missing\n\n{USAGE}"))?;
    let config = LoopConfig::from_path(&file)?;
    if only_check {
        for line in check(&config)? {
            say(&line);
        }
        return Ok(ExitCode::SUCCESS);
    }
    let text = std::fs::read_to_string(&file)?;
    let style = Style::stdout();
    if !json {
        say(&style.bold(&format!("SHAPE closes the loop on {}", config.service.name)));
    }
    let cancel = cancel_on_ctrl_c()?;
    let options = DriveOptions {
        seed,
        json,
        serve,
        cancel: cancel.clone(),
    };
    let (summary, serving) = drive(&config, &text, &options)?;
    outcome::print(&summary, json, style)?;
    if let Some(serving) = serving {
        complain(&format!(
            "dashboard at http://{} until Ctrl-C",
            serving.address()
        ));
        serving.wait(&cancel);
    }
    Ok(ExitCode::from(summary.exit_code()))
}
