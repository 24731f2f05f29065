//! The headers of machine logs: what stands behind them, to the byte, and the time in them.

use shape_telemetry::{LogLine, Reader};

/// Format, bodies and times of a log read line by line.
#[track_caller]
fn check(format: &str, lines: &[(&str, &str, Option<&str>)]) {
    let rows: Vec<&str> = lines.iter().map(|(line, _, _)| *line).collect();
    let log = rows.join("\n");
    let reader = Reader::new().reference("2026-11-24T18:00:00Z".parse().unwrap());
    let mut found = Vec::new();
    let summary = reader.read_lines("x", log.as_bytes(), &mut |line: &LogLine<'_>| {
        let time = line.record.time.map(|time| time.to_string());
        found.push((line.body.to_string(), time));
    });
    let expected: Vec<_> = lines
        .iter()
        .map(|&(_, body, time)| (body.to_owned(), time.map(str::to_owned)))
        .collect();
    assert_eq!((&*summary.format, found), (format, expected));
}

#[test]
fn alerts_of_supercomputers() {
    check(
        "bgl",
        &[
            (
                "- 1117838570 2005.06.03 R02-M1-N0-C:J12-U11 2005-06-03-15.42.50.675872 R02-M1-N0-C:J12-U11 RAS KERNEL INFO 12 parity errors corrected",
                "12 parity errors corrected",
                Some("2005-06-03T22:42:50Z"),
            ),
            (
                "APPREAD 1117955341 2005.06.05 R24-M0 2005-06-05-00.09.01.001234 R24-M0 NULL DISCOVERY SEVERE socket to 10.0.0.1:5: severed",
                "socket to 10.0.0.1:5: severed",
                Some("2005-06-05T07:09:01Z"),
            ),
            // Nothing behind the header.
            (
                "- 1119340008 2005.06.21 R71-M1 2005-06-21-00.46.46.000000 R71-M1 RAS KERNEL INFO ",
                "",
                Some("2005-06-21T07:46:48Z"),
            ),
        ],
    );
    check(
        "thunderbird",
        &[
            (
                "- 1131566461 2005.11.09 dn228 Nov 9 12:01:01 dn228/dn228 crond(pam_unix)[2915]: session closed",
                "session closed",
                Some("2005-11-09T20:01:01Z"),
            ),
            (
                "R_ECC 1131566498 2005.11.09 en74 Nov  9 12:01:38 en74/en74 Server Administrator: Service EventID: 1404  x",
                "Service EventID: 1404  x",
                Some("2005-11-09T20:01:38Z"),
            ),
            (
                "- 1131566499 2005.11.09 en74 Nov 9 12:01:39 en74/en74 kernel: ",
                "",
                Some("2005-11-09T20:01:39Z"),
            ),
        ],
    );
}

#[test]
fn phones_and_proxies() {
    check(
        "health_app",
        &[
            (
                "20171223-22:15:29:606|Step|30002312|changed 3579",
                "changed 3579",
                Some("2017-12-23T22:15:29.606Z"),
            ),
            (
                "20171224-0:7:20:64|Step|30002312| a | 200 | b",
                "a | 200 | b",
                Some("2017-12-24T00:07:20.064Z"),
            ),
            (
                "20171224-0:7:20:64|Step|30002312|",
                "",
                Some("2017-12-24T00:07:20.064Z"),
            ),
        ],
    );
    check(
        "proxifier",
        &[
            (
                "[10.30 16:49:06] Word Pad.exe *64 - a.example:443 open through proxy",
                "a.example:443 open through proxy",
                Some("2026-10-30T16:49:06Z"),
            ),
            (
                "[10.30 16:49:07] git-remote.exe - a.example:443 error : no - not now",
                "a.example:443 error : no - not now",
                Some("2026-10-30T16:49:07Z"),
            ),
            // What the proxy says of itself.
            (
                "[10.30 16:49:08] Profile loaded",
                "Profile loaded",
                Some("2026-10-30T16:49:08Z"),
            ),
        ],
    );
}

#[test]
fn servers_and_systems() {
    check(
        "windows_cbs",
        &[
            (
                "2016-09-28 04:30:31, Info                  CSI    00000001@2016/9/27:20:30:31.455 called",
                "00000001@2016/9/27:20:30:31.455 called",
                Some("2016-09-28T04:30:31Z"),
            ),
            (
                "2016-09-28 04:30:31, Warning    [0x018018] CBS    not recognized",
                "not recognized",
                Some("2016-09-28T04:30:31Z"),
            ),
        ],
    );
    check(
        "apache_error",
        &[
            (
                "[Sun Dec 04 04:47:44 2005] [error] init() [a] failed",
                "init() [a] failed",
                Some("2005-12-04T04:47:44Z"),
            ),
            (
                "[Sun Dec 04 04:47:44 2005] [error] [client 10.0.0.1] forbidden: /a/",
                "[client 10.0.0.1] forbidden: /a/",
                Some("2005-12-04T04:47:44Z"),
            ),
            // What a child of the server prints.
            ("sh: line 1: no such file", "sh: line 1: no such file", None),
        ],
    );
    check(
        "spark",
        &[
            (
                "17/06/09 20:10:40 INFO a.Manager: Manager: acls disabled; Set(a, b)",
                "Manager: acls disabled; Set(a, b)",
                Some("2017-06-09T20:10:40Z"),
            ),
            (
                "17/06/09 20:10:41 WARN a.Executor: not released by 12:",
                "not released by 12:",
                Some("2017-06-09T20:10:41Z"),
            ),
            ("[rdd_2_1]", "[rdd_2_1]", None),
        ],
    );
}
