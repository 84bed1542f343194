//! Group commit: appends that wait while another commits share the next
//! transaction. Whoever finds nobody committing becomes the leader and commits
//! for all that wait, so a lone caller pays no hand-over between threads.
//!
//! Must not know: SQLite, records.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use crate::ledger::{AppendError, StorageFault};
use crate::types::{Append, Appended};

/// Most appends committed in one transaction.
pub(super) const GROUP_APPENDS_MAX: usize = 256;

type Answer = Result<Appended, AppendError>;

enum State {
    Waiting,
    /// The leader before has finished and this caller is to lead.
    Lead,
    Done(Vec<Answer>),
}

/// One caller's place: where its answers arrive.
struct Place {
    state: Mutex<State>,
    changed: Condvar,
}

struct Waiting {
    appends: Vec<Append>,
    place: Arc<Place>,
}

#[derive(Default)]
struct Inner {
    waiting: VecDeque<Waiting>,
    led: bool,
}

/// Callers waiting for their appends to be durable.
#[derive(Default)]
pub(super) struct Queue {
    inner: Mutex<Inner>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Should `commit` panic, the callers it served must not wait for ever.
struct Release<'a> {
    queue: &'a Queue,
    served: Vec<(Arc<Place>, usize)>,
}

impl Drop for Release<'_> {
    fn drop(&mut self) {
        for (place, count) in self.served.drain(..) {
            let lost = StorageFault::Database("the commit was interrupted".to_owned());
            let answers = (0..count).map(|_| Err(lost.clone().into())).collect();
            *lock(&place.state) = State::Done(answers);
            place.changed.notify_one();
        }
        self.queue.hand_over();
    }
}

impl Queue {
    /// Waits until the appends are committed or refused; answers in order.
    pub(super) fn submit(
        &self,
        appends: Vec<Append>,
        commit: impl Fn(&[Append]) -> Vec<Answer>,
    ) -> Vec<Answer> {
        let place = Arc::new(Place { state: Mutex::new(State::Waiting), changed: Condvar::new() });
        let leads = {
            let mut inner = lock(&self.inner);
            inner.waiting.push_back(Waiting { appends, place: Arc::clone(&place) });
            !std::mem::replace(&mut inner.led, true)
        };
        if leads {
            self.lead(&commit);
        }
        loop {
            let mut state = lock(&place.state);
            loop {
                match std::mem::replace(&mut *state, State::Waiting) {
                    State::Done(answers) => return answers,
                    State::Lead => break,
                    State::Waiting => {
                        state = place.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
                    }
                }
            }
            drop(state);
            self.lead(&commit);
        }
    }

    /// Commits for the callers at the front of the queue (the leader is the
    /// first of them), then hands the lead on.
    fn lead(&self, commit: &impl Fn(&[Append]) -> Vec<Answer>) {
        let (group, mut release) = self.take_group();
        let mut answers = Vec::with_capacity(group.len());
        for chunk in group.chunks(GROUP_APPENDS_MAX) {
            answers.extend(commit(chunk));
        }
        let mut answers = answers.into_iter();
        for (place, count) in release.served.drain(..) {
            let own: Vec<Answer> = answers.by_ref().take(count).collect();
            *lock(&place.state) = State::Done(own);
            place.changed.notify_one();
        }
    }

    fn take_group(&self) -> (Vec<Append>, Release<'_>) {
        let mut inner = lock(&self.inner);
        let mut group = Vec::new();
        let mut served = Vec::new();
        while let Some(next) = inner.waiting.front() {
            if !group.is_empty() && group.len() + next.appends.len() > GROUP_APPENDS_MAX {
                break;
            }
            if let Some(mut next) = inner.waiting.pop_front() {
                served.push((next.place, next.appends.len()));
                group.append(&mut next.appends);
            }
        }
        let release = Release { queue: self, served };
        (group, release)
    }

    fn hand_over(&self) {
        let mut inner = lock(&self.inner);
        match inner.waiting.front() {
            Some(next) => {
                *lock(&next.place.state) = State::Lead;
                next.place.changed.notify_one();
            }
            None => inner.led = false,
        }
    }
}
