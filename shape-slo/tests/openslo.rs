//! Verdicts on `OpenSLO` documents are those of `OpenSLO`'s own validator, where its verdicts are there to compare with.
#![cfg(feature = "yaml")]
#![expect(clippy::print_stdout, reason = "the score, and why there is none")]

use std::{collections::BTreeSet, fs, io::Read as _, path::PathBuf};

use serde_json::Value;
use shape_slo::validate_openslo;

#[test]
fn verdicts_are_those_of_openslo() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../shared/data/slo/openslo/oracle-show.jsonl.gz");
    let Ok(packed) = fs::File::open(&path) else {
        println!("skipped: no {}", path.display());
        return;
    };
    let mut text = String::new();
    flate2::read::MultiGzDecoder::new(packed)
        .read_to_string(&mut text)
        .expect("gzip");
    let (mut all, mut same_verdict, mut same_errors) = (0, 0, 0);
    for line in text.lines() {
        let record: Value = serde_json::from_str(line).expect("JSON");
        let verdict = validate_openslo(record["yaml"].as_str().expect("text"));
        let found: BTreeSet<(String, Option<String>)> = verdict
            .errors
            .iter()
            .map(|error| (error.path.clone(), error.code.map(ToOwned::to_owned)))
            .collect();
        let wanted: BTreeSet<(String, Option<String>)> = record["errors"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|error| {
                let path = error["path"].as_str().expect("text").to_owned();
                (path, error["code"].as_str().map(ToOwned::to_owned))
            })
            .collect();
        all += 1;
        let is_same = verdict.valid == record["valid"].as_bool().expect("a verdict")
            && verdict.decode_error.is_some() == record["decode_error"].is_string();
        same_verdict += u32::from(is_same);
        same_errors += u32::from(found == wanted);
        if !is_same || found != wanted {
            let missing: Vec<_> = wanted.difference(&found).collect();
            let extra: Vec<_> = found.difference(&wanted).collect();
            println!(
                "{} {}: missing {missing:?}, extra {extra:?}, read {:?}, wanted {}",
                record["id"], record["mutation"], verdict.decode_error, record["decode_error"]
            );
        }
    }
    println!(
        "{all} documents: same verdict {same_verdict}, same set of (path, code) {same_errors}"
    );
    assert!(995 * all <= 1_000 * same_verdict, "{same_verdict} of {all}");
    assert!(95 * all <= 100 * same_errors, "{same_errors} of {all}");
}

#[track_caller]
fn check(text: &str, errors: &[(&str, Option<&str>)]) {
    let verdict = validate_openslo(text);
    assert_eq!(verdict.decode_error, None);
    let found: Vec<(&str, Option<&str>)> = verdict
        .errors
        .iter()
        .map(|error| (error.path.as_str(), error.code))
        .collect();
    assert_eq!(found, errors);
    assert_eq!(verdict.valid, errors.is_empty());
}

const SLO: &str = "
apiVersion: openslo/v1
kind: SLO
metadata: { name: web, labels: { team: [a, b] }, annotations: { shop.example/x: z } }
spec:
  service: web
  indicatorRef: web-errors
  budgetingMethod: Timeslices
  timeWindow: [{ duration: 28d, isRolling: true }]
  objectives: [{ target: 0.99, timeSliceTarget: 0.95, timeSliceWindow: 1m }]
";

#[test]
fn rules_of_an_objective() {
    check(SLO, &[]);
    check(
        &SLO.replace("28d", "0m")
            .replace("isRolling: true", "isRolling: false"),
        &[("spec.timeWindow[0]", None)],
    );
    check(
        &SLO.replace("timeSliceWindow: 1m", "timeSliceWindow: 1x")
            .replace("0.99,", "1,"),
        &[
            ("spec.objectives[0].timeSliceWindow.unit", Some("one_of")),
            ("spec.objectives[0].target", Some("less_than")),
        ],
    );
    check(
        &SLO.replace("shop.example/x", "-bad/x"),
        &[("metadata.annotations.-bad/x", Some("string_match_regexp"))],
    );
    check(
        &SLO.replace("  indicatorRef: web-errors\n", ""),
        &[("spec", Some("mutually_exclusive"))],
    );
    check(
        &SLO.replace(
            "{ target: 0.99, ",
            "{ target: 0.99, indicatorRef: X, compositeWeight: 0, ",
        )
        .replace("  indicatorRef: web-errors\n", ""),
        &[
            (
                "spec.objectives[0].indicatorRef",
                Some("string_dns_label:string_match_regexp"),
            ),
            ("spec.objectives[0].compositeWeight", Some("greater_than")),
        ],
    );
}

#[test]
fn what_can_not_be_read_says_why() {
    for (text, reason) in [
        ("", "no documents"),
        (
            "apiVersion: openslo/v3",
            "apiVersion `openslo/v3` is not supported",
        ),
        (
            "apiVersion: openslo/v1alpha\nkind: SLI",
            "kind `SLI` is not supported in `openslo/v1alpha`",
        ),
        (
            &SLO.replace("0.99,", "'0.99',"),
            "`spec.objectives[0].target` is text, expected a number",
        ),
        (
            &SLO.replace("28d", "month"),
            "`spec.timeWindow[0].duration` is `month`, expected a length such as `5m`",
        ),
        ("[1]", "`document` is a number, expected a map"),
    ] {
        let verdict = validate_openslo(text);
        assert_eq!(verdict.decode_error.as_deref(), Some(reason), "{text}");
        assert!(!verdict.valid && verdict.errors.is_empty());
    }
    // The same fields in another case, and the later of two equal keys.
    check(
        &SLO.replace("service: web", "SERVICE: x\n  service: web"),
        &[],
    );
    check(&SLO.replace("name: web,", "name: A, name: web,"), &[]);
}

#[test]
fn an_empty_length_is_absent_where_it_must_be_there() {
    let text = "
apiVersion: openslo.com/v2alpha
kind: AlertCondition
metadata: { name: fast }
spec:
  severity: page
  condition: { kind: burnrate, op: gt, threshold: 2, lookbackWindow: 1h, alertAfter: '' }
";
    check(text, &[("spec.condition.alertAfter", Some("required"))]);
    check(&text.replace("''", "5m"), &[]);
    let older = text.replace("openslo.com/v2alpha", "openslo/v1");
    check(&older.replace(", alertAfter: ''", ""), &[]);
    check(
        &older,
        &[("spec.condition.alertAfter.unit", Some("required"))],
    );
}
