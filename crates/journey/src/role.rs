//! Who may give which step: the one table. The full permission model (sites, training) stands on
//! top of it and can only narrow it.
//!
//! Must not know: users, sessions, passwords.

use crate::step::StepKind;
use serde::{Deserialize, Serialize};
use vena_base::Text;

/// What a person is in the care team.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Clinical nurse or nurse practitioner.
    Nurse,
    /// Physician.
    Physician,
    /// Case manager who keeps the whole journey together.
    Coordinator,
    /// Medical technologist or cell processing technician.
    Technician,
    /// Pharmacist.
    Pharmacist,
    /// Quality assurance.
    QualityAssurance,
    /// Data manager: imports, registry.
    DataManager,
    /// Keeps accounts and the installation; no clinical step.
    Administrator,
}

impl Role {
    /// All roles.
    pub const ALL: [Role; 8] = [
        Role::Nurse,
        Role::Physician,
        Role::Coordinator,
        Role::Technician,
        Role::Pharmacist,
        Role::QualityAssurance,
        Role::DataManager,
        Role::Administrator,
    ];

    /// The word used in stored events, addresses and the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Role::Nurse => "nurse",
            Role::Physician => "physician",
            Role::Coordinator => "coordinator",
            Role::Technician => "technician",
            Role::Pharmacist => "pharmacist",
            Role::QualityAssurance => "quality-assurance",
            Role::DataManager => "data-manager",
            Role::Administrator => "administrator",
        }
    }

    /// Reads the word of [`Role::as_str`].
    pub fn parse(word: &str) -> Option<Role> {
        Role::ALL.into_iter().find(|role| role.as_str() == word)
    }

    /// As people say it.
    pub fn name(self) -> Text {
        match self {
            Role::Nurse => Text::new("nurse", "護理師"),
            Role::Physician => Text::new("physician", "醫師"),
            Role::Coordinator => Text::new("case manager", "個案管理師"),
            Role::Technician => Text::new("technician", "技術員"),
            Role::Pharmacist => Text::new("pharmacist", "藥師"),
            Role::QualityAssurance => Text::new("quality assurance", "品質保證"),
            Role::DataManager => Text::new("data manager", "資料管理師"),
            Role::Administrator => Text::new("administrator", "系統管理者"),
        }
    }
}

/// The roles that may give a step.
pub fn permitted(step: StepKind) -> &'static [Role] {
    use Role::{Coordinator, DataManager, Nurse, Pharmacist, Physician, QualityAssurance, Technician};
    match step {
        StepKind::Registered => &[Physician, Coordinator, DataManager],
        StepKind::ConsentRecorded | StepKind::ConsentWithdrawn => &[Physician, Coordinator],
        StepKind::ChainOfIdentityAssigned => &[Coordinator, Technician],
        StepKind::ProductChosen => &[Physician],
        StepKind::Collected | StepKind::CollectionFailed => &[Nurse, Physician, Technician],
        StepKind::ProductMade => &[Coordinator, Technician, Pharmacist, QualityAssurance],
        StepKind::ProductReleased | StepKind::ProductRejected => &[QualityAssurance],
        StepKind::ProductReceived => &[Nurse, Technician, Pharmacist],
        StepKind::LymphodepletionStarted | StepKind::LymphodepletionEnded => &[Nurse, Physician],
        StepKind::IdentityRead => &[Nurse, Physician, Technician, Pharmacist],
        StepKind::InfusionStarted | StepKind::InfusionEnded => &[Nurse, Physician],
        StepKind::VitalSigns => &[Nurse, Physician],
        StepKind::Laboratory => &[Nurse, Physician, Technician],
        StepKind::Drugs => &[Nurse, Physician, Pharmacist],
        StepKind::Assessment => &[Nurse, Physician],
        StepKind::Imported => &[DataManager],
        StepKind::AssayRecorded => &[Physician, Technician, QualityAssurance],
        StepKind::FindingAttributed | StepKind::EpisodeClosed => &[Physician],
        StepKind::Died => &[Nurse, Physician, Coordinator, DataManager],
        StepKind::Relapsed | StepKind::NextTherapyStarted => &[Physician, Coordinator, DataManager],
        StepKind::FollowedUp => &[Nurse, Physician, Coordinator, DataManager],
        StepKind::Withdrew => &[Physician, Coordinator],
        StepKind::EndedOtherwise => &[Physician, Coordinator],
        StepKind::Corrected => {
            &[Nurse, Physician, Coordinator, Technician, Pharmacist, QualityAssurance, DataManager]
        }
        StepKind::Remarked => {
            &[Nurse, Physician, Coordinator, Technician, Pharmacist, QualityAssurance, DataManager]
        }
        StepKind::IdentityChanged => &[Nurse, Physician, Coordinator, DataManager],
        StepKind::PatientMerged | StepKind::PatientUnmerged => &[Coordinator, DataManager],
    }
}

/// The roles that may sign a rule set active at the site.
pub const SIGN_KNOWLEDGE: [Role; 2] = [Role::Physician, Role::QualityAssurance];

/// The roles that may restrict who sees an identity, and end the restriction.
pub const RESTRICT_IDENTITY: [Role; 3] = [Role::Physician, Role::Coordinator, Role::QualityAssurance];

/// The roles that look afterwards at every access taken by breaking the glass.
pub const REVIEW_ACCESS: [Role; 2] = [Role::QualityAssurance, Role::Administrator];

/// Whether a role may give a step.
pub fn may(role: Role, step: StepKind) -> bool {
    permitted(step).contains(&role)
}

/// The whole table as text, one line a step, for the golden test and the documentation.
pub fn matrix() -> String {
    let mut lines = String::from("step");
    for role in Role::ALL {
        lines.push('\t');
        lines.push_str(role.as_str());
    }
    lines.push('\n');
    for step in StepKind::ALL {
        lines.push_str(step.as_str());
        for role in Role::ALL {
            lines.push_str(if may(role, step) { "\tyes" } else { "\t-" });
        }
        lines.push('\n');
    }
    lines
}
