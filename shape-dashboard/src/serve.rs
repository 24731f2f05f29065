//! A server of its own, for programs that have none.

use std::{
    future::Future,
    io,
    net::{SocketAddr, TcpListener},
    thread::{self, JoinHandle},
    time::Duration,
};

use tokio::sync::{oneshot, watch};

use crate::{Dashboard, Error, error::Repr};

/// How long open requests may take to end after a shutdown.
const GRACE: Duration = Duration::from_secs(2);

/// Serves `dashboard` on `addr` until `shutdown` is ready.
///
/// # Errors
///
/// When the address can not be listened on, or the server ends early.
///
/// # Examples
///
/// ```
/// # async fn run() -> Result<(), shape_dashboard::Error> {
/// use shape_dashboard::Dashboard;
///
/// let dashboard = Dashboard::new("studio");
/// let stop = async { /* ctrl-c, a channel, … */ };
/// shape_dashboard::serve(dashboard.clone(), ([127, 0, 0, 1], 0).into(), stop).await?;
/// # Ok(())
/// # }
/// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(run())?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub async fn serve(
    dashboard: Dashboard,
    addr: SocketAddr,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), Error> {
    run(dashboard, listen(addr)?, shutdown).await
}

/// Serves `dashboard` on `addr` from a thread of its own: for programs without a runtime.
///
/// Port 0 takes any free port; [`ServerHandle::local_addr`] says which. The server stops with
/// [`ServerHandle::shutdown`] or when the handle is dropped.
///
/// # Errors
///
/// When the address can not be listened on: another program has it, or it is not an address of this machine.
///
/// # Examples
///
/// ```
/// use shape_dashboard::{Dashboard, spawn};
///
/// let dashboard = Dashboard::new("studio");
/// let server = spawn(dashboard.clone(), ([127, 0, 0, 1], 0).into())?;
/// assert_ne!(server.local_addr().port(), 0);
/// server.shutdown()?;
/// # Ok::<(), shape_dashboard::Error>(())
/// ```
pub fn spawn(dashboard: Dashboard, addr: SocketAddr) -> Result<ServerHandle, Error> {
    let listener = listen(addr)?;
    let bind = |source| Repr::Bind { addr, source };
    let local_addr = listener.local_addr().map_err(bind)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(bind)?;
    let (stop, stopped) = oneshot::channel::<()>();
    let thread = thread::Builder::new()
        .name("shape-dashboard".into())
        .spawn(move || {
            runtime.block_on(run(dashboard, listener, async {
                // A dropped sender stops the server as well.
                let _ = stopped.await;
            }))
        })
        .map_err(bind)?;
    Ok(ServerHandle {
        local_addr,
        stop: Some(stop),
        thread: Some(thread),
    })
}

/// A running server; it stops when this is dropped.
#[derive(Debug)]
#[must_use = "the server stops when its handle is dropped"]
pub struct ServerHandle {
    local_addr: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<Result<(), Error>>>,
}

impl ServerHandle {
    /// The address it listens on, with the port it got.
    pub fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// The address of the page, `http://127.0.0.1:8080/` for example.
    pub fn url(&self) -> String {
        format!("http://{}/", self.local_addr)
    }

    /// Stops the server: open pages are told, open requests get two seconds to end.
    ///
    /// # Errors
    ///
    /// When the server had ended early.
    pub fn shutdown(mut self) -> Result<(), Error> {
        self.stop()
    }

    fn stop(&mut self) -> Result<(), Error> {
        drop(self.stop.take());
        match self.thread.take().map(JoinHandle::join) {
            Some(Ok(outcome)) => outcome,
            Some(Err(_)) => Err(Repr::Serve {
                source: io::Error::other("its thread panicked"),
            }
            .into()),
            None => Ok(()),
        }
    }
}

impl Drop for ServerHandle {
    fn drop(&mut self) {
        // Nobody is left to be told.
        let _ = self.stop();
    }
}

fn listen(addr: SocketAddr) -> Result<TcpListener, Error> {
    let listener = TcpListener::bind(addr).map_err(|source| {
        if source.kind() == io::ErrorKind::AddrInUse {
            Repr::AddressInUse { addr }
        } else {
            Repr::Bind { addr, source }
        }
    })?;
    listener
        .set_nonblocking(true)
        .map_err(|source| Repr::Bind { addr, source })?;
    Ok(listener)
}

async fn run(
    dashboard: Dashboard,
    listener: TcpListener,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), Error> {
    let failed = |source| Repr::Serve { source };
    let listener = tokio::net::TcpListener::from_std(listener).map_err(failed)?;
    let (close, mut closing) = watch::channel(false);
    let router = dashboard.router_until(closing.clone());
    let server = axum::serve(listener, router).with_graceful_shutdown(async move {
        shutdown.await;
        // Event streams have no end of their own.
        close.send_replace(true);
    });
    let overdue = async move {
        let _ = closing.wait_for(|is_closing| *is_closing).await;
        tokio::time::sleep(GRACE).await;
    };
    let server = std::pin::pin!(std::future::IntoFuture::into_future(server));
    let overdue = std::pin::pin!(overdue);
    match futures_util::future::select(server, overdue).await {
        futures_util::future::Either::Left((outcome, _)) => {
            outcome.map_err(|source| failed(source).into())
        }
        futures_util::future::Either::Right(_) => Ok(()),
    }
}
