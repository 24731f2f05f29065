//! A client that knows as much of HTTP as the server does.

use std::{
    io::{self, BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

/// How long a request may take before the client gives up.
const PATIENCE: Duration = Duration::from_secs(10);

/// The longest response that the client reads, in bytes.
const MAX_RESPONSE: u64 = 1 << 20;

/// One user of the service. It keeps its connection and opens another one when that is lost.
#[derive(Debug)]
pub struct Client {
    address: SocketAddr,
    connection: Option<BufReader<TcpStream>>,
}

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The status code.
    pub status: u16,
    /// The body.
    pub body: String,
}

impl Client {
    /// A client that is not connected yet.
    pub const fn new(address: SocketAddr) -> Self {
        Self {
            address,
            connection: None,
        }
    }

    /// Reads `target`, a path with a query.
    pub fn get(&mut self, target: &str) -> io::Result<Reply> {
        self.send("GET", target)
    }

    /// Posts to `target`, a path with a query, without a body.
    pub fn post(&mut self, target: &str) -> io::Result<Reply> {
        self.send("POST", target)
    }

    fn send(&mut self, method: &str, target: &str) -> io::Result<Reply> {
        // Taken, and put back only when a reply says so: a broken connection is not used again.
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => BufReader::new(connect(self.address)?),
        };
        let request =
            format!("{method} {target} HTTP/1.1\r\nhost: studio\r\ncontent-length: 0\r\n\r\n");
        connection.get_mut().write_all(request.as_bytes())?;
        let (reply, keep_alive) = read_reply(&mut connection)?;
        if keep_alive {
            self.connection = Some(connection);
        }
        Ok(reply)
    }
}

fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    Ok(stream)
}

/// The reply, and whether the connection stays open.
fn read_reply(reader: &mut impl BufRead) -> io::Result<(Reply, bool)> {
    let broken = |what: &str| io::Error::new(io::ErrorKind::InvalidData, what.to_owned());
    let mut reader = reader.take(MAX_RESPONSE);
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    let status = line.split(' ').nth(1).and_then(|word| word.parse().ok());
    let status = status.ok_or_else(|| broken("a reply without a status"))?;
    let (mut len, mut keep_alive) = (0, true);
    loop {
        line.clear();
        if reader.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let Some((name, value)) = line.trim_end().split_once(": ") else {
            break;
        };
        match name {
            "content-length" => {
                len = value
                    .parse()
                    .map_err(|_| broken("a reply without a length"))?;
            }
            "connection" => keep_alive = value != "close",
            _ => {}
        }
    }
    let mut body = String::new();
    reader.take(len).read_to_string(&mut body)?;
    Ok((Reply { status, body }, keep_alive))
}
