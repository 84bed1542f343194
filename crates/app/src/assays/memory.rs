//! Results of reading a file kept in memory, so that a moved gate or a corrected colony does not read the file
//! again. Bounded; never a source of truth: what is recorded is computed from the stored files.
//!
//! Must not know: who may see what. Callers ask for permission first; the role stands in the key besides.

use super::DraftLine;
use crate::assay_compute::{AssayOptions, Computed};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};
use vena_colonies::ColonyReport;
use vena_flow::Analysis;
use vena_journey::{AssayFile, FileRole, Role};
use vena_ledger::StreamId;

/// Memory kept at most, in bytes.
const BYTES_MAX: usize = 384 << 20;
/// Results kept at most.
const ENTRIES_MAX: usize = 16;
/// What a colony's line in a report takes, in bytes, roughly.
const COLONY_BYTES: usize = 256;

/// What was read from a file.
#[derive(Debug, Clone)]
pub enum Kept {
    /// Events, and the gates applied last.
    Flow(Arc<Analysis>),
    /// Colonies as the program counted them.
    Colonies(Arc<ColonyReport>),
}

impl Kept {
    /// What of a result may be kept.
    pub fn of(computed: &Computed) -> Option<Kept> {
        match computed {
            Computed::Flow { analysis, .. } => Some(Kept::Flow(analysis.clone())),
            Computed::Colonies { automatic, .. } => Some(Kept::Colonies(automatic.clone())),
            _ => None,
        }
    }

    fn bytes(&self) -> usize {
        match self {
            Kept::Flow(analysis) => {
                let memberships = analysis.report.gates.len() * analysis.report.events.div_ceil(8);
                vena_flow::plot::matrix_bytes(&analysis.data_set) + memberships + (64 << 10)
            }
            Kept::Colonies(report) => {
                let colonies = |image: &vena_colonies::ImageReport| {
                    image.vessels.iter().map(|v| v.colonies.len() + v.rejected.len()).sum::<usize>()
                };
                report.images.iter().map(colonies).sum::<usize>() * COLONY_BYTES + (64 << 10)
            }
        }
    }
}

struct Entry {
    kept: Kept,
    bytes: usize,
    used: u64,
}

#[derive(Default)]
struct Shelf {
    entries: HashMap<String, Entry>,
    bytes: usize,
    clock: u64,
}

/// The memory.
#[derive(Default)]
pub struct Memory {
    shelf: Mutex<Shelf>,
    /// The newest line of every draft, for the list.
    lines: Mutex<HashMap<StreamId, Arc<DraftLine>>>,
}

impl Memory {
    /// The key of what a file and its parameters give to a role; `None` for kinds that are computed at once.
    pub fn key(role: Role, options: &AssayOptions, files: &[AssayFile]) -> Option<String> {
        let digest = |role: FileRole| {
            files.iter().find(|file| file.role == role).map_or("-", |file| file.digest.as_str())
        };
        let read_with = match options {
            AssayOptions::Flow(options) => {
                let tolerances: Vec<&str> = options.tolerances.iter().map(|one| one.name()).collect();
                format!(
                    "flow {} {} {tolerances:?} {:?}",
                    digest(FileRole::Fcs),
                    digest(FileRole::Matrix),
                    options.data_set
                )
            }
            AssayOptions::Colonies(options) => {
                let options = serde_json::to_string(options).ok()?;
                format!("colonies {} {options}", digest(FileRole::Image))
            }
            _ => return None,
        };
        Some(format!("{role:?} {read_with}"))
    }

    /// The line of a draft, as it was read last.
    pub fn line(&self, stream: &StreamId) -> Option<Arc<DraftLine>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).get(stream).cloned()
    }

    /// Keeps the line of a draft: a hundred bytes or so each.
    pub fn put_line(&self, stream: StreamId, line: Arc<DraftLine>) {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).insert(stream, line);
    }

    /// What is kept. The events are shared, not copied.
    pub fn get(&self, key: &str) -> Option<Kept> {
        let mut shelf = self.shelf.lock().unwrap_or_else(PoisonError::into_inner);
        shelf.clock += 1;
        let now = shelf.clock;
        let entry = shelf.entries.get_mut(key)?;
        entry.used = now;
        Some(entry.kept.clone())
    }

    /// Keeps a result; the longest unused ones make room. One that is too large alone is not kept.
    pub fn put(&self, key: String, kept: Kept) {
        let bytes = kept.bytes();
        let mut shelf = self.shelf.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(old) = shelf.entries.remove(&key) {
            shelf.bytes -= old.bytes;
        }
        if bytes > BYTES_MAX {
            return;
        }
        while shelf.bytes + bytes > BYTES_MAX || shelf.entries.len() >= ENTRIES_MAX {
            let oldest = shelf.entries.iter().min_by_key(|(_, entry)| entry.used).map(|(key, _)| key.clone());
            let Some(entry) = oldest.and_then(|oldest| shelf.entries.remove(&oldest)) else { break };
            shelf.bytes -= entry.bytes;
        }
        shelf.clock += 1;
        let used = shelf.clock;
        shelf.bytes += bytes;
        shelf.entries.insert(key, Entry { kept, bytes, used });
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn report() -> Kept {
        let options = vena_colonies::Options::default();
        Kept::Colonies(Arc::new(vena_colonies::analyse(&[], &options).unwrap()))
    }

    /// Row Q11. The memory never holds more than it may, and keeps what was used last.
    #[test]
    fn the_longest_unused_makes_room() {
        let memory = Memory::default();
        for n in 0..ENTRIES_MAX {
            memory.put(n.to_string(), report());
        }
        assert!(memory.get("0").is_some());
        memory.put("one more".into(), report());
        assert!(memory.get("0").is_some() && memory.get("1").is_none());
        let shelf = memory.shelf.lock().unwrap();
        assert_eq!(shelf.entries.len(), ENTRIES_MAX);
        assert_eq!(shelf.bytes, shelf.entries.values().map(|entry| entry.bytes).sum::<usize>());
    }

    /// Row Q10. Other parameters, another file or another role are another key.
    #[test]
    fn keys_tell_files_parameters_and_roles_apart() {
        let file = |digit: &str| AssayFile {
            role: FileRole::Image,
            digest: vena_journey::step::FileDigest::new(&digit.repeat(64)).unwrap(),
            bytes: 1,
        };
        let usual = AssayOptions::usual(vena_journey::AssayKind::Colonies);
        let light = AssayOptions::Colonies(Box::new(vena_colonies::Options {
            polarity: vena_colonies::Polarity::Light,
            ..vena_colonies::Options::default()
        }));
        let keys = [
            Memory::key(Role::Technician, &usual, &[file("a")]),
            Memory::key(Role::Technician, &usual, &[file("b")]),
            Memory::key(Role::Technician, &light, &[file("a")]),
            Memory::key(Role::Physician, &usual, &[file("a")]),
        ];
        let different: std::collections::HashSet<_> = keys.iter().collect();
        assert_eq!(different.len(), 4);
        assert_eq!(
            Memory::key(Role::Physician, &AssayOptions::usual(vena_journey::AssayKind::Qpcr), &[]),
            None
        );
    }
}
