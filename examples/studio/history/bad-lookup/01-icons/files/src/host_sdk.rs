//! The host SDK: plugins, and the service itself.

use crate::{
    app::{App, Call},
    http::{Method, Response},
    info,
    log::Logger,
};

pub(crate) const TARGET: &str = module_path!();

/// Plugins and the version of each.
const PLUGINS: [(&str, &str); 4] = [
    ("export-pdf", "2.4.0"),
    ("grid-snap", "1.0.3"),
    ("spell-check", "0.9.1"),
    ("icons", "5.10.0"),
];

/// What plugins are told about. The names are of events that may happen; none has happened.
const TOPICS: [&str; 3] = ["document-saved", "selection-changed", "sequence-failed"];

/// Connects the plugins to the studio.
pub fn start(log: &Logger) {
    for topic in TOPICS {
        info!(log, "Subscribed to {:?}", topic);
    }
    info!(log, "plugins loaded"; plugins = PLUGINS.len());
}

/// `GET /host-sdk/plugins`, `GET /host-sdk/health` and `POST /host-sdk/shutdown`.
pub(crate) fn handle(app: &App, call: &Call<'_>) -> Response {
    let request = call.request;
    match (request.method, request.path()) {
        (Method::Get, "/host-sdk/plugins") => {
            let plugins: Vec<String> = PLUGINS
                .iter()
                .map(|(name, version)| format!(r#"{{"name":"{name}","version":"{version}"}}"#))
                .collect();
            Response::json(format!("[{}]", plugins.join(",")))
        }
        (Method::Get, "/host-sdk/health") => Response::text(200, "ok"),
        (Method::Post, "/host-sdk/shutdown") => {
            info!(app.log, "shutdown requested"; request_id = call.id);
            app.stop();
            Response::text(202, "stopping")
        }
        _ => Response::no_such_route(request),
    }
}
