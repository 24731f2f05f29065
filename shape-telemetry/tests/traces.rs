//! Records of several lines: stack traces of every language, and what else belongs to the line before.

use shape_telemetry::{Event, Level, Reader};

/// One line an event: first line number, level, target, message, fields that `show` names, lines of detail, frames.
#[track_caller]
fn check(log: &str, expected: &[&str]) {
    let mut events = Vec::new();
    let summary = Reader::new().read("x.log", log.as_bytes(), &mut |event: &Event<'_>| {
        let record = &event.record;
        let frames: Vec<_> = event.frames.iter().map(ToString::to_string).collect();
        let fields: Vec<_> = record
            .fields
            .iter()
            .filter(|field| !matches!(&*field.name, "pid" | "thread" | "kind"))
            .map(|field| format!(" {}={}", field.name, field.value))
            .collect();
        let place = record
            .emitter
            .as_ref()
            .map(|place| format!(" <{}>", place.to_location()));
        events.push(format!(
            "{} {} {} `{}`{}{} +{} {}",
            event.position.line,
            record.level.map_or("-", Level::as_str),
            record.target.as_deref().unwrap_or("-"),
            record.message,
            fields.concat(),
            place.unwrap_or_default(),
            event
                .detail
                .lines()
                .filter(|line| !line.trim().is_empty())
                .count(),
            frames.join(" "),
        ));
    });
    assert_eq!(events, expected, "{events:#?}");
    assert_eq!(summary.lines.unparsed, 0, "{log}");
    let lines = u64::try_from(log.lines().count()).unwrap();
    assert_eq!((summary.lines.total, summary.lines.parsed), (lines, lines));
}

#[test]
fn java() {
    check(
        "2026-03-01 12:00:00,123 [main] ERROR c.e.Foo - boom\n\
         java.lang.IllegalStateException: no price\n\
         \tat c.e.Foo.bar(Foo.java:42)\n\
         \tat java.base/java.lang.Thread.run(Thread.java:829)\n\
         \tSuppressed: java.io.IOException: closed\n\
         \t\tat c.e.Io.close(Io.java:7)\n\
         Caused by: java.sql.SQLException: timeout\n\
         \tat c.e.Db.query(Db.java:9)\n\
         \t... 12 more\n\
         2026-03-01 12:00:01,000 [main] INFO c.e.Foo - next\n",
        &[
            "1 error c.e.Foo `boom` exception.type=java.lang.IllegalStateException +8 c/e/Foo.java:42 java/lang/Thread.java:829 c/e/Io.java:7 c/e/Db.java:9",
            "10 info c.e.Foo `next` +0 ",
        ],
    );
}

#[test]
fn python() {
    check(
        "2026-11-23 23:41:07,812 - shop.cart - ERROR - no price\n\
         Traceback (most recent call last):\n\
         \x20 File \"/srv/shop/cart.py\", line 12, in total\n\
         \x20   return prices[item]\n\
         \x20          ~~~~~~^^^^^^\n\
         KeyError: 'tea'\n\
         \n\
         During handling of the above exception, another exception occurred:\n\
         \n\
         Traceback (most recent call last):\n\
         \x20 File \"/srv/shop/app.py\", line 30, in handle\n\
         \x20   cart.total()\n\
         shop.errors.NoPrice: tea\n\
         2026-11-23 23:41:08,000 - shop.cart - INFO - next\n",
        &[
            "1 error shop.cart `no price` exception.type=KeyError +10 /srv/shop/app.py:30 /srv/shop/cart.py:12",
            "14 info shop.cart `next` +0 ",
        ],
    );
    check(
        "ERROR:root:boom\nTraceback (most recent call last):\n  File \"a.py\", line 3, in f\nZeroDivisionError: division by zero\nINFO:root:next\n",
        &[
            "1 error root `boom` exception.type=ZeroDivisionError +3 a.py:3",
            "5 info root `next` +0 ",
        ],
    );
}

#[test]
fn rust() {
    check(
        "2026-11-23T23:41:07.3Z  INFO app: ready\n\
         thread 'main' (2028) panicked at src/main.rs:64:217:\n\
         called `Result::unwrap()` on an `Err` value: NotFound\n\
         stack backtrace:\n\
         \x20  0: rust_begin_unwind\n\
         \x20            at /rustc/59807616e1fa/library/std/src/panicking.rs:689:5\n\
         \x20  1: app::main\n\
         \x20            at ./src/main.rs:64:9\n\
         note: Some details are omitted, run with `RUST_BACKTRACE=full` for a verbose backtrace.\n\
         2026-11-23T23:41:08.3Z  INFO app: next\n",
        &[
            "1 info app `ready` +0 ",
            "2 error - `called `Result::unwrap()` on an `Err` value: NotFound` <src/main.rs:64:217> +7 /rustc/59807616e1fa/library/std/src/panicking.rs:689:5 src/main.rs:64:9",
            "10 info app `next` +0 ",
        ],
    );
}

#[test]
fn javascript() {
    check(
        "2026-03-01T12:00:00.000Z [api] error: TypeError: Cannot read properties of undefined (reading 'x')\n\
         \x20   at handler (/srv/api/routes.js:42:7)\n\
         \x20   at async Promise.all (index 0)\n\
         \x20   at process.processTicksAndRejections (node:internal/process/task_queues:95:5)\n\
         2026-03-01T12:00:01.000Z [api] info: next\n",
        &[
            "1 error api `TypeError: Cannot read properties of undefined (reading 'x')` exception.type=TypeError +3 /srv/api/routes.js:42:7",
            "5 info api `next` +0 ",
        ],
    );
    check(
        "app.js:42 Uncaught TypeError: Cannot read properties of undefined (reading 'x')\n    at foo (app.js:42:7)\n    at http://localhost:3000/static/main.js:1:900\n",
        &[
            "1 error - `Uncaught TypeError: Cannot read properties of undefined (reading 'x')` exception.type=TypeError <app.js:42> +2 app.js:42:7 static/main.js:1:900",
        ],
    );
}

#[test]
fn go() {
    check(
        "time=2026-03-01T12:00:00.000Z level=INFO msg=ready\n\
         panic: runtime error: index out of range [5] with length 3\n\
         \n\
         goroutine 1 [running]:\n\
         main.pick(...)\n\
         \t/srv/shop/pick.go:12\n\
         main.main()\n\
         \t/srv/shop/main.go:7 +0x1d\n\
         exit status 2\n\
         time=2026-03-01T12:00:01.000Z level=INFO msg=next\n",
        &[
            "1 info - `ready` +0 ",
            "2 fatal - `runtime error: index out of range [5] with length 3` +6 /srv/shop/pick.go:12 /srv/shop/main.go:7",
            "10 info - `next` +0 ",
        ],
    );
}

#[test]
fn dotnet() {
    check(
        "fail: Shop.Cart[14]\n\
         \x20     no price\n\
         \x20     System.InvalidOperationException: tea\n\
         \x20        at Shop.Cart.Total() in C:\\src\\Cart.cs:line 42\n\
         info: Shop.Cart[0]\n\
         \x20     next\n",
        &[
            "1 error Shop.Cart `no price` event_id=14 +3 C:/src/Cart.cs:42",
            "5 info Shop.Cart `next` event_id=0 +1 ",
        ],
    );
}

#[test]
fn tracing_pretty() {
    check(
        "  2026-11-23T23:41:07.322231Z  INFO fmtgen: handled request, status: 200, latency_ms: 12.5\n\
         \x20   at src/main.rs:2 on ThreadId(1)\n\
         \x20   in fmtgen::request with method: \"GET\", id: 42\n\
         \x20   in fmtgen::server\n\
         \n\
         \x20 2026-11-23T23:41:08.322231Z ERROR fmtgen: failed\n\
         \x20   at src/main.rs:9\n\
         \n",
        &[
            "1 info fmtgen `handled request` status=200 latency_ms=12.5 method=GET id=42 <src/main.rs:2> +3 ",
            "6 error fmtgen `failed` <src/main.rs:9> +1 ",
        ],
    );
}

#[test]
fn postgres() {
    check(
        "2026-03-01 12:00:00.123 UTC [1234] ERROR:  duplicate key value violates unique constraint \"pk\"\n\
         2026-03-01 12:00:00.123 UTC [1234] DETAIL:  Key (id)=(1) already exists.\n\
         2026-03-01 12:00:00.123 UTC [1234] STATEMENT:  insert into t\n\
         \tvalues (1)\n\
         2026-03-01 12:00:00.200 UTC [99] HINT:  of another process\n\
         2026-03-01 12:00:01.123 UTC [1234] LOG:  next\n",
        &[
            "1 error - `duplicate key value violates unique constraint \"pk\"` detail=Key (id)=(1) already exists. statement=insert into t +3 ",
            "5 info - `of another process` +0 ",
            "6 info - `next` +0 ",
        ],
    );
}
