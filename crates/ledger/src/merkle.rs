//! Merkle tree over stream heads, shaped and hashed as RFC 6962 section 2.1
//! has it, with inclusion proofs.
//!
//! Must not know: what stands in a leaf beyond its bytes.

use sha2::{Digest as _, Sha256};

use crate::types::Digest;

/// Hash of a leaf: SHA-256 of a zero byte and the leaf's bytes.
#[must_use]
pub fn leaf_hash(leaf: &[u8]) -> Digest {
    let mut hasher = Sha256::new();
    hasher.update([0]);
    hasher.update(leaf);
    Digest(hasher.finalize().into())
}

/// Hash of a node: SHA-256 of a one byte and both children.
#[must_use]
pub fn node_hash(left: &Digest, right: &Digest) -> Digest {
    let mut hasher = Sha256::new();
    hasher.update([1]);
    hasher.update(left.0);
    hasher.update(right.0);
    Digest(hasher.finalize().into())
}

/// Root over leaf hashes in order; of no leaves, the hash of nothing.
#[must_use]
pub fn root(leaves: &[Digest]) -> Digest {
    match leaves {
        [] => Digest::of(&[]),
        [one] => *one,
        many => {
            let (left, right) = many.split_at(left_size(many.len()));
            node_hash(&root(left), &root(right))
        }
    }
}

/// Largest power of two smaller than `count` (which is at least 2).
fn left_size(count: usize) -> usize {
    1 << (usize::BITS - 1 - (count - 1).leading_zeros())
}

/// Sibling hashes from the leaf up to the root; `None` when `index` is outside.
#[must_use]
pub fn inclusion_path(leaves: &[Digest], index: usize) -> Option<Vec<Digest>> {
    if index >= leaves.len() {
        return None;
    }
    let mut path = Vec::new();
    let mut part = leaves;
    let mut at = index;
    while part.len() > 1 {
        let (left, right) = part.split_at(left_size(part.len()));
        if at < left.len() {
            path.push(root(right));
            part = left;
        } else {
            path.push(root(left));
            at -= left.len();
            part = right;
        }
    }
    path.reverse();
    Some(path)
}

/// The root that `leaf` at `index` of a tree of `count` leaves has with this
/// path; `None` when the path's length does not fit.
#[must_use]
pub fn root_from_path(leaf: Digest, index: u64, count: u64, path: &[Digest]) -> Option<Digest> {
    if index >= count {
        return None;
    }
    let mut hash = leaf;
    let mut at = index;
    let mut last = count - 1;
    for sibling in path {
        if last == 0 {
            return None;
        }
        if at % 2 == 1 || at == last {
            hash = node_hash(sibling, &hash);
            // A right edge without a sibling climbs until it has one.
            while at.is_multiple_of(2) && at != 0 {
                at /= 2;
                last /= 2;
            }
        } else {
            hash = node_hash(&hash, sibling);
        }
        at /= 2;
        last /= 2;
    }
    (last == 0).then_some(hash)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// The eight inputs that RFC 6962 implementations are customarily tested
    /// with (Certificate Transparency's own test data): the roots are public.
    fn inputs() -> Vec<Vec<u8>> {
        ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
            .iter()
            .map(|hex| crate::types::from_hex(hex).unwrap())
            .collect()
    }

    #[test]
    fn roots_are_those_of_certificate_transparency() {
        let leaves: Vec<Digest> = inputs().iter().map(|leaf| leaf_hash(leaf)).collect();
        let expected = [
            (0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            (1, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"),
            (8, "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"),
        ];
        for (count, root_hex) in expected {
            assert_eq!(root(&leaves[..count]).to_string(), root_hex, "{count} leaves");
        }
    }

    #[test]
    fn every_leaf_of_every_size_is_proved_and_nothing_else_is() {
        let all: Vec<Digest> = (0_u8..40).map(|n| leaf_hash(&[n])).collect();
        for count in 1..=all.len() {
            let leaves = &all[..count];
            let top = root(leaves);
            for index in 0..count {
                let path = inclusion_path(leaves, index).unwrap();
                let (at, size) = (index as u64, count as u64);
                assert_eq!(root_from_path(leaves[index], at, size, &path), Some(top));
                assert_ne!(root_from_path(leaf_hash(b"other"), at, size, &path), Some(top));
                if count > 1 {
                    let elsewhere = (at + 1) % size;
                    assert_ne!(root_from_path(leaves[index], elsewhere, size, &path), Some(top));
                    assert_ne!(root_from_path(leaves[index], at, size, &path[1..]), Some(top));
                }
            }
            assert_eq!(inclusion_path(leaves, count), None);
        }
    }
}
