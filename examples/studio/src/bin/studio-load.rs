//! The load: people who use the studio, and one who drags the edge of its window.
//!
//! What is asked follows from the seed alone; when it is asked follows from the clock as well,
//! because people look at an answer before they go on.

#![forbid(unsafe_code)]

use std::{
    collections::BTreeMap,
    env,
    fmt::Write as _,
    net::{Ipv4Addr, SocketAddr},
    process::ExitCode,
    thread,
    time::{Duration, Instant},
};

use studio::{
    client::{Client, Reply},
    random::Random,
};

const USAGE: &str = "\
usage: studio-load --port N [--seed N] [--seconds S] [--json]

  --port N      the studio listens on 127.0.0.1:N
  --seed N      what the users do follows from it (default: 1)
  --seconds S   how long they do it, 1 to 3600 (default: 8)
  --json        print the summary as JSON
  --help        print this

Exit code 0: the load ran (whatever the studio answered). 1: the studio was not there. 2: usage.";

/// People who look, click and drop things, each with a connection.
const USERS: u64 = 20;

/// Longest and shortest time that a user looks at an answer, in milliseconds.
const THINKING_MS: (u32, u32) = (20, 60);

/// How many sizes a window goes through when its edge is dragged once.
const DRAG_EVENTS: (u32, u32) = (25, 40);

/// The pause before the edge is dragged again, in milliseconds.
const DRAG_PAUSE_MS: (u32, u32) = (180, 320);

/// Ids as the catalogue spells them.
const IDS: [&str; 6] = ["button", "card", "image", "menu", "slider", "text field"];

/// Ids as people type them.
const TYPED_IDS: [&str; 6] = [
    "Text Field",
    " Button",
    "IMAGE",
    "Data Grid",
    "slider ",
    "Tab Bar",
];

/// What a user asks for, and how often in a hundred times.
const ACTIONS: [(u32, Action); 7] = [
    (36, Action::Frame),
    (14, Action::Lookup),
    (14, Action::Drop),
    (15, Action::Field),
    (7, Action::Header),
    (7, Action::Theme),
    (7, Action::Plugins),
];

#[derive(Clone, Copy)]
enum Action {
    Frame,
    Lookup,
    Drop,
    Field,
    Header,
    Theme,
    Plugins,
}

struct Options {
    address: SocketAddr,
    seed: u64,
    length: Duration,
    json: bool,
}

fn main() -> ExitCode {
    let options = match options(env::args().skip(1)) {
        Ok(Some(options)) => options,
        Ok(None) => {
            println!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        Err(message) => {
            eprintln!("studio-load: {message}");
            return ExitCode::from(2);
        }
    };
    if let Err(cause) = Client::new(options.address).get("/host-sdk/health") {
        eprintln!("studio-load: no studio at {}: {cause}", options.address);
        return ExitCode::FAILURE;
    }
    let tally = run(&options);
    println!(
        "{}",
        if options.json {
            tally.to_json()
        } else {
            tally.to_text()
        }
    );
    ExitCode::SUCCESS
}

fn options(mut args: impl Iterator<Item = String>) -> Result<Option<Options>, String> {
    let (mut port, mut seed, mut seconds, mut json) = (None, 1, 8, false);
    while let Some(arg) = args.next() {
        let mut number = |what: &str| {
            let value = args.next().ok_or_else(|| format!("{arg} needs a number"))?;
            value
                .parse::<u64>()
                .map_err(|_| format!("`{value}` is not {what}"))
        };
        match arg.as_str() {
            "--port" => {
                let value = number("a port")?;
                let value = u16::try_from(value).map_err(|_| format!("`{value}` is not a port"))?;
                port = Some(value);
            }
            "--seed" => seed = number("a seed")?,
            "--seconds" => seconds = number("a number of seconds")?,
            "--json" => json = true,
            "--help" => return Ok(None),
            _ => return Err(format!("unknown argument `{arg}`\n{USAGE}")),
        }
    }
    if !(1..=3_600).contains(&seconds) {
        return Err(format!("`{seconds}` seconds: expected 1 to 3600"));
    }
    let port = port.ok_or("--port is missing")?;
    let address = (Ipv4Addr::LOCALHOST, port).into();
    Ok(Some(Options {
        address,
        seed,
        length: Duration::from_secs(seconds),
        json,
    }))
}

fn run(options: &Options) -> Tally {
    let end = Instant::now() + options.length;
    thread::scope(|scope| {
        let users: Vec<_> = (0..USERS)
            .map(|user| scope.spawn(move || use_studio(options, user + 1, end)))
            .chain([scope.spawn(move || drag_edge(options, end))])
            .collect();
        users
            .into_iter()
            .filter_map(|user| user.join().ok())
            .fold(Tally::default(), |sum, of_user| sum.merge(&of_user))
    })
}

/// One user, from the first request to the end of the load.
fn use_studio(options: &Options, user: u64, end: Instant) -> Tally {
    let mut random = Random::new(options.seed ^ user << 32);
    let mut visitor = Visitor::new(options.address);
    while think(random.between(THINKING_MS.0, THINKING_MS.1), end) {
        let id = query_value(any_id(&mut random));
        match any_action(&mut random) {
            Action::Frame => visitor.get("/canvas/frame", ""),
            Action::Lookup => visitor.get("/library/component", &format!("?id={id}")),
            Action::Drop => visitor.post("/library/drop", &format!("?id={id}")),
            Action::Field => {
                let name = random
                    .pick(&["width", "height", "shapes"])
                    .unwrap_or(&"width");
                visitor.get("/control-panel/field", &format!("?name={name}"));
            }
            Action::Header => visitor.get("/header", ""),
            Action::Theme => visitor.post("/theme/toggle", ""),
            Action::Plugins => visitor.get("/host-sdk/plugins", ""),
        }
    }
    visitor.tally
}

/// Somebody who drags the edge of the window a few times a second.
fn drag_edge(options: &Options, end: Instant) -> Tally {
    let mut random = Random::new(options.seed);
    let mut visitor = Visitor::new(options.address);
    while think(random.between(DRAG_PAUSE_MS.0, DRAG_PAUSE_MS.1), end) {
        let (mut width, mut height) = (random.between(1_180, 1_240), random.between(740, 780));
        for _ in 0..random.between(DRAG_EVENTS.0, DRAG_EVENTS.1) {
            width += random.below(3);
            height += random.below(2);
            visitor.post("/canvas/resize", &format!("?width={width}&height={height}"));
        }
    }
    visitor.tally
}

/// Waits; `false` when the load is over.
fn think(ms: u32, end: Instant) -> bool {
    let pause = Duration::from_millis(u64::from(ms));
    thread::sleep(pause.min(end.saturating_duration_since(Instant::now())));
    Instant::now() < end
}

fn any_action(random: &mut Random) -> Action {
    let mut ticket = random.below(ACTIONS.iter().map(|(share, _)| share).sum());
    for (share, action) in ACTIONS {
        if ticket < share {
            return action;
        }
        ticket -= share;
    }
    Action::Frame
}

/// An id as a person gives it: out of a menu, typed, or (rarely) of something that is not there.
fn any_id(random: &mut Random) -> &'static str {
    let choices: &[&str] = match random.below(100) {
        0 => &["hologram"],
        1..36 => &TYPED_IDS,
        _ => &IDS,
    };
    random.pick(choices).copied().unwrap_or("button")
}

fn query_value(id: &str) -> String {
    id.replace(' ', "%20")
}

/// A client that keeps count.
struct Visitor {
    client: Client,
    tally: Tally,
}

impl Visitor {
    fn new(address: SocketAddr) -> Self {
        Self {
            client: Client::new(address),
            tally: Tally::default(),
        }
    }

    fn get(&mut self, path: &'static str, query: &str) {
        self.count(path, |client| client.get(&format!("{path}{query}")));
    }

    fn post(&mut self, path: &'static str, query: &str) {
        self.count(path, |client| client.post(&format!("{path}{query}")));
    }

    fn count(
        &mut self,
        path: &'static str,
        send: impl FnOnce(&mut Client) -> std::io::Result<Reply>,
    ) {
        let started = Instant::now();
        let reply = send(&mut self.client);
        let took = started.elapsed();
        let of_path = self.tally.paths.entry(path).or_default();
        match reply {
            Ok(reply) if reply.status < 500 => of_path.good += 1,
            Ok(_) => of_path.failed += 1,
            Err(_) => of_path.unanswered += 1,
        }
        of_path.times.push(took);
    }
}

/// What came of all requests.
#[derive(Default)]
struct Tally {
    paths: BTreeMap<&'static str, PathTally>,
}

#[derive(Default)]
struct PathTally {
    good: u64,
    failed: u64,
    unanswered: u64,
    times: Vec<Duration>,
}

impl PathTally {
    fn add(&mut self, other: &Self) {
        self.good += other.good;
        self.failed += other.failed;
        self.unanswered += other.unanswered;
        self.times.extend(&other.times);
    }

    const fn requests(&self) -> u64 {
        self.good + self.failed + self.unanswered
    }

    /// Milliseconds that `percent` of the requests needed at most (nearest rank).
    fn percentile_ms(&self, percent: usize) -> f64 {
        let mut times = self.times.clone();
        times.sort_unstable();
        let rank = (times.len() * percent).div_ceil(100).max(1);
        times
            .get(rank - 1)
            .map_or(0.0, |time| time.as_secs_f64() * 1e3)
    }

    fn to_json(&self) -> String {
        format!(
            r#"{{"requests":{},"status_5xx":{},"unanswered":{},"p50_ms":{:.2},"p95_ms":{:.2},"p99_ms":{:.2}}}"#,
            self.requests(),
            self.failed,
            self.unanswered,
            self.percentile_ms(50),
            self.percentile_ms(95),
            self.percentile_ms(99),
        )
    }
}

impl Tally {
    fn merge(mut self, other: &Self) -> Self {
        for (path, of_path) in &other.paths {
            self.paths.entry(path).or_default().add(of_path);
        }
        self
    }

    fn total(&self) -> PathTally {
        self.paths
            .values()
            .fold(PathTally::default(), |mut total, of_path| {
                total.add(of_path);
                total
            })
    }

    fn to_text(&self) -> String {
        let total = self.total();
        format!(
            "{} requests, {} answered with 5xx, {} unanswered, p50 {:.2} ms, p95 {:.2} ms, p99 {:.2} ms",
            total.requests(),
            total.failed,
            total.unanswered,
            total.percentile_ms(50),
            total.percentile_ms(95),
            total.percentile_ms(99),
        )
    }

    fn to_json(&self) -> String {
        let mut json = format!(r#"{{"total":{},"paths":{{"#, self.total().to_json());
        for (n, (path, of_path)) in self.paths.iter().enumerate() {
            let comma = if n == 0 { "" } else { "," };
            // Writing to a string can not fail.
            _ = write!(json, r#"{comma}"{path}":{}"#, of_path.to_json());
        }
        json + "}}"
    }
}
