//! The layer measures requests of real services: `axum` on a loopback socket, and services called by hand.
#![cfg(feature = "tower")]

use std::{
    collections::{BTreeMap, VecDeque},
    convert::Infallible,
    future::pending,
    pin::{Pin, pin},
    task::{Context, Poll, Waker},
    time::Duration,
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{MatchedPath, Path},
    http::{HeaderMap, Request, Response, StatusCode},
    routing::get,
};
use http_body::{Body as HttpBody, Frame};
use http_body_util::{BodyExt as _, Empty, Full};
use shape_sli::{
    Events, Indicator, MeasureConfig, MeasureHandle, MeasureLayer, RequestHead, SliReport,
};
use shape_telemetry::ComponentId;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};
use tower::{Layer as _, Service as _, ServiceExt as _, service_fn};

type Failure = Box<dyn std::error::Error + Send + Sync>;

fn events(good: u64, bad: u64) -> Events {
    Events::from_good_bad(good, bad)
}

fn by_name(handle: &MeasureHandle) -> BTreeMap<String, Events> {
    let all = handle.events_by_component().into_iter();
    all.map(|(component, events)| (component.to_string(), events))
        .collect()
}

fn matched(head: RequestHead<'_>) -> Option<&str> {
    head.extensions
        .get::<MatchedPath>()
        .map(MatchedPath::as_str)
}

fn shop() -> Router {
    let order = |Path(id): Path<u32>| async move {
        if id < 9 {
            StatusCode::OK
        } else {
            StatusCode::SERVICE_UNAVAILABLE
        }
    };
    let stream = || async { Body::new(Frames::of(3, None)) };
    Router::new()
        .route(
            "/orders/{id}",
            get(order).post(|| async { StatusCode::BAD_REQUEST }),
        )
        .route("/slow", get(pending::<StatusCode>))
        .route("/stream", get(stream))
}

/// A body of frames that are there at once.
struct Frames(VecDeque<Result<Frame<Bytes>, Failure>>);

impl Frames {
    fn of(data: usize, last: Option<Result<Frame<Bytes>, Failure>>) -> Self {
        let frames = (0..data).map(|_| Ok(Frame::data(Bytes::from_static(b"12345"))));
        Self(frames.chain(last).collect())
    }

    fn with_grpc_status(status: &'static str) -> Self {
        let trailers =
            HeaderMap::from_iter([("grpc-status".parse().unwrap(), status.parse().unwrap())]);
        Self::of(1, Some(Ok(Frame::trailers(trailers))))
    }
}

impl HttpBody for Frames {
    type Data = Bytes;
    type Error = Failure;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Failure>>> {
        Poll::Ready(self.0.pop_front())
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_empty()
    }
}

/// A service on a loopback socket, and what to stop it with.
async fn serve(app: Router) -> (std::net::SocketAddr, tokio::task::JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    (address, server)
}

async fn ask(address: std::net::SocketAddr, request: &str) -> String {
    let mut socket = TcpStream::connect(address).await.unwrap();
    let text = format!("{request} HTTP/1.1\r\nhost: shop\r\nconnection: close\r\n\r\n");
    socket.write_all(text.as_bytes()).await.unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn requests_of_a_real_service_are_counted_by_route() {
    let layer = MeasureLayer::new("shop")
        .latency_limits([Duration::from_secs(60), Duration::ZERO])
        .by_route(matched);
    let handle = layer.handle();
    let (address, server) = serve(shop().layer(layer)).await;
    for request in [
        "GET /orders/1",
        "GET /orders/2",
        "GET /orders/9",
        "POST /orders/1",
        "GET /nowhere",
        "HEAD /stream",
    ] {
        assert!(ask(address, request).await.starts_with("HTTP/1.1 "));
    }
    assert!(ask(address, "GET /stream").await.contains("12345"));
    server.abort();

    let wanted = BTreeMap::from([
        ("shop/GET /orders/{id}".to_owned(), events(2, 1)),
        ("shop/POST /orders/{id}".to_owned(), events(1, 0)),
        ("shop/GET /stream".to_owned(), events(1, 0)),
        ("shop/HEAD /stream".to_owned(), events(1, 0)),
        ("shop/unmatched".to_owned(), events(1, 0)),
    ]);
    assert_eq!(by_name(&handle), wanted);
    assert_eq!(handle.counts().cancelled, 0);

    // Taking moves the counts into the measurements, and forgets nothing.
    let measured = handle.take("2026-11-24T08:00:30Z".parse().unwrap());
    assert_eq!(by_name(&handle), wanted);
    let report = SliReport::measure(&measured, &MeasureConfig::new());
    let orders = ComponentId::new("shop/GET /orders/{id}");
    let available = report.find(&orders, Indicator::Availability).unwrap();
    assert_eq!(available.events, events(2, 1));
    assert_eq!(
        available.points[0].start,
        "2026-11-24T08:00:00Z".parse().unwrap()
    );
    let within = |limit| {
        report
            .find(&orders, Indicator::latency(limit))
            .unwrap()
            .events
    };
    assert_eq!(within(Duration::from_secs(60)), events(2, 1));
    assert_eq!(within(Duration::ZERO), events(0, 3));
    let again = handle.take("2026-11-24T08:01:30Z".parse().unwrap());
    assert!(again.components.is_empty());
    assert_eq!(handle.events(), events(6, 1));
}

#[tokio::test]
async fn a_client_that_goes_away_cancels_its_request() {
    let layer = MeasureLayer::new("shop").by_route(matched);
    let handle = layer.handle();
    let (address, server) = serve(shop().layer(layer)).await;
    let mut socket = TcpStream::connect(address).await.unwrap();
    let request = b"GET /slow HTTP/1.1\r\nhost: shop\r\n\r\n";
    socket.write_all(request).await.unwrap();
    // The route is known as soon as the request has come in.
    let seen = async {
        while handle.routes() == 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), seen)
        .await
        .unwrap();
    drop(socket);
    let counted = async {
        while handle.counts().cancelled == 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), counted)
        .await
        .unwrap();
    assert_eq!(by_name(&handle)["shop/GET /slow"], events(0, 1));
    server.abort();
}

/// Calls a service that answers at once, and reads the whole body.
async fn call<B>(layer: &MeasureLayer, response: Response<B>)
where
    B: HttpBody<Data = Bytes> + Send + 'static,
    B::Error: std::fmt::Debug,
{
    let mut response = Some(response);
    let inner = service_fn(move |_: Request<()>| {
        let response = response.take().expect("one request");
        async move { Ok::<_, Infallible>(response) }
    });
    let answer = layer.layer(inner).oneshot(Request::new(())).await.unwrap();
    let _ = answer.into_body().collect().await;
}

fn grpc<B>(body: B) -> Response<B> {
    let builder = Response::builder().header("content-type", "application/grpc+proto");
    builder.body(body).unwrap()
}

#[tokio::test]
async fn grpc_tells_its_outcome_in_a_header_or_a_trailer() {
    let layer = MeasureLayer::new("shop");
    let handle = layer.handle();
    let mut wanted = Events::NONE;
    for (status, is_bad) in [
        ("0", false),
        ("5", false),
        ("13", true),
        ("14", true),
        ("x", true),
    ] {
        let more = if is_bad { events(0, 1) } else { events(1, 0) };
        call(&layer, grpc(Frames::with_grpc_status(status))).await;
        wanted += more;
        assert_eq!(handle.events(), wanted, "trailer {status}");
        let mut in_head = grpc(Empty::<Bytes>::new());
        let value = status.parse().unwrap();
        in_head.headers_mut().insert("grpc-status", value);
        call(&layer, in_head).await;
        wanted += more;
        assert_eq!(handle.events(), wanted, "header {status}");
    }
    // An answer without a status is broken; so is one whose body breaks off.
    call(&layer, grpc(Frames::of(2, None))).await;
    call(&layer, grpc(Frames::of(2, Some(Err("reset".into()))))).await;
    wanted += events(0, 2);
    assert_eq!(handle.events(), wanted);
    // A status of HTTP is not mended by a trailer.
    let mut both = grpc(Frames::with_grpc_status("0"));
    *both.status_mut() = StatusCode::BAD_GATEWAY;
    call(&layer, both).await;
    wanted += events(0, 1);
    assert_eq!(handle.events(), wanted);

    let strict = MeasureLayer::new("shop").bad_grpc_codes(1..=16);
    call(&strict, grpc(Frames::with_grpc_status("5"))).await;
    assert_eq!(strict.handle().events(), events(0, 1));
}

#[tokio::test]
async fn errors_of_the_service_and_of_the_body_are_bad() {
    let layer = MeasureLayer::new("shop");
    let handle = layer.handle();
    let failing = service_fn(|_: Request<()>| async { Err::<Response<Full<Bytes>>, _>("down") });
    let error = layer.layer(failing).oneshot(Request::new(())).await;
    assert_eq!(error.err(), Some("down"));
    assert_eq!(handle.events(), events(0, 1));
    call(
        &layer,
        Response::new(Frames::of(2, Some(Err("reset".into())))),
    )
    .await;
    assert_eq!(handle.events(), events(0, 2));
    call(&layer, Response::new(Frames::of(2, None))).await;
    call(&layer, Response::new(Full::new(Bytes::from_static(b"ok")))).await;
    assert_eq!(handle.events(), events(2, 2));
    assert_eq!(handle.counts().cancelled, 0);
}

/// No runtime at all: futures polled by hand.
#[test]
fn dropped_futures_and_bodies_are_cancelled() {
    let mut context = Context::from_waker(Waker::noop());
    for (layer, wanted) in [
        (MeasureLayer::new("shop"), events(0, 2)),
        (
            MeasureLayer::new("shop").leave_out_cancelled(),
            Events::NONE,
        ),
    ] {
        let handle = layer.handle();
        let never = service_fn(|_: Request<()>| pending::<Result<Response<Frames>, Infallible>>());
        {
            let mut future = pin!(layer.layer(never).call(Request::new(())));
            assert!(future.as_mut().poll(&mut context).is_pending());
            assert_eq!(handle.counts().cancelled, 0);
        }
        assert_eq!(handle.counts().cancelled, 1);

        let two = service_fn(|_: Request<()>| async {
            Ok::<_, Infallible>(Response::new(Frames::of(2, None)))
        });
        let mut future = pin!(layer.layer(two).call(Request::new(())));
        let Poll::Ready(Ok(response)) = future.as_mut().poll(&mut context) else {
            panic!("it is ready");
        };
        {
            let mut body = pin!(response.into_body());
            assert!(body.as_mut().poll_frame(&mut context).is_ready());
            assert_eq!(handle.counts().cancelled, 1, "the body still runs");
        }
        assert_eq!(handle.counts().cancelled, 2);
        assert_eq!(handle.events(), wanted);
        let _ = handle.take("2026-11-24T08:00:00Z".parse().unwrap());
        assert_eq!(handle.counts().cancelled, 2);
    }
}

#[test]
fn a_panic_is_bad_and_not_cancelled() {
    let layer = MeasureLayer::new("shop");
    let handle = layer.handle();
    let wrong = service_fn(|_: Request<()>| async {
        if handle.counts().over_limit == 0 {
            std::panic::resume_unwind(Box::new("a bug"));
        }
        Ok::<_, Infallible>(Response::new(Empty::<Bytes>::new()))
    });
    let mut service = layer.layer(wrong);
    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let mut context = Context::from_waker(Waker::noop());
        let _ = pin!(service.call(Request::new(()))).poll(&mut context);
    }));
    assert!(outcome.is_err());
    assert_eq!(handle.events(), events(0, 1));
    assert_eq!(handle.counts().cancelled, 0);
}

#[tokio::test]
async fn names_of_routes_are_bounded() {
    let layer = MeasureLayer::new("shop")
        .max_routes(3)
        .without_method()
        .by_route(|head| Some(head.uri.path()));
    let handle = layer.handle();
    let ok = service_fn(|_: Request<()>| async {
        Ok::<_, Infallible>(Response::new(Empty::<Bytes>::new()))
    });
    let service = layer.layer(ok);
    for id in 0..100 {
        for method in ["GET", "POST"] {
            let request = Request::builder().method(method).uri(format!("/{id}"));
            let request = request.body(()).unwrap();
            service.clone().oneshot(request).await.unwrap();
        }
    }
    let seen = by_name(&handle);
    assert_eq!(seen.len(), 4);
    assert_eq!(seen["shop//0"], events(2, 0));
    assert_eq!(seen["shop/other"], events(194, 0));
    assert_eq!(handle.counts().over_limit, 194);
}

#[test]
fn threads_lose_no_event() {
    let layer = MeasureLayer::new("shop");
    let handle = layer.handle();
    let now = "2026-11-24T08:00:00Z".parse().unwrap();
    let taken = std::thread::scope(|scope| {
        for _ in 0..4 {
            let ok = service_fn(|_: Request<()>| async {
                Ok::<_, Infallible>(Response::new(Empty::<Bytes>::new()))
            });
            let mut service = layer.layer(ok);
            scope.spawn(move || {
                let mut context = Context::from_waker(Waker::noop());
                for _ in 0..5_000 {
                    let done = pin!(service.call(Request::new(()))).poll(&mut context);
                    assert!(done.is_ready());
                }
            });
        }
        let takes = (0..50).map(|_| handle.take(now));
        takes.collect::<Vec<_>>()
    });
    let rest = handle.take(now);
    let counted: u64 = taken
        .iter()
        .chain([&rest])
        .flat_map(|measured| measured.components.values())
        .flat_map(|component| component.buckets.values())
        .map(|bucket| bucket.good)
        .sum();
    assert_eq!(counted, 20_000);
    assert_eq!(handle.events(), events(20_000, 0));
}
