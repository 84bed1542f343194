//! Recorded events: the body that is stored, its version, and how every version ever written is
//! read. Stored bytes are never rewritten; a new version gets a new reader here and the old stays.
//!
//! Must not know: the ledger's records, whether an event was allowed.

use crate::{
    role::Role,
    step::{Step, StepKind},
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use vena_base::{
    Stamp,
    ids::{EventId, JourneyId, UserId},
};

/// Version in which bodies are written now.
pub const VERSION: u32 = 1;

/// How a step came to stand outside the rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OutsideKind {
    /// An authorised person overrode the refusals beforehand, with a signed reason.
    Overridden,
    /// It had already been done; advice is limited, truth is not.
    AlreadyDone,
}

/// Says that a step did not follow the rule, why, and what the rule had said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutsideRule {
    /// How.
    pub kind: OutsideKind,
    /// The reason given.
    pub reason: Arc<str>,
    /// Codes of the refusals that stood, in their order.
    pub refusals: Vec<Arc<str>>,
}

/// What is stored of one event, beside what every record has (who, when, which stream).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Body {
    /// The role in which the person acted.
    pub role: Role,
    /// The step.
    pub step: Step,
    /// Present where the step stands outside the rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outside_rule: Option<OutsideRule>,
}

/// One recorded event of a journey.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Number in the journey, from 1.
    pub seq: u64,
    /// When it was recorded.
    pub recorded: Stamp,
    /// By whom.
    pub by: UserId,
    /// What.
    pub body: Body,
}

impl Entry {
    /// The event's id within a journey.
    pub fn id(&self, journey: &JourneyId) -> Option<EventId> {
        event_id(journey, self.seq)
    }
}

/// The id of the event that stands at `seq` in a journey: `J-1#4`. Derived, so no randomness is
/// needed and an id can be found without an index. `None` where the journey's id leaves no room.
pub fn event_id(journey: &JourneyId, seq: u64) -> Option<EventId> {
    EventId::new(&format!("{journey}#{seq}")).ok()
}

/// The number in the journey an event id names; `None` for ids of other journeys.
pub fn seq_of(journey: Option<&JourneyId>, id: &EventId) -> Option<u64> {
    let (name, seq) = id.as_str().rsplit_once('#')?;
    if journey.is_some_and(|journey| journey.as_str() != name) {
        return None;
    }
    seq.parse().ok()
}

/// Why a stored event cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EventError {
    /// Written by a newer program.
    #[error("event “{kind}” has version {found}, this program knows up to {VERSION}")]
    NewerVersion {
        /// The event's type.
        kind: String,
        /// The version found.
        found: u32,
    },
    /// No such event.
    #[error("“{0}” is not an event of a journey")]
    UnknownKind(String),
    /// The body is not what the type and version say.
    #[error("event “{kind}” version {version}: {cause}")]
    Body {
        /// The event's type.
        kind: String,
        /// The version.
        version: u32,
        /// What the reader said.
        cause: String,
    },
    /// The body holds another kind of step than the type says.
    #[error("event “{kind}” holds a step “{found}”")]
    OtherStep {
        /// The event's type.
        kind: String,
        /// The step found.
        found: &'static str,
    },
}

impl Body {
    /// The stored type of this event.
    pub fn event_type(&self) -> &'static str {
        self.step.kind().as_str()
    }

    /// The bytes to store, in [`VERSION`].
    ///
    /// # Errors
    /// [`EventError::Body`]: a number that is not finite.
    pub fn write(&self) -> Result<Vec<u8>, EventError> {
        serde_json::to_vec(self).map_err(|cause| EventError::Body {
            kind: self.event_type().to_owned(),
            version: VERSION,
            cause: cause.to_string(),
        })
    }

    /// Reads stored bytes of any version ever written.
    ///
    /// # Errors
    /// Unknown type, newer version, or bytes that are not such a body.
    pub fn read(event_type: &str, version: u32, bytes: &[u8]) -> Result<Body, EventError> {
        let kind =
            StepKind::parse(event_type).ok_or_else(|| EventError::UnknownKind(event_type.to_owned()))?;
        let body: Body = match version {
            1 => serde_json::from_slice(bytes).map_err(|cause| EventError::Body {
                kind: event_type.to_owned(),
                version,
                cause: cause.to_string(),
            })?,
            found => {
                return Err(EventError::NewerVersion { kind: event_type.to_owned(), found });
            }
        };
        if body.step.kind() == kind {
            Ok(body)
        } else {
            Err(EventError::OtherStep { kind: event_type.to_owned(), found: body.step.kind().as_str() })
        }
    }
}
