//! Requests as they come over the wire.

use std::io::{BufReader, ErrorKind};

use studio::http::{
    Method, Request, RequestError, Response, json_string, percent_decode, read_request,
};

fn read(bytes: &[u8]) -> Result<Option<Request>, RequestError> {
    // A buffer of one byte: no request may depend on how it is cut into packets.
    read_request(&mut BufReader::with_capacity(1, bytes))
}

#[track_caller]
fn refused(bytes: &[u8], expected: u16) {
    match read(bytes) {
        Err(RequestError::Refused(status, _)) => assert_eq!(status, expected),
        other => panic!("expected status {expected}, got {other:?}"),
    }
}

#[test]
fn a_request_has_method_path_and_query() {
    let request = read(b"POST /library/drop?id=Text%20Field&x=1 HTTP/1.1\r\nHost: a\r\n\r\n");
    let request = request.expect("valid").expect("not empty");
    assert_eq!(
        (request.method, request.path()),
        (Method::Post, "/library/drop")
    );
    assert_eq!(request.query("id").as_deref(), Some("Text Field"));
    assert_eq!(request.query("x").as_deref(), Some("1"));
    assert_eq!(request.query("y"), None);
    assert!(request.keep_alive);
}

#[test]
fn one_request_follows_another_on_a_connection() {
    let bytes =
        b"POST /theme/toggle HTTP/1.1\r\ncontent-length: 5\r\n\r\nhelloGET /theme HTTP/1.0\n\n";
    let mut reader = BufReader::with_capacity(1, &bytes[..]);
    let first = read_request(&mut reader)
        .expect("valid")
        .expect("a request");
    let second = read_request(&mut reader)
        .expect("valid")
        .expect("another request");
    assert_eq!((first.path(), second.path()), ("/theme/toggle", "/theme"));
    assert!(first.keep_alive && !second.keep_alive);
    assert!(read_request(&mut reader).expect("valid").is_none());
}

#[test]
fn what_is_not_a_request_is_refused_with_a_status() {
    refused(b"GET /\r\n\r\n", 400);
    refused(b"GET  / HTTP/1.1\r\n\r\n", 400);
    refused(b"GET theme HTTP/1.1\r\n\r\n", 400);
    refused(b"GET /caf\xc3\xa9 HTTP/1.1\r\n\r\n", 400);
    refused(b"GET /\xff HTTP/1.1\r\n\r\n", 400);
    refused(b"GET / HTTP/1.1\r\nno colon\r\n\r\n", 400);
    refused(b"GET / HTTP/1.1\r\ncontent-length: many\r\n\r\n", 400);
    refused(b"GET / HTTP/1.1\r\ncontent-length: 99999999\r\n\r\n", 413);
    refused(b"BREW / HTTP/1.1\r\n\r\n", 501);
    refused(b"GET / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n", 501);
    refused(b"GET / HTTP/2\r\n\r\n", 505);
    let long = format!("GET /{} HTTP/1.1\r\n\r\n", "a".repeat(9_000));
    refused(long.as_bytes(), 431);
}

#[test]
fn a_request_that_is_cut_short_is_an_io_error() {
    for bytes in [
        &b"GET / HT"[..],
        b"GET / HTTP/1.1\r\nhost",
        b"GET / HTTP/1.1\r\n",
    ] {
        let Err(RequestError::Io(cause)) = read(bytes) else {
            panic!("not an I/O error")
        };
        assert_eq!(cause.kind(), ErrorKind::UnexpectedEof);
    }
    assert!(read(b"").expect("an end is no error").is_none());
}

#[test]
fn escapes_are_decoded_and_what_is_none_stays() {
    assert_eq!(percent_decode("Text%20Field"), "Text Field");
    assert_eq!(percent_decode("Text+Field"), "Text Field");
    assert_eq!(percent_decode("caf%C3%A9"), "café");
    assert_eq!(percent_decode("100%"), "100%");
    assert_eq!(percent_decode("%zz%4"), "%zz%4");
    assert_eq!(percent_decode("%ff"), "\u{fffd}");
}

#[test]
fn strings_in_json_are_escaped() {
    assert_eq!(json_string("a \"b\" \\ c"), r#""a \"b\" \\ c""#);
    assert_eq!(json_string("line\nline\u{7f}"), r#""line\u000aline\u007f""#);
}

#[test]
fn a_response_says_how_long_it_is() {
    let bytes = Response::text(404, "café").to_bytes(false);
    let text = String::from_utf8(bytes).expect("UTF-8");
    let expected = "HTTP/1.1 404 Not Found\r\ncontent-type: text/plain; charset=utf-8\r\n\
                    content-length: 6\r\nconnection: close\r\n\r\ncafé\n";
    assert_eq!(text, expected);
}
