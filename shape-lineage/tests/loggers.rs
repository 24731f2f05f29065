//! Loggers that are handed on, adapted, kept in variables, and what is left when no text fits.
#![cfg(all(feature = "java", feature = "python"))]

use shape_lineage::{Answer, Query, SourceIndex, Verdict};
use shape_telemetry::Level;

fn index(files: &[(&str, &str)]) -> SourceIndex {
    SourceIndex::from_sources(files.iter().copied())
}

/// Where the record is written, as a runtime says: in a wrapper, if one is called.
fn written_at(answer: &Answer) -> Vec<String> {
    let statements = match &answer.verdict {
        Verdict::Unique { statement, .. } => std::slice::from_ref(statement),
        Verdict::Ambiguous { candidates, .. } => candidates,
        Verdict::Unmapped { .. } => &[],
    };
    let mut places: Vec<String> = statements
        .iter()
        .flat_map(|statement| match statement.emit_sites.as_slice() {
            [] => vec![statement.location.clone()],
            emit_sites => emit_sites.to_vec(),
        })
        .map(|place| format!("{}:{}", place.path, place.line))
        .collect();
    places.dedup();
    places
}

#[track_caller]
fn check(files: &[(&str, &str)], logger: &str, level: Level, message: &str, expected: &[&str]) {
    let index = index(files);
    let query = Query::message(message).target(logger).level(level);
    let answer = index.locate(&query.by_elimination());
    assert_eq!(written_at(&answer), expected, "{message}");
}

#[test]
fn java_hands_its_logger_on() {
    let banner = "package a;\npublic class Banner {\n  static void print(Logger log) {\n    \
                  for (String line : TEXT.split(\"\\n\")) {\n      log.info(line);\n    }\n  }\n}\n";
    let server = "package a;\nclass Server {\n  private static final Logger LOG = LoggerFactory.getLogger(Server.class);\n  \
                  void start() {\n    Banner.print(LOG);\n    LOG.info(\"started\");\n  }\n}\n";
    let files = [("a/Banner.java", banner), ("a/Server.java", server)];
    let check = |level, message, expected: &[&str]| {
        check(&files, "a.Server", level, message, expected);
    };
    check(Level::Info, " ___ ", &["a/Banner.java:5"]);
    check(Level::Info, "started", &["a/Server.java:6"]);
    check(Level::Warn, " ___ ", &[]);
}

#[test]
fn a_bridge_changes_levels_but_tests_do_not_run() {
    let class = |level: &str| {
        format!(
            "class Beans {{ static final Log log = LogFactory.getLog(Beans.class);\n void f() {{ log.{level}(\"setting property \" + name + \" of the bean\"); }} }}"
        )
    };
    let (product, test) = (class("trace"), class("debug"));
    check(
        &[
            ("java/a/Beans.java", &product),
            ("test/b/Beans.java", &test),
        ],
        "Beans",
        Level::Debug,
        "setting property x of the bean",
        &["java/a/Beans.java:2", "test/b/Beans.java:2"],
    );
}

#[test]
fn python_adapters_write_for_their_package() {
    let adapter = "import logging\n\nclass ConnLogger(logging.LoggerAdapter):\n    def log(self, level, msg, *args, **kwargs):\n        \
                   super().log(level, msg, *args, **kwargs)\n\n    def process(self, msg, kwargs):\n        return '[' + self.c + '] ' + msg, kwargs\n";
    let client = "from .logging import logger\n\ndef run(conn):\n    conn.logger.info('connected to %s', conn.peer)\n";
    let plain = "import logging\nlogger = logging.getLogger(__name__)\n\ndef run():\n    logger.info('plain and simple')\n";
    let files = [
        ("ssh/logging.py", adapter),
        ("ssh/client.py", client),
        ("ssh/plain.py", plain),
        ("web/client.py", client),
    ];
    let check = |logger, message, expected: &[&str]| {
        check(&files, logger, Level::Info, message, expected);
    };
    check("ssh", "[conn=1] connected to a:22", &["ssh/logging.py:5"]);
    check("ssh.plain", "plain and simple", &["ssh/plain.py:5"]);
    check("web", "connected to a:22", &["web/client.py:4"]);
}

#[test]
fn python_hands_methods_of_loggers_on() {
    let source = "import logging\nlog = logging.getLogger('mail.log')\n\ndef safe_log(func, msg, *args):\n    func(msg, *args)\n\n\
                  def run(line, ok):\n    safe_log(log.debug, 'readline: %r', line)\n    log_it = log.info\n    log_it('all is done')\n    \
                  if ok:\n        log_more = log.info\n    else:\n        log_more = log.error\n    log_more('more is done')\n";
    let files = [("smtp.py", source)];
    let check = |level, message, expected: &[&str]| {
        check(&files, "mail.log", level, message, expected);
    };
    check(Level::Debug, "readline: b'EHLO'", &["smtp.py:5"]);
    check(Level::Info, "all is done", &["smtp.py:10"]);
    check(Level::Error, "more is done", &["smtp.py:15"]);
}

#[test]
fn what_is_left_of_a_logger_is_the_answer() {
    let wrapper = "import logging\n_logger = None\n\ndef _log(type, message, *args):\n    global _logger\n    if _logger is None:\n        \
                   _logger = logging.getLogger('web')\n    getattr(_logger, type)(message.rstrip(), *args)\n";
    check(
        &[("web/internal.py", wrapper)],
        "web",
        Level::Info,
        "GET / 200",
        &["web/internal.py:8"],
    );
    // A name that two files log under leaves too much.
    let other =
        "import logging\nlogger = logging.getLogger('web')\n\ndef f():\n    logger.info('ready')\n";
    check(
        &[("web/internal.py", wrapper), ("web/other.py", other)],
        "web",
        Level::Info,
        "GET / 200",
        &[],
    );
}
