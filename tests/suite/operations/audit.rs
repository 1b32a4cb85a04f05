//! The audit, handed out: it says what the API says, shows when it was touched, and nothing leaves the store that nobody holds.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use aiguilleur::clock::{Clock as _, ManualClock};
use aiguilleur::domain::time::Zone;
use aiguilleur::domain::{Level, Retention};
use aiguilleur::operations::audit::{AuditError, End, Segment, Stretch, export, trim, verify, verify_all};
use aiguilleur::seal::{MacKey, Signer};
use aiguilleur::store::Store;
use chrono::TimeDelta;
use serde_json::Value;

use super::world::*;
use crate::support::desk::Desk;
use crate::support::process::Demo;

#[tokio::test]
async fn what_is_handed_out_is_what_the_audit_shows() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().to_str().unwrap();
    let mut demo = Demo::in_folder(folder.path());
    demo.request("h24").await;
    let shown = demo.all("demo-coordinator", "/audit").await;
    assert!(demo.stop());
    let file = folder.path().join("audit.jsonl");
    let out = file.to_str().unwrap();
    let exported = aiguilleur(&["audit", "export", "--data", data, "--out", out]);
    assert!(exported.well, "{}", exported.log);
    let text = fs::read_to_string(&file).unwrap();
    let mut lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let closing = lines.pop().unwrap();
    assert_eq!(lines, shown);
    assert_eq!((&closing["audit_of"], &closing["last"]), (&"weppes".into(), &shown.last().unwrap()["seq"]));
    let key = folder.path().join("digests.key");
    let verified = aiguilleur(&["audit", "verify", out, "--key", key.to_str().unwrap()]);
    assert!(verified.well && verified.out.contains("bon : weppes"), "{}{}", verified.out, verified.log);
    let again = aiguilleur(&["audit", "export", "--data", data, "--out", out]);
    assert!(!again.well && again.log.contains("existe déjà"), "{}", again.log);
    let day = aiguilleur(&[
        "audit",
        "export",
        "--data",
        data,
        "--out",
        &format!("{out}.2"),
        "--from",
        "2026-11-24",
        "--to",
        "2026-11-24",
    ]);
    assert!(day.well, "{}", day.log);
    fs::write(&file, text.replacen("\"role\":\"operator\"", "\"role\":\"regulator\"", 1)).unwrap();
    let altered = aiguilleur(&["audit", "verify", out]);
    assert!(!altered.well && altered.log.contains("altéré"), "{}", altered.log);
}

struct Archive {
    folder: tempfile::TempDir,
    signer: Signer,
    segments: Vec<(PathBuf, Segment)>,
}

impl Archive {
    fn new() -> Self {
        let signer = Signer::new(&MacKey::generate().unwrap(), "audit export");
        Self { folder: tempfile::tempdir().unwrap(), signer, segments: Vec::new() }
    }

    fn paths(&self) -> Vec<PathBuf> {
        self.segments.iter().map(|(path, _)| path.clone()).collect()
    }

    /// Exports what follows the last export.
    async fn go_on(&mut self, store: &dyn Store) -> Result<(), AuditError> {
        let path = self.folder.path().join(format!("{}.jsonl", self.segments.len()));
        let before = self.segments.last().map(|(_, segment)| segment);
        let all = Stretch::default();
        let segment = export(store, &weppes(), Zone::PARIS, all, before, &self.signer, &path).await?;
        self.segments.push((path, segment));
        Ok(())
    }
}

fn fault(refused: Result<impl std::fmt::Debug, AuditError>) -> (u64, String) {
    match refused {
        Err(AuditError::Refused { line, fault, .. }) => (line, fault),
        other => panic!("not refused: {other:?}"),
    }
}

#[tokio::test]
async fn stretches_follow_one_another_and_none_is_taken_out_unseen() {
    let desk = Desk::open().await;
    let mut archive = Archive::new();
    for _ in 0..3 {
        desk.request(Level::H24).await;
        archive.go_on(&*desk.store).await.unwrap();
    }
    assert!(matches!(archive.go_on(&*desk.store).await, Err(AuditError::Nothing)));
    let paths = archive.paths();
    let verified = verify_all(&paths, Some(&archive.signer)).unwrap();
    assert_eq!(verified, archive.segments.iter().map(|(_, segment)| segment.clone()).collect::<Vec<_>>());
    let gap = [paths[0].clone(), paths[2].clone()];
    assert!(fault(verify_all(&gap, Some(&archive.signer))).1.contains("suite"));
    let other_key = Signer::new(&MacKey::generate().unwrap(), "audit export");
    assert!(fault(verify(&paths[1], Some(&other_key), |_, _| {})).1.contains("signature"));
    // Whatever is changed is seen: without the key by the digest, with it even when the digest was made anew.
    let text = fs::read_to_string(&paths[1]).unwrap();
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let touched = archive.folder.path().join("touched.jsonl");
    let check = |text: String, signer: Option<&Signer>| {
        fs::write(&touched, text).unwrap();
        fault(verify(&touched, signer, |_, _| {}))
    };
    let end = u64::try_from(lines.len()).unwrap();
    assert_eq!(check(text.replacen("op-1", "op-2", 1), None).0, end);
    assert_eq!(check(lines[1..].concat(), None).0, end - 1);
    assert_eq!(check([lines[0], &lines[2..].concat()].concat(), None).0, 2);
    assert_eq!(check(lines[..lines.len() - 1].concat(), None).0, end);
    assert_eq!(check(text.clone() + "\n", None).0, end + 1);
    assert_eq!(check("bonjour\n".to_owned(), None).0, 1);
    let renumbered =
        text.replacen(&format!("\"previous\":\"{}", &verified[0].sha256[..8]), "\"previous\":\"00000000", 1);
    assert_ne!(renumbered, text);
    assert!(check(renumbered, Some(&archive.signer)).1.contains("signature"));
}

#[tokio::test]
async fn a_day_is_one_of_the_territorys_calendar() {
    let clock = Arc::new(ManualClock::at("2026-11-24T22:59:00Z".parse().unwrap()));
    let folder = tempfile::tempdir().unwrap();
    let store = store_in(folder.path(), &clock);
    let desk = Desk::over(store.clone(), clock.clone(), sealer_of(folder.path()), None).await;
    desk.request(Level::H24).await;
    clock.advance(TimeDelta::minutes(2));
    desk.request(Level::H24).await;
    let signer = Archive::new().signer;
    let of = async |from: Option<End>, to: Option<End>, name: &str| {
        let path = folder.path().join(name);
        let segment = export(&*store, &weppes(), Zone::PARIS, Stretch { from, to }, None, &signer, &path).await;
        segment.map(|segment| (segment.first, segment.last))
    };
    let (today, tomorrow) = (End::Day("2026-11-24".parse().unwrap()), End::Day("2026-11-25".parse().unwrap()));
    // Practitioner, then request and its offers or none: whatever happened before midnight of Paris is of the first day.
    let whole = of(None, None, "1").await.unwrap();
    let first = of(Some(today), Some(today), "2").await.unwrap();
    let second = of(Some(tomorrow), None, "3").await.unwrap();
    assert_eq!((first.0, first.1 + 1, second.1), (whole.0, second.0, whole.1));
    assert_eq!(of(Some(End::Event(2)), Some(End::Event(2)), "4").await.unwrap(), (2, 2));
    assert!(matches!(of(Some(End::Event(99)), None, "5").await, Err(AuditError::Nothing)));
    assert!(!folder.path().join("5").exists());
}

fn file_of(folder: &Path, name: &str) -> PathBuf {
    folder.join(name)
}

#[tokio::test]
async fn only_what_has_had_its_time_and_is_archived_leaves_the_stream() {
    let desk = Desk::open().await;
    let mut archive = Archive::new();
    let retention = Retention::of_the_table(Zone::PARIS);
    for _ in 0..4 {
        desk.request(Level::H24).await;
    }
    archive.go_on(&*desk.store).await.unwrap();
    let archived = archive.segments[0].1.last;
    desk.request(Level::H24).await;
    let last = desk.store.events(&weppes(), 0, 1).await.unwrap().last;
    let trimmed =
        async |archives: &[PathBuf]| trim(&*desk.store, &weppes(), &retention, archives, &archive.signer).await;
    // Too early: nothing has had its time.
    desk.clock.advance("2029-11-24T22:59:59Z".parse::<chrono::DateTime<chrono::Utc>>().unwrap() - desk.clock.now());
    assert_eq!(trimmed(&archive.paths()).await.unwrap().events, 0);
    desk.clock.advance(TimeDelta::seconds(1));
    let nothing_shown = trimmed(&[]).await.unwrap();
    assert_eq!((nothing_shown.events, nothing_shown.not_archived), (0, last));
    // An archive of another history counts for nothing.
    let other = Desk::open().await;
    other.request(Level::H24).await;
    other.request(Level::H48).await;
    let stranger = file_of(archive.folder.path(), "stranger.jsonl");
    let all = Stretch::default();
    export(&*other.store, &weppes(), Zone::PARIS, all, None, &archive.signer, &stranger).await.unwrap();
    assert!(fault(trimmed(&[stranger]).await).1.contains("autre histoire"));
    let done = trimmed(&archive.paths()).await.unwrap();
    assert_eq!((done.events, done.not_archived), (archived, last - archived));
    assert_eq!(desk.store.events(&weppes(), 0, 1).await.unwrap().first, archived + 1);
    // What is left says where it begins, and can still be handed out.
    let file = file_of(archive.folder.path(), "rest.jsonl");
    let from = Some(End::Event(1));
    let refused =
        export(&*desk.store, &weppes(), Zone::PARIS, Stretch { from, to: None }, None, &archive.signer, &file).await;
    assert!(matches!(refused, Err(AuditError::Trimmed { first }) if first == archived + 1), "{refused:?}");
    archive.go_on(&*desk.store).await.unwrap();
    assert_eq!(verify_all(&archive.paths(), Some(&archive.signer)).unwrap().len(), 2);
}
