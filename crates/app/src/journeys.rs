//! Journeys on demand: folded from the ledger when asked for, a bounded number kept in memory and
//! brought up to date from the stream's head.
//!
//! Must not know: what is decided, what a page shows.

use crate::AppError;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};
use vena_base::{
    Stamp, When, Zone,
    ids::{JourneyId, UserId},
};
use vena_journey::{Body, Entry, State};
use vena_ledger::{Head, Ledger, StoredEvent, StreamId};

/// First part of the name of a journey's stream.
pub const PREFIX: &str = "journey/";

/// The stream of a journey.
pub fn stream(journey: &JourneyId) -> StreamId {
    StreamId::new(format!("{PREFIX}{journey}"))
}

/// The journey of a stream.
pub fn journey_of(stream: &StreamId) -> Option<JourneyId> {
    JourneyId::new(stream.as_str().strip_prefix(PREFIX)?).ok()
}

/// A journey as of a head of its stream.
#[derive(Debug, Clone, Default)]
pub struct Loaded {
    /// The state.
    pub state: Arc<State>,
    /// The head it was folded to; `None` for a journey without events.
    pub head: Option<Head>,
    /// Idempotency keys of its appends, with the number of their first event here.
    pub keys: Arc<HashMap<String, u64>>,
}

/// Reads a stored event of a journey.
///
/// # Errors
/// [`AppError::StoredEvent`]: unknown kind, newer version, or not what it says.
pub fn entry(event: &StoredEvent) -> Result<Entry, AppError> {
    let wrong = |cause: String| AppError::StoredEvent { position: event.position.0, cause };
    let body = Body::read(&event.event_type, event.event_version, &event.body)
        .map_err(|cause| wrong(cause.to_string()))?;
    let recorded = match When::parse(&event.recorded_at, Some(&Zone::utc())) {
        Ok(When::Instant(stamp)) => stamp,
        _ => return Err(wrong(format!("“{}” is not an instant", event.recorded_at))),
    };
    let by = UserId::new(&event.by).map_err(|cause| wrong(cause.to_string()))?;
    Ok(Entry { seq: event.seq, recorded, by, body })
}

struct Kept {
    loaded: Loaded,
    used: u64,
}

#[derive(Default)]
struct Memory {
    kept: HashMap<JourneyId, Kept>,
    clock: u64,
}

/// Folded journeys kept in memory.
pub(crate) struct Journeys {
    memory: Mutex<Memory>,
    most: usize,
}

impl Journeys {
    pub(crate) fn new(most: usize) -> Journeys {
        Journeys { memory: Mutex::new(Memory::default()), most: most.max(1) }
    }

    fn remembered(&self, journey: &JourneyId) -> Option<Loaded> {
        let mut memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        memory.clock += 1;
        let clock = memory.clock;
        let kept = memory.kept.get_mut(journey)?;
        kept.used = clock;
        Some(kept.loaded.clone())
    }

    fn remember(&self, journey: &JourneyId, loaded: &Loaded) {
        let mut memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        memory.clock += 1;
        let used = memory.clock;
        if memory.kept.len() >= self.most
            && !memory.kept.contains_key(journey)
            && let Some(oldest) =
                memory.kept.iter().min_by_key(|(_, kept)| kept.used).map(|(id, _)| id.clone())
        {
            memory.kept.remove(&oldest);
        }
        memory.kept.insert(journey.clone(), Kept { loaded: loaded.clone(), used });
    }

    /// The journey as of now. `keep` says whether it is worth keeping in memory (a page is, a rebuild
    /// of ten thousand is not).
    pub(crate) fn load(
        &self,
        ledger: &dyn Ledger,
        journey: &JourneyId,
        keep: bool,
    ) -> Result<Loaded, AppError> {
        let stream = stream(journey);
        let head = ledger.head(&stream)?;
        let before = self.remembered(journey).unwrap_or_default();
        if before.head == head {
            return Ok(before);
        }
        let behind = match (before.head, head) {
            (Some(had), Some(has)) if had.seq < has.seq => had.seq,
            _ => 0,
        };
        let base = if behind == 0 { Loaded::default() } else { before };
        let events = ledger.read_stream(&stream, behind + 1)?;
        let loaded = grown(base, &events)?;
        if keep {
            self.remember(journey, &loaded);
        }
        Ok(loaded)
    }
}

fn grown(base: Loaded, events: &[StoredEvent]) -> Result<Loaded, AppError> {
    let head = events.last().map(StoredEvent::head).or(base.head);
    let mut keys = Arc::unwrap_or_clone(base.keys);
    let mut entries = Vec::with_capacity(events.len());
    for event in events {
        keys.entry(event.idempotency_key.clone()).or_insert(event.seq);
        entries.push(entry(event)?);
    }
    let state = Arc::unwrap_or_clone(base.state).and_then(entries);
    Ok(Loaded { state: Arc::new(state), head, keys: Arc::new(keys) })
}

/// An instant as it is written in the ledger: with the site's offset.
pub(crate) fn written(at: jiff::Timestamp, zone: &Zone) -> String {
    Stamp::in_zone(at, zone).to_string()
}
