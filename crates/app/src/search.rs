//! Search by name, record number or birth date.
//!
//! Must not know: HTML, addresses.

use crate::{App, AppError, accounts::Session, board::BoardRow, identity::PersonIdentity, journeys::written};
use vena_base::ids::PatientId;
use vena_ledger::Search;

/// Answers of one search at most.
const SEARCH_MAX: usize = 50;

/// One answer of a search.
#[derive(Debug, Clone)]
pub struct Found {
    /// Who.
    pub person: PersonIdentity,
    /// The pseudonymous patient.
    pub patient: PatientId,
    /// Their journeys, as on the board.
    pub journeys: Vec<BoardRow>,
}

impl App {
    /// Finds patients by name (Chinese or Latin), record number or birth date. Every search is
    /// noted in the ledger before anything is shown, without what was typed.
    ///
    /// # Errors
    /// The search could not be noted, or a fault.
    pub fn search(&self, session: &Session, query: &str) -> Result<Vec<Found>, AppError> {
        if query.trim().is_empty() {
            return Ok(Vec::new());
        }
        let now = self.now();
        let at = written(now, &self.config.zone);
        let search =
            Search { query, by: session.user.as_str(), at: &at, limit: SEARCH_MAX, show_restricted: true };
        let found = self.vault.search(&search, |audit| {
            // Noted is what this person is shown: others' restricted patients are not.
            let mut told = audit.clone();
            told.found.retain(|patient| self.may_see(session, patient));
            self.audit_search(&session.user, &told)
        })?;
        let mut patients: Vec<String> = Vec::new();
        for found in found.iter().filter(|found| self.may_see(session, &found.patient)) {
            let Ok(patient) = PatientId::new(&found.patient) else { continue };
            let patient = self.stands_for(&patient).to_string();
            if !patients.contains(&patient) {
                patients.push(patient);
            }
        }
        self.found(session, &patients)
    }

    /// The rows of a pseudonymous patient's journeys, as on the board.
    pub(crate) fn rows_of_patient(
        &self,
        session: &Session,
        patient: &str,
    ) -> Result<Vec<BoardRow>, AppError> {
        let now = self.now();
        let end_of_today = self.config.zone.end_of(self.config.zone.day_of(now));
        let rows: Vec<_> = {
            let rows = self.projection.read();
            rows.of_patient(patient).iter().filter_map(|journey| rows.get(journey).cloned()).collect()
        };
        rows.into_iter().map(|row| self.board_row(session, row, now, end_of_today)).collect()
    }
}
