//! A set of events, one bit each. Knows no gate.

use sha2::{Digest, Sha256};

/// Which of a data set's events belong to something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    words: Vec<u64>,
    events: usize,
}

impl Membership {
    /// The empty set among so many events.
    #[must_use]
    pub fn none(events: usize) -> Self {
        Self { words: vec![0; events.div_ceil(64)], events }
    }

    /// Every event.
    #[must_use]
    pub fn all(events: usize) -> Self {
        let mut words = vec![u64::MAX; events.div_ceil(64)];
        if let Some(last) = words.last_mut()
            && !events.is_multiple_of(64)
        {
            *last = (1 << (events % 64)) - 1;
        }
        Self { words, events }
    }

    /// The set from its words; bits past the last event must be 0.
    pub(crate) fn from_words(words: Vec<u64>, events: usize) -> Self {
        Self { words, events }
    }

    /// Number of events there are, in the set or not.
    #[must_use]
    pub fn events(&self) -> usize {
        self.events
    }

    /// Number of events in the set.
    #[must_use]
    pub fn count(&self) -> usize {
        self.words.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// True when the event is in the set.
    #[must_use]
    pub fn contains(&self, event: usize) -> bool {
        event < self.events && self.words.get(event / 64).is_some_and(|word| word >> (event % 64) & 1 == 1)
    }

    /// Number of events of this set that are not in the other.
    #[must_use]
    pub fn outside(&self, other: &Self) -> usize {
        let theirs = other.words.iter().chain(std::iter::repeat(&0));
        self.words.iter().zip(theirs).map(|(own, theirs)| (own & !theirs).count_ones() as usize).sum()
    }

    /// Puts an event into the set; events that do not exist are ignored.
    pub fn insert(&mut self, event: usize) {
        if event < self.events
            && let Some(word) = self.words.get_mut(event / 64)
        {
            *word |= 1 << (event % 64);
        }
    }

    /// The events in the set, ascending.
    pub fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        self.words.iter().enumerate().flat_map(|(index, &word)| {
            std::iter::successors((word != 0).then_some(word), |&rest| {
                let rest = rest & (rest - 1);
                (rest != 0).then_some(rest)
            })
            .map(move |rest| index * 64 + rest.trailing_zeros() as usize)
        })
    }

    /// Sixty-four events at a time, event 0 in the lowest bit of the first word.
    #[must_use]
    pub fn words(&self) -> &[u64] {
        &self.words
    }

    /// SHA-256 over the words, little-endian: two runs that agree on every
    /// event give the same text.
    #[must_use]
    pub fn digest(&self) -> String {
        let mut hasher = Sha256::new();
        for word in &self.words {
            hasher.update(word.to_le_bytes());
        }
        hex(&hasher.finalize())
    }
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
