//! Connections: one thread each, many requests on one connection.

use std::{
    io::{self, BufRead, BufReader, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    sync::atomic::{AtomicU64, AtomicUsize, Ordering},
    thread,
    time::{Duration, Instant},
};

use crate::{
    app::{App, Call, RequestId},
    canvas::{self, CanvasHandle},
    control_panel, header, host_sdk,
    http::{self, Request, RequestError, Response},
    info, library,
    log::{Logger, millis},
    random::Random,
    raster::Size,
    scene::Scene,
    theme, warn,
};

/// How many connections may be open at once.
const MAX_CONNECTIONS: usize = 128;

/// How often an idle connection looks whether the service is stopping.
const POLL: Duration = Duration::from_millis(100);

/// How long a connection may be idle.
const MAX_IDLE: Duration = Duration::from_secs(60);

/// How long the rest of a request may take, and a response that nobody reads.
const SLOWEST_TRANSFER: Duration = Duration::from_secs(5);

/// A service that listens and does not answer yet.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    log: Logger,
}

impl Server {
    /// Listens on loopback; port 0 takes any port that is free.
    pub fn bind(port: u16, log: Logger) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
        let address = listener.local_addr()?;
        Ok(Self {
            listener,
            address,
            log,
        })
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until somebody posts to `/host-sdk/shutdown`; requests that have begun are finished.
    pub fn run(self) -> io::Result<()> {
        let Self {
            listener,
            address,
            log,
        } = self;
        let version = env!("CARGO_PKG_VERSION");
        info!(log, "studio listening"; address = address, version = version);
        let (handle, queue) = CanvasHandle::new();
        let render_log = log.clone();
        let renderer = thread::Builder::new()
            .name("render".to_owned())
            .spawn(move || canvas::run(Scene::new(Size::DEFAULT), &queue, &render_log))?;
        host_sdk::start(&log);
        let app = App::new(log.clone(), handle);
        info!(log, "library ready"; components = app.catalogue.len());

        let service = Service {
            app,
            address,
            seed: seed(address),
            requests: AtomicU64::new(0),
            open: AtomicUsize::new(0),
        };
        service.accept(&listener);
        let requests = service.requests.load(Ordering::Relaxed);
        // The last handle of the canvas goes with the service, and with it the render thread.
        drop(service);
        let scene = renderer
            .join()
            .map_err(|_| io::Error::other("the render thread panicked"))?;
        info!(log, "studio stopped"; requests = requests, renders = scene.renders());
        Ok(())
    }
}

/// What the threads of all connections share.
struct Service {
    app: App,
    address: SocketAddr,
    seed: u64,
    requests: AtomicU64,
    open: AtomicUsize,
}

impl Service {
    /// Gives each connection a thread until the service stops, then waits for all of them.
    fn accept(&self, listener: &TcpListener) {
        thread::scope(|connections| {
            for stream in listener.incoming() {
                if self.app.is_stopping() {
                    break;
                }
                let stream = match stream {
                    Ok(stream) => stream,
                    Err(cause) => {
                        // Out of file handles, or the client is gone: not the end of the service.
                        warn!(self.app.log, "connection not accepted: {}", cause);
                        thread::sleep(POLL);
                        continue;
                    }
                };
                if self.open.fetch_add(1, Ordering::Relaxed) < MAX_CONNECTIONS {
                    connections.spawn(move || {
                        self.serve(&stream);
                        self.open.fetch_sub(1, Ordering::Relaxed);
                    });
                } else {
                    self.open.fetch_sub(1, Ordering::Relaxed);
                    warn!(
                        self.app.log,
                        "connection refused: all {} are taken", MAX_CONNECTIONS
                    );
                    let busy = Response::text(503, "too many connections");
                    // Whoever does not listen is not told.
                    _ = (&stream).write_all(&busy.to_bytes(false));
                }
            }
        });
    }

    /// Serves one connection until it ends. A connection that breaks is the client's business.
    fn serve(&self, stream: &TcpStream) {
        if let Err(cause) = self.serve_requests(stream) {
            crate::debug!(self.app.log, "connection lost: {}", cause);
        }
        if self.app.is_stopping() {
            // The thread that accepts is waiting for a connection; this one lets it look up.
            drop(TcpStream::connect_timeout(&self.address, POLL));
        }
    }

    fn serve_requests(&self, stream: &TcpStream) -> io::Result<()> {
        stream.set_nodelay(true)?;
        stream.set_write_timeout(Some(SLOWEST_TRANSFER))?;
        let mut reader = BufReader::new(stream);
        while self.wait_for_request(&mut reader)? {
            let started = Instant::now();
            stream.set_read_timeout(Some(SLOWEST_TRANSFER))?;
            let request = match http::read_request(&mut reader) {
                Ok(Some(request)) => request,
                Ok(None) => return Ok(()),
                Err(RequestError::Io(cause)) => return Err(cause),
                Err(RequestError::Refused(status, cause)) => {
                    info!(self.app.log, "request refused: {}", cause; status = status);
                    let refusal = Response::text(status, cause);
                    return (&*stream).write_all(&refusal.to_bytes(false));
                }
            };
            let id = self.next_id();
            let (target, response) = self.answer(&Call {
                request: &request,
                id,
            });
            let keep_alive = request.keep_alive && !self.app.is_stopping();
            (&*stream).write_all(&response.to_bytes(keep_alive))?;
            let duration_ms = format!("{:.2}", millis(started.elapsed()));
            info!(target: target, self.app.log, "request completed";
                request_id = id, method = request.method, path = request.path(),
                status = response.status, duration_ms = duration_ms);
            if !keep_alive {
                break;
            }
        }
        Ok(())
    }

    /// Waits until a request begins; `false` when none will.
    fn wait_for_request(&self, reader: &mut BufReader<&TcpStream>) -> io::Result<bool> {
        let idle_since = Instant::now();
        if reader.buffer().is_empty() {
            reader.get_ref().set_read_timeout(Some(POLL))?;
        }
        while !self.app.is_stopping() && idle_since.elapsed() < MAX_IDLE {
            match reader.fill_buf() {
                Ok(bytes) => return Ok(!bytes.is_empty()),
                Err(cause) if is_timeout(&cause) => {}
                Err(cause) => return Err(cause),
            }
        }
        Ok(false)
    }

    /// The component of the path, by the target of its log lines, and its answer.
    fn answer(&self, call: &Call<'_>) -> (&'static str, Response) {
        let app = &self.app;
        match component_of(call.request) {
            "canvas" => (canvas::TARGET, canvas::handle(app, call)),
            "library" => (library::TARGET, library::handle(app, call)),
            "control-panel" => (control_panel::TARGET, control_panel::handle(app, call)),
            "header" => (header::TARGET, header::handle(app, call)),
            "theme" => (theme::TARGET, theme::handle(app, call)),
            "host-sdk" => (host_sdk::TARGET, host_sdk::handle(app, call)),
            _ => (module_path!(), Response::no_such_route(call.request)),
        }
    }

    fn next_id(&self) -> RequestId {
        let n = self.requests.fetch_add(1, Ordering::Relaxed);
        RequestId(Random::new(self.seed.wrapping_add(n)).next_u64())
    }
}

/// The first word of the path.
fn component_of(request: &Request) -> &str {
    let path = request.path().trim_start_matches('/');
    path.split_once('/')
        .map_or(path, |(component, _)| component)
}

fn is_timeout(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut
    )
}

/// Different in each run, so that two runs do not share request ids.
fn seed(address: SocketAddr) -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let nanos = now.unwrap_or_default().subsec_nanos();
    Random::new(u64::from(nanos) << 16 | u64::from(address.port())).next_u64()
}
