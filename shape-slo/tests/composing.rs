//! Composites and dependencies: the arithmetic of the field, and its laws.

use proptest::prelude::*;
use shape_sli::Events;
use shape_slo::{
    CompositeMethod, CompositeNoData, CompositeSlo, Dependency, DependencyGraph, ErrorKind, Target,
};

fn target(text: &str) -> Target {
    text.parse().unwrap()
}

/// A service that needs so many others of the same target.
fn serial(count: u32, each: &str) -> u32 {
    let mut graph = DependencyGraph::new();
    for index in 0..count {
        let name = format!("s{index}");
        graph.promise(&name, target(each));
        graph.depend("shop", &name, Dependency::Hard).unwrap();
    }
    graph.ceiling("shop").unwrap().ppb
}

/// Treynor, Dahlin, Rau and Beyer 2017.
#[test]
fn serial_and_parallel_products() {
    for (count, ppb) in [
        (2, 998_001_000),
        (3, 997_002_999),
        (5, 995_009_990),
        (10, 990_044_880),
    ] {
        assert_eq!(serial(count, "99.9%"), ppb, "{count}");
    }
    assert_eq!(serial(10, "99.999%"), 999_900_004);
    let mut graph = DependencyGraph::new();
    for name in ["a", "b"] {
        graph.promise(name, target("99%"));
        graph
            .depend("shop", name, Dependency::Redundant { group: 1 })
            .unwrap();
    }
    let ceiling = graph.ceiling("shop").unwrap();
    assert_eq!(ceiling.ppb, 999_900_000);
    assert_eq!(ceiling.caps[0].chain, ["shop", "a", "b"]);
}

#[test]
fn a_shared_dependency_counts_once() {
    let mut graph = DependencyGraph::new();
    graph.promise("database", target("99.9%"));
    // `api` and `search` promise nothing: they are looked through, and both rest on the database.
    for name in ["api", "search"] {
        graph.depend("shop", name, Dependency::Hard).unwrap();
        graph.depend(name, "database", Dependency::Hard).unwrap();
    }
    assert_eq!(graph.ceiling("shop").unwrap().ppb, 999_000_000);
    assert_eq!(graph.all_behind("shop").len(), 3);
    // Once they promise, each stands for what is behind it.
    graph.promise("api", target("99.9%"));
    graph.promise("search", target("99.9%"));
    assert_eq!(graph.ceiling("shop").unwrap().ppb, 998_001_000);
}

#[test]
fn what_is_too_high_is_told_with_its_chain() {
    let mut graph = DependencyGraph::new();
    graph.promise("shop", target("99.9%"));
    graph.depend("shop", "checkout", Dependency::Hard).unwrap();
    graph.depend("checkout", "bank", Dependency::Hard).unwrap();
    graph.depend("shop", "mail", Dependency::Soft).unwrap();
    assert!(graph.too_high().is_empty() && graph.ceiling("shop").is_none());
    graph.promise("mail", target("90%"));
    graph.promise("bank", target("99.5%"));
    let too_high = graph.too_high();
    assert_eq!(too_high.len(), 1);
    assert_eq!(
        too_high[0].to_string(),
        "`shop` promises 99.9%, at most 99.5% is possible: shop -> checkout -> bank (99.5%)"
    );
    // A second bank that stands in for the first.
    graph.promise("other bank", target("99.5%"));
    for bank in ["bank", "other bank"] {
        graph
            .depend("checkout", bank, Dependency::Redundant { group: 0 })
            .unwrap();
    }
    assert!(graph.too_high().is_empty());
    let error = graph.depend("bank", "shop", Dependency::Soft).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Circle);
    assert_eq!(
        error.to_string(),
        "`bank` can not depend on `shop`, which depends on `bank`"
    );
    assert!(graph.depend("bank", "bank", Dependency::Hard).is_err());
    assert!(graph.too_high().is_empty());
    assert_eq!(graph.ceiling("nobody"), None);
}

fn two(method: CompositeMethod, weights: [&str; 2]) -> CompositeSlo {
    CompositeSlo::new(method)
        .part("a", target("99%"), weights[0])
        .and_then(|slo| slo.part("b", target("99%"), weights[1]))
        .unwrap()
}

#[test]
fn composites_of_openslo() {
    let events = |good| Events::new(good, 1_000).unwrap();
    // "If two SLOs have average of Ratiotimeslices on 95%, composite will have … 90%."
    let missing = |text| {
        two(
            CompositeMethod::Missing {
                target: target(text),
            },
            ["1", "1"],
        )
    };
    let seen = [events(950), events(950)];
    assert_eq!(missing("90%").is_met_by(&seen).unwrap(), Some(true));
    assert_eq!(missing("90.1%").is_met_by(&seen).unwrap(), Some(false));
    let mean = |text| {
        two(
            CompositeMethod::Mean {
                target: target(text),
            },
            ["2", "2"],
        )
    };
    assert_eq!(mean("95%").is_met_by(&seen).unwrap(), Some(true));
    assert_eq!(mean("95.1%").is_met_by(&seen).unwrap(), Some(false));
    // A weight multiplies the burn.
    let burn = two(CompositeMethod::Burn, ["0.5", "100"]);
    assert_eq!(
        burn.consumed(&[events(990), events(1_000)]).unwrap(),
        Some(0.5)
    );
    assert_eq!(
        burn.is_met_by(&[events(980), events(1_000)]).unwrap(),
        Some(true)
    );
    assert_eq!(
        burn.is_met_by(&[events(1_000), events(999)]).unwrap(),
        Some(false)
    );
    // One bad slice is enough.
    assert_eq!(
        burn.judge_slice(&[Some(true), Some(false)]).unwrap(),
        Some(false)
    );
    assert_eq!(
        burn.judge_slice(&[Some(true), Some(true)]).unwrap(),
        Some(true)
    );
}

#[test]
fn no_data_is_not_success() {
    let seen = [Events::new(1_000, 1_000).unwrap(), Events::NONE];
    let slices = [Some(true), None];
    for (policy, met) in [
        (CompositeNoData::Unknown, None),
        (CompositeNoData::LeftOut, Some(true)),
        (CompositeNoData::Bad, Some(false)),
    ] {
        let slo = two(CompositeMethod::Burn, ["1", "1"]).no_data(policy);
        assert_eq!(slo.is_met_by(&seen).unwrap(), met, "{policy:?}");
        assert_eq!(slo.judge_slice(&slices).unwrap(), met, "{policy:?}");
    }
    let slo = two(CompositeMethod::Burn, ["1", "1"]).no_data(CompositeNoData::LeftOut);
    assert_eq!(slo.is_met_by(&[Events::NONE; 2]).unwrap(), None);
    assert_eq!(slo.judge_slice(&[None, None]).unwrap(), None);
    assert!(slo.is_met_by(&[Events::NONE]).is_err());
}

#[test]
fn weights_are_checked() {
    let slo = CompositeSlo::new(CompositeMethod::Burn);
    for weight in [
        "0",
        "-1",
        "",
        "1.",
        ".5",
        "1e3",
        "0.0000001",
        "1000000.1",
        "NaN",
    ] {
        let error = slo.clone().part("a", target("99%"), weight).unwrap_err();
        assert!(
            error.to_string().contains(&format!("`{weight}` for `a`")),
            "{error}"
        );
    }
    let twice = slo
        .part("a", target("99%"), "0.000001")
        .unwrap()
        .part("a", target("9%"), "1");
    assert!(twice.is_err());
}

proptest! {
    /// Exact where floats are not: the counts of one part that just meet its target.
    #[test]
    fn a_composite_of_one_part_is_that_part(
        ppb in 1_u32..=1_000_000_000, total in 1_u64..u64::MAX, near in 0_u64..3,
    ) {
        let target = Target::from_ppb(ppb).unwrap();
        let bad = (target.allowed_bad(total) + near).saturating_sub(1).min(total);
        let events = Events::from_good_bad(total - bad, bad);
        for method in [
            CompositeMethod::Burn,
            CompositeMethod::Missing { target },
            CompositeMethod::Mean { target },
        ] {
            let slo = CompositeSlo::new(method).part("a", target, "1").unwrap();
            prop_assert_eq!(slo.is_met_by(&[events]).unwrap(), target.is_met_by(events));
        }
    }

    #[test]
    fn more_failures_or_more_weight_are_never_easier(
        bad in prop::collection::vec(0_u64..1_000, 3), more in 0_u64..100, weight in 1_u32..9,
    ) {
        let of = |weights: [u32; 3]| {
            (0..3).fold(CompositeSlo::new(CompositeMethod::Burn), |slo, index| {
                slo.part(&index.to_string(), target("50%"), &weights[index].to_string()).unwrap()
            })
        };
        let events = |bad: &[u64]| bad.iter().map(|b| Events::from_good_bad(2_000 - b, *b)).collect::<Vec<_>>();
        let light = of([1, 1, weight]);
        let before = light.is_met_by(&events(&bad)).unwrap();
        let mut worse = bad.clone();
        worse[1] += more;
        let after = light.is_met_by(&events(&worse)).unwrap();
        prop_assert!(!(before == Some(false) && after == Some(true)));
        let heavy = of([1, 1, weight + 1]).is_met_by(&events(&bad)).unwrap();
        prop_assert!(!(before == Some(false) && heavy == Some(true)));
    }

    /// A ceiling is never above the weakest hard dependency, and another one never raises it.
    #[test]
    fn another_dependency_never_raises_a_ceiling(targets in prop::collection::vec(1_u32..=1_000_000_000, 1..9)) {
        let mut graph = DependencyGraph::new();
        let mut last = Target::DENOMINATOR;
        for (index, ppb) in targets.iter().enumerate() {
            let name = index.to_string();
            graph.promise(&name, Target::from_ppb(*ppb).unwrap());
            graph.depend("shop", &name, Dependency::Hard).unwrap();
            let ceiling = graph.ceiling("shop").unwrap().ppb;
            prop_assert!(ceiling <= last && ceiling <= *ppb);
            last = ceiling;
        }
    }
}
