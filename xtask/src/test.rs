//! `cargo xtask test`: every test, one after the other, the quick ones first.

use crate::{
    browser, install,
    run::{Done, run},
    tidy, trace,
};

/// Everything CI runs.
pub fn test() -> Done {
    install::install()?;
    tidy::tidy()?;
    run("cargo", &["test", "--workspace", "--no-fail-fast"])?;
    trace::trace()?;
    browser::browser()
}
