//! The theme: light or dark.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::{
    app::{App, Call},
    debug,
    http::{Method, Response},
};

pub(crate) const TARGET: &str = module_path!();

/// Light or dark, shared by everybody who looks at the studio.
#[derive(Debug, Default)]
pub struct Theme {
    dark: AtomicBool,
}

impl Theme {
    /// What it is called.
    pub fn name(&self) -> &'static str {
        Self::name_of(self.dark.load(Ordering::Relaxed))
    }

    /// Switches to the other one and says which that is.
    pub fn toggle(&self) -> &'static str {
        Self::name_of(!self.dark.fetch_not(Ordering::Relaxed))
    }

    const fn name_of(dark: bool) -> &'static str {
        if dark { "dark" } else { "light" }
    }
}

/// `GET /theme` and `POST /theme/toggle`.
pub(crate) fn handle(app: &App, call: &Call<'_>) -> Response {
    let name = match (call.request.method, call.request.path()) {
        (Method::Get, "/theme") => app.theme.name(),
        (Method::Post, "/theme/toggle") => {
            let name = app.theme.toggle();
            debug!(app.log, "theme is now {}", name; request_id = call.id);
            name
        }
        _ => return Response::no_such_route(call.request),
    };
    Response::json(format!(r#"{{"theme":"{name}"}}"#))
}
