//! What servers, tools and collectors write, each read as a log of its own: time, level, logger and message.

use shape_telemetry::{Event, Level, Level::*, Reader};

/// A record as the tables below write it: seconds of the time behind 2026-11-24T12:00:00Z, level, target, message.
type Said = (
    Option<f64>,
    Option<Level>,
    Option<&'static str>,
    &'static str,
);

/// Reads a log and compares all of its records; every line has to be parsed.
#[track_caller]
fn check(log: &str, expected: &[Said]) {
    let reader = Reader::new().reference("2026-11-24T18:00:00Z".parse().unwrap());
    let noon: jiff::Timestamp = "2026-11-24T12:00:00Z".parse().unwrap();
    let mut found = Vec::new();
    let summary = reader.read("x", log.as_bytes(), &mut |event: &Event<'_>| {
        let record = &event.record;
        let time = record
            .time
            .map(|time| time.duration_since(noon).as_secs_f64());
        found.push((
            time.map(|time| (time * 1e3).round() / 1e3),
            record.level,
            record.target.as_deref().map(str::to_owned),
            record.message.to_string(),
        ));
    });
    let expected: Vec<_> = expected
        .iter()
        .map(|&(time, level, target, message)| {
            (time, level, target.map(str::to_owned), message.to_owned())
        })
        .collect();
    assert_eq!(found, expected, "{}\n{log}", summary.format);
    assert_eq!(summary.lines.unparsed, 0, "{}\n{log}", summary.format);
}

/// The fields of the first record.
#[track_caller]
fn check_fields(log: &str, expected: &[(&str, &str)]) {
    let reader = Reader::new().reference("2026-11-24T18:00:00Z".parse().unwrap());
    let mut events = 0;
    reader.read("x", log.as_bytes(), &mut |event: &Event<'_>| {
        events += 1;
        if events == 1 {
            for &(name, value) in expected {
                assert_eq!(
                    event.record.field(name),
                    Some(value),
                    "{name} of {:?}",
                    event.record
                );
            }
        }
    });
    assert_ne!(events, 0);
}

#[test]
fn java_servers() {
    check(
        " INFO | Broker 5.16.0 (localhost, ID:h-1) is starting | org.apache.activemq.broker.BrokerService | main\n\
         2026-11-24 12:00:00,123 | INFO  | Connector started | org.apache.activemq.broker.TransportConnector | main\n\
         2026-11-24T12:00:01,500 | WARN  | Transport to tcp://10.0.0.1:55 - failed | o.a.broker.Transport | ActiveMQ Transport: tcp:///10.0.0.1:55\n",
        &[
            (
                None,
                Some(Info),
                Some("org.apache.activemq.broker.BrokerService"),
                "Broker 5.16.0 (localhost, ID:h-1) is starting",
            ),
            (
                Some(0.123),
                Some(Info),
                Some("org.apache.activemq.broker.TransportConnector"),
                "Connector started",
            ),
            (
                Some(1.5),
                Some(Warn),
                Some("o.a.broker.Transport"),
                "Transport to tcp://10.0.0.1:55 - failed",
            ),
        ],
    );
    check(
        "2026-11-24T12:00:00,123 | INFO  | features-3-thread-1 | FeaturesServiceImpl | 18 - org.apache.karaf.features.core - 4.2.9 | Adding features: http\n",
        &[(
            Some(0.123),
            Some(Info),
            Some("FeaturesServiceImpl"),
            "Adding features: http",
        )],
    );
    check(
        "2026-11-24 12:00:00.123:INFO:oejs.Server:main: jetty-9.4.31; built: 2020-07-23\n\
         2026-11-24 12:00:00.223:INFO::main: Logging initialized @300ms\n\
         2026-11-24 12:00:00.423:WARN :oejs.HttpChannel:qtp1-12: /cart\n",
        &[
            (
                Some(0.123),
                Some(Info),
                Some("oejs.Server"),
                "jetty-9.4.31; built: 2020-07-23",
            ),
            (Some(0.223), Some(Info), None, "Logging initialized @300ms"),
            (Some(0.423), Some(Warn), Some("oejs.HttpChannel"), "/cart"),
        ],
    );
    check(
        "[main] INFO org.x.Y - started in 12 ms\n\
         [pool-1-thread-3] ERROR com.acme.Cart - no such article 12\n\
         [main] INFO org.x.Y -- started\n",
        &[
            (None, Some(Info), Some("org.x.Y"), "started in 12 ms"),
            (
                None,
                Some(Error),
                Some("com.acme.Cart"),
                "no such article 12",
            ),
            (None, Some(Info), Some("org.x.Y"), "started"),
        ],
    );
}

#[test]
fn java_databases() {
    check(
        "INFO  [main] 2026-11-24 12:00:00,123 CassandraDaemon.java:507 - JVM Arguments: x\n\
         WARN  [ScheduledTasks:1] 2026-11-24 12:00:01,123 NoSpamLogger.java:94 - Out of 12 commit log syncs\n",
        &[
            (
                Some(0.123),
                Some(Info),
                Some("CassandraDaemon"),
                "JVM Arguments: x",
            ),
            (
                Some(1.123),
                Some(Warn),
                Some("NoSpamLogger"),
                "Out of 12 commit log syncs",
            ),
        ],
    );
    check(
        "[2026-11-24T12:00:00,123][INFO ][o.e.n.Node               ] [node-1] started\n\
         [2026-11-24T12:00:01,123][WARN ][o.e.m.j.JvmGcMonitorService] [node-1] [gc][12] overhead, spent [1.2s]\n",
        &[
            (
                Some(0.123),
                Some(Info),
                Some("o.e.n.Node"),
                "[node-1] started",
            ),
            (
                Some(1.123),
                Some(Warn),
                Some("o.e.m.j.JvmGcMonitorService"),
                "[node-1] [gc][12] overhead, spent [1.2s]",
            ),
        ],
    );
    check(
        "[2026-11-24 12:00:00,123] INFO [GroupCoordinator 0]: Stabilized group g (kafka.coordinator.group.GroupCoordinator)\n\
         [2026-11-24 12:00:01,123] INFO Started (org.eclipse.jetty.server.Server:415)\n",
        &[
            (
                Some(0.123),
                Some(Info),
                Some("kafka.coordinator.group.GroupCoordinator"),
                "[GroupCoordinator 0]: Stabilized group g",
            ),
            (
                Some(1.123),
                Some(Info),
                Some("org.eclipse.jetty.server.Server"),
                "Started",
            ),
        ],
    );
}

#[test]
fn databases() {
    check(
        "2026-11-24 12:00:00.123 UTC [1234] LOG:  database system is ready\n\
         2026-11-24 12:00:01 UTC [1234-1] shop@shopdb ERROR:  duplicate key value\n\
         2026-11-24 12:00:02 UTC:10.0.0.1(34567):shop@shopdb:[1234]:FATAL:  too many connections\n\
         2026-11-24 13:00:03.123 CET [1234]: [1-1] user=shop,db=shopdb,app=[unknown],client=10.0.0.1 LOG:  connection authorized\n",
        &[
            (Some(0.123), Some(Info), None, "database system is ready"),
            (Some(1.0), Some(Error), None, "duplicate key value"),
            (Some(2.0), Some(Fatal), None, "too many connections"),
            // Abbreviations of zones name no offset.
            (Some(3603.123), Some(Info), None, "connection authorized"),
        ],
    );
    check(
        "2026-11-24T12:00:00.123456Z 0 [Warning] [MY-010068] [Server] CA certificate ca.pem is self signed.\n\
         2026-11-24T12:00:01.123456Z 12 [Note] Aborted connection 12 to db\n\
         2026-11-24 12:00:02 140221 [ERROR] InnoDB: Unable to lock ./ibdata1\n",
        &[
            (
                Some(0.123),
                Some(Warn),
                Some("Server"),
                "CA certificate ca.pem is self signed.",
            ),
            (Some(1.123), Some(Info), None, "Aborted connection 12 to db"),
            (
                Some(2.0),
                Some(Error),
                Some("InnoDB"),
                "InnoDB: Unable to lock ./ibdata1",
            ),
        ],
    );
    let slow = "# Time: 2026-11-24T12:00:02.000123Z\n\
         # User@Host: shop[shop] @ localhost []  Id:    12\n\
         # Query_time: 2.000123  Lock_time: 0.000010 Rows_sent: 1  Rows_examined: 100000\n\
         SET timestamp=1795521600;\n\
         SELECT * FROM orders\n\
         WHERE note LIKE '%x%';\n\
         # User@Host: shop[shop] @ localhost []  Id:    13\n\
         # Query_time: 3.5  Lock_time: 0.0 Rows_sent: 1  Rows_examined: 2\n\
         use shopdb;\n\
         SET timestamp=1795521601;\n\
         UPDATE orders SET a = 1;\n";
    check(
        slow,
        &[
            (Some(2.0), None, Some("slow"), "SELECT * FROM orders"),
            (Some(1.0), None, Some("slow"), "UPDATE orders SET a = 1;"),
        ],
    );
    check_fields(
        slow,
        &[
            ("Query_time", "2.000123s"),
            ("Rows_examined", "100000"),
            ("user", "shop"),
            ("Id", "12"),
        ],
    );
}

#[test]
fn stores_and_queues() {
    check(
        "1234:M 24 Nov 2026 12:00:00.123 * Ready to accept connections\n\
         1234:M 24 Nov 2026 12:00:01.123 # WARNING overcommit_memory is set to 0!\n",
        &[
            (Some(0.123), Some(Info), None, "Ready to accept connections"),
            (
                Some(1.123),
                Some(Warn),
                None,
                "WARNING overcommit_memory is set to 0!",
            ),
        ],
    );
    let mongo = "{\"t\":{\"$date\":\"2026-11-24T12:00:00.123+00:00\"},\"s\":\"I\",  \"c\":\"NETWORK\",  \"id\":22943,   \"ctx\":\"listener\",\"msg\":\"Connection accepted\",\"attr\":{\"remote\":\"10.0.0.1:5\",\"connectionId\":12}}\n";
    check(
        mongo,
        &[(
            Some(0.123),
            Some(Info),
            Some("NETWORK"),
            "Connection accepted",
        )],
    );
    check_fields(mongo, &[("remote", "10.0.0.1:5"), ("connectionId", "12")]);
    check(
        "2026-11-24T12:00:00.123+0000 I NETWORK  [conn12] end connection 10.0.0.1:5\n\
         2026-11-24T12:00:01.123+0000 W -        [ReplicaSet] late\n",
        &[
            (
                Some(0.123),
                Some(Info),
                Some("NETWORK"),
                "end connection 10.0.0.1:5",
            ),
            (Some(1.123), Some(Warn), None, "late"),
        ],
    );
    check(
        "2026-11-24 12:00:00.123 [info] <0.222.0> Server startup complete; 3 plugins started.\n\
         2026-11-24 12:00:01.123456+00:00 [error] <0.223.0> closing AMQP connection <0.223.0>\n",
        &[
            (
                Some(0.123),
                Some(Info),
                None,
                "Server startup complete; 3 plugins started.",
            ),
            (
                Some(1.123),
                Some(Error),
                None,
                "closing AMQP connection <0.223.0>",
            ),
        ],
    );
}

#[test]
fn opentelemetry() {
    // The standard output exporter of Go's SDK.
    let go = "{\"Timestamp\":\"2026-11-24T12:00:00.123Z\",\"ObservedTimestamp\":\"2026-11-24T12:00:00.2Z\",\"Severity\":9,\"SeverityText\":\"INFO\",\"Body\":{\"Type\":\"String\",\"Value\":\"order placed\"},\"Attributes\":[{\"Key\":\"order.id\",\"Value\":{\"Type\":\"Int64\",\"Value\":12}}],\"TraceID\":\"0102\",\"SpanID\":\"01\",\"TraceFlags\":\"01\",\"Resource\":[{\"Key\":\"service.name\",\"Value\":{\"Type\":\"STRING\",\"Value\":\"shop\"}}],\"Scope\":{\"Name\":\"shop/cart\",\"Version\":\"\"},\"DroppedAttributes\":0}\n";
    check(
        go,
        &[(Some(0.123), Some(Info), Some("shop/cart"), "order placed")],
    );
    check_fields(
        go,
        &[
            ("order.id", "12"),
            ("service.name", "shop"),
            ("TraceID", "0102"),
        ],
    );
    // The data model with its own names, as collectors and other exporters write it.
    let model = "{\"Timestamp\":\"2026-11-24T12:00:01.123Z\",\"SeverityText\":\"ERROR\",\"SeverityNumber\":17,\"Body\":\"payment refused\",\"Attributes\":{\"http.status_code\":500,\"duration_ms\":12},\"TraceId\":\"0102\",\"Resource\":{\"service.name\":\"shop\"}}\n\
         {\"Timestamp\":\"1795521600123456789\",\"SeverityNumber\":13,\"Body\":\"late\"}\n";
    check(
        model,
        &[
            (Some(1.123), Some(Error), Some("shop"), "payment refused"),
            (Some(0.123), Some(Warn), None, "late"),
        ],
    );
    check_fields(model, &[("http.status_code", "500"), ("duration_ms", "12")]);
    let python = "{\"body\": \"from python\", \"severity_number\": 13, \"severity_text\": \"WARN\", \"attributes\": {\"code.lineno\": 3}, \"timestamp\": \"2026-11-24T12:00:00.123000Z\", \"trace_id\": \"0x0102\", \"resource\": {\"attributes\": {\"service.name\": \"shop\"}, \"schema_url\": \"\"}}\n";
    check(
        python,
        &[(Some(0.123), Some(Warn), Some("shop"), "from python")],
    );
    check(
        "{\"timeUnixNano\":\"1795521600123456789\",\"severityNumber\":9,\"severityText\":\"Information\",\"body\":{\"stringValue\":\"one record\"},\"attributes\":[{\"key\":\"a\",\"value\":{\"stringValue\":\"b\"}}]}\n",
        &[(Some(0.123), Some(Info), None, "one record")],
    );
}

#[test]
fn scripting_languages() {
    check(
        "[2026-11-24 12:00:00,123] {server.py:44} INFO - listening\n\
         [2026-11-24T12:00:01.123+0000] {taskinstance.py:1300} ERROR - Starting attempt 1 of 2\n",
        &[
            (Some(0.123), Some(Info), Some("server"), "listening"),
            (
                Some(1.123),
                Some(Error),
                Some("taskinstance"),
                "Starting attempt 1 of 2",
            ),
        ],
    );
    check(
        "ERROR:app.db:connection refused\nWARNING:root:disk almost full\n",
        &[
            (None, Some(Error), Some("app.db"), "connection refused"),
            (None, Some(Warn), Some("root"), "disk almost full"),
        ],
    );
    check(
        "INFO:     Started server process [1234]\n\
         INFO:     127.0.0.1:34567 - \"GET /items HTTP/1.1\" 200 OK\n",
        &[
            (None, Some(Info), None, "Started server process [1234]"),
            (
                None,
                Some(Info),
                None,
                "127.0.0.1:34567 - \"GET /items HTTP/1.1\" 200 OK",
            ),
        ],
    );
    check(
        "I, [2026-11-24T12:00:00.123456 #1234]  INFO -- : [f3c1-11aa] Started GET \"/orders/12\"\n\
         D, [2026-11-24T12:00:01.123456 #1234] DEBUG -- sidekiq: loaded\n",
        &[
            (
                Some(0.123),
                Some(Info),
                None,
                "[f3c1-11aa] Started GET \"/orders/12\"",
            ),
            (Some(1.123), Some(Debug), Some("sidekiq"), "loaded"),
        ],
    );
    check(
        "Started GET \"/orders/12\" for 127.0.0.1 at 2026-11-24 12:00:00 +0000\n",
        &[(
            Some(0.0),
            Some(Info),
            None,
            "Started GET \"/orders/12\" for 127.0.0.1",
        )],
    );
    check(
        "12:00:00.123 [info] GET /orders/12\n\
         12:00:01.123 request_id=FxyZ [error] GenServer #PID<0.1.0> terminating\n\
         ** (RuntimeError) boom\n    (shop 0.1.0) lib/shop/cart.ex:12: Shop.Cart.handle_call/3\n",
        &[
            (Some(0.123), Some(Info), None, "GET /orders/12"),
            (
                Some(1.123),
                Some(Error),
                None,
                "GenServer #PID<0.1.0> terminating",
            ),
        ],
    );
}

#[test]
fn dotnet() {
    check(
        "info: Microsoft.Hosting.Lifetime[14]\n      Now listening on: http://localhost:5000\n\
         fail: Shop.Cart[13]\n      An unhandled exception\n      System.InvalidOperationException: boom\n         at Shop.Cart.Get(Int32 id) in /src/Cart.cs:line 42\n",
        &[
            (
                None,
                Some(Info),
                Some("Microsoft.Hosting.Lifetime"),
                "Now listening on: http://localhost:5000",
            ),
            (
                None,
                Some(Error),
                Some("Shop.Cart"),
                "An unhandled exception",
            ),
        ],
    );
    check(
        "<6>Shop.Cart[0] loaded 3 items\n<3>Shop.Cart[1] broken\n<4>disk almost full\n",
        &[
            (None, Some(Info), Some("Shop.Cart"), "loaded 3 items"),
            (None, Some(Error), Some("Shop.Cart"), "broken"),
            (None, Some(Warn), None, "disk almost full"),
        ],
    );
    check(
        "{\"EventId\":14,\"LogLevel\":\"Information\",\"Category\":\"Shop.Cart\",\"Message\":\"Now listening\",\"State\":{\"address\":\"x\",\"{OriginalFormat}\":\"Now listening\"}}\n\
         {\"@t\":\"2026-11-24T12:00:00.1230000Z\",\"@mt\":\"Loaded {Count} items\",\"@l\":\"Warning\",\"Count\":3,\"SourceContext\":\"Shop.Cart\"}\n\
         {\"Timestamp\":\"2026-11-24T12:00:01.123+00:00\",\"Level\":\"Error\",\"MessageTemplate\":\"Failed {Id}\",\"RenderedMessage\":\"Failed 12\",\"Properties\":{\"Id\":12,\"SourceContext\":\"Shop.Cart\"}}\n",
        &[
            (None, Some(Info), Some("Shop.Cart"), "Now listening"),
            (
                Some(0.123),
                Some(Warn),
                Some("Shop.Cart"),
                "Loaded {Count} items",
            ),
            (Some(1.123), Some(Error), Some("Shop.Cart"), "Failed 12"),
        ],
    );
    check(
        "Level,Date and Time,Source,Event ID,Task Category\n\
         Information,11/24/2026 12:00:00 PM,Service Control Manager,7036,None,The service stopped.\n\
         Error,11/24/2026 12:00:01 PM,Application Error,1000,(100),\"Faulting application: x.exe\nmodule: y.dll\"\n",
        &[
            (
                Some(0.0),
                Some(Info),
                Some("Service Control Manager"),
                "The service stopped.",
            ),
            (
                Some(1.0),
                Some(Error),
                Some("Application Error"),
                "Faulting application: x.exe\nmodule: y.dll",
            ),
        ],
    );
}

#[test]
fn go_and_kubernetes() {
    check(
        "2026-11-24T12:00:00.123Z\tINFO\tcart/server.go:42\tlistening\t{\"port\": 8080}\n\
         2026-11-24T12:00:01.123Z\tERROR\tcart\tcart/server.go:42\tboom\t{\"error\": \"x\"}\n\
         1.7955216001234567e+09\tinfo\tsetup\tstarting manager\n",
        &[
            (Some(0.123), Some(Info), None, "listening"),
            (Some(1.123), Some(Error), Some("cart"), "boom"),
            (Some(0.123), Some(Info), Some("setup"), "starting manager"),
        ],
    );
    check(
        "I1124 12:00:00.123456    1234 controller.go:42] \"Starting\" workers=4\n\
         E1124 12:00:01.123456 1 reflector.go:147] Failed to watch *v1.Node\n\
         W20261124 12:00:02.123456 140221 main.cc:42] late\n",
        &[
            (Some(0.123), Some(Info), None, "Starting"),
            (Some(1.123), Some(Error), None, "Failed to watch *v1.Node"),
            (Some(2.123), Some(Warn), None, "late"),
        ],
    );
    check(
        "5m          Warning   BackOff     pod/cart-5d4f      Back-off restarting failed container\n\
         shop        2m        Normal      Pulled             pod/cart-5d4f   Container image present\n",
        &[
            (
                None,
                Some(Warn),
                Some("pod"),
                "Back-off restarting failed container",
            ),
            (None, Some(Info), Some("pod"), "Container image present"),
        ],
    );
    check(
        "{\"kind\":\"Event\",\"eventTime\":null,\"lastTimestamp\":\"2026-11-24T12:00:05Z\",\"involvedObject\":{\"kind\":\"Pod\",\"name\":\"cart\"},\"message\":\"Back-off\",\"reason\":\"BackOff\",\"type\":\"Warning\"}\n",
        &[(Some(5.0), Some(Warn), None, "Back-off")],
    );
}

#[test]
fn systems_and_proxies() {
    check(
        "Nov 24 12:00:00 host systemd[1]: Started Daily apt download activities.\n\
         Nov 24 12:00:01 host haproxy[1234]: 10.0.0.1:33317 [24/Nov/2026:12:00:00.655] http-in~ static/srv1 10/0/30/69/109 200 2750 - - ---- 1/1/1/1/0 0/0 {1wt.eu} {} \"GET /index.html HTTP/1.1\"\n",
        &[
            (
                Some(0.0),
                None,
                Some("systemd"),
                "Started Daily apt download activities.",
            ),
            (
                Some(0.655),
                None,
                Some("haproxy"),
                "GET /index.html HTTP/1.1",
            ),
        ],
    );
    check_fields(
        "10.0.0.1:33317 [24/Nov/2026:12:00:00.655] http-in static/srv1 10/0/30/69/109 503 2750 - - ---- 1/1/1/1/0 0/0 \"GET /index.html HTTP/1.1\"\n",
        &[
            ("status", "503"),
            ("duration", "109ms"),
            ("backend", "static/srv1"),
            ("path", "/index.html"),
        ],
    );
    check(
        "[12345.678901] eth0: link up\n\
         <6>[    1.234567] usbcore: registered new interface driver usbfs\n\
         [    1.234567] [   T12] printk caller\n\
         kern  :warn  : [    1.234567] decoded\n\
         [Tue Nov 24 12:00:00 2026] usb 1-1: new device\n",
        &[
            (None, None, Some("eth0"), "eth0: link up"),
            (
                None,
                Some(Info),
                Some("usbcore"),
                "usbcore: registered new interface driver usbfs",
            ),
            (None, None, None, "printk caller"),
            (None, Some(Warn), None, "decoded"),
            (Some(0.0), None, None, "usb 1-1: new device"),
        ],
    );
    check(
        "2026-11-24T12:00:00.1234567Z ##[group]Run cargo test\n\
         2026-11-24T12:00:01.1234567Z ##[error]Process completed with exit code 101.\n\
         build\tRun tests\t2026-11-24T12:00:02.1234567Z ##[warning]Node.js 12 actions are deprecated.\n\
         ::error file=app.js,line=10::Missing semicolon\n",
        &[
            (Some(0.123), None, None, "Run cargo test"),
            (
                Some(1.123),
                Some(Error),
                None,
                "Process completed with exit code 101.",
            ),
            (
                Some(2.123),
                Some(Warn),
                Some("Run tests"),
                "Node.js 12 actions are deprecated.",
            ),
            (None, Some(Error), None, "Missing semicolon"),
        ],
    );
}

#[test]
fn android_in_all_forms() {
    check(
        "11-24 12:00:00.123  1702  2395 D WindowManager: threadtime\n\
         11-24 12:00:00.123 E/WindowManager( 1702): time\n\
         W/WindowManager( 1702): brief\n\
         I/WindowManager: tag\n\
         I( 1702) process  (WindowManager)\n\
         E( 1702: 2395) thread\n\
         2026-11-24 12:00:00.123 +0000  1702  2395 F AndroidRuntime: year and zone\n\
         1795521600.123  1702  2395 E AndroidRuntime: epoch\n\
         11-24 12:00:00.123 10123  1702  2395 V Tag: user\n\
         2026-11-24 12:00:00.123 1702-2395/com.acme.shop D/Cart: old studio\n\
         2026-11-24 12:00:00.123  1702-2395  Cart        com.acme.shop     D  new studio\n\
         [ 11-24 12:00:00.123  1702: 2395 D/Cart ]\nlong\n\n\
         [ 11-24 12:00:00.123  1702: 2395 I/Cart ]\nsecond\nof two lines\n",
        &[
            (
                Some(0.123),
                Some(Debug),
                Some("WindowManager"),
                "threadtime",
            ),
            (Some(0.123), Some(Error), Some("WindowManager"), "time"),
            (None, Some(Warn), Some("WindowManager"), "brief"),
            (None, Some(Info), Some("WindowManager"), "tag"),
            (None, Some(Info), Some("WindowManager"), "process"),
            (None, Some(Error), None, "thread"),
            (
                Some(0.123),
                Some(Fatal),
                Some("AndroidRuntime"),
                "year and zone",
            ),
            (Some(0.123), Some(Error), Some("AndroidRuntime"), "epoch"),
            (Some(0.123), Some(Trace), Some("Tag"), "user"),
            (Some(0.123), Some(Debug), Some("Cart"), "old studio"),
            (Some(0.123), Some(Debug), Some("Cart"), "new studio"),
            (Some(0.123), Some(Debug), Some("Cart"), "long"),
            (Some(0.123), Some(Info), Some("Cart"), "second"),
        ],
    );
}

#[test]
fn tools_of_a_build() {
    check(
        "0 verbose cli /usr/bin/node /usr/bin/npm\n1 silly config load:file:/x\n204 error code E404\nnpm error code E404\nnpm WARN deprecated a@1\n",
        &[
            (None, Some(Debug), None, "cli /usr/bin/node /usr/bin/npm"),
            (None, Some(Trace), None, "config load:file:/x"),
            (None, Some(Error), None, "code E404"),
            (None, Some(Error), None, "code E404"),
            (None, Some(Warn), None, "deprecated a@1"),
        ],
    );
    check(
        "src/main.c:12:3: warning: unused variable\n/src/b.c:2: fatal error: x.h: No such file\nerror[E0308]: mismatched types\n",
        &[
            (None, Some(Warn), None, "unused variable"),
            (None, Some(Fatal), None, "x.h: No such file"),
            (None, Some(Error), None, "mismatched types"),
        ],
    );
    check(
        "update-alternatives 2026-11-24 12:00:00: link group /x updated\nupdate-alternatives 2026-11-24 12:00:01: run with --quiet\n",
        &[
            (
                Some(0.0),
                None,
                Some("update-alternatives"),
                "link group /x updated",
            ),
            (
                Some(1.0),
                None,
                Some("update-alternatives"),
                "run with --quiet",
            ),
        ],
    );
}
