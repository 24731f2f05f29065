//! The handle that everything hangs on.

use std::{
    fmt,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use jiff::Timestamp;
use shape_workflow::Event;
use tokio::sync::watch;

use crate::{Error, Snapshot, artifacts, router, state::State};

/// What the loop told so far, ready to be shown.
///
/// Clones share the same state: keep one, give others away. [`Dashboard::apply`] is called from the loop, on any thread
/// and without a runtime; [`Dashboard::router`] serves the page and the JSON API.
///
/// ```
/// use shape_dashboard::Dashboard;
/// use shape_workflow::{Event, EventKind};
///
/// let dashboard = Dashboard::new("studio");
/// dashboard.apply(&Event {
///     seq: 1,
///     at: "2026-03-02T14:00:00Z".parse()?,
///     kind: EventKind::RunStarted { workflow: "closed loop".into(), steps: vec!["measure".into()] },
/// });
/// assert_eq!(dashboard.snapshot().steps[0].badge.text, "waiting");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Dashboard(Arc<Shared>);

struct Shared {
    service: String,
    state: Mutex<State>,
    /// Counts the changes; waiting for the next one is how the event streams learn of it.
    revision: watch::Sender<u64>,
    /// The last snapshot as JSON, so that many open pages cost one rendering.
    rendered: Mutex<Option<Rendered>>,
}

/// A snapshot as JSON.
#[derive(Clone)]
pub(crate) struct Rendered {
    pub(crate) revision: u64,
    pub(crate) seq: u64,
    pub(crate) json: Arc<str>,
}

impl Dashboard {
    /// A dashboard of a service that nothing is known of yet.
    pub fn new(service_name: impl Into<String>) -> Self {
        Self::with_state(service_name.into(), State::default())
    }

    /// A dashboard of a finished run, from the artifacts in a folder.
    ///
    /// Reads `anomalies.json`, `log-source-lineage.json`, `sli-metrics.json`, `slo-targets.json`, `error-budgets.json`,
    /// `sla-compliance.json` and `heal-report.json`; what is missing is shown as awaited. `diagnosis-results.json` is a
    /// part of `anomalies.json` and is not read again; the journal is not needed.
    ///
    /// # Errors
    ///
    /// When the folder or a file in it can not be read, or a file is not the artifact that its name says.
    pub fn from_artifacts(dir: impl AsRef<Path>) -> Result<Self, Error> {
        let (service, state) = artifacts::load(dir.as_ref())?;
        Ok(Self::with_state(service, state))
    }

    fn with_state(service: String, state: State) -> Self {
        Self(Arc::new(Shared {
            service,
            state: Mutex::new(state),
            revision: watch::Sender::new(0),
            rendered: Mutex::new(None),
        }))
    }

    /// The name of the service.
    pub fn service_name(&self) -> &str {
        &self.0.service
    }

    /// Takes in one event.
    ///
    /// Does no I/O and waits for nobody but another `apply`: rendering happens on the side of the readers.
    pub fn apply(&self, event: &Event) {
        lock(&self.0.state).apply(event);
        self.0.revision.send_modify(|revision| *revision += 1);
    }

    /// What the page shows at present, as a typed value.
    pub fn snapshot(&self) -> Snapshot {
        let (revision, state) = self.copy();
        Snapshot::of(&self.0.service, revision, &state)
    }

    /// The page and the API, to be mounted under any path of your own service.
    ///
    /// `nest_service("/ops", …)`, `nest("/ops", …)` and `merge` all work; `/ops` leads to `/ops/`. There is no
    /// authentication: the page shows log lines and source code, so put it behind the same door as your other
    /// internal pages.
    ///
    /// ```
    /// use axum::{Router, routing::get};
    /// use shape_dashboard::Dashboard;
    ///
    /// let dashboard = Dashboard::new("studio");
    /// let app: Router = Router::new()
    ///     .route("/", get(|| async { "the service itself" }))
    ///     .nest_service("/ops", dashboard.router());
    /// ```
    pub fn router(&self) -> axum::Router {
        router::build(self.clone(), None)
    }

    /// The same, with event streams that end when `closing` turns true.
    #[cfg(feature = "serve")]
    pub(crate) fn router_until(&self, closing: watch::Receiver<bool>) -> axum::Router {
        router::build(self.clone(), Some(closing))
    }

    /// A copy of the state, in the time that copying a few pointers takes.
    pub(crate) fn copy(&self) -> (u64, State) {
        let state = lock(&self.0.state);
        (*self.0.revision.borrow(), state.clone())
    }

    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.0.revision.subscribe()
    }

    pub(crate) fn seen(&self) -> (u64, Option<Timestamp>) {
        let state = lock(&self.0.state);
        (state.seq, state.updated_at)
    }

    /// The snapshot as JSON, rendered at most once per change.
    pub(crate) fn rendered(&self) -> Rendered {
        let revision = *self.0.revision.borrow();
        if let Some(rendered) = &*lock(&self.0.rendered)
            && rendered.revision == revision
        {
            return rendered.clone();
        }
        let (revision, state) = self.copy();
        let snapshot = Snapshot::of(&self.0.service, revision, &state);
        let rendered = Rendered {
            revision,
            seq: state.seq,
            json: Arc::from(
                serde_json::to_string(&snapshot)
                    .expect("invariant: a snapshot has string keys and finite numbers"),
            ),
        };
        *lock(&self.0.rendered) = Some(rendered.clone());
        rendered
    }
}

impl fmt::Debug for Dashboard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dashboard")
            .field("service", &self.0.service)
            .field("revision", &*self.0.revision.borrow())
            .finish_non_exhaustive()
    }
}

/// The state is valid after every statement of `apply`, so that a panic elsewhere does not make it useless.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
