//! The identity vault: who a pseudonymous patient is, kept apart from the
//! ledger and encrypted per patient, with a blind index for searching.
//!
//! Must not know: anything clinical; when identity may be restricted or shown
//! (the caller decides, the vault only refuses restricted identities).

mod blind;
mod rows;
mod seal;
mod words;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, OptionalExtension as _, Transaction, params};

use crate::keys::Secret;
use crate::sqlite::fault;
use crate::{Digest, StorageFault};
use blind::Term;
use rows::{all_patients, execute, having_all, json, latest, state, versions};
use seal::{PatientKey, Sealed};
use words::State;

pub use words::{Identity, Match, Random, Restriction, Search, SearchAudit, VaultError};

/// Name of the vault's file in the data folder.
pub const VAULT_FILE: &str = "vault.db";
const APPLICATION_ID: i64 = 0x5665_6e76;
const SCHEMA: &str = "
CREATE TABLE patients (
  patient TEXT PRIMARY KEY,
  wrapped_key BLOB NOT NULL,
  state BLOB NOT NULL
) WITHOUT ROWID;
CREATE TABLE identities (
  patient TEXT NOT NULL,
  version INTEGER NOT NULL,
  sealed BLOB NOT NULL,
  PRIMARY KEY (patient, version)
) WITHOUT ROWID;
CREATE TABLE terms (
  term BLOB NOT NULL,
  patient TEXT NOT NULL,
  PRIMARY KEY (term, patient)
) WITHOUT ROWID;
";

/// The identity vault on SQLite.
pub struct Vault {
    connection: Mutex<Connection>,
    wrapping_key: Secret,
    blind_key: Secret,
}

impl Vault {
    /// Opens the vault in `folder`, making it if there is none.
    ///
    /// # Errors
    /// [`VaultError::Fault`].
    pub fn open(folder: &Path, master: &Secret) -> Result<Self, VaultError> {
        std::fs::create_dir_all(folder)
            .map_err(|cause| StorageFault::Io { path: folder.to_owned(), cause: cause.to_string() })?;
        let connection = Connection::open(folder.join(VAULT_FILE)).map_err(fault)?;
        connection
            .pragma_update(None, "journal_mode", "WAL")
            .and_then(|()| connection.pragma_update(None, "synchronous", "FULL"))
            .map_err(fault)?;
        let found: i64 =
            connection.pragma_query_value(None, "application_id", |row| row.get(0)).map_err(fault)?;
        if found != APPLICATION_ID {
            let sql = format!("BEGIN IMMEDIATE; {SCHEMA} PRAGMA application_id = {APPLICATION_ID}; COMMIT;");
            connection.execute_batch(&sql).map_err(fault)?;
        }
        Ok(Self {
            connection: Mutex::new(connection),
            wrapping_key: Secret::new(blind::keyed(master, b"vena vault wrap 1", b"")),
            blind_key: Secret::new(blind::keyed(master, b"vena vault blind index 1", b"")),
        })
    }

    fn lock(&self) -> MutexGuard<'_, Connection> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps an identity; a changed one becomes a further version. The same
    /// identity again changes nothing.
    ///
    /// # Errors
    /// [`VaultError`]; nothing is changed then.
    pub fn put(&self, patient: &str, identity: &Identity, random: Random<'_>) -> Result<(), VaultError> {
        self.put_all(&[(patient, identity)], random)
    }

    /// Keeps many identities, all or none.
    ///
    /// # Errors
    /// [`VaultError`]; nothing is changed then.
    pub fn put_all(&self, identities: &[(&str, &Identity)], random: Random<'_>) -> Result<(), VaultError> {
        let mut connection = self.lock();
        let transaction = connection.transaction().map_err(fault)?;
        for (patient, identity) in identities {
            self.put_one(&transaction, patient, identity, random)?;
        }
        transaction.commit().map_err(fault)?;
        Ok(())
    }

    fn put_one(
        &self,
        transaction: &Transaction<'_>,
        patient: &str,
        identity: &Identity,
        random: Random<'_>,
    ) -> Result<(), VaultError> {
        let (key, before) = match self.patient_key(transaction, patient)? {
            Some(key) => {
                let latest = latest(transaction, patient, &key)?;
                (key, latest)
            }
            None => {
                let key = PatientKey::new(random);
                let wrapped = key.wrap(&self.wrapping_key, patient, random);
                let state = key.seal(Sealed::State, patient, 0, &json(&State::default()), random);
                execute(
                    transaction,
                    "INSERT INTO patients (patient, wrapped_key, state) VALUES (?1, ?2, ?3)",
                    params![patient, wrapped, state],
                )?;
                (key, None)
            }
        };
        let (version, old_terms) = match before {
            Some((_, ref held)) if held == identity => return Ok(()),
            Some((version, held)) => (version + 1, blind::terms(&self.blind_key, &held)),
            None => (1, BTreeSet::new()),
        };
        let sealed = key.seal(Sealed::Identity, patient, version, &json(identity), random);
        execute(
            transaction,
            "INSERT INTO identities (patient, version, sealed) VALUES (?1, ?2, ?3)",
            params![patient, version.cast_signed(), sealed],
        )?;
        let new_terms = blind::terms(&self.blind_key, identity);
        for term in old_terms.difference(&new_terms) {
            execute(
                transaction,
                "DELETE FROM terms WHERE term = ?1 AND patient = ?2",
                params![&term[..], patient],
            )?;
        }
        for term in new_terms.difference(&old_terms) {
            execute(
                transaction,
                "INSERT OR IGNORE INTO terms (term, patient) VALUES (?1, ?2)",
                params![&term[..], patient],
            )?;
        }
        Ok(())
    }

    fn patient_key(&self, connection: &Connection, patient: &str) -> Result<Option<PatientKey>, VaultError> {
        let wrapped: Option<Vec<u8>> = connection
            .prepare_cached("SELECT wrapped_key FROM patients WHERE patient = ?1")
            .and_then(|mut found| found.query_row([patient], |row| row.get(0)).optional())
            .map_err(fault)?;
        wrapped.map(|wrapped| PatientKey::unwrap(&self.wrapping_key, patient, &wrapped)).transpose()
    }

    fn known_key(&self, connection: &Connection, patient: &str) -> Result<PatientKey, VaultError> {
        self.patient_key(connection, patient)?.ok_or_else(|| VaultError::Unknown(patient.to_owned()))
    }

    /// The latest identity of a patient.
    ///
    /// # Errors
    /// [`VaultError::Unknown`], [`VaultError::Restricted`], and others.
    pub fn get(&self, patient: &str) -> Result<Identity, VaultError> {
        let found = self.get_even_restricted(patient)?;
        match found.restriction {
            None => Ok(found.identity),
            Some(restriction) => Err(VaultError::Restricted { patient: patient.to_owned(), restriction }),
        }
    }

    /// The latest identity of a patient, restricted or not. Whether that is
    /// permitted is the caller's decision.
    ///
    /// # Errors
    /// [`VaultError`].
    pub fn get_even_restricted(&self, patient: &str) -> Result<Match, VaultError> {
        let connection = self.lock();
        self.open_match(&connection, patient)
    }

    fn open_match(&self, connection: &Connection, patient: &str) -> Result<Match, VaultError> {
        let key = self.known_key(connection, patient)?;
        let (_, identity) =
            latest(connection, patient, &key)?.ok_or_else(|| VaultError::Unknown(patient.to_owned()))?;
        let state = state(connection, patient, &key)?;
        Ok(Match { patient: patient.to_owned(), identity, restriction: state.restriction })
    }

    /// Every version that was kept, oldest first.
    ///
    /// # Errors
    /// [`VaultError`].
    pub fn history(&self, patient: &str) -> Result<Vec<Identity>, VaultError> {
        let connection = self.lock();
        let key = self.known_key(&connection, patient)?;
        let versions = versions(&connection, patient, &key)?;
        Ok(versions.into_iter().map(|(_, identity)| identity).collect())
    }

    /// Restricts an identity: it stays, and is no longer shown or found.
    ///
    /// # Errors
    /// [`VaultError`].
    pub fn restrict(
        &self,
        patient: &str,
        restriction: Restriction,
        random: Random<'_>,
    ) -> Result<(), VaultError> {
        self.set_state(patient, Some(restriction), random)
    }

    /// Ends a restriction.
    ///
    /// # Errors
    /// [`VaultError`].
    pub fn end_restriction(&self, patient: &str, random: Random<'_>) -> Result<(), VaultError> {
        self.set_state(patient, None, random)
    }

    fn set_state(
        &self,
        patient: &str,
        restriction: Option<Restriction>,
        random: Random<'_>,
    ) -> Result<(), VaultError> {
        let connection = self.lock();
        let key = self.known_key(&connection, patient)?;
        let state = json(&State { restriction });
        let sealed = key.seal(Sealed::State, patient, 0, &state, random);
        execute(&connection, "UPDATE patients SET state = ?2 WHERE patient = ?1", params![patient, sealed])
    }

    /// Finds patients. `audit` is told before anything is shown and must
    /// succeed (append an event, say), or nothing is shown.
    ///
    /// # Errors
    /// [`VaultError`], among them [`VaultError::NotAudited`].
    pub fn search<E: std::fmt::Display>(
        &self,
        search: &Search<'_>,
        audit: impl FnOnce(&SearchAudit) -> Result<(), E>,
    ) -> Result<Vec<Match>, VaultError> {
        let mut found = self.find(search)?;
        let name = |found: &Match| found.identity.names.first().cloned();
        found.sort_by(|one, other| (name(one), &one.patient).cmp(&(name(other), &other.patient)));
        found.truncate(search.limit);
        let told = SearchAudit {
            by: search.by.to_owned(),
            at: search.at.to_owned(),
            query: Digest(blind::keyed(&self.blind_key, b"query", blind::fold(search.query).as_bytes())),
            show_restricted: search.show_restricted,
            found: found.iter().map(|found| found.patient.clone()).collect(),
        };
        audit(&told).map_err(|cause| VaultError::NotAudited(cause.to_string()))?;
        Ok(found)
    }

    fn find(&self, search: &Search<'_>) -> Result<Vec<Match>, VaultError> {
        let connection = self.lock();
        let words = blind::words(&self.blind_key, search.query);
        let mut candidates: Option<BTreeSet<String>> = None;
        for word in &words {
            let mut having = BTreeSet::new();
            for terms in &word.alternatives {
                having.append(&mut having_all(&connection, terms)?);
            }
            candidates = Some(match candidates {
                None => having,
                Some(before) => before.intersection(&having).cloned().collect(),
            });
        }
        let mut found = Vec::new();
        for patient in candidates.unwrap_or_default() {
            let candidate = self.open_match(&connection, &patient)?;
            let shown = search.show_restricted || candidate.restriction.is_none();
            if shown && words.iter().all(|word| blind::matches(&candidate.identity, word)) {
                found.push(candidate);
            }
        }
        Ok(found)
    }

    /// Opens everything and compares the index with the identities. One line
    /// for each thing that is not as it was stored.
    ///
    /// # Errors
    /// [`StorageFault`] when the file cannot be read at all.
    pub fn verify(&self) -> Result<Vec<String>, StorageFault> {
        let connection = self.lock();
        let mut problems = Vec::new();
        let mut expected: BTreeSet<(Term, String)> = BTreeSet::new();
        for patient in all_patients(&connection)? {
            match self.check_patient(&connection, &patient) {
                Ok(terms) => {
                    expected.extend(terms.into_iter().map(|term| (term, patient.clone())));
                }
                Err(cause) => problems.push(cause.to_string()),
            }
        }
        let mut statement = connection.prepare("SELECT term, patient FROM terms").map_err(fault)?;
        let mut rows = statement.query([]).map_err(fault)?;
        while let Some(row) = rows.next().map_err(fault)? {
            let term: Option<Term> = row.get(0).ok();
            let patient: String = row.get(1).unwrap_or_default();
            let known = term.is_some_and(|term| expected.remove(&(term, patient.clone())));
            if !known {
                problems.push(format!("the index has a term too many for {patient}"));
            }
        }
        for (_, patient) in expected {
            problems.push(format!("the index lacks a term of {patient}"));
        }
        let orphans: i64 = connection
            .query_row(
                "SELECT count(*) FROM identities WHERE patient NOT IN (SELECT patient FROM patients)",
                [],
                |row| row.get(0),
            )
            .map_err(fault)?;
        if orphans > 0 {
            problems.push(format!("{orphans} identities belong to no patient"));
        }
        Ok(problems)
    }

    fn check_patient(&self, connection: &Connection, patient: &str) -> Result<BTreeSet<Term>, VaultError> {
        let key = self.known_key(connection, patient)?;
        state(connection, patient, &key)?;
        let versions = versions(connection, patient, &key)?;
        let gapless = versions.iter().map(|(version, _)| *version).eq(1..=versions.len() as u64);
        match versions.last() {
            Some((_, identity)) if gapless => Ok(blind::terms(&self.blind_key, identity)),
            _ => Err(VaultError::Damaged { patient: patient.to_owned(), what: "sequence of versions" }),
        }
    }
}
