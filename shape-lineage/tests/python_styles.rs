//! Ways of logging in Python, each as its library prints it.
#![cfg(feature = "python")]

use shape_lineage::{Query, SourceIndex};
use shape_telemetry::{Event, Reader};

/// Reads each record and asks where it comes from; the numbers are the lines where the source says so.
#[track_caller]
fn check(files: &[(&str, &str)], records: &[(&str, u32)]) {
    let index = SourceIndex::from_sources(files.iter().copied());
    let path = files.last().map_or("", |(path, _)| path);
    let mut failures = Vec::new();
    for (record, line) in records {
        Reader::new().read("test", record.as_bytes(), &mut |event: &Event<'_>| {
            let answer = index.locate(&Query::from(event));
            let found = answer.verdict.unique().map(|statement| &statement.location);
            if found.is_none_or(|found| found.path != path || found.line.get() != *line) {
                failures.push(format!(
                    "{record}\n  line {line}: {:?}\n  {:?}",
                    answer.verdict, event.record
                ));
            }
        });
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn structlog() {
    let source = "import structlog\nlogger = structlog.get_logger()\n\ndef buy(item, user):\n    log = logger.bind(user=user)\n    \
                  log.info('item_bought', item=item, n=3)\n    logger.warning('stock is low', left=1)\n    \
                  logger.bind(step=1).error(\"payment failed\", code=7)\n    structlog.get_logger().info(f'cart of {user} closed')\n";
    let records = [
        (
            "2026-11-24 09:24:23 [info     ] item_bought                    item=tea n=3 user=ann",
            6,
        ),
        (
            "2026-11-24 09:24:23 [warning  ] stock is low                   left=1",
            7,
        ),
        (
            "2026-11-24T09:24:23Z [error    ] payment failed                 [shop] code=7 step=1",
            8,
        ),
        ("2026-11-24 09:24:23 [info     ] cart of ann closed", 9),
        (
            r#"{"item": "tea", "n": 3, "user": "ann", "event": "item_bought", "level": "info", "timestamp": "2026-11-24T09:24:23Z"}"#,
            6,
        ),
        (
            r#"{"left": 1, "event": "stock is low", "level": "warning", "timestamp": "2026-11-24T09:24:23Z"}"#,
            7,
        ),
        (
            "timestamp=2026-11-24T09:24:23Z level=warning event=\"stock is low\" left=1",
            7,
        ),
    ];
    check(&[("app/shop.py", source)], &records);
}

#[test]
fn loguru() {
    let source = "from loguru import logger\n\ndef f(user, n):\n    logger.info('user {} has {n} items', user, n=n)\n    \
                  logger.bind(id=3).success('order of {user} is {!r}', n, user=user)\n    \
                  logger.opt(exception=True).warning(f'cannot ship to {user!r:>9}')\n    logger.log('NOTICE', 'shop opens')\n    \
                  logger.trace(\"nothing in {{braces}} of {}\", user)\n";
    let records = [
        (
            "2026-11-24 09:24:23.123 | INFO     | app.shop:f:4 - user ann has 3 items",
            4,
        ),
        (
            "2026-11-24 09:24:23.123 | INFO     | app.shop:f:5 - order of ann is 'x'",
            5,
        ),
        (
            "2026-11-24 09:24:23.123 | WARNING  | app.shop:f:6 - cannot ship to     'ann'",
            6,
        ),
        ("2026-11-24 09:24:23,123 INFO shop opens", 7),
        (
            "2026-11-24 09:24:23,123 TRACE nothing in {braces} of ann",
            8,
        ),
        ("2026-11-24 09:24:23,123 INFO user ann has 3 items", 4),
    ];
    check(&[("app/shop.py", source)], &records);
}

#[test]
fn texts_of_every_kind() {
    let source = r#"import logging, warnings
LOG = logging.getLogger(__name__)
STARTED = "service %s started"
def f(name, error, n):
    LOG.info("%(name)s took %(n)d ms", {"name": name, "n": n})
    LOG.warning("no such user "
                "in the list: %s",
                name)
    LOG.error(f"value of {name!r} is {n:>8.2f} and {d['key']} of {f'{n}'} ends")
    LOG.debug("ratio {0} to {total:.1f} kept".format(n, total=3))
    LOG.log(logging.INFO, "levels by %s", name)
    LOG.info(STARTED, name)
    message = "cannot open %s" % name
    LOG.error(message)
    text = f"retry {n}"
    text += " of the upload"
    LOG.warning(text)
    LOG.exception("shutting %s down", name)
    LOG.info(_("translated %s text"), name)
    LOG.info(_LI("volume %(id)s is %(state)s"), {"id": n, "state": name})
    LOG.info("sizes: {a} and {b}".format(**locals()))
    LOG.info("joined: " + ", ".join(names))
    LOG.info("yes and on" if n else "no and off")
    LOG.critical("percent is 100%% of %s" % name)
    print("printing", n, "things for", name)
    warnings.warn("the option %s is old" % name, DeprecationWarning)
    LOG.info("one of", extra={"a": 1})
    LOG.warn('''a text
  over lines %s''', name)
"#;
    let records = [
        ("2026-11-24 09:24:23,123 INFO app.shop: ann took 3 ms", 5),
        (
            "2026-11-24 09:24:23,123 WARNING app.shop: no such user in the list: ann",
            6,
        ),
        (
            "2026-11-24 09:24:23,123 ERROR app.shop: value of 'ann' is     3.00 and x of 3 ends",
            9,
        ),
        (
            "2026-11-24 09:24:23,123 DEBUG app.shop: ratio 3 to 3.0 kept",
            10,
        ),
        ("2026-11-24 09:24:23,123 INFO app.shop: levels by ann", 11),
        (
            "2026-11-24 09:24:23,123 INFO app.shop: service ann started",
            12,
        ),
        (
            "2026-11-24 09:24:23,123 ERROR app.shop: cannot open ann",
            14,
        ),
        (
            "2026-11-24 09:24:23,123 WARNING app.shop: retry 3 of the upload",
            17,
        ),
        (
            "2026-11-24 09:24:23,123 ERROR app.shop: shutting ann down",
            18,
        ),
        (
            "2026-11-24 09:24:23,123 INFO app.shop: translated ann text",
            19,
        ),
        ("2026-11-24 09:24:23,123 INFO app.shop: volume 3 is ann", 20),
        ("2026-11-24 09:24:23,123 INFO app.shop: sizes: 1 and 2", 21),
        ("2026-11-24 09:24:23,123 INFO app.shop: joined: a, b", 22),
        ("2026-11-24 09:24:23,123 INFO app.shop: no and off", 23),
        (
            "2026-11-24 09:24:23,123 CRITICAL app.shop: percent is 100% of ann",
            24,
        ),
        ("printing 3 things for ann", 25),
        (
            "/srv/app/other.py:3: DeprecationWarning: the option x is old",
            26,
        ),
        ("2026-11-24 09:24:23,123 INFO app.shop: one of", 27),
        (
            "2026-11-24 09:24:23,123 WARNING app.shop: a text\n  over lines ann",
            28,
        ),
        // OpenStack's.
        (
            "2026-11-24 09:24:23.123 4711 INFO app.shop [req-1 - - - - -] volume 3 is ann",
            20,
        ),
    ];
    check(&[("app/shop.py", source)], &records);
}

#[test]
fn loggers_from_elsewhere() {
    let log = "import logging\nlogger = logging.getLogger('shop')\n";
    let base = "import logging\n\nclass Base:\n    def __init__(self):\n        self.log = logging.getLogger(self.__class__.__name__)\n        \
                self.logger = logging.getLogger(type(self).__module__)\n";
    let user = "from .log import logger\nfrom .base import Base\nfrom . import log\n\nclass Till(Base):\n    def open(self, n):\n        \
                self.log.info('till %s opens', n)\n        self.logger.debug('drawer %s is empty', n)\n        logger.info('money of %s counted', n)\n        \
                log.logger.info('twice of %s counted', n)\n        \n";
    let files = [
        ("app/log.py", log),
        ("app/base.py", base),
        ("app/till.py", user),
    ];
    let records = [
        ("2026-11-24 09:24:23,123 INFO Till: till 3 opens", 7),
        (
            "2026-11-24 09:24:23,123 DEBUG app.till: drawer 3 is empty",
            8,
        ),
        ("2026-11-24 09:24:23,123 INFO shop: money of 3 counted", 9),
        ("2026-11-24 09:24:23,123 INFO shop: twice of 3 counted", 10),
    ];
    check(&files, &records);
}

#[test]
fn a_traceback_names_the_function_that_logs() {
    let source = "import logging\nlog = logging.getLogger(__name__)\n\ndef load(path):\n    try:\n        read(path)\n    except OSError:\n        \
                  log.exception('failed')\n\ndef save(path):\n    try:\n        write(path)\n    except OSError:\n        log.exception('failed')\n";
    let record = "2026-11-24 09:24:23,123 ERROR app.shop: failed\nTraceback (most recent call last):\n  \
                  File \"/srv/app/shop.py\", line 12, in save\n    write(path)\nOSError: no\n";
    check(&[("app/shop.py", source)], &[(record, 14)]);
}
