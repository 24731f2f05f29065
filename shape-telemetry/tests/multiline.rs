//! Events of several lines: what one runtime prints for one error is one record.

use shape_telemetry::{Event, Format, Level, Reader};

/// An event: its level, message, the types of its errors from the outermost to the root, and how many frames it has.
type Said = (Option<Level>, &'static str, &'static [&'static str], usize);

#[track_caller]
fn check(log: &str, expected: &[Said]) {
    let mut found = Vec::new();
    let summary = Reader::new().read("x", log.as_bytes(), &mut |event: &Event<'_>| {
        let kinds: Vec<String> = event
            .exceptions()
            .iter()
            .map(|e| e.kind.to_string())
            .collect();
        if !event.detail.is_empty() || event.record.format == Format::Exception {
            let first = kinds.first().map(String::as_str);
            if !event.detail.is_empty() {
                assert_eq!(event.record.field("exception.type"), first, "{event:?}");
            }
        }
        found.push((
            event.record.level,
            event.record.message.to_string(),
            kinds,
            event.frames.len(),
        ));
    });
    let expected: Vec<_> = expected
        .iter()
        .map(|&(level, message, kinds, frames)| {
            let kinds: Vec<String> = kinds.iter().map(|&kind| kind.to_owned()).collect();
            (level, message.to_owned(), kinds, frames)
        })
        .collect();
    assert_eq!(found, expected, "{log}");
    assert_eq!(summary.lines.unparsed, 0, "{log}");
}

const NEXT: &str = "2026-11-24T12:00:01.123Z INFO shop: next\n";
const NEXT_EVENT: Said = (Some(Level::Info), "next", &[], 0);

#[test]
fn node() {
    check(
        &format!(
            "2026-11-24T12:00:00.123Z INFO server: ready\n\
             TypeError: Cannot read properties of undefined (reading 'x')\n    at foo (/srv/app.js:42:7)\n    at bar (/srv/app.js:43:7)\n{NEXT}"
        ),
        &[
            (Some(Level::Info), "ready", &[], 0),
            (
                Some(Level::Error),
                "TypeError: Cannot read properties of undefined (reading 'x')",
                &["TypeError"],
                2,
            ),
            NEXT_EVENT,
        ],
    );
    check(
        &format!(
            "/srv/app.js:10\n    throw new Error(\"boom\");\n    ^\n\nError: boom\n    at Object.<anonymous> (/srv/app.js:10:11)\n    \
             at f (/srv/b.js:5:14) {{\n  code: 'ENOENT',\n  [cause]: RangeError: inner\n      at g (/srv/c.js:1:2)\n}}\n\nNode.js v18.17.0\n{NEXT}"
        ),
        &[
            (
                Some(Level::Error),
                "Error: boom",
                &["Error", "RangeError"],
                2,
            ),
            NEXT_EVENT,
        ],
    );
}

#[test]
fn python() {
    let chain = "Traceback (most recent call last):\n  File \"/srv/a.py\", line 3, in f\n    x = d[\"k\"]\n        ~^^^^^\nKeyError: 'k'\n\n\
         During handling of the above exception, another exception occurred:\n\n\
         Traceback (most recent call last):\n  File \"/srv/a.py\", line 9, in g\n    raise ValueError(\"bad\")\nshop.errors.CartError: bad\n";
    check(
        &format!("2026-11-24 12:00:00,123 ERROR orders.http: request failed\n{chain}{NEXT}"),
        &[
            (
                Some(Level::Error),
                "request failed",
                &["shop.errors.CartError", "KeyError"],
                2,
            ),
            NEXT_EVENT,
        ],
    );
    check(
        &format!("{chain}{chain}{NEXT}"),
        &[
            (
                Some(Level::Error),
                "shop.errors.CartError: bad",
                &["shop.errors.CartError", "KeyError"],
                2,
            ),
            (
                Some(Level::Error),
                "shop.errors.CartError: bad",
                &["shop.errors.CartError", "KeyError"],
                2,
            ),
            NEXT_EVENT,
        ],
    );
}

#[test]
fn java() {
    check(
        &format!(
            "2026-11-24 12:00:00,123 ERROR [main] c.e.Cart - cannot place order\n\
             java.lang.IllegalStateException: late\n\tat c.e.Cart.place(Cart.java:42)\n\
             Caused by: java.sql.SQLException: connection reset\n\tat c.e.Db.query(Db.java:17)\n\t... 23 more\n\
             \tSuppressed: java.io.IOException: close\n\t\tat c.e.Db.close(Db.java:99)\n\
             Caused by: java.net.SocketException\n\t... 25 common frames omitted\n{NEXT}"
        ),
        &[
            (
                Some(Level::Error),
                "cannot place order",
                &[
                    "java.lang.IllegalStateException",
                    "java.sql.SQLException",
                    "java.net.SocketException",
                ],
                3,
            ),
            NEXT_EVENT,
        ],
    );
    check(
        "Exception in thread \"main\" java.lang.NullPointerException: x\n\tat c.e.Main.main(Main.java:5)\n\
         java.lang.OutOfMemoryError: Java heap space\n\tat c.e.Main.more(Main.java:9)\n",
        &[
            (
                Some(Level::Error),
                "java.lang.NullPointerException: x",
                &["java.lang.NullPointerException"],
                1,
            ),
            (
                Some(Level::Error),
                "java.lang.OutOfMemoryError: Java heap space",
                &["java.lang.OutOfMemoryError"],
                1,
            ),
        ],
    );
}

#[test]
fn go_and_rust() {
    check(
        &format!(
            "panic: runtime error: index out of range [5]\n\ngoroutine 1 [running]:\nmain.pick(...)\n\t/srv/main.go:12\nmain.main()\n\t/srv/main.go:20 +0x1d\nexit status 2\n{NEXT}\
             fatal error: all goroutines are asleep - deadlock!\n\ngoroutine 1 [chan receive]:\nmain.main()\n\t/srv/main.go:5 +0x1d\n"
        ),
        &[
            (
                Some(Level::Fatal),
                "runtime error: index out of range [5]",
                &[],
                2,
            ),
            NEXT_EVENT,
            (
                Some(Level::Fatal),
                "all goroutines are asleep - deadlock!",
                &[],
                1,
            ),
        ],
    );
    check(
        &format!(
            "thread 'main' panicked at src/main.rs:64:217:\ncalled `Option::unwrap()` on a `None` value\nstack backtrace:\n   0: rust_begin_unwind\n             \
             at /rustc/abc/library/std/src/panicking.rs:645:5\n   2: shop::main\n             at ./src/main.rs:64:217\n\
             note: Some details are omitted, run with `RUST_BACKTRACE=full` for a verbose backtrace.\n{NEXT}\
             Error: cannot read config\n\nCaused by:\n    0: cannot open file\n    1: No such file or directory (os error 2)\n\nStack backtrace:\n   0: anyhow::error\n             at ./src/main.rs:5:3\n"
        ),
        &[
            (
                Some(Level::Error),
                "called `Option::unwrap()` on a `None` value",
                &[],
                2,
            ),
            NEXT_EVENT,
            (
                Some(Level::Error),
                "Error: cannot read config",
                &["Error"],
                1,
            ),
        ],
    );
}

#[test]
fn dotnet_ruby_php_elixir() {
    check(
        &format!(
            "2026-11-24 12:00:00.123 +00:00 [ERR] Failed to place order\nSystem.InvalidOperationException: boom\n ---> System.IO.IOException: disk\n   \
             at Shop.Db.Write() in /src/Db.cs:line 12\n   --- End of inner exception stack trace ---\n   at Shop.Cart.Get(Int32 id) in /src/Cart.cs:line 42\n\
             Unhandled exception. System.NullReferenceException: Object reference not set\n   at Shop.Program.Main(String[] args) in /src/Program.cs:line 12\n{NEXT}"
        ),
        &[
            (
                Some(Level::Error),
                "Failed to place order",
                &["System.InvalidOperationException", "System.IO.IOException"],
                2,
            ),
            (
                Some(Level::Error),
                "System.NullReferenceException: Object reference not set",
                &["System.NullReferenceException"],
                1,
            ),
            NEXT_EVENT,
        ],
    );
    check(
        "E, [2026-11-24T12:00:00.123456 #1234] ERROR -- : NoMethodError (undefined method `foo'):\n\
         app/models/cart.rb:12:in `total'\napp/controllers/orders_controller.rb:5:in `show'\n\
         I, [2026-11-24T12:00:01.123456 #1234]  INFO -- : next\n\
         /srv/a.rb:3:in `f': boom (RuntimeError)\n\tfrom /srv/a.rb:7:in `g'\n\tfrom /srv/a.rb:9:in `<main>'\n\
         PHP Fatal error:  Uncaught RuntimeException: boom in /srv/a.php:3\nStack trace:\n#0 /srv/a.php(7): f()\n#1 {main}\n  thrown in /srv/a.php on line 3\n",
        &[
            (
                Some(Level::Error),
                "NoMethodError (undefined method `foo'):",
                &["NoMethodError"],
                2,
            ),
            (Some(Level::Info), "next", &[], 0),
            (
                Some(Level::Error),
                "boom (RuntimeError)",
                &["RuntimeError"],
                2,
            ),
            (
                Some(Level::Error),
                "Uncaught RuntimeException: boom in /srv/a.php:3",
                &["RuntimeException"],
                1,
            ),
        ],
    );
    check(
        "12:00:01.123 [error] GenServer #PID<0.1.0> terminating\n** (RuntimeError) boom\n    (shop 0.1.0) lib/shop/cart.ex:12: Shop.Cart.handle_call/3\n",
        &[(
            Some(Level::Error),
            "GenServer #PID<0.1.0> terminating",
            &["RuntimeError"],
            1,
        )],
    );
}

#[test]
fn what_only_looks_like_an_error_stays_apart() {
    check(
        "2026-11-24T12:00:00.123Z INFO shop: first\nValueError: no trace\n2026-11-24T12:00:01.123Z INFO shop: next\n",
        &[
            (Some(Level::Info), "first", &[], 0),
            (
                Some(Level::Error),
                "ValueError: no trace",
                &["ValueError"],
                0,
            ),
            NEXT_EVENT,
        ],
    );
}
