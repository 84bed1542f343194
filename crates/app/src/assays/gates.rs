//! Changes to a draft's gates: moved, added, removed, taken back. Each writes a new Gating-ML document and keeps
//! the one before.
//!
//! Must not know: how gates are drawn or applied.

use super::AssayDraft;
use crate::{App, AppError, accounts::Session};
use vena_base::Text;
use vena_flow::{
    Limits,
    gating::{Gate, GateShape, GatingDocument, NamedTransform, read_gating_ml, write_gating_ml},
};
use vena_journey::{AssayEdit, FileRole, step::FileDigest};

const MOVED: &str = "gate ";
const ADDED: &str = "add gate ";
const REMOVED: &str = "remove gate ";
const TAKEN_BACK: &str = "undo gates";

/// What a person does to the gates.
#[derive(Debug, Clone)]
pub enum GateChange {
    /// Another shape for a gate.
    Move {
        /// Its id.
        gate: String,
        /// The new shape.
        shape: GateShape,
    },
    /// A new gate, with the scale transforms its dimensions need that the document may not have yet.
    Add {
        /// The gate.
        gate: Box<Gate>,
        /// The transforms.
        transforms: Vec<NamedTransform>,
    },
    /// A gate taken away. Refused while another gate rests on it.
    Remove {
        /// Its id.
        gate: String,
    },
    /// The last change of gates taken back.
    Undo,
}

/// Ids of the populations a gate makes: its own, or its quadrants' beside it.
fn populations(gate: &Gate) -> Vec<&str> {
    let mut ids = vec![gate.id.as_str()];
    if let GateShape::Quadrant { quadrants, .. } = &gate.shape {
        ids.extend(quadrants.iter().map(|quadrant| quadrant.id.as_str()));
    }
    ids
}

/// Gates that lie under a gate or are combined from it.
fn resting_on<'a>(document: &'a GatingDocument, gate: &Gate) -> Vec<&'a str> {
    let ids = populations(gate);
    let rests = |other: &&Gate| {
        let combined = match &other.shape {
            GateShape::Boolean { operands, .. } => {
                operands.iter().any(|operand| ids.contains(&operand.gate.as_str()))
            }
            _ => false,
        };
        other.id != gate.id
            && (combined || other.parent.as_deref().is_some_and(|parent| ids.contains(&parent)))
    };
    document.gates.iter().filter(rests).map(|gate| gate.id.as_str()).collect()
}

fn no_such(gate: &str) -> AppError {
    AppError::NotFound(gate.chars().take(80).collect())
}

/// Applies a change to a document; answers what was done, in the words kept with it.
fn apply(document: &mut GatingDocument, change: GateChange) -> Result<String, AppError> {
    match change {
        GateChange::Move { gate, shape } => {
            document.gate_mut(&gate).ok_or_else(|| no_such(&gate))?.shape = shape;
            Ok(format!("{MOVED}{gate}"))
        }
        GateChange::Add { gate, transforms } => {
            let new = populations(&gate);
            let taken = document.gates.iter().flat_map(populations).find(|id| new.contains(id));
            if let Some(taken) = taken {
                return Err(AppError::Input(Text::new(
                    format!("There is a gate {taken} already. Choose another name."),
                    format!("已有圈選 {taken}，請改用其他名稱。"),
                )));
            }
            for named in transforms {
                if !document.transforms.iter().any(|own| own.id == named.id) {
                    document.transforms.push(named);
                }
            }
            let what = format!("{ADDED}{}", gate.id);
            document.gates.push(*gate);
            Ok(what)
        }
        GateChange::Remove { gate } => {
            let own = document.gate(&gate).ok_or_else(|| no_such(&gate))?;
            let resting = resting_on(document, own).join(", ");
            if !resting.is_empty() {
                return Err(AppError::Input(Text::new(
                    format!("Gate {gate} cannot be removed: {resting} rests on it. Remove that first."),
                    format!("無法移除圈選 {gate}：{resting} 以其為基礎，請先移除。"),
                )));
            }
            document.gates.retain(|own| own.id != gate);
            Ok(format!("{REMOVED}{gate}"))
        }
        GateChange::Undo => Ok(TAKEN_BACK.to_owned()),
    }
}

/// The document that stood before the last change of gates that was not taken back.
fn before_last(edits: &[AssayEdit]) -> Option<FileDigest> {
    let file = FileRole::Gates.name().en;
    let mut stack: Vec<Option<FileDigest>> = Vec::new();
    for edit in edits {
        if &*edit.what == TAKEN_BACK {
            stack.pop();
        } else if edit.what.starts_with(MOVED)
            || edit.what.starts_with(ADDED)
            || edit.what.starts_with(REMOVED)
            || *edit.what == *file
        {
            stack.push(edit.before.clone());
        }
    }
    stack.pop().flatten()
}

impl AssayDraft {
    /// Whether a change of gates can be taken back.
    pub fn gates_can_be_undone(&self) -> bool {
        before_last(&self.edits).is_some()
    }
}

impl App {
    /// Changes a draft's gates. What is written is Gating-ML, so that any program can apply it to the file.
    pub(super) fn change_gates(
        &self,
        session: &Session,
        draft: &mut AssayDraft,
        change: GateChange,
    ) -> Result<(), AppError> {
        if let GateChange::Undo = change {
            let before = before_last(&draft.edits).ok_or_else(|| {
                AppError::Input(Text::new("There is nothing to take back.", "沒有可復原的變更。"))
            })?;
            let bytes = self.stored_bytes(&before, &draft.stored)?;
            return self.replace(session, draft, FileRole::Gates, &bytes, TAKEN_BACK.to_owned());
        }
        let mut document = match self.current(draft, FileRole::Gates)? {
            Some(xml) => {
                read_gating_ml(&xml, &Limits::default()).map_err(|refusal| AppError::Input(refusal.text()))?
            }
            None => GatingDocument::default(),
        };
        let what = apply(&mut document, change)?;
        let xml = write_gating_ml(&document);
        self.replace(session, draft, FileRole::Gates, xml.as_bytes(), what)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::assays::examples;

    /// Row Q10. A gate on which others rest is not taken away; one that stands alone is; a name is used once.
    #[test]
    fn gates_are_added_and_removed_only_where_nothing_breaks() {
        let mut document = examples::gates_document();
        let before = document.clone();
        for rested_on in ["Cells", "CD105"] {
            let refused = apply(&mut document, GateChange::Remove { gate: rested_on.into() });
            assert!(matches!(refused, Err(AppError::Input(_))), "{rested_on}");
        }
        assert_eq!(document, before);
        let same = Gate { id: "Cells".into(), ..document.gates[1].clone() };
        let change = GateChange::Add { gate: Box::new(same), transforms: Vec::new() };
        assert!(matches!(apply(&mut document, change), Err(AppError::Input(_))));
        assert_eq!(
            apply(&mut document, GateChange::Remove { gate: "Both".into() }).unwrap(),
            "remove gate Both"
        );
        assert_eq!(
            apply(&mut document, GateChange::Remove { gate: "CD105".into() }).unwrap(),
            "remove gate CD105"
        );
        assert!(document.gate("CD105").is_none() && document.gate("CD45").is_some());
    }
}
