//! What a file says, and what is said of it.

use super::*;
use crate::budget::{Budget, Seed};

const LONG: Duration = Duration::from_secs(60);

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
    let solution = Solution::of(&named, solved.plan(), Clocked::default()).explained(&named, &solved, LONG);
    let told = serde_json::to_value(solution).unwrap();
    // Apart they would pay 6 each: 4 + 3 + 12, against 4 + 50 + 6.
    assert_eq!(told["assign"], serde_json::json!([0, 1, -1]));
    assert_eq!((&told["objective"], &told["bound"], &told["status"]), (&59.into(), &59.into(), &"optimal".into()));
    assert_eq!(told["explain"]["split"]["unplaced"], serde_json::json!([["T2", 1, 40]]));
    // The group counts some only, so that no flow can say it: it is searched for.
    let tier = |class: &str, most| serde_json::json!({"class": class, "placed": 1, "most": most, "proved": true});
    assert_eq!(told["explain"]["tiers"], serde_json::json!([tier("T1", 1), tier("T2", 1)]));
    assert_eq!((&told["version"], told.get("instance_hash")), (&env!("CARGO_PKG_VERSION").into(), None));
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
    let solution = Solution::of(&named, solved.plan(), Clocked::default()).explained(&named, &solved, LONG);
    let told = serde_json::to_value(solution).unwrap();
    let tiers = serde_json::json!([
        {"class": "T2", "placed": 1, "most": 1, "proved": true},
        {"class": "T1", "placed": 1, "most": 1, "proved": true}]);
    assert_eq!((&told["tiers"], &told["explain"]["tiers"]), (&tiers, &tiers));
    assert_eq!((&told["objective"], &told["bound"], &told["status"]), (&59.into(), &59.into(), &"optimal".into()));
    assert_eq!(told["explain"]["split"]["unplaced"], serde_json::json!([["T2", 1, 40]]));
}

/// What is told of this text, solved to its end and explained within `within`.
fn told_of(text: &str, within: Duration) -> serde_json::Value {
    let named = read(text.as_bytes()).unwrap();
    let solved = Solved::new(named.instance.clone(), Budget::wall(LONG), Seed(0));
    let solution = Solution::of(&named, solved.plan(), Clocked::default()).hashed("ab12".to_owned());
    serde_json::to_value(solution.explained(&named, &solved, within)).unwrap()
}

#[test]
fn tiers_without_time_to_search_are_counted_and_the_hash_is_handed_on() {
    let told = told_of(SMALL, Duration::ZERO);
    let tier = |class: &str| serde_json::json!({"class": class, "placed": 1, "most": null, "proved": false});
    // With no limit a flow would say it, if there were time for it.
    let plain = SMALL.replacen("\"max\": 1", "\"max\": null", 1);
    assert_eq!(told_of(&plain, Duration::ZERO)["explain"]["tiers"][0], tier("T1"));
    assert_eq!(told_of(&plain, LONG)["explain"]["tiers"][0]["proved"], true);
    assert_eq!((&told["instance_hash"], &told["explain"]["tiers"][0]["placed"]), (&"ab12".into(), &1.into()));
}

#[test]
fn the_groups_cost_is_told_by_label_and_moves_are_counted() {
    let text = r#"{"format": "aiguilleur-instance/1", "kind": "urgent", "name": "moves",
        "resources": [{"id": 0, "capacity": 2}, {"id": 1, "capacity": 1}, {"id": 2, "capacity": 1}],
        "demands": [
            {"id": "stays", "penalty": 900, "current": 0, "arcs": [[0, 4], [1, 400]]},
            {"id": "goes", "penalty": 900, "current": 1, "arcs": [[0, 310], [1, 880]]},
            {"id": "cheap", "penalty": 900, "current": 1, "arcs": [[2, 20]]},
            {"id": "out", "penalty": 9, "current": 2, "arcs": [[1, 9]]},
            {"id": "new", "penalty": 9, "arcs": [[1, 2]]}],
        "groups": [
            {"id": "a", "kind": "fairness", "resources": [0], "steps": [[1, 2], [null, 5]]},
            {"id": "b", "kind": "reserve", "resources": [1, 2], "steps": [[null, 1]]},
            {"id": "c", "kind": "fairness", "resources": [2], "steps": [[null, 30]]},
            {"id": "d", "resources": [2], "max": 1}]}"#;
    let split = |text: &str| told_of(text, LONG)["explain"]["split"].clone();
    let of_urgent = split(text);
    assert_eq!(of_urgent["groups_by_kind"], serde_json::json!({"": 0, "fairness": 37, "reserve": 2}));
    assert_eq!((&of_urgent["groups"], &of_urgent["arcs"]), (&39.into(), &336.into()));
    // One moved at 300, one whose whole cost is less than that, and one left out.
    let moves = |points: Option<i64>| serde_json::json!({"elsewhere": 2, "nowhere": 1, "points": points});
    assert_eq!(of_urgent["moves"], moves(Some(320)));
    assert_eq!(split(&text.replacen("urgent", "panel", 1))["moves"], moves(Some(270)));
    assert_eq!(split(&text.replacen("urgent", "other", 1))["moves"], moves(None));
    assert_eq!((of_urgent.get("parts"), of_urgent.get("arcs_without_parts")), (None, None));
}

#[test]
fn costs_are_told_by_part_where_the_file_has_them() {
    let parts = r#""arcs": [[0, 4], [1, 2]], "parts": {"way": [1, 2], "wait": [3, 0]}"#;
    let text = SMALL.replacen(r#""arcs": [[0, 4], [1, 2]]"#, parts, 1);
    let told = told_of(&text, LONG);
    let explained = &told["explain"];
    assert_eq!(told["assign"], serde_json::json!([0, 1, -1]));
    assert_eq!(explained["split"]["parts"], serde_json::json!({"wait": 3, "way": 1}));
    assert_eq!((&explained["split"]["arcs"], &explained["split"]["arcs_without_parts"]), (&7.into(), &3.into()));
    let placed = &explained["placed"][0];
    assert_eq!(placed["parts"], serde_json::json!({"wait": 3, "way": 1}));
    assert_eq!(placed["alternatives"][0]["own_change"], serde_json::json!({"wait": -3, "way": 1}));
    assert_eq!(explained["placed"][1].get("parts"), None);
    // And nothing else has changed.
    let without = told_of(SMALL, LONG);
    assert_eq!((&without["objective"], &without["assign"]), (&told["objective"], &told["assign"]));
    assert_eq!(without["explain"]["placed"][0].get("parts"), None);
    assert_eq!(without["explain"]["placed"][0]["alternatives"][0].get("own_change"), None);
}

#[test]
fn reasons_name_groups_and_count_people() {
    let text = r#"{"format": "aiguilleur-instance/1",
        "resources": [{"id": "a", "capacity": 1}, {"id": "b", "capacity": 2}],
        "demands": [
            {"id": "first", "penalty": 900, "arcs": [[0, 4]]},
            {"id": "full", "penalty": 90, "arcs": [[0, 5]]},
            {"id": "kept", "penalty": 80, "arcs": [[1, 30]]},
            {"id": "one", "penalty": 20, "arcs": [[1, 1]]},
            {"id": "two", "penalty": 20, "arcs": []}],
        "groups": [{"id": "g", "kind": "reserve", "resources": [1], "classes": ["low"], "steps": [[null, 60]]}],
        "households": [{"members": [3, 4], "split_penalty": 70}]}"#;
    let text = text.replacen(r#""kept", "#, r#""kept", "classes": ["low"], "#, 1);
    let reasons = told_of(&text, LONG)["explain"]["unplaced"].clone();
    let raised_by = serde_json::json!([{"group": "g", "kind": "reserve", "points": 60}]);
    let expected = serde_json::json!([
        {"demand": "full", "reason": "taken", "full": 1, "held_by_dearer": 1, "held_by_equal": 0, "held_by_cheaper": 0,
            "least": reasons[0]["least"], "penalty": 90, "limited_by": []},
        {"demand": "kept", "reason": "too_dear", "cheapest": 90, "penalty": 80, "raised_by": raised_by},
        {"demand": "one", "reason": "household", "members": 2, "placed": 0, "separately": 1, "split_penalty": 70,
            "suit_all": 0, "room_for_all": 0},
        {"demand": "two", "reason": "no_arcs"}]);
    assert_eq!(reasons, expected);
    assert!(reasons[0]["least"].as_i64().is_some_and(|least| least >= 90), "{reasons}");
}
