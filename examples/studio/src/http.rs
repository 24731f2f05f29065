//! As much of HTTP/1.1 (RFC 9112) as the studio needs: small requests in, small responses out.

use std::{
    fmt,
    io::{self, BufRead, Read},
};

/// The longest request line with its headers, in bytes.
const MAX_HEAD: u64 = 8 * 1024;

/// The longest body, in bytes. No route reads one; it is read so that the next request is found.
const MAX_BODY: u64 = 64 * 1024;

/// What a request wants to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Read something.
    Get,
    /// Change something.
    Post,
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Get => "GET",
            Self::Post => "POST",
        })
    }
}

/// A request, read to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// What it wants to do.
    pub method: Method,
    /// Whether the connection stays open for another one.
    pub keep_alive: bool,
    path: String,
    query: Vec<(String, String)>,
}

impl Request {
    /// The path without the query, as it was sent.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The decoded value of the first query parameter called `name`.
    pub fn query(&self, name: &str) -> Option<String> {
        let (_, value) = self.query.iter().find(|(key, _)| key == name)?;
        Some(value.clone())
    }
}

/// Why there is no request.
#[derive(Debug)]
pub enum RequestError {
    /// The other side hung up, or was too slow.
    Io(io::Error),
    /// What came is not a request that we serve: the status to answer with, and the reason.
    Refused(u16, &'static str),
}

impl From<io::Error> for RequestError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Reads one request; `None` when the connection ended before it began.
pub fn read_request(reader: &mut impl BufRead) -> Result<Option<Request>, RequestError> {
    let mut head = reader.by_ref().take(MAX_HEAD);
    let mut line = Vec::new();
    if head.read_until(b'\n', &mut line)? == 0 {
        return Ok(None);
    }
    let (method, target, mut keep_alive) = request_line(trim_line(&line, head.limit())?)?;
    let mut body_len = 0;
    loop {
        line.clear();
        head.read_until(b'\n', &mut line)?;
        let text = trim_line(&line, head.limit())?;
        if text.is_empty() {
            break;
        }
        let (name, value) = text
            .split_once(':')
            .ok_or(RequestError::Refused(400, "a header without a colon"))?;
        let value = value.trim();
        if name.eq_ignore_ascii_case("content-length") {
            body_len = value
                .parse()
                .map_err(|_| RequestError::Refused(400, "content-length is not a number"))?;
        } else if name.eq_ignore_ascii_case("transfer-encoding") {
            return Err(RequestError::Refused(501, "send a content-length instead"));
        } else if name.eq_ignore_ascii_case("connection") {
            keep_alive = !value.eq_ignore_ascii_case("close");
        }
    }
    skip_body(reader, body_len)?;
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let query = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            (percent_decode(key), percent_decode(value))
        });
    Ok(Some(Request {
        method,
        keep_alive,
        path: path.to_owned(),
        query: query.collect(),
    }))
}

/// A line of the head without its line end; `left` is how much of the head may still come.
fn trim_line(line: &[u8], left: u64) -> Result<&str, RequestError> {
    let Some(line) = line.strip_suffix(b"\n") else {
        return Err(if left == 0 {
            RequestError::Refused(431, "the head of the request is too long")
        } else {
            RequestError::Io(io::ErrorKind::UnexpectedEof.into())
        });
    };
    str::from_utf8(line.strip_suffix(b"\r").unwrap_or(line))
        .map_err(|_| RequestError::Refused(400, "the head of the request is not UTF-8"))
}

fn request_line(line: &str) -> Result<(Method, String, bool), RequestError> {
    let mut words = line.split(' ');
    let (Some(method), Some(target), Some(version), None) =
        (words.next(), words.next(), words.next(), words.next())
    else {
        return Err(RequestError::Refused(
            400,
            "a request line is a method, a path, a version",
        ));
    };
    let keep_alive = match version {
        "HTTP/1.1" => true,
        "HTTP/1.0" => false,
        _ => {
            return Err(RequestError::Refused(
                505,
                "the versions are HTTP/1.0 and HTTP/1.1",
            ));
        }
    };
    let method = match method {
        "GET" => Method::Get,
        "POST" => Method::Post,
        _ => return Err(RequestError::Refused(501, "the methods are GET and POST")),
    };
    // The path is logged as it is, so it must not be able to look like something else.
    if !target.starts_with('/') || !target.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(RequestError::Refused(
            400,
            "a path begins with a slash and has no blanks",
        ));
    }
    Ok((method, target.to_owned(), keep_alive))
}

fn skip_body(reader: &mut impl BufRead, len: u64) -> Result<(), RequestError> {
    if MAX_BODY < len {
        return Err(RequestError::Refused(
            413,
            "the body of the request is too long",
        ));
    }
    if io::copy(&mut reader.take(len), &mut io::sink())? < len {
        return Err(RequestError::Io(io::ErrorKind::UnexpectedEof.into()));
    }
    Ok(())
}

/// `Text%20Field` and `Text+Field` are "Text Field"; what is not an escape stays as it is.
pub fn percent_decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [byte, tail @ ..] = rest {
        rest = tail;
        match (byte, tail) {
            (b'%', [high, low, after @ ..]) => match (hex_digit(*high), hex_digit(*low)) {
                (Some(high), Some(low)) => {
                    bytes.push(high << 4 | low);
                    rest = after;
                }
                _ => bytes.push(b'%'),
            },
            (b'+', _) => bytes.push(b' '),
            _ => bytes.push(*byte),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn hex_digit(digit: u8) -> Option<u8> {
    u8::try_from(char::from(digit).to_digit(16)?).ok()
}

/// `text` as a JSON string with its quotes (RFC 8259, section 7).
pub fn json_string(text: &str) -> String {
    let mut json = String::with_capacity(text.len() + 2);
    json.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => json.extend(['\\', c]),
            c if c.is_control() => json.extend(["\\u00", &format!("{:02x}", u32::from(c))]),
            c => json.push(c),
        }
    }
    json.push('"');
    json
}

/// What a request gets back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// The status code.
    pub status: u16,
    content_type: &'static str,
    body: String,
}

impl Response {
    /// 200 with a JSON document.
    pub fn json(body: String) -> Self {
        Self {
            status: 200,
            content_type: "application/json",
            body,
        }
    }

    /// Any status with a line of text.
    pub fn text(status: u16, text: &str) -> Self {
        Self {
            status,
            content_type: "text/plain; charset=utf-8",
            body: format!("{text}\n"),
        }
    }

    /// 404 for a method and a path that no component serves.
    pub fn no_such_route(request: &Request) -> Self {
        Self::text(
            404,
            &format!("there is no {} {}", request.method, request.path()),
        )
    }

    /// The bytes to send.
    pub fn to_bytes(&self, keep_alive: bool) -> Vec<u8> {
        let connection = if keep_alive { "keep-alive" } else { "close" };
        format!(
            "HTTP/1.1 {} {}\r\ncontent-type: {}\r\ncontent-length: {}\r\nconnection: {connection}\
             \r\n\r\n{}",
            self.status,
            reason(self.status),
            self.content_type,
            self.body.len(),
            self.body,
        )
        .into_bytes()
    }
}

/// The reason phrases of the statuses that the studio sends (RFC 9110, section 15).
const fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        202 => "Accepted",
        400 => "Bad Request",
        404 => "Not Found",
        413 => "Content Too Large",
        431 => "Request Header Fields Too Large",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        503 => "Service Unavailable",
        505 => "HTTP Version Not Supported",
        _ => "Unknown",
    }
}
