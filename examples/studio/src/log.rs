//! Log lines in the full text format that the `tracing-subscriber` crate made common.
//!
//! ```text
//! 2026-11-23T23:41:07.321916Z  INFO studio::theme: theme is now dark request_id=9c0f4a6b1d2e3f50
//! ```
//!
//! A statement is a level, a logger, a message and, after a semicolon, fields. The target is the
//! module of the statement unless it names another.
//!
//! ```
//! use studio::{info, log::Logger};
//!
//! let log = Logger::discard();
//! info!(log, "saved {} pages", 3; document = "poster", bytes = 5120);
//! ```

use std::{
    fmt::{self, Display, Write as _},
    fs::OpenOptions,
    io::{self, Write},
    path::Path,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// How much a line matters, least first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// For whoever looks for a bug.
    Debug,
    /// What a service does all day.
    Info,
    /// Something is off, and the service goes on.
    Warn,
    /// A request was not served as promised.
    Error,
}

impl Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Debug => "DEBUG",
            Self::Info => "INFO",
            Self::Warn => "WARN",
            Self::Error => "ERROR",
        })
    }
}

/// Writes log lines, each with a single `write`, in the order of their times.
#[derive(Clone, Debug)]
pub struct Logger {
    inner: Arc<Inner>,
}

struct Inner {
    sink: Mutex<Box<dyn Write + Send>>,
    lost: AtomicU64,
}

impl fmt::Debug for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inner")
            .field("lost", &self.lost)
            .finish_non_exhaustive()
    }
}

impl Logger {
    /// A logger that writes to `sink`.
    pub fn new(sink: impl Write + Send + 'static) -> Self {
        let sink: Box<dyn Write + Send> = Box::new(sink);
        Self {
            inner: Arc::new(Inner {
                sink: Mutex::new(sink),
                lost: AtomicU64::new(0),
            }),
        }
    }

    /// A logger that appends to the file at `path` and creates it where it is missing.
    pub fn append(path: &Path) -> io::Result<Self> {
        Ok(Self::new(
            OpenOptions::new().append(true).create(true).open(path)?,
        ))
    }

    /// A logger that keeps nothing.
    pub fn discard() -> Self {
        Self::new(io::sink())
    }

    /// How many lines could not be written, for example because a disk was full.
    pub fn lost(&self) -> u64 {
        self.inner.lost.load(Ordering::Relaxed)
    }

    /// Writes one line. The macros of this crate are the comfortable way to call it.
    pub fn write(
        &self,
        level: Level,
        target: &str,
        message: fmt::Arguments<'_>,
        fields: &[(&str, &dyn Display)],
    ) {
        // A thread that panicked between two lines left nothing half-written behind.
        let mut sink = self
            .inner
            .sink
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        // The clock is read under the lock, so that lines are in the order of their times.
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        let line = render_line(now, level, target, message, fields);
        if sink.write_all(line.as_bytes()).is_err() {
            self.inner.lost.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Logs at a level that is known only at run time.
#[macro_export]
macro_rules! event {
    ($level:expr, target: $target:expr, $log:expr, $message:literal
     $(, $arg:expr)* $(; $($key:ident = $value:expr),+)? $(,)?) => {
        $log.write(
            $level,
            $target,
            ::core::format_args!($message $(, $arg)*),
            &[$($((::core::stringify!($key), &$value as &dyn ::core::fmt::Display)),+)?],
        )
    };
}

/// Logs for whoever looks for a bug.
#[macro_export]
macro_rules! debug {
    (target: $target:expr, $($rest:tt)+) => {
        $crate::event!($crate::log::Level::Debug, target: $target, $($rest)+)
    };
    ($($rest:tt)+) => { $crate::debug!(target: ::core::module_path!(), $($rest)+) };
}

/// Logs what a service does all day.
#[macro_export]
macro_rules! info {
    (target: $target:expr, $($rest:tt)+) => {
        $crate::event!($crate::log::Level::Info, target: $target, $($rest)+)
    };
    ($($rest:tt)+) => { $crate::info!(target: ::core::module_path!(), $($rest)+) };
}

/// Logs that something is off while the service goes on.
#[macro_export]
macro_rules! warn {
    (target: $target:expr, $($rest:tt)+) => {
        $crate::event!($crate::log::Level::Warn, target: $target, $($rest)+)
    };
    ($($rest:tt)+) => { $crate::warn!(target: ::core::module_path!(), $($rest)+) };
}

/// Logs that a request was not served as promised.
#[macro_export]
macro_rules! error {
    (target: $target:expr, $($rest:tt)+) => {
        $crate::event!($crate::log::Level::Error, target: $target, $($rest)+)
    };
    ($($rest:tt)+) => { $crate::error!(target: ::core::module_path!(), $($rest)+) };
}

/// A duration in milliseconds, as log lines show it.
pub fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

fn render_line(
    since_epoch: Duration,
    level: Level,
    target: &str,
    message: fmt::Arguments<'_>,
    fields: &[(&str, &dyn Display)],
) -> String {
    let mut line = String::with_capacity(192);
    let written =
        write!(line, "{} {level:>5} {target}: {message}", Utc(since_epoch)).and_then(|()| {
            fields
                .iter()
                .try_for_each(|(key, value)| write!(line, " {key}={value}"))
        });
    debug_assert!(written.is_ok(), "a `Display` of a log line failed");
    line.push('\n');
    line
}

/// RFC 3339 in UTC with microseconds.
struct Utc(Duration);

impl Display for Utc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        let (year, month, day) = civil(seconds / 86_400);
        let (hour, minute) = (seconds / 3_600 % 24, seconds / 60 % 60);
        let (second, micros) = (seconds % 60, self.0.subsec_micros());
        write!(
            f,
            "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{micros:06}Z"
        )
    }
}

/// Year, month and day of the day `days` after 1970-01-01.
///
/// Howard Hinnant, "chrono-compatible low-level date algorithms", `civil_from_days`, for days
/// that are not negative: years begin in March, so that the leap day is the last of its year.
const fn civil(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let era = days / 146_097;
    let day_of_era = days % 146_097;
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    let year = year_of_era + era * 400 + if month <= 2 { 1 } else { 0 };
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(seconds: u64, micros: u64, expected: &str) {
        let since_epoch = Duration::from_micros(seconds * 1_000_000 + micros);
        assert_eq!(Utc(since_epoch).to_string(), expected);
    }

    // Expected values are from `date -u -d @SECONDS`.
    #[test]
    fn times_are_rfc_3339_in_utc() {
        check(0, 0, "1970-01-01T00:00:00.000000Z");
        check(951_782_399, 999_999, "2000-02-28T23:59:59.999999Z");
        check(951_782_400, 0, "2000-02-29T00:00:00.000000Z");
        check(1_795_477_267, 321_916, "2026-11-23T23:41:07.321916Z");
        check(4_107_542_400, 1, "2100-03-01T00:00:00.000001Z");
    }

    #[test]
    fn a_line_has_time_level_target_message_and_fields() {
        let line = render_line(
            Duration::from_secs(86_400),
            Level::Info,
            "studio::theme",
            format_args!("theme is now {}", "dark"),
            &[("request_id", &"2a"), ("status", &200)],
        );
        let expected = "1970-01-02T00:00:00.000000Z  INFO studio::theme: theme is now dark \
                        request_id=2a status=200\n";
        assert_eq!(line, expected);
    }

    #[test]
    fn lines_that_can_not_be_written_are_counted() {
        struct Full;
        impl Write for Full {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::StorageFull.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let log = Logger::new(Full);
        crate::warn!(log, "nobody will read this");
        assert_eq!(log.lost(), 1);
    }
}
