//! The board: one row a journey, urgent first, with the names of the rows that are shown.
//!
//! Must not know: HTML, how rows are computed or kept.

use crate::{
    App, AppError,
    accounts::Session,
    identity::PersonIdentity,
    row::{Row, RowTask},
};
use jiff::Timestamp;
use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};
use vena_base::{
    Answer, Concept, Text,
    ids::{JourneyId, UserId},
    time::days_between,
};
use vena_journey::{Phase, Role};

/// Rows on a page unless asked otherwise.
pub const PAGE_ROWS: usize = 50;
/// Most rows on a page.
pub const PAGE_ROWS_MAX: usize = 200;
/// How long an order of the board holds while nothing is recorded, in seconds: so late a task may
/// turn red.
const ORDERED_FOR_S: i64 = 5;
/// Orders kept; each screen and filter has one.
const BOARDS_KEPT: usize = 128;

/// How soon somebody must act.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Urgency {
    /// Overdue, a grade for certain from which the rules say so, or cells out of the freezer.
    ActNow,
    /// Due today.
    Today,
    /// Later, or without a date.
    OnTrack,
    /// Ended.
    Ended,
}

impl Urgency {
    /// As the heading of its rows.
    pub fn name(self) -> Text {
        match self {
            Urgency::ActNow => Text::new("Act now", "立即處理"),
            Urgency::Today => Text::new("Due today", "今日到期"),
            Urgency::OnTrack => Text::new("On track", "進度正常"),
            Urgency::Ended => Text::new("Ended", "已結束"),
        }
    }
}

/// Which rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoardFilter {
    /// Only journeys in this phase.
    pub phase: Option<Phase>,
    /// Only journeys with a task of this role.
    pub role: Option<Role>,
    /// Only journeys in which the person recorded something.
    pub mine: bool,
    /// Ended journeys too (always when that phase is asked for).
    pub ended: bool,
    /// Page, from 0.
    pub page: usize,
    /// Rows a page, at most [`PAGE_ROWS_MAX`].
    pub page_rows: usize,
}

impl Default for BoardFilter {
    fn default() -> BoardFilter {
        BoardFilter { phase: None, role: None, mine: false, ended: false, page: 0, page_rows: PAGE_ROWS }
    }
}

/// One row as shown.
#[derive(Debug, Clone)]
pub struct BoardRow {
    /// The row; its grades are of `row.computed_at`.
    pub row: Arc<Row>,
    /// Who it is; `None` where the identity is restricted.
    pub person: Option<Arc<PersonIdentity>>,
    /// Day after infusion (day 0); `None` before.
    pub day: Option<i32>,
    /// The product as people say it.
    pub product: Option<Text>,
    /// The diagnosis as people say it.
    pub diagnosis: Option<Text>,
    /// How soon somebody must act.
    pub urgency: Urgency,
    /// By how many minutes the next task is late; negative: minutes left.
    pub late_min: Option<i64>,
}

/// One task of the due list.
#[derive(Debug, Clone)]
pub struct Due {
    /// The task.
    pub task: RowTask,
    /// Its time has passed.
    pub late: bool,
    /// The journey.
    pub journey: JourneyId,
    /// Who it is; `None` where the identity is restricted.
    pub person: Option<Arc<PersonIdentity>>,
}

/// The board as shown.
#[derive(Debug, Clone)]
pub struct BoardPage {
    /// The rows of this page.
    pub rows: Vec<BoardRow>,
    /// Rows that match, on all pages.
    pub matching: usize,
    /// Running journeys in all.
    pub running: usize,
    /// Running journeys by phase, in the order of [`Phase::ALL`].
    pub by_phase: Vec<(Phase, usize)>,
    /// Running journeys in which the person recorded something.
    pub mine: usize,
    /// Running journeys that need somebody now.
    pub act_now: usize,
    /// Running journeys whose next gate is shut.
    pub shut_gates: usize,
    /// Page, from 0.
    pub page: usize,
    /// Pages in all, at least 1.
    pub pages: usize,
    /// The ledger position shown.
    pub position: u64,
    /// The instant shown.
    pub now: Timestamp,
}

impl App {
    /// A page of the board.
    ///
    /// # Errors
    /// A fault of the vault.
    pub fn board(&self, session: &Session, filter: &BoardFilter) -> Result<BoardPage, AppError> {
        let now = self.now();
        let end_of_today = self.config.zone.end_of(self.config.zone.day_of(now));
        let page_rows = filter.page_rows.clamp(1, PAGE_ROWS_MAX);
        let ordered = self.ordered(session, filter, now, end_of_today);
        let pages = ordered.rows.len().div_ceil(page_rows).max(1);
        let page = filter.page.min(pages - 1);
        let shown = ordered.rows.iter().skip(page * page_rows).take(page_rows);
        let rows = shown
            .map(|row| self.board_row(session, row.clone(), now, end_of_today))
            .collect::<Result<_, _>>()?;
        let Counts { running, by_phase, mine, act_now, shut_gates } = ordered.counts.clone();
        let (matching, position) = (ordered.rows.len(), ordered.position);
        Ok(BoardPage {
            rows,
            matching,
            running,
            by_phase,
            mine,
            act_now,
            shut_gates,
            page,
            pages,
            position,
            now,
        })
    }

    /// The rows that match, in order. Kept until a row changes or the clock has moved on a little:
    /// sixteen screens that look at one board need it sorted once.
    fn ordered(
        &self,
        session: &Session,
        filter: &BoardFilter,
        now: Timestamp,
        end_of_today: Timestamp,
    ) -> Arc<Ordered> {
        let key = (session.user.clone(), filter.phase, filter.role, filter.mine, filter.ended);
        let at = now.as_second() / ORDERED_FOR_S;
        let rows = self.projection.read();
        {
            let kept = self.boards.0.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(ordered) = kept.get(&key).filter(|o| o.generation == rows.generation() && o.at == at)
            {
                return ordered.clone();
            }
        }
        let mut counts =
            Counts { by_phase: Phase::ALL.map(|phase| (phase, 0)).to_vec(), ..Counts::default() };
        let mut groups: [Vec<Arc<Row>>; 4] = Default::default();
        for row in rows.iter() {
            let urgency = self.urgency(row, now, end_of_today);
            let mine = row.people.contains(&session.user);
            counts.add(row, urgency, mine);
            if matches(filter, row, mine)
                && let Some(group) = groups.get_mut(urgency as usize)
            {
                group.push(row.clone());
            }
        }
        let ordered = Arc::new(Ordered {
            generation: rows.generation(),
            at,
            position: self.projection.position(),
            counts,
            rows: groups.concat(),
        });
        drop(rows);
        let mut kept = self.boards.0.write().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= BOARDS_KEPT {
            kept.clear();
        }
        kept.insert(key, ordered.clone());
        ordered
    }

    fn urgency(&self, row: &Row, now: Timestamp, end_of_today: Timestamp) -> Urgency {
        if row.phase == Phase::Ended {
            return Urgency::Ended;
        }
        let rules = &self.rules.journey;
        let due = row.next_due();
        let graded = f64::from(row.worst_certain_grade()) >= rules.act_now_from_grade
            && row.day_0.is_some_and(|day_0| {
                days_between(day_0, self.config.zone.day_of(end_of_today)) <= rules.act_now_until_day
            });
        if row.infusing || graded || due.is_some_and(|due| due < now) {
            Urgency::ActNow
        } else if due.is_some_and(|due| due <= end_of_today) {
            Urgency::Today
        } else {
            Urgency::OnTrack
        }
    }

    /// The due list: the tasks of running journeys that have a time, by that time; of one role, or all.
    ///
    /// # Errors
    /// A fault of the vault.
    pub fn due_list(
        &self,
        session: &Session,
        role: Option<Role>,
        limit: usize,
    ) -> Result<Vec<Due>, AppError> {
        let mut due: Vec<(Timestamp, usize, Arc<Row>)> = Vec::new();
        {
            let rows = self.projection.read();
            for row in rows.iter().filter(|row| row.phase != Phase::Ended) {
                for (index, task) in row.tasks.iter().enumerate() {
                    if let Some(at) = task.due.filter(|_| role.is_none_or(|role| task.owner == role)) {
                        due.push((at, index, row.clone()));
                    }
                }
            }
        }
        due.sort_by_key(|(at, ..)| *at);
        let now = self.now();
        let shown = |(at, index, row): (Timestamp, usize, Arc<Row>)| {
            let person = self.person(session, row.patient.as_str())?;
            let task = row.tasks.get(index).cloned();
            Ok(task.map(|task| Due { task, late: at < now, journey: row.journey.clone(), person }))
        };
        due.into_iter().take(limit).filter_map(|one| shown(one).transpose()).collect()
    }

    pub(crate) fn board_row(
        &self,
        session: &Session,
        row: Arc<Row>,
        now: Timestamp,
        end_of_today: Timestamp,
    ) -> Result<BoardRow, AppError> {
        Ok(BoardRow {
            person: self.person(session, row.patient.as_str())?,
            day: row.day_0.map(|day_0| days_between(day_0, self.config.zone.day_of(now))),
            product: row.product.map(|product| self.answer_name("product", product)),
            diagnosis: row.diagnosis.map(|diagnosis| self.answer_name("diagnosis", diagnosis)),
            urgency: self.urgency(&row, now, end_of_today),
            late_min: row.next_due().map(|due| now.duration_since(due).as_mins()),
            row,
        })
    }

    /// An answer as people say it; the catalogue's id where it has no name.
    pub(crate) fn answer_name(&self, concept: &'static str, answer: Answer) -> Text {
        let info = self.knowledge.catalogue.get(Concept::known(concept));
        info.and_then(|info| info.answer(answer))
            .map_or_else(|| Text::same(answer.as_str()), |info| info.name.clone())
    }
}

#[derive(Debug, Clone, Default)]
struct Counts {
    running: usize,
    by_phase: Vec<(Phase, usize)>,
    mine: usize,
    act_now: usize,
    shut_gates: usize,
}

impl Counts {
    fn add(&mut self, row: &Row, urgency: Urgency, mine: bool) {
        if let Some((_, count)) = self.by_phase.iter_mut().find(|(phase, _)| *phase == row.phase) {
            *count += 1;
        }
        if urgency == Urgency::Ended {
            return;
        }
        self.running += 1;
        self.mine += usize::from(mine);
        self.act_now += usize::from(urgency == Urgency::ActNow);
        self.shut_gates += usize::from(!row.blocked.is_empty());
    }
}

/// Matching rows in order, and what was counted on the way.
struct Ordered {
    generation: u64,
    at: i64,
    position: u64,
    counts: Counts,
    rows: Vec<Arc<Row>>,
}

/// Who looks with which filter, apart from the page.
type BoardKey = (UserId, Option<Phase>, Option<Role>, bool, bool);

/// Boards in order, kept while they hold.
#[derive(Default)]
pub(crate) struct Boards(RwLock<HashMap<BoardKey, Arc<Ordered>>>);

fn matches(filter: &BoardFilter, row: &Row, mine: bool) -> bool {
    let ended = row.phase == Phase::Ended;
    let phase = match filter.phase {
        Some(phase) => row.phase == phase,
        None => filter.ended || !ended,
    };
    phase && filter.role.is_none_or(|role| row.owners.contains(&role)) && (mine || !filter.mine)
}
