//! What is found in source, by language.
#![cfg(any(
    feature = "go",
    feature = "kotlin",
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
            &Target::Unknown("web.app".to_owned()),
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

#[cfg(feature = "java")]
#[test]
fn java_texts() {
    let check = |statements: &str, expected: &[&str]| {
        let source = format!(
            "class A {{\n static final String KEY = \"app.key\";\n void m(int n, Object o) {{ {statements} }}\n}}"
        );
        check("A.java", &source, expected);
    };
    check("LOG.info(\"{} = {}\", KEY, n);", &["info app.key = <*>"]);
    check("LOG.info(KEY + \": {}\", n);", &["info app.key: <*>"]);
    check(
        "LOG.info(\"a {} \" + \"b {}\", KEY, n);",
        &["info a app.key b <*>"],
    );
    check("LOG.debug(() -> \"lazy \" + n);", &["debug lazy <*>"]);
    check("LOG.warnf(\"took %d ms\", n);", &["warn took <*> ms"]);
    check(
        "LOG.warn(String.format(\"took %s of %s\", n, KEY));",
        &["warn took <*> of app.key"],
    );
    check(
        "LOG.error(\"took %s\".formatted(n), o);",
        &["error took <*>"],
    );
    check("LOG.info(n + 1);", &["info <*>"]);
    check(
        "StringBuilder b = new StringBuilder(\"all: \"); b.append(n).append(\" of \"); \
         if (n > 1) { b.append(\"many\"); } LOG.info(b.toString());",
        &["info all: <*> of <*>"],
    );
    check(
        "if (n > 1) { throw new IllegalStateException(\"bad \" + n); }",
        &["- <*>IllegalStateException: bad <*>"],
    );
}

#[cfg(feature = "java")]
#[test]
fn java_targets_wrappers_and_constants_of_other_classes() {
    use shape_lineage::Target;
    let sources = [
        (
            "src/app/Trace.java",
            "package app;\npublic class Trace {\n  static void logRequest(Logger log, String text) {\n    \
             log.trace(\"<\" + text + \">\");\n  }\n}\n",
        ),
        (
            "src/app/Net.java",
            "package app;\nclass Net {\n  static final Logger LOG = LoggerFactory.getLogger(Net.class);\n  \
             Log wire = LogFactory.getLog(\"app.wire\");\n  void f() {\n    LOG.info(\"{} up\", Keys.NAME);\n    \
             wire.debug(\"sent {}\", n);\n    LOG\n      .warn(\"chained {}\", n);\n    \
             Trace.logRequest(LOG, \"asked \" + n);\n    Other.logRequest(LOG, \"no wrapper \" + n);\n  }\n}\n",
        ),
        (
            "src/app/Keys.java",
            "package app;\ninterface Keys { \n  String NAME = \"the net\";\n}\n",
        ),
    ];
    let index = SourceIndex::from_sources(sources);
    let found: Vec<String> = index
        .statements()
        .iter()
        .filter(|statement| 0 < statement.message.literal_chars())
        .map(|statement| {
            let target = match &statement.target {
                Target::Module(name) => format!("module {name}"),
                Target::Named(name) => format!("named {name}"),
                Target::Unknown(name) => format!("unknown {name}"),
            };
            let sites = statement
                .emit_sites
                .iter()
                .map(|site| format!(" at {site}"));
            let line = statement.location.line;
            format!(
                "{line} {} ({target}){}",
                shown(statement),
                sites.collect::<String>()
            )
        })
        .collect();
    assert_eq!(
        found,
        [
            "6 info the net up (module app.Net)",
            "7 debug sent <*> (named app.wire)",
            "9 warn chained <*> (module app.Net)",
            "10 trace <asked <*>> (module app.Net) at src/app/Trace.java:4:5",
            "4 trace <<*>> (unknown app.Trace)",
        ]
    );
}

#[cfg(feature = "typescript")]
#[test]
fn typescript() {
    let check = |path: &str, source: &str, expected: &[&str]| check(path, source, expected);
    check(
        "m.ts",
        "class A { run(n: number): void { this.logger.warn(`took ${n} ms`); } }",
        &["warn took <*> ms"],
    );
    check(
        "m.tsx",
        "const A = (p: P) => { console.error('lost', p.id as string); return <b>x</b>; }",
        &["error lost <*>"],
    );
    check("m.ts", "log.error(err, 'pino text')", &["error pino text"]);
    check(
        "m.js",
        "const debug = require('debug')('app:net');\ndebug('read %d bytes', n)",
        &["- read <*> bytes", "- app:net read <*> bytes"],
    );
    check(
        "m.js",
        "const trace = (0, debug_1.default)(name);\ntrace('read', n)",
        &["- read <*>", "- <*> read <*>"],
    );
    check(
        "m.js",
        "log.silly('place', `${name} at`, where)",
        &["trace place", "trace place <*> at <*>"],
    );
    check(
        "m.js",
        "log.http('using', 'npm@%s', version)",
        &["- using", "- using npm@<*>"],
    );
    check(
        "m.ts",
        "this.logger.log('till opens', 'Till')",
        &["- till opens", "- till opens Till"],
    );
    check("m.ts", "logger.child({ id }).warn('slow')", &["warn slow"]);
    check(
        "m.ts",
        "throw new TypeError(`no ${x}`)",
        &["- <*>TypeError: no <*>"],
    );
}

#[cfg(feature = "go")]
#[test]
fn go() {
    let check = |statement: &str, expected: &[&str]| {
        let source = format!("package main\n\nfunc run() {{\n\t{statement}\n}}\n");
        check("main.go", &source, expected);
    };
    check(
        "log.Printf(\"took %d of %+v\", n, v)",
        &["- took <*> of <*>"],
    );
    check("log.Println(\"ready\", n)", &["- ready <*>"]);
    check("fmt.Fprintf(os.Stderr, \"bad %q\\n\", n)", &["- bad <*>\n"]);
    check(
        "slog.Info(\"started\", \"port\", 80)",
        &["info started [port]"],
    );
    check(
        "slog.WarnContext(ctx, \"slow\", slog.Int(\"ms\", n))",
        &["warn slow [ms]"],
    );
    check(
        "logger.Error(\"failed\", zap.Error(err), zap.String(\"id\", id))",
        &["error failed [id]"],
    );
    check("sugar.Infow(\"got\", \"url\", url)", &["info got [url]"]);
    check("sugar.Debugf(\"got %[1]s\", url)", &["debug got <*>"]);
    check("klog.V(2).Infof(\"pod %s\", name)", &["info pod <*>"]);
    check(
        "klog.ErrorS(err, \"no pod\", \"pod\", name)",
        &["error no pod [pod]", "error \"no pod\" [pod]"],
    );
    check("log.Info().Str(\"a\", b).Msg(\"zero\")", &["info zero"]);
    check(
        "log.WithField(\"a\", b).Warnf(\"rus %v\", c)",
        &["warn rus <*>"],
    );
    check(
        "s.logger.Warn(\"slow\", \"peer\", p)",
        &["warn slow [peer]", "warn slow: [peer]"],
    );
    check(
        "if lg := s.getLogger(); lg != nil {\n\t\tlg.Warn(\n\t\t\t\"slow\",\n\t\t\tzap.String(\"peer\", p),\n\t\t)\n\t}",
        &["warn slow [peer]"],
    );
    check(
        "s.out.Warn(\"slow\", zap.Int(\"n\", 3))",
        &["warn slow [n]"],
    );
    check("s.Noticef(\"route to %s\", name)", &["info route to <*>"]);
    check("return status.Errorf(codes.Internal, \"no %s\", name)", &[]);
    check("panic(\"no way\")", &["- panic: no way"]);
    check("foo.Bar(\"no\")", &[]);
}

#[cfg(feature = "kotlin")]
#[test]
fn kotlin() {
    let check = |statement: &str, expected: &[&str]| {
        let source =
            format!("package app\n\nclass A {{\n  fun run(n: Int) {{\n    {statement}\n  }}\n}}\n");
        check("A.kt", &source, expected);
    };
    check(
        "logger.info { \"took $n of ${a.b} ms\" }",
        &["info took <*> of <*> ms"],
    );
    check("log.warn(\"took {} ms\", n)", &["warn took <*> ms"]);
    check("log.error(\"bad \" + n, e)", &["error bad <*>"]);
    check("Log.d(TAG, \"on $n\")", &["debug on <*>"]);
    check("println(\"out $n\")", &["- out <*>"]);
    check("foo.bar(\"no\")", &[]);
}

#[cfg(feature = "python")]
#[test]
fn python_functions_that_log() {
    let sources = [
        (
            "pool/util.py",
            "def debug(msg, *args):\n    if _logger:\n        _logger.log(DEBUG, msg, *args)\n",
        ),
        (
            "pool/run.py",
            "from .util import (debug, other)\nfrom . import util\ndef f(n):\n    debug(\"made %s\", n)\n    \
             util.debug(\"held \" + n)\n    other.debug(\"no such module\")\n",
        ),
        (
            "web/server.py",
            "class S:\n    def log_error(self, *args, **kw):\n        self.logger.error(*args, **kw)\n    def f(self):\n        \
             self.log_error(\"lost %s\", n)\n        log.info(\"-\" * 10)\n",
        ),
    ];
    let index = SourceIndex::from_sources(sources);
    let found: Vec<String> = index
        .statements()
        .iter()
        .filter(|statement| 0 < statement.message.literal_chars())
        .map(|statement| {
            let sites = statement
                .emit_sites
                .iter()
                .map(|site| format!(" at {site}"));
            format!("{}{}", shown(statement), sites.collect::<String>())
        })
        .collect();
    assert_eq!(
        found,
        [
            "debug made <*> at pool/util.py:3:9",
            "debug held <*> at pool/util.py:3:9",
            "error lost <*> at web/server.py:3:9",
            "info ----------",
        ]
    );
}

#[cfg(feature = "python")]
#[test]
fn the_last_certain_assignment_counts() {
    check(
        "app.py",
        "def f(n):\n    text = 'first %s'\n    log.info(text, n)\n    if n:\n        text = 'second %s'\n        \
         log.info(text, n)\n    log.info(text, n)\n    text = 'third %s'\n    log.info(text, n)\n",
        &[
            "info first <*>",
            "info second <*>",
            "info first <*>",
            "info second <*>",
            "info third <*>",
        ],
    );
}
