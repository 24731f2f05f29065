//! The log formats that are recognised.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How a log line is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Format {
    /// `tracing-subscriber`, full or compact: `2026-11-23T23:41:07.3Z  INFO span{id=4}: target: message k=v`.
    Tracing,
    /// `tracing-subscriber`, pretty (several lines a record).
    TracingPretty,
    /// `tracing-subscriber`, JSON, flattened or not.
    TracingJson,
    /// `env_logger`: `[2026-11-23T23:41:07Z INFO  target] message`.
    EnvLogger,
    /// bunyan: numeric `level`, `time` as text, `v`.
    Bunyan,
    /// pino: numeric `level`, `time` in epoch milliseconds.
    Pino,
    /// zap: `ts` in epoch seconds, `caller`.
    Zap,
    /// Go's `log/slog`, and Rust's `slog-json`.
    Slog,
    /// logstash: `@timestamp`, `logger_name`.
    Logstash,
    /// Elastic Common Schema: `ecs.version`.
    Ecs,
    /// Graylog's GELF: `short_message`.
    Gelf,
    /// Any other JSON object a line.
    Json,
    /// `key=value` pairs, logrus and `log/slog` text among them.
    Logfmt,
    /// RFC 3164 with a priority: `<34>Oct 11 22:14:15 host prog[1]: message`.
    Rfc3164,
    /// RFC 5424: `<165>1 2003-10-11T22:14:15.003Z host app - ID47 - message`.
    Rfc5424,
    /// Syslog as it lies in files: `Oct 11 22:14:15 host prog[1]: message`.
    Syslog,
    /// Common and combined log format of web servers.
    Clf,
    /// nginx's error log.
    NginxError,
    /// Apache's error log.
    ApacheError,
    /// klog and glog: `I0301 12:00:00.123456 1234 file.go:42] message`.
    Klog,
    /// log4j and logback: `2026-03-01 12:00:00,123 [main] ERROR c.e.Foo - message`, in both orders.
    Log4j,
    /// Spring Boot: `… INFO 1234 --- [main] c.e.App : message`.
    Spring,
    /// `2015-07-29 17:41:44,747 - INFO  [thread:Class@774] - message`.
    Zookeeper,
    /// `17/06/09 20:10:40 INFO component: message`.
    Spark,
    /// `081109 203615 148 INFO component: message`.
    Hdfs,
    /// `file 2017-05-16 00:00:00.008 25746 INFO component [request ids] message`.
    OpenStack,
    /// Alert label, epoch, date, node and a reliability header.
    Bgl,
    /// Record number, node, component, state, epoch, flag.
    Hpc,
    /// Alert label and epoch before a syslog header.
    Thunderbird,
    /// `2016-09-28 04:30:30, Info   CBS   message`.
    WindowsCbs,
    /// logcat: `03-17 16:13:38.811  1702  2395 D Tag: message` and the brief form.
    Logcat,
    /// `20171223-22:15:29:606|component|pid|message`.
    HealthApp,
    /// `[07.26 17:28:22] program - message`.
    Proxifier,
    /// Rails without a layout: `Started GET "/" for …`, `Completed 200 OK in 12ms`.
    Rails,
    /// Erlang's reports: `=INFO REPORT==== 24-Nov-2026::12:00:00 ===`, the message below.
    Erlang,
    /// An event of Windows, as text or XML.
    WindowsEvent,
    /// Python's `logging`: `LEVEL:name:message` and `time - name - LEVEL - message`.
    Python,
    /// A Rust panic message.
    RustPanic,
    /// An uncaught error as a runtime prints it: `TypeError: x`, `Traceback (most recent call last):`.
    Exception,
    /// Docker's json-file, its inner line being plain.
    Docker,
    /// CRI, as Kubernetes writes it, its inner line being plain.
    Cri,
    /// `PostgreSQL`.
    Postgres,
    /// `MySQL` 8 error log.
    MySql,
    /// Redis.
    Redis,
    /// Kafka: `[2026-03-01 12:00:00,123] INFO message (logger)`.
    Kafka,
    /// A browser console, saved as text: `app.js:42 message`.
    Console,
    /// Common Event Format.
    Cef,
    /// Log Event Extended Format.
    Leef,
    /// The journal of systemd, exported or as JSON.
    Journal,
    /// W3C's extended format: IIS, `CloudFront`.
    W3c,
    /// Zeek, with `#fields`.
    Zeek,
    /// Separated values under a header that names them.
    Csv,
    /// OTLP in JSON.
    Otlp,
    /// The layout of a [`Pattern`](crate::Pattern) that the caller gave.
    Custom,
    /// A line that begins with an ISO 8601 time, and nothing more is known.
    Iso,
    /// A line in brackets with a time, and nothing more is known.
    Bracketed,
    /// Text in which no format was found; its lines count as unparsed.
    Plain,
}

impl Format {
    /// The name, as in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Tracing => "tracing",
            Self::TracingPretty => "tracing_pretty",
            Self::TracingJson => "tracing_json",
            Self::EnvLogger => "env_logger",
            Self::Bunyan => "bunyan",
            Self::Pino => "pino",
            Self::Zap => "zap",
            Self::Slog => "slog",
            Self::Logstash => "logstash",
            Self::Ecs => "ecs",
            Self::Gelf => "gelf",
            Self::Json => "json",
            Self::Logfmt => "logfmt",
            Self::Rfc3164 => "rfc3164",
            Self::Rfc5424 => "rfc5424",
            Self::Syslog => "syslog",
            Self::Clf => "clf",
            Self::NginxError => "nginx_error",
            Self::ApacheError => "apache_error",
            Self::Klog => "klog",
            Self::Log4j => "log4j",
            Self::Spring => "spring",
            Self::Zookeeper => "zookeeper",
            Self::Spark => "spark",
            Self::Hdfs => "hdfs",
            Self::OpenStack => "open_stack",
            Self::Bgl => "bgl",
            Self::Hpc => "hpc",
            Self::Thunderbird => "thunderbird",
            Self::WindowsCbs => "windows_cbs",
            Self::Logcat => "logcat",
            Self::HealthApp => "health_app",
            Self::Proxifier => "proxifier",
            Self::Rails => "rails",
            Self::Erlang => "erlang",
            Self::WindowsEvent => "windows_event",
            Self::Python => "python",
            Self::RustPanic => "rust_panic",
            Self::Exception => "exception",
            Self::Docker => "docker",
            Self::Cri => "cri",
            Self::Postgres => "postgres",
            Self::MySql => "my_sql",
            Self::Redis => "redis",
            Self::Kafka => "kafka",
            Self::Console => "console",
            Self::Cef => "cef",
            Self::Leef => "leef",
            Self::Journal => "journal",
            Self::W3c => "w3c",
            Self::Zeek => "zeek",
            Self::Csv => "csv",
            Self::Otlp => "otlp",
            Self::Custom => "custom",
            Self::Iso => "iso",
            Self::Bracketed => "bracketed",
            Self::Plain => "plain",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
