//! The library: the components that people drop on the canvas.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use crate::{
    app::{App, Call, RequestId},
    canvas, debug, error,
    http::{Method, Response, json_string},
    info,
    log::Logger,
};

pub(crate) const TARGET: &str = module_path!();

/// What ships with the studio: id and default size on the page.
const STANDARD: [(&str, u32, u32); 12] = [
    ("button", 96, 32),
    ("card", 320, 200),
    ("check box", 24, 24),
    ("data grid", 640, 320),
    ("date picker", 240, 280),
    ("image", 320, 240),
    ("menu", 160, 240),
    ("progress bar", 240, 16),
    ("slider", 200, 24),
    ("tab bar", 480, 40),
    ("text field", 200, 32),
    ("tree view", 240, 400),
];

/// Something to drop on the canvas.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Component {
    /// Its id, in lower case.
    pub id: String,
    /// Default width in pixels.
    pub width: u32,
    /// Default height in pixels.
    pub height: u32,
}

/// All components, and which of them people may use.
#[derive(Clone, Debug)]
pub struct Library {
    entries: BTreeMap<String, Component>,
    published: BTreeSet<String>,
}

impl Library {
    /// The components that ship with the studio, all published.
    pub fn standard() -> Self {
        let component = |(id, width, height): (&str, u32, u32)| Component {
            id: id.to_owned(),
            width,
            height,
        };
        Self {
            entries: STANDARD
                .map(component)
                .map(|entry| (entry.id.clone(), entry))
                .into(),
            published: STANDARD.map(|(id, ..)| id.to_owned()).into(),
        }
    }

    /// How many components there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is nothing to drop.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Whether people may use the component they call `id`.
    pub fn is_published(&self, id: &str) -> bool {
        self.published.contains(&normalise(id))
    }

    /// The component that people call `id`; blanks around it and its case do not matter.
    pub fn lookup(
        &self,
        id: &str,
        request: RequestId,
        log: &Logger,
    ) -> Result<&Component, LookupError> {
        if !self.is_published(id) {
            info!(log, "nothing is published as {:?}", id; request_id = request);
            return Err(LookupError::Unknown);
        }
        let key = normalise(id);
        let Some(component) = self.entries.get(&key) else {
            error!(log, "component lookup failed: no entry for id {:?}", id; request_id = request);
            return Err(LookupError::NoEntry);
        };
        debug!(log, "component {:?} found", component.id; request_id = request);
        Ok(component)
    }
}

/// An id as the catalogue spells it.
fn normalise(id: &str) -> String {
    id.trim().to_ascii_lowercase()
}

/// Why there is no component for an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LookupError {
    /// No such component is published: the caller's mistake.
    Unknown,
    /// A published component is missing from the catalogue: our mistake.
    NoEntry,
}

impl fmt::Display for LookupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unknown => "no such component is published",
            Self::NoEntry => "the component is published and has no entry in the catalogue",
        })
    }
}

impl std::error::Error for LookupError {}

/// `GET /library/component?id=…` and `POST /library/drop?id=…`.
pub(crate) fn handle(app: &App, call: &Call<'_>) -> Response {
    let request = call.request;
    let drops = match (request.method, request.path()) {
        (Method::Get, "/library/component") => false,
        (Method::Post, "/library/drop") => true,
        _ => return Response::no_such_route(request),
    };
    let Some(id) = request.query("id") else {
        return Response::text(400, "which component? the id is missing");
    };
    match app.catalogue.lookup(&id, call.id, &app.log) {
        Ok(component) if drops => drop_on_canvas(app, call, component),
        Ok(component) => {
            let (id, width, height) = (
                json_string(&component.id),
                component.width,
                component.height,
            );
            Response::json(format!(
                r#"{{"id":{id},"width":{width},"height":{height}}}"#
            ))
        }
        Err(cause @ LookupError::Unknown) => Response::text(404, &cause.to_string()),
        Err(cause @ LookupError::NoEntry) => Response::text(500, &cause.to_string()),
    }
}

fn drop_on_canvas(app: &App, call: &Call<'_>, component: &Component) -> Response {
    match app.canvas.place(call.id.0) {
        Ok(shapes) => {
            debug!(app.log, "dropped {:?} on the canvas", component.id;
                request_id = call.id, shapes = shapes);
            Response::json(format!(r#"{{"shapes":{shapes}}}"#))
        }
        Err(cause) => canvas::unavailable(app, call, cause),
    }
}
