//! The triage pack of a folder: what it takes to recommend levels, what a start says of one that may not, what a complaint that
//! is switched off does, and what becomes of older evaluations when the pack changes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use serde_json::{Value, json};

use crate::support::program::aiguilleur;
use crate::support::serve::{Place, Serve, said};

const REGULATOR: (&str, &str, &str) = ("Dr Ariane Fictive", "10000000009", "medecin_regulateur");
const DOCTOR: (&str, &str, &str) = ("Dr Blaise Fictif", "10000000017", "medecin");
const UNSIGNED: &str = "accepté : protocole non validé cliniquement, signé par aucun médecin";

/// A place whose settings name a folder with a copy of the pack that is shipped.
fn place() -> (Place, PathBuf) {
    let place = Place::new();
    let folder = place.path("protocole");
    fs::create_dir_all(folder.join("complaints")).unwrap();
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/protocols/fr-snp-general");
    for below in ["", "complaints"] {
        for entry in fs::read_dir(shipped.join(below)).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                fs::copy(&path, folder.join(below).join(path.file_name().unwrap())).unwrap();
            }
        }
    }
    place.add("[triage]\npack = \"protocole\"\n");
    (place, folder)
}

fn approve(folder: &Path, (name, rpps, role): (&str, &str, &str), more: &[&str]) -> Output {
    let folder = folder.to_str().unwrap();
    let mut arguments = vec!["triage", "approve", folder, "--name", name, "--rpps", rpps, "--role", role];
    arguments.extend(more);
    aiguilleur(&arguments).output().unwrap()
}

fn sign(folder: &Path) {
    for who in [REGULATOR, DOCTOR] {
        let signed = approve(folder, who, &[]);
        assert!(signed.status.success(), "{}", said(&signed));
    }
}

/// Changes a text of a file of the pack.
fn edit(folder: &Path, file: &str, before: &str, after: &str) {
    let path = folder.join(file);
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains(before), "{file} has no «{before}»");
    fs::write(&path, text.replacen(before, after, 1)).unwrap();
}

/// The pages that anybody may open.
async fn pages(serve: &Serve) -> Vec<String> {
    let mut pages = Vec::new();
    for path in ["/", "/sign-in?console=weppes"] {
        let answer = serve.client.get(format!("{}{path}", serve.base)).send().await.unwrap();
        pages.push(answer.text().await.unwrap());
    }
    pages
}

/// A request of somebody of 40 for one complaint, with what was answered.
fn request(complaint: &str, answers: &Value) -> Value {
    json!({
        "patient": {"age_years": 40, "sex": "M"}, "place": {"commune": "59653"}, "complaint": complaint,
        "answers": answers, "channel": "operator",
    })
}

/// Every question of these blocks answered no; measures and choices are not known.
async fn all_no(serve: &Serve, blocks: &[&str]) -> Value {
    let (status, protocol) = serve.get("demo-operator", "/triage/protocol").await;
    assert_eq!(status, 200, "{protocol}");
    let complaints = protocol["complaints"].as_array().unwrap();
    let of_blocks = complaints.iter().filter(|one| blocks.contains(&one["id"].as_str().unwrap()));
    let questions = of_blocks.flat_map(|one| one["questions"].as_array().unwrap());
    let answer = |one: &Value| if one["kind"] == "tri" { json!("no") } else { json!("unknown") };
    questions.map(|one| (one["id"].as_str().unwrap().to_owned(), answer(one))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pack_signed_by_two_physicians_recommends_and_no_page_warns() {
    let (place, folder) = place();
    let alone = approve(&folder, REGULATOR, &[]);
    assert!(alone.status.success() && said(&alone).contains("il faut deux médecins"), "{}", said(&alone));
    let checked = place.run(&["serve", "--check"]);
    assert!(!checked.status.success() && said(&checked).contains("triage.pack"), "{}", said(&checked));
    assert!(said(&checked).contains("signé par Dr Ariane Fictive seulement"), "{}", said(&checked));

    let wrong = approve(&folder, DOCTOR, &["--hash", "0123456789abcdef"]);
    assert!(!wrong.status.success() && said(&wrong).contains("relisez-le"), "{}", said(&wrong));
    let printed = aiguilleur(&["triage", "print", "--pack", folder.to_str().unwrap()]).output().unwrap();
    let printed = String::from_utf8(printed.stdout).unwrap();
    let hash = printed.split_once("<code>").unwrap().1.split_once("</code>").unwrap().0;
    let signed = approve(&folder, DOCTOR, &["--hash", hash]);
    assert!(signed.status.success() && said(&signed).contains("Signé par"), "{}", said(&signed));
    let checked = place.run(&["serve", "--check"]);
    assert!(checked.status.success(), "{}", said(&checked));

    let serve = Serve::of(place).await;
    let (_, protocol) = serve.get("demo-operator", "/triage/protocol").await;
    assert_eq!((&protocol["standing"], &protocol["signed"]), (&json!("in_use"), &json!(true)));
    assert_eq!((&protocol["hash"], protocol["approvals"].as_array().unwrap().len()), (&json!(hash), 2));
    let calm = request("mal_de_gorge", &all_no(&serve, &["signes_vitaux", "mal_de_gorge"]).await);
    let (status, decided) = serve.post("demo-operator", "/requests", &calm).await.unwrap();
    assert_eq!((status, &decided["triage"]["decided_by"]), (201, &json!("engine")), "{decided}");
    for page in pages(&serve).await {
        assert!(!page.contains("triage-line"), "{page}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pack_edited_after_it_was_signed_is_refused_and_taken_in_so_many_words_alone() {
    let (place, folder) = place();
    sign(&folder);
    edit(&folder, "pack.toml", "changelog = \"", "changelog = \"Retouché. ");
    let checked = said(&place.run(&["serve", "--check"]));
    for wanted in [
        "triage.pack",
        "modifié depuis la signature de Dr Ariane Fictive, Dr Blaise Fictif",
        "triage approve",
        UNSIGNED,
    ] {
        assert!(checked.contains(wanted), "«{wanted}» is missing:\n{checked}");
    }
    place.add("unsigned_pack = \"oui\"\n");
    assert!(!place.run(&["serve", "--check"]).status.success(), "not in so many words");
    place.replace("unsigned_pack = \"oui\"", &format!("unsigned_pack = \"{UNSIGNED}\""));
    let serve = Serve::of(place).await;
    let (_, protocol) = serve.get("demo-operator", "/triage/protocol").await;
    assert_eq!((&protocol["standing"], &protocol["signed"]), (&json!("in_use"), &json!(false)));
    for page in pages(&serve).await {
        assert!(page.contains("triage-line") && page.contains("non validé cliniquement"), "{page}");
    }
    let ready: Value = serde_json::from_str(
        &serve.client.get(format!("{}/health/ready", serve.base)).send().await.unwrap().text().await.unwrap(),
    )
    .unwrap();
    assert!(ready["warnings"].to_string().contains("unsigned_pack"), "{ready}");
}

#[test]
fn an_unsigned_or_faulty_pack_stops_the_start_and_says_where() {
    let (place, folder) = place();
    let refused = said(&place.run(&["serve", "--check"]));
    assert!(refused.contains("triage.pack") && refused.contains("signé par aucun médecin"), "{refused}");
    sign(&folder);
    place.add("off = [\"mal_de_gorje\", \"signes_vitaux\"]\n");
    let refused = said(&place.run(&["serve", "--check"]));
    assert!(refused.contains("vouliez-vous écrire mal_de_gorge ?") && refused.contains("toujours posées"), "{refused}");
    place.replace("off = [\"mal_de_gorje\", \"signes_vitaux\"]\n", "");
    edit(&folder, "complaints/mal_de_gorge.toml", "source = \"", "source = \"\" # ");
    edit(&folder, "complaints/toux_rhume.toml", "label_fr = ", "colour = \"red\"\nlabel_fr = ");
    let refused = said(&place.run(&["serve", "--check"]));
    for wanted in ["triage.pack", "complaints/toux_rhume.toml", "colour"] {
        assert!(refused.contains(wanted), "«{wanted}» is missing:\n{refused}");
    }
    edit(&folder, "complaints/toux_rhume.toml", "colour = \"red\"\n", "");
    let refused = place.refused(&[]);
    for wanted in ["complaints/mal_de_gorge.toml: mal_de_gorge", "source"] {
        assert!(refused.contains(wanted), "«{wanted}» is missing:\n{refused}");
    }
}

#[test]
fn a_pack_that_says_otherwise_than_its_golden_cases_stops_the_start_and_takes_no_signature() {
    let (place, folder) = place();
    edit(
        &folder,
        "complaints/mal_de_gorge.toml",
        "level_if_unknown = \"same_day\"",
        "level_if_unknown = \"immediate\"",
    );
    let signed = approve(&folder, REGULATOR, &[]);
    assert!(!signed.status.success(), "{}", said(&signed));
    let checked = said(&place.run(&["serve", "--check"]));
    for wanted in ["triage.pack", "cas de référence disent autre chose", "mal_de_gorge."] {
        assert!(checked.contains(wanted), "«{wanted}» is missing:\n{checked}");
    }
    fs::remove_file(folder.join("golden.toml")).unwrap();
    let checked = said(&place.run(&["serve", "--check"]));
    assert!(checked.contains("golden.toml manque"), "{checked}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_pack_recommends_nothing_and_calls_go_on_by_the_level_of_the_regulation() {
    for (file, until, standing, said) in [
        ("valid_to = \"2027-12-31T23:59:59Z\"", "valid_to = \"2026-11-01T00:00:00Z\"", "expired", "plus en vigueur"),
        (
            "valid_from = \"2026-01-01T00:00:00Z\"",
            "valid_from = \"2027-01-01T00:00:00Z\"",
            "not_yet_valid",
            "pas encore en vigueur",
        ),
    ] {
        let (place, folder) = place();
        edit(&folder, "pack.toml", file, until);
        sign(&folder);
        let serve = Serve::of(place).await;
        let (_, protocol) = serve.get("demo-operator", "/triage/protocol").await;
        assert_eq!((&protocol["standing"], &protocol["in_use"]), (&json!(standing), &json!(false)));
        for page in pages(&serve).await {
            assert!(page.replace("&#39;", "'").contains(said), "{page}");
        }
        let mut call = request("mal_de_gorge", &json!({"signes_vitaux.conscience": "no"}));
        let mut assessed = json!({"patient": call["patient"], "complaint": "mal_de_gorge", "answers": call["answers"]});
        let (status, problem) = serve.post("demo-operator", "/triage/assess", &assessed).await.unwrap();
        assert!(status == 404 && problem["detail"].as_str().unwrap().contains(said), "{problem}");
        // Whatever its date, a red flag it knows stops the call.
        assessed["answers"] = json!({"signes_vitaux.conscience": "yes"});
        let (status, stop) = serve.post("demo-operator", "/triage/assess", &assessed).await.unwrap();
        assert_eq!((status, &stop["status"], &stop["final"]), (200, &json!("stopped"), &json!("immediate")), "{stop}");
        let alarm = request("mal_de_gorge", &assessed["answers"]);
        let (status, stop) = serve.post("demo-operator", "/requests", &alarm).await.unwrap();
        assert_eq!((status, &stop["triage"]["final"]), (201, &json!("immediate")), "{stop}");
        let (status, open) = serve.post("demo-operator", "/requests", &call).await.unwrap();
        assert_eq!((status, &open["state"], &open["triage"]["recommended"]), (201, &json!("incomplete"), &Value::Null));
        call["level"] = json!("h24");
        let (status, declared) = serve.post("demo-operator", "/requests", &call).await.unwrap();
        assert_eq!((status, &declared["triage"]["decided_by"]), (201, &json!("regulation")), "{declared}");
        assert!(!declared["offers"].as_array().unwrap().is_empty(), "{declared}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_complaint_that_is_switched_off_is_for_the_regulation_and_a_red_flag_still_stops() {
    let (place, folder) = place();
    sign(&folder);
    place.add("off = [\"mal_de_gorge\"]\n");
    let serve = Serve::of(place).await;
    for page in pages(&serve).await {
        assert!(page.contains("Motifs de triage hors service") && page.contains("Mal de gorge"), "{page}");
    }
    let answers = all_no(&serve, &["signes_vitaux", "mal_de_gorge", "toux_rhume"]).await;
    let (status, off) = serve.post("demo-operator", "/requests", &request("mal_de_gorge", &answers)).await.unwrap();
    let triage = &off["triage"];
    assert_eq!((status, &off["state"], &triage["recommended"]), (201, &json!("incomplete"), &Value::Null), "{off}");
    assert_eq!((&triage["final"], &triage["regulation_required"]), (&Value::Null, &json!(true)));
    assert_eq!((&triage["switched_off"], &triage["must_ask"]), (&json!(["mal_de_gorge"]), &json!([])));
    assert!(triage["explanation"].to_string().contains("mis hors service"), "{triage}");
    assert_eq!(off["offers"], json!([]));
    // The general questions are asked, and nothing of the block that is off.
    let (_, fresh) = serve.post("demo-operator", "/requests", &request("mal_de_gorge", &json!({}))).await.unwrap();
    let asked: Vec<&str> =
        fresh["triage"]["must_ask"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap()).collect();
    assert!(!asked.is_empty() && asked.iter().all(|id| id.starts_with("signes_vitaux.")), "{asked:?}");
    let mut stop = answers.clone();
    stop["signes_vitaux.conscience"] = json!("yes");
    let (_, stopped) = serve.post("demo-operator", "/requests", &request("mal_de_gorge", &stop)).await.unwrap();
    assert_eq!((&stopped["triage"]["status"], &stopped["triage"]["final"]), (&json!("stopped"), &json!("immediate")));
    // Another complaint is as it was; with the one that is off beside it, it is for the regulation.
    let (_, other) = serve.post("demo-operator", "/requests", &request("toux_rhume", &answers)).await.unwrap();
    assert_eq!(other["triage"]["status"], "decided", "{other}");
    let mut both = request("toux_rhume", &answers);
    both["other_complaints"] = json!(["mal_de_gorge"]);
    let (_, both) = serve.post("demo-operator", "/requests", &both).await.unwrap();
    assert_eq!((&both["triage"]["final"], &both["state"]), (&Value::Null, &json!("incomplete")), "{both}");
    // What the regulation decides of it stands.
    let level = json!({"level": "h24", "reason": "vu par le régulateur"});
    let path = format!("/requests/{}/level", both["id"].as_str().unwrap());
    let (status, decided) = serve.post("demo-regulator", &path, &level).await.unwrap();
    assert_eq!((status, &decided["triage"]["final"]), (200, &json!("h24")), "{decided}");
    assert_eq!(
        decided["triage"]["regulation_required"], false,
        "decided, and not to be agreed to by the same: {decided}"
    );
    assert!(!decided["offers"].as_array().unwrap().is_empty(), "{decided}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_earlier_pack_said_stays_readable_when_another_is_in_use() {
    let (place, folder) = place();
    sign(&folder);
    let mut serve = Serve::of(place).await;
    let (_, protocol) = serve.get("demo-operator", "/triage/protocol").await;
    let throat = protocol["complaints"].as_array().unwrap().iter().find(|one| one["id"] == "mal_de_gorge").unwrap();
    let first = throat["questions"][0].clone();
    let (name, text) = (first["id"].as_str().unwrap(), first["text"].as_str().unwrap().to_owned());
    let general = all_no(&serve, &["signes_vitaux"]).await;
    let (_, entered) = serve.post("demo-operator", "/requests", &request("mal_de_gorge", &general)).await.unwrap();
    let path = format!("/requests/{}", entered["id"].as_str().unwrap());
    let rest = all_no(&serve, &["mal_de_gorge"]).await;
    let (status, decided) =
        serve.post("demo-operator", &format!("{path}/answers"), &json!({ "answers": rest })).await.unwrap();
    assert_eq!((status, &decided["triage"]["status"]), (200, &json!("decided")), "{decided}");
    let answered = decided["triage"]["answered"].as_array().unwrap().clone();
    assert!(answered.contains(&json!({"id": name, "question": text, "answer": "non"})), "{answered:?}");

    assert!(serve.stop());
    edit(&folder, "complaints/mal_de_gorge.toml", &text, "Une tout autre question ?");
    let version = format!("version = \"{}\"", aiguilleur::triage::Pack::general().version);
    edit(&folder, "pack.toml", &version, "version = \"99.0.0\"");
    sign(&folder);
    let serve = serve.again();
    let (_, now) = serve.get("demo-operator", "/triage/protocol").await;
    assert!(now["version"] == "99.0.0" && now["hash"] != protocol["hash"]);
    assert!(now["complaints"].to_string().contains("Une tout autre question ?"));
    let (status, read) = serve.get("demo-operator", &path).await;
    assert_eq!((status, &read["triage"]["pack"]["hash"]), (200, &protocol["hash"]));
    for told in ["answered", "explanation", "pathways", "advice", "safety_net", "final", "recommended"] {
        assert_eq!(read["triage"][told], decided["triage"][told], "{told}");
    }
    let history = read["history"].as_array().unwrap();
    let then: Vec<(&str, &Value)> = history
        .iter()
        .filter(|entry| !entry["evaluation"].is_null())
        .map(|entry| (entry["kind"].as_str().unwrap(), &entry["evaluation"]))
        .collect();
    assert_eq!(
        then.iter().map(|(kind, _)| *kind).collect::<Vec<_>>(),
        ["request.created", "request.answered"],
        "{read}"
    );
    assert_eq!((&then[0].1["status"], &then[1].1["status"]), (&json!("incomplete"), &json!("decided")));
    assert_eq!(then[1].1["answered"], json!(answered));
    assert!(then.iter().all(|(_, evaluation)| evaluation["pack"]["hash"] == protocol["hash"]));
    // Nobody who only follows the events reads any of it.
    let audit = serve.all("demo-coordinator", "/audit").await;
    assert!(!serde_json::to_string(&audit).unwrap().contains(&text));
}
