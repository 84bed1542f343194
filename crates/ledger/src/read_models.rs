//! Read models kept on disk: rows the caller computed from events, with the
//! position and code version they were computed at. Never a source of truth; a
//! model of another code version is cleared and computed again.
//!
//! Must not know: what a row shows, how it is computed.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rusqlite::types::{ToSqlOutput, Value, ValueRef};
use rusqlite::{Connection, OpenFlags, OptionalExtension as _, ToSql, Transaction, params};
use sha2::{Digest as _, Sha256};

use crate::sqlite::fault;
use crate::{Digest, Position, StorageFault};

/// Name of the file in the data folder. It may be deleted at any time.
pub const READ_MODELS_FILE: &str = "read-models.db";
/// Sort columns a row has, and filter columns.
pub const COLUMNS: usize = 4;
const FORMAT: i64 = 1;
const READERS_KEPT: usize = 8;
const SCHEMA: &str = "
CREATE TABLE models (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  code_version INTEGER NOT NULL,
  position INTEGER NOT NULL
);
CREATE TABLE rows (
  model INTEGER NOT NULL,
  key TEXT NOT NULL,
  sort_0, sort_1, sort_2, sort_3,
  filter_0 TEXT, filter_1 TEXT, filter_2 TEXT, filter_3 TEXT,
  bytes BLOB NOT NULL
);
CREATE UNIQUE INDEX by_key ON rows (model, key);
CREATE INDEX by_sort_0 ON rows (model, sort_0, key);
CREATE INDEX by_sort_1 ON rows (model, sort_1, key);
CREATE INDEX by_sort_2 ON rows (model, sort_2, key);
CREATE INDEX by_sort_3 ON rows (model, sort_3, key);
CREATE INDEX by_filter ON rows (model, filter_0, filter_1, filter_2, filter_3);
";

/// What rows are sorted by. Whole numbers come before text; a missing value
/// comes after both (before both when descending).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum SortValue {
    /// A whole number, such as microseconds since an epoch or a rank.
    Integer(i64),
    /// Text, in the order of its bytes.
    Text(String),
}

/// A missing sort value is stored as an empty blob, which SQLite places after
/// numbers and text.
struct SortColumn<'a>(Option<&'a SortValue>);

impl ToSql for SortColumn<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self.0 {
            None => ToSqlOutput::Borrowed(ValueRef::Blob(&[])),
            Some(SortValue::Integer(number)) => ToSqlOutput::Owned(Value::Integer(*number)),
            Some(SortValue::Text(text)) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
        })
    }
}

/// A row of a model.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ModelRow {
    /// Unique in its model.
    pub key: String,
    /// What it can be sorted by.
    pub sort: [Option<SortValue>; COLUMNS],
    /// What it can be filtered by.
    pub filter: [Option<String>; COLUMNS],
    /// What the caller wants back.
    pub bytes: Vec<u8>,
}

/// A change to a model.
#[derive(Debug, Clone, PartialEq, Eq)]
// Nearly all changes are rows; a box for each would only cost an allocation.
#[allow(clippy::large_enum_variant)]
pub enum Change {
    /// Adds the row or replaces the one with its key.
    Put(ModelRow),
    /// Removes the row with this key, if there is one.
    Delete(String),
}

/// How far a model has been computed and by which code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ModelState {
    /// Version of the code that computed it.
    pub code_version: u32,
    /// Last record taken into account.
    pub position: Position,
}

/// What to order by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OrderBy {
    /// The key.
    #[default]
    Key,
    /// Sort column 0 to 3; ties by key.
    Column(usize),
}

/// Which rows, in which order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Query {
    /// Order.
    pub order_by: OrderBy,
    /// Largest first.
    pub descending: bool,
    /// Filter column 0 to 3 and the values it may have; all must hold.
    pub filters: Vec<(usize, Vec<String>)>,
    /// Rows to pass over.
    pub offset: u64,
    /// Most rows to give.
    pub limit: u64,
}

/// Some rows of a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Keys and bytes, in order.
    pub rows: Vec<(String, Vec<u8>)>,
    /// Rows the filters let through.
    pub total: u64,
}

/// Why a model was not changed or read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadModelError {
    /// Somebody else has brought the model further, or it is of another code
    /// version: read its state and go on from there.
    #[error("model {model} is at {found:?}, not at {expected:?}")]
    Moved {
        /// Which model.
        model: String,
        /// State as it is; `None` when never begun.
        found: Option<ModelState>,
        /// State the caller thought.
        expected: ModelState,
    },
    /// There is no such column.
    #[error("there is no column {0}")]
    NoColumn(usize),
    /// Storage failed.
    #[error(transparent)]
    Fault(#[from] StorageFault),
}

/// The store of all read models.
pub struct ReadModelStore {
    path: PathBuf,
    writer: Mutex<Connection>,
    readers: Mutex<Vec<Connection>>,
}

impl ReadModelStore {
    /// Opens the store in `folder`. A store of another format is begun anew:
    /// everything in it can be computed again.
    ///
    /// # Errors
    /// [`StorageFault`].
    pub fn open(folder: &Path) -> Result<Self, StorageFault> {
        std::fs::create_dir_all(folder)
            .map_err(|cause| StorageFault::Io { path: folder.to_owned(), cause: cause.to_string() })?;
        let path = folder.join(READ_MODELS_FILE);
        let writer = Self::open_file(&path).or_else(|_| {
            for ending in ["", "-wal", "-shm"] {
                let mut name = path.clone().into_os_string();
                name.push(ending);
                // What cannot be removed makes the second opening fail.
                let _ = std::fs::remove_file(name);
            }
            Self::open_file(&path)
        })?;
        Ok(Self { path, writer: Mutex::new(writer), readers: Mutex::new(Vec::new()) })
    }

    fn open_file(path: &Path) -> Result<Connection, StorageFault> {
        let connection = Connection::open(path).map_err(fault)?;
        // Durable enough: what a loss of power takes is computed again.
        connection
            .pragma_update(None, "journal_mode", "WAL")
            .and_then(|()| connection.pragma_update(None, "synchronous", "NORMAL"))
            .map_err(fault)?;
        let found: i64 =
            connection.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(fault)?;
        match found {
            FORMAT => Ok(connection),
            0 => {
                let sql = format!("BEGIN IMMEDIATE; {SCHEMA} PRAGMA user_version = {FORMAT}; COMMIT;");
                connection.execute_batch(&sql).map_err(fault)?;
                Ok(connection)
            }
            other => Err(StorageFault::NewerFormat { found: other, known: FORMAT }),
        }
    }

    fn with_reader<T>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, ReadModelError>,
    ) -> Result<T, ReadModelError> {
        let kept = lock(&self.readers).pop();
        let connection = match kept {
            Some(connection) => connection,
            None => {
                let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
                Connection::open_with_flags(&self.path, flags).map_err(fault)?
            }
        };
        let answer = work(&connection);
        let mut readers = lock(&self.readers);
        if readers.len() < READERS_KEPT {
            readers.push(connection);
        }
        answer
    }

    /// State of a model; `None` when never begun.
    ///
    /// # Errors
    /// [`ReadModelError::Fault`].
    pub fn state(&self, model: &str) -> Result<Option<ModelState>, ReadModelError> {
        self.with_reader(|connection| Ok(find(connection, model)?.map(|found| found.1)))
    }

    /// Clears a model and begins it at position 0 with this code version.
    ///
    /// # Errors
    /// [`ReadModelError::Fault`].
    pub fn reset(&self, model: &str, code_version: u32) -> Result<(), ReadModelError> {
        let mut writer = lock(&self.writer);
        let transaction = writer.transaction().map_err(fault)?;
        transaction
            .execute(
                "INSERT INTO models (name, code_version, position) VALUES (?1, ?2, 0)
                 ON CONFLICT (name) DO UPDATE SET code_version = ?2, position = 0",
                params![model, code_version],
            )
            .and_then(|_| {
                transaction.execute(
                    "DELETE FROM rows WHERE model = (SELECT id FROM models WHERE name = ?1)",
                    [model],
                )
            })
            .map_err(fault)?;
        transaction.commit().map_err(fault)?;
        Ok(())
    }

    /// Brings a model from `from` to position `to`: rows and position change
    /// together or not at all.
    ///
    /// # Errors
    /// [`ReadModelError::Moved`] when the model is not at `from`.
    pub fn update(
        &self,
        model: &str,
        from: ModelState,
        to: Position,
        changes: &[Change],
    ) -> Result<(), ReadModelError> {
        let mut writer = lock(&self.writer);
        let transaction = writer.transaction().map_err(fault)?;
        let found = find(&transaction, model)?;
        let Some((id, _)) = found.filter(|(_, state)| *state == from) else {
            return Err(ReadModelError::Moved {
                model: model.to_owned(),
                found: found.map(|found| found.1),
                expected: from,
            });
        };
        for change in changes {
            apply(&transaction, id, change)?;
        }
        transaction
            .execute("UPDATE models SET position = ?2 WHERE id = ?1", params![id, to.0.cast_signed()])
            .map_err(fault)?;
        transaction.commit().map_err(fault)?;
        Ok(())
    }

    /// The bytes of one row.
    ///
    /// # Errors
    /// [`ReadModelError::Fault`].
    pub fn get(&self, model: &str, key: &str) -> Result<Option<Vec<u8>>, ReadModelError> {
        self.with_reader(|connection| {
            connection
                .prepare_cached(
                    "SELECT bytes FROM rows
                     WHERE model = (SELECT id FROM models WHERE name = ?1) AND key = ?2",
                )
                .and_then(|mut statement| statement.query_row([model, key], |row| row.get(0)).optional())
                .map_err(|error| fault(error).into())
        })
    }

    /// Some rows, sorted and filtered, and how many there are.
    ///
    /// # Errors
    /// [`ReadModelError::NoColumn`] or a fault.
    pub fn page(&self, model: &str, query: &Query) -> Result<Page, ReadModelError> {
        let order = match query.order_by {
            OrderBy::Key => None,
            OrderBy::Column(column) if column < COLUMNS => Some(column),
            OrderBy::Column(column) => return Err(ReadModelError::NoColumn(column)),
        };
        self.with_reader(|connection| {
            let Some((id, _)) = find(connection, model)? else {
                return Ok(Page { rows: Vec::new(), total: 0 });
            };
            let (condition, values) = condition(query)?;
            let counting = format!("SELECT count(*) FROM rows WHERE model = {id}{condition}");
            let total: i64 = connection
                .prepare_cached(&counting)
                .and_then(|mut statement| {
                    let values = rusqlite::params_from_iter(&values);
                    statement.query_row(values, |row| row.get(0))
                })
                .map_err(fault)?;
            let direction = if query.descending { "DESC" } else { "ASC" };
            let sorted = match order {
                None => format!("key {direction}"),
                Some(column) => format!("sort_{column} {direction}, key {direction}"),
            };
            let offset = i64::try_from(query.offset).unwrap_or(i64::MAX);
            let limit = i64::try_from(query.limit).unwrap_or(i64::MAX);
            let sql = format!(
                "SELECT key, bytes FROM rows WHERE model = {id}{condition} \
                 ORDER BY {sorted} LIMIT {limit} OFFSET {offset}"
            );
            let mut statement = connection.prepare(&sql).map_err(fault)?;
            let rows = statement
                .query_map(rusqlite::params_from_iter(&values), |row| Ok((row.get(0)?, row.get(1)?)))
                .map_err(fault)?;
            let rows = rows.collect::<Result<_, _>>().map_err(fault)?;
            Ok(Page { rows, total: total.cast_unsigned() })
        })
    }

    /// Digest over all rows of a model with their columns, sorted by key; two
    /// computations of the same events must give the same.
    ///
    /// # Errors
    /// [`ReadModelError::Fault`].
    pub fn digest(&self, model: &str) -> Result<Digest, ReadModelError> {
        self.with_reader(|connection| {
            let mut hasher = Sha256::new();
            let mut statement = connection
                .prepare(
                    "SELECT key, sort_0, sort_1, sort_2, sort_3, filter_0, filter_1, filter_2,
                            filter_3, bytes
                     FROM rows WHERE model = (SELECT id FROM models WHERE name = ?1)
                     ORDER BY key",
                )
                .map_err(fault)?;
            let mut rows = statement.query([model]).map_err(fault)?;
            while let Some(row) = rows.next().map_err(fault)? {
                for column in 0..2 + 2 * COLUMNS {
                    match row.get_ref(column).map_err(fault)? {
                        ValueRef::Null => hasher.update([0]),
                        ValueRef::Integer(number) => {
                            hasher.update([1]);
                            hasher.update(number.to_be_bytes());
                        }
                        ValueRef::Real(number) => {
                            hasher.update([2]);
                            hasher.update(number.to_be_bytes());
                        }
                        ValueRef::Text(bytes) => add_bytes(&mut hasher, 3, bytes),
                        ValueRef::Blob(bytes) => add_bytes(&mut hasher, 4, bytes),
                    }
                }
            }
            Ok(Digest(hasher.finalize().into()))
        })
    }
}

fn add_bytes(hasher: &mut Sha256, kind: u8, bytes: &[u8]) {
    hasher.update([kind]);
    hasher.update((bytes.len() as u64).to_be_bytes());
    hasher.update(bytes);
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn find(connection: &Connection, model: &str) -> Result<Option<(i64, ModelState)>, StorageFault> {
    connection
        .prepare_cached("SELECT id, code_version, position FROM models WHERE name = ?1")
        .and_then(|mut statement| {
            statement
                .query_row([model], |row| {
                    let state = ModelState {
                        code_version: row.get(1)?,
                        position: Position(row.get::<_, i64>(2)?.cast_unsigned()),
                    };
                    Ok((row.get(0)?, state))
                })
                .optional()
        })
        .map_err(fault)
}

fn condition(query: &Query) -> Result<(String, Vec<&str>), ReadModelError> {
    let mut condition = String::new();
    let mut values = Vec::new();
    for (column, allowed) in &query.filters {
        if *column >= COLUMNS {
            return Err(ReadModelError::NoColumn(*column));
        }
        let marks = vec!["?"; allowed.len()].join(", ");
        condition.push_str(&format!(" AND filter_{column} IN ({marks})"));
        values.extend(allowed.iter().map(String::as_str));
    }
    Ok((condition, values))
}

fn apply(transaction: &Transaction<'_>, id: i64, change: &Change) -> Result<(), StorageFault> {
    let done = match change {
        Change::Delete(key) => transaction
            .prepare_cached("DELETE FROM rows WHERE model = ?1 AND key = ?2")
            .and_then(|mut statement| statement.execute(params![id, key])),
        Change::Put(row) => {
            let [s0, s1, s2, s3] = row.sort.each_ref().map(|value| SortColumn(value.as_ref()));
            let [f0, f1, f2, f3] = &row.filter;
            transaction
                .prepare_cached(
                    "INSERT INTO rows (model, key, sort_0, sort_1, sort_2, sort_3,
                       filter_0, filter_1, filter_2, filter_3, bytes)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
                     ON CONFLICT (model, key) DO UPDATE SET
                       sort_0 = ?3, sort_1 = ?4, sort_2 = ?5, sort_3 = ?6,
                       filter_0 = ?7, filter_1 = ?8, filter_2 = ?9, filter_3 = ?10, bytes = ?11",
                )
                .and_then(|mut statement| {
                    statement.execute(params![id, row.key, s0, s1, s2, s3, f0, f1, f2, f3, row.bytes])
                })
        }
    };
    done.map(|_| ()).map_err(fault)
}
