//! What a file says, and what is said of it.

use super::*;
use crate::budget::{Budget, Seed};

const SMALL: &str = r#"{"format": "aiguilleur-instance/1", "kind": "panel", "name": "small", "seed": 3,
    "resources": [{"id": "a", "capacity": 2, "owner": null, "attrs": {}}, {"id": 7, "capacity": 1}],
    "demands": [
        {"id": "p", "classes": ["T1", "ald"], "penalty": 100, "current": -1, "arcs": [[0, 4], [1, 2]]},
        {"id": "q", "classes": ["T2"], "penalty": 50, "current": 1, "arcs": [[1, 3]]},
        {"id": "r", "classes": ["T2"], "penalty": 40, "arcs": []}],
    "groups": [{"id": "g", "kind": "cap", "resources": [0, 1], "classes": ["T2"], "max": 1, "steps": [[1, 0], [null, 5]]}],
    "households": [{"id": "h", "members": [0, 1], "split_penalty": 6}]}"#;

#[test]
fn a_file_becomes_the_instance_it_says() {
    let named = read(SMALL.as_bytes()).unwrap();
    let instance = &named.instance;
    assert_eq!(
        (named.resources, named.classes),
        (vec!["a".into(), "7".into()], vec!["T1".into(), "ald".into(), "T2".into()])
    );
    assert_eq!(instance.demands()[1].current, Some(1));
    assert_eq!(instance.arc(0, 1), Some(Arc { resource: 1, cost: 2 }));
    assert_eq!((instance.counts(0, 0), instance.counts(0, 1), instance.groups()[0].max), (false, true, Some(1)));
    assert_eq!(instance.households(), [Household { members: vec![0, 1], split_penalty: 6 }]);
}

#[test]
fn a_fault_is_told_with_its_field() {
    let fault = |from: &str, to: &str| {
        let text = SMALL.replacen(from, to, 1);
        assert_ne!(text, SMALL);
        read(text.as_bytes()).unwrap_err().to_string()
    };
    assert!(fault("instance/1", "instance/2").starts_with("format: \"aiguilleur-instance/2\""));
    assert!(fault("\"penalty\": 50", "\"penalty\": \"50\"").starts_with("demands[1].penalty: invalid type"));
    assert!(fault("\"penalty\": 50, ", "").starts_with("demands[1]: missing field `penalty`"));
    assert!(fault("[1, 3]", "[1, 3.5]").starts_with("demands[1].arcs[0][1]: invalid type"));
    assert!(fault("[1, 3]", "[-1, 3]").starts_with("demands[1].arcs[0][0] is -1"));
    assert!(fault("[1, 3]", "[2, 3]").starts_with("demands[1].arcs[0] names resource 2"));
    assert!(fault("\"current\": 1", "\"current\": -2").starts_with("demands[1].current is -2"));
    assert!(fault("\"capacity\": 1", "\"capacity\": 0").starts_with("resources[1].capacity is 0"));
    assert!(fault("\"capacity\": 1", "\"capacity\": -4").starts_with("resources[1].capacity is -4"));
    assert!(fault("[0, 1], \"split", "[0, 0], \"split").starts_with("households[0].members[1] names demand 0"));
    let strict = |tiers: &str| fault("\"seed\": 3", &format!("\"strict_tiers\": {tiers}"));
    assert!(strict("[]").starts_with("strict_tiers is empty"));
    assert!(strict("[\"T2\", \"T2\"]").starts_with("strict_tiers[1]: \"T2\" is a tier already"));
    assert!(strict("[2]").starts_with("strict_tiers[0]: invalid type"));
    assert!(fault("6}]}", "6}]").starts_with("line "));
    assert!(fault("6}]}", "6}]} x").contains("not JSON"));
    assert!(read(b"").unwrap_err().to_string().contains("not JSON"));
    assert!(read(b"[]").unwrap_err().to_string().starts_with(".: invalid"));
}

#[test]
fn a_solution_says_what_the_plan_is_and_why() {
    let named = read(SMALL.as_bytes()).unwrap();
    let solved = Solved::new(named.instance.clone(), Budget::wall(Duration::from_secs(60)), Seed(0));
    let solution = Solution::of(&named, solved.plan(), Clocked::default()).explained(&named, &solved);
    let told = serde_json::to_value(solution).unwrap();
    // Apart they would pay 6 each: 4 + 3 + 12, against 4 + 50 + 6.
    assert_eq!(told["assign"], serde_json::json!([0, 1, -1]));
    assert_eq!((&told["objective"], &told["bound"], &told["status"]), (&59.into(), &59.into(), &"optimal".into()));
    assert_eq!(told["explain"]["split"]["unplaced"], serde_json::json!([["T2", 1, 40]]));
    // The group counts some only, so that no flow can say it.
    assert_eq!(told["explain"]["tiers"], serde_json::Value::Null);
    assert_eq!(told["explain"]["unplaced"][0], serde_json::json!({"demand": "r", "reason": "no_arcs"}));
    assert_eq!(told["explain"]["placed"][0]["alternatives"][0]["resource"], "7");
    // Both figures where they differ, one where they meet.
    for alternative in told["explain"]["placed"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|placed| placed["alternatives"].as_array().unwrap())
    {
        let least = alternative.get("at_least").map(|least| least.as_i64() < alternative["system_cost"].as_i64());
        assert_eq!(least, if alternative["exact"] == true { None } else { Some(true) }, "{alternative}");
    }
}

#[test]
fn strict_tiers_are_told_in_their_order_with_their_proof() {
    let text = SMALL.replacen("\"seed\": 3", "\"strict_tiers\": [\"T2\", \"T1\"]", 1);
    let named = read(text.as_bytes()).unwrap();
    let solved = Solved::new(named.instance.clone(), Budget::wall(Duration::from_secs(60)), Seed(0));
    let solution = Solution::of(&named, solved.plan(), Clocked::default()).explained(&named, &solved);
    let told = serde_json::to_value(solution).unwrap();
    let tiers = serde_json::json!([
        {"class": "T2", "placed": 1, "most": 1, "proved": true},
        {"class": "T1", "placed": 1, "most": 1, "proved": true}]);
    assert_eq!((&told["tiers"], &told["explain"]["tiers"]), (&tiers, &tiers));
    assert_eq!((&told["objective"], &told["bound"], &told["status"]), (&59.into(), &59.into(), &"optimal".into()));
    assert_eq!(told["explain"]["split"]["unplaced"], serde_json::json!([["T2", 1, 40]]));
}
