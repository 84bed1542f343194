//! The words of the vault: identity, restriction, search, what the audit hears.
//!
//! Must not know: any store, any key.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Digest, StorageFault};

/// Who somebody is. Which names and numbers there are is the caller's matter.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// Names as written, in any script.
    pub names: Vec<String>,
    /// Record and other identifying numbers as written.
    pub record_numbers: Vec<String>,
    /// Birth date as written, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub birth_date: Option<String>,
    /// Anything else that identifies (address, telephone), not searchable.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub other: BTreeMap<String, String>,
}

/// Who restricted an identity, when and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restriction {
    /// Pseudonymous id of who did it.
    pub by: String,
    /// When, by the caller's clock.
    pub at: String,
    /// Why.
    pub reason: String,
    /// Who may see it all the same, in the caller's words; nobody where empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allowed: Vec<String>,
}

#[derive(Serialize, Deserialize, Default)]
pub(super) struct State {
    pub(super) restriction: Option<Restriction>,
}

/// Why the vault does not answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    /// No identity is kept under this id.
    #[error("no identity is kept for {0}")]
    Unknown(String),
    /// The identity is restricted.
    #[error("the identity of {patient} is restricted since {}", restriction.at)]
    Restricted {
        /// Whose.
        patient: String,
        /// By whom, when, why.
        restriction: Restriction,
    },
    /// Bytes are not what was stored, or the key is another.
    #[error("the {what} of {patient} does not open: it is damaged or the key is another")]
    Damaged {
        /// Whose.
        patient: String,
        /// Which part.
        what: &'static str,
    },
    /// The audit refused or failed; nothing was shown.
    #[error("the search was not shown because it could not be audited: {0}")]
    NotAudited(String),
    /// Storage failed.
    #[error(transparent)]
    Fault(#[from] StorageFault),
}

/// Fills a buffer with cryptographic randomness.
pub type Random<'a> = &'a mut dyn FnMut(&mut [u8]);

/// A search somebody makes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Search<'a> {
    /// What was typed: family name, full name, part of a record number, birth
    /// date, or several of them with spaces between. All words must match.
    pub query: &'a str,
    /// Pseudonymous id of who searches.
    pub by: &'a str,
    /// When, by the caller's clock.
    pub at: &'a str,
    /// Most answers.
    pub limit: usize,
    /// Whether restricted identities are shown; the caller's permission.
    pub show_restricted: bool,
}

/// What the audit is told. Holds no identity: the query stands as keyed digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SearchAudit {
    /// Who searched.
    pub by: String,
    /// When.
    pub at: String,
    /// Keyed digest of the query; the same query has the same digest.
    pub query: Digest,
    /// Whether restricted identities were asked for.
    pub show_restricted: bool,
    /// Patients about to be shown.
    pub found: Vec<String>,
}

/// One answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Match {
    /// Pseudonymous id.
    pub patient: String,
    /// Who it is.
    pub identity: Identity,
    /// Set when restricted (and restricted ones were asked for).
    pub restriction: Option<Restriction>,
}
