//! A file that is not whole, not ours or not of this version is refused with the line, and nothing of it is kept.

use std::io::{Read as _, Write as _};
use std::path::Path;

use aiguilleur::domain::Level;
use aiguilleur::operations::backup::{BackupError, back_up, restore, verify};
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;

use super::world::*;

fn unzipped(path: &Path) -> Vec<String> {
    let mut text = String::new();
    GzDecoder::new(std::fs::File::open(path).unwrap()).read_to_string(&mut text).unwrap();
    text.split_inclusive('\n').map(str::to_owned).collect()
}

fn zipped(path: &Path, text: &str) {
    let mut file = GzEncoder::new(std::fs::File::create(path).unwrap(), Compression::fast());
    file.write_all(text.as_bytes()).unwrap();
    file.finish().unwrap();
}

/// The place of the first line that begins so.
fn first(lines: &[String], begin: &str) -> usize {
    lines.iter().position(|line| line.starts_with(begin)).unwrap()
}

#[tokio::test]
async fn whatever_is_wrong_with_it_is_said_with_the_line_and_nothing_is_kept() {
    let (folder, kept) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let store = store_in(folder.path(), &nine());
    let desk = desk_over(store.clone(), sealer_of(kept.path())).await;
    desk.publish(60, 1).await;
    desk.request(Level::H24).await;
    let (good, bad) = (kept.path().join("good.gz"), kept.path().join("bad.gz"));
    back_up(&*store, &weppes(), &good).await.unwrap();
    let lines = unzipped(&good);
    let (end, event, record) = (lines.len(), first(&lines, "{\"event\""), first(&lines, "{\"record\""));
    let altered = |place: usize, from: &str, to: &str| {
        let mut lines = lines.clone();
        assert!(lines[place].contains(from), "{from} in {}", lines[place]);
        lines[place] = lines[place].replacen(from, to, 1);
        lines.concat()
    };
    let without = |place: usize| {
        let mut lines = lines.clone();
        lines.remove(place);
        lines.concat()
    };
    let cases: Vec<(&str, String, usize, &str)> = vec![
        ("nothing", String::new(), 1, "vide"),
        ("another text", "bonjour\n".to_owned(), 1, "pas une sauvegarde"),
        ("another document", "{\"a\":1}\n".to_owned(), 1, "pas une sauvegarde"),
        ("a later form", altered(0, "\"aiguilleur_backup\":1", "\"aiguilleur_backup\":2"), 1, "forme 2"),
        ("an older schema", altered(0, "\"schema\":1", "\"schema\":0"), 1, "schéma 0"),
        ("no last line", lines[..end - 1].concat(), end, "tronquée"),
        ("half a line", lines.concat()[..lines.concat().len() - 9].to_owned(), end, "tronquée"),
        ("something after", lines.concat() + "{}\n", end + 1, "après la dernière ligne"),
        ("an event altered", altered(event + 2, "op-1", "op-2"), event + 3, "altéré"),
        ("an event less", without(event + 1), event + 2, "il en manque"),
        ("the last event less", without(first(&lines, "{\"timer\"") - 1), end - 1, "dernière ligne"),
        ("a record altered", altered(record, "2026-11-24", "2026-11-25"), end, "altéré"),
        ("a record less", without(record), end - 1, "compte"),
        ("a record that is none", altered(record, "\"body\":\"{", "\"body\":\"["), record + 1, "illisible"),
        ("a line that is none", altered(record, "{\"record\"", "{\"recrod\""), record + 1, "illisible"),
        ("a key that is none", altered(record, "\"key\":\"a:", "\"key\":\"z:"), record + 1, "clé de fiche"),
        ("another end of the stream", altered(0, "\"seq\":", "\"seq\":1"), end, "altéré"),
    ];
    let empty = tempfile::tempdir().unwrap();
    let elsewhere = store_in(empty.path(), &nine());
    for (what, text, line, said) in cases {
        zipped(&bad, &text);
        for outcome in [verify(&bad).await, restore(&*elsewhere, &bad).await] {
            match outcome {
                Err(BackupError::Refused { line: found, fault, .. }) => {
                    assert_eq!(found, u64::try_from(line).unwrap(), "{what}: {fault}");
                    assert!(fault.contains(said), "{what}: {fault}");
                }
                other => panic!("{what}: {other:?}"),
            }
        }
    }
    // Not even compressed, and cut in the middle of the compressed bytes.
    let bytes = std::fs::read(&good).unwrap();
    for (what, bytes) in [("plain", lines.concat().into_bytes()), ("cut", bytes[..bytes.len() / 2].to_vec())] {
        std::fs::write(&bad, bytes).unwrap();
        assert!(matches!(restore(&*elsewhere, &bad).await, Err(BackupError::Refused { .. })), "{what}");
    }
    let nothing = holdings(&*elsewhere).await;
    assert_eq!((nothing.tail.seq, nothing.records.len(), nothing.blobs.len()), (0, 0, 0));
    // And the good one still comes in.
    restore(&*elsewhere, &good).await.unwrap();
    assert_eq!(holdings(&*elsewhere).await, holdings(&*store).await);
}

#[tokio::test]
async fn one_flipped_bit_anywhere_in_the_file_is_found_or_changes_nothing() {
    let (folder, kept) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let store = store_in(folder.path(), &nine());
    let desk = desk_over(store.clone(), sealer_of(kept.path())).await;
    desk.request(Level::H24).await;
    let (good, bad) = (kept.path().join("good.gz"), kept.path().join("bad.gz"));
    let made = back_up(&*store, &weppes(), &good).await.unwrap();
    let bytes = std::fs::read(&good).unwrap();
    // The head of gzip has a time, a system and flags of no meaning for the content; the last byte of the content may have
    // bits that fill it up.
    let mut changed_nothing = 0;
    for place in 10..bytes.len() {
        let mut altered = bytes.clone();
        altered[place] ^= 1 << (place % 8);
        std::fs::write(&bad, altered).unwrap();
        match verify(&bad).await {
            Err(BackupError::Refused { .. }) => {}
            Ok(read) if read == made => changed_nothing += 1,
            other => panic!("byte {place}: {other:?}"),
        }
    }
    assert!(changed_nothing <= 1, "{changed_nothing} flips changed nothing");
}
