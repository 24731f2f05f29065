//! The header: which document is open, in which version of the studio.

use crate::{
    app::{App, Call},
    http::{Method, Response},
};

pub(crate) const TARGET: &str = module_path!();

/// The title of the document that the studio opens with.
const DOCUMENT: &str = "Untitled drawing";

/// `GET /header`.
pub(crate) fn handle(app: &App, call: &Call<'_>) -> Response {
    let request = call.request;
    match (request.method, request.path()) {
        (Method::Get, "/header") => {
            let (version, theme) = (env!("CARGO_PKG_VERSION"), app.theme.name());
            Response::json(format!(
                r#"{{"document":"{DOCUMENT}","theme":"{theme}","version":"{version}"}}"#
            ))
        }
        _ => Response::no_such_route(request),
    }
}
