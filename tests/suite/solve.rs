//! `aiguilleur solve`, from the outside: files in, an answer or the field that is wrong.

use std::path::PathBuf;
use std::process::{Command, Output};

use proptest::prelude::*;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn file(&self, text: &str) -> PathBuf {
        let path = self.0.path().join("instance.json");
        std::fs::write(&path, text).unwrap();
        path
    }

    fn solve(&self, text: &str, more: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_aiguilleur"));
        command.args(["solve", "--instance"]).arg(self.file(text)).args(more);
        command.output().unwrap()
    }

    fn answer(&self, instance: &Value, more: &[&str]) -> Value {
        let output = self.solve(&instance.to_string(), more);
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{told}");
        serde_json::from_slice(&output.stdout).unwrap()
    }
}

/// Two patients who want the same doctor, one who lives with the first, and one whom nobody can take.
fn small() -> Value {
    json!({
        "format": "aiguilleur-instance/1", "kind": "panel", "name": "small", "seed": 1,
        "resources": [{"id": "m0", "capacity": 2}, {"id": "m1", "capacity": 1}],
        "demands": [
            {"id": "p0", "classes": ["T1"], "penalty": 1000, "current": -1, "arcs": [[0, 10], [1, 40]]},
            {"id": "p1", "classes": ["T3"], "penalty": 300, "current": -1, "arcs": [[0, 10], [1, 20]]},
            {"id": "p2", "classes": ["T2"], "penalty": 500, "current": -1, "arcs": [[0, 30]]},
            {"id": "p3", "classes": ["T4"], "penalty": 100, "current": -1, "arcs": []},
        ],
        "groups": [{"id": "f0", "kind": "fairness", "resources": [0], "classes": null, "max": null, "steps": [[1, 0], [null, 5]]}],
        "households": [{"id": "h0", "members": [0, 2], "split_penalty": 50}],
    })
}

/// The objective by the sentence of the format, and whether nothing hard is broken.
fn recomputed(instance: &Value, assign: &[i64]) -> Option<i64> {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let (demands, resources) = (list(&instance["demands"]), list(&instance["resources"]));
    let mut points = 0;
    let mut load = vec![0; resources.len()];
    for (demand, &place) in demands.iter().zip(assign) {
        if place < 0 {
            points += demand["penalty"].as_i64()?;
            continue;
        }
        let arc = list(&demand["arcs"]).into_iter().find(|arc| arc[0] == place)?;
        points += arc[1].as_i64()?;
        load[usize::try_from(place).ok()?] += 1;
    }
    if resources.iter().zip(&load).any(|(resource, load)| resource["capacity"].as_i64().unwrap() < *load) {
        return None;
    }
    for group in list(&instance["groups"]) {
        let inside = list(&group["resources"]);
        let classes = group["classes"].as_array();
        let counted = |demand: &Value| {
            classes.is_none_or(|wanted| list(&demand["classes"]).iter().any(|class| wanted.contains(class)))
        };
        let is_in = |(demand, place): &(&Value, &i64)| inside.contains(&json!(**place)) && counted(demand);
        let mut load = i64::try_from(demands.iter().zip(assign).filter(is_in).count()).ok()?;
        if group["max"].as_i64().is_some_and(|max| load > max) {
            return None;
        }
        for step in list(&group["steps"]) {
            let units = step[0].as_i64().map_or(load, |width| width.min(load));
            points += units * step[1].as_i64()?;
            load -= units;
        }
    }
    for household in list(&instance["households"]) {
        let members = list(&household["members"]);
        let places: Vec<i64> =
            members.iter().map(|member| assign[usize::try_from(member.as_u64().unwrap()).unwrap()]).collect();
        if places.iter().any(|place| *place != places[0]) {
            let placed = i64::try_from(places.iter().filter(|place| **place >= 0).count()).ok()?;
            points += placed * household["split_penalty"].as_i64()?;
        }
    }
    Some(points)
}

fn assigned(answer: &Value) -> Vec<i64> {
    answer["assign"].as_array().unwrap().iter().map(|place| place.as_i64().unwrap()).collect()
}

#[test]
fn a_file_is_answered_with_a_proved_plan_and_its_reasons() {
    let folder = Folder::new();
    let answer = folder.answer(&small(), &["--explain", "--threads", "1", "--budget-ms", "2000"]);
    assert_eq!(answer["format"], "aiguilleur-solution/1");
    assert_eq!((&answer["instance"], &answer["status"]), (&json!("small"), &json!("optimal")));
    // The household together, the other with the second doctor.
    assert_eq!(assigned(&answer), [0, 1, 0, -1]);
    assert_eq!((&answer["objective"], &answer["bound"], &answer["gap_abs"]), (&json!(165), &json!(165), &json!(0)));
    let explained = &answer["explain"];
    assert_eq!(
        (&explained["split"]["groups"], &explained["split"]["groups_by_kind"]["fairness"]),
        (&json!(5), &json!(5))
    );
    let tier = |class: &str, placed: i64| json!({"class": class, "placed": placed, "most": placed, "proved": true});
    assert_eq!(explained["tiers"], json!([tier("T1", 1), tier("T2", 1), tier("T3", 1), tier("T4", 0)]));
    assert_eq!(explained["split"]["unplaced"], json!([["T4", 1, 100]]));
    assert_eq!(explained["unplaced"], json!([{"demand": "p3", "reason": "no_arcs"}]));
    assert_eq!(explained["placed"].as_array().unwrap().len(), 3);
    assert!(folder.answer(&small(), &[]).get("explain").is_none());
}

#[test]
fn an_answer_says_which_bytes_it_answers_and_which_version_did() {
    let folder = Folder::new();
    let text = small().to_string();
    let hash = |text: &str| {
        let output = folder.solve(text, &[]);
        let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(answer["version"], env!("CARGO_PKG_VERSION"));
        answer["instance_hash"].as_str().unwrap().to_owned()
    };
    let sum: String = Sha256::digest(&text).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(hash(&text), sum);
    // Another byte is another file, though it says the same.
    assert_ne!(hash(&format!("{text}\n")), sum);
}

#[test]
fn costs_and_moves_are_told_by_part() {
    let folder = Folder::new();
    let mut instance = small();
    instance["households"][0]["split_penalty"] = json!(200);
    instance["demands"][1]["current"] = json!(0);
    instance["demands"][1]["arcs"] = json!([[0, 10], [1, 270]]);
    instance["demands"][1]["parts"] = json!({"travel": [10, 20], "move": [0, 250]});
    let answer = folder.answer(&instance, &["--explain", "--budget-ms", "2000"]);
    assert_eq!(assigned(&answer), [0, 1, 0, -1]);
    let split = &answer["explain"]["split"];
    assert_eq!(split["moves"], json!({"elsewhere": 1, "nowhere": 0, "points": 250}));
    assert_eq!((&split["parts"], &split["arcs_without_parts"]), (&json!({"move": 250, "travel": 20}), &json!(40)));
    let placed = &answer["explain"]["placed"][1];
    assert_eq!(placed["alternatives"][0]["own_change"], json!({"move": -250, "travel": -10}));
}

#[test]
fn tiers_of_strict_priority_come_before_every_cost() {
    let folder = Folder::new();
    let mut instance = small();
    // Three for the two places of one doctor: the household would be together.
    instance["demands"][0]["arcs"] = json!([[0, 10]]);
    instance["demands"][1]["arcs"] = json!([[0, 10]]);
    let answer = folder.answer(&instance, &["--budget-ms", "2000"]);
    assert_eq!((assigned(&answer), answer.get("tiers")), (vec![0, -1, 0, -1], None));
    instance["strict_tiers"] = json!(["T3", "T1"]);
    let answer = folder.answer(&instance, &["--explain", "--budget-ms", "2000"]);
    assert_eq!((assigned(&answer), answer["objective"].as_i64()), (vec![0, 0, -1, -1], Some(675)));
    assert_eq!((&answer["bound"], &answer["status"]), (&json!(675), &json!("optimal")));
    let tier = |class: &str| json!({"class": class, "placed": 1, "most": 1, "proved": true});
    assert_eq!(answer["tiers"], json!([tier("T3"), tier("T1")]));
    assert_eq!(answer["explain"]["tiers"], answer["tiers"]);
}

#[test]
fn the_same_file_gives_the_same_answer() {
    let folder = Folder::new();
    let plan = |answer: &Value| (answer["assign"].clone(), answer["bound"].clone(), answer["work"].clone());
    let first = folder.answer(&small(), &["--budget-ms", "5000"]);
    assert_eq!(plan(&first), plan(&folder.answer(&small(), &["--budget-ms", "5000"])));
}

#[test]
fn what_is_no_instance_ends_with_2_and_names_the_field() {
    let folder = Folder::new();
    let wrong = |field: &str, text: &str| {
        let output = folder.solve(text, &[]);
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{field}: {told}");
        assert!(told.contains(field), "{field}: {told}");
        assert!(output.stdout.is_empty(), "{field}");
    };
    let with = |field: &str, pointer: &str, value: Value| {
        let mut instance = small();
        *instance.pointer_mut(pointer).unwrap() = value;
        wrong(field, &instance.to_string());
    };
    wrong("line 1, column 0", "");
    wrong("line 1, column 1", "{");
    wrong("missing field `format`", "{}");
    wrong("expected an object with format", "[]");
    with("format", "/format", json!("aiguilleur-instance/2"));
    with("resources[0].capacity", "/resources/0/capacity", json!(0));
    with("resources[1].capacity", "/resources/1/capacity", json!(-1));
    with("demands[0].penalty", "/demands/0/penalty", json!(-3));
    with("demands[0].penalty", "/demands/0/penalty", json!(1.5));
    with("demands[2].arcs[0]", "/demands/2/arcs/0", json!([9, 1]));
    with("demands[2].arcs[0][0]", "/demands/2/arcs/0", json!([-1, 1]));
    with("demands[2].arcs[0]", "/demands/2/arcs/0", json!([0, -1]));
    with("demands[1].arcs[1]", "/demands/1/arcs/1", json!([0, 20]));
    with("demands[1].current", "/demands/1/current", json!(2));
    with("groups[0].resources[0]", "/groups/0/resources", json!([4]));
    with("groups[0].resources", "/groups/0/resources", json!([0, 0]));
    with("groups[0].steps[1]", "/groups/0/steps", json!([[1, 5], [null, 4]]));
    with("groups[0].steps", "/groups/0/steps", json!([[1, 5]]));
    with("groups[0].max", "/groups/0/max", json!(-1));
    with("households[0].members", "/households/0/members", json!([0]));
    with("households[0].members[1]", "/households/0/members", json!([0, 0]));
    with("households[0].members[1]", "/households/0/members", json!([0, 7]));
    with("households[0].split_penalty", "/households/0/split_penalty", json!(-1));
    let parts = |field: &str, parts: Value| {
        let mut instance = small();
        instance["demands"][1]["parts"] = parts;
        wrong(field, &instance.to_string());
    };
    parts("demands[1].parts.travel has 1", json!({"travel": [10]}));
    parts("demands[1].parts.travel[1]", json!({"travel": [10, -20]}));
    parts("demands[1].parts.travel[0]", json!({"travel": [10.5, 20]}));
    parts("demands[1].parts add up to 19 for arcs[1]", json!({"travel": [10, 19]}));
    let strict = |field: &str, tiers: Value| {
        let mut instance = small();
        instance["strict_tiers"] = tiers;
        wrong(field, &instance.to_string());
    };
    strict("strict_tiers is empty", json!([]));
    strict("strict_tiers[1]: \"T1\"", json!(["T1", "T1"]));
    strict("strict_tiers", json!("T1"));
    with("9007199254740992", "/demands/0/penalty", json!(i64::MAX));
    let missing = Command::new(env!("CARGO_BIN_EXE_aiguilleur"))
        .args(["solve", "--instance"])
        .arg(folder.0.path().join("none.json"))
        .output()
        .unwrap();
    assert_eq!(missing.status.code(), Some(2));
}

#[test]
fn nobody_and_nothing_is_an_answer_too() {
    let folder = Folder::new();
    let empty = json!({"format": "aiguilleur-instance/1", "resources": [], "demands": []});
    let answer = folder.answer(&empty, &[]);
    assert_eq!((assigned(&answer), &answer["objective"], &answer["status"]), (vec![], &json!(0), &json!("optimal")));
    let mut nowhere = small();
    for demand in 0..3 {
        nowhere["demands"][demand]["arcs"] = json!([]);
    }
    assert_eq!(assigned(&folder.answer(&nowhere, &[])), [-1; 4]);
    // The dearest that is still exact.
    let mut dear = small();
    dear["demands"][0]["penalty"] = json!((1_i64 << 52) - 10_000);
    let answer = folder.answer(&dear, &["--budget-ms", "2000"]);
    assert_eq!((assigned(&answer)[0], &answer["status"]), (0, &json!("optimal")));
}

#[test]
fn a_million_placements_are_read_and_answered() {
    let folder = Folder::new();
    let resources: Vec<Value> = (0..1_000).map(|n| json!({"id": n, "capacity": 1})).collect();
    let arcs: Vec<Value> = (0..1_000).map(|resource| json!([resource, (resource * 7_919) % 1_009])).collect();
    let demands: Vec<Value> = (0..1_000).map(|n| json!({"id": n, "penalty": 100_000 + n, "arcs": arcs})).collect();
    let instance = json!({"format": "aiguilleur-instance/1", "resources": resources, "demands": demands});
    let answer = folder.answer(&instance, &["--budget-ms", "1"]);
    let objective = recomputed(&instance, &assigned(&answer));
    assert_eq!(answer["objective"].as_i64(), objective);
    assert!(answer["bound"].as_i64().is_none_or(|bound| Some(bound) <= objective));
}

/// Small instances with everything the format has.
fn instances() -> impl Strategy<Value = Value> {
    let arcs = prop::collection::vec(prop::option::weighted(0.7, 0_i64..60), 3);
    let demand = (0_i64..200, arcs, 1..4_i64).prop_map(|(penalty, costs, tier)| {
        let arcs: Vec<Value> =
            costs.iter().enumerate().filter_map(|(r, cost)| cost.map(|cost| json!([r, cost]))).collect();
        json!({"id": "d", "classes": [format!("T{tier}")], "penalty": penalty, "arcs": arcs})
    });
    let group = (0..8_usize, prop::option::of(1..4_i64), prop::option::of(0..4_i64), 0..3_i64, 0..20_i64);
    let groups = prop::collection::vec(group, 0..3);
    (prop::collection::vec(demand, 0..7), prop::collection::vec(1..3_i64, 3), groups, 0..80_i64).prop_map(
        |(demands, capacities, groups, split)| {
            let groups: Vec<Value> = groups
                .into_iter()
                .map(|(inside, class, max, width, price)| {
                    let resources: Vec<usize> = (0..3).filter(|bit| inside & (1 << bit) != 0).collect();
                    let classes = class.map(|class| vec![format!("T{class}")]);
                    json!({"id": "g", "resources": resources, "classes": classes, "max": max, "steps": [[width, 0], [null, price]]})
                })
                .collect();
            let households = if demands.len() >= 2 { vec![json!({"members": [0, 1], "split_penalty": split})] } else { vec![] };
            let resources: Vec<Value> = capacities.into_iter().map(|capacity| json!({"id": "r", "capacity": capacity})).collect();
            json!({"format": "aiguilleur-instance/1", "resources": resources, "demands": demands, "groups": groups, "households": households})
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_stated_is_what_the_assignment_costs(instance in instances(), budget in 0..20_u32) {
        let folder = Folder::new();
        let answer = folder.answer(&instance, &["--budget-ms", &budget.to_string(), "--explain"]);
        let objective = recomputed(&instance, &assigned(&answer));
        prop_assert_eq!(answer["objective"].as_i64(), objective);
        prop_assert!(answer["bound"].as_i64().is_none_or(|bound| Some(bound) <= objective));
    }

    #[test]
    fn no_damaged_file_is_worse_than_refused(place in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut text = small().to_string().into_bytes();
        let place = place.index(text.len());
        text[place] = byte;
        let folder = Folder::new();
        let output = folder.solve(&String::from_utf8_lossy(&text), &["--explain"]);
        prop_assert!(matches!(output.status.code(), Some(0 | 2)), "{:?}", output);
        prop_assert_eq!(output.status.success(), !output.stdout.is_empty());
    }
}
