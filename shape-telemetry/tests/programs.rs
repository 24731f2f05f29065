//! What programs of many kinds write, as it lies in files: time, level, logger, message and fields of every record.

use shape_telemetry::{Event, Reader};

/// Reads a log, all of whose lines have to be parsed, and compares its records: the time of day, level, target,
/// message and fields.
#[track_caller]
fn check(format: &str, log: &str, expected: &[&str]) {
    let reader = Reader::new().reference("2026-11-24T18:00:00Z".parse().unwrap());
    let mut found = Vec::new();
    let summary = reader.read("x", log.as_bytes(), &mut |event: &Event<'_>| {
        let record = &event.record;
        let time = record.time.map_or("-".to_owned(), |time| {
            let time = time.to_string();
            let time = time.strip_prefix("2026-11-24T").unwrap_or(&time);
            time.trim_end_matches('Z').to_owned()
        });
        let level = record.level.map_or("-", |level| level.as_str());
        let target = record.target.as_deref().unwrap_or("-");
        let mut text = format!("{time} {level} {target} | {}", record.message);
        for field in &record.fields {
            text = format!("{text} | {}={}", field.name, field.value);
        }
        found.push(text);
    });
    let differing = found
        .iter()
        .map(String::as_str)
        .ne(expected.iter().copied());
    assert!(!differing, "{}\n{found:#?}", summary.format);
    assert_eq!((&*summary.format, summary.lines.unparsed), (format, 0));
}

#[test]
fn rails_without_a_layout() {
    check(
        "rails",
        concat!(
            r#"Started GET "/orders/12" for 127.0.0.1 at 2026-11-24 12:00:00 +0000"#,
            "\n",
            "Processing by OrdersController#show as HTML\n",
            r#"  Parameters: {"id"=>"12"}"#,
            "\n",
            r#"  Order Load (0.3ms)  SELECT "orders".* FROM "orders" WHERE "orders"."id" = $1 LIMIT $2  [["id", 12], ["LIMIT", 1]]"#,
            "\n",
            "  ↳ app/controllers/orders_controller.rb:12:in `show'\n",
            "  Rendering layout layouts/application.html.erb\n",
            "  Rendering orders/show.html.erb within layouts/application\n",
            "  Rendered orders/show.html.erb within layouts/application (Duration: 1.2ms | Allocations: 345)\n",
            "  Rendered layout layouts/application.html.erb (Duration: 5.4ms | Allocations: 2345)\n",
            "Completed 200 OK in 12ms (Views: 6.2ms | ActiveRecord: 0.3ms | Allocations: 5345)\n",
            "\n",
            "\n",
            r#"Started POST "/orders" for 127.0.0.1 at 2026-11-24 12:00:01 +0000"#,
            "\n",
            "Processing by OrdersController#create as JSON\n",
            r#"  Parameters: {"order"=>{"note"=>"x"}, "authenticity_token"=>"[FILTERED]"}"#,
            "\n",
            "Completed 500 Internal Server Error in 8ms (ActiveRecord: 1.0ms | Allocations: 123)\n",
            "\n",
            "\n",
            "  \n",
            "NoMethodError (undefined method `total' for nil:NilClass):\n",
            "  \n",
            "app/controllers/orders_controller.rb:21:in `create'\n",
            "app/models/order.rb:5:in `total!'\n",
            "Redirected to http://localhost:3000/orders/13\n",
            "Completed 302 Found in 15ms (ActiveRecord: 2.0ms | Allocations: 5000)\n",
            "Filter chain halted as :authenticate rendered or redirected\n",
            "[ActiveJob] Enqueued MailJob (Job ID: 4f1c2d3e-aaaa-bbbb-cccc-0123456789ab) to Async(default) with arguments: 12\n",
            "[ActiveJob] [MailJob] [4f1c2d3e-aaaa-bbbb-cccc-0123456789ab] Performed MailJob (Job ID: 4f1c2d3e-aaaa-bbbb-cccc-0123456789ab) from Async(default) in 12.5ms\n",
        ),
        &[
            r#"12:00:00 info - | Started GET "/orders/12" for 127.0.0.1"#,
            "- info OrdersController | Processing by OrdersController#show as HTML | action=show",
            "- info - | Completed 200 OK in 12ms (Views: 6.2ms | ActiveRecord: 0.3ms | Allocations: 5345)",
            r#"12:00:01 info - | Started POST "/orders" for 127.0.0.1"#,
            "- info OrdersController | Processing by OrdersController#create as JSON | action=create",
            "- info - | Completed 500 Internal Server Error in 8ms (ActiveRecord: 1.0ms | Allocations: 123)",
            "- error - | NoMethodError (undefined method `total' for nil:NilClass): | exception.type=NoMethodError",
            "- info - | Redirected to http://localhost:3000/orders/13",
            "- info - | Completed 302 Found in 15ms (ActiveRecord: 2.0ms | Allocations: 5000)",
            "- info - | Filter chain halted as :authenticate rendered or redirected",
            "- info ActiveJob | [ActiveJob] Enqueued MailJob (Job ID: 4f1c2d3e-aaaa-bbbb-cccc-0123456789ab) to Async(default) with arguments: 12",
            "- info ActiveJob | [ActiveJob] [MailJob] [4f1c2d3e-aaaa-bbbb-cccc-0123456789ab] Performed MailJob (Job ID: 4f1c2d3e-aaaa-bbbb-cccc-0123456789ab) from Async(default) in 12.5ms",
        ],
    );
}

#[test]
fn rails_with_the_layout_of_ruby() {
    check(
        "bracketed",
        concat!(
            r#"I, [2026-11-24T12:00:00.123456 #1234]  INFO -- : [4f1c2d3e-aaaa-bbbb-cccc-0123456789ab] Started GET "/orders/12" for 127.0.0.1 at 2026-11-24 12:00:00 +0000"#,
            "\n",
            "I, [2026-11-24T12:00:00.133456 #1234]  INFO -- : [4f1c2d3e-aaaa-bbbb-cccc-0123456789ab] Processing by OrdersController#show as HTML\n",
            r#"I, [2026-11-24T12:00:00.143456 #1234]  INFO -- : [4f1c2d3e-aaaa-bbbb-cccc-0123456789ab]   Parameters: {"id"=>"12"}"#,
            "\n",
            "I, [2026-11-24T12:00:00.153456 #1234]  INFO -- : [4f1c2d3e-aaaa-bbbb-cccc-0123456789ab] Completed 200 OK in 12ms (Views: 6.2ms | ActiveRecord: 0.3ms | Allocations: 5345)\n",
            "F, [2026-11-24T12:00:00.163456 #1234] FATAL -- : [4f1c2d3e-aaaa-bbbb-cccc-0123456789ab]   \n",
            "F, [2026-11-24T12:00:00.163456 #1234] FATAL -- : [4f1c2d3e-aaaa-bbbb-cccc-0123456789ab] NoMethodError (undefined method `total' for nil:NilClass):\n",
        ),
        &[
            r#"12:00:00.123456 info - | Started GET "/orders/12" for 127.0.0.1 at 2026-11-24 12:00:00 +0000 | pid=1234 | request_id=4f1c2d3e-aaaa-bbbb-cccc-0123456789ab"#,
            "12:00:00.133456 info - | Processing by OrdersController#show as HTML | pid=1234 | request_id=4f1c2d3e-aaaa-bbbb-cccc-0123456789ab",
            r#"12:00:00.143456 info - |   Parameters: {"id"=>"12"} | pid=1234 | request_id=4f1c2d3e-aaaa-bbbb-cccc-0123456789ab"#,
            "12:00:00.153456 info - | Completed 200 OK in 12ms (Views: 6.2ms | ActiveRecord: 0.3ms | Allocations: 5345) | pid=1234 | request_id=4f1c2d3e-aaaa-bbbb-cccc-0123456789ab",
            "12:00:00.163456 fatal - |    | pid=1234 | request_id=4f1c2d3e-aaaa-bbbb-cccc-0123456789ab",
            "12:00:00.163456 fatal - | NoMethodError (undefined method `total' for nil:NilClass): | pid=1234 | request_id=4f1c2d3e-aaaa-bbbb-cccc-0123456789ab",
        ],
    );
}

#[test]
fn python_over_several_lines() {
    check(
        "python",
        concat!(
            "2026-11-24 12:00:00,123 INFO app.db: query plan:\n",
            "Seq Scan on orders\n",
            "  Filter: (id = 1)\n",
            "2026-11-24 12:00:01,123 ERROR app.db: boom\n",
            "Traceback (most recent call last):\n",
            r#"  File "/srv/app/db.py", line 12, in query"#,
            "\n",
            "    cur.execute(sql)\n",
            "psycopg2.OperationalError: could not connect\n",
            "\tIs the server running?\n",
            "\n",
            "During handling of the above exception, another exception occurred:\n",
            "\n",
            "Traceback (most recent call last):\n",
            r#"  File "/srv/app/web.py", line 40, in get"#,
            "\n",
            r#"    raise RuntimeError("no db") from e"#,
            "\n",
            "RuntimeError: no db\n",
            "2026-11-24 12:00:02,123 INFO app.db: {\n",
            r#"  "a": 1,"#,
            "\n",
            r#"  "b": [2]"#,
            "\n",
            "}\n",
            "2026-11-24 12:00:03,123 INFO app.db: done\n",
        ),
        &[
            "12:00:00.123 info app.db | query plan:",
            "12:00:01.123 error app.db | boom | exception.type=RuntimeError",
            "12:00:02.123 info app.db | {",
            "12:00:03.123 info app.db | done",
        ],
    );
}

#[test]
fn php_and_its_process_manager() {
    check(
        "bracketed",
        concat!(
            "[24-Nov-2026 12:00:00 UTC] PHP Fatal error:  Uncaught Error: Call to undefined function foo() in /srv/a.php:12\n",
            "Stack trace:\n",
            "#0 /srv/b.php(3): bar()\n",
            "#1 {main}\n",
            "  thrown in /srv/a.php on line 12\n",
            "[24-Nov-2026 12:00:01 UTC] PHP Notice:  Undefined variable: x in /srv/a.php on line 3\n",
            "[24-Nov-2026 12:00:02] NOTICE: fpm is running, pid 1\n",
            "[24-Nov-2026 12:00:02] WARNING: [pool www] child 12 exited on signal 11 (SIGSEGV) after 12.5 seconds from start\n",
            r#"[2026-11-24 12:00:03] local.ERROR: SQLSTATE[HY000] {"exception":"[object] (PDOException(code: 2002)"}"#,
            "\n",
            "[stacktrace]\n",
            "#0 /srv/x.php(12): foo()\n",
            "#1 {main}\n",
            r#""} "#,
            "\n",
            r#"[2026-11-24T12:00:04.123456+00:00] app.INFO: User logged in {"id":12} {"ip":"10.0.0.1"}"#,
            "\n",
            "PHP Warning:  foo in /srv/a.php on line 3\n",
        ),
        &[
            "12:00:00 error - | Uncaught Error: Call to undefined function foo() in /srv/a.php:12 | exception.type=Error",
            "12:00:01 info - | Undefined variable: x",
            "12:00:02 info - | fpm is running, pid 1",
            "12:00:02 warn - | [pool www] child 12 exited on signal 11 (SIGSEGV) after 12.5 seconds from start",
            "12:00:03 error local | SQLSTATE[HY000] | exception=[object] (PDOException(code: 2002)",
            r#"12:00:04.123456 info app | User logged in {"id":12} | ip=10.0.0.1"#,
            "- warn - | foo",
        ],
    );
}

#[test]
fn reports_of_erlang() {
    check(
        "erlang",
        concat!(
            "=INFO REPORT==== 24-Nov-2026::12:00:00 ===\n",
            "Server startup complete; 3 plugins started.\n",
            " * rabbitmq_management\n",
            "\n",
            "=ERROR REPORT==== 24-Nov-2026::12:00:01.123456 ===\n",
            "** Generic server <0.223.0> terminating\n",
            "** Last message in was stop\n",
            "** Reason for termination ==\n",
            "** {badmatch,x}\n",
            "\n",
            "=WARNING REPORT==== 24-Nov-2026::12:00:02 ===\n",
            "closing AMQP connection <0.223.0> (10.0.0.1:5 -> 10.0.0.2:5672):\n",
            "client unexpectedly closed TCP connection\n",
            "\n",
            "=CRASH REPORT==== 24-Nov-2026::12:00:03 ===\n",
            "  crasher:\n",
            "    initial call: foo:init/1\n",
            "    pid: <0.44.0>\n",
        ),
        &[
            "12:00:00 info - | Server startup complete; 3 plugins started. | report=INFO",
            "12:00:01.123456 error - | ** Generic server <0.223.0> terminating | report=ERROR",
            "12:00:02 warn - | closing AMQP connection <0.223.0> (10.0.0.1:5 -> 10.0.0.2:5672): | report=WARNING",
            "12:00:03 error - | crasher: | report=CRASH",
        ],
    );
}

#[test]
fn loggers_of_erlang() {
    check(
        "iso",
        concat!(
            "2026-11-24 12:00:00.123 [info] <0.222.0>@rabbit_boot:start:12 Server startup complete\n",
            "2026-11-24 12:00:00.123456+00:00 [notice] <0.44.0> Logging: configured log handlers are now ACTIVE\n",
            "2026-11-24 12:00:00.123456+00:00 [error] <0.223.0> Error on AMQP connection <0.223.0>:\n",
            "2026-11-24 12:00:00.123456+00:00 [error] <0.223.0> operation none caused a connection exception\n",
            "12:00:00.123 [error] Supervisor foo had child bar started\n",
            "2026-11-24T12:00:00.123456+00:00 error: crasher: initial call: foo\n",
            "2026-11-24 12:00:00.123 UTC [info] <0.1.0> app started\n",
            "2026-11-24 12:00:00.123456+00:00 [erro] <0.223.0> abbreviated level\n",
            "2026-11-24 12:00:00.123456+00:00 [warn] <0.223.0> abbreviated level\n",
        ),
        &[
            "12:00:00.123 info rabbit_boot | Server startup complete | function=start | line=12 | process=0.222.0",
            "12:00:00.123456 info - | Logging: configured log handlers are now ACTIVE | process=0.44.0",
            "12:00:00.123456 error - | Error on AMQP connection <0.223.0>: | process=0.223.0",
            "12:00:00.123456 error - | operation none caused a connection exception | process=0.223.0",
            "12:00:00.123 error - | Supervisor foo had child bar started",
            "12:00:00.123456 error crasher | initial call: foo",
            "12:00:00.123 info - | app started | process=0.1.0",
            "12:00:00.123456 error - | abbreviated level | process=0.223.0",
            "12:00:00.123456 warn - | abbreviated level | process=0.223.0",
        ],
    );
}

#[test]
fn bodies_behind_a_header_of_syslog() {
    check(
        "syslog",
        concat!(
            "Nov 24 12:00:00 h postfix/smtpd[1]: warning: hostname x does not resolve\n",
            "Nov 24 12:00:00 h sshd[2]: error: Received disconnect from 10.0.0.1\n",
            "Nov 24 12:00:00 h sshd[2]: fatal: Read from socket failed\n",
            "Nov 24 12:00:00 h app[2]: ERROR: cannot open\n",
            "Nov 24 12:00:00 h app[2]: [ERROR] cannot open\n",
            "Nov 24 12:00:00 h app[2]: INFO starting\n",
            "Nov 24 12:00:00 h app[2]: Error: cannot open\n",
            "Nov 24 12:00:00 h app[2]: Errors: 0\n",
            "Nov 24 12:00:00 h app[2]: debug: x\n",
            "Nov 24 12:00:00 h NetworkManager[1]: <info>  [1795521600.1234] device (eth0): state change\n",
            "Nov 24 12:00:00 h NetworkManager[1]: <warn>  [1795521600.1234] dhcp4 (eth0): request timed out\n",
            r#"Nov 24 12:00:00 h dockerd[1]: time="2026-11-24T12:00:00Z" level=warning msg="no route""#,
            "\n",
            r#"Nov 24 12:00:00 h kubelet[1]: E1124 12:00:00.123456    1234 pod.go:42] "Error syncing" pod="x""#,
            "\n",
            r#"Nov 24 12:00:00 h app[1]: {"level":"error","msg":"boom","a":1}"#,
            "\n",
            "Nov 24 12:00:00 h CRON[1]: (root) CMD (run)\n",
            "Nov 24 12:00:00 h kernel: [12345.678] EXT4-fs error (device sda1): bad\n",
            "Nov 24 12:00:00 h systemd[1]: Failed to start Foo.\n",
            "<11>Nov 24 12:00:00 h app[1]: warning: x\n",
            "2026-11-24T12:00:00.123456+00:00 h app[1]: warning: x\n",
            "Nov 24 12:00:00 h dhclient: DHCPREQUEST on eth0\n",
            "Nov 24 12:00:00 h named[3]: error (network unreachable) resolving 'x'\n",
            "Nov 24 12:00:00 h mysqld[3]: 2026-11-24T12:00:00.1Z 0 [Warning] [MY-010068] [Server] CA\n",
            "Nov 24 12:00:00 h app: WARN  com.acme.Foo - late\n",
            "Nov 24 12:00:00 h last message repeated 3 times\n",
            "Nov 24 12:00:00 h -- MARK --\n",
            "Nov 24 12:00:00 h app[1]: panic: runtime error\n",
            "Nov 24 12:00:00 h audit[1]: USER_LOGIN pid=1 uid=0 res=failed\n",
            r#"type=USER_LOGIN msg=audit(1795521600.123:45): pid=1 uid=0 auid=4294967295 ses=1 msg='op=login acct="root" exe="/usr/sbin/sshd" hostname=? addr=10.0.0.1 terminal=ssh res=failed'"#,
            "\n",
        ),
        &[
            "12:00:00 warn postfix/smtpd | warning: hostname x does not resolve | pid=1 | host=h",
            "12:00:00 error sshd | error: Received disconnect from 10.0.0.1 | pid=2 | host=h",
            "12:00:00 fatal sshd | fatal: Read from socket failed | pid=2 | host=h",
            "12:00:00 error app | ERROR: cannot open | pid=2 | host=h",
            "12:00:00 error app | [ERROR] cannot open | pid=2 | host=h",
            "12:00:00 info app | INFO starting | pid=2 | host=h",
            "12:00:00 error app | Error: cannot open | pid=2 | host=h",
            "12:00:00 - app | Errors: 0 | pid=2 | host=h",
            "12:00:00 debug app | debug: x | pid=2 | host=h",
            "12:00:00 info NetworkManager | <info>  [1795521600.1234] device (eth0): state change | pid=1 | host=h",
            "12:00:00 warn NetworkManager | <warn>  [1795521600.1234] dhcp4 (eth0): request timed out | pid=1 | host=h",
            "12:00:00 warn dockerd | no route | pid=1 | host=h",
            "12:00:00.123456 error kubelet | Error syncing | thread=1234 | pod=x | pid=1 | host=h",
            "12:00:00 error app | boom | a=1 | pid=1 | host=h",
            "12:00:00 - CRON | (root) CMD (run) | pid=1 | host=h",
            "12:00:00 - kernel | [12345.678] EXT4-fs error (device sda1): bad | host=h",
            "12:00:00 - systemd | Failed to start Foo. | pid=1 | host=h",
            "12:00:00 error app | warning: x | pid=1 | host=h",
            "12:00:00.123456 warn app | warning: x | pid=1 | host=h",
            "12:00:00 - dhclient | DHCPREQUEST on eth0 | host=h",
            "12:00:00 - named | error (network unreachable) resolving 'x' | pid=3 | host=h",
            "12:00:00 - mysqld | 2026-11-24T12:00:00.1Z 0 [Warning] [MY-010068] [Server] CA | pid=3 | host=h",
            "12:00:00 warn app | WARN  com.acme.Foo - late | host=h",
            "12:00:00 - - | last message repeated 3 times | host=h",
            "12:00:00 - - | -- MARK -- | host=h",
            "12:00:00 fatal app | panic: runtime error | pid=1 | host=h",
            "12:00:00 - audit | USER_LOGIN pid=1 uid=0 res=failed | pid=1 | host=h",
            "12:00:00.123 - audit | USER_LOGIN | serial=45 | pid=1 | uid=0 | auid=4294967295 | ses=1 | op=login | acct=root | exe=/usr/sbin/sshd | hostname=? | addr=10.0.0.1 | terminal=ssh | res=failed",
        ],
    );
}

#[test]
fn the_journal_as_json() {
    check(
        "journal",
        concat!(
            r#"{"__REALTIME_TIMESTAMP":"1795521600123456","PRIORITY":"3","SYSLOG_IDENTIFIER":"sshd","_PID":"42","MESSAGE":"error: boom","_HOSTNAME":"h","CODE_FILE":"src/a.c","CODE_LINE":"12"}"#,
            "\n",
            r#"{"__REALTIME_TIMESTAMP":"1795521600123457","PRIORITY":"6","_COMM":"app","MESSAGE":[104,105],"_HOSTNAME":"h"}"#,
            "\n",
            r#"{"__REALTIME_TIMESTAMP":"1795521600123458","PRIORITY":"4","SYSLOG_IDENTIFIER":"x","MESSAGE":null}"#,
            "\n",
        ),
        &[
            "12:00:00.123456 error sshd | error: boom | pid=42 | host=h",
            "12:00:00.123457 info app | hi | _COMM=app | host=h",
            "12:00:00.123458 warn x | ",
        ],
    );
}

#[test]
fn events_of_windows_as_text() {
    check(
        "windows_event",
        concat!(
            "Log Name:      Application\n",
            "Source:        Application Error\n",
            "Date:          11/24/2026 12:00:00 PM\n",
            "Event ID:      1000\n",
            "Task Category: (100)\n",
            "Level:         Error\n",
            "Keywords:      Classic\n",
            "User:          N/A\n",
            "Computer:      HOST\n",
            "Description:\n",
            "Faulting application name: x.exe, version: 1.0\n",
            r#"Faulting module path: C:\x.dll"#,
            "\n",
            "\n",
            "Log Name:      System\n",
            "Source:        Service Control Manager\n",
            "Date:          11/24/2026 12:00:01 PM\n",
            "Event ID:      7036\n",
            "Task Category: None\n",
            "Level:         Information\n",
            "Keywords:      Classic\n",
            "User:          N/A\n",
            "Computer:      HOST\n",
            "Description:\n",
            "The Print Spooler service entered the stopped state.\n",
        ),
        &[
            "12:00:00 error Application Error | Faulting application name: x.exe, version: 1.0 | channel=Application | event_id=1000 | task=(100) | keywords=Classic | host=HOST",
            "12:00:01 info Service Control Manager | The Print Spooler service entered the stopped state. | channel=System | event_id=7036 | keywords=Classic | host=HOST",
        ],
    );
}

#[test]
fn events_of_windows_as_xml() {
    check(
        "windows_event",
        concat!(
            "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider Name='Service Control Manager' Guid='{555908d1}'/><EventID Qualifiers='16384'>7036</EventID><Version>0</Version><Level>4</Level><TimeCreated SystemTime='2026-11-24T12:00:00.123456700Z'/><Computer>HOST</Computer></System><EventData><Data Name='param1'>Print Spooler</Data></EventData></Event>\n",
            "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider Name='App'/><EventID>1000</EventID><Level>2</Level><TimeCreated SystemTime='2026-11-24T12:00:01.123456700Z'/></System><EventData><Data>boom</Data></EventData></Event>\n",
        ),
        &[
            "12:00:00.1234567 info Service Control Manager |  | event_id=7036 | host=HOST | param1=Print Spooler",
            "12:00:01.1234567 error App | boom | event_id=1000 | data=boom",
        ],
    );
}

#[test]
fn servers_of_kubernetes() {
    check(
        "klog",
        concat!(
            r#"I1124 12:00:00.123456       1 event.go:294] "Event occurred" object="default/cart" fieldPath="" kind="Pod" apiVersion="v1" type="Warning" reason="BackOff" message="Back-off restarting""#,
            "\n",
            r#"I1124 12:00:00.123456       1 httplog.go:132] "HTTP" verb="GET" URI="/livez" latency="1.2ms" userAgent="kube-probe/1.25" audit-ID="x" srcIP="10.0.0.1:5" resp=200"#,
            "\n",
            r#"I1124 12:00:00.123456       1 trace.go:205] Trace[12345]: "Get" url:/api/v1 (24-Nov-2026 11:59:59.000) (total time: 1123ms):"#,
            "\n",
            r#"Trace[12345]: ---"Writing http response done" 1120ms (12:00:00.123)"#,
            "\n",
            "Trace[12345]: [1.123s] [1.123s] END\n",
            "E1124 12:00:00.123456       1 runtime.go:79] Observed a panic: runtime error: index out of range\n",
            "goroutine 12 [running]:\n",
            "main.foo(0x1)\n",
            "\t/src/main.go:12 +0x1d\n",
            "F1124 12:00:00.123456       1 server.go:12] failed\n",
        ),
        &[
            "12:00:00.123456 info - | Event occurred | thread=1 | object=default/cart | fieldPath= | kind=Pod | apiVersion=v1 | type=Warning | reason=BackOff | message=Back-off restarting",
            "12:00:00.123456 info - | HTTP | thread=1 | verb=GET | URI=/livez | latency=1.2ms | userAgent=kube-probe/1.25 | audit-ID=x | srcIP=10.0.0.1:5 | resp=200",
            r#"12:00:00.123456 info - | Trace[12345]: "Get" url:/api/v1 (24-Nov-2026 11:59:59.000) (total time: 1123ms): | thread=1"#,
            "12:00:00.123456 error - | Observed a panic: runtime error: index out of range | thread=1",
            "12:00:00.123456 fatal - | failed | thread=1",
        ],
    );
}

#[test]
fn containers() {
    check(
        "clf",
        concat!(
            r#"2026-11-24T12:00:00.123456789Z stdout F 10.0.0.1 - - [24/Nov/2026:12:00:00 +0000] "GET /a HTTP/1.1" 200 12 "-" "curl""#,
            "\n",
            "2026-11-24T12:00:00.123456789Z stderr P part one \n",
            "2026-11-24T12:00:00.123456789Z stderr F part two\n",
            r#"2026-11-24T12:00:00.123456789Z stderr F E1124 12:00:00.123456    1 pod.go:42] "Error syncing" pod="x""#,
            "\n",
            "2026-11-24T12:00:00.123456789+00:00 stdout F ERROR: [core] boom\n",
        ),
        &[
            "12:00:00 - - | GET /a HTTP/1.1 | method=GET | path=/a | protocol=HTTP/1.1 | status=200 | size=12 | client=10.0.0.1 | agent=curl | stream=stdout",
            "12:00:00.123456789 - - | part one part two | stream=stderr",
            "12:00:00.123456789 error core | boom | stream=stdout",
            "12:00:00.123456 error - | Error syncing | thread=1 | pod=x | stream=stderr",
        ],
    );
}

#[test]
fn envoy() {
    check(
        "clf",
        concat!(
            r#"[2026-11-24T12:00:00.123Z] "GET /api/v1 HTTP/1.1" 200 - 0 1234 12 11 "10.0.0.1" "curl/7.68" "a1b2c3d4-aaaa-bbbb-cccc-0123456789ab" "svc.example.com" "10.1.2.3:8080""#,
            "\n",
            r#"[2026-11-24T12:00:01.123Z] "POST /api/v1 HTTP/2" 503 UF,URX 12 91 1002 - "-" "grpc-go/1.2" "a1b2c3d4-aaaa-bbbb-cccc-0123456789ac" "svc.example.com" "10.1.2.3:8080""#,
            "\n",
            r#"[2026-11-24T12:00:01.123Z] "GET /x HTTP/1.1" 200 - via_upstream - "-" 0 1234 12 11 "10.0.0.1" "curl/7.68" "a1b2c3d4-aaaa-bbbb-cccc-0123456789ab" "svc.example.com" "10.1.2.3:8080" outbound|80||svc.default 10.1.1.1:1 10.2.2.2:80 10.3.3.3:5 - default"#,
            "\n",
            "[2026-11-24 12:00:02.123][12][warning][config] [source/common/config/grpc_stream.h:92] DeltaAggregatedResources gRPC config stream closed: 14\n",
            "[2026-11-24T12:00:03.123Z][12][info][main] [source/server/server.cc:12] starting main dispatch loop\n",
        ),
        &[
            "12:00:00.123 - - | GET /api/v1 HTTP/1.1 | method=GET | path=/api/v1 | protocol=HTTP/1.1 | status=200 | size=1234 | duration=12ms | client=10.0.0.1 | agent=curl/7.68 | request_id=a1b2c3d4-aaaa-bbbb-cccc-0123456789ab | authority=svc.example.com | upstream=10.1.2.3:8080",
            "12:00:01.123 - - | POST /api/v1 HTTP/2 | method=POST | path=/api/v1 | protocol=HTTP/2 | status=503 | flags=UF,URX | size=91 | duration=1002ms | agent=grpc-go/1.2 | request_id=a1b2c3d4-aaaa-bbbb-cccc-0123456789ac | authority=svc.example.com | upstream=10.1.2.3:8080",
            "12:00:01.123 - - | GET /x HTTP/1.1 | method=GET | path=/x | protocol=HTTP/1.1 | status=200 | size=1234 | duration=12ms | client=10.0.0.1 | agent=curl/7.68 | request_id=a1b2c3d4-aaaa-bbbb-cccc-0123456789ab | authority=svc.example.com | upstream=10.1.2.3:8080",
            "12:00:02.123 warn config | DeltaAggregatedResources gRPC config stream closed: 14 | pid=12",
            "12:00:03.123 info main | starting main dispatch loop | pid=12",
        ],
    );
}

#[test]
fn haproxy() {
    check(
        "syslog",
        concat!(
            "Nov 24 12:00:00 lb haproxy[1]: Proxy http-in started.\n",
            r#"Nov 24 12:00:00 lb haproxy[1]: Server static/srv1 is DOWN, reason: Layer4 connection problem, info: "Connection refused", check duration: 0ms. 0 active and 0 backup servers left. 0 sessions active, 0 requeued, 0 remaining in queue."#,
            "\n",
            "Nov 24 12:00:01 lb haproxy[1]: 10.0.0.1:33317 [24/Nov/2026:12:00:00.655] fe be/srv1 0/0/5007 212 -- 0/0/0/0/3 0/0\n",
            r#"Nov 24 12:00:01 lb haproxy[1]: 10.0.0.1:33317 [24/Nov/2026:12:00:00.655] fe be/<NOSRV> 0/-1/-1/-1/3001 503 212 - - SC-- 0/0/0/0/3 0/0 "GET / HTTP/1.1""#,
            "\n",
            r#"<134>Nov 24 12:00:01 haproxy[1]: 10.0.0.1:33317 [24/Nov/2026:12:00:00.655] fe~ be/srv1 0/0/1/2/3 200 212 - - ---- 0/0/0/0/3 0/0 {a|b} "GET /x HTTP/2.0""#,
            "\n",
        ),
        &[
            "12:00:00 - haproxy | Proxy http-in started. | pid=1 | host=lb",
            r#"12:00:00 - haproxy | Server static/srv1 is DOWN, reason: Layer4 connection problem, info: "Connection refused", check duration: 0ms. 0 active and 0 backup servers left. 0 sessions active, 0 requeued, 0 remaining in queue. | pid=1 | host=lb"#,
            "12:00:00.655 - haproxy | fe be/srv1 0/0/5007 212 -- 0/0/0/0/3 0/0 | size=212 | client=10.0.0.1:33317 | backend=be/srv1 | termination=-- | duration=5007ms | pid=1 | host=lb",
            "12:00:00.655 - haproxy | GET / HTTP/1.1 | method=GET | path=/ | status=503 | size=212 | client=10.0.0.1:33317 | backend=be/<NOSRV> | duration=3001ms | pid=1 | host=lb",
            "12:00:00.655 info haproxy | GET /x HTTP/2.0 | method=GET | path=/x | status=200 | size=212 | client=10.0.0.1:33317 | backend=be/srv1 | duration=3ms | pid=1",
        ],
    );
}

#[test]
fn kafka() {
    check(
        "kafka",
        concat!(
            "[2026-11-24 12:00:00,123] INFO [Log partition=a-0, dir=/d] Loading (kafka.log.Log)\n",
            "[2026-11-24 12:00:00,123] ERROR Error while accepting connection (kafka.network.Acceptor)\n",
            "java.io.IOException: Too many open files\n",
            "\tat sun.nio.ch.X.y(Native Method)\n",
            "[2026-11-24 12:00:00,123] WARN [Consumer clientId=c, groupId=g] Connection to node -1 (localhost/127.0.0.1:9092) could not be established. Broker may not be available. (org.apache.kafka.clients.NetworkClient)\n",
            "[2026-11-24 12:00:00,123] INFO KafkaConfig values: \n",
            "\tadvertised.listeners = null\n",
            "\tbroker.id = 0\n",
            " (kafka.server.KafkaConfig)\n",
            "[2026-11-24 12:00:00,123] TRACE Handled request x in 12 ms (state.change.logger)\n",
        ),
        &[
            "12:00:00.123 info kafka.log.Log | [Log partition=a-0, dir=/d] Loading",
            "12:00:00.123 error kafka.network.Acceptor | Error while accepting connection | exception.type=java.io.IOException",
            "12:00:00.123 warn org.apache.kafka.clients.NetworkClient | [Consumer clientId=c, groupId=g] Connection to node -1 (localhost/127.0.0.1:9092) could not be established. Broker may not be available.",
            "12:00:00.123 info kafka.server.KafkaConfig | KafkaConfig values: ",
            "12:00:00.123 trace state.change.logger | Handled request x in 12 ms",
        ],
    );
}

#[test]
fn cassandra() {
    check(
        "log4j",
        concat!(
            "INFO  [main] 2026-11-24 12:00:00,123 YamlConfigurationLoader.java:89 - Configuration location: file:/x\n",
            "WARN  [GossipTasks:1] 2026-11-24 12:00:00,123 FailureDetector.java:278 - Not marking nodes down\n",
            "ERROR [ReadStage-1] 2026-11-24 12:00:00,123 AbstractLocalAwareExecutorService.java:166 - Uncaught exception on thread Thread[ReadStage-1,5,main]\n",
            "java.lang.RuntimeException: x\n",
            "\tat org.x.Y.z(Y.java:12)\n",
            "DEBUG [ScheduledTasks:1] 2026-11-24 12:00:00,123 MonitoringTask.java:173 - 1 operations were slow in the last 5000 msecs:\n",
            "<SELECT * FROM a.b LIMIT 100>, time 1001 msec - slow timeout 500 msec\n",
            " INFO [main] 2026-11-24 12:00:00,123 DatabaseDescriptor.java (line 123) Loading settings\n",
        ),
        &[
            "12:00:00.123 info YamlConfigurationLoader | Configuration location: file:/x | thread=main",
            "12:00:00.123 warn FailureDetector | Not marking nodes down | thread=GossipTasks:1",
            "12:00:00.123 error AbstractLocalAwareExecutorService | Uncaught exception on thread Thread[ReadStage-1,5,main] | thread=ReadStage-1 | exception.type=java.lang.RuntimeException",
            "12:00:00.123 debug MonitoringTask | 1 operations were slow in the last 5000 msecs: | thread=ScheduledTasks:1",
            "12:00:00.123 info DatabaseDescriptor | Loading settings | thread=main",
        ],
    );
}

#[test]
fn elasticsearch() {
    check(
        "bracketed",
        concat!(
            "[2026-11-24T12:00:00,123][WARN ][o.e.c.r.a.DiskThresholdMonitor] [node-1] high disk watermark [90%] exceeded on [abc][node-1][/data] free: 1gb[5%]\n",
            "[2026-11-24T12:00:00,123][ERROR][o.e.b.Bootstrap          ] [node-1] Exception\n",
            "java.lang.RuntimeException: x\n",
            "\tat org.x.Y.z(Y.java:12) ~[a.jar:1]\n",
            "Caused by: java.io.IOException: y\n",
            "\t... 6 more\n",
            r#"[2026-11-24T12:00:00,123][INFO ][index.search.slowlog.query] [node-1] [shop][0] took[1.2s], took_millis[1234], total_hits[1 hits], types[], stats[], search_type[QUERY_THEN_FETCH], total_shards[5], source[{"query":{}}], id[], "#,
            "\n",
            r#"{"type": "server", "timestamp": "2026-11-24T12:00:00,123Z", "level": "WARN", "component": "o.e.n.Node", "cluster.name": "c", "node.name": "n", "message": "started"  }"#,
            "\n",
            r#"{"@timestamp":"2026-11-24T12:00:00.123Z", "log.level": "INFO", "message":"started", "ecs.version": "1.2.0","service.name":"ES_ECS","event.dataset":"elasticsearch.server","process.thread.name":"main","log.logger":"org.elasticsearch.node.Node","elasticsearch.node.name":"n"}"#,
            "\n",
        ),
        &[
            "12:00:00.123 warn o.e.c.r.a.DiskThresholdMonitor | [node-1] high disk watermark [90%] exceeded on [abc][node-1][/data] free: 1gb[5%]",
            "12:00:00.123 error o.e.b.Bootstrap | [node-1] Exception | exception.type=java.lang.RuntimeException",
            r#"12:00:00.123 info index.search.slowlog.query | [node-1] [shop][0] took[1.2s], took_millis[1234], total_hits[1 hits], types[], stats[], search_type[QUERY_THEN_FETCH], total_shards[5], source[{"query":{}}], id[], "#,
            "12:00:00.123 warn o.e.n.Node | started | type=server | cluster.name=c | node.name=n",
            "12:00:00.123 info org.elasticsearch.node.Node | started | service.name=ES_ECS | event.dataset=elasticsearch.server | process.thread.name=main | elasticsearch.node.name=n",
        ],
    );
}

#[test]
fn collectors_of_java() {
    check(
        "bracketed",
        concat!(
            "[2026-11-24T12:00:00.123+0000][info][gc] Using G1\n",
            "[2026-11-24T12:00:00.123+0000][0.006s][info][gc,start     ] GC(0) Pause Young (Normal) (G1 Evacuation Pause)\n",
            "[2026-11-24T12:00:00.123+0000][0.006s][info][gc           ] GC(0) Pause Young (Normal) (G1 Evacuation Pause) 24M->4M(256M) 3.456ms\n",
            "[0.006s][info][gc] Using G1\n",
            "[12.345s][info   ][gc,heap      ] GC(0) Eden regions: 23->0(149)\n",
            "2026-11-24T12:00:00.123+0000: 0.456: [GC (Allocation Failure) [PSYoungGen: 65536K->10720K(76288K)] 65536K->20000K(251392K), 0.0123456 secs] [Times: user=0.03 sys=0.01, real=0.01 secs] \n",
            "2026-11-24T12:00:00.123+0000: 1.456: [Full GC (Ergonomics) [PSYoungGen: 10720K->0K(76288K)] [ParOldGen: 9280K->15000K(175104K)] 20000K->15000K(251392K), [Metaspace: 20000K->20000K(1067008K)], 0.1 secs]\n",
            "2026-11-24T12:00:00.123+0000: 2.000: Total time for which application threads were stopped: 0.0001234 seconds, Stopping threads took: 0.0000123 seconds\n",
        ),
        &[
            "12:00:00.123 info gc | Using G1",
            "12:00:00.123 info gc | GC(0) Pause Young (Normal) (G1 Evacuation Pause) | uptime_s=0.006 | tags=gc,start",
            "12:00:00.123 info gc | GC(0) Pause Young (Normal) (G1 Evacuation Pause) 24M->4M(256M) 3.456ms | uptime_s=0.006",
            "- info gc | Using G1 | uptime_s=0.006",
            "- info gc | GC(0) Eden regions: 23->0(149) | uptime_s=12.345 | tags=gc,heap",
            "12:00:00.123 - gc | [GC (Allocation Failure) [PSYoungGen: 65536K->10720K(76288K)] 65536K->20000K(251392K), 0.0123456 secs] [Times: user=0.03 sys=0.01, real=0.01 secs] | uptime_s=0.456",
            "12:00:00.123 - gc | [Full GC (Ergonomics) [PSYoungGen: 10720K->0K(76288K)] [ParOldGen: 9280K->15000K(175104K)] 20000K->15000K(251392K), [Metaspace: 20000K->20000K(1067008K)], 0.1 secs] | uptime_s=1.456",
            "12:00:00.123 - gc | Total time for which application threads were stopped: 0.0001234 seconds, Stopping threads took: 0.0000123 seconds | uptime_s=2.000",
        ],
    );
}

#[test]
fn mysql_of_all_ages() {
    check(
        "my_sql",
        concat!(
            "2026-11-24T12:00:00.123456Z 0 [System] [MY-010931] [Server] /usr/sbin/mysqld: ready for connections. Version: '8.0.22'  socket: '/x'  port: 3306.\n",
            "2026-11-24T12:00:00.123456Z 12 [ERROR] [MY-012592] [InnoDB] Operating system error number 2 in a file operation.\n",
            "2026-11-24 12:00:00 12 [Note] /usr/sbin/mysqld: ready for connections.\n",
            "261124 12:00:00 [ERROR] mysqld: Table './a/b' is marked as crashed\n",
            "261124 12:00:00  InnoDB: Starting shutdown...\n",
            "261124 12:00:00 mysqld_safe Starting mysqld daemon\n",
            "2026-11-24 12:00:00 0 [Warning] Aborted connection 12 to db: 'x' user: 'y'\n",
        ),
        &[
            "12:00:00.123456 info Server | /usr/sbin/mysqld: ready for connections. Version: '8.0.22'  socket: '/x'  port: 3306. | thread=0 | code=MY-010931",
            "12:00:00.123456 error InnoDB | Operating system error number 2 in a file operation. | thread=12 | code=MY-012592",
            "12:00:00 info - | /usr/sbin/mysqld: ready for connections. | thread=12",
            "12:00:00 error mysqld | mysqld: Table './a/b' is marked as crashed",
            "12:00:00 - InnoDB | InnoDB: Starting shutdown...",
            "12:00:00 - - | mysqld_safe Starting mysqld daemon",
            "12:00:00 warn - | Aborted connection 12 to db: 'x' user: 'y' | thread=0",
        ],
    );
}

#[test]
fn mongodb() {
    check(
        "slog",
        concat!(
            r#"{"t":{"$date":"2026-11-24T12:00:00.123+00:00"},"s":"I",  "c":"COMMAND",  "id":51803,   "ctx":"conn12","msg":"Slow query","attr":{"type":"command","ns":"shop.orders","command":{"find":"orders","filter":{"a":1}},"planSummary":"COLLSCAN","durationMillis":123}}"#,
            "\n",
            r#"{"t":{"$date":"2026-11-24T12:00:00.123+00:00"},"s":"E",  "c":"-",  "id":51803,   "ctx":"conn12","msg":"x"}"#,
            "\n",
            r#"{"t":{"$date":"2026-11-24T12:00:00.123+00:00"},"s":"D1",  "c":"REPL",  "id":51803,   "ctx":"conn12","svc":"R","msg":"x"}"#,
            "\n",
            r#"2026-11-24T12:00:00.123+0000 I COMMAND  [conn12] command shop.orders command: find { find: "orders" } planSummary: COLLSCAN docsExamined:1000 protocol:op_msg 123ms"#,
            "\n",
            "2026-11-24T12:00:00.123+0000 D2 REPL  [conn12] foo\n",
        ),
        &[
            "12:00:00.123 info COMMAND | Slow query | c=COMMAND | id=51803 | ctx=conn12 | type=command | ns=shop.orders | command.find=orders | command.filter.a=1 | planSummary=COLLSCAN | durationMillis=123",
            "12:00:00.123 error - | x | c=- | id=51803 | ctx=conn12",
            "12:00:00.123 debug REPL | x | c=REPL | id=51803 | ctx=conn12 | svc=R",
            r#"12:00:00.123 info COMMAND | command shop.orders command: find { find: "orders" } planSummary: COLLSCAN docsExamined:1000 protocol:op_msg 123ms | thread=conn12"#,
            "12:00:00.123 debug REPL | foo | thread=conn12",
        ],
    );
}

#[test]
fn redis() {
    check(
        "redis",
        concat!(
            "1234:C 24 Nov 2026 12:00:00.123 # oO0OoO0OoO0Oo Redis is starting oO0OoO0OoO0Oo\n",
            "1234:M 24 Nov 2026 12:00:00.124 * Running mode=standalone, port=6379.\n",
            "                _._                                                  \n",
            "           _.-``__ ''-._                                             \n",
            "1234:M 24 Nov 2026 12:00:00.125 - Accepted 127.0.0.1:5\n",
            "1234:S 24 Nov 2026 12:00:00.126 . debug thing\n",
        ),
        &[
            "12:00:00.123 warn - | oO0OoO0OoO0Oo Redis is starting oO0OoO0OoO0Oo | pid=1234 | role=C",
            "12:00:00.124 info - | Running mode=standalone, port=6379. | pid=1234 | role=M",
            "12:00:00.125 info - | Accepted 127.0.0.1:5 | pid=1234 | role=M",
            "12:00:00.126 debug - | debug thing | pid=1234 | role=S",
        ],
    );
}
