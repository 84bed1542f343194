//! Formats the app itself stores: events of accounts, kept as golden lines. A published format
//! never changes.
#![allow(clippy::unwrap_used)]

use vena_app::app::UserEvent;
use vena_journey::Role;

const VERSION_1: [&str; 5] = [
    r#"{"added":{"role":"quality-assurance"}}"#,
    r#""password-changed""#,
    r#""disabled""#,
    r#""enabled""#,
    r#""signed-in""#,
];

#[test]
fn account_events_of_version_1_read_and_write_as_ever() {
    let events = [
        UserEvent::Added { role: Role::QualityAssurance },
        UserEvent::PasswordChanged,
        UserEvent::Disabled,
        UserEvent::Enabled,
        UserEvent::SignedIn,
    ];
    for (event, line) in events.into_iter().zip(VERSION_1) {
        assert_eq!(serde_json::to_string(&event).unwrap(), line);
        assert_eq!(serde_json::from_str::<UserEvent>(line).unwrap(), event);
    }
}
