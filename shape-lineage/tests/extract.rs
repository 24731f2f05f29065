//! What is found in source, by language.
#![cfg(any(
    feature = "rust",
    feature = "java",
    feature = "python",
    feature = "javascript"
))]

use shape_lineage::{LogStatement, SourceIndex};

/// `level template` and the fields of each statement.
#[track_caller]
fn check(path: &str, source: &str, expected: &[&str]) {
    let index = SourceIndex::from_sources([(path, source)]);
    let found: Vec<String> = index.statements().iter().map(shown).collect();
    assert_eq!(found, expected, "in {source}");
}

fn shown(statement: &LogStatement) -> String {
    let mut text = match statement.level {
        Some(level) => format!("{level} {}", statement.message),
        None => format!("- {}", statement.message),
    };
    for field in &statement.fields {
        text.push_str(" [");
        text.push_str(&field.name);
        if let Some(constant) = &field.constant {
            text.push('=');
            text.push_str(constant);
        }
        text.push(']');
    }
    text
}

#[cfg(feature = "rust")]
#[test]
fn rust() {
    let check = |statement: &str, expected: &[&str]| {
        check(
            "src/lib.rs",
            &format!("use tracing; fn f() {{ {statement} }}"),
            expected,
        );
    };
    check("info!(\"started\");", &["info started"]);
    check("log::warn!(\"{x:.1} of {}\", y)", &["warn <*> of <*>"]);
    check(
        "error!(target: \"db\", \"lost {0} {0} {name}\", n, name = n)",
        &["error lost <*> <*> <*>"],
    );
    check(
        "debug!(a = 1, b.c = %x, ?d, %e.f, g, \"text {}\", h)",
        &["debug text <*> [a] [b.c] [d] [e.f] [g]"],
    );
    check(
        "trace!(kind = %\"Indexed\", s = \"x y\", \"done\")",
        &["trace done [kind=Indexed] [s=\"x y\"]"],
    );
    check(
        "info!(message = \"as a field\", n = 1)",
        &["info as a field [n]"],
    );
    check("info!(x, y = 2)", &["info  [x] [y]"]);
    check(
        "event!(Level::WARN, x = 2, \"an event\")",
        &["warn an event [x]"],
    );
    check("log!(log::Level::Error, \"by level\")", &["error by level"]);
    check("log!(level, \"by level {}\", x)", &["- by level <*>"]);
    check(
        "warn!(log, \"a {:.1}ms\", ms; events = n, size = s)",
        &["warn a <*>ms [events] [size]"],
    );
    check(
        "slog::info!(self.log, \"a {}\", b; \"k\" => v)",
        &["info a <*> [k]"],
    );
    check(
        "info!(a = 1, b:? = x; \"kv {}\", c)",
        &["info kv <*> [a] [b]"],
    );
    check("info!(concat!(\"a\", 1, \"{}\"), x)", &["info a1<*>"]);
    check("info!(r#\"raw \"{}\" \\n\"#, x)", &["info raw \"<*>\" \\n"]);
    check(
        "info!(\"esc \\u{2713} \\\n   joined {{}}\")",
        &["info esc ✓ joined {}"],
    );
    check("info!(\"{} {}\", \"constant\", x)", &["info constant <*>"]);
    check(
        "logger.warn(format!(\"m {}\", x)); self.logger().error(\"plain {}\")",
        &["warn m <*>", "error plain {}"],
    );
    check("log.log(Level::Warn, &format!(\"m {x}\"))", &["warn m <*>"]);
    check(
        "println!(\"out {}\", x); eprintln!(\"err\"); panic!(\"bad {x}\")",
        &["- out <*>", "- err", "- bad <*>"],
    );
    check("assert!(a == b, \"why {}\", c)", &["- why <*>"]);
    check(
        "select! { _ = x => { warn!(\"inside {}\", y) } }",
        &["warn inside <*>"],
    );
    check("warn_once!(\"by name {}\", y)", &["warn by name <*>"]);
    check(
        "compile_error!(\"no\"); vec![\"no\"]; format!(\"no\"); write!(f, \"no\"); dialog.error(2)",
        &[],
    );
    check("info!(\"{}\", ", &["info <*>"]);
}

#[cfg(feature = "rust")]
#[test]
fn rust_wrappers() {
    let source = r#"
        macro_rules! trace_once { ($($t:tt)*) => { ONCE.call_once(|| log::trace!($($t)*)) } }
        macro_rules! rejected { ($e:expr) => { log::warn!("rejected the {}", $e) } }
        fn f() { trace_once!("seen {}", x); rejected!(y); }
    "#;
    check(
        "src/lib.rs",
        source,
        &["trace seen <*>", "warn rejected the <*>"],
    );
    let index = SourceIndex::from_sources([("src/lib.rs", source)]);
    let with_line = "macro_rules! again { () => { log::info!(\"again at {}\", line!()) } }\nfn f() {\n    again!();\n    \
                     info!(\"at {}\",\n        line!());\n}\n";
    check("src/lib.rs", with_line, &["info again at 3", "info at 5"]);
    // The place is the call, as `file!()` and `line!()` say.
    assert_eq!(index.statements()[0].location.line.get(), 4);
}

#[cfg(feature = "rust")]
#[test]
fn rust_symbols() {
    let source = "impl<T: Fn() -> u8> Draw for Canvas<T> {\n    fn run(&self) {\n        info!(\"a\");\n    }\n}\nmod x {\n    \
                  fn f() {\n        info!(\"b\") }\n}\n#[cfg(test)]\nmod tests { fn t() { info!(\"c\") } }\n";
    let index = SourceIndex::from_sources([
        ("studio/Cargo.toml", "[package]\nname = \"the-studio\"\n"),
        ("studio/src/canvas/render.rs", source),
    ]);
    let found: Vec<_> = index
        .statements()
        .iter()
        .map(|s| {
            let lines = s.symbol_lines.map(|(a, b)| (a.get(), b.get()));
            (s.symbol.as_deref().unwrap_or(""), lines, s.is_test)
        })
        .collect();
    assert_eq!(
        found,
        [
            ("canvas::render::Canvas::run", Some((2, 4)), false),
            ("canvas::render::x::f", Some((7, 8)), false),
            ("canvas::render::tests::t", Some((11, 11)), true),
        ]
    );
    assert_eq!(index.files()[0].module(), "the_studio::canvas::render");
}

#[cfg(feature = "java")]
#[test]
fn java() {
    let check = |statement: &str, expected: &[&str]| {
        let source = format!("package a.b;\nclass C {{ void m() {{ {statement}; }} }}");
        check("C.java", &source, expected);
    };
    check("LOG.info(\"started\")", &["info started"]);
    check("LOG.warn(\"a {} b {}\", x, y)", &["warn a <*> b <*>"]);
    check("logger.error(\"a \" + b + \" c\", e)", &["error a <*> c"]);
    check("LOG.debug(\"n = \" + (n + 1) + '!')", &["debug n = <*>!"]);
    check(
        "LOG.info(x ? \"yes \" + y : \"no\")",
        &["info yes <*>", "info no"],
    );
    check(
        "LOG.info(String.format(\"%s of %d\", a, b))",
        &["info <*> of <*>"],
    );
    check("LOG.log(Level.WARNING, \"a {0}\", b)", &["warn a <*>"]);
    check("log.atInfo().log(\"fluent {}\", x)", &["info fluent <*>"]);
    check(
        "LOG.fatal(\"end\"); this.log.trace(msg + e)",
        &["fatal end", "trace <*>"],
    );
    check("System.out.println(\"out \" + x)", &["- out <*>"]);
    check("list.add(\"no\"); dialog.error(\"no\")", &[]);
    let index = SourceIndex::from_sources([(
        "C.java",
        "package a.b;\nclass C {\n void m() {\n LOG.info(\"x\");\n }\n}",
    )]);
    assert_eq!(index.statements()[0].symbol.as_deref(), Some("a.b.C.m"));
}

#[cfg(feature = "python")]
#[test]
fn python() {
    let check = |source: &str, expected: &[&str]| check("m.py", source, expected);
    check("logging.info('started')\n", &["info started"]);
    check("logger.warning('%s of %d', a, b)\n", &["warn <*> of <*>"]);
    check(
        "self.log.error('%(a)s: ' '100%%' % d)\n",
        &["error <*>: 100%"],
    );
    check("log.debug(f'x {a.b!r} {{y}}')\n", &["debug x <*> {y}"]);
    check(
        "log.exception('a {} {n}'.format(b, n=c))\n",
        &["error a <*> <*>"],
    );
    check("log.log(logging.INFO, 'at %s', x)\n", &["info at <*>"]);
    check(
        "logging.getLogger(__name__).info('got ' + x)\n",
        &["info got <*>"],
    );
    check("log.info('yes' if a else 'no')\n", &["info yes", "info no"]);
    check("print('a', b)\n", &["- a <*>"]);
    check("_log('info', 'by a %s', x)\n", &["info by a <*>"]);
    check(
        "self._log(DEBUG, 'by a method %s', x)\n",
        &["debug by a method <*>"],
    );
    check("foo('no')\ncatalog.info('no')\n", &[]);
    let index =
        SourceIndex::from_sources([("a/m.py", "class C:\n  def f(self):\n    log.info('x')\n")]);
    assert_eq!(index.statements()[0].symbol.as_deref(), Some("a.m.C.f"));
}

#[cfg(feature = "javascript")]
#[test]
fn javascript() {
    let check = |source: &str, expected: &[&str]| check("m.js", source, expected);
    check("console.log('a', b)", &["- a <*>"]);
    check("console.error(`x ${a.b} y`)", &["error x <*> y"]);
    check("logger.info('a ' + b + \" c\")", &["info a <*> c"]);
    check("log.warn({ id, n: 3 }, 'pino')", &["warn pino [id] [n]"]);
    check(
        "logger.log('error', 'winston %s', x)",
        &["error winston <*>"],
    );
    check(
        "log.info(a ? 'yes' : `no ${b}`)",
        &["info yes", "info no <*>"],
    );
    check("foo.bar('no')", &[]);
    let index =
        SourceIndex::from_sources([("m.js", "const draw = () => {\n  console.warn('x')\n}\n")]);
    assert_eq!(index.statements()[0].symbol.as_deref(), Some("draw"));
}

#[cfg(feature = "python")]
#[test]
fn python_wrappers() {
    let sources = [
        (
            "net/transport.py",
            "import logging\nclass Transport:\n    def _log(self, level, msg, *args):\n        self.logger.log(level, msg, *args)\n    \
             def run(self):\n        self._log(DEBUG, \"starting {}\".format(self.name))\n",
        ),
        (
            "net/client.py",
            "class Client:\n    def run(self):\n        self.transport._log(INFO, \"asked for %s\", self.name)\n        \
             self.ledger.log_entry(\"not a log\")\n",
        ),
        (
            "other/thing.py",
            "def _log(kind, message):\n    getattr(logger, kind)(message.rstrip(), stacklevel=2)\ndef run():\n    _log(\"info\", \"here\")\n",
        ),
    ];
    let index = SourceIndex::from_sources(sources);
    let found: Vec<(String, Vec<String>)> = index
        .statements()
        .iter()
        .filter(|statement| 0 < statement.message.literal_chars())
        .map(|statement| {
            let sites = statement.emit_sites.iter().map(ToString::to_string);
            (statement.location.to_string(), sites.collect())
        })
        .collect();
    let site = vec!["net/transport.py:4:9".to_owned()];
    assert_eq!(
        found,
        [
            ("net/client.py:3:9".to_owned(), site.clone()),
            ("net/transport.py:6:9".to_owned(), site),
            ("other/thing.py:4:5".to_owned(), Vec::new()),
        ]
    );
}

#[cfg(feature = "python")]
#[test]
fn python_loggers() {
    use shape_lineage::Target;
    let source = "import logging\nlog = logging.getLogger(__name__)\nACCESS: logging.Logger = logging.getLogger(\"web.access\")\n\
                  class A:\n    def f(self):\n        log.info(\"a\")\n        ACCESS.info(\"b\")\n        self.log.info(\"c\")\n";
    let index = SourceIndex::from_sources([("web/app.py", source)]);
    let targets: Vec<&Target> = index.statements().iter().map(|s| &s.target).collect();
    assert_eq!(
        targets,
        [
            &Target::Module("web.app".to_owned()),
            &Target::Named("web.access".to_owned()),
            &Target::Unknown("web.app.A".to_owned()),
        ]
    );
}

#[cfg(feature = "python")]
#[test]
fn python_texts_in_variables() {
    check(
        "app.py",
        "def f(self, n):\n    text = \"lost %s\"\n    if n:\n        text += \" of %s\"\n    log.warning(text, a, b)\n    \
         shown = \"held {}\".format(n)\n    log.info(shown)\n    other = compute()\n    log.info(other)\n",
        &[
            "warn lost <*>",
            "warn lost <*> of <*>",
            "info held <*>",
            "info <*>",
        ],
    );
}

#[cfg(feature = "java")]
#[test]
fn java_texts_in_variables() {
    check(
        "A.java",
        "class A {\n  static final String PREFIX = \"node \";\n  void f(int n) {\n    String text = \"lost \" + n;\n    \
         LOG.warn(text);\n    LOG.info(PREFIX + \"up\");\n    LOG.info(n);\n  }\n}\n",
        &["warn lost <*>", "info node up", "info <*>"],
    );
}

#[cfg(feature = "python")]
#[test]
fn python_wrappers_with_a_prefix() {
    check(
        "app.py",
        "class A:\n    def _log(self, level, msg, *args):\n        self.logger.log(level, \"[chan \" + self.name + \"] \" + msg, *args)\n    \
         def run(self):\n        self._log(DEBUG, \"sent %s\", n)\n",
        &["- [chan <*>] <*>", "debug [chan <*>] sent <*>"],
    );
}
