//! Server-sent events: the whole snapshot at once, then after each change, and a heartbeat in between.

use std::{convert::Infallible, pin::pin, time::Duration};

use axum::{
    Extension,
    body::Body,
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use futures_util::{
    future::{self, Either},
    stream,
};
use jiff::Timestamp;
use serde_json::json;
use tokio::{sync::watch, time};

use crate::{Dashboard, figures, router::Closing};

/// Between heartbeats.
pub(crate) const HEARTBEAT: Duration = Duration::from_secs(3);
/// Without a heartbeat for so long, what the page shows is old.
pub(crate) const STALE_AFTER: Duration = Duration::from_secs(10);
/// Changes that follow each other faster are sent as one.
const SETTLE: Duration = Duration::from_millis(60);

struct Feed {
    dashboard: Dashboard,
    changes: watch::Receiver<u64>,
    closing: Option<watch::Receiver<bool>>,
    sent: Option<u64>,
    first_beat_is_due: bool,
}

pub(crate) async fn events(
    State(dashboard): State<Dashboard>,
    Extension(Closing(closing)): Extension<Closing>,
) -> Response {
    let feed = Feed {
        changes: dashboard.changes(),
        dashboard,
        closing,
        sent: None,
        first_beat_is_due: true,
    };
    let body = stream::unfold(feed, |mut feed| async {
        let text = feed.next().await?;
        Some((Ok::<_, Infallible>(text), feed))
    });
    let headers = [
        (header::CONTENT_TYPE, "text/event-stream"),
        (header::CACHE_CONTROL, "no-store"),
        // Proxies of the nginx family hold answers back otherwise.
        (header::HeaderName::from_static("x-accel-buffering"), "no"),
    ];
    (headers, Body::from_stream(body)).into_response()
}

impl Feed {
    /// The next event as text; `None` when the server is about to stop.
    async fn next(&mut self) -> Option<String> {
        if self.sent.is_none() {
            return Some(format!("retry: 2000\n{}", self.snapshot()));
        }
        if self.first_beat_is_due {
            // At once, so that a page knows the server's time from the start.
            self.first_beat_is_due = false;
            return Some(self.heartbeat());
        }
        let changed = {
            let change = async {
                // The sender lives as long as the dashboard that this feed holds.
                let _ = self.changes.changed().await;
                time::sleep(SETTLE).await;
            };
            let closed = async {
                match &mut self.closing {
                    Some(closing) => {
                        let _ = closing.wait_for(|is_closing| *is_closing).await;
                    }
                    None => future::pending().await,
                }
            };
            let beat = time::timeout(HEARTBEAT, change);
            match future::select(pin!(beat), pin!(closed)).await {
                Either::Left((outcome, _)) => outcome.is_ok(),
                Either::Right(_) => return None,
            }
        };
        let is_new = self.sent != Some(*self.changes.borrow_and_update());
        Some(if changed && is_new {
            self.snapshot()
        } else {
            self.heartbeat()
        })
    }

    fn snapshot(&mut self) -> String {
        let rendered = self.dashboard.rendered();
        self.sent = Some(rendered.revision);
        // JSON has no raw line breaks, so that one `data` line holds it.
        format!(
            "event: snapshot\nid: {}\ndata: {}\n\n",
            rendered.seq, rendered.json
        )
    }

    fn heartbeat(&self) -> String {
        let (seq, updated_at) = self.dashboard.seen();
        let now = now();
        let age = updated_at.map(|at| {
            let age = Duration::try_from(now.duration_since(at)).unwrap_or_default();
            format!("last event {} ago", figures::rough(age))
        });
        let beat =
            json!({ "now": now, "now_label": figures::clock(now), "seq": seq, "age_label": age });
        format!("event: heartbeat\ndata: {beat}\n\n")
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the server's time is what a heartbeat is for; nothing is computed from it but an age for people"
)]
fn now() -> Timestamp {
    Timestamp::now()
}
