//! What all request handlers share.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::{canvas::CanvasHandle, http::Request, library::Library, log::Logger, theme::Theme};

/// The state behind every request: one per running service.
#[derive(Debug)]
pub struct App {
    /// Where log lines go.
    pub log: Logger,
    /// The way to the render thread.
    pub canvas: CanvasHandle,
    /// The components that can be dropped on the canvas.
    pub catalogue: Library,
    /// Light or dark.
    pub theme: Theme,
    stopping: AtomicBool,
}

impl App {
    /// The state of a service that has just started.
    pub fn new(log: Logger, canvas: CanvasHandle) -> Self {
        Self {
            log,
            canvas,
            catalogue: Library::standard(),
            theme: Theme::default(),
            stopping: AtomicBool::new(false),
        }
    }

    /// Asks the service to finish the requests it has and to accept no more.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::Release);
    }

    /// Whether somebody called [`App::stop`].
    pub fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Acquire)
    }
}

/// One request on its way through the service.
#[derive(Debug)]
pub struct Call<'a> {
    /// What was asked.
    pub request: &'a Request,
    /// The id that all log lines about this request carry.
    pub id: RequestId,
}

/// Names one request in the log: 16 hexadecimal digits, unique in a run of the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestId(pub u64);

impl std::fmt::Display for RequestId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}
