//! Board rows on disk: a file of its own that can be thrown away and rebuilt, with the ledger's
//! name, the position it was brought to and the version of the code that computed it.
//!
//! Never a source of truth, so a power cut may lose its newest rows; rows and position are written
//! in one transaction, so what is there always fits together and the rest is caught up from the ledger.
//!
//! Must not know: what a row means.

use crate::{AppError, row::Row};
use rusqlite::{Connection, OptionalExtension as _, params};
use std::path::Path;
use vena_base::ids::JourneyId;

/// File of the read models in the data folder.
pub const READ_MODELS_FILE: &str = "read-models.db";

const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS meta (
  id INTEGER PRIMARY KEY CHECK (id = 1), ledger BLOB NOT NULL, code INTEGER NOT NULL, position INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS board (journey TEXT PRIMARY KEY, row TEXT NOT NULL) WITHOUT ROWID;
";

fn database(cause: rusqlite::Error) -> AppError {
    AppError::Database { file: READ_MODELS_FILE, cause: cause.to_string() }
}

/// The rows' file.
pub(crate) struct RowsStore {
    connection: Connection,
    ledger: [u8; 16],
    code: i64,
}

impl RowsStore {
    /// Opens the file. Rows of another ledger, of other code, or of a position the ledger does not
    /// have are thrown away.
    pub(crate) fn open(folder: &Path, ledger: [u8; 16], last: u64, code: i64) -> Result<RowsStore, AppError> {
        let connection = Connection::open(folder.join(READ_MODELS_FILE)).map_err(database)?;
        connection.pragma_update(None, "journal_mode", "WAL").map_err(database)?;
        connection.pragma_update(None, "synchronous", "NORMAL").map_err(database)?;
        connection.execute_batch(SCHEMA).map_err(database)?;
        let mut store = RowsStore { connection, ledger, code };
        if store.position_if_valid(last)?.is_none() {
            store.clear()?;
        }
        Ok(store)
    }

    fn position_if_valid(&self, last: u64) -> Result<Option<u64>, AppError> {
        let meta: Option<(Vec<u8>, i64, i64)> = self
            .connection
            .query_row("SELECT ledger, code, position FROM meta WHERE id = 1", [], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?))
            })
            .optional()
            .map_err(database)?;
        Ok(meta.and_then(|(ledger, code, position)| {
            let position = u64::try_from(position).ok()?;
            (ledger == self.ledger && code == self.code && position <= last).then_some(position)
        }))
    }

    /// The position the rows are brought to.
    pub(crate) fn position(&self) -> Result<u64, AppError> {
        Ok(self.position_if_valid(u64::MAX)?.unwrap_or(0))
    }

    /// Throws all rows away.
    pub(crate) fn clear(&mut self) -> Result<(), AppError> {
        let transaction = self.connection.transaction().map_err(database)?;
        transaction.execute("DELETE FROM board", []).map_err(database)?;
        transaction
            .execute(
                "INSERT OR REPLACE INTO meta (id, ledger, code, position) VALUES (1, ?1, ?2, 0)",
                params![&self.ledger[..], self.code],
            )
            .map_err(database)?;
        transaction.commit().map_err(database)
    }

    /// All rows.
    pub(crate) fn rows(&self) -> Result<Vec<Row>, AppError> {
        let mut statement = self.connection.prepare("SELECT row FROM board").map_err(database)?;
        let mut found = statement.query([]).map_err(database)?;
        let mut rows = Vec::new();
        while let Some(row) = found.next().map_err(database)? {
            let text = row.get_ref(0).map_err(database)?;
            let text = text
                .as_str()
                .map_err(|cause| AppError::Database { file: READ_MODELS_FILE, cause: cause.to_string() })?;
            rows.push(
                serde_json::from_str(text).map_err(|cause| AppError::Database {
                    file: READ_MODELS_FILE,
                    cause: cause.to_string(),
                })?,
            );
        }
        Ok(rows)
    }

    /// Keeps rows, and the position they bring the whole to (`None` where more follow).
    pub(crate) fn put(
        &mut self,
        rows: &[impl std::borrow::Borrow<Row>],
        position: Option<u64>,
    ) -> Result<(), AppError> {
        let transaction = self.connection.transaction().map_err(database)?;
        {
            let mut statement = transaction
                .prepare_cached("INSERT OR REPLACE INTO board (journey, row) VALUES (?1, ?2)")
                .map_err(database)?;
            for row in rows {
                let row = row.borrow();
                let text = serde_json::to_string(row).map_err(|cause| AppError::Database {
                    file: READ_MODELS_FILE,
                    cause: cause.to_string(),
                })?;
                statement.execute(params![row.journey.as_str(), text]).map_err(database)?;
            }
        }
        if let Some(position) = position {
            transaction
                .execute("UPDATE meta SET position = ?1 WHERE id = 1", [position.cast_signed()])
                .map_err(database)?;
        }
        transaction.commit().map_err(database)
    }

    /// One row, as kept.
    pub(crate) fn row(&self, journey: &JourneyId) -> Result<Option<String>, AppError> {
        self.connection
            .query_row("SELECT row FROM board WHERE journey = ?1", [journey.as_str()], |row| row.get(0))
            .optional()
            .map_err(database)
    }
}
