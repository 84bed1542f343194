//! What every fuzz target shares: the readers, and a limit on memory.
//! Must not know: any expected result.

pub mod readers;

use std::alloc::System;

/// Most memory the program may hold at one time. libFuzzer looks at the resident size once a second; this
/// refuses the very allocation that goes too far, also one whose pages would never be touched.
const MEMORY_BYTES_MAX: usize = 1 << 30;

#[global_allocator]
static MEMORY: cap::Cap<System> = cap::Cap::new(System, MEMORY_BYTES_MAX);
