//! The rights a service needs: to read its files, and to write its data folder.

use std::collections::HashMap;
use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;

use serde_json::json;

use crate::support::program::{Program, aiguilleur};
use crate::support::serve::{Place, Serve, said};

/// The user `nobody` of every distribution.
const NOBODY: u32 = 65_534;

#[tokio::test(flavor = "multi_thread")]
async fn a_user_with_no_right_but_to_its_data_folder_serves() {
    let place = Place::new();
    if fs::metadata(place.folder()).unwrap().uid() != 0 {
        // Only root starts programs as somebody else; the other tests run without any right then.
        return;
    }
    let allow =
        |name: &str, mode: u32| fs::set_permissions(place.path(name), fs::Permissions::from_mode(mode)).unwrap();
    fs::create_dir(place.path("data")).unwrap();
    allow("data", 0o700);
    // Root makes the key, and it is the service's all the same.
    chown(place.path("data"), Some(NOBODY), Some(NOBODY)).unwrap();
    let token = place.key("op-1", "operator", &[]);
    assert_eq!(fs::metadata(place.path("data/keys.toml")).unwrap().uid(), NOBODY);
    // The program where nobody may read it, in a folder nobody may write to.
    let program = place.path("aiguilleur");
    fs::copy(env!("CARGO_BIN_EXE_aiguilleur"), &program).unwrap();
    for (name, mode) in [("", 0o755), ("aiguilleur", 0o755), ("aiguilleur.toml", 0o644), ("praticiens", 0o755)] {
        allow(name, mode);
    }
    let config = place.config();
    let mut command = std::process::Command::new(&program);
    command.args(["serve", "--config", &config]).uid(NOBODY).gid(NOBODY).current_dir("/");
    let mut serving = Program::start(&mut command).unwrap();
    assert!(!serving.log().contains("runs_as_root"), "{}", serving.log());
    let base = serving.greeting.iter().find_map(|line| Some(line.split_once("http://")?.1.to_owned())).unwrap();
    let api = crate::support::api::Api::new(format!("http://{base}"), "weppes", HashMap::new());
    assert_eq!(api.get(&token, "/practitioners").await.0, 200);
    let status = aiguilleur(&["status", "--config", &config]).output().unwrap();
    assert!(status.status.success(), "root may ask it: {}", said(&status));
    serving.signal("TERM");
    assert!(serving.ended_well(), "{}", serving.log());
    let made: Vec<_> = fs::read_dir(place.path("data")).unwrap().map(|entry| entry.unwrap()).collect();
    for entry in made {
        let file = entry.metadata().unwrap();
        assert_eq!((file.uid(), file.permissions().mode() & 0o077), (NOBODY, 0), "{:?}", entry.file_name());
    }
}

/// A folder and all that is in it.
fn all_of(path: PathBuf) -> Vec<PathBuf> {
    let inside: Vec<_> =
        fs::read_dir(&path).into_iter().flatten().flat_map(|entry| all_of(entry.unwrap().path())).collect();
    [vec![path], inside].concat()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_root_makes_in_the_data_folder_is_the_users_of_the_service() {
    let serve = Serve::start().await;
    if fs::metadata(serve.place.folder()).unwrap().uid() != 0 {
        println!("skipped: only root makes files for somebody else");
        return;
    }
    let request = serve.request("h24").await;
    let why = json!({ "reason": "ne vient plus" });
    assert_eq!(serve.post("demo-operator", &format!("/requests/{request}/cancel"), &why).await.unwrap().0, 200);
    let out = serve.place.path("backup").to_str().unwrap().to_owned();
    let made = serve.place.run(&["backup", "--out", &out]);
    assert!(made.status.success(), "{}", said(&made));
    let place = serve.leave();
    // Another machine: the keys are there, the data and the receipts are not.
    fs::remove_file(place.path("data/state.redb")).unwrap();
    fs::remove_dir_all(place.path("data/receipts")).unwrap();
    for path in all_of(place.path("data")) {
        chown(path, Some(NOBODY), Some(NOBODY)).unwrap();
    }
    let commands: [&[&str]; 3] = [
        &["restore", "--from", &out],
        &["erase", "--request", &request, "--reason", "asked"],
        // Opened after an erasure, the database is copied into a new file.
        &["receipts", "acknowledge"],
    ];
    for command in commands {
        let done = place.run(command);
        assert!(done.status.success(), "{command:?}: {}", said(&done));
    }
    let all = all_of(place.path("data"));
    for name in ["state.redb", "receipts", "receipts/2026-11-24.jsonl", "receipts/acknowledged.jsonl"] {
        assert!(all.contains(&place.path("data").join(name)), "{name}: {all:?}");
    }
    for path in all {
        let file = fs::metadata(&path).unwrap();
        assert_eq!((file.uid(), file.gid()), (NOBODY, NOBODY), "{}", path.display());
    }
}
