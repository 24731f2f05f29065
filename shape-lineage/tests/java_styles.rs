//! The styles in which Java programs log, each in a small program of its own.
#![cfg(all(feature = "java", feature = "kotlin"))]

use shape_lineage::{Query, SourceIndex, Verdict};
use shape_telemetry::Level;

/// Where a record comes from: `File:line` of the statements, and ` at File:line` where a wrapper writes it.
#[track_caller]
fn check(files: &[(&str, &str)], logger: &str, level: Level, message: &str, expected: &[&str]) {
    let index = SourceIndex::from_sources(files.iter().copied());
    let query = Query::message(message).target(logger).level(level);
    let answer = index.locate(&query.by_elimination());
    let found = match &answer.verdict {
        Verdict::Unique { statement, .. } => std::slice::from_ref(statement),
        Verdict::Ambiguous { candidates, .. } => candidates,
        Verdict::Unmapped { .. } => &[],
    };
    let name = |path: &str| path.rsplit('/').next().unwrap_or(path).to_owned();
    let found: Vec<String> = found
        .iter()
        .map(|source| {
            let here = &source.location;
            let sites = source
                .emit_sites
                .iter()
                .map(|site| format!(" at {}:{}", name(&site.path), site.line));
            let sites: String = sites.collect();
            format!("{}:{}{sites}", name(&here.path), here.line)
        })
        .collect();
    assert_eq!(found, expected, "{logger}: {message}");
}

/// One class with a logger of its own, whose method `run` has these lines, the first of them in line 5.
#[track_caller]
fn check_lines(lines: &str, level: Level, message: &str, expected: &[&str]) {
    let source = format!(
        "package org.app;\npublic class Net {{\n  private static final Logger LOG = LoggerFactory.getLogger(Net.class);\n  void run(int n, String name, Object peer, Exception e) {{\n{lines}\n  }}\n}}\n"
    );
    let files = [("src/org/app/Net.java", source.as_str())];
    check(&files, "org.app.Net", level, message, expected);
}

#[test]
fn texts_of_one_statement() {
    let info = |lines: &str, message: &str| {
        check_lines(lines, Level::Info, message, &["Net.java:5"]);
    };
    info("LOG.info(\"started\");", "started");
    info(
        "LOG.info(\"session \" + name\n  + \" closed after \"\n  + n + \" ms\");",
        "session a-1 closed after 17 ms",
    );
    info("LOG.info(\"took {} of {}\", n, peer);", "took 3 of x");
    info("LOG.info(\"{} is {}\", name, n);", "queue is 3");
    info(
        "LOG.info(String.format(\"%-10s took %5.2f s\", name, n));",
        "abc        took  1.50 s",
    );
    info(
        "LOG.info(\"took %d ms at %s\".formatted(n, peer));",
        "took 17 ms at b",
    );
    info(
        "LOG.info(MessageFormat.format(\"node {0} has {1} keys\", name, n));",
        "node b has 3 keys",
    );
    info(
        "LOG.info(n > 0 ? \"resumed at \" + n : \"began anew\");",
        "began anew",
    );
    info(
        "LOG.info(\"leader is \" + (n > 0 ? \"known\" : \"unknown\") + \" now\");",
        "leader is unknown now",
    );
    info("LOG.info(() -> \"lazily \" + name);", "lazily x");
    info(
        "LOG.info(new ParameterizedMessage(\"shard {} of {}\", n, name));",
        "shard 3 of y",
    );
    info(
        "LOG.info(() -> new ParameterizedMessage(\"shard {} of {}\", n, name));",
        "shard 3 of y",
    );
    info(
        "LOG.info(MARKER, \"committed offset {}\", n);",
        "committed offset 7",
    );
    info(
        "LOG.info(MarkerManager.getMarker(\"SQL\"), \"committed offset {}\", n);",
        "committed offset 7",
    );
    info(
        "LOG.log(Level.INFO, \"bound to {0}\", new Object[] { n });",
        "bound to 80",
    );
    info(
        "LOG.logp(Level.INFO, \"Net\", \"run\", \"bound to {0}\", n);",
        "bound to 80",
    );
    info("LOG.infof(\"bound to %d\", n);", "bound to 80");
    info("LOG.info(\"100% of {}\", n);", "100% of 3");
    info("LOG.info(\"tab\\there {}\", n);", "tab\there 3");
    info(
        "LOG.info(\"\"\"\n    opened {} and\n    waiting\"\"\", n);",
        "opened 3 and\n    waiting",
    );
    info("LOG.info(\"peers: \" + String.valueOf(peer));", "peers: x");
    info("LOG.info(\"peers: \".concat(name));", "peers: x");
}

#[test]
fn fluent_calls() {
    let warn = |lines: &str, message: &str| {
        check_lines(lines, Level::Warn, message, &["Net.java:5"]);
    };
    warn("LOG.atWarn().log(\"lag of {} ms\", n);", "lag of 3 ms");
    warn(
        "LOG.atWarn().setCause(e).log(\"lag of {} ms\", n);",
        "lag of 3 ms",
    );
    warn(
        "LOG.atLevel(Level.WARN).withThrowable(e).log(\"lag of {} ms\", n);",
        "lag of 3 ms",
    );
    warn(
        "LOG.atWarn().addKeyValue(\"node\", name).log(\"lag of {} ms\", n);",
        "lag of 3 ms",
    );
    warn(
        "LOG.atWarn().setMessage(\"lag of {} ms\").addArgument(n).log();",
        "lag of 3 ms",
    );
    warn(
        "LOG.atWarning().withCause(e).log(\"lag of %d ms\", n);",
        "lag of 3 ms",
    );
    check_lines(
        "LOG\n  .atWarn()\n  .log(\"lag of {} ms\", n);",
        Level::Warn,
        "lag of 3 ms",
        &["Net.java:7"],
    );
}

#[test]
fn texts_in_variables() {
    let error = |lines: &str, message: &str, expected: &str| {
        check_lines(lines, Level::Error, message, &[expected]);
    };
    error(
        "String text = \"cannot open \" + name;\nLOG.error(text, e);",
        "cannot open a.txt",
        "Net.java:6",
    );
    error(
        "final String text;\nif (n > 0) {\n text = \"cannot open \" + name;\n} else {\n text = \"cannot close \" + name;\n}\nLOG.error(text);",
        "cannot close a.txt",
        "Net.java:11",
    );
    error(
        "String text = \"cannot open \" + name;\nif (n > 0) { text += \", will retry\"; }\nLOG.error(text);",
        "cannot open a.txt, will retry",
        "Net.java:7",
    );
    error(
        "StringBuilder b = new StringBuilder();\nb.append(\"nodes down: \");\nfor (int i = 0; i < n; i++) {\n b.append(i).append(' ');\n}\nb.append(\"of \").append(n);\nLOG.error(b.toString());",
        "nodes down: 0 1 2 of 3",
        "Net.java:11",
    );
    error(
        "StringBuilder b = new StringBuilder(\"down: \").append(name).append(\" since \");\nb.append(n);\nLOG.error(b);",
        "down: x since 3",
        "Net.java:7",
    );
}

#[test]
fn constants_of_other_classes() {
    let net = "package org.app;\nimport org.app.conf.Keys;\nimport static org.app.conf.Keys.SUFFIX;\nclass Net {\n  static final Logger LOG = LogManager.getLogger(Net.class);\n  \
               void run(int n) {\n    LOG.info(Keys.PREFIX + n + SUFFIX);\n    LOG.warn(Keys.NO_NODE, n);\n  }\n}\n";
    let keys = "package org.app.conf;\npublic final class Keys {\n  public static final String PREFIX = \"[net] \";\n  public static final String SUFFIX = \" peers\";\n  \
                public static final String NO_NODE = \"no node in \" + \"rack {}\";\n}\n";
    let files = [
        ("src/org/app/Net.java", net),
        ("src/org/app/conf/Keys.java", keys),
    ];
    check(
        &files,
        "org.app.Net",
        Level::Info,
        "[net] 3 peers",
        &["Net.java:7"],
    );
    check(
        &files,
        "o.a.Net",
        Level::Warn,
        "no node in rack 7",
        &["Net.java:8"],
    );
}

#[test]
fn nested_classes_and_their_loggers() {
    let source = "package org.app;\npublic class Server {\n  private static final Logger LOG = LoggerFactory.getLogger(Server.class);\n  void run() { LOG.info(\"cleaning up {}\", n); }\n  \
                  static class Session {\n    private static final Logger LOG = LoggerFactory.getLogger(Session.class);\n    void run() { LOG.info(\"cleaning up {}\", n); }\n  }\n  \
                  class Sender extends Thread {\n    public void run() { LOG.info(\"sender {} stopped\", n); }\n    void start() {\n      pool.submit(new Runnable() {\n        public void run() { LOG.info(\"task {} done\", n); }\n      });\n    }\n  }\n}\n";
    let files = [("src/org/app/Server.java", source)];
    let check = |logger, message, expected: &[&str]| {
        check(&files, logger, Level::Info, message, expected);
    };
    check("org.app.Server", "cleaning up 3", &["Server.java:4"]);
    check(
        "org.app.Server$Session",
        "cleaning up 3",
        &["Server.java:7"],
    );
    check("o.a.Server$Session", "cleaning up 3", &["Server.java:7"]);
    check("org.app.Server", "sender 3 stopped", &["Server.java:10"]);
    check("Server", "task 3 done", &["Server.java:13"]);
}

#[test]
fn loggers_of_parents() {
    let base = "package org.app.base;\npublic abstract class Service {\n  protected final Logger log = LoggerFactory.getLogger(getClass());\n  static final Logger AUDIT = LoggerFactory.getLogger(\"audit\");\n  \
                public void start() { log.info(\"starting the service {}\", name); }\n  protected Logger logger() { return log; }\n}\n";
    let web = "package org.app.web;\nimport org.app.base.Service;\npublic class Web extends Service {\n  void run() {\n    log.info(\"serving {}\", port);\n    logger().warn(\"slow: {}\", port);\n    AUDIT.info(\"user {} came\", user);\n  }\n}\n";
    let other = "package org.app.other;\npublic class Other {\n  final Logger log = LoggerFactory.getLogger(getClass());\n  void start() { log.info(\"starting the service {}\", name); }\n}\n";
    let files = [
        ("src/org/app/base/Service.java", base),
        ("src/org/app/web/Web.java", web),
        ("src/org/app/other/Other.java", other),
    ];
    let check = |logger, level, message, expected: &[&str]| {
        check(&files, logger, level, message, expected);
    };
    check(
        "org.app.web.Web",
        Level::Info,
        "starting the service x",
        &["Service.java:5"],
    );
    check(
        "org.app.other.Other",
        Level::Info,
        "starting the service x",
        &["Other.java:4"],
    );
    check(
        "org.app.web.Web",
        Level::Info,
        "serving 80",
        &["Web.java:5"],
    );
    check("org.app.web.Web", Level::Warn, "slow: 80", &["Web.java:6"]);
    check("audit", Level::Info, "user x came", &["Web.java:7"]);
}

#[test]
fn loggers_that_are_handed_on() {
    let wire = "package org.app;\nclass Wire {\n  private final Log log;\n  private final String id;\n  Wire(Log log, String id) { this.log = log; this.id = id; }\n  \
                void sent(String text) { log.debug(id + \" >> \" + text); }\n  void got(String text) { log.trace(id + \" << \" + text); }\n}\n";
    let client = "package org.app;\nclass Client {\n  private final Log wireLog = LogFactory.getLog(\"app.wire\");\n  Wire wire = new Wire(wireLog, \"c\");\n}\n";
    let files = [
        ("src/org/app/Wire.java", wire),
        ("src/org/app/Client.java", client),
    ];
    check(
        &files,
        "app.wire",
        Level::Debug,
        "c >> hello",
        &["Wire.java:6"],
    );
    check(&files, "wire", Level::Trace, "c << hello", &["Wire.java:7"]);
    let prefixed = "package org.app;\nclass Task {\n  final Logger log;\n  Task(LogContext context) { this.log = context.logger(Task.class); }\n  void run() { log.info(\"assigned {} partitions\", n); }\n}\n";
    check(
        &[("src/org/app/Task.java", prefixed)],
        "org.app.Task",
        Level::Info,
        "[Consumer clientId=c-1, groupId=g] assigned 3 partitions",
        &["Task.java:5"],
    );
    let direct = "package org.app;\nclass Once {\n  static void run() {\n    LogFactory.getLog(Once.class).warn(\"only once \" + n);\n    Logger.getLogger(Once.class.getName() + \".audit\").info(\"seen \" + n);\n  }\n}\n";
    let files = [("src/org/app/Once.java", direct)];
    check(
        &files,
        "org.app.Once",
        Level::Warn,
        "only once 3",
        &["Once.java:4"],
    );
    check(
        &files,
        "org.app.Once.audit",
        Level::Info,
        "seen 3",
        &["Once.java:5"],
    );
    let lombok = "package org.app;\n@Slf4j\n@Component\npublic class Bean {\n  void run() { log.info(\"bean {} is up\", n); }\n}\n";
    check(
        &[("src/org/app/Bean.java", lombok)],
        "org.app.Bean",
        Level::Info,
        "bean 3 is up",
        &["Bean.java:5"],
    );
}

#[test]
fn wrappers_in_chains_and_in_parents() {
    let trace = "package org.app;\npublic class Trace {\n  static void message(Logger log, long mask, String msg) {\n    if ((mask & MASK) != 0) {\n      log.trace(msg);\n    }\n  }\n  \
                 static void packet(Logger log, long mask, char way, Packet packet) {\n    message(log, mask, way + \" \" + packet);\n  }\n}\n";
    let learner = "package org.app;\nclass Learner {\n  static final Logger LOG = LoggerFactory.getLogger(Learner.class);\n  void read() {\n    Trace.packet(LOG, mask, 'i', packet);\n    \
                   Trace.message(LOG, mask, \"revalidating \" + id);\n    LOG.trace(\"read a packet\");\n  }\n}\n";
    let files = [
        ("src/org/app/Trace.java", trace),
        ("src/org/app/Learner.java", learner),
    ];
    let is_at = |message, expected: &[&str]| {
        check(&files, "org.app.Learner", Level::Trace, message, expected);
    };
    is_at("revalidating 0x7", &["Learner.java:6 at Trace.java:5"]);
    is_at("i PING 0x7", &["Learner.java:5 at Trace.java:5"]);
    is_at("read a packet", &["Learner.java:7"]);
    let base = "package org.app.base;\npublic abstract class Tool {\n  private static final Log LOG = LogFactory.getLog(Tool.class);\n  protected void info(String msg) { log(Level.INFO, msg); }\n  \
                protected void warn(String msg, Object... values) { log(Level.WARN, String.format(msg, values)); }\n  private void log(Level level, String msg) {\n    LOG.log(level, \"[tool] \" + msg);\n  }\n}\n";
    let copy = "package org.app.tools;\nimport org.app.base.Tool;\npublic class Copy extends Tool {\n  void run() {\n    info(\"copied \" + n + \" files\");\n    this.warn(\"skipped %d\", n);\n  }\n}\n";
    let files = [
        ("src/org/app/base/Tool.java", base),
        ("src/org/app/tools/Copy.java", copy),
    ];
    check(
        &files,
        "org.app.base.Tool",
        Level::Info,
        "[tool] copied 3 files",
        &["Copy.java:5 at Tool.java:7"],
    );
    check(
        &files,
        "org.app.base.Tool",
        Level::Warn,
        "[tool] skipped 3",
        &["Copy.java:6 at Tool.java:7"],
    );
}

#[test]
fn resource_bundles() {
    let net = "package org.app.net;\nclass Net {\n  static final Log log = LogFactory.getLog(Net.class);\n  static final StringManager sm = StringManager.getManager(Net.class);\n  \
               void run() {\n    log.info(sm.getString(\"net.bound\", host, port));\n    log.warn(sm.getString(\"net.lost\"), e);\n  }\n}\n";
    let english = "net.bound=Listening on ''{0}'', port [{1}]\nnet.lost=Can't reach the peer\n";
    let german = "net.lost=Die Gegenstelle ist weg\n";
    let files = [
        ("java/org/app/net/Net.java", net),
        ("res/org/app/net/LocalStrings.properties", english),
        ("res/org/app/net/LocalStrings_de.properties", german),
    ];
    check(
        &files,
        "org.app.net.Net",
        Level::Info,
        "Listening on 'a.b', port [80]",
        &["Net.java:6"],
    );
    check(
        &files,
        "org.app.net.Net",
        Level::Warn,
        "Can't reach the peer",
        &["Net.java:7"],
    );
}

#[test]
fn the_exception_beneath_tells_catches_apart() {
    let source = "package org.app;\nclass Net {\n  static final Logger LOG = LoggerFactory.getLogger(Net.class);\n  void connect(long sid) {\n    try {\n      open(sid);\n    } catch (UnresolvedAddressException e) {\n      LOG.warn(\"Cannot open channel to \" + sid, e);\n      throw e;\n    } catch (IOException e) {\n      LOG.warn(\"Cannot open channel to \" + sid,\n          e);\n    }\n    LOG.warn(\"Cannot open channel to \" + sid);\n  }\n}\n";
    let index = SourceIndex::from_sources([("src/org/app/Net.java", source)]);
    let check = |beneath: &str, expected: &[u32]| {
        let query = Query::message("Cannot open channel to 3")
            .target("org.app.Net")
            .level(Level::Warn)
            .beneath(beneath);
        let lines: Vec<u32> = match index.locate(&query).verdict {
            Verdict::Unique { statement, .. } => vec![statement.location.line.get()],
            Verdict::Ambiguous { candidates, .. } => candidates
                .iter()
                .map(|source| source.location.line.get())
                .collect(),
            Verdict::Unmapped { .. } => Vec::new(),
        };
        assert_eq!(lines, expected, "{beneath}");
    };
    check("", &[8, 11, 14]);
    check(
        "java.net.ConnectException: Connection refused\n\tat java.net.Socket.connect(Socket.java:1)\n",
        &[11],
    );
    check(
        "java.nio.channels.UnresolvedAddressException\n\tat java.nio.Net.check(Net.java:1)\n",
        &[8],
    );
    check(
        "com.own.StrangeException: x\n\tat com.own.A.f(A.java:1)\n",
        &[8, 11],
    );
}

#[test]
fn kotlin() {
    let source = "package org.app\n\nclass Net(private val port: Int) {\n  private val log = LoggerFactory.getLogger(Net::class.java)\n  fun run() {\n    log.info(\"bound to $port\")\n    log.warn(\"lost {} of {}\", a, b)\n    log.error(\"cannot read ${file.name}: \" + why, e)\n    log.debug { \"lazily $port of ${all.size}\" }\n  }\n}\n";
    let files = [("src/org/app/Net.kt", source)];
    let is_at = |level, message, expected: &str| {
        check(&files, "org.app.Net", level, message, &[expected]);
    };
    is_at(Level::Info, "bound to 80", "Net.kt:6");
    is_at(Level::Warn, "lost 1 of 2", "Net.kt:7");
    is_at(Level::Error, "cannot read a: no such file", "Net.kt:8");
    is_at(Level::Debug, "lazily 80 of 3", "Net.kt:9");
}

#[test]
fn objects_that_write_themselves() {
    let source = "package org.app;\nclass Tree {\n  static final Logger LOG = LoggerFactory.getLogger(Tree.class);\n  enum End { EOF, CHUNKED }\n  static class Node {\n    public String toString() { return \"Node [name=\" + name + \"]\"; }\n  }\n  \
                  void run(String name, Node node, End end) {\n    LOG.debug(\"{}\", node);\n    LOG.debug(\"{}\", name);\n    LOG.info(end.toString());\n    LOG.info(\"at \" + node);\n  }\n}\n";
    let files = [("src/org/app/Tree.java", source)];
    let check = |level, message, expected: &[&str]| {
        check(&files, "org.app.Tree", level, message, expected);
    };
    check(Level::Debug, "Node [name=a]", &["Tree.java:9"]);
    check(Level::Debug, "a", &["Tree.java:10"]);
    check(Level::Info, "CHUNKED", &["Tree.java:11"]);
    check(Level::Info, "at Node [name=x]", &["Tree.java:12"]);
    check(Level::Info, "at x", &[]);
}

#[test]
fn facades_of_the_project() {
    let log = "package org.app.log;\npublic interface Log {\n  void debug(Object message);\n  void debug(Object message, Throwable t);\n}\n";
    let jul = "package org.app.log;\nimport java.util.logging.Logger;\nclass JulLog implements Log {\n  final Logger logger;\n  public void debug(Object message) { log(Level.FINE, String.valueOf(message), null); }\n  \
               public void debug(Object message, Throwable t) { log(Level.FINE, String.valueOf(message), t); } public void trace(Object message) { log(Level.FINER, String.valueOf(message), null); }\n  private void log(Level level, String msg, Throwable ex) {\n    if (ex == null) {\n      logger.logp(level, name, method, msg);\n    } else {\n      logger.logp(level, name, method, msg, ex);\n    }\n  }\n}\n";
    let net = "package org.app.net;\nimport org.app.log.Log;\nimport org.app.log.LogFactory;\nclass Net {\n  private static final Log log = LogFactory.getLog(Net.class);\n  void run() {\n    log.debug(\"added the child \" + child);\n    log.debug(\"cannot add \" + child, e);\n    log.trace(\"asked for \" + child);\n  }\n}\n";
    let files = [
        ("src/org/app/log/Log.java", log),
        ("src/org/app/log/JulLog.java", jul),
        ("src/org/app/net/Net.java", net),
    ];
    let check = |message, expected: &[&str]| {
        check(&files, "org.app.net.Net", Level::Debug, message, expected);
    };
    check("added the child x", &["Net.java:7 at JulLog.java:9"]);
    check("cannot add x", &["Net.java:8 at JulLog.java:11"]);
    // `java.util.logging` has more levels below its `INFO` than other libraries.
    check("asked for x", &["Net.java:9 at JulLog.java:9"]);
}
