//! Rows of the vault's tables, opened with the patient's key.
//!
//! Must not know: who searches, what is shown to whom.

use std::collections::BTreeSet;

use rusqlite::{Connection, OptionalExtension as _};
use serde::Serialize;

use super::blind::Term;
use super::seal::{PatientKey, Sealed};
use super::words::{Identity, State, VaultError};
use crate::StorageFault;
use crate::sqlite::fault;

pub(super) fn json<T: Serialize>(value: &T) -> Vec<u8> {
    // Plain structs of text serialise always.
    serde_json::to_vec(value).unwrap_or_default()
}

pub(super) fn execute(
    connection: &Connection,
    sql: &str,
    values: impl rusqlite::Params,
) -> Result<(), VaultError> {
    connection
        .prepare_cached(sql)
        .and_then(|mut statement| statement.execute(values))
        .map(|_| ())
        .map_err(|error| fault(error).into())
}

pub(super) fn all_patients(connection: &Connection) -> Result<Vec<String>, StorageFault> {
    let mut statement = connection.prepare("SELECT patient FROM patients ORDER BY patient").map_err(fault)?;
    let rows = statement.query_map([], |row| row.get(0)).map_err(fault)?;
    rows.map(|row| row.map_err(fault)).collect()
}

pub(super) fn having_all(connection: &Connection, terms: &[Term]) -> Result<BTreeSet<String>, VaultError> {
    let mut all: Option<BTreeSet<String>> = None;
    let mut statement =
        connection.prepare_cached("SELECT patient FROM terms WHERE term = ?1").map_err(fault)?;
    for term in terms {
        let rows = statement.query_map([&term[..]], |row| row.get::<_, String>(0)).map_err(fault)?;
        let having: BTreeSet<String> = rows.collect::<Result<_, _>>().map_err(fault)?;
        all = Some(match all {
            None => having,
            Some(before) => before.intersection(&having).cloned().collect(),
        });
        if all.as_ref().is_some_and(BTreeSet::is_empty) {
            break;
        }
    }
    Ok(all.unwrap_or_default())
}

pub(super) fn versions(
    connection: &Connection,
    patient: &str,
    key: &PatientKey,
) -> Result<Vec<(u64, Identity)>, VaultError> {
    let mut statement = connection
        .prepare_cached("SELECT version, sealed FROM identities WHERE patient = ?1 ORDER BY version")
        .map_err(fault)?;
    let rows = statement
        .query_map([patient], |row| Ok((row.get::<_, i64>(0)?.cast_unsigned(), row.get::<_, Vec<u8>>(1)?)))
        .map_err(fault)?;
    rows.map(|row| {
        let (version, sealed) = row.map_err(fault)?;
        Ok((version, key.open_json(Sealed::Identity, patient, version, &sealed)?))
    })
    .collect()
}

pub(super) fn latest(
    connection: &Connection,
    patient: &str,
    key: &PatientKey,
) -> Result<Option<(u64, Identity)>, VaultError> {
    let found: Option<(i64, Vec<u8>)> = connection
        .prepare_cached(
            "SELECT version, sealed FROM identities WHERE patient = ?1 \
             ORDER BY version DESC LIMIT 1",
        )
        .and_then(|mut statement| {
            statement.query_row([patient], |row| Ok((row.get(0)?, row.get(1)?))).optional()
        })
        .map_err(fault)?;
    found
        .map(|(version, sealed)| {
            let version = version.cast_unsigned();
            let identity = key.open_json(Sealed::Identity, patient, version, &sealed)?;
            Ok((version, identity))
        })
        .transpose()
}

pub(super) fn state(connection: &Connection, patient: &str, key: &PatientKey) -> Result<State, VaultError> {
    let sealed: Vec<u8> = connection
        .prepare_cached("SELECT state FROM patients WHERE patient = ?1")
        .and_then(|mut statement| statement.query_row([patient], |row| row.get(0)))
        .map_err(fault)?;
    key.open_json(Sealed::State, patient, 0, &sealed)
}
