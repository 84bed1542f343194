//! The project's own source files, read once.

use crate::run::root;
use std::path::{Path, PathBuf};

/// One text file.
pub struct SourceFile {
    /// Path from the workspace's folder, with `/`.
    pub path: String,
    /// Its text.
    pub text: String,
}

const LEFT_ALONE: [&str; 5] = ["target", "node_modules", ".git", "vendor", "vena-data"];

fn walk(folder: &Path, endings: &[&str], found: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        if path.is_dir() {
            if !LEFT_ALONE.iter().any(|left| name == *left || name.starts_with("target-")) {
                walk(&path, endings, found);
            }
        } else if endings.iter().any(|ending| name.ends_with(ending)) {
            found.push(path);
        }
    }
}

/// All files below a folder of the workspace with one of these endings, in order.
pub fn files(below: &str, endings: &[&str]) -> Vec<SourceFile> {
    let root = root();
    let mut paths = Vec::new();
    walk(&root.join(below), endings, &mut paths);
    paths.sort();
    paths
        .into_iter()
        .filter_map(|path| {
            let text = std::fs::read_to_string(&path).ok()?;
            let path = path.strip_prefix(&root).unwrap_or(&path).to_string_lossy().replace('\\', "/");
            Some(SourceFile { path, text })
        })
        .collect()
}
