//! The one place where the program asks what time it is and for randomness.
//!
//! Must not know: what time is used for.

use jiff::{SignedDuration, Timestamp};
use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicI64, Ordering},
};

/// Tells the time.
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> Timestamp;
}

/// The machine's clock.
#[derive(Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// A clock that stands still until it is set: for tests, demonstrations and benches. It can also be
/// shared and moved while the program runs.
#[derive(Debug)]
pub struct FixedClock(AtomicI64);

impl FixedClock {
    /// A clock that shows `at` (to the millisecond).
    pub fn new(at: Timestamp) -> FixedClock {
        FixedClock(AtomicI64::new(at.as_millisecond()))
    }

    /// Sets it.
    pub fn set(&self, at: Timestamp) {
        self.0.store(at.as_millisecond(), Ordering::Release);
    }

    /// Moves it on.
    pub fn advance(&self, by: SignedDuration) {
        self.0.fetch_add(i64::try_from(by.as_millis()).unwrap_or(0), Ordering::AcqRel);
    }
}

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(self.0.load(Ordering::Acquire)).unwrap_or(Timestamp::UNIX_EPOCH)
    }
}

impl<C: Clock + ?Sized> Clock for std::sync::Arc<C> {
    fn now(&self) -> Timestamp {
        (**self).now()
    }
}

/// Where random bytes come from.
pub(crate) struct Entropy(Mutex<()>);

impl Entropy {
    pub(crate) fn new() -> Entropy {
        Entropy(Mutex::new(()))
    }

    /// Fills a buffer from the operating system's generator.
    ///
    /// # Errors
    /// The system gives no randomness; nothing secret may be made then.
    pub(crate) fn fill(&self, buffer: &mut [u8]) -> Result<(), crate::AppError> {
        // One caller at a time keeps the early-boot wait of some systems from piling up threads.
        let _one = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        getrandom::fill(buffer).map_err(|cause| crate::AppError::Entropy(cause.to_string()))
    }

    /// `N` random bytes.
    pub(crate) fn bytes<const N: usize>(&self) -> Result<[u8; N], crate::AppError> {
        let mut bytes = [0; N];
        self.fill(&mut bytes)?;
        Ok(bytes)
    }

    /// A pool for callers that take a filler that cannot fail: drawn beforehand, so that a fault is
    /// seen before anything is written.
    pub(crate) fn pool(&self, bytes: usize) -> Result<Pool, crate::AppError> {
        let mut drawn = vec![0; bytes];
        self.fill(&mut drawn)?;
        Ok(Pool { drawn, used: 0 })
    }
}

/// Random bytes drawn beforehand; each is given out once.
pub(crate) struct Pool {
    drawn: Vec<u8>,
    used: usize,
}

impl Pool {
    /// Fills a buffer from the pool; when it runs out, from the system again.
    pub(crate) fn take(&mut self, buffer: &mut [u8]) {
        let end = self.used + buffer.len();
        if let Some(bytes) = self.drawn.get(self.used..end) {
            buffer.copy_from_slice(bytes);
            self.used = end;
        } else {
            // A generator that worked a moment ago and fails now leaves nothing safe to do.
            while getrandom::fill(buffer).is_err() {
                std::thread::yield_now();
            }
        }
    }
}
