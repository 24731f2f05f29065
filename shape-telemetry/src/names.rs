//! What the names of fields mean.

use crate::{
    duration::{self, Hint},
    gauge, hash,
};

/// What the name of a field says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Traits {
    pub(crate) role: Role,
    /// What a duration under this name is written in.
    pub(crate) hint: Option<Hint>,
    /// Whether the values may tell why a request failed.
    pub(crate) telling: bool,
    /// Whether the values are ids of requests.
    pub(crate) request_id: bool,
    /// Whether numbers under this name may be a metric.
    pub(crate) metric: bool,
}

/// What a field is for a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Method,
    Path,
    Status,
    /// `code`, which may be the code of anything.
    Code,
    /// The code of a remote procedure call.
    Call,
    Other,
}

impl Traits {
    pub(crate) fn of(name: &str) -> Self {
        let role = if is_method(name) {
            Role::Method
        } else if is_path(name) {
            Role::Path
        } else if crate::record::is_status(name) {
            Role::Status
        } else {
            match name {
                "code" => Role::Code,
                "grpc.code" | "grpc_code" | "rpc.grpc.status" | "grpc.status" => Role::Call,
                _ => Role::Other,
            }
        };
        Self {
            role,
            hint: duration::hint(name),
            telling: is_telling(name),
            request_id: crate::record::is_request_id(name),
            metric: role == Role::Other && gauge::is_metric(name),
        }
    }
}

/// The traits of names that were asked for lately: a log has few names, and each is in most of its lines.
#[derive(Clone, Debug)]
pub(crate) struct Names {
    slots: Vec<Option<(Box<str>, Traits)>>,
}

impl Default for Names {
    fn default() -> Self {
        Self {
            slots: vec![None; 256],
        }
    }
}

impl Names {
    pub(crate) fn traits(&mut self, name: &str) -> Traits {
        let index = hash::index(hash::text(name), self.slots.len());
        let Some(slot) = self.slots.get_mut(index) else {
            return Traits::of(name);
        };
        match slot {
            Some((known, traits)) if **known == *name => *traits,
            _ => {
                let traits = Traits::of(name);
                *slot = Some((name.into(), traits));
                traits
            }
        }
    }
}

fn is_method(name: &str) -> bool {
    matches!(
        name,
        "method"
            | "verb"
            | "req.method"
            | "request.method"
            | "http.method"
            | "http.request.method"
            | "http_method"
            | "request_method"
            | "RequestMethod"
            | "Method"
    )
}

fn is_path(name: &str) -> bool {
    matches!(
        name,
        "path"
            | "uri"
            | "URI"
            | "url"
            | "route"
            | "req.url"
            | "req.path"
            | "request.uri"
            | "request.path"
            | "request.url"
            | "http.url"
            | "http.target"
            | "http.route"
            | "http.path"
            | "url.path"
            | "request_uri"
            | "request_path"
            | "RequestPath"
            | "Path"
    )
}

/// Fields that tell nothing about why a request failed: ids, times, and what says that it failed.
fn is_telling(name: &str) -> bool {
    if 64 < name.len() {
        return false;
    }
    let last = duration::after_last(name, b'.');
    !(last.ends_with("id")
        || last.ends_with("Id")
        || last.starts_with("status")
        || last.ends_with("_ms")
        || last.ends_with("_us")
        || last.ends_with("time")
        || last.ends_with("Time")
        || last.starts_with("duration")
        || last.starts_with("latency")
        || last.starts_with("elapsed")
        || matches!(
            last,
            "ms" | "took" | "size" | "len" | "bytes" | "timestamp" | "time_taken"
        ))
}
