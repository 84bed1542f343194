//! The crate graph as it is (from cargo's metadata) against the one drawn in `ARCHITECTURE.md`.

use crate::run::{Done, answer, root};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Cargo's metadata of the workspace and its dependencies.
pub fn metadata() -> Result<Value, String> {
    let text = answer("cargo", &["metadata", "--format-version", "1", "--all-features"])
        .ok_or("cargo metadata does not answer")?;
    serde_json::from_str(&text).map_err(|problem| format!("cargo metadata: {problem}"))
}

fn short(name: &str) -> Option<&str> {
    name.strip_prefix("vena-")
}

/// Who uses whom, without what only tests use.
pub fn real(metadata: &Value) -> BTreeMap<String, BTreeSet<String>> {
    let mut graph = BTreeMap::new();
    for package in metadata["packages"].as_array().into_iter().flatten() {
        let Some(name) = package["name"].as_str().and_then(short) else { continue };
        let uses: BTreeSet<String> = package["dependencies"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|d| d["kind"].as_str() != Some("dev"))
            .filter_map(|d| d["name"].as_str().and_then(short).map(str::to_owned))
            .collect();
        graph.insert(name.to_owned(), uses);
    }
    graph
}

/// The drawing in `ARCHITECTURE.md`: lines `name → a, b` between the markers.
fn drawn() -> Result<BTreeMap<String, BTreeSet<String>>, String> {
    let text = std::fs::read_to_string(root().join("ARCHITECTURE.md"))
        .map_err(|p| format!("ARCHITECTURE.md: {p}"))?;
    let (_, rest) = text.split_once("<!-- crate graph -->").ok_or("ARCHITECTURE.md has no crate graph")?;
    let (block, _) =
        rest.split_once("<!-- end of crate graph -->").ok_or("the crate graph has no end mark")?;
    let mut graph = BTreeMap::new();
    for line in block.lines().filter(|line| line.contains('→')) {
        let (name, uses) = line.split_once('→').unwrap_or((line, ""));
        let uses =
            uses.split(',').map(|u| u.trim().to_owned()).filter(|u| !u.is_empty() && u != "–").collect();
        graph.insert(name.trim().to_owned(), uses);
    }
    Ok(graph)
}

/// Compares the two and says every difference.
pub fn check(metadata: &Value) -> Done {
    let (real, drawn) = (real(metadata), drawn()?);
    let mut differences = Vec::new();
    for name in real.keys().chain(drawn.keys()).collect::<BTreeSet<_>>() {
        match (real.get(name), drawn.get(name)) {
            (Some(a), Some(b)) if a == b => {}
            (Some(a), Some(b)) => differences.push(format!("{name} uses {a:?}, drawn {b:?}")),
            (Some(a), None) => differences.push(format!("{name} (uses {a:?}) is not drawn")),
            (None, _) => differences.push(format!("{name} is drawn but does not exist")),
        }
    }
    if differences.is_empty() { Ok(()) } else { Err(format!("crate graph: {}", differences.join("; "))) }
}
