//! The routes: page, assets, JSON API.

use axum::{
    Extension, Router,
    extract::{OriginalUri, Path, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    middleware,
    response::{IntoResponse, Response},
    routing::get,
};
use serde_json::json;
use tokio::sync::watch;

use crate::{Dashboard, artifacts, assets, stream};

/// When a server of ours is about to stop; `None` in somebody else's.
#[derive(Clone)]
pub(crate) struct Closing(pub(crate) Option<watch::Receiver<bool>>);

/// What every answer carries. `style-src` needs no exception: the charts set styles through the CSSOM.
const HEADERS: [(HeaderName, HeaderValue); 5] = [
    (
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(
            "default-src 'self'; frame-ancestors 'self'; base-uri 'none'; form-action 'none'",
        ),
    ),
    (
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    ),
    (
        header::X_FRAME_OPTIONS,
        HeaderValue::from_static("SAMEORIGIN"),
    ),
    (
        header::REFERRER_POLICY,
        HeaderValue::from_static("no-referrer"),
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        HeaderValue::from_static("same-origin"),
    ),
];

pub(crate) fn build(dashboard: Dashboard, closing: Option<watch::Receiver<bool>>) -> Router {
    let mut router = Router::new()
        .route("/", get(page))
        .route("/api/snapshot", get(snapshot))
        .route("/api/events", get(stream::events))
        .route("/api/artifacts/{name}", get(artifact))
        .route("/api/healthz", get(healthz));
    for asset in &assets::ALL {
        router = router.route(
            asset.path,
            get(move |headers: HeaderMap| async move { asset.answer(&headers) }),
        );
    }
    router
        .method_not_allowed_fallback(method_not_allowed)
        .fallback(page_or_not_found)
        .layer(Extension(Closing(closing)))
        .layer(middleware::map_response(with_headers))
        .with_state(dashboard)
}

async fn with_headers(mut response: Response) -> Response {
    for (name, value) in HEADERS {
        response.headers_mut().insert(name, value);
    }
    response
}

/// The page. Its own addresses are relative, so that it works under any path, with a slash at the end and without.
async fn page(request: Request) -> Response {
    let seen = request
        .extensions()
        .get::<OriginalUri>()
        .map_or_else(|| request.uri(), |original| &original.0);
    // A browser resolves `assets/…` of the page `/ops` to `/assets/…`; `./ops/assets/…` is what is meant.
    let prefix = match seen.path().rsplit('/').next() {
        None | Some("") => String::new(),
        Some(last) => format!("./{last}/"),
    };
    assets::page(&prefix, request.headers())
}

/// Where the router is nested, its root comes in ways that a route does not match (`/ops/` among them).
async fn page_or_not_found(request: Request) -> Response {
    if !matches!(request.uri().path(), "" | "/") {
        let detail = format!("there is nothing at `{}`", request.uri().path());
        return problem(StatusCode::NOT_FOUND, &detail);
    }
    if request.method().is_safe() {
        page(request).await
    } else {
        method_not_allowed().await
    }
}

async fn method_not_allowed() -> Response {
    let mut response = problem(
        StatusCode::METHOD_NOT_ALLOWED,
        "the dashboard only shows: use GET",
    );
    response
        .headers_mut()
        .insert(header::ALLOW, HeaderValue::from_static("GET,HEAD"));
    response
}

async fn snapshot(State(dashboard): State<Dashboard>) -> Response {
    fresh_json(dashboard.rendered().json.to_string())
}

async fn artifact(State(dashboard): State<Dashboard>, Path(name): Path<String>) -> Response {
    let (_, state) = dashboard.copy();
    if let Some(json) = artifacts::json(&state.reports, &name) {
        return fresh_json(json);
    }
    let known = artifacts::NAMES.iter().any(|(known, _)| *known == name);
    let detail = if known {
        format!("`{name}` is not there yet: the step that makes it has not finished")
    } else {
        let names: Vec<_> = artifacts::NAMES.iter().map(|(name, _)| *name).collect();
        format!("there is no artifact `{name}`, only {}", names.join(", "))
    };
    problem(StatusCode::NOT_FOUND, &detail)
}

async fn healthz(State(dashboard): State<Dashboard>) -> Response {
    let (seq, updated_at) = dashboard.seen();
    let answer = json!({
        "status": "ok",
        "service": dashboard.service_name(),
        "seq": seq,
        "updated_at": updated_at,
    });
    fresh_json(answer.to_string())
}

fn fresh_json(json: String) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "application/json"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (headers, json).into_response()
}

fn problem(status: StatusCode, detail: &str) -> Response {
    (status, fresh_json(json!({ "error": detail }).to_string())).into_response()
}
