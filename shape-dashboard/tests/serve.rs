//! The server of its own.
#![cfg(feature = "serve")]

mod fixture;

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    time::{Duration, Instant},
};

use shape_dashboard::{Dashboard, ErrorKind, spawn};

const LOOPBACK: ([u8; 4], u16) = ([127, 0, 0, 1], 0);

fn ask(addr: SocketAddr, path: &str) -> String {
    let mut stream = TcpStream::connect(addr).unwrap();
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n"
    )
    .unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text
}

#[test]
fn it_serves_until_told_to_stop_even_with_an_open_stream() {
    let dashboard = Dashboard::new("studio");
    let server = spawn(dashboard.clone(), LOOPBACK.into()).unwrap();
    let addr = server.local_addr();
    assert!(ask(addr, "/api/healthz").contains(r#""status":"ok""#));

    let mut stream = TcpStream::connect(addr).unwrap();
    write!(
        stream,
        "GET /api/events HTTP/1.1\r\nhost: localhost\r\n\r\n"
    )
    .unwrap();
    let mut first = [0; 12];
    stream.read_exact(&mut first).unwrap();
    assert_eq!(&first, b"HTTP/1.1 200");

    let begin = Instant::now();
    server.shutdown().unwrap();
    assert!(begin.elapsed() < Duration::from_secs(5));
    assert!(TcpStream::connect(addr).is_err());
    // The stream was ended, not cut: the last chunk is there.
    let mut rest = String::new();
    stream.read_to_string(&mut rest).unwrap();
    assert!(rest.ends_with("0\r\n\r\n"), "{rest}");
}

#[test]
fn a_port_in_use_is_named() {
    let dashboard = Dashboard::new("studio");
    let server = spawn(dashboard.clone(), LOOPBACK.into()).unwrap();
    let error = spawn(dashboard.clone(), server.local_addr()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AddressInUse);
    let message = error.to_string();
    assert!(
        message.contains(&server.local_addr().to_string()),
        "{message}"
    );
    assert!(message.contains("choose another port"), "{message}");
    let elsewhere = spawn(dashboard.clone(), ([192, 0, 2, 1], 80).into()).unwrap_err();
    assert_eq!(elsewhere.kind(), ErrorKind::Bind);
}

/// The loop must never wait for a reader.
#[test]
fn readers_and_writers_do_not_disturb_each_other() {
    let dashboard = Dashboard::new("studio");
    let server = spawn(dashboard.clone(), LOOPBACK.into()).unwrap();
    let addr = server.local_addr();
    let events = fixture::healed().events;
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..10 {
                    assert!(ask(addr, "/api/snapshot").starts_with("HTTP/1.1 200"));
                }
            });
        }
        for _ in 0..2 {
            scope.spawn(|| (0..20).for_each(|_| events.iter().for_each(|it| dashboard.apply(it))));
        }
    });
    assert_eq!(
        dashboard.snapshot().revision,
        u64::try_from(40 * events.len()).unwrap()
    );
}
