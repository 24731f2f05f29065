//! Whether a service is up.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream, ToSocketAddrs},
    path::PathBuf,
    time::Duration,
};

use crate::EnvironmentError;

const PROBE: Duration = Duration::from_millis(500);

/// How to see that a service is up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Ready {
    Http { address: String, path: String },
    Tcp { address: String },
    Log { text: String },
}

impl Ready {
    /// Reads the `ready` key, its placeholders filled in.
    pub(super) fn parse(text: &str) -> Result<Self, EnvironmentError> {
        if let Some(rest) = text.strip_prefix("http://") {
            let (address, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
            let address = if address.contains(':') {
                address.to_owned()
            } else {
                format!("{address}:80")
            };
            let path = if path.is_empty() { "/" } else { path };
            return Ok(Self::Http {
                address,
                path: path.to_owned(),
            });
        }
        if let Some(address) = text.strip_prefix("tcp://").or(text.strip_prefix("tcp:")) {
            return Ok(Self::Tcp {
                address: address.to_owned(),
            });
        }
        if let Some(text) = text.strip_prefix("log:") {
            return Ok(Self::Log {
                text: text.trim().to_owned(),
            });
        }
        Err(EnvironmentError::Start {
            message: format!(
                "`ready = \"{text}\"`: expected `http://HOST:PORT/PATH`, `tcp://HOST:PORT` or `log:TEXT`"
            ),
        })
    }

    /// Looks once.
    pub(super) fn is_up(&self, files: impl FnOnce() -> Vec<PathBuf>) -> bool {
        match self {
            Self::Tcp { address } => connect(address).is_some(),
            Self::Http { address, path } => is_http_up(address, path),
            Self::Log { text } => files().iter().any(|file| {
                std::fs::read(file)
                    .is_ok_and(|bytes| String::from_utf8_lossy(&bytes).contains(text.as_str()))
            }),
        }
    }
}

fn connect(address: &str) -> Option<TcpStream> {
    let addresses: Vec<SocketAddr> = address.to_socket_addrs().ok()?.collect();
    addresses
        .iter()
        .find_map(|address| TcpStream::connect_timeout(address, PROBE).ok())
}

fn is_http_up(address: &str, path: &str) -> bool {
    let ask = || -> Option<Vec<u8>> {
        let mut stream = connect(address)?;
        stream.set_read_timeout(Some(PROBE)).ok()?;
        stream.set_write_timeout(Some(PROBE)).ok()?;
        let request =
            format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).ok()?;
        let mut start = vec![0; 64];
        let mut n_read = 0;
        while n_read < 12 {
            let n = stream.read(&mut start[n_read..]).ok()?;
            if n == 0 {
                break;
            }
            n_read += n;
        }
        start.truncate(n_read);
        Some(start)
    };
    // `HTTP/1.1 204 No Content`: the class of the status is the tenth byte.
    ask().is_some_and(|start| {
        start.starts_with(b"HTTP/1.") && matches!(start.get(9), Some(b'2' | b'3'))
    })
}

/// A port that nobody listens on at the moment.
pub(super) fn free_port() -> Result<u16, EnvironmentError> {
    TcpListener::bind(("127.0.0.1", 0))
        .and_then(|listener| listener.local_addr())
        .map(|address| address.port())
        .map_err(|error| EnvironmentError::Start {
            message: format!("no free port on the loopback: {error}"),
        })
}

/// A clear word when somebody listens on a fixed port already.
pub(super) fn check_port(port: u16) -> Result<(), EnvironmentError> {
    TcpListener::bind(("127.0.0.1", port))
        .map(|_| ())
        .map_err(|error| EnvironmentError::Start {
            message: format!(
                "port {port} can not be used ({error}); stop what listens there, or leave `port` out for a free one"
            ),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ready_is_read() {
        let http = Ready::parse("http://127.0.0.1:80/health").unwrap();
        assert_eq!(
            http,
            Ready::Http {
                address: "127.0.0.1:80".to_owned(),
                path: "/health".to_owned()
            }
        );
        let message = Ready::parse("healthy").unwrap_err().to_string();
        assert!(
            message.contains("expected `http://HOST:PORT/PATH`"),
            "{message}"
        );
    }

    #[test]
    fn a_used_port_is_named() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let message = check_port(port).unwrap_err().to_string();
        assert!(
            message.starts_with(&format!("port {port} can not be used")),
            "{message}"
        );
    }
}
