//! The files of the page, compiled in.

use axum::{
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

/// A file of the page.
pub(crate) struct Asset {
    pub(crate) path: &'static str,
    media_type: &'static str,
    text: &'static str,
}

const JS: &str = "text/javascript; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";

macro_rules! asset {
    ($path:literal, $media_type:expr) => {
        Asset {
            path: concat!("/assets/", $path),
            media_type: $media_type,
            text: include_str!(concat!("../assets/", $path)),
        }
    };
}

const PAGE: &str = include_str!("../assets/index.html");

/// Everything that the page loads.
pub(crate) const ALL: [Asset; 15] = [
    asset!("icon.svg", "image/svg+xml"),
    asset!("page.css", CSS),
    asset!("parts.css", CSS),
    asset!("app.js", JS),
    asset!("dom.js", JS),
    asset!("live.js", JS),
    asset!("theme.js", JS),
    asset!("overview.js", JS),
    asset!("promises.js", JS),
    asset!("charts.js", JS),
    asset!("evidence.js", JS),
    asset!("healing.js", JS),
    asset!("vendor/uplot/uPlot.esm.js", JS),
    asset!("vendor/uplot/uPlot.min.css", CSS),
    asset!("vendor/uplot/LICENSE", "text/plain; charset=utf-8"),
];

impl Asset {
    /// The file, or `304` when the browser has it already.
    pub(crate) fn answer(&self, request: &HeaderMap) -> Response {
        answer(self.media_type, self.text, request)
    }
}

/// The page, with `prefix` before the addresses of its own files.
pub(crate) fn page(prefix: &str, request: &HeaderMap) -> Response {
    // What a path may contain and an attribute may not.
    let prefix = prefix
        .replace('&', "&amp;")
        .replace('"', "&quot;")
        .replace('<', "&lt;");
    let text = PAGE
        .replace("\"assets/", &format!("\"{prefix}assets/"))
        .replace("\"api/", &format!("\"{prefix}api/"));
    answer("text/html; charset=utf-8", text, request)
}

fn answer<T: AsRef<str> + IntoResponse>(
    media_type: &'static str,
    text: T,
    request: &HeaderMap,
) -> Response {
    let tag = format!("\"{:016x}\"", fingerprint(text.as_ref().as_bytes()));
    let known = request
        .get(header::IF_NONE_MATCH)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|tags| tags.split(',').any(|known| known.trim().ends_with(&tag)));
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(media_type)),
        // Asked for again each time, so that a new version of the service is never half old.
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
        (
            header::ETAG,
            HeaderValue::from_str(&tag).expect("invariant: hex digits in quotes"),
        ),
    ];
    if known {
        (StatusCode::NOT_MODIFIED, headers).into_response()
    } else {
        (headers, text.into_response()).into_response()
    }
}

/// FNV-1a: tells versions of a file apart, promises nothing against an attacker.
fn fingerprint(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
