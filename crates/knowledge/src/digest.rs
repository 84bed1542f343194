//! The digest that freezes a published version. Knows bytes only.

use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;

/// SHA-256 of a knowledge file in hexadecimal. Line ends are compared as `\n`, so that a checkout on
/// another system has the same digest.
pub fn digest(text: &str) -> String {
    let mut hasher = Sha256::new();
    hasher.update(text.replace("\r\n", "\n").as_bytes());
    hasher.finalize().iter().fold(String::with_capacity(64), |mut hex, byte| {
        // Writing to a String cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
