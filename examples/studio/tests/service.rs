//! The whole service over loopback.

use std::{
    io::{self, Read, Write},
    net::{SocketAddr, TcpStream},
    sync::{Arc, Mutex},
    thread::{self, JoinHandle},
};

use studio::{client::Client, log::Logger, server::Server};

/// A service on a port of its own, and everything it has logged.
struct Running {
    address: SocketAddr,
    lines: Lines,
    thread: JoinHandle<io::Result<()>>,
}

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0
            .lock()
            .map_err(|_| io::Error::other("poisoned"))?
            .write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn start() -> Running {
    let lines = Lines::default();
    let server = Server::bind(0, Logger::new(lines.clone())).expect("a free port");
    let address = server.address();
    Running {
        address,
        lines,
        thread: thread::spawn(|| server.run()),
    }
}

impl Running {
    /// Stops the service and hands back its log.
    fn stop(self) -> String {
        let reply = Client::new(self.address)
            .post("/host-sdk/shutdown")
            .expect("a reply");
        assert_eq!(reply.status, 202);
        self.thread.join().expect("no panic").expect("no error");
        let lines = self.lines.0.lock().expect("not poisoned").clone();
        String::from_utf8(lines).expect("UTF-8")
    }
}

#[test]
fn each_component_answers_and_logs_under_its_own_name() {
    let running = start();
    let mut client = Client::new(running.address);
    let targets = [
        ("GET", "/canvas/frame", 200, "studio::canvas"),
        (
            "POST",
            "/canvas/resize?width=640&height=400",
            202,
            "studio::canvas",
        ),
        (
            "GET",
            "/library/component?id=button",
            200,
            "studio::library",
        ),
        ("POST", "/library/drop?id=card", 200, "studio::library"),
        (
            "GET",
            "/control-panel/field?name=width",
            200,
            "studio::control_panel",
        ),
        ("GET", "/header", 200, "studio::header"),
        ("POST", "/theme/toggle", 200, "studio::theme"),
        ("GET", "/host-sdk/plugins", 200, "studio::host_sdk"),
        ("GET", "/elsewhere", 404, "studio::server"),
    ];
    for (method, path, status, _) in targets {
        let reply = if method == "GET" {
            client.get(path)
        } else {
            client.post(path)
        };
        assert_eq!(reply.expect("a reply").status, status, "{method} {path}");
    }
    let log = running.stop();
    for (method, path, status, target) in targets {
        let path = path.split('?').next().unwrap_or(path);
        let fields = format!(" method={method} path={path} status={status} duration_ms=");
        let line = log
            .lines()
            .find(|line| line.contains(&fields))
            .expect("a line per request");
        assert!(
            line.contains(&format!(" INFO {target}: request completed request_id=")),
            "{line}"
        );
    }
}

#[test]
fn a_resize_shows_in_the_control_panel() {
    let running = start();
    let mut client = Client::new(running.address);
    client
        .post("/canvas/resize?width=640&height=400")
        .expect("a reply");
    let field = client
        .get("/control-panel/field?name=height")
        .expect("a reply");
    assert_eq!(field.body, r#"{"name":"height","value":400}"#);
    running.stop();
}

#[test]
fn requests_that_make_no_sense_are_the_callers_mistake() {
    let running = start();
    let mut client = Client::new(running.address);
    for (path, status) in [
        ("/canvas/resize?width=1&height=400", 400),
        ("/canvas/resize?width=640", 400),
        ("/library/drop", 400),
        ("/library/drop?id=hologram", 404),
        ("/control-panel/field?name=colour", 404),
        ("/canvas/frame", 404),
    ] {
        assert_eq!(
            client.post(path).expect("a reply").status,
            status,
            "POST {path}"
        );
        if path.starts_with("/control-panel") {
            assert_eq!(
                client.get(path).expect("a reply").status,
                status,
                "GET {path}"
            );
        }
    }
    let log = running.stop();
    assert!(!log.contains(" WARN ") && !log.contains("ERROR "), "{log}");
}

#[test]
fn a_request_that_is_no_http_gets_an_answer_and_the_next_client_is_served() {
    let running = start();
    let mut stream = TcpStream::connect(running.address).expect("it listens");
    stream.write_all(b"hello\r\n\r\n").expect("it reads");
    let mut answer = String::new();
    stream
        .read_to_string(&mut answer)
        .expect("it answers and hangs up");
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    assert_eq!(
        Client::new(running.address)
            .get("/theme")
            .expect("a reply")
            .status,
        200
    );
    running.stop();
}

#[test]
fn clients_at_the_same_time_all_get_their_answers() {
    let running = start();
    let address = running.address;
    let clients: Vec<_> = (0..8)
        .map(|_| {
            thread::spawn(move || {
                let mut client = Client::new(address);
                (0..20).all(|_| client.get("/theme").is_ok_and(|reply| reply.status == 200))
            })
        })
        .collect();
    for client in clients {
        assert!(client.join().expect("no panic"));
    }
    let log = running.stop();
    assert_eq!(log.matches("path=/theme status=200").count(), 160);
    assert!(
        log.lines()
            .last()
            .is_some_and(|line| line.contains("studio stopped requests=161"))
    );
}

#[test]
fn a_port_in_use_is_an_error() {
    let running = start();
    let cause = Server::bind(running.address.port(), Logger::discard()).expect_err("it is taken");
    assert_eq!(cause.kind(), io::ErrorKind::AddrInUse);
    running.stop();
}
