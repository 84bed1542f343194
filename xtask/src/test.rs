//! `cargo xtask test`: every test, one after the other, the quick ones first.

use crate::{
    browser, install,
    run::{Done, run_with},
    tidy, trace,
};

/// Everything CI runs.
pub fn test() -> Done {
    install::install()?;
    tidy::tidy()?;
    // The same seed each time: what CI says must not depend on the day. `cargo test` alone draws anew.
    run_with("cargo", &["test", "--workspace", "--no-fail-fast"], &[("PROPTEST_RNG_SEED", "20261120")])?;
    trace::trace()?;
    // `cargo test` has just built the program and the examples; building them apart would build them twice.
    browser::tests()
}
