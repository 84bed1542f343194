//! The files the program carries hold no problem.
use vena_knowledge::Knowledge;

/// Rows X2, X4, X5, X8, F1, P1: every rule file is whole.
#[test]
fn embedded_files_hold_no_problem() {
    let problems: Vec<String> = Knowledge::embedded().problems.iter().map(ToString::to_string).collect();
    assert!(problems.is_empty(), "\n{}", problems.join("\n"));
}
