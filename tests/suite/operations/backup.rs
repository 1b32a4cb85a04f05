//! A backup taken while people book is of one moment, and comes back as that moment was.

use std::collections::{BTreeMap, BTreeSet};

use aiguilleur::domain::time::{Zone, millis};
use aiguilleur::domain::{Record, Timer, TimerKind};
use aiguilleur::operations::backup::{BackedUp, BackupError, back_up_all, restore_all, verify_all};

use aiguilleur::operations::missing;
use aiguilleur::receipts::{Since, reconcile};

use super::world::*;
use crate::support::desk::{operator, patient};

#[tokio::test(flavor = "multi_thread")]
async fn what_was_there_when_the_backup_was_taken_comes_back_to_the_byte() {
    let (first, second, kept) =
        (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let out = kept.path().join("today");
    let sealer = sealer_of(kept.path());
    let store = store_in(first.path(), &nine());
    let (desk, journal) = desk_with_receipts(store.clone(), sealer.clone(), &kept.path().join("receipts")).await;
    let rush = Rush::start(&desk, 6, 120, 60).await;
    rush.reached(30).await;
    let made = back_up_all(&*store, &[weppes()], &out).await.unwrap();
    let acknowledged = rush.end().await;
    assert_eq!(acknowledged.len(), 120);
    let before = holdings(&*store).await;
    let at = made[0].summary.tail.clone();
    assert!(at.seq < before.tail.seq, "the backup was taken after the rush");
    drop((desk, store));
    first.close().unwrap();

    let store = store_in(second.path(), &nine());
    assert_eq!(restore_all(&*store, &out, None).await.unwrap(), made);
    let after = holdings(&*store).await;
    assert_eq!(after.tail, at);
    let audit: Vec<_> = before.events.iter().filter(|event| event.seq <= at.seq).cloned().collect();
    assert_eq!(after.events, audit);
    assert_eq!(after.records, told_until(at.seq, &before.events));
    let (kept_for_long, waiting): (BTreeMap<_, _>, BTreeMap<_, _>) =
        after.timers.clone().into_iter().partition(|(timer, _)| timer.starts_with("retention:"));
    assert_eq!(waiting, timers_of(after.records.values().map(|(_, record)| record)));
    assert_eq!(
        kept_for_long.len(),
        after.records.values().filter(|(_, record)| matches!(record, Record::Appointment(_))).count()
    );
    assert!(!after.timers.is_empty(), "nothing was waiting: the test shows less than it says");

    // What people were told since is missing, and is said to be: appointment by appointment.
    let found = reconcile(&journal, &*store, &[weppes()], Since::Ever).await.unwrap().remove(0);
    let kept_bookings = after.records.values().filter_map(|(_, record)| match record {
        Record::Appointment(appointment) => Some(appointment.id),
        _ => None,
    });
    let lost: BTreeSet<_> = acknowledged.difference(&kept_bookings.collect()).copied().collect();
    assert!(!lost.is_empty(), "nothing was booked after the backup");
    assert_eq!(booked_in(&found.missing), lost);
    assert!(found.checked > found.missing.len() && !found.store_is_empty);
    let said = missing::describe(&weppes(), Zone::PARIS, &found.missing).join("\n");
    for appointment in &lost {
        assert!(said.contains(&appointment.to_string()), "{appointment}: {said}");
    }
    assert!(said.contains("rendez-vous réservé pour le 24/11/2026 1") && said.contains("19990000001"), "{said}");

    // Everything sealed opens, and the work goes on from there.
    let desk = desk_over(store.clone(), sealer).await;
    let mut booked = 0;
    for (_, record) in after.records.values() {
        match record {
            Record::Appointment(appointment) => {
                assert!(acknowledged.contains(&appointment.id));
                assert!(desk.booking.patient_of(&operator(), appointment.id).await.unwrap() == patient());
                booked += 1;
            }
            Record::Request(request) => {
                assert!(desk.booking.case(request.id).await.unwrap().facts.is_some(), "{}", request.id);
            }
            _ => {}
        }
    }
    assert!((30..120).contains(&booked), "{booked} appointments in the backup");
    assert_eq!(Rush::start(&desk, 2, 8, 24 * 60).await.end().await.len(), 8);
}

/// The timers that follow from records.
fn timers_of<'a>(records: impl Iterator<Item = &'a Record>) -> BTreeMap<String, i64> {
    let timers = records.filter_map(|record| {
        let (kind, at) = match record {
            Record::Slot(slot) => (TimerKind::Hold, slot.next_expiry()),
            Record::Request(request) => (TimerKind::Overdue, request.closes_at()),
            _ => return None,
        };
        Some((Timer { kind, id: record.key().id }.to_string(), millis(at?)))
    });
    timers.collect()
}

#[tokio::test]
async fn nothing_is_written_over_neither_a_backup_nor_a_territory() {
    let (folder, kept) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let store = store_in(folder.path(), &nine());
    let desk = desk_over(store.clone(), sealer_of(kept.path())).await;
    desk.publish(60, 1).await;
    let out = kept.path().join("today");
    back_up_all(&*store, &[weppes()], &out).await.unwrap();
    let refused = back_up_all(&*store, &[weppes()], &out).await.unwrap_err();
    assert!(matches!(&refused, BackupError::Exists(_)), "{refused}");
    desk.publish(120, 1).await;
    let before = holdings(&*store).await;
    let refused = restore_all(&*store, &out, None).await.unwrap_err();
    assert!(matches!(&refused, BackupError::NotEmpty(_)), "{refused}");
    assert!(refused.to_string().contains("dossier de données neuf"), "{refused}");
    assert_eq!(holdings(&*store).await, before);
}

#[cfg(unix)]
#[tokio::test]
async fn a_backup_is_its_owners_alone_and_holds_no_key() {
    use std::os::unix::fs::PermissionsExt as _;
    let (folder, kept) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let store = store_in(folder.path(), &nine());
    let desk = desk_over(store.clone(), sealer_of(kept.path())).await;
    desk.request(aiguilleur::domain::Level::H24).await;
    let out = kept.path().join("today");
    let BackedUp { file, summary } = back_up_all(&*store, &[weppes()], &out).await.unwrap().remove(0);
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&file), mode(&out)), (0o600, 0o700));
    let files: Vec<_> = std::fs::read_dir(&out).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(files.len(), 2, "the territory and the manifest: {files:?}");
    // It says which key it needs, and brings nothing back under another.
    let other = aiguilleur::seal::Kek::generate().unwrap();
    assert_eq!(summary.keys.len(), 1);
    let empty = tempfile::tempdir().unwrap();
    let elsewhere = store_in(empty.path(), &nine());
    let refused = restore_all(&*elsewhere, &out, Some(&other)).await.unwrap_err();
    assert!(matches!(&refused, BackupError::OtherKey { needed, .. } if summary.keys.contains(needed)), "{refused}");
    assert_eq!(holdings(&*elsewhere).await.tail.seq, 0);
    let ours = aiguilleur::seal::Kek::load(&kept.path().join("patients.key")).unwrap();
    restore_all(&*elsewhere, &out, Some(&ours)).await.unwrap();
}

#[tokio::test]
async fn a_folder_whose_backup_was_not_finished_is_none() {
    let (folder, kept) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let store = store_in(folder.path(), &nine());
    let desk = desk_over(store.clone(), sealer_of(kept.path())).await;
    desk.publish(60, 1).await;
    let out = kept.path().join("today");
    back_up_all(&*store, &[weppes()], &out).await.unwrap();
    assert_eq!(verify_all(&out).await.unwrap().len(), 1);
    std::fs::rename(out.join("manifest.json"), kept.path().join("manifest.json")).unwrap();
    assert!(matches!(verify_all(&out).await, Err(BackupError::File { .. })));
    // A file of another day under the manifest of this one.
    desk.publish(120, 1).await;
    let other = kept.path().join("tomorrow");
    back_up_all(&*store, &[weppes()], &other).await.unwrap();
    std::fs::copy(kept.path().join("manifest.json"), other.join("manifest.json")).unwrap();
    assert!(matches!(verify_all(&other).await, Err(BackupError::OtherThanListed(_))));
    // A manifest that leads elsewhere.
    let text = std::fs::read_to_string(kept.path().join("manifest.json")).unwrap();
    std::fs::write(other.join("manifest.json"), text.replace("weppes.jsonl.gz", "../today/weppes.jsonl.gz")).unwrap();
    assert!(matches!(verify_all(&other).await, Err(BackupError::Refused { .. })));
}
