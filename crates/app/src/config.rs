//! Settings of one installation. No clinical number: those are in `knowledge/`.
//!
//! Must not know: where the settings were read from.

use vena_base::{Lang, Text, Zone};
use vena_knowledge::SiteOverlay;

/// Settings.
#[derive(Debug, Clone)]
pub struct Config {
    /// The site's IANA zone: calendar days are counted here.
    pub zone: Zone,
    /// Id of the treating site.
    pub site: String,
    /// Name of the site, as it stands on everything printed.
    pub site_name: Text,
    /// Language of pages for a reader who has not chosen and whose browser asks for none of ours.
    pub language: Lang,
    /// What the site signed in files: rule sets made active, values of its own.
    pub site_knowledge: Vec<SiteOverlay>,
    /// Rule sets to use instead of the default ones (`crs/astct@2019`, `icaht/cumulative`).
    pub rules: Vec<String>,
    /// Access to a restricted identity taken by breaking the glass ends after so many hours.
    pub broken_glass_h: i64,
    /// A session ends after so many minutes without use.
    pub session_idle_min: i64,
    /// A session ends after so many hours in any case.
    pub session_absolute_h: i64,
    /// Wrong passwords in a row before waiting begins.
    pub sign_in_free_attempts: u32,
    /// Longest wait after wrong passwords, in seconds; it doubles from one second.
    pub sign_in_wait_max_s: i64,
    /// Shortest password, in characters.
    pub password_min_characters: usize,
    /// Memory for hashing a password, in KiB (argon2id).
    pub argon2_memory_kib: u32,
    /// Passes for hashing a password (argon2id).
    pub argon2_passes: u32,
    /// Largest attachment, in bytes.
    pub attachment_max_bytes: u64,
    /// Journeys kept folded in memory.
    pub journeys_in_memory: usize,
    /// Display names kept decrypted in memory.
    pub names_in_memory: usize,
    /// Age at which a board row of the acute phase is computed anew, in minutes: grades change with
    /// time even when nothing is entered.
    pub row_age_acute_min: i64,
    /// The same for all other rows, in minutes.
    pub row_age_other_min: i64,
    /// A checkpoint is signed after so many events.
    pub checkpoint_every_events: u64,
    /// Everything in the data folder is made up; only there may a made-up result be recorded.
    pub synthetic: bool,
}

impl Config {
    /// Usual settings for a site in a zone.
    pub fn new(zone: Zone) -> Config {
        Config {
            zone,
            site: "main".to_owned(),
            site_name: Text::new("Main site", "本院"),
            language: Lang::default(),
            site_knowledge: Vec::new(),
            broken_glass_h: 4,
            rules: Vec::new(),
            session_idle_min: 30,
            session_absolute_h: 12,
            sign_in_free_attempts: 5,
            sign_in_wait_max_s: 900,
            password_min_characters: 10,
            argon2_memory_kib: 19_456,
            argon2_passes: 2,
            attachment_max_bytes: 64 * 1024 * 1024,
            journeys_in_memory: 64,
            names_in_memory: 20_000,
            row_age_acute_min: 15,
            row_age_other_min: 720,
            checkpoint_every_events: 10_000,
            synthetic: false,
        }
    }
}
