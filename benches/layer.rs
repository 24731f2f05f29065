//! What measuring a request costs: the same service without and with the layer.

use std::{
    convert::Infallible,
    hint::black_box,
    pin::pin,
    task::{Context, Poll, Waker},
    time::Duration,
};

use criterion::Criterion;
use http::{Request, Response};
use http_body_util::Empty;
use shape_sli::{MeasureLayer, RequestHead};
use tower::{Layer as _, Service, service_fn};

/// What a router leaves in the extensions of a request.
#[derive(Clone)]
struct Route(&'static str);

fn route_of(head: RequestHead<'_>) -> Option<&str> {
    head.extensions.get::<Route>().map(|route| route.0)
}

type Answer = Response<Empty<&'static [u8]>>;

fn service() -> impl Service<Request<()>, Response = Answer, Error = Infallible> + Clone {
    service_fn(|request: Request<()>| async move {
        black_box(request);
        Ok(Response::new(Empty::new()))
    })
}

fn request() -> Request<()> {
    let mut request = Request::new(());
    request.extensions_mut().insert(Route("/orders/{id}"));
    request
}

fn ask<S: Service<Request<()>, Error = Infallible>>(service: &mut S, request: Request<()>) -> bool {
    let mut context = Context::from_waker(Waker::noop());
    match pin!(service.call(request)).poll(&mut context) {
        Poll::Ready(Ok(response)) => {
            black_box(response);
            true
        }
        _ => false,
    }
}

fn main() {
    let mut criterion = Criterion::default()
        .sample_size(50)
        .warm_up_time(Duration::from_secs(1))
        .measurement_time(Duration::from_secs(3))
        .configure_from_args();
    let mut group = criterion.benchmark_group("layer/request");
    let limits = [10, 100].map(Duration::from_millis);
    let layer = MeasureLayer::new("shop").latency_limits(limits);
    let by_route = layer.clone().by_route(route_of);
    // The cost of a request is the difference to `none`.
    let mut none = service();
    group.bench_function("none", |bencher| {
        bencher.iter(|| ask(&mut none, request()));
    });
    let mut whole = layer.layer(service());
    group.bench_function("layer", |bencher| {
        bencher.iter(|| ask(&mut whole, request()));
    });
    let mut routed = by_route.layer(service());
    group.bench_function("layer by route", |bencher| {
        bencher.iter(|| ask(&mut routed, request()));
    });
    group.finish();
    criterion.final_summary();
}
