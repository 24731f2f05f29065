//! Notifications: once when an incident begins, once when it is over, whatever happens in between.

use std::{cell::RefCell, collections::BTreeSet, fs, ops::Range, path::Path};

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use shape_budget::{BudgetConfig, BudgetReport, assess_slo};
use shape_compliance::{
    AlertStatus, ComplianceReport, Deliver, DeliveryError, ErrorKind, Flushed, JudgeConfig,
    Notification, NotifyConfig, Outbox, WebhookMessage, judge, notifications,
};
use shape_sli::{Events, Indicator, SliPoint};
use shape_slo::{Slo, SloSet, Window};
use shape_telemetry::ComponentId;

fn start() -> Timestamp {
    "2026-11-24T08:00:00Z".parse().unwrap()
}

fn at(minute: i64) -> Timestamp {
    start() + SignedDuration::from_mins(minute)
}

/// A service of which all fails in some minutes, judged every ten.
fn reports(bad: Range<i64>, minutes: i64) -> Vec<ComplianceReport> {
    let target = "99%".parse().unwrap();
    let window = Window::Rolling { seconds: 3_600 };
    let slo = Slo::new(
        &ComponentId::new("canvas"),
        Indicator::Availability,
        target,
        window,
    );
    let promises = SloSet::new("studio", vec![slo]).ratify("the test", start());
    let points: Vec<SliPoint> = (0..minutes)
        .map(|minute| {
            let is_bad = bad.contains(&minute);
            let events = if is_bad {
                Events::from_good_bad(0, 100)
            } else {
                Events::from_good_bad(100, 0)
            };
            SliPoint {
                start: at(minute),
                events,
            }
        })
        .collect();
    let mut reports: Vec<ComplianceReport> = Vec::new();
    for minute in (10..=minutes).step_by(10) {
        let budget = assess_slo(
            &promises.slos[0],
            &points,
            Events::NONE,
            60_000,
            at(minute),
            &BudgetConfig::new(),
        );
        let budgets = BudgetReport {
            schema_version: BudgetReport::SCHEMA_VERSION,
            now: at(minute),
            budgets: vec![budget.unwrap()],
        };
        reports.push(judge(
            &promises,
            &budgets,
            reports.last(),
            &JudgeConfig::new(),
        ));
    }
    reports
}

fn all(reports: &[ComplianceReport]) -> Vec<Notification> {
    let config = NotifyConfig::new("studio", "on-call").external_url("https://shape.example/");
    let mut told = Vec::new();
    let mut previous = None;
    for report in reports {
        told.extend(notifications(previous, report, &config));
        previous = Some(report);
    }
    told
}

/// Receives, unless told to fail; remembers each message.
#[derive(Default)]
struct Receiver {
    got: RefCell<Vec<String>>,
    mistakes: RefCell<Vec<DeliveryError>>,
}

impl Receiver {
    fn fails(self, is_final: bool, times: usize) -> Self {
        let mistake = DeliveryError {
            is_final,
            message: "answered 503".to_owned(),
        };
        self.mistakes.borrow_mut().extend(vec![mistake; times]);
        self
    }
}

impl Deliver for Receiver {
    fn deliver(&self, notification: &Notification) -> Result<(), DeliveryError> {
        if let Some(mistake) = self.mistakes.borrow_mut().pop() {
            return Err(mistake);
        }
        self.got.borrow_mut().push(notification.key.clone());
        Ok(())
    }
}

#[test]
fn an_incident_is_told_once_and_resolved_once() {
    let reports = reports(20..25, 120);
    assert!(
        reports
            .iter()
            .filter(|report| !report.breaches.is_empty())
            .count()
            > 3
    );
    let told = all(&reports);
    let keys: Vec<&str> = told.iter().map(|told| told.key.as_str()).collect();
    assert_eq!(
        keys,
        [
            "canvas/availability@2026-11-24T08:20:00Z/firing",
            "canvas/availability@2026-11-24T08:20:00Z/resolved"
        ]
    );
    let [firing, resolved] = [&told[0].message, &told[1].message];
    assert_eq!(
        (firing.status, resolved.status),
        (AlertStatus::Firing, AlertStatus::Resolved)
    );
    assert_eq!(firing.alerts[0].fingerprint, resolved.alerts[0].fingerprint);
    assert_eq!(firing.group_key, resolved.group_key);
    assert_eq!(firing.alerts[0].ends_at.to_string(), "0001-01-01T00:00:00Z");
    assert!(firing.alerts[0].ends_at < firing.alerts[0].starts_at);
    assert!(resolved.alerts[0].starts_at < resolved.alerts[0].ends_at);
    assert!(firing.alerts[0].annotations["cause"].contains("bad events between"));
}

/// A message that Alertmanager 0.25 posted, and ours: the same keys, and ours reads theirs.
#[test]
fn messages_have_the_shape_of_alertmanager() {
    let golden = include_str!("data/alertmanager-0.25-webhook.json");
    let theirs: WebhookMessage = serde_json::from_str(golden).unwrap();
    assert_eq!(theirs.version, "4");
    let ours = &all(&reports(20..25, 60))[0].message;
    let keys = |value: &serde_json::Value| -> BTreeSet<String> {
        value.as_object().unwrap().keys().cloned().collect()
    };
    let theirs: serde_json::Value = serde_json::from_str(golden).unwrap();
    let ours = serde_json::to_value(ours).unwrap();
    assert_eq!(keys(&theirs), keys(&ours));
    assert_eq!(keys(&theirs["alerts"][0]), keys(&ours["alerts"][0]));
    assert_eq!(theirs["alerts"][0]["endsAt"], ours["alerts"][0]["endsAt"]);
    let form = |message: &serde_json::Value| {
        message["groupKey"]
            .as_str()
            .unwrap()
            .replace("08:00:03", "08:20:00")
    };
    assert_eq!(form(&theirs), form(&ours));
}

#[test]
fn a_receiver_that_fails_gets_it_later_and_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(Outbox::FILE_NAME);
    let told = all(&reports(20..25, 120));
    let mut outbox = Outbox::open(&path).unwrap();
    assert_eq!(outbox.queue(told.clone()).unwrap(), 2);
    let receiver = Receiver::default().fails(false, 2);
    let now = start();
    let flushed = outbox.flush(now, &receiver).unwrap();
    assert_eq!(flushed.waiting.len(), 2);
    assert!(receiver.got.borrow().is_empty());
    // Not before ten seconds have gone, then twenty.
    let seconds = |seconds| now + SignedDuration::from_secs(seconds);
    assert!(
        outbox
            .flush(seconds(9), &receiver)
            .unwrap()
            .delivered
            .is_empty()
    );
    assert_eq!(receiver.mistakes.borrow().len(), 1);
    assert!(
        outbox
            .flush(seconds(10), &receiver)
            .unwrap()
            .delivered
            .is_empty()
    );
    assert!(
        outbox
            .flush(seconds(29), &receiver)
            .unwrap()
            .delivered
            .is_empty()
    );
    assert_eq!(
        outbox
            .flush(seconds(30), &receiver)
            .unwrap()
            .delivered
            .len(),
        2
    );
    assert!(
        receiver.got.borrow()[0].ends_with("/firing")
            && receiver.got.borrow()[1].ends_with("/resolved")
    );
    // What the receiver refuses for good is not tried again, and said.
    let mut outbox = Outbox::open(&folder.path().join("other")).unwrap();
    outbox.queue(told).unwrap();
    let flushed = outbox
        .flush(now, &Receiver::default().fails(true, 1))
        .unwrap();
    assert_eq!((flushed.refused.len(), flushed.delivered.len()), (1, 1));
    assert_eq!(outbox.waiting().count(), 0);
}

#[test]
fn a_damaged_outbox_says_where() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(Outbox::FILE_NAME);
    let told = all(&reports(20..25, 120));
    Outbox::open(&path).unwrap().queue(told).unwrap();
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replacen("firing", "fiRing", 1)).unwrap();
    let error = Outbox::open(&path).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::History);
    assert!(error.to_string().contains("line 1"), "{error}");
    let without_first = text.split_once('\n').unwrap().1;
    fs::write(&path, without_first).unwrap();
    assert!(
        Outbox::open(&path)
            .unwrap_err()
            .to_string()
            .contains("digest")
    );
}

/// Everything a process does to its outbox, killed after any byte of the file and started again: each message is delivered,
/// and twice only where the receiver had it and the file did not know.
fn run(path: &Path, reports: &[ComplianceReport], receiver: &Receiver) -> Flushed {
    let mut outbox = Outbox::open(path).unwrap();
    outbox.queue(all(reports)).unwrap();
    outbox.flush(start(), receiver).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn killed_at_any_byte_nothing_is_lost(cut in 0.0_f64..1.0, n_reports in 1_usize..12) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("outbox");
        let reports = reports(20..25, 120);
        let first = Receiver::default();
        run(&path, &reports[..n_reports], &first);
        let bytes = fs::read(&path).unwrap();
        let whole: f64 = f64::from(u32::try_from(bytes.len()).unwrap());
        let kept: usize = format!("{:.0}", (cut * whole).floor()).parse().unwrap();
        fs::write(&path, &bytes[..kept]).unwrap();
        let second = Receiver::default();
        run(&path, &reports, &second);
        let all: BTreeSet<String> = all(&reports).into_iter().map(|told| told.key).collect();
        let got = |receiver: &Receiver| -> BTreeSet<String> { receiver.got.borrow().iter().cloned().collect() };
        let either: BTreeSet<String> = got(&first).union(&got(&second)).cloned().collect();
        prop_assert_eq!(&either, &all);
        // Once is once: no run sends a message twice, and what the file knew is not sent again.
        prop_assert_eq!(second.got.borrow().len(), got(&second).len());
        let text = String::from_utf8_lossy(&bytes[..kept]).into_owned();
        for line in text.split_inclusive('\n').filter(|line| line.ends_with('\n') && line.contains("\"delivered\"")) {
            let again = got(&second).into_iter().find(|key| line.contains(key.as_str()));
            prop_assert_eq!(again, None);
        }
        let third = Receiver::default();
        run(&path, &reports, &third);
        prop_assert!(third.got.borrow().is_empty());
    }
}

#[cfg(feature = "webhook")]
mod over_http {
    use std::{
        io::{Read as _, Write as _},
        net::TcpListener,
        thread,
    };

    use shape_compliance::Webhook;

    use super::*;

    /// Answers each connection with one of the codes, and gives the requests back.
    fn serve(codes: &'static [u16]) -> (String, thread::JoinHandle<Vec<String>>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let server = thread::spawn(move || {
            let mut requests = Vec::new();
            for code in codes {
                let (mut stream, _) = listener.accept().unwrap();
                let mut request = String::new();
                let mut chunk = [0; 4_096];
                let is_whole = |request: &str| {
                    let (head, body) = request.split_once("\r\n\r\n")?;
                    let length = head.lines().find_map(|line| {
                        let (name, value) = line.split_once(':')?;
                        name.eq_ignore_ascii_case("content-length")
                            .then(|| value.trim().parse().ok())?
                    });
                    (length.unwrap_or(0) <= body.len()).then_some(())
                };
                while is_whole(&request).is_none() {
                    let n = stream.read(&mut chunk).unwrap();
                    request.push_str(std::str::from_utf8(&chunk[..n]).unwrap());
                }
                let answer =
                    format!("HTTP/1.1 {code} X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
                stream.write_all(answer.as_bytes()).unwrap();
                requests.push(request);
            }
            requests
        });
        (url, server)
    }

    #[test]
    fn messages_are_posted_and_tried_again() {
        let folder = tempfile::tempdir().unwrap();
        let mut outbox = Outbox::open(&folder.path().join("outbox")).unwrap();
        outbox.queue(all(&reports(20..25, 120))).unwrap();
        let (url, server) = serve(&[503, 200, 404]);
        let receiver = Webhook::new(&url).header("Authorization", "Bearer test");
        let first = outbox.flush(start(), &receiver).unwrap();
        assert_eq!(first.waiting[0].1, "answered 503");
        let second = outbox.flush(at(1), &receiver).unwrap();
        assert_eq!((second.delivered.len(), second.refused.len()), (1, 1));
        assert_eq!(second.refused[0].1, "answered 404");
        let requests = server.join().unwrap();
        let (head, body) = requests[1].split_once("\r\n\r\n").unwrap();
        let head = head.to_lowercase();
        assert!(head.starts_with("post /hook http/1.1"), "{head}");
        assert!(
            head.contains("idempotency-key: canvas/availability@2026-11-24t08:20:00z/firing"),
            "{head}"
        );
        assert!(
            head.contains("authorization: bearer test")
                && head.contains("content-type: application/json")
        );
        let message: WebhookMessage = serde_json::from_str(body).unwrap();
        assert_eq!(message.status, AlertStatus::Firing);
        // The same message both times.
        assert_eq!(requests[0], requests[1]);
        // Nobody listens any more: it waits.
        let mut outbox = Outbox::open(&folder.path().join("other")).unwrap();
        outbox.queue(all(&reports(20..25, 120))).unwrap();
        assert_eq!(outbox.flush(start(), &receiver).unwrap().waiting.len(), 2);
        let nowhere = Webhook::new("not an address");
        assert_eq!(outbox.flush(at(1), &nowhere).unwrap().refused.len(), 2);
    }
}
