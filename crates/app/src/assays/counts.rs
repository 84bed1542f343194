//! Changes to a colony count, kept beside the program's own count.
//!
//! Must not know: how colonies are found.

use super::{AssayDraft, input};
use crate::{App, AppError, accounts::Session, assay_compute::Corrections};
use vena_base::Text;
use vena_colonies::corrections::Correction;
use vena_journey::{FileRole, step::FileDigest};

impl App {
    /// Adds what a person did in one go.
    pub(super) fn correct_colonies(
        &self,
        session: &Session,
        draft: &mut AssayDraft,
        page: u32,
        corrections: Vec<Correction>,
    ) -> Result<(), AppError> {
        let mut all = self.corrections(draft)?;
        let what = format!("page {page} {}", words_of(&corrections));
        all.entry(page).or_default().extend(corrections);
        let bytes = serde_json::to_vec(&all).map_err(input)?;
        self.replace(session, draft, FileRole::Corrections, &bytes, what)
    }

    /// Writes down that a person agrees with the count of a page as it stands; the corrections stay as they are.
    pub(super) fn confirm_count(
        &self,
        session: &Session,
        draft: &mut AssayDraft,
        page: u32,
    ) -> Result<(), AppError> {
        let bytes = serde_json::to_vec(&self.corrections(draft)?).map_err(input)?;
        self.replace(session, draft, FileRole::Corrections, &bytes, format!("confirm page {page}"))
    }

    /// Takes the last change of a page back: the corrections become what they were before it.
    pub(super) fn undo_correction(
        &self,
        session: &Session,
        draft: &mut AssayDraft,
        page: u32,
    ) -> Result<(), AppError> {
        let before: Corrections = match before_last(draft, page) {
            None => {
                return Err(AppError::Input(Text::new(
                    "There is nothing to take back.",
                    "沒有可復原的變更。",
                )));
            }
            Some(None) => Corrections::new(),
            Some(Some(digest)) => {
                serde_json::from_slice(&self.stored_bytes(&digest, &draft.stored)?).map_err(input)?
            }
        };
        let mut all = self.corrections(draft)?;
        // Only this page goes back; another page's changes stay.
        all.insert(page, before.get(&page).cloned().unwrap_or_default());
        let bytes = serde_json::to_vec(&all).map_err(input)?;
        self.replace(session, draft, FileRole::Corrections, &bytes, format!("undo page {page}"))
    }

    fn corrections(&self, draft: &AssayDraft) -> Result<Corrections, AppError> {
        match self.current(draft, FileRole::Corrections)? {
            Some(bytes) => serde_json::from_slice(&bytes).map_err(input),
            None => Ok(Corrections::new()),
        }
    }
}

/// The corrections that stood before the last change of a page that was not taken back; `None` where there is none.
fn before_last(draft: &AssayDraft, page: u32) -> Option<Option<FileDigest>> {
    let (done, undone) = (format!("page {page} "), format!("undo page {page}"));
    let mut stack: Vec<Option<FileDigest>> = Vec::new();
    for edit in &draft.edits {
        if *edit.what == *undone {
            stack.pop();
        } else if edit.what.starts_with(&done) {
            stack.push(edit.before.clone());
        }
    }
    stack.pop()
}

fn words_of(corrections: &[Correction]) -> String {
    let word = |correction: &Correction| match correction {
        Correction::Remove { vessel, colony } => format!("{vessel}: remove {colony}"),
        Correction::Add { vessel, x_px, y_px, .. } => format!("{vessel}: add at {x_px:.1}, {y_px:.1}"),
        Correction::Merge { vessel, colonies } => format!("{vessel}: merge {colonies:?}"),
        Correction::State { vessel, count } => format!("{vessel}: counted by eye {count}"),
    };
    corrections.iter().map(word).collect::<Vec<_>>().join("; ")
}
