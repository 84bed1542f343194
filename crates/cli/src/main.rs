//! The vena program.
fn main() {}
