//! The service and its future.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::{Duration, Instant},
};

use http::{HeaderMap, HeaderName, Method, Request, Response, StatusCode, header::CONTENT_TYPE};
use http_body::Body;
use pin_project_lite::pin_project;
use tower_service::Service;

use super::{
    MeasureBody, RequestHead, RouteOf,
    record::{Outcome, Registry, Series},
};

static GRPC_STATUS: HeaderName = HeaderName::from_static("grpc-status");

/// A service whose requests are measured; made by [`MeasureLayer`](crate::MeasureLayer).
#[derive(Clone, Debug)]
pub struct MeasureService<S, R> {
    inner: S,
    registry: Arc<Registry>,
    route: R,
}

impl<S, R> MeasureService<S, R> {
    pub(super) fn new(inner: S, registry: Arc<Registry>, route: R) -> Self {
        Self {
            inner,
            registry,
            route,
        }
    }
}

impl<S, R, In, Out> Service<Request<In>> for MeasureService<S, R>
where
    S: Service<Request<In>, Response = Response<Out>>,
    R: RouteOf,
    Out: Body,
{
    type Response = Response<MeasureBody<Out>>;
    type Error = S::Error;
    type Future = MeasureFuture<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<In>) -> Self::Future {
        let series = if self.route.tells_apart() {
            let route = self.route.route_of(RequestHead {
                method: request.method(),
                uri: request.uri(),
                headers: request.headers(),
                extensions: request.extensions(),
            });
            self.registry.series_of(request.method(), route)
        } else {
            self.registry.whole().clone()
        };
        let pending = Pending {
            series,
            started: Instant::now(),
            took: None,
            has_no_body: request.method() == Method::HEAD || request.method() == Method::CONNECT,
            is_over: false,
        };
        MeasureFuture {
            inner: self.inner.call(request),
            pending: Some(pending),
        }
    }
}

/// A request that has not ended; dropping it is the end as well.
#[derive(Debug)]
pub(super) struct Pending {
    series: Arc<Series>,
    started: Instant,
    /// Until the head of the answer.
    took: Option<Duration>,
    has_no_body: bool,
    is_over: bool,
}

impl Pending {
    pub(super) fn end(mut self, outcome: Outcome) {
        self.record(outcome);
    }

    fn record(&mut self, outcome: Outcome) {
        self.is_over = true;
        let took = self.took.unwrap_or_else(|| self.started.elapsed());
        self.series.record(outcome, took);
    }

    /// What the `grpc-status` of a head or of trailers says; `None` without one.
    pub(super) fn grpc_outcome(&self, headers: &HeaderMap) -> Option<Outcome> {
        let status = headers.get(&GRPC_STATUS)?;
        let is_bad = self.series.settings().is_bad_code(status.as_bytes());
        Some(outcome(is_bad))
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        if !self.is_over {
            self.record(if std::thread::panicking() {
                Outcome::Bad
            } else {
                Outcome::Cancelled
            });
        }
    }
}

fn outcome(is_bad: bool) -> Outcome {
    if is_bad { Outcome::Bad } else { Outcome::Good }
}

pin_project! {
    /// The answer to a measured request.
    #[derive(Debug)]
    pub struct MeasureFuture<F> {
        #[pin]
        inner: F,
        pending: Option<Pending>,
    }
}

impl<F, Out, E> Future for MeasureFuture<F>
where
    F: Future<Output = Result<Response<Out>, E>>,
    Out: Body,
{
    type Output = Result<Response<MeasureBody<Out>>, E>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let answer = ready!(this.inner.poll(context));
        let pending = this.pending.take();
        let response = match answer {
            Ok(response) => response,
            Err(error) => {
                if let Some(pending) = pending {
                    pending.end(Outcome::Bad);
                }
                return Poll::Ready(Err(error));
            }
        };
        let (head, body) = response.into_parts();
        let waiting = pending.and_then(|pending| answered(pending, &head, &body));
        Poll::Ready(Ok(Response::from_parts(
            head,
            MeasureBody::new(body, waiting),
        )))
    }
}

/// A request that only the body of its answer ends, with what is known of its outcome.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) pending: Pending,
    /// What it will be if the body ends well.
    pub(super) outcome: Outcome,
    /// Whether a `grpc-status` in the trailers says better.
    pub(super) trailers_decide: bool,
}

impl Waiting {
    /// The outcome of a body that ended with trailers.
    pub(super) fn with_trailers(&self, trailers: &HeaderMap) -> Outcome {
        let told = self
            .trailers_decide
            .then(|| self.pending.grpc_outcome(trailers));
        told.flatten().unwrap_or(self.outcome)
    }
}

fn answered<B: Body>(
    mut pending: Pending,
    head: &http::response::Parts,
    body: &B,
) -> Option<Waiting> {
    if !pending.series.settings().whole_body {
        pending.took = Some(pending.started.elapsed());
    }
    let in_head = if head.status.is_server_error() {
        Some(Outcome::Bad)
    } else {
        pending.grpc_outcome(&head.headers)
    };
    // Every answer of gRPC has a status; one without is broken.
    let outcome = in_head.unwrap_or_else(|| outcome(is_grpc(&head.headers)));
    let has_no_body = pending.has_no_body
        || head.status.is_informational()
        || matches!(
            head.status,
            StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED
        );
    if has_no_body || body.is_end_stream() {
        pending.end(outcome);
        return None;
    }
    Some(Waiting {
        pending,
        outcome,
        trailers_decide: in_head.is_none(),
    })
}

fn is_grpc(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).map(http::HeaderValue::as_bytes);
    // `application/grpc-web` carries its trailers inside the body.
    kind.is_some_and(|kind| {
        kind.strip_prefix(b"application/grpc")
            .is_some_and(|rest| !rest.starts_with(b"-web"))
    })
}
