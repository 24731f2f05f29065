//! Shows the reports of a finished run on the live page.
//!
//! ```text
//! cargo run --release --example dashboard -- [FOLDER] [--listen 127.0.0.1:8088]
//! ```

use std::{net::SocketAddr, path::PathBuf, process::ExitCode};

use shape_dashboard::Dashboard;
use shape_examples::{
    complain,
    drive::{Failure, cancel_on_ctrl_c},
    outcome, say,
};

const USAGE: &str = "usage: dashboard [FOLDER] [--listen ADDR]

  FOLDER           the folder with the JSON reports of analyze, heal or closed_loop; shape-out by default
  --listen ADDR    where to listen, 127.0.0.1:8088 by default";

fn main() -> ExitCode {
    run().unwrap_or_else(|error| {
        complain(&format!("dashboard: {}", outcome::with_causes(&*error)));
        ExitCode::from(2)
    })
}

fn run() -> Result<ExitCode, Failure> {
    use lexopt::prelude::{Long, Short, Value, ValueExt as _};
    let mut folder = PathBuf::from("shape-out");
    let mut address = SocketAddr::from(([127, 0, 0, 1], 8088));
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Value(path) => folder = PathBuf::from(path),
            Long("listen") => {
                let text = parser.value()?.string()?;
                address = text.parse().map_err(|_| {
                    format!("--listen: `{text}` is not an address like 127.0.0.1:8088")
                })?;
            }
            Long("help") | Short('h') => {
                say(USAGE);
                return Ok(ExitCode::SUCCESS);
            }
            other => return Err(format!("{}\n\n{USAGE}", other.unexpected()).into()),
        }
    }
    let cancel = cancel_on_ctrl_c()?;
    let dashboard = Dashboard::from_artifacts(&folder)?;
    let server = shape_dashboard::spawn(dashboard, address)?;
    say(&format!(
        "{} at {} until Ctrl-C",
        folder.display(),
        server.url()
    ));
    while !cancel.is_cancelled() {
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    server.shutdown()?;
    Ok(ExitCode::SUCCESS)
}
