//! The studio: `studio [--port N] [--log FILE]`.

#![forbid(unsafe_code)]

use std::{
    env,
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
};

use studio::{log::Logger, server::Server};

const USAGE: &str = "\
usage: studio [--port N] [--log FILE]

  --port N     listen on 127.0.0.1:N; 0 takes any free port (default: 8080)
  --log FILE   append log lines to FILE (default: standard error)
  --version    print the version
  --help       print this

The address is printed when the service listens. POST /host-sdk/shutdown stops it.";

fn main() -> ExitCode {
    match run(env::args().skip(1)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("studio: {message}");
            ExitCode::from(2)
        }
    }
}

fn run(mut args: impl Iterator<Item = String>) -> Result<(), String> {
    let (mut port, mut log_file) = (8080, None);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--port" => {
                let value = args.next().ok_or("--port needs a number")?;
                port = value
                    .parse()
                    .map_err(|_| format!("`{value}` is not a port: expected 0 to 65535"))?;
            }
            "--log" => log_file = Some(PathBuf::from(args.next().ok_or("--log needs a file")?)),
            "--version" => {
                println!("studio {}", env!("CARGO_PKG_VERSION"));
                return Ok(());
            }
            "--help" => {
                println!("{USAGE}");
                return Ok(());
            }
            _ => return Err(format!("unknown argument `{arg}`\n{USAGE}")),
        }
    }
    let log = match log_file {
        Some(path) => Logger::append(&path)
            .map_err(|cause| format!("cannot write the log `{}`: {cause}", path.display()))?,
        None => Logger::new(io::stderr()),
    };
    let server = Server::bind(port, log.clone())
        .map_err(|cause| format!("cannot listen on 127.0.0.1:{port}: {cause}"))?;
    // A parent that does not read our output is no reason to stop.
    _ = writeln!(
        io::stdout(),
        "studio listening on http://{}",
        server.address()
    );
    server.run().map_err(|cause| format!("stopped: {cause}"))?;
    match log.lost() {
        0 => Ok(()),
        lost => Err(format!("{lost} log lines could not be written")),
    }
}
