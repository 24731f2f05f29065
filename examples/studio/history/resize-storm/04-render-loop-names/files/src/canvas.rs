//! The canvas: the render thread, its queue, and the routes that draw.

use std::{
    fmt, iter,
    sync::mpsc::{self, Receiver, RecvTimeoutError, Sender},
    time::{Duration, Instant},
};

use crate::{
    app::{App, Call},
    error,
    http::{Method, Request, Response},
    info,
    log::{Logger, millis},
    raster::Size,
    scene::{Frame, Scene},
    warn,
};

pub(crate) const TARGET: &str = module_path!();

/// A frame at 60 Hz. A render thread that is busy for longer makes the studio stutter.
const FRAME_BUDGET: Duration = Duration::from_millis(16);

/// How long a request waits for the render thread before it gives up.
const PATIENCE: Duration = Duration::from_secs(5);

/// Something for the render thread to do.
#[derive(Debug)]
pub enum Event {
    /// Show the drawing at this size. Nobody waits for it.
    Resize(Size),
    /// Tell what the canvas shows.
    Frame(Sender<Frame>),
    /// Put a shape, made from this seed, on the page; answer with the number of shapes.
    Place(u64, Sender<usize>),
    /// Tell how many shapes are on the page.
    Shapes(Sender<usize>),
}

/// Handles events until every [`CanvasHandle`] is gone, then hands back the drawing.
///
/// This is the body of the render thread. All events that are queued when it wakes up are handled
/// together; the time for which resizes kept everybody else waiting is measured and, when it is
/// longer than a frame at 60 Hz, logged.
pub fn run(mut scene: Scene, queue: &Receiver<Event>, log: &Logger) -> Scene {
    info!(log, "canvas ready"; size = scene.frame().size);
    while let Ok(first) = queue.recv() {
        let pending = iter::once(first)
            .chain(queue.try_iter())
            .collect::<Vec<_>>();
        let (mut blocked, mut renders) = (Duration::ZERO, 0_u32);
        for event in pending {
            match event {
                Event::Resize(size) => {
                    let started = Instant::now();
                    scene.render(size);
                    blocked += started.elapsed();
                    renders += 1;
                }
                // Whoever has given up waiting meanwhile is not missed.
                Event::Frame(reply) => _ = reply.send(scene.frame()),
                Event::Shapes(reply) => _ = reply.send(scene.shapes()),
                Event::Place(seed, reply) => {
                    scene.place(seed);
                    _ = reply.send(scene.shapes());
                }
            }
        }
        if FRAME_BUDGET <= blocked {
            let size = scene.frame().size;
            warn!(
                log,
                "ResizeCanvas blocked main thread for {:.1}ms", millis(blocked);
                events = renders, size = size
            );
        }
    }
    scene
}

/// The way to the render thread. It ends when the last handle is dropped.
#[derive(Clone, Debug)]
pub struct CanvasHandle {
    events: Sender<Event>,
}

impl CanvasHandle {
    /// A handle and the queue to call [`run`] with.
    pub fn new() -> (Self, Receiver<Event>) {
        let (events, queue) = mpsc::channel();
        (Self { events }, queue)
    }

    /// Asks for another size and does not wait.
    pub fn resize(&self, size: Size) -> Result<(), NoAnswer> {
        self.events
            .send(Event::Resize(size))
            .map_err(|_| NoAnswer::Gone)
    }

    /// What the canvas shows.
    pub fn frame(&self) -> Result<Frame, NoAnswer> {
        self.ask(Event::Frame)
    }

    /// Puts a shape on the page; the answer is how many there are.
    pub fn place(&self, seed: u64) -> Result<usize, NoAnswer> {
        self.ask(|reply| Event::Place(seed, reply))
    }

    /// How many shapes are on the page.
    pub fn shapes(&self) -> Result<usize, NoAnswer> {
        self.ask(Event::Shapes)
    }

    fn ask<T>(&self, event: impl FnOnce(Sender<T>) -> Event) -> Result<T, NoAnswer> {
        let (reply, answer) = mpsc::channel();
        self.events.send(event(reply)).map_err(|_| NoAnswer::Gone)?;
        answer.recv_timeout(PATIENCE).map_err(|error| match error {
            RecvTimeoutError::Timeout => NoAnswer::Late,
            RecvTimeoutError::Disconnected => NoAnswer::Gone,
        })
    }
}

/// Why the render thread did not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoAnswer {
    /// It has ended.
    Gone,
    /// It was busy for too long.
    Late,
}

impl fmt::Display for NoAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gone => f.write_str("the render thread has ended"),
            Self::Late => write!(f, "the render thread was busy for {}s", PATIENCE.as_secs()),
        }
    }
}

impl std::error::Error for NoAnswer {}

/// The reply to a request that the render thread left unanswered; says why in the log.
pub(crate) fn unavailable(app: &App, call: &Call<'_>, cause: NoAnswer) -> Response {
    error!(app.log, "canvas unavailable: {}", cause; request_id = call.id);
    Response::text(503, &cause.to_string())
}

/// `GET /canvas/frame` and `POST /canvas/resize?width=…&height=…`.
pub(crate) fn handle(app: &App, call: &Call<'_>) -> Response {
    let request = call.request;
    match (request.method, request.path()) {
        (Method::Get, "/canvas/frame") => match app.canvas.frame() {
            Ok(Frame {
                size,
                checksum,
                renders,
            }) => Response::json(format!(
                r#"{{"size":"{size}","checksum":"{checksum:016x}","renders":{renders}}}"#
            )),
            Err(cause) => unavailable(app, call, cause),
        },
        (Method::Post, "/canvas/resize") => resize(app, call),
        _ => Response::no_such_route(request),
    }
}

fn resize(app: &App, call: &Call<'_>) -> Response {
    let Some(size) = size_of(call.request) else {
        let (min, max) = (Size::MIN, Size::MAX);
        return Response::text(
            400,
            &format!("width and height are {min} to {max} pixels each"),
        );
    };
    match app.canvas.resize(size) {
        Ok(()) => Response::text(202, "queued"),
        Err(cause) => unavailable(app, call, cause),
    }
}

fn size_of(request: &Request) -> Option<Size> {
    let width = request.query("width")?.parse().ok()?;
    let height = request.query("height")?.parse().ok()?;
    Size::new(width, height)
}
