//! The board's rows in memory and on disk, brought up to date from the ledger's position: nothing is
//! folded at start, a journey is folded when its events move or its row grows old.
//!
//! Must not know: what a page shows, who looks.

use crate::{AppError, row::Row, rows_store::RowsStore};
use jiff::{SignedDuration, Timestamp};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    path::Path,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard,
        atomic::{AtomicU64, Ordering},
    },
};
use vena_base::ids::{ChainOfIdentity, JourneyId};
use vena_journey::Phase;
use vena_ledger::{Ledger, Position};

/// Events read from the ledger at once while catching up.
const EVENTS_AT_ONCE: usize = 4_096;
/// Rows computed and kept at once while catching up; more than this and all cores help.
const ROWS_AT_ONCE: usize = 512;
/// From so many rows on, computing is spread over threads.
const ROWS_FOR_THREADS: usize = 16;

/// Order on the board: running before ended, then by due time, then by name.
type Key = (bool, Timestamp, JourneyId);

fn key(row: &Row) -> Key {
    (row.phase == Phase::Ended, row.next_due().unwrap_or(Timestamp::MAX), row.journey.clone())
}

/// All rows, by journey and in order.
#[derive(Default)]
pub(crate) struct Rows {
    by_journey: HashMap<JourneyId, Arc<Row>>,
    in_order: BTreeMap<Key, Arc<Row>>,
    by_patient: HashMap<String, Vec<JourneyId>>,
    by_number: HashMap<ChainOfIdentity, Vec<JourneyId>>,
    generation: u64,
}

impl Rows {
    fn insert(&mut self, row: Arc<Row>) {
        self.generation += 1;
        let before = self.by_journey.insert(row.journey.clone(), row.clone());
        if let Some(before) = &before {
            self.in_order.remove(&key(before));
        }
        let number_before = before.as_ref().and_then(|before| before.number.clone());
        if number_before != row.number {
            if let Some(theirs) = number_before.and_then(|number| self.by_number.get_mut(&number)) {
                theirs.retain(|journey| *journey != row.journey);
            }
            if let Some(number) = &row.number {
                self.by_number.entry(number.clone()).or_default().push(row.journey.clone());
            }
        }
        // A merge moves a journey to another patient.
        if before.as_ref().is_none_or(|before| before.patient != row.patient) {
            if let Some(theirs) = before.and_then(|before| self.by_patient.get_mut(before.patient.as_str())) {
                theirs.retain(|journey| *journey != row.journey);
            }
            self.by_patient.entry(row.patient.to_string()).or_default().push(row.journey.clone());
        }
        self.in_order.insert(key(&row), row);
    }

    /// Rows in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Arc<Row>> {
        self.in_order.values()
    }

    /// Grows with every change, so that what was derived from the rows can be told old from new.
    pub(crate) fn generation(&self) -> u64 {
        self.generation
    }

    /// The row of a journey.
    pub(crate) fn get(&self, journey: &JourneyId) -> Option<&Arc<Row>> {
        self.by_journey.get(journey)
    }

    /// The journeys that carry a chain-of-identity number.
    pub(crate) fn of_number(&self, number: &ChainOfIdentity) -> &[JourneyId] {
        self.by_number.get(number).map_or(&[], Vec::as_slice)
    }

    /// The journeys of a pseudonymous patient.
    pub(crate) fn of_patient(&self, patient: &str) -> &[JourneyId] {
        self.by_patient.get(patient).map_or(&[], Vec::as_slice)
    }
}

/// Computes rows; given by the app, which knows ledger, vault and rules.
pub(crate) type Compute<'a> = &'a (dyn Fn(&JourneyId) -> Result<Option<Row>, AppError> + Sync);

/// Computes a row as of an instant.
pub(crate) type ComputeAt<'a> = &'a dyn Fn(&JourneyId, Timestamp) -> Result<Option<Row>, AppError>;

/// The rows and how far they are.
pub(crate) struct Projection {
    rows: RwLock<Rows>,
    store: Mutex<RowsStore>,
    position: AtomicU64,
}

impl Projection {
    /// `code` is the number of everything rows are computed with; see
    /// [`crate::site_knowledge::fingerprint`].
    pub(crate) fn open(
        folder: &Path,
        ledger: [u8; 16],
        last: u64,
        code: i64,
    ) -> Result<Projection, AppError> {
        let store = RowsStore::open(folder, ledger, last, code)?;
        let mut rows = Rows::default();
        for row in store.rows()? {
            rows.insert(Arc::new(row));
        }
        let position = AtomicU64::new(store.position()?);
        Ok(Projection { rows: RwLock::new(rows), store: Mutex::new(store), position })
    }

    fn store(&self) -> MutexGuard<'_, RowsStore> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn read(&self) -> RwLockReadGuard<'_, Rows> {
        self.rows.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The ledger position the rows show.
    pub(crate) fn position(&self) -> u64 {
        self.position.load(Ordering::Acquire)
    }

    /// Brings the rows to the ledger's last position. Gives the number of rows computed.
    pub(crate) fn catch_up(
        &self,
        ledger: &dyn Ledger,
        compute: Compute<'_>,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<usize, AppError> {
        // The store's lock also keeps two threads from catching up at once.
        let mut store = self.store();
        let mut after = self.position();
        let mut touched: BTreeSet<JourneyId> = BTreeSet::new();
        loop {
            let events = ledger.read_all(Position(after), EVENTS_AT_ONCE)?;
            let Some(last) = events.last() else { break };
            after = last.position.0;
            touched.extend(events.iter().filter_map(|event| crate::journeys::journey_of(&event.stream)));
            if events.len() < EVENTS_AT_ONCE {
                break;
            }
        }
        if after == self.position() {
            return Ok(0);
        }
        let touched: Vec<JourneyId> = touched.into_iter().collect();
        self.compute_and_keep(&mut store, &touched, compute, progress)?;
        store.put(&[] as &[Arc<Row>], Some(after))?;
        self.position.store(after, Ordering::Release);
        Ok(touched.len())
    }

    fn compute_and_keep(
        &self,
        store: &mut RowsStore,
        journeys: &[JourneyId],
        compute: Compute<'_>,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<(), AppError> {
        let mut done = 0_u64;
        for chunk in journeys.chunks(ROWS_AT_ONCE) {
            let computed = compute_all(chunk, compute)?;
            self.keep(store, computed)?;
            done += chunk.len() as u64;
            progress(done, journeys.len() as u64);
        }
        Ok(())
    }

    /// Keeps computed rows, but none over one that has seen more events or is of a later instant.
    fn keep(&self, store: &mut RowsStore, mut computed: Vec<Arc<Row>>) -> Result<(), AppError> {
        {
            let rows = self.read();
            computed.retain(|row| {
                rows.get(&row.journey)
                    .is_none_or(|kept| (kept.seq, kept.computed_at) <= (row.seq, row.computed_at))
            });
        }
        store.put(&computed, None)?;
        let mut rows = self.rows.write().unwrap_or_else(PoisonError::into_inner);
        computed.into_iter().for_each(|row| rows.insert(row));
        Ok(())
    }

    /// Computes anew at most `limit` rows that have grown old, the acute ones first. Gives how many.
    pub(crate) fn refresh(
        &self,
        now: Timestamp,
        age_acute: SignedDuration,
        age_other: SignedDuration,
        limit: usize,
        compute: Compute<'_>,
    ) -> Result<usize, AppError> {
        let acute = |row: &Row| matches!(row.phase, Phase::Infusion | Phase::Acute);
        let old = |row: &&Arc<Row>| {
            let age = if acute(row) { age_acute } else { age_other };
            now.duration_since(row.computed_at) >= age
        };
        let mut due: Vec<_> = {
            let rows = self.read();
            rows.iter().filter(old).map(|row| (!acute(row), row.computed_at, row.journey.clone())).collect()
        };
        if due.is_empty() {
            return Ok(0);
        }
        due.sort();
        let journeys: Vec<JourneyId> = due.into_iter().take(limit).map(|(.., journey)| journey).collect();
        // Computed before the lock is taken: somebody who records meanwhile does not wait for it.
        let computed = compute_all(&journeys, compute)?;
        self.keep(&mut self.store(), computed)?;
        Ok(journeys.len())
    }

    /// Computes rows anew although no event of theirs moved: something beside the events did.
    pub(crate) fn recompute(&self, journeys: &[JourneyId], compute: Compute<'_>) -> Result<(), AppError> {
        let computed = compute_all(journeys, compute)?;
        self.keep(&mut self.store(), computed)
    }

    /// Throws all rows away and computes them from the ledger.
    pub(crate) fn rebuild(
        &self,
        ledger: &dyn Ledger,
        compute: Compute<'_>,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<usize, AppError> {
        self.store().clear()?;
        {
            let mut rows = self.rows.write().unwrap_or_else(PoisonError::into_inner);
            *rows = Rows { generation: rows.generation + 1, ..Rows::default() };
        }
        self.position.store(0, Ordering::Release);
        self.catch_up(ledger, compute, progress)
    }

    /// Compares every kept row with one computed from the ledger for the same instant; gives the
    /// journeys whose rows differ, or are missing, or are too many.
    pub(crate) fn compare(
        &self,
        journeys: &[JourneyId],
        compute_at: ComputeAt<'_>,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<Vec<JourneyId>, AppError> {
        let mut differing = Vec::new();
        let store = self.store();
        for (index, journey) in journeys.iter().enumerate() {
            let kept: Option<Row> = store.row(journey)?.and_then(|text| serde_json::from_str(&text).ok());
            let at = kept.as_ref().map_or(Timestamp::UNIX_EPOCH, |row| row.computed_at);
            if compute_at(journey, at)? != kept {
                differing.push(journey.clone());
            }
            progress(index as u64 + 1, journeys.len() as u64);
        }
        let known: BTreeSet<&JourneyId> = journeys.iter().collect();
        differing.extend(self.read().by_journey.keys().filter(|journey| !known.contains(journey)).cloned());
        Ok(differing)
    }
}

fn compute_all(journeys: &[JourneyId], compute: Compute<'_>) -> Result<Vec<Arc<Row>>, AppError> {
    let one_by_one = |journeys: &[JourneyId]| -> Result<Vec<Arc<Row>>, AppError> {
        let mut rows = Vec::with_capacity(journeys.len());
        for journey in journeys {
            rows.extend(compute(journey)?.map(Arc::new));
        }
        Ok(rows)
    };
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    if journeys.len() < ROWS_FOR_THREADS || threads == 1 {
        return one_by_one(journeys);
    }
    let share = journeys.len().div_ceil(threads);
    std::thread::scope(|scope| {
        let workers: Vec<_> =
            journeys.chunks(share).map(|share| scope.spawn(move || one_by_one(share))).collect();
        let mut rows = Vec::with_capacity(journeys.len());
        for worker in workers {
            match worker.join() {
                Ok(computed) => rows.extend(computed?),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        Ok(rows)
    })
}
