//! Everything a developer runs, the same by hand and in CI: `cargo xtask test|tidy|trace|bench|long|browser`.
//! Must not know: anything of the product but its files.

mod bench;
mod browser;
mod fuzz;
mod graph;
mod install;
mod run;
mod source;
mod test;
mod tidy;
mod trace;

use std::process::ExitCode;

const HELP: &str = "\
cargo xtask test           install what is missing, then every test (what CI runs)
cargo xtask tidy           style that matters: crate graph, banned calls, sizes, licences, hazards
cargo xtask trace          each feature row → rule → test → page; fails on a hole
cargo xtask browser        only the tests in a real browser
cargo xtask bench [NAME]   figures against named peers, as ratios in one run
cargo xtask long NAME      hours-long runs: kills, fuzz, oracle; resumable, results under docs/long/
cargo xtask long fuzz TARGET SECONDS [FOLDER]   one reader under libFuzzer";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let rest = words.get(1..).unwrap_or_default();
    let done = match words.first().map(String::as_str) {
        Some("test") => test::test(),
        Some("tidy") => tidy::tidy(),
        Some("trace") => trace::trace(),
        Some("browser") => browser::browser(),
        Some("bench") => bench::bench(rest),
        Some("long") => bench::long(rest),
        _ => {
            println!("{HELP}");
            return if words.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(2) };
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("xtask: {problem}");
            ExitCode::FAILURE
        }
    }
}
