//! Sealing for the vault: a key per patient, wrapped by the master's key, and
//! what is sealed with it bound to patient, part and version.
//!
//! Must not know: any store.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

use super::{Random, VaultError};
use crate::keys::Secret;

const NONCE_BYTES: usize = 24;

/// Which part is sealed; stands in the authenticated data.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Sealed {
    Key,
    Identity,
    State,
}

impl Sealed {
    fn name(self) -> &'static str {
        match self {
            Self::Key => "key",
            Self::Identity => "identity",
            Self::State => "state",
        }
    }
}

fn bound_to(part: Sealed, patient: &str, version: u64) -> Vec<u8> {
    let mut data = format!("vena vault {} v1\n", part.name()).into_bytes();
    data.extend_from_slice(&version.to_be_bytes());
    data.extend_from_slice(patient.as_bytes());
    data
}

fn seal(key: &Secret, bound: &[u8], plain: &[u8], random: Random<'_>) -> Vec<u8> {
    let mut nonce = [0; NONCE_BYTES];
    random(&mut nonce);
    let payload = Payload { msg: plain, aad: bound };
    // Fails only for inputs beyond 256 GiB; an empty answer opens with no key.
    let sealed =
        XChaCha20Poly1305::new(key.bytes().into()).encrypt(&XNonce::from(nonce), payload).unwrap_or_default();
    let mut out = nonce.to_vec();
    out.extend_from_slice(&sealed);
    out
}

fn open(key: &Secret, bound: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (nonce, sealed) = sealed.split_at_checked(NONCE_BYTES)?;
    let nonce = <[u8; NONCE_BYTES]>::try_from(nonce).ok()?;
    let payload = Payload { msg: sealed, aad: bound };
    XChaCha20Poly1305::new(key.bytes().into()).decrypt(&XNonce::from(nonce), payload).ok().map(Zeroizing::new)
}

/// One patient's key.
pub(super) struct PatientKey(Secret);

impl PatientKey {
    pub(super) fn new(random: Random<'_>) -> Self {
        let mut bytes = Zeroizing::new([0; 32]);
        random(&mut *bytes);
        Self(Secret::new(*bytes))
    }

    pub(super) fn wrap(&self, wrapping: &Secret, patient: &str, random: Random<'_>) -> Vec<u8> {
        let bound = bound_to(Sealed::Key, patient, 0);
        seal(wrapping, &bound, self.0.bytes(), random)
    }

    pub(super) fn unwrap(wrapping: &Secret, patient: &str, wrapped: &[u8]) -> Result<Self, VaultError> {
        open(wrapping, &bound_to(Sealed::Key, patient, 0), wrapped)
            .and_then(|bytes| <[u8; 32]>::try_from(bytes.as_slice()).ok())
            .map(|bytes| Self(Secret::new(bytes)))
            .ok_or_else(|| VaultError::Damaged { patient: patient.to_owned(), what: Sealed::Key.name() })
    }

    pub(super) fn seal(
        &self,
        part: Sealed,
        patient: &str,
        version: u64,
        plain: &[u8],
        random: Random<'_>,
    ) -> Vec<u8> {
        seal(&self.0, &bound_to(part, patient, version), plain, random)
    }

    pub(super) fn open_json<T: serde::de::DeserializeOwned>(
        &self,
        part: Sealed,
        patient: &str,
        version: u64,
        sealed: &[u8],
    ) -> Result<T, VaultError> {
        open(&self.0, &bound_to(part, patient, version), sealed)
            .and_then(|plain| serde_json::from_slice(&plain).ok())
            .ok_or_else(|| VaultError::Damaged { patient: patient.to_owned(), what: part.name() })
    }
}
