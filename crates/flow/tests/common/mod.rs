//! What the tests share: where outside data lies, a reader for .npy truths.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, dead_code)]

use std::path::{Path, PathBuf};

/// A folder of outside data below `VENA_CONFORMANCE_DIR` (default: the folder
/// `shared/data` beside the workspace). `None`, and said so, when it is absent.
pub fn outside(folder: &str) -> Option<PathBuf> {
    let base = std::env::var_os("VENA_CONFORMANCE_DIR")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"), PathBuf::from);
    let path = base.join(folder);
    if path.is_dir() {
        return Some(path);
    }
    println!("LEFT OUT: outside data {folder} is not at {}", base.display());
    None
}

pub fn read(path: impl AsRef<Path>) -> Vec<u8> {
    let path = path.as_ref();
    std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A NumPy array of float64 in C order: (rows, columns, values).
pub fn npy(path: impl AsRef<Path>) -> (usize, usize, Vec<f64>) {
    let bytes = read(path);
    assert_eq!(&bytes[..6], b"\x93NUMPY");
    let header_len = usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    let header = std::str::from_utf8(&bytes[10..10 + header_len]).unwrap();
    assert!(header.contains("'<f8'") && header.contains("'fortran_order': False"), "{header}");
    let shape = header.split("'shape': (").nth(1).unwrap().split(')').next().unwrap();
    let sizes: Vec<usize> = shape.split(',').map(|size| size.trim().parse().unwrap()).collect();
    let values: Vec<f64> = bytes[10 + header_len..]
        .chunks_exact(8)
        .map(|raw| f64::from_le_bytes(raw.try_into().unwrap()))
        .collect();
    assert_eq!(values.len(), sizes[0] * sizes[1]);
    (sizes[0], sizes[1], values)
}
