//! The control panel: the properties of what is on the canvas.

use crate::{
    app::{App, Call},
    canvas,
    http::{Method, Response, json_string},
};

pub(crate) const TARGET: &str = module_path!();

/// `GET /control-panel/field?name=width|height|shapes`.
///
/// The values belong to the render thread, so a field is as quick as the canvas is.
pub(crate) fn handle(app: &App, call: &Call<'_>) -> Response {
    let request = call.request;
    if (request.method, request.path()) != (Method::Get, "/control-panel/field") {
        return Response::no_such_route(request);
    }
    let name = request.query("name").unwrap_or_default();
    let value = match name.as_str() {
        "width" => app
            .canvas
            .frame()
            .map(|frame| frame.size.width().to_string()),
        "height" => app
            .canvas
            .frame()
            .map(|frame| frame.size.height().to_string()),
        "shapes" => app.canvas.shapes().map(|shapes| shapes.to_string()),
        _ => return Response::text(404, "the fields are width, height and shapes"),
    };
    match value {
        Ok(value) => Response::json(format!(
            r#"{{"name":{},"value":{value}}}"#,
            json_string(&name)
        )),
        Err(cause) => canvas::unavailable(app, call, cause),
    }
}
