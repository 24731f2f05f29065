//! The closed loop on a real service: a defect in production is found, traced, fixed, deployed and measured again.
//!
//! ```text
//! cargo run --release --example closed_loop [-- --fault resize-storm|bad-lookup|none] [--seed N] [--serve] [--json]
//! ```
//!
//! It makes a git repository of the studio (`examples/studio`) with two releases in a scratch folder, and runs the same
//! loop over it as `heal` does over yours, with `examples/studio/loop.toml`. Needs Rust and git, nothing else.
//!
//! Exit code 0: healed, or nothing to heal; 1: not healed; 2: an error.

use std::{net::SocketAddr, path::PathBuf, process::ExitCode};

use shape_examples::{
    complain,
    drive::{DriveOptions, Failure, cancel_on_ctrl_c, drive, serve_address},
    outcome, say,
    scratch::{Fault, Scratch},
    terminal::Style,
};
use shape_workflow::LoopConfig;

const USAGE: &str = "usage: closed_loop [options]

  --fault FAULT    what is wrong with the second release: resize-storm (default), bad-lookup, or none
  --seed N         the seed of the load, 1 by default
  --serve[=ADDR]   show the dashboard while it runs and afterwards, at 127.0.0.1:8088 by default, until Ctrl-C
  --json           print the result as JSON instead of the timeline
  --keep           keep the scratch folder with repository, logs and reports
  --history-only   only make the studio's repository, with --dir
  --dir DIR        use this scratch folder instead of a temporary one (implies --keep)
exit code: 0 healed or nothing to heal, 1 not healed, 2 error";

#[derive(Debug)]
struct Arguments {
    fault: Fault,
    seed: u64,
    serve: Option<SocketAddr>,
    json: bool,
    keep: bool,
    history_only: bool,
    dir: Option<PathBuf>,
}

fn arguments() -> Result<Arguments, Failure> {
    use lexopt::prelude::{Long, Short, ValueExt as _};
    let mut parsed = Arguments {
        fault: Fault::default(),
        seed: 1,
        serve: None,
        json: false,
        keep: false,
        history_only: false,
        dir: None,
    };
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Long("fault") => parsed.fault = parser.value()?.string()?.parse()?,
            Long("seed") => parsed.seed = parser.value()?.parse()?,
            Long("serve") => parsed.serve = Some(serve_address(parser.optional_value())?),
            Long("json") => parsed.json = true,
            Long("keep") => parsed.keep = true,
            Long("history-only") => parsed.history_only = true,
            Long("dir") => parsed.dir = Some(PathBuf::from(parser.value()?)),
            Long("help") | Short('h') => {
                say(USAGE);
                std::process::exit(0);
            }
            other => return Err(format!("{}\n\n{USAGE}", other.unexpected()).into()),
        }
    }
    Ok(parsed)
}

fn main() -> ExitCode {
    arguments()
        .and_then(|arguments| run(&arguments))
        .unwrap_or_else(|error| {
            complain(&format!("closed_loop: {}", outcome::with_causes(&*error)));
            ExitCode::from(2)
        })
}

fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let cancel = cancel_on_ctrl_c()?;
    let style = Style::stdout();
    let keep = arguments.keep || arguments.dir.is_some();
    let root = match &arguments.dir {
        Some(dir) => dir.clone(),
        None => std::env::temp_dir().join(format!("shape-closed-loop-{}", std::process::id())),
    };
    let scratch = Scratch::create(root, arguments.fault, keep)?;
    if arguments.history_only {
        say(&scratch.work().display().to_string());
        return Ok(ExitCode::SUCCESS);
    }
    let (commits, since) = scratch.commits()?;
    if !arguments.json {
        say(&style.bold(&format!(
            "SHAPE closes the loop on the studio: fault {}, seed {}",
            arguments.fault, arguments.seed
        )));
        say(&format!(
            "  {}: {commits} commits, v1.0.0 healthy, v1.1.0 with {since} commits since; a bare remote whose hook runs the tests",
            scratch.work().display()
        ));
    }
    let text = std::fs::read_to_string(scratch.config())?;
    let config = LoopConfig::from_path(&scratch.config())?;
    let options = DriveOptions {
        seed: arguments.seed,
        json: arguments.json,
        serve: arguments.serve,
        cancel: cancel.clone(),
    };
    let (summary, serving) = drive(&config, &text, &options)?;
    outcome::print(&summary, arguments.json, style)?;
    if !keep && !arguments.json {
        say(&style.dim("  the scratch folder is removed at the end; --keep keeps it"));
    }
    if let Some(serving) = serving {
        complain(&format!(
            "dashboard at http://{} until Ctrl-C",
            serving.address()
        ));
        serving.wait(&cancel);
    }
    Ok(ExitCode::from(summary.exit_code()))
}
