//! `cargo xtask trace`: for each feature row its rules, tests, pages and guide; a hole fails.

use crate::{
    run::{Done, root},
    source::{SourceFile, files},
};
use serde::Deserialize;

#[derive(Deserialize)]
struct Trace {
    row: Vec<Row>,
}

#[derive(Deserialize)]
struct Row {
    id: String,
    title: String,
    /// Rule ids; empty for rows that hold no number.
    #[serde(default)]
    rules: Vec<String>,
    /// Routes of the web pages; empty where the row is reached by the command line only, with the reason.
    #[serde(default)]
    pages: Vec<String>,
    /// Commands of the program.
    #[serde(default)]
    commands: Vec<String>,
    /// The guide's file.
    guide: String,
    /// What of the row does not stand yet; printed, never hidden.
    #[serde(default)]
    open: String,
}

/// The row ids a comment like `Rows X2, X5 and X8` names.
fn names_row(text: &str, id: &str) -> usize {
    let is_word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    text.lines()
        .filter(|line| line.contains("Row ") || line.contains("Rows "))
        .filter(|line| {
            line.match_indices(id).any(|(start, _)| {
                let before = line.get(..start).and_then(|s| s.chars().next_back());
                let after = line.get(start + id.len()..).and_then(|s| s.chars().next());
                !is_word(before) && !is_word(after)
            })
        })
        .count()
}

/// Prints the table and fails on a hole.
pub fn trace() -> Done {
    let text = std::fs::read_to_string(root().join("docs/trace.toml"))
        .map_err(|p| format!("docs/trace.toml: {p}"))?;
    let trace: Trace = toml::from_str(&text).map_err(|problem| format!("docs/trace.toml: {problem}"))?;
    let code = files("crates", &[".rs"]);
    let browser = files("tests/browser", &[".mjs"]);
    let rules = files("knowledge", &[".toml"]);
    let mut holes = Vec::new();
    for row in &trace.row {
        check(row, &code, &browser, &rules, &mut holes);
    }
    if holes.is_empty() {
        Ok(())
    } else {
        Err(format!("trace found {} holes:\n  {}", holes.len(), holes.join("\n  ")))
    }
}

fn check(
    row: &Row,
    code: &[SourceFile],
    browser: &[SourceFile],
    rules: &[SourceFile],
    holes: &mut Vec<String>,
) {
    println!("{} · {}", row.id, row.title);
    for rule in &row.rules {
        let found = rules.iter().find(|f| f.text.contains(&format!("id = \"{rule}\"")));
        match found {
            Some(file) => println!("   rule   {rule}  ({})", file.path),
            None => holes.push(format!("{}: rule {rule} stands in no knowledge file", row.id)),
        }
    }
    let mut tests = 0;
    for file in code.iter().chain(browser) {
        let count = names_row(&file.text, &row.id);
        if count > 0 {
            println!("   test   {} ({count})", file.path);
            tests += count;
        }
    }
    if tests == 0 {
        holes.push(format!("{}: no test names it", row.id));
    }
    for page in &row.pages {
        if code.iter().any(|f| f.path.starts_with("crates/web/") && f.text.contains(&format!("\"{page}\""))) {
            println!("   page   {page}");
        } else {
            holes.push(format!("{}: page {page} has no route", row.id));
        }
    }
    for command in &row.commands {
        println!("   command vena {command}");
    }
    if row.pages.is_empty() && row.commands.is_empty() {
        holes.push(format!("{}: neither page nor command", row.id));
    }
    if root().join(&row.guide).is_file() {
        println!("   guide  {}", row.guide);
    } else {
        holes.push(format!("{}: guide {} is missing", row.id, row.guide));
    }
    if !row.open.is_empty() {
        println!("   open   {}", row.open);
    }
}
