//! The page in a real browser, on a real server. Skipped where there is no Chromium.
//!
//! Pictures go to Cargo's folder for test files, the one of the healed run also to `SHAPE_SCREENSHOT`. Where
//! `SHAPE_ARTIFACTS` names the folder of a real run's reports, that picture shows the real run instead.
#![cfg(feature = "serve")]

#[path = "browser/cdp.rs"]
mod cdp;
mod fixture;

use std::path::{Path, PathBuf};

use axum::Router;
use shape_dashboard::{Dashboard, ServerHandle, spawn};
use shape_workflow::Event;

use crate::cdp::Browser;

#[expect(clippy::print_stderr, reason = "a skipped test says so")]
fn browser() -> Option<Browser> {
    let Some(program) = cdp::program() else {
        eprintln!(
            "skipped: no Chromium here (Debian: apt-get install chromium; elsewhere set SHAPE_CHROMIUM)"
        );
        return None;
    };
    Some(Browser::start(&program))
}

fn picture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("dashboard")
        .join(name)
}

fn served() -> (Dashboard, ServerHandle) {
    let dashboard = Dashboard::new("studio");
    let server = spawn(dashboard.clone(), ([127, 0, 0, 1], 0).into()).unwrap();
    (dashboard, server)
}

fn tell(dashboard: &Dashboard, events: &[Event]) {
    for event in events {
        dashboard.apply(event);
    }
}

#[track_caller]
fn assert_no_complaint(browser: &Browser) {
    assert!(browser.complaints.is_empty(), "{:#?}", browser.complaints);
}

const LIVE: &str = "document.getElementById('link').dataset.link === 'live'";

#[test]
fn a_page_that_is_open_follows_the_loop() {
    let Some(mut browser) = browser() else { return };
    let (dashboard, server) = served();
    browser.screen(1440, 900, "light");
    browser.open(&server.url());
    browser.wait_for(LIVE);
    assert!(browser.text("#loop-state").contains("not known yet"));
    assert!(browser.text("#components").contains("No events yet"));
    browser.screenshot(&picture("empty.png"), true);

    let events = fixture::healed().events;
    let (before, after) = events.split_at(fixture::breached().events.len());
    tell(&dashboard, before);
    browser.wait_for("document.querySelector('#loop-state .badge')?.innerText === 'breached'");
    // The worst comes first, and says so in words.
    assert_eq!(browser.text(".tile h3"), "canvas");
    assert_eq!(browser.text(".tile .badge"), "breached");
    assert!(browser.text(".slos tbody tr").contains("\u{2212}1,770"));
    browser.wait_for("document.querySelectorAll('.plot canvas').length === 2");
    browser.screenshot(&picture("breached.png"), true);

    let healing = fixture::healing().events.len() - before.len();
    tell(&dashboard, &after[..healing]);
    browser.wait_for("document.querySelector('#heal .activity')");
    browser.screenshot(&picture("healing.png"), true);

    tell(&dashboard, &after[healing..]);
    browser.wait_for("document.querySelector('#loop-state .badge')?.innerText === 'recovered'");
    browser.wait_for("document.querySelectorAll('.plot canvas').length === 2");
    assert!(browser.text("#heal").contains("healed"));
    assert_ne!(browser.text(".diff tr[data-kind=added]"), "");
    // A fix does not refill a budget.
    assert_eq!(browser.text(".tile .badge"), "breached");
    for (name, width, height, scheme) in [
        ("healed-light.png", 1440, 900, "light"),
        ("healed-dark.png", 1440, 900, "dark"),
        ("healed-narrow.png", 390, 844, "light"),
    ] {
        browser.screen(width, height, scheme);
        browser.screenshot(&picture(name), true);
        let overflow =
            "document.documentElement.scrollWidth - document.documentElement.clientWidth";
        assert_eq!(browser.eval(overflow), 0, "{name} is wider than the screen");
    }
    browser.screen(1440, 1000, "light");
    browser.eval("location.hash = '#evidence/canvas-blocking'");
    browser.wait_for("document.querySelector('#evidence[open] .is-statement')");
    assert!(browser.text("#evidence").contains("studio.log:1204"));
    browser.screenshot(&picture("evidence.png"), false);
    if std::env::var_os("SHAPE_ARTIFACTS").is_none()
        && let Some(path) = std::env::var_os("SHAPE_SCREENSHOT")
    {
        browser.eval("document.getElementById('evidence').close()");
        browser.screen(1440, 1280, "light");
        browser.screenshot(Path::new(&path), false);
    }
    assert_no_complaint(&browser);

    // The server goes away: that is said, and stays said.
    server.shutdown().unwrap();
    browser.wait_for("document.getElementById('link').dataset.link === 'reconnecting'");
    browser.wait_for("document.documentElement.hasAttribute('data-stale')");
    assert!(
        browser
            .text("#stale")
            .contains("Last heard of the server at")
    );
    browser.screenshot(&picture("stale.png"), false);
}

#[test]
fn what_a_log_says_stays_text() {
    let Some(mut browser) = browser() else { return };
    let (dashboard, server) = served();
    tell(&dashboard, &fixture::healed().events);
    browser.open(&format!("{}#evidence/canvas-hostile", server.url()));
    browser.wait_for("document.querySelector('#evidence[open] .log pre')");
    assert_eq!(browser.text("#evidence .log pre"), fixture::HOSTILE);
    assert_ne!(browser.eval("document.title"), "pwned");
    assert_eq!(
        browser.eval(
            "document.querySelectorAll('main img, dialog img, main script, dialog script').length"
        ),
        0
    );
    assert_no_complaint(&browser);

    // And were it taken for markup, the policy would stop it; this shows as well that violations are noticed here.
    browser.eval(
        "document.body.setAttribute('onclick', 'document.title = `pwned`'), document.body.click()",
    );
    browser.wait_for("document.title !== ''");
    assert_ne!(browser.eval("document.title"), "pwned");
    let is_stopped = browser
        .complaints
        .iter()
        .any(|it| it.contains("Content Security Policy"));
    assert!(is_stopped, "{:#?}", browser.complaints);
}

#[test]
fn the_keyboard_suffices_and_the_theme_is_remembered() {
    let Some(mut browser) = browser() else { return };
    let (dashboard, server) = served();
    tell(&dashboard, &fixture::healed().events);
    browser.screen(1440, 900, "light");
    browser.open(&server.url());
    browser.wait_for("document.querySelector('.finding-foot a')");
    // A link is followed, Escape closes, the focus returns.
    browser.eval("document.querySelector('.finding-foot a').focus()");
    key(&mut browser, "Enter", 13);
    browser.wait_for("document.querySelector('#evidence').open");
    key(&mut browser, "Escape", 27);
    browser.wait_for("!document.querySelector('#evidence').open");
    assert_eq!(
        browser.eval("document.activeElement.matches('.finding-foot a')"),
        true
    );
    // An update does not take the focus or close what is open.
    browser.eval("document.querySelector('.slos summary').focus()");
    key(&mut browser, "Enter", 13);
    browser.wait_for("document.querySelector('.slos details').open");
    for event in fixture::breached().events {
        dashboard.apply(&event);
    }
    browser.wait_for("document.querySelector('#loop-state .badge').innerText === 'breached'");
    assert_eq!(
        browser.eval("document.querySelector('.slos details').open"),
        true
    );
    assert_eq!(browser.eval("document.activeElement.tagName"), "SUMMARY");

    browser
        .eval("document.getElementById('theme').click(), document.getElementById('theme').click()");
    assert_eq!(
        browser.eval("document.documentElement.dataset.theme"),
        "dark"
    );
    browser.open(&server.url());
    browser.wait_for("document.documentElement.dataset.theme === 'dark'");
    assert_no_complaint(&browser);
}

#[test]
fn it_works_inside_another_service() {
    let Some(mut browser) = browser() else { return };
    let dashboard = Dashboard::new("studio");
    tell(&dashboard, &fixture::breached().events);
    let app = Router::new().nest_service("/ops", dashboard.router());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let listener = runtime
        .block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))
        .unwrap();
    let addr = listener.local_addr().unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let server = std::thread::spawn(move || {
        runtime.block_on(async {
            tokio::select! {
                _ = axum::serve(listener, app) => {}
                _ = stopped => {}
            }
        });
    });
    for page in ["/ops", "/ops/"] {
        browser.open(&format!("http://{addr}{page}"));
        browser.wait_for(LIVE);
        browser.wait_for("document.querySelector('.tile')");
        browser.wait_for("document.querySelectorAll('.plot canvas').length === 2");
        let href = browser.eval("document.querySelector('.artifacts a').href");
        assert_eq!(
            href,
            format!("http://{addr}/ops/api/artifacts/anomalies.json")
        );
    }
    assert_no_complaint(&browser);
    drop(stop);
    server.join().unwrap();
}

/// The picture of a run that took place: `SHAPE_ARTIFACTS` names the folder of its reports, `SHAPE_SCREENSHOT` the file.
#[test]
fn the_picture_of_a_finished_run() {
    let (Some(dir), Some(path)) = (
        std::env::var_os("SHAPE_ARTIFACTS"),
        std::env::var_os("SHAPE_SCREENSHOT"),
    ) else {
        return;
    };
    let Some(mut browser) = browser() else { return };
    let dashboard = Dashboard::from_artifacts(dir).unwrap();
    let server = spawn(dashboard, ([127, 0, 0, 1], 0).into()).unwrap();
    browser.screen(1440, 1280, "light");
    browser.open(&server.url());
    browser.wait_for(LIVE);
    browser.wait_for("document.querySelector('.tile')");
    std::thread::sleep(std::time::Duration::from_millis(500));
    browser.screenshot(Path::new(&path), false);
    assert_no_complaint(&browser);
}

fn key(browser: &mut Browser, name: &str, code: u32) {
    let mut event = serde_json::json!({ "type": "keyDown", "key": name, "code": name, "windowsVirtualKeyCode": code });
    if name == "Enter" {
        event["text"] = "\r".into();
    }
    browser.call("Input.dispatchKeyEvent", event.clone());
    event["type"] = "keyUp".into();
    browser.call("Input.dispatchKeyEvent", event);
}
