//! The pages at the top of the repository say what the code says.

use std::{collections::BTreeMap, fs, path::Path};

use shape_slo::SloSet;
use shape_workflow::{ClosedLoop, Promises, StateMachine, StepError};

fn page() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../ARCHITECTURE.md");
    fs::read_to_string(path).expect("ARCHITECTURE.md is there")
}

/// What stands between the markers of a diagram; `UPDATE_PAGES=1` writes `diagram` there first.
#[track_caller]
fn check(name: &str, diagram: &str) {
    let (begin, end) = (
        format!("<!-- {name}: begin -->\n"),
        format!("<!-- {name}: end -->"),
    );
    let page = page();
    let start = page.find(&begin).expect("the begin marker") + begin.len();
    let stop = start + page[start..].find(&end).expect("the end marker");
    let expected = format!("```mermaid\n{}\n```\n", diagram.trim_end());
    if std::env::var_os("UPDATE_PAGES").is_some() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../ARCHITECTURE.md");
        fs::write(
            path,
            format!("{}{expected}{}", &page[..start], &page[stop..]),
        )
        .expect("a page that can be written");
    } else {
        assert_eq!(
            &page[start..stop],
            expected,
            "run with UPDATE_PAGES=1 to bring ARCHITECTURE.md up to date"
        );
    }
}

#[test]
fn the_diagrams_are_those_of_the_program() {
    let closed_loop = ClosedLoop::builder()
        .promises(Promises::Given(SloSet::new("any", Vec::new())))
        .observe(|_| Err(StepError::skip("not run")))
        .build()
        .expect("the loop is a graph");
    check("loop", &closed_loop.outline().to_mermaid(&BTreeMap::new()));
    check("states", &StateMachine::to_mermaid(None));
}
