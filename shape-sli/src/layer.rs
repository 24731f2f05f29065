//! A `tower` layer that measures every request of a service.

use std::{sync::Arc, time::Duration};

use http::{Extensions, HeaderMap, Method, Uri};
use tower_layer::Layer;

use self::record::{Registry, Settings};
pub use self::{
    body::MeasureBody,
    record::{LayerCounts, MeasureHandle},
    service::{MeasureFuture, MeasureService},
};

mod body;
mod record;
mod service;

/// Measures every request of an `axum`, `tonic` or `hyper` service: good or bad, how long, by route.
///
/// - **Bad** is a status of 500 or more, a `grpc-status` (in a header or a trailer) whose HTTP counterpart is one
///   (`UNKNOWN`, `DEADLINE_EXCEEDED`, `UNIMPLEMENTED`, `INTERNAL`, `UNAVAILABLE`, `DATA_LOSS`), a `gRPC` answer without any,
///   an error of the inner service, a body that breaks off, and a panic.
/// - **Cancelled** is a request whose future, or whose body, was dropped before its end: the client went away, or a timeout
///   outside of this layer fired. It got no answer, so it is bad, unless [`MeasureLayer::leave_out_cancelled`] says
///   otherwise; the number is always reported ([`LayerCounts::cancelled`]).
/// - **Latency** is the time until the head of the answer, or with [`MeasureLayer::whole_body`] until its end. A request is
///   counted when its body has ended: a stream that still runs is not.
///
/// The layer starts no task, needs no runtime and reads no clock but the monotonic one; [`MeasureHandle::take`] is told the
/// time.
///
/// ```
/// use std::time::Duration;
/// use axum::{Router, extract::MatchedPath, routing::get};
/// use shape_sli::{MeasureConfig, MeasureLayer, SliReport};
///
/// let layer = MeasureLayer::new("shop")
///     .latency_limits([Duration::from_millis(100)])
///     .by_route(|head| head.extensions.get::<MatchedPath>().map(MatchedPath::as_str));
/// let handle = layer.handle();
/// let app: Router = Router::new().route("/orders/{id}", get(|| async { "ok" })).layer(layer);
/// # let _ = app;
///
/// // Once a minute, say:
/// let minute = handle.take("2026-11-24T08:00:00Z".parse()?);
/// let report = SliReport::measure(&minute, &MeasureConfig::new());
/// # assert_eq!(report.components.len(), 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct MeasureLayer<R = WholeService> {
    registry: Arc<Registry>,
    route: R,
}

/// What a route is told from.
#[derive(Clone, Copy, Debug)]
pub struct RequestHead<'a> {
    /// The method.
    pub method: &'a Method,
    /// The target.
    pub uri: &'a Uri,
    /// The headers.
    pub headers: &'a HeaderMap,
    /// What outer layers and routers know of the request, `axum`'s `MatchedPath` for example.
    pub extensions: &'a Extensions,
}

/// Tells the route of a request: the template (`/orders/{id}`), never the path with its values.
///
/// Implemented for closures from [`RequestHead`] to `Option<&str>`; `None` is measured as `unmatched`.
pub trait RouteOf {
    /// The route; `None` when there is none.
    fn route_of<'a>(&self, head: RequestHead<'a>) -> Option<&'a str>;

    /// Whether requests are told apart at all.
    fn tells_apart(&self) -> bool {
        true
    }
}

impl<F> RouteOf for F
where
    F: for<'a> Fn(RequestHead<'a>) -> Option<&'a str>,
{
    fn route_of<'a>(&self, head: RequestHead<'a>) -> Option<&'a str> {
        self(head)
    }
}

/// All requests together: no routes are told apart.
#[derive(Clone, Copy, Debug, Default)]
pub struct WholeService;

impl RouteOf for WholeService {
    fn route_of<'a>(&self, _: RequestHead<'a>) -> Option<&'a str> {
        None
    }

    fn tells_apart(&self) -> bool {
        false
    }
}

impl MeasureLayer {
    /// Measures all requests as those of the component `service`: no latency limits, buckets of a minute.
    pub fn new(service: &str) -> Self {
        Self {
            registry: Arc::new(Registry::new(Settings::new(service))),
            route: WholeService,
        }
    }

    /// Measures each route as a component of its own, `shop/GET /orders/{id}` for example.
    ///
    /// The first [`MeasureLayer::max_routes`] routes that are seen get one; what comes after is measured together as
    /// `shop/other`, and counted in [`LayerCounts::over_limit`].
    pub fn by_route<R>(self, route: R) -> MeasureLayer<R>
    where
        R: for<'a> Fn(RequestHead<'a>) -> Option<&'a str>,
    {
        MeasureLayer {
            registry: self.registry,
            route,
        }
    }
}

impl<R> MeasureLayer<R> {
    /// Counts the good requests that take no longer, exactly, at each limit.
    #[must_use]
    pub fn latency_limits(self, limits: impl IntoIterator<Item = Duration>) -> Self {
        self.with(|settings| settings.set_limits(limits))
    }

    /// The width of a time bucket of the measurements; at least a millisecond.
    #[must_use]
    pub fn bucket(self, width: Duration) -> Self {
        self.with(|settings| settings.set_bucket(width))
    }

    /// At most so many routes are told apart, 128 by default.
    #[must_use]
    pub fn max_routes(self, most: usize) -> Self {
        self.with(|settings| settings.max_routes = most)
    }

    /// Leaves the method out of the names of routes.
    #[must_use]
    pub fn without_method(self) -> Self {
        self.with(|settings| settings.has_method = false)
    }

    /// Cancelled requests are neither good nor bad; they are only counted.
    #[must_use]
    pub fn leave_out_cancelled(self) -> Self {
        self.with(|settings| settings.cancelled_is_bad = false)
    }

    /// Latency is the time until the end of the body.
    #[must_use]
    pub fn whole_body(self) -> Self {
        self.with(|settings| settings.whole_body = true)
    }

    /// The `gRPC` codes that are bad, of 1 to 31; every other code is good.
    ///
    /// ```
    /// # use shape_sli::MeasureLayer;
    /// let strict = MeasureLayer::new("shop").bad_grpc_codes(1..=16);
    /// # let _ = strict;
    /// ```
    #[must_use]
    pub fn bad_grpc_codes(self, codes: impl IntoIterator<Item = u8>) -> Self {
        self.with(|settings| settings.set_bad_codes(codes))
    }

    /// Where the counts are read; to be taken after everything is set.
    pub fn handle(&self) -> MeasureHandle {
        MeasureHandle::new(self.registry.clone())
    }

    fn with(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        let mut settings = self.registry.settings().clone();
        change(&mut settings);
        self.registry = Arc::new(Registry::new(settings));
        self
    }
}

impl<S, R: Clone> Layer<S> for MeasureLayer<R> {
    type Service = MeasureService<S, R>;

    fn layer(&self, inner: S) -> Self::Service {
        MeasureService::new(inner, self.registry.clone(), self.route.clone())
    }
}
