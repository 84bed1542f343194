//! Running other programs and saying so.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

/// What every task answers: nothing, or a sentence saying what went wrong.
pub type Done = Result<(), String>;

/// The workspace's folder.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_path_buf).unwrap_or_default()
}

/// Runs a program in the workspace, its output passed through.
pub fn run(program: &str, words: &[&str]) -> Done {
    run_with(program, words, &[])
}

/// Runs a program with further environment variables.
pub fn run_with(program: &str, words: &[&str], environment: &[(&str, &str)]) -> Done {
    println!("\n» {program} {}", words.join(" "));
    let mut command = Command::new(program);
    command.args(words).current_dir(root());
    for (name, value) in environment {
        command.env(name, value);
    }
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("`{program} {}` ended with {status}", words.join(" "))),
        Err(problem) => Err(format!("`{program}` cannot be started: {problem}")),
    }
}

/// What a program prints, or `None` when it cannot be run or fails.
pub fn answer(program: &str, words: &[&str]) -> Option<String> {
    let output = Command::new(program).args(words).current_dir(root()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Whether a program is on the machine.
pub fn present(program: &str) -> bool {
    std::env::var_os("PATH")
        .is_some_and(|paths| std::env::split_paths(&paths).any(|folder| folder.join(program).is_file()))
}
