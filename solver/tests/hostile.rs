//! Files nobody should send: each is refused with the place of its fault, or solved to a plan that holds what it says.

use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::Value;
use solver::format::{Clocked, NamedInstance, Solution, read};
use solver::{Arc, Budget, Demand, Group, Household, Instance, Resource, Seed, Solved, Step, check, solve};
use std::time::Duration;

const SOUND: &str = r#"{"format": "aiguilleur-instance/1", "kind": "panel", "name": "small", "seed": 3,
    "resources": [{"id": "a", "capacity": 2}, {"id": 7, "capacity": 1}, {"id": "c", "capacity": 4}],
    "demands": [
        {"id": "p", "classes": ["T1", "ald"], "penalty": 100, "current": -1, "arcs": [[0, 4], [1, 2]]},
        {"id": "q", "classes": ["T2"], "penalty": 50, "current": 1, "arcs": [[1, 3], [2, 30]]},
        {"id": "r", "classes": ["T2"], "penalty": 40, "arcs": [[0, 1], [1, 1], [2, 39]]},
        {"id": "s", "classes": [], "penalty": 9, "arcs": []}],
    "groups": [{"id": "g", "kind": "cap", "resources": [0, 1], "classes": ["T2"], "max": 1, "steps": [[1, 0], [null, 5]]},
        {"id": "f", "kind": "fairness", "resources": [1, 2], "classes": null, "max": null, "steps": [[1, 1], [null, 3]]}],
    "households": [{"id": "h", "members": [0, 1], "split_penalty": 6}]}"#;

/// The same with what the costs of two demands are made of.
fn in_parts() -> String {
    let text = SOUND.replacen("[1, 2]]}", r#"[1, 2]], "parts": {"way": [4, 0], "wait": [0, 2]}}"#, 1);
    text.replacen("[2, 30]]}", r#"[2, 30]], "parts": {"way": [1, 9], "wait": [2, 20], "other": [0, 1]}}"#, 1)
}

/// Work and not time ends a solve here, but for what no work limit reaches.
fn is_held(named: &NamedInstance) -> Result<(), TestCaseError> {
    let budget = Budget { work: Some(2_000), ..Budget::wall(Duration::from_secs(60)) };
    let plan = solve(&named.instance, budget, Seed(0));
    prop_assert_eq!(check(&named.instance, &plan), vec![]);
    let solved = Solved::new(named.instance.clone(), budget, Seed(0));
    let solution = Solution::of(named, solved.plan(), Clocked::default()).explained(named, &solved, Duration::ZERO);
    let told = serde_json::to_value(solution).map_err(|fault| TestCaseError::fail(fault.to_string()))?;
    let split = &told["explain"]["split"];
    let points = |value: &Value| value.as_i64().unwrap_or(0);
    let sum = |value: &Value| value.as_object().into_iter().flatten().map(|(_, part)| points(part)).sum::<i64>();
    prop_assert_eq!(sum(&split["groups_by_kind"]), points(&split["groups"]));
    let whole = split.get("parts").is_none()
        || sum(&split["parts"]) + points(&split["arcs_without_parts"]) == points(&split["arcs"]);
    prop_assert!(whole, "{}", split);
    Ok(())
}

/// What files like to break with, in the place of a number.
const NUMBERS: [&str; 12] = [
    "0",
    "-1",
    "1",
    "3",
    "1000000",
    "9007199254740992",
    "9223372036854775807",
    "-9223372036854775808",
    "1e400",
    "0.5",
    "null",
    "\"1\"",
];

/// Where numbers stand.
fn numbers(text: &str) -> Vec<std::ops::Range<usize>> {
    let mut found: Vec<std::ops::Range<usize>> = Vec::new();
    for (at, byte) in text.bytes().enumerate().filter(|(_, byte)| byte.is_ascii_digit()) {
        match found.last_mut() {
            Some(last) if last.end == at && byte.is_ascii_digit() => last.end = at + 1,
            _ => found.push(at..at + 1),
        }
    }
    found
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn bytes_that_fell_on_a_file_are_told_or_solved(
        changes in prop::collection::vec((any::<Index>(), any::<u8>(), 0_u8..3), 1..4),
    ) {
        let mut text = in_parts().into_bytes();
        for (at, byte, how) in changes {
            let at = at.index(text.len());
            match how {
                0 => text[at] = byte,
                1 => drop(text.remove(at)),
                _ => text.insert(at, byte),
            }
        }
        match read(&text) {
            Ok(named) => is_held(&named)?,
            Err(fault) => prop_assert!(!fault.to_string().is_empty()),
        }
    }

    #[test]
    fn numbers_that_were_not_meant_are_told_or_solved(
        changes in prop::collection::vec((any::<Index>(), 0..NUMBERS.len()), 1..4),
    ) {
        let mut text = in_parts();
        for (place, number) in changes {
            let places = numbers(&text);
            text.replace_range(places[place.index(places.len())].clone(), NUMBERS[number]);
        }
        match read(text.as_bytes()) {
            Ok(named) => is_held(&named)?,
            Err(fault) => prop_assert!(fault.to_string().contains(['[', '.', ':', ' ']), "{}", fault),
        }
    }
}

#[test]
fn parts_that_do_not_make_the_costs_are_refused_with_their_field() {
    assert!(read(in_parts().as_bytes()).is_ok());
    let fault = |from: &str, to: &str| {
        let text = in_parts().replacen(from, to, 1);
        assert_ne!(text, in_parts());
        read(text.as_bytes()).unwrap_err().to_string()
    };
    let refused = |from: &str, to: &str, told: &str| {
        let fault = fault(from, to);
        assert!(fault.starts_with(told), "{fault}");
    };
    refused("[4, 0]", "[4]", "demands[0].parts.way has 1 entries; there are 2 arcs");
    refused("[0, 2]", "[0, 2, 0]", "demands[0].parts.wait has 3 entries");
    refused("[4, 0]", "[5, 0]", "demands[0].parts add up to 5 for arcs[0], which costs 4");
    refused("[1, 9]", "[1, 8]", "demands[1].parts add up to 29 for arcs[1], which costs 30");
    refused("[4, 0], \"wait\": [0, 2]", "[5, 0], \"wait\": [-1, 2]", "demands[0].parts.wait[0] is -1");
    refused("[2, 20]", "[2.5, 20]", "demands[1].parts.wait[0]: invalid type");
    refused("[2, 20]", "[\"2\", 20]", "demands[1].parts.wait[0]: invalid type");
    refused("[2, 20]", "7", "demands[1].parts.wait: invalid type");
    refused("{\"way\": [4, 0], \"wait\": [0, 2]}", "[4, 2]", "demands[0].parts: invalid type");
    refused("{\"way\": [4, 0], \"wait\": [0, 2]}", "{}", "demands[0].parts add up to 0 for arcs[0]");
    refused("[4, 0]", "[9223372036854775807, 0]", "demands[0].parts add up to 9223372036854775807");
    refused("[4, 0]", "[9223372036854775808, 0]", "demands[0].parts.way[0]: invalid");
    refused("\"kind\": \"panel\"", "\"kind\": 3", "kind: invalid type");
    refused("\"kind\": \"fairness\"", "\"kind\": [1]", "groups[1].kind: invalid type");
}

#[test]
fn the_dearest_that_is_allowed_stays_exact() {
    // Two demands at a quarter of the most, and a group whose last step is an eighth: 2^51 · 2 + 2 · 2^50 + households 2^51.
    let quarter = 1_i64 << 51;
    let text = format!(
        r#"{{"format": "aiguilleur-instance/1",
        "resources": [{{"id": 0, "capacity": 1}}, {{"id": 1, "capacity": 2}}, {{"id": 2, "capacity": 9}}],
        "demands": [{{"id": 0, "penalty": {quarter}, "arcs": [[0, 1], [1, 0]]}},
            {{"id": 1, "penalty": {quarter}, "arcs": [[0, 1], [1, {dear}], [2, {dear}]]}}],
        "groups": [{{"id": 0, "resources": [0, 1], "steps": [[1, 0], [null, {eighth}]]}}],
        "households": [{{"id": 0, "members": [0, 1], "split_penalty": {eighth}}}]}}"#,
        dear = quarter - 1,
        eighth = quarter / 2,
    );
    let named = read(text.as_bytes()).unwrap();
    let plan = solve(&named.instance, Budget::wall(Duration::from_secs(60)), Seed(0));
    assert_eq!(check(&named.instance, &plan), vec![]);
    let twice = text.replacen(&format!("\"penalty\": {quarter}"), &format!("\"penalty\": {}", quarter * 3), 1);
    assert!(read(twice.as_bytes()).unwrap_err().to_string().starts_with("the costs may add up to more than"));
}

#[test]
fn a_million_placements_are_read_and_have_an_answer_at_once() {
    let arcs: Vec<String> = (0..1_000).map(|resource| format!("[{resource},{}]", resource % 7)).collect();
    let arcs = arcs.join(",");
    let demands: Vec<String> =
        (0..1_000).map(|id| format!(r#"{{"id":{id},"penalty":{},"arcs":[{arcs}]}}"#, 10 + id % 90)).collect();
    let resources: Vec<String> = (0..1_000).map(|id| format!(r#"{{"id":{id},"capacity":1}}"#)).collect();
    let text = format!(
        r#"{{"format":"aiguilleur-instance/1","resources":[{}],"demands":[{}]}}"#,
        resources.join(","),
        demands.join(",")
    );
    let named = read(text.as_bytes()).unwrap();
    for work in [0, 1_000_000] {
        let budget = Budget { work: Some(work), ..Budget::wall(Duration::from_secs(600)) };
        let plan = solve(&named.instance, budget, Seed(0));
        assert_eq!(check(&named.instance, &plan), vec![]);
        assert_eq!(plan.placed(), 1_000);
    }
}

/// Strict tiers with households and limits that cross and count only some, in so little time that some of it is always cut.
#[test]
fn a_millisecond_is_enough_for_a_plan_that_tells_its_tiers_truly() {
    let cost = |demand: usize, resource: usize| i64::try_from((demand * 37 + resource * 91) % 113).unwrap();
    let of = |index: usize| {
        let arcs = (0..40).filter(|resource| (resource * 7 + index) % 3 < 2);
        let arcs = arcs.map(|resource| Arc { resource, cost: cost(index, resource) }).collect();
        Demand { penalty: 60 + cost(index, 7), classes: vec![u32::try_from(index % 5).unwrap()], arcs, current: None }
    };
    let steps = vec![Step { width: Some(20), unit_cost: 0 }, Step { width: None, unit_cost: 30 }];
    let limit = |resources: std::ops::Range<usize>, max, classes: &[u32]| Group {
        resources: resources.collect(),
        classes: (!classes.is_empty()).then(|| classes.to_vec()),
        max: Some(max),
        steps: steps.clone(),
    };
    let limits =
        vec![limit(0..25, 60, &[]), limit(20..40, 50, &[]), limit(5..30, 25, &[0, 2]), limit(0..40, 30, &[1, 2])];
    let households = (0..30).map(|at| Household { members: vec![3 * at, 3 * at + 1], split_penalty: 20 }).collect();
    let instance = Instance::new((0..200).map(of).collect(), vec![Resource { capacity: 3 }; 40], limits).unwrap();
    let instance = instance.with_households(households).unwrap().with_strict_tiers(vec![2, 0, 3, 1]).unwrap();
    let mut proved = Vec::new();
    for milliseconds in [0, 1, 2, 5, 20, 400] {
        let plan = solve(&instance, Budget::wall(Duration::from_millis(milliseconds)), Seed(0));
        assert_eq!(check(&instance, &plan), vec![], "{milliseconds} ms");
        proved.push(plan.tiers.iter().flatten().filter(|tier| tier.proved).count());
    }
    assert_eq!(proved[0], 0);
}
