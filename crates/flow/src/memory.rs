//! One run of zeroed memory for all columns of a data set. Knows only bytes.
//!
//! Where the kernel hands out zeroed pages of 4 KiB one fault at a time, a matrix of 48 MB costs 12,000
//! faults, which on a virtual machine is most of the time reading takes (42 ms of it on the one measured,
//! against 3 ms with pages of 2 MiB and 2 ms for fetching the file). So large runs are mapped and large
//! pages asked for; where they are refused, everything is the same but slower.

use std::io;

use memmap2::MmapMut;

/// Runs from this size on are mapped: a few large pages.
const MAPPED_FROM: usize = 8 << 20;

/// Zeroed bytes, aligned for 64-bit numbers at least.
#[derive(Debug)]
pub(crate) enum Memory {
    Heap(Vec<u64>),
    Mapped(MmapMut),
}

impl Memory {
    /// So many zeroed bytes (at least).
    ///
    /// # Errors
    /// The system has no such run of memory.
    pub(crate) fn zeroed(bytes: usize) -> io::Result<Self> {
        if bytes < MAPPED_FROM {
            return Ok(Self::Heap(vec![0; bytes.div_ceil(size_of::<u64>())]));
        }
        let mapped = MmapMut::map_anon(bytes)?;
        // Advice: a kernel that does not take it gives small pages.
        #[cfg(target_os = "linux")]
        let _ = mapped.advise(memmap2::Advice::HugePage);
        Ok(Self::Mapped(mapped))
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        match self {
            Self::Heap(words) => bytemuck::cast_slice(words),
            Self::Mapped(mapped) => mapped,
        }
    }

    pub(crate) fn bytes_mut(&mut self) -> &mut [u8] {
        match self {
            Self::Heap(words) => bytemuck::cast_slice_mut(words),
            Self::Mapped(mapped) => mapped,
        }
    }
}
