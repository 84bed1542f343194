//! Refusals: why a step may not be taken, what would make it possible, and who can do that.
//! The order of the variants is their precedence; the first is shown first.
//!
//! Must not know: pages, storage. A fault (disk, network) is not a refusal.

use crate::{
    role::Role,
    step::{ConsentKind, RejectionReason, StepKind},
};
use vena_base::{
    Text, When,
    ids::{ChainOfIdentity, EventId, ProductUnitId},
};

/// One reason why a step may not be taken.
#[derive(Debug, Clone, PartialEq)]
pub enum Refusal {
    /// The role may not give this step.
    RoleMayNot {
        /// The person's role.
        role: Role,
        /// The step.
        step: StepKind,
    },
    /// There is no such journey yet.
    NotRegistered,
    /// The journey exists.
    AlreadyRegistered,
    /// A reason in words is needed.
    ReasonMissing,
    /// A field that must be filled is empty.
    FieldMissing(
        /// Which.
        Text,
    ),
    /// A time lies ahead of the clock.
    InTheFuture {
        /// The time.
        when: When,
    },
    /// It ends before it begins.
    EndsBeforeStart {
        /// Beginning.
        start: When,
        /// End.
        end: When,
    },
    /// The event named is not in this journey.
    NoSuchEvent {
        /// Its id.
        event: EventId,
    },
    /// This kind of event is not corrected in this way.
    NotCorrectable {
        /// Its kind.
        step: StepKind,
        /// What to do instead.
        instead: Text,
    },
    /// The patient has died.
    Deceased {
        /// When.
        when: When,
    },
    /// The patient withdrew.
    Withdrawn {
        /// When.
        when: When,
    },
    /// The journey has ended.
    Ended {
        /// When.
        when: When,
    },
    /// Identifiers read do not agree. Never overridden.
    IdentityMismatch {
        /// The bag.
        bag: ProductUnitId,
        /// The journey's number.
        number: Option<ChainOfIdentity>,
        /// Read on the patient.
        on_patient: ChainOfIdentity,
        /// Read on the product.
        on_product: ChainOfIdentity,
    },
    /// The label of the product carries another number than the journey. Never overridden.
    LabelMismatch {
        /// The bag.
        bag: ProductUnitId,
        /// The journey's number.
        number: ChainOfIdentity,
        /// On the label.
        on_label: ChainOfIdentity,
    },
    /// The journey has no chain-of-identity number.
    NumberMissing,
    /// The journey has another number already.
    NumberAlreadyAssigned {
        /// The number.
        number: ChainOfIdentity,
    },
    /// The product must not be used.
    ProductRejected {
        /// The bag.
        bag: ProductUnitId,
        /// Why.
        reason: RejectionReason,
    },
    /// No consent, or it was taken back.
    ConsentMissing {
        /// Which.
        kind: ConsentKind,
        /// When it was taken back, if it was.
        withdrawn: Option<When>,
    },
    /// No product was chosen.
    ProductNotChosen,
    /// The bag is not known to the journey.
    UnknownBag {
        /// The bag.
        bag: ProductUnitId,
    },
    /// The product is not released.
    NotReleased {
        /// The bag.
        bag: ProductUnitId,
    },
    /// Two people's receipt is missing.
    NotArrived {
        /// The bag.
        bag: ProductUnitId,
        /// How many different people took receipt.
        receipts: usize,
    },
    /// Two people's identity check is missing.
    IdentityCheckMissing {
        /// The bag.
        bag: ProductUnitId,
        /// How many different people have a valid reading.
        people: usize,
    },
    /// The identity check is older than the window.
    IdentityCheckTooOld {
        /// The bag.
        bag: ProductUnitId,
        /// The window, in minutes.
        window_min: f64,
    },
    /// It began already.
    AlreadyStarted {
        /// When.
        when: When,
    },
    /// It has not begun.
    NotStarted,
    /// One stands already; a repeat needs a reason.
    RepeatNeedsReason {
        /// The step.
        step: StepKind,
    },
}

/// A refusal as people read it.
#[derive(Debug, Clone, PartialEq)]
pub struct RefusalText {
    /// What is refused, in one line.
    pub what: Text,
    /// What would make it possible.
    pub helps: Text,
    /// Who can do that.
    pub who: Vec<Role>,
    /// Who may override it with a signed reason; empty where nobody may.
    pub may_override: Vec<Role>,
}

/// Why a step was not taken: at least one refusal, in order of precedence.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("refused: {}", .refusals.iter().map(Refusal::code).collect::<Vec<_>>().join(", "))]
pub struct Refused {
    /// The refusals; the first leads.
    pub refusals: Vec<Refusal>,
}

impl Refusal {
    /// Place in the order of precedence, from 0.
    pub fn rank(&self) -> usize {
        match self {
            Refusal::RoleMayNot { .. } => 0,
            Refusal::NotRegistered => 1,
            Refusal::AlreadyRegistered => 2,
            Refusal::ReasonMissing => 3,
            Refusal::FieldMissing(_) => 4,
            Refusal::InTheFuture { .. } => 5,
            Refusal::EndsBeforeStart { .. } => 6,
            Refusal::NoSuchEvent { .. } => 7,
            Refusal::NotCorrectable { .. } => 8,
            Refusal::Deceased { .. } => 9,
            Refusal::Withdrawn { .. } => 10,
            Refusal::Ended { .. } => 11,
            Refusal::IdentityMismatch { .. } => 12,
            Refusal::LabelMismatch { .. } => 13,
            Refusal::NumberMissing => 14,
            Refusal::NumberAlreadyAssigned { .. } => 15,
            Refusal::ProductRejected { .. } => 16,
            Refusal::ConsentMissing { .. } => 17,
            Refusal::ProductNotChosen => 18,
            Refusal::UnknownBag { .. } => 19,
            Refusal::NotReleased { .. } => 20,
            Refusal::NotArrived { .. } => 21,
            Refusal::IdentityCheckMissing { .. } => 22,
            Refusal::IdentityCheckTooOld { .. } => 23,
            Refusal::AlreadyStarted { .. } => 24,
            Refusal::NotStarted => 25,
            Refusal::RepeatNeedsReason { .. } => 26,
        }
    }

    /// The word in stored events and addresses.
    pub fn code(&self) -> &'static str {
        match self {
            Refusal::RoleMayNot { .. } => "role-may-not",
            Refusal::NotRegistered => "not-registered",
            Refusal::AlreadyRegistered => "already-registered",
            Refusal::ReasonMissing => "reason-missing",
            Refusal::FieldMissing(_) => "field-missing",
            Refusal::InTheFuture { .. } => "in-the-future",
            Refusal::EndsBeforeStart { .. } => "ends-before-start",
            Refusal::NoSuchEvent { .. } => "no-such-event",
            Refusal::NotCorrectable { .. } => "not-correctable",
            Refusal::Deceased { .. } => "deceased",
            Refusal::Withdrawn { .. } => "withdrawn",
            Refusal::Ended { .. } => "ended",
            Refusal::IdentityMismatch { .. } => "identity-mismatch",
            Refusal::LabelMismatch { .. } => "label-mismatch",
            Refusal::NumberMissing => "number-missing",
            Refusal::NumberAlreadyAssigned { .. } => "number-already-assigned",
            Refusal::ProductRejected { .. } => "product-rejected",
            Refusal::ConsentMissing { .. } => "consent-missing",
            Refusal::ProductNotChosen => "product-not-chosen",
            Refusal::UnknownBag { .. } => "unknown-bag",
            Refusal::NotReleased { .. } => "not-released",
            Refusal::NotArrived { .. } => "not-arrived",
            Refusal::IdentityCheckMissing { .. } => "identity-check-missing",
            Refusal::IdentityCheckTooOld { .. } => "identity-check-too-old",
            Refusal::AlreadyStarted { .. } => "already-started",
            Refusal::NotStarted => "not-started",
            Refusal::RepeatNeedsReason { .. } => "repeat-needs-reason",
        }
    }

    /// Whether it concerns what was written rather than what is allowed: such a refusal stands even
    /// for what has already been done, because the record itself would be wrong.
    pub fn is_about_the_record(&self) -> bool {
        self.rank() <= 8
    }

    /// Who may override it beforehand with a signed reason. Nobody where identity, the patient's
    /// will or the patient's safety leaves no choice.
    pub fn may_override(&self) -> &'static [Role] {
        match self {
            Refusal::ConsentMissing { withdrawn: None, .. }
            | Refusal::ProductNotChosen
            | Refusal::NotReleased { .. }
            | Refusal::NotArrived { .. }
            | Refusal::Ended { .. }
            | Refusal::AlreadyStarted { .. }
            | Refusal::NotStarted
            | Refusal::RepeatNeedsReason { .. } => &[Role::Physician],
            _ => &[],
        }
    }

    /// In words.
    pub fn text(&self) -> RefusalText {
        let (what, helps, who) = self.words();
        RefusalText { what, helps, who, may_override: self.may_override().to_vec() }
    }
}
