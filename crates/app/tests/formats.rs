//! Formats the app itself stores: events of accounts, kept as golden lines. A published format
//! never changes.
#![allow(clippy::unwrap_used)]

use vena_app::{access::GlassEvent, patients::MergeEvent, site_knowledge::KnowledgeEvent, users::UserEvent};
use vena_base::ids::{JourneyId, PatientId};
use vena_journey::Role;

const VERSION_1: [&str; 7] = [
    r#"{"added":{"role":"quality-assurance"}}"#,
    r#""password-changed""#,
    r#""disabled""#,
    r#""enabled""#,
    r#""signed-in""#,
    r#"{"role-changed":{"from":"nurse","to":"physician"}}"#,
    r#""signed-out-everywhere""#,
];

#[test]
fn account_events_of_version_1_read_and_write_as_ever() {
    let events = [
        UserEvent::Added { role: Role::QualityAssurance },
        UserEvent::PasswordChanged,
        UserEvent::Disabled,
        UserEvent::Enabled,
        UserEvent::SignedIn,
        UserEvent::RoleChanged { from: Role::Nurse, to: Role::Physician },
        UserEvent::SignedOutEverywhere,
    ];
    for (event, line) in events.into_iter().zip(VERSION_1) {
        assert_eq!(serde_json::to_string(&event).unwrap(), line);
        assert_eq!(serde_json::from_str::<UserEvent>(line).unwrap(), event);
    }
}

fn stays<T: serde::Serialize + serde::de::DeserializeOwned + PartialEq + std::fmt::Debug>(
    event: &T,
    line: &str,
) {
    assert_eq!(serde_json::to_string(event).unwrap(), line);
    assert_eq!(&serde_json::from_str::<T>(line).unwrap(), event);
}

#[test]
fn events_of_knowledge_merges_and_access_of_version_1_read_and_write_as_ever() {
    let (one, other) = (PatientId::new("P-1").unwrap(), PatientId::new("P-2").unwrap());
    stays(
        &KnowledgeEvent::RuleActivated { rule: "crs/astct@2019".into(), digest: "ab".into() },
        r#"{"rule-activated":{"rule":"crs/astct@2019","digest":"ab"}}"#,
    );
    stays(
        &KnowledgeEvent::RuleWithdrawn { rule: "crs/astct@2019".into(), reason: "review".into() },
        r#"{"rule-withdrawn":{"rule":"crs/astct@2019","reason":"review"}}"#,
    );
    stays(
        &MergeEvent::Merged {
            from: one.clone(),
            into: other.clone(),
            journeys: vec![JourneyId::new("J-1").unwrap()],
        },
        r#"{"merged":{"from":"P-1","into":"P-2","journeys":["J-1"]}}"#,
    );
    stays(
        &MergeEvent::Unmerged { from: one.clone(), into: other },
        r#"{"unmerged":{"from":"P-1","into":"P-2"}}"#,
    );
    stays(
        &GlassEvent::Broken { patient: one, role: Role::Nurse, reason: "night".into() },
        r#"{"broken":{"patient":"P-1","role":"nurse","reason":"night"}}"#,
    );
    stays(
        &GlassEvent::Reviewed { access: 3, finding: "right".into() },
        r#"{"reviewed":{"access":3,"finding":"right"}}"#,
    );
}
