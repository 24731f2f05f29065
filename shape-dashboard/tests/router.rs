//! The router as a browser meets it, under several mount points.

mod fixture;

use std::time::Duration;

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Method, Request, Response, StatusCode, header},
};
use serde_json::Value;
use shape_dashboard::Dashboard;
use tower::ServiceExt;

fn dashboard() -> Dashboard {
    let dashboard = Dashboard::new("studio");
    for event in fixture::breached().events {
        dashboard.apply(&event);
    }
    dashboard
}

/// The ways to mount it: the addresses of the page, the folder of all else, the app.
fn mounted() -> Vec<(&'static [&'static str], &'static str, Router)> {
    let router = || dashboard().router();
    vec![
        (&["/"], "/", router()),
        (&["/"], "/", Router::new().merge(router())),
        (
            &["/ops", "/ops/"],
            "/ops/",
            Router::new().nest_service("/ops", router()),
        ),
        (
            &["/ops/"],
            "/ops/",
            Router::new().nest_service("/ops/", router()),
        ),
        // axum itself answers `/ops/` with 404 here: `nest` registers the bare path only.
        (&["/ops"], "/ops/", Router::new().nest("/ops", router())),
        (
            &["/a/b", "/a/b/"],
            "/a/b/",
            Router::new().nest("/a", Router::new().nest_service("/b", router())),
        ),
        (
            &["/a/b"],
            "/a/b/",
            Router::new().nest_service("/a", Router::new().nest("/b", router())),
        ),
    ]
}

async fn ask(app: &Router, method: Method, path: &str) -> Response<Body> {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .body(Body::empty())
        .unwrap();
    app.clone().oneshot(request).await.unwrap()
}

async fn text(response: Response<Body>) -> String {
    let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// The address that a browser makes of a relative one.
fn resolved(page: &str, name: &str) -> String {
    let folder = &page[..=page.rfind('/').unwrap()];
    format!("{folder}{}", name.strip_prefix("./").unwrap_or(name))
}

#[tokio::test]
async fn the_page_and_all_it_names_are_found_under_every_mount_point() {
    for (pages, folder, app) in mounted() {
        for at in pages {
            let response = ask(&app, Method::GET, &format!("{at}?from=mail")).await;
            assert_eq!(response.status(), StatusCode::OK, "{at}");
            assert_eq!(
                response.headers()[header::CONTENT_TYPE],
                "text/html; charset=utf-8"
            );
            let page = text(response).await;
            let names: Vec<&str> = page
                .split('"')
                .filter(|part| part.contains("assets/") || part.contains("api/"))
                .filter(|part| !part.contains(['<', ' ']))
                .collect();
            assert!(5 < names.len(), "{names:?}");
            for name in names {
                let path = resolved(at, name);
                assert!(path.starts_with(folder), "{path}");
                assert_eq!(
                    ask(&app, Method::GET, &path).await.status(),
                    StatusCode::OK,
                    "{path}"
                );
            }
        }
    }
}

#[tokio::test]
async fn a_path_is_not_markup() {
    let app = Router::new().nest_service("/{any}", dashboard().router());
    let page = text(ask(&app, Method::GET, "/a&quot;onload=x").await).await;
    assert!(
        page.contains("\"./a&amp;quot;onload=x/assets/app.js\""),
        "{page}"
    );
}

#[tokio::test]
async fn every_answer_carries_the_headers() {
    for (_, base, app) in mounted() {
        for path in [
            "assets/app.js",
            "api/snapshot",
            "api/events",
            "no/such/page",
        ] {
            let response = ask(&app, Method::GET, &format!("{base}{path}")).await;
            let policy = response.headers()[header::CONTENT_SECURITY_POLICY]
                .to_str()
                .unwrap();
            assert!(policy.starts_with("default-src 'self';"), "{policy}");
            assert!(policy.contains("frame-ancestors 'self'"));
            assert!(!policy.contains("unsafe"));
            assert_eq!(
                response.headers()[header::X_CONTENT_TYPE_OPTIONS],
                "nosniff"
            );
            assert_eq!(response.headers()[header::REFERRER_POLICY], "no-referrer");
        }
    }
}

#[tokio::test]
async fn refusals_say_why() {
    #[track_caller]
    fn check(response: &Response<Body>, status: StatusCode) {
        assert_eq!(response.status(), status);
        assert_eq!(response.headers()[header::CONTENT_TYPE], "application/json");
    }
    for (pages, base, app) in mounted() {
        let response = ask(&app, Method::GET, &format!("{base}nothing")).await;
        check(&response, StatusCode::NOT_FOUND);
        assert!(text(response).await.contains("there is nothing at `/"));

        let response = ask(
            &app,
            Method::GET,
            &format!("{base}api/artifacts/heal-report.json"),
        )
        .await;
        check(&response, StatusCode::NOT_FOUND);
        assert!(text(response).await.contains("not there yet"));

        let response = ask(&app, Method::GET, &format!("{base}api/artifacts/passwd")).await;
        check(&response, StatusCode::NOT_FOUND);
        assert!(
            text(response)
                .await
                .contains("there is no artifact `passwd`")
        );

        let paths = [
            format!("{base}api/snapshot"),
            format!("{base}assets/app.js"),
        ];
        for path in paths
            .iter()
            .map(String::as_str)
            .chain(pages.iter().copied())
        {
            let response = ask(&app, Method::POST, path).await;
            check(&response, StatusCode::METHOD_NOT_ALLOWED);
            assert_eq!(response.headers()[header::ALLOW], "GET,HEAD");
        }
    }
}

#[tokio::test]
async fn the_api_gives_json() {
    for (_, base, app) in mounted() {
        let snapshot: Value = serde_json::from_str(
            &text(ask(&app, Method::GET, &format!("{base}api/snapshot")).await).await,
        )
        .unwrap();
        assert_eq!(snapshot["schema_version"], 1);
        assert_eq!(snapshot["loop"]["state"], "breached");

        let health: Value = serde_json::from_str(
            &text(ask(&app, Method::GET, &format!("{base}api/healthz")).await).await,
        )
        .unwrap();
        assert_eq!(health["status"], "ok");
        assert_eq!(health["seq"], snapshot["seq"]);

        let report = ask(
            &app,
            Method::GET,
            &format!("{base}api/artifacts/error-budgets.json"),
        )
        .await;
        let as_it_is =
            serde_json::to_string_pretty(&fixture::budget_report(1_890, fixture::at(8))).unwrap();
        assert!(text(report).await == as_it_is);
    }
}

#[tokio::test]
async fn a_head_request_has_no_body_and_a_known_asset_is_not_sent_again() {
    let app = dashboard().router();
    assert_eq!(text(ask(&app, Method::HEAD, "/").await).await, "");
    let first = ask(&app, Method::GET, "/assets/app.js").await;
    let tag = first.headers()[header::ETAG].clone();
    let again = Request::get("/assets/app.js")
        .header(header::IF_NONE_MATCH, &tag)
        .body(Body::empty())
        .unwrap();
    let again = app.oneshot(again).await.unwrap();
    assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
    assert_eq!(text(again).await, "");
}

/// Reads events from a stream, one chunk each.
struct Stream(axum::body::BodyDataStream);

impl Stream {
    async fn next(&mut self) -> String {
        let mut stream = std::pin::Pin::new(&mut self.0);
        let chunk = std::future::poll_fn(|context| {
            futures_util::Stream::poll_next(stream.as_mut(), context)
        });
        let chunk = tokio::time::timeout(Duration::from_secs(10), chunk).await;
        String::from_utf8(chunk.unwrap().unwrap().unwrap().to_vec()).unwrap()
    }
}

#[tokio::test]
async fn a_stream_begins_with_everything_and_goes_on_with_changes() {
    let dashboard = Dashboard::new("studio");
    let app = Router::new().nest_service("/ops", dashboard.router());
    let response = ask(&app, Method::GET, "/ops/api/events").await;
    assert_eq!(
        response.headers()[header::CONTENT_TYPE],
        "text/event-stream"
    );
    let mut stream = Stream(response.into_body().into_data_stream());

    let first = stream.next().await;
    assert!(
        first.starts_with("retry: 2000\nevent: snapshot\nid: 0\ndata: {"),
        "{first}"
    );
    assert!(first.ends_with("}\n\n"));
    let beat = stream.next().await;
    assert!(beat.starts_with("event: heartbeat\ndata: {"), "{beat}");
    assert!(beat.contains("\"age_label\":null"), "{beat}");

    let events = fixture::breached().events;
    for event in &events {
        dashboard.apply(event);
    }
    let update = stream.next().await;
    assert!(
        update.starts_with(&format!("event: snapshot\nid: {}\n", events.len())),
        "{update}"
    );
    // A log message with line breaks or markup must not break out of its line.
    assert_eq!(update.trim_end().lines().count(), 3);
    let data = update
        .lines()
        .find_map(|line| line.strip_prefix("data: "))
        .unwrap();
    let snapshot: Value = serde_json::from_str(data).unwrap();
    assert_eq!(snapshot["seq"], events.len());
}
