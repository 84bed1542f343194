//! Lifting: bodies of old shapes are turned into the newest shape when read.
//! Stored bytes are never rewritten.
//!
//! Must not know: any event's meaning; the steps are the caller's.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::types::StoredEvent;

/// Turns a body of one version into the next version's shape. Total: it has an
/// answer for every body that was ever accepted in the old shape.
pub type Step = fn(&[u8]) -> Vec<u8>;

/// Why an event cannot be lifted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LiftError {
    /// Recorded by a newer program.
    #[error("{event_type} has version {found}, this program knows up to {newest}")]
    Newer {
        /// Event type.
        event_type: String,
        /// Version found.
        found: u32,
        /// Newest version known.
        newest: u32,
    },
    /// An event type this program does not have.
    #[error("event type {0} is not known")]
    UnknownType(String),
}

/// An event's body in its newest shape.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lifted<'a> {
    /// Version of the shape it now has.
    pub version: u32,
    /// The body; borrowed where nothing had to be changed.
    pub body: Cow<'a, [u8]>,
}

/// Gives every recorded body in its newest shape.
pub trait Lift {
    /// Lifts one body.
    ///
    /// # Errors
    /// [`LiftError`] for events of a newer program.
    fn lift<'a>(&self, event_type: &str, version: u32, body: &'a [u8]) -> Result<Lifted<'a>, LiftError>;

    /// Lifts an event that was read.
    ///
    /// # Errors
    /// As [`Lift::lift`].
    fn lift_event<'a>(&self, event: &'a StoredEvent) -> Result<Lifted<'a>, LiftError> {
        self.lift(&event.event_type, event.event_version, &event.body)
    }
}

/// A table of steps: for each event type, from version 1 upwards.
#[derive(Debug, Clone, Default)]
pub struct Lifts {
    steps: BTreeMap<String, Vec<Step>>,
}

impl Lifts {
    /// An empty table.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Names an event type whose newest version is 1 plus the number of
    /// `steps`; the first step turns version 1 into version 2, and so on, so
    /// that no version can be left out.
    #[must_use]
    pub fn event(mut self, event_type: impl Into<String>, steps: &[Step]) -> Self {
        self.steps.insert(event_type.into(), steps.to_vec());
        self
    }

    /// Newest version of an event type.
    #[must_use]
    pub fn newest(&self, event_type: &str) -> Option<u32> {
        let steps = self.steps.get(event_type)?;
        u32::try_from(steps.len() + 1).ok()
    }
}

impl Lift for Lifts {
    fn lift<'a>(&self, event_type: &str, version: u32, body: &'a [u8]) -> Result<Lifted<'a>, LiftError> {
        let steps =
            self.steps.get(event_type).ok_or_else(|| LiftError::UnknownType(event_type.to_owned()))?;
        let newest = u32::try_from(steps.len() + 1).unwrap_or(u32::MAX);
        if version == 0 || version > newest {
            return Err(LiftError::Newer { event_type: event_type.to_owned(), found: version, newest });
        }
        let mut body = Cow::Borrowed(body);
        for step in steps.iter().skip(version as usize - 1) {
            body = Cow::Owned(step(&body));
        }
        Ok(Lifted { version: newest, body })
    }
}
