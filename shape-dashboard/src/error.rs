//! What can go wrong.

#[cfg(feature = "serve")]
use std::net::SocketAddr;
use std::{io, path::PathBuf};

/// Why a dashboard could not be served or loaded.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct Error(#[from] Repr);

/// The kinds of [`Error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Another program listens on the address.
    AddressInUse,
    /// The address can not be listened on for another reason.
    Bind,
    /// The server ended with an error.
    Serve,
    /// A file or folder of artifacts can not be read.
    Read,
    /// A file is not the artifact that its name says.
    Parse,
    /// An artifact was written by another version.
    UnsupportedVersion,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum Repr {
    #[cfg(feature = "serve")]
    #[error(
        "another program listens on {addr}: stop it, or choose another port (port 0 takes any free one)"
    )]
    AddressInUse { addr: SocketAddr },
    #[cfg(feature = "serve")]
    #[error("can not listen on {addr}")]
    Bind { addr: SocketAddr, source: io::Error },
    #[cfg(feature = "serve")]
    #[error("the dashboard's server ended early")]
    Serve { source: io::Error },
    #[error("can not read `{}`", path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("`{}`, line {line}, column {column}: expected {expected}", path.display())]
    Parse {
        path: PathBuf,
        line: usize,
        column: usize,
        expected: &'static str,
        source: serde_json::Error,
    },
    #[error("`{}` has schema version {seen}, expected {expected}", path.display())]
    UnsupportedVersion {
        path: PathBuf,
        seen: u32,
        expected: u32,
    },
}

impl Error {
    /// What kind of trouble it is.
    pub fn kind(&self) -> ErrorKind {
        match self.0 {
            #[cfg(feature = "serve")]
            Repr::AddressInUse { .. } => ErrorKind::AddressInUse,
            #[cfg(feature = "serve")]
            Repr::Bind { .. } => ErrorKind::Bind,
            #[cfg(feature = "serve")]
            Repr::Serve { .. } => ErrorKind::Serve,
            Repr::Read { .. } => ErrorKind::Read,
            Repr::Parse { .. } => ErrorKind::Parse,
            Repr::UnsupportedVersion { .. } => ErrorKind::UnsupportedVersion,
        }
    }
}
