//! The ledger on SQLite: one file, one writer at a time, readers beside it.
//!
//! Must not know: what an event means. PostgreSQL gets a sibling of this folder.

mod commit;
mod index;
mod log;
mod pages;
mod raw;
mod read;
mod write;

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::checkpoint::{Checkpoint, CheckpointFile};
use crate::keys::CheckpointKey;
use crate::ledger::{AppendError, Ledger, StorageFault};
use crate::types::{Append, Appended, Head, Position, StoredEvent, StreamId};

pub use raw::SqliteRaw;

/// Name of the database file in the data folder.
pub const DATABASE_FILE: &str = "ledger.db";
const LOCK_FILE: &str = "ledger.lock";
const PAGES_FILE: &str = "ledger.pages";
/// `PRAGMA application_id`: "Vena" in ASCII.
const APPLICATION_ID: i64 = 0x5665_6e61;
/// `PRAGMA user_version`: version of the tables. In version 1 heads and keys are written with every append;
/// since version 2 they may be behind the records, and `indexed` says how far they reach.
const FORMAT: i64 = 2;
/// Page size of a new database, bytes. Records are appended and seldom fit a page of 4096 bytes well; larger
/// pages halve the calls to the system for the same bytes.
const PAGE_BYTES: i64 = 8192;
/// Reader connections kept open between uses.
const READERS_KEPT: usize = 8;

const SCHEMA: &str = "
CREATE TABLE meta (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  ledger_id BLOB NOT NULL
);
CREATE TABLE records (
  position INTEGER PRIMARY KEY,
  record BLOB NOT NULL
);
CREATE TABLE heads (
  stream TEXT PRIMARY KEY,
  seq INTEGER NOT NULL,
  position INTEGER NOT NULL,
  hash BLOB NOT NULL
) WITHOUT ROWID;
CREATE TABLE keys (
  key TEXT PRIMARY KEY,
  position INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE checkpoints (
  number INTEGER PRIMARY KEY,
  checkpoint BLOB NOT NULL
);
";
const SCHEMA_OF_INDEXED: &str = "
CREATE TABLE indexed (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  position INTEGER NOT NULL
);
";

/// The ledger on SQLite.
pub struct SqliteLedger {
    ledger_id: [u8; 16],
    folder: PathBuf,
    queue: commit::Queue,
    recent: index::Recent,
    writer: Mutex<Option<write::Writer>>,
    readers: Mutex<Vec<Connection>>,
    last: AtomicU64,
    watchers: Mutex<Vec<Sender<Position>>>,
    _lock: File,
}

/// A mutex whose holder died still guards consistent data here: whatever it
/// had begun in the database is rolled back before the next use.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Translates what SQLite says.
pub(crate) fn fault(error: rusqlite::Error) -> StorageFault {
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => StorageFault::Full,
        _ => StorageFault::Database(error.to_string()),
    }
}

fn io_fault(path: &Path) -> impl Fn(std::io::Error) -> StorageFault + '_ {
    move |cause| match cause.kind() {
        std::io::ErrorKind::StorageFull => StorageFault::Full,
        _ => StorageFault::Io { path: path.to_owned(), cause: cause.to_string() },
    }
}

fn take_lock(folder: &Path) -> Result<File, StorageFault> {
    let path = folder.join(LOCK_FILE);
    let file =
        OpenOptions::new().create(true).truncate(false).write(true).open(&path).map_err(io_fault(&path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StorageFault::InUse(folder.to_owned())),
        Err(TryLockError::Error(cause)) => Err(io_fault(&path)(cause)),
    }
}

fn check_format(connection: &Connection, folder: &Path) -> Result<(), StorageFault> {
    let application: i64 =
        connection.pragma_query_value(None, "application_id", |row| row.get(0)).map_err(fault)?;
    let found = read::format(connection)?;
    if found > FORMAT {
        return Err(StorageFault::NewerFormat { found, known: FORMAT });
    }
    if application != APPLICATION_ID || found < 1 {
        return Err(StorageFault::Missing(folder.to_owned()));
    }
    Ok(())
}

/// A statement that inserts several rows of two columns.
fn insert_pairs(into: &str, rows: usize) -> String {
    let rows = vec!["(?, ?)"; rows].join(", ");
    format!("INSERT INTO {into} VALUES {rows}")
}

/// Brings the tables of an older ledger to the present format before the first write. Nothing recorded is
/// touched: heads and keys reach the last record, and a new table says so.
fn upgrade(connection: &Connection, last: u64) -> Result<(), StorageFault> {
    if read::format(connection)? >= FORMAT {
        return Ok(());
    }
    let steps = format!(
        "BEGIN IMMEDIATE; {SCHEMA_OF_INDEXED} INSERT INTO indexed VALUES (1, {last}); \
         PRAGMA user_version = {FORMAT}; COMMIT"
    );
    let upgraded = connection.execute_batch(&steps).map_err(fault);
    if upgraded.is_err() && !connection.is_autocommit() {
        connection.execute_batch("ROLLBACK").map_err(fault)?;
    }
    upgraded
}

impl SqliteLedger {
    /// Makes a new ledger in `folder` (made if missing). `ledger_id` must come
    /// from a random generator.
    ///
    /// # Errors
    /// [`StorageFault`]; also when a ledger is already there.
    pub fn create(folder: &Path, ledger_id: [u8; 16]) -> Result<Self, StorageFault> {
        std::fs::create_dir_all(folder).map_err(io_fault(folder))?;
        let lock_file = take_lock(folder)?;
        let path = folder.join(DATABASE_FILE);
        let connection = Connection::open(&path).map_err(fault)?;
        connection.pragma_update(None, "page_size", PAGE_BYTES).map_err(fault)?;
        connection.pragma_update(None, "journal_mode", "WAL").map_err(fault)?;
        // A failed creation leaves no half: the tables and the id come in one
        // transaction, and a ledger already there makes CREATE TABLE fail.
        let begin = format!(
            "BEGIN IMMEDIATE; {SCHEMA} {SCHEMA_OF_INDEXED} INSERT INTO indexed VALUES (1, 0); \
             PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {FORMAT};"
        );
        connection.execute_batch(&begin).map_err(fault)?;
        connection.execute("INSERT INTO meta VALUES (1, ?1)", [&ledger_id[..]]).map_err(fault)?;
        connection.execute_batch("COMMIT").map_err(fault)?;
        Self::start(folder, connection, lock_file)
    }

    /// Opens the ledger in `folder` for reading and writing.
    ///
    /// # Errors
    /// [`StorageFault`], among them [`StorageFault::Missing`],
    /// [`StorageFault::InUse`] and [`StorageFault::DamagedLog`].
    pub fn open(folder: &Path) -> Result<Self, StorageFault> {
        Self::open_file(folder, true)
    }

    /// Opens a ledger whose log is damaged, accepting that everything from the
    /// damage on is lost. For an operator who has no better copy.
    ///
    /// # Errors
    /// As [`SqliteLedger::open`].
    pub fn open_accepting_loss(folder: &Path) -> Result<Self, StorageFault> {
        Self::open_file(folder, false)
    }

    fn open_file(folder: &Path, check_log: bool) -> Result<Self, StorageFault> {
        let path = folder.join(DATABASE_FILE);
        if !path.exists() {
            return Err(StorageFault::Missing(folder.to_owned()));
        }
        let lock_file = take_lock(folder)?;
        let log = folder.join(format!("{DATABASE_FILE}-wal"));
        if check_log
            && log.exists()
            && let Some(damage) = log::check(&log)?.into_iter().next()
        {
            return Err(StorageFault::DamagedLog(damage));
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&path, flags).map_err(fault)?;
        Self::start(folder, connection, lock_file)
    }

    /// Opens the ledger in `folder`, or makes one named `ledger_id` if there is
    /// none.
    ///
    /// # Errors
    /// [`StorageFault`].
    pub fn open_or_create(folder: &Path, ledger_id: [u8; 16]) -> Result<Self, StorageFault> {
        match Self::open(folder) {
            Err(StorageFault::Missing(_)) => Self::create(folder, ledger_id),
            other => other,
        }
    }

    fn start(folder: &Path, connection: Connection, lock: File) -> Result<Self, StorageFault> {
        check_format(&connection, folder)?;
        let ledger_id: [u8; 16] = connection
            .query_row("SELECT ledger_id FROM meta WHERE id = 1", [], |row| row.get(0))
            .map_err(fault)?;
        let recent = index::Recent::default();
        let writer = write::Writer::new(connection, ledger_id, folder.join(PAGES_FILE), recent.clone())?;
        let last = writer.last_position();
        Ok(Self {
            ledger_id,
            folder: folder.to_owned(),
            queue: commit::Queue::default(),
            recent,
            writer: Mutex::new(Some(writer)),
            readers: Mutex::new(Vec::new()),
            last: AtomicU64::new(last),
            watchers: Mutex::new(Vec::new()),
            _lock: lock,
        })
    }

    /// The data folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Limits how large the database may grow, in SQLite pages of 8192 bytes (4096 in a ledger of format 1)
    /// (`None`: no limit). Appends beyond fail with [`StorageFault::Full`].
    ///
    /// # Errors
    /// [`StorageFault`].
    pub fn limit_pages(&self, pages: Option<u32>) -> Result<(), StorageFault> {
        self.with_writer(|writer| writer.limit_pages(pages))
    }

    /// Pages in the database now.
    ///
    /// # Errors
    /// [`StorageFault`].
    pub fn pages(&self) -> Result<u32, StorageFault> {
        self.with_reader(|connection| {
            connection.pragma_query_value(None, "page_count", |row| row.get(0)).map_err(fault)
        })
    }

    /// Closes cleanly: everything into the one file, and a checksum of every
    /// page beside it. Dropping does the same but cannot report.
    ///
    /// # Errors
    /// [`StorageFault`]; no event is lost by it.
    pub fn close(self) -> Result<(), StorageFault> {
        self.seal()
    }

    fn seal(&self) -> Result<(), StorageFault> {
        lock(&self.readers).clear();
        let Some(writer) = lock(&self.writer).take() else {
            return Ok(());
        };
        writer.seal(&self.folder.join(DATABASE_FILE))
    }

    fn with_writer<T>(
        &self,
        work: impl FnOnce(&mut write::Writer) -> Result<T, StorageFault>,
    ) -> Result<T, StorageFault> {
        match lock(&self.writer).as_mut() {
            Some(writer) => work(writer),
            None => Err(StorageFault::Database("the ledger is closed".to_owned())),
        }
    }

    fn with_reader<T>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, StorageFault>,
    ) -> Result<T, StorageFault> {
        let kept = lock(&self.readers).pop();
        let connection = match kept {
            Some(connection) => connection,
            None => read::open_reader(&self.folder.join(DATABASE_FILE))?,
        };
        let answer = work(&connection);
        let mut readers = lock(&self.readers);
        if readers.len() < READERS_KEPT {
            readers.push(connection);
        }
        answer
    }

    fn tell_watchers(&self, position: u64) {
        // The queue lets only one leader commit at a time, but two leaders may
        // get here out of order: the number only grows.
        let before = self.last.fetch_max(position, Ordering::AcqRel);
        if position > before {
            lock(&self.watchers).retain(|watcher| watcher.send(Position(position)).is_ok());
        }
    }
}

impl Drop for SqliteLedger {
    fn drop(&mut self) {
        // Nobody is left to tell. Without the page checksums `verify` says so.
        let _ = self.seal();
    }
}

impl Ledger for SqliteLedger {
    fn ledger_id(&self) -> [u8; 16] {
        self.ledger_id
    }

    fn append(&self, append: Append) -> Result<Appended, AppendError> {
        let answers = self.queue.submit(vec![append], |group| self.commit(group));
        answers
            .into_iter()
            .next()
            .unwrap_or_else(|| Err(StorageFault::Database("the append was not answered".to_owned()).into()))
    }

    fn append_all(&self, appends: Vec<Append>) -> Vec<Result<Appended, AppendError>> {
        if appends.is_empty() {
            return Vec::new();
        }
        self.queue.submit(appends, |group| self.commit(group))
    }

    fn head(&self, stream: &StreamId) -> Result<Option<Head>, StorageFault> {
        Ok(self.place(stream)?.map(|place| place.head))
    }

    fn read_stream(&self, stream: &StreamId, from_seq: u64) -> Result<Vec<StoredEvent>, StorageFault> {
        match self.place(stream)? {
            Some(place) => self
                .with_reader(|connection| read::stream(connection, &self.ledger_id, stream, place, from_seq)),
            None => Ok(Vec::new()),
        }
    }

    fn read_all(&self, after: Position, limit: usize) -> Result<Vec<StoredEvent>, StorageFault> {
        self.with_reader(|connection| read::all(connection, after, limit))
    }

    fn streams(&self, prefix: &str) -> Result<Vec<(StreamId, Head)>, StorageFault> {
        // First what is newer than the table may be, then the table: see `Recent`.
        let recent = self.recent.with_prefix(prefix);
        let mut streams: BTreeMap<StreamId, Head> =
            self.with_reader(|connection| read::streams(connection, prefix))?.into_iter().collect();
        for (stream, head) in recent {
            let known = streams.entry(stream).or_insert(head);
            if head.seq > known.seq {
                *known = head;
            }
        }
        Ok(streams.into_iter().collect())
    }

    fn position(&self) -> Result<Position, StorageFault> {
        Ok(Position(self.last.load(Ordering::Acquire)))
    }

    fn subscribe(&self) -> Receiver<Position> {
        let (sender, receiver) = channel();
        lock(&self.watchers).push(sender);
        receiver
    }

    fn write_checkpoint(&self, key: &CheckpointKey, made_at: &str) -> Result<CheckpointFile, StorageFault> {
        self.with_writer(|writer| writer.write_checkpoint(key, made_at))
    }

    fn checkpoints(&self) -> Result<Vec<Checkpoint>, StorageFault> {
        self.with_reader(read::checkpoints)
    }

    fn latest_checkpoint(&self) -> Result<Option<CheckpointFile>, StorageFault> {
        self.with_reader(read::latest_checkpoint)
    }
}

impl SqliteLedger {
    /// The last record of a stream: what was committed since the table of heads was written, or the table.
    fn place(&self, stream: &StreamId) -> Result<Option<index::HeadPlace>, StorageFault> {
        match self.recent.get(stream) {
            Some(place) => Ok(Some(place)),
            None => self.with_reader(|connection| read::head_place(connection, stream)),
        }
    }

    /// Commits one group; called by the queue's leader only.
    fn commit(&self, group: &[Append]) -> Vec<Result<Appended, AppendError>> {
        let committed = self.with_writer(|writer| {
            let answers = writer.commit_group(group);
            Ok((answers, writer.last_position()))
        });
        match committed {
            Ok((answers, last)) => {
                self.tell_watchers(last);
                answers
            }
            Err(cause) => group.iter().map(|_| Err(cause.clone().into())).collect(),
        }
    }
}
