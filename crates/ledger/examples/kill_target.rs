//! Kills itself while appending, many times over.
//!
//! `kill_target kills COUNT SEED [FOLDER]` starts `kill_target target FOLDER`
//! again and again, kills it at seeded moments, and checks that nothing
//! acknowledged is lost.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::path::Path;
use std::process::Command;

use vena_ledger::kill;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["target", folder] => kill::target(Path::new(folder)),
        ["kills", count, seed, rest @ ..] => {
            let base = rest.first().copied().unwrap_or(".");
            let scratch = tempfile::tempdir_in(base).unwrap();
            let program = std::env::current_exe().unwrap();
            let command = |folder: &Path| {
                let mut command = Command::new(&program);
                command.arg("target").arg(folder);
                command
            };
            let count = count.parse().unwrap();
            let sum = kill::kills(command, scratch.path(), count, seed.parse().unwrap(), |done| {
                if done % 100 == 0 {
                    println!("{done} of {count} kills");
                }
            });
            println!(
                "{} kills: {} acknowledged appends, none lost; {} records verified",
                sum.kills, sum.acknowledged, sum.verified
            );
        }
        _ => panic!("kill_target kills COUNT SEED [FOLDER]"),
    }
}
