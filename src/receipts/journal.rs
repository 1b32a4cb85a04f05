//! Where receipts are written: one file a day, one line a receipt, appended before the answer goes out. A plain write, so it
//! outlives the process; synced to the disk within a second, so a power cut may take the last second of it. It never fails a
//! call: what was done is done, and a journal that cannot be written says so.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use chrono::{Days, NaiveDate};
use serde::{Deserialize, Serialize};

use super::Receipt;
use crate::domain::TerritoryId;
use crate::domain::time::from_millis;
use crate::durable_file;
use crate::store::{Millis, Seq};

/// How late the disk may have what was written.
const SYNC_EVERY: Duration = Duration::from_secs(1);

/// Says which missing receipts somebody has seen to.
const ACKNOWLEDGED: &str = "acknowledged.jsonl";

/// Why receipts cannot be kept or read.
#[derive(Debug, thiserror::Error)]
#[error("les reçus de {} ne peuvent pas être tenus : {error}", path.display())]
pub struct JournalError {
    /// The file or folder.
    path: PathBuf,
    /// What the system says.
    #[source]
    error: io::Error,
}

impl JournalError {
    fn at(path: &Path) -> impl Fn(io::Error) -> Self {
        move |error| Self { path: path.to_owned(), error }
    }
}

/// The receipts of one node.
pub struct Journal {
    folder: PathBuf,
    days_kept: u64,
    open: Mutex<Open>,
    /// How many receipts the store did not bear out, by territory.
    missing: Mutex<BTreeMap<TerritoryId, usize>>,
}

#[derive(Default)]
struct Open {
    day: Option<NaiveDate>,
    file: Option<Arc<File>>,
    unsynced: bool,
    /// A line that may have been cut off.
    torn: bool,
    fault: Option<String>,
}

/// A receipt as it is held against a store.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Mark {
    pub(super) seq: Seq,
    pub(super) chain: String,
}

/// One line of a day.
#[derive(Deserialize)]
#[serde(untagged)]
enum Line {
    Checked(Checked),
    Receipt(Receipt),
}

/// Says that a store bore out every receipt before this line, and where its stream was: as long as that event is there as
/// it was, they need not be held against it again.
#[derive(Serialize, Deserialize)]
struct Checked {
    territory: TerritoryId,
    checked: Mark,
}

/// One line of [`ACKNOWLEDGED`].
#[derive(Serialize, Deserialize)]
struct Acknowledged {
    territory: TerritoryId,
    by: String,
    at: Millis,
    receipts: Vec<(Seq, String)>,
}

/// The marks of one territory, in the order they were kept.
#[derive(Default)]
pub(super) struct Marks {
    /// Borne out when somebody last looked, if the store still has [`Marks::checked`].
    pub(super) before: Vec<Mark>,
    pub(super) checked: Option<Mark>,
    pub(super) since: Vec<Mark>,
}

impl Journal {
    /// The receipts in `folder`, which is made where it is missing; a day's receipts are kept for so many days.
    ///
    /// # Errors
    /// [`JournalError`] when the folder cannot be made.
    pub fn open(folder: &Path, days_kept: u16) -> Result<Arc<Self>, JournalError> {
        durable_file::make_folder_inside(folder).map_err(JournalError::at(folder))?;
        let journal = Arc::new(Self {
            folder: folder.to_owned(),
            days_kept: days_kept.into(),
            open: Mutex::default(),
            missing: Mutex::default(),
        });
        let kept = Arc::downgrade(&journal);
        let sync = std::thread::Builder::new().name("receipts".to_owned()).spawn(move || sync_while_kept(&kept));
        sync.map_err(JournalError::at(folder))?;
        Ok(journal)
    }

    /// Keeps a receipt. When this returns, it outlives the process.
    pub fn keep(&self, receipt: &Receipt) {
        self.write(receipt, receipt.at);
    }

    /// Notes that the store bore out all that is kept, when its stream was at `mark`.
    pub(super) fn note_checked(&self, territory: &TerritoryId, mark: Mark, at: Millis) {
        let line = Checked { territory: territory.clone(), checked: mark };
        self.write(&line, at);
    }

    fn write(&self, line: &impl Serialize, at: Millis) {
        let written = serde_json::to_vec(line).map_err(io::Error::from).and_then(|mut line| {
            line.push(b'\n');
            self.append(from_millis(at).date_naive(), &line)
        });
        self.note(written);
    }

    fn append(&self, day: NaiveDate, line: &[u8]) -> io::Result<()> {
        let mut open = self.lock();
        // A commit of just before midnight may come after one of just past it: it goes where the others go.
        if open.day.is_none_or(|opened| opened < day) {
            self.turn_to(&mut open, day)?;
        }
        let Some(file) = open.file.clone() else { return Err(io::Error::other("no file")) };
        if open.torn {
            (&*file).write_all(b"\n")?;
        }
        open.torn = true;
        (&*file).write_all(line)?;
        (open.torn, open.unsynced) = (false, true);
        Ok(())
    }

    fn turn_to(&self, open: &mut Open, day: NaiveDate) -> io::Result<()> {
        let path = self.folder.join(format!("{day}.jsonl"));
        let file = append_to(&path)?;
        let torn = ends_in_the_middle(&path)?;
        if let Some(before) = open.file.replace(Arc::new(file)) {
            before.sync_data()?;
        }
        (open.day, open.torn) = (Some(day), torn);
        let oldest = day.checked_sub_days(Days::new(self.days_kept)).unwrap_or(NaiveDate::MIN);
        for (_, old) in self.files()?.into_iter().filter(|(day, _)| *day < oldest) {
            fs::remove_file(old)?;
        }
        Ok(())
    }

    /// Brings what was written to the disk.
    fn sync(&self) {
        let file = {
            let mut open = self.lock();
            if !std::mem::take(&mut open.unsynced) {
                return;
            }
            open.file.clone()
        };
        if let Some(file) = file {
            self.note(file.sync_data());
        }
    }

    fn note(&self, outcome: io::Result<()>) {
        let fault = outcome.err().map(|error| error.to_string());
        let mut open = self.lock();
        if fault.is_some() && fault != open.fault {
            tracing::error!(folder = %self.folder.display(), fault, "receipts cannot be written");
        }
        if fault.is_some() || !open.unsynced {
            open.fault = fault;
        }
    }

    /// Why receipts are not being kept, if they are not.
    pub fn fault(&self) -> Option<String> {
        self.lock().fault.clone()
    }

    /// How many of a territory's receipts the store did not bear out when it was last asked.
    pub fn missing(&self, territory: &TerritoryId) -> usize {
        self.missing_by_territory().get(territory).copied().unwrap_or(0)
    }

    pub(super) fn note_missing(&self, territory: &TerritoryId, receipts: usize) {
        self.missing_by_territory().insert(territory.clone(), receipts);
    }

    /// Notes that somebody has seen to these of the missing receipts: they are not reported again.
    ///
    /// # Errors
    /// [`JournalError`] when that cannot be written down.
    pub fn acknowledge(
        &self,
        territory: &TerritoryId,
        missing: &[Receipt],
        by: &str,
        at: Millis,
    ) -> Result<(), JournalError> {
        let path = self.folder.join(ACKNOWLEDGED);
        let receipts = missing.iter().map(|receipt| (receipt.seq, receipt.chain.clone())).collect();
        let line = Acknowledged { territory: territory.clone(), by: by.to_owned(), at, receipts };
        let write = || {
            let mut line = serde_json::to_vec(&line)?;
            line.push(b'\n');
            let mut file = append_to(&path)?;
            file.write_all(&line)?;
            file.sync_data()
        };
        write().map_err(JournalError::at(&path))?;
        self.note_missing(territory, self.missing(territory).saturating_sub(missing.len()));
        Ok(())
    }

    /// Every receipt kept that nobody has acknowledged as missing, oldest first, without its details.
    pub(super) fn marks(&self) -> Result<BTreeMap<TerritoryId, Marks>, JournalError> {
        let mut marks: BTreeMap<TerritoryId, Marks> = BTreeMap::new();
        self.each(|line| match line {
            Line::Receipt(Receipt { territory, seq, chain, .. }) => {
                marks.entry(territory).or_default().since.push(Mark { seq, chain });
            }
            Line::Checked(Checked { territory, checked }) => {
                let marks = marks.entry(territory).or_default();
                marks.before.append(&mut marks.since);
                marks.checked = Some(checked);
            }
        })?;
        let path = self.folder.join(ACKNOWLEDGED);
        if path.try_exists().map_err(JournalError::at(&path))? {
            lines_of(&path, |Acknowledged { territory, receipts, .. }| {
                let seen: std::collections::HashSet<_> = receipts.into_iter().collect();
                if let Some(Marks { before, since, .. }) = marks.get_mut(&territory) {
                    for marks in [before, since] {
                        marks.retain(|mark| !seen.contains(&(mark.seq, mark.chain.clone())));
                    }
                }
            })
            .map_err(JournalError::at(&path))?;
        }
        Ok(marks)
    }

    /// The receipts of these marks, oldest first.
    pub(super) fn receipts(&self, territory: &TerritoryId, of: &[Mark]) -> Result<Vec<Receipt>, JournalError> {
        let mut found = Vec::new();
        self.each(|line| {
            if let Line::Receipt(receipt) = line
                && receipt.territory == *territory
                && of.iter().any(|mark| (mark.seq, &mark.chain) == (receipt.seq, &receipt.chain))
            {
                found.push(receipt);
            }
        })?;
        Ok(found)
    }

    fn each(&self, mut take: impl FnMut(Line)) -> Result<(), JournalError> {
        for (_, path) in self.files().map_err(JournalError::at(&self.folder))? {
            lines_of(&path, &mut take).map_err(JournalError::at(&path))?;
        }
        Ok(())
    }

    /// The files of receipts, by day.
    fn files(&self) -> io::Result<BTreeMap<NaiveDate, PathBuf>> {
        let mut files = BTreeMap::new();
        for entry in fs::read_dir(&self.folder)? {
            let path = entry?.path();
            let day = path.file_stem().and_then(|stem| stem.to_str()).and_then(|stem| stem.parse().ok());
            if let (Some(day), Some("jsonl")) = (day, path.extension().and_then(|end| end.to_str())) {
                files.insert(day, path);
            }
        }
        Ok(files)
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn missing_by_territory(&self) -> MutexGuard<'_, BTreeMap<TerritoryId, usize>> {
        self.missing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        self.sync();
    }
}

impl fmt::Debug for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Journal").field("folder", &self.folder).finish_non_exhaustive()
    }
}

fn sync_while_kept(journal: &Weak<Journal>) {
    loop {
        std::thread::sleep(SYNC_EVERY);
        let Some(journal) = journal.upgrade() else { return };
        journal.sync();
    }
}

/// Whether the last line of a file was cut off.
fn ends_in_the_middle(path: &Path) -> io::Result<bool> {
    let mut file = File::open(path)?;
    if file.metadata()?.len() == 0 {
        return Ok(false);
    }
    let mut last = [0];
    file.seek(io::SeekFrom::End(-1))?;
    file.read_exact(&mut last)?;
    Ok(last != *b"\n")
}

/// Opens a file to write on at its end. Only one made here is given to the folder's owner, never what a link leads to.
fn append_to(path: &Path) -> io::Result<File> {
    match made_to_append(path) {
        Ok(made) => {
            durable_file::keep_owner_of_folder(&made, path)?;
            Ok(made)
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => OpenOptions::new().append(true).open(path),
        Err(error) => Err(error),
    }
}

#[cfg(unix)]
fn made_to_append(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    OpenOptions::new().append(true).create_new(true).mode(0o600).open(path)
}

#[cfg(not(unix))]
fn made_to_append(path: &Path) -> io::Result<File> {
    OpenOptions::new().append(true).create_new(true).open(path)
}

/// Reads the lines of a file; one that was cut off by a power cut is passed over.
fn lines_of<T: serde::de::DeserializeOwned>(path: &Path, mut take: impl FnMut(T)) -> io::Result<()> {
    let mut text = BufReader::new(File::open(path)?);
    let (mut line, mut cut) = (Vec::new(), 0_usize);
    while text.read_until(b'\n', &mut line)? > 0 {
        match serde_json::from_slice(&line) {
            Ok(read) => take(read),
            Err(_) if line.iter().all(u8::is_ascii_whitespace) => {}
            Err(_) => cut += 1,
        }
        line.clear();
    }
    if cut > 0 {
        tracing::warn!(file = %path.display(), lines = cut, "receipts that cannot be read are passed over");
    }
    Ok(())
}
