//! The miner: what it finds, and its laws.

use std::collections::BTreeMap;

use proptest::prelude::*;
use shape_telemetry::{LogLine, Reader, TemplateMiner, Templates, clean_up};

fn mine(messages: &[String]) -> TemplateMiner {
    let mut miner = TemplateMiner::new();
    for message in messages {
        miner.add(message);
    }
    miner
}

/// The templates of messages, as they were found.
#[track_caller]
fn check(messages: &[&str], expected: &[&str]) {
    let messages: Vec<String> = messages.iter().map(|&message| message.to_owned()).collect();
    let templates = mine(&messages).finish();
    let found: Vec<String> = messages
        .iter()
        .map(|message| templates.of(message))
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn what_looks_like_a_variable_is_one() {
    check(
        &[
            "generating core.2275",
            "Found block rdd_42_7 locally",
            "CE sym 20, at 0x1438f9e0, mask 0x40",
            "Failed for 10.0.0.7 port 49116 on 2026-11-24 08:59:30.833 +0000.",
            "steps = 1514038440000##6993##548365",
            "stack @0x7fed806eb5d @0x7fef9fb9b6d",
            "connection to db.example.com:443 closed after 03:52",
            "lifetime <1 sec",
            "problem state (usr).......0",
            "block rdd_2_4 stored",
        ],
        &[
            "generating core.<*>",
            "Found block <*> locally",
            "CE sym <*>, at <*>, mask <*>",
            "Failed for <*> port <*> on <*>.",
            "steps = <*>##<*>##<*>",
            "stack @<*> @<*>",
            "connection to <*> closed after <*>",
            "lifetime <*>",
            "problem state (usr).......<*>",
            "block <*> stored",
        ],
    );
}

#[test]
fn what_may_be_a_variable_is_one_when_it_varies() {
    // A name with a digit.
    check(
        &["link up on eth0", "link up on eth1"],
        &["link up on <*>", "link up on <*>"],
    );
    check(&["link up on eth0"], &["link up on eth0"]);
    check(
        &[
            "init() of l3cache() in slot 7",
            "init() of l3cache() in slot 8",
        ],
        &["init() of l3cache() in slot <*>"; 2],
    );
    // The value of a name.
    check(
        &["failure; tty=ssh user=ann", "failure; tty=ssh user=bob"],
        &["failure; tty=ssh user=<*>"; 2],
    );
    // A text in quotes.
    check(
        &["no entry 'a b' in 'x y'", "no entry 'c d' in 'x y'"],
        &["no entry '<*>' in 'x y'"; 2],
    );
    // A unit.
    check(
        &["took 3 ms, 4.1 KB", "took 2 s, 7.0 KB"],
        &["took <*>, <*> KB"; 2],
    );
    // How many there are.
    check(&["ports 1 2 3", "ports 4 5 6"], &["ports <*> <*> <*>"; 2]);
    check(&["ports 1 2 3", "ports 4 5"], &["ports <*>"; 2]);
}

#[test]
fn words_that_vary_are_variables() {
    let names = ["ann", "bob", "cleo", "dan"];
    let opened = names.map(|name| format!("session opened for user {name} by cron"));
    let closed = ["ann", "bob"].map(|name| format!("session closed for user {name} again"));
    let all: Vec<&str> = opened.iter().chain(&closed).map(String::as_str).collect();
    // Two values are enough where it is known that they are values.
    let expected = [
        ["session opened for user <*> by cron"; 4].as_slice(),
        &["session closed for user <*> again"; 2],
    ];
    check(&all, &expected.concat());
    // Two unknown words are two kinds of messages; so are participles.
    let two = ["the node is up again", "the node is down again"];
    check(&two, &two);
    let many = [
        "job x started at once",
        "job x stopped at once",
        "job x failed at once",
        "job x parked at once",
    ];
    check(&many, &many);
    // A word beside a number at the same place is a value; the comma stays.
    check(
        &[
            "Invalid user 0101, from 10.0.0.1",
            "Invalid user git, from 10.0.0.2",
        ],
        &["Invalid user <*>, from <*>"; 2],
    );
    // An empty argument is one.
    check(
        &[
            "connection from 10.0.0.1 () at last",
            "connection from 10.0.0.2 (a7b.example.org) at last",
        ],
        &["connection from <*> (<*>) at last"; 2],
    );
}

#[test]
fn clean_up_is_a_step_of_its_own() {
    for (template, expected) in [
        (
            "opened for user root by (uid=<*>)",
            "opened for user <*> by (uid=<*>)",
        ),
        ("ready=true, tag=null", "ready=<*>, tag=<*>"),
        ("is /<*>.<*>.<*> now", "is /<*> now"),
        ("rooted and nullified", "rooted and nullified"),
        ("core.<*> of job_<*>", "core.<*> of <*>"),
    ] {
        assert_eq!(clean_up(template), expected);
        assert_eq!(clean_up(expected), expected, "twice is once");
    }
    let messages = ["user root came".to_owned(), "user admin came".to_owned()];
    let templates = mine(&messages).finish();
    assert_eq!(templates.iter().len(), 2);
    let clean = templates.clean_up();
    let all: Vec<(&str, u64)> = clean.iter().map(|t| (t.text.as_str(), t.count)).collect();
    assert_eq!(all, [("user <*> came", 2)]);
    assert_eq!(clean.of("user root came"), "user <*> came");
}

#[test]
fn a_million_kinds_of_messages_are_bounded_and_counted() {
    let mut miner = TemplateMiner::new().max_templates(1_000);
    let word = |mut n: u32| {
        let mut word = String::new();
        for _ in 0..5 {
            word.push(char::from(b'g' + u8::try_from(n % 16).unwrap()));
            n /= 16;
        }
        word
    };
    for n in 0..1_000_000 {
        miner.add(&word(n));
    }
    let (messages, kinds) = (miner.messages(), miner.kinds());
    assert_eq!(messages, 1_000_000);
    assert!((900_000..1_100_000).contains(&kinds), "{kinds}");
    let templates = miner.finish();
    assert_eq!(templates.iter().len(), 1_000);
    assert_eq!(templates.overflow(), 999_000);
}

#[test]
fn long_messages_are_cut() {
    let long = format!("dump {}", "17 ".repeat(7_000_000));
    check(&[&long], &["dump <*>"]);
    let word = "y".repeat(5_000_000);
    let templates = mine(std::slice::from_ref(&word)).finish();
    assert!(templates.of(&word).len() < 4_096);
}

#[test]
fn every_line_has_a_body() {
    let log = "2026-11-24 08:59:30,833 ERROR [main] c.e.Prices: no price for=7\n\
        java.lang.IllegalStateException: late\n\
        \tat c.e.Prices.get(Prices.java:42)\n\
        \n\
        2026-11-24 08:59:31,000 INFO [main] c.e.Prices: done\r\n\
        unfinished";
    let mut lines = Vec::new();
    let summary = Reader::new().read_lines("x", log.as_bytes(), &mut |line: &LogLine<'_>| {
        lines.push((line.number.get(), line.body.to_string()));
    });
    let expected = [
        "no price for=7",
        "java.lang.IllegalStateException: late",
        "at c.e.Prices.get(Prices.java:42)",
        "",
        "done",
        "unfinished",
    ];
    let expected: Vec<(u64, String)> = (1..).zip(expected.map(str::to_owned)).collect();
    assert_eq!(lines, expected);
    assert_eq!(summary.lines.total, 6);
    assert_eq!(summary.lines.parsed + summary.lines.unparsed, 6);
}

/// Messages of a few statements with words, numbers, quotes and units in them.
fn messages() -> impl Strategy<Value = Vec<String>> {
    let message = prop_oneof![
        ("[a-e]{1,2}", 0..99_u32).prop_map(|(w, n)| format!("job {w} of user {n} is done")),
        ("[a-e]", "[a-c]{2}")
            .prop_map(|(v, w)| format!("state {w} tty={v} 'q {v}' eth{}", w.len())),
        (0..9_u32, "KB|MB").prop_map(|(n, unit)| format!("sent {n} {unit} to 10.0.0.{n} 1 2")),
        "[ -~]{0,40}",
        "\\PC{0,12}",
    ];
    prop::collection::vec(message, 0..60)
}

proptest! {
    /// Shards in any order and grouping know what one pass knows, above the bound too.
    #[test]
    fn merging_is_one_pass(messages in messages(), a in 0..60_usize, b in 0..60_usize, max in 1..40_usize) {
        let mine = |part: &[String]| {
            part.iter().fold(TemplateMiner::new().max_templates(max), |mut miner, message| {
                miner.add(message);
                miner
            })
        };
        let (a, b) = (a.min(messages.len()), b.min(messages.len()));
        let (a, b) = (a.min(b), a.max(b));
        let [x, y, z] = [&messages[..a], &messages[a..b], &messages[b..]].map(mine);
        let whole = mine(&messages);
        let left = x.clone().merge(y.clone()).merge(z.clone());
        let right = z.merge(y.merge(x));
        prop_assert_eq!(&left, &whole);
        prop_assert_eq!(&right, &whole);
        prop_assert_eq!(left.finish(), whole.clone().finish());
        let templates = whole.finish();
        let counted: u64 = templates.iter().map(|template| template.count).sum();
        prop_assert_eq!(counted + templates.overflow(), u64::try_from(messages.len()).unwrap());
    }

    /// A miner that was written down and read back goes on as if nothing had happened.
    #[test]
    fn snapshots_go_on(messages in messages(), at in 0..60_usize, max in 1..40_usize) {
        let at = at.min(messages.len());
        let mut miner = TemplateMiner::new().max_templates(max);
        for message in &messages[..at] {
            miner.add(message);
        }
        let text = serde_json::to_string(&miner).unwrap();
        let mut restored: TemplateMiner = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(&serde_json::to_string(&restored).unwrap(), &text);
        for message in &messages[at..] {
            prop_assert_eq!(miner.add(message), restored.add(message));
        }
        prop_assert_eq!(&restored, &miner);
        prop_assert_eq!(restored.finish(), miner.finish());
    }

    /// The template of a message that was seen is the one it was counted under; ids tell texts apart.
    #[test]
    fn every_message_has_its_template(messages in messages()) {
        let mut miner = TemplateMiner::new();
        let kinds: Vec<_> = messages.iter().map(|message| miner.add(message)).collect();
        let templates: Templates = miner.finish();
        let mut counts: BTreeMap<String, u64> = BTreeMap::new();
        for (message, kind) in messages.iter().zip(kinds) {
            let text = templates.of(message);
            prop_assert_eq!(templates.get(kind).map(|template| &template.text), Some(&text));
            *counts.entry(text).or_default() += 1;
        }
        let found: BTreeMap<String, u64> =
            templates.iter().map(|template| (template.text.clone(), template.count)).collect();
        prop_assert_eq!(counts, found);
        let ids: std::collections::BTreeSet<_> = templates.iter().map(|template| &template.id).collect();
        prop_assert_eq!(ids.len(), templates.iter().len());
    }

    /// Any text has a template without control characters, and values whose text is in the message.
    #[test]
    fn any_text_is_mined(message in "\\PC{0,80}|[ -~\\t\\r\\x00-\\x1f]{0,80}") {
        let templates = mine(std::slice::from_ref(&message)).finish();
        prop_assert!(!templates.of(&message).bytes().any(|b| b == 0 || (1..=6).contains(&b)) || message.bytes().any(|b| b < b' '));
        for variable in shape_telemetry::variables(&message) {
            prop_assert!(message.contains(variable.text));
        }
    }
}

#[test]
fn a_snapshot_that_contradicts_itself_is_refused() {
    let miner = mine(&["tty=ssh 5".to_owned()]);
    let text = serde_json::to_string(&miner).unwrap();
    let read = |text: &str| serde_json::from_str::<TemplateMiner>(text).map_err(|e| e.to_string());
    assert!(read(&text).is_ok());
    for (from, to, expected) in [
        ("\"schema_version\":1", "\"schema_version\":2", "version 2"),
        ("\"messages\":1", "\"messages\":0", "1 messages of 0"),
        ("\"count\":1", "\"count\":0", "contradicts itself"),
        ("[{\"same\":\"ssh\"}]", "[]", "contradicts itself"),
    ] {
        let changed = text.replace(from, to);
        assert_ne!(changed, text);
        let error = read(&changed).unwrap_err();
        assert!(error.contains(expected), "{error}");
    }
}

/// What stands behind the header, in a log of this layout.
#[track_caller]
fn check_header(line: impl Fn(u32) -> String, body: impl Fn(u32) -> String) {
    let log: String = (0..40).map(|n| line(n) + "\n").collect();
    let mut wrong = Vec::new();
    Reader::new().read_lines("x", log.as_bytes(), &mut |found: &LogLine<'_>| {
        let n = u32::try_from(found.number.get()).unwrap() - 1;
        if found.body != body(n) {
            wrong.push(format!(
                "{}\n    {} ({})",
                line(n),
                found.body,
                found.record.format
            ));
        }
    });
    assert!(
        wrong.is_empty(),
        "\n{}",
        wrong[..wrong.len().min(3)].join("\n")
    );
}

/// Bodies that tempt a header: a colon, pairs, brackets, a number first.
const BODIES: [fn(u32) -> String; 4] = [
    |n| format!("worker {n} lost the link to 10.0.0.{n}"),
    |n| format!("{n} errors detected, code={n} state=idle"),
    |n| format!("request for /x/{n}: took {n} ms [retry]"),
    |n| format!("CacheManager: evicted {n} entries (limit: 5)"),
];

/// Headers, `NN` being the number of the line in two digits.
fn check_headers(headers: &[&str], bodies: &[fn(u32) -> String]) {
    for header in headers {
        for body in bodies {
            let line = |n: u32| header.replace("NN", &format!("{n:02}")) + &body(n);
            check_header(line, body);
        }
    }
}

#[test]
fn headers_of_known_layouts_are_found() {
    let headers = [
        "- 11178385NN 2005.06.03 RNN-M1-N0-C:J12-U11 2005-06-03-15.42.NN.363779 RNN-M1-N0-C:J12-U11 RAS KERNEL INFO ",
        "17/06/09 20:10:NN INFO executor.Backend: ",
        "20171223-22:15:NN:6NN|Step_LSC|30002312|",
        "[10.30 16:49:NN] chrome.exe - ",
        "[10.30 16:49:NN] chrome.exe *64 - ",
        "2016-09-28 04:30:NN, Info                  CBS    ",
        "[Thu Jun 09 06:07:NN 2005] [notice] ",
        "Dec 10 06:55:NN host sshd[242NN]: ",
        "- 11315664NN 2005.11.09 dn228 Nov 9 12:01:NN dn228/dn228 crond(pam_unix)[29NN]: ",
        "081109 2036NN 1NN INFO dfs.DataNode$PacketResponder: ",
        "2015-10-18 18:01:NN,978 INFO [main NN] org.x.App: ",
        "2015-07-29 17:41:NN,747 - INFO  [Peer[myid=1]/0:0:0:0:0:0:0:0:2181:Election@774] - ",
        "api.log.1 2017-05-16 00:00:NN.008 25746 INFO nova.api [req-NN - - -] ",
        "03-17 16:13:NN.811  1702  2395 D WindowManager: ",
    ];
    check_headers(&headers, &BODIES);
}

#[test]
fn headers_of_layouts_without_a_name_are_found() {
    let headers = [
        "nodeNN 2026/11/24-08:59:NN W <net> ",
        "7NN|20261124|08:59:NN|WARN|net-NN|",
        "#NN @20261124T0859NN (main) [W] -- ",
    ];
    // What all lines have in front of a colon would be a column of theirs.
    check_headers(&headers, &BODIES[..3]);
}

#[test]
fn headers_whose_columns_are_seldom_so() {
    // A kind that is none, a label, a path with a process, a program with a path in brackets, a client.
    let bodies = [
        (
            "- 1117955341 2005.06.05 R01-M0-N0 2005-06-05-00.09.01.000000 R01-M0-N0 NULL DISCOVERY ERROR ",
            "card check: no match, ecid 0A",
        ),
        (
            "APPREAD 1117869872 2005.06.04 R04-M1 2005-06-04-00.24.32.432192 R04-M1 RAS APP FATAL ",
            "reader: no prefix on stream (socket to 10.0.0.1:33569",
        ),
        (
            "- 1131566461 2005.11.09 a-admin1 Nov 9 12:01:01 local@a-admin1 /opt/sbin/gmetad[1682]: ",
            "no answer from any [A1] source",
        ),
        (
            "- 1131566467 2005.11.09 #8# Nov 9 12:01:07 #8#/#8# run-parts(/etc/cron.hourly)[123]: ",
            "starting 0anacron",
        ),
        (
            "VAPI 1131566467 2005.11.09 bn431 Nov 9 12:01:07 bn431/bn431 kernel: ",
            "[KERNEL_IB][sweep][src/ib.c:12]failed",
        ),
        (
            "2016-09-28 04:30:31, Error                 CBS    ",
            "no session [HRESULT = 0x80070490 - NOT_FOUND]",
        ),
        (
            "[Sun Dec 04 05:15:09 2005] [error] ",
            "[client 10.0.0.1] index forbidden: /var/www/html/",
        ),
        (
            "[10.30 16:49:07] a b.exe *64 - ",
            "x.org:443 error : no proxy x.org:5070 - code 403",
        ),
        (
            "20171223-0:5:9:3|Step_A|30002312|",
            "save() data = 1,type = 1000 | x",
        ),
        (
            "Dec 10 07:08:30 host sshd[24208]: ",
            "message repeated 5 times: [ Failed password for x port 1 ssh2]",
        ),
        (
            "17/06/09 20:11:11 WARN util.Utils: ",
            "Service 'UI' could not bind: port 4040.",
        ),
    ];
    for (header, body) in bodies {
        check_header(|_| format!("{header}{body}"), |_| body.to_owned());
    }
}
