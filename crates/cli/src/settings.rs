//! `vena.toml` in the data folder: where the site is, which rules it uses, whether everything in it is
//! synthetic. Must not know what the settings do.

use crate::exit::Ended;
use serde::Deserialize;
use std::path::Path;
use vena_app::Config;
use vena_base::Zone;

/// The file's name.
pub const FILE: &str = "vena.toml";
/// The zone of a new installation.
const ZONE: &str = "Asia/Taipei";

/// What the file says.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    site: String,
    zone: String,
    rules: Vec<String>,
    session_idle_minutes: i64,
    session_hours: i64,
    attachment_megabytes_max: u64,
    /// Everything in the folder is made up.
    pub synthetic: bool,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            site: "main".to_owned(),
            zone: ZONE.to_owned(),
            rules: Vec::new(),
            session_idle_minutes: 30,
            session_hours: 12,
            attachment_megabytes_max: 64,
            synthetic: false,
        }
    }
}

impl Settings {
    /// The settings of a folder in which everything is made up.
    pub fn made_up() -> Settings {
        Settings { synthetic: true, ..Settings::default() }
    }

    /// Reads the folder's settings; the usual ones where it has none.
    ///
    /// # Errors
    /// The file cannot be read, or says what cannot be: with the line.
    pub fn read(folder: &Path) -> Result<Settings, Ended> {
        let path = folder.join(FILE);
        match std::fs::read_to_string(&path) {
            Ok(text) => toml::from_str(&text)
                .map_err(|problem| Ended::Record(format!("{}: {problem}", path.display()))),
            Err(problem) if problem.kind() == std::io::ErrorKind::NotFound => Ok(Settings::default()),
            Err(problem) => Err(Ended::Machine(format!("{}: {problem}", path.display()))),
        }
    }

    /// As the application takes them.
    ///
    /// # Errors
    /// The zone does not exist.
    pub fn config(&self) -> Result<Config, Ended> {
        let zone =
            Zone::named(&self.zone).map_err(|problem| Ended::Record(format!("{FILE}: zone: {problem}")))?;
        Ok(Config {
            site: self.site.clone(),
            rules: self.rules.clone(),
            session_idle_min: self.session_idle_minutes,
            session_absolute_h: self.session_hours,
            attachment_max_bytes: self.attachment_megabytes_max << 20,
            ..Config::new(zone)
        })
    }

    /// Writes the settings with their explanations, when the folder has none yet.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write_first(&self, folder: &Path) -> Result<(), Ended> {
        let path = folder.join(FILE);
        if path.exists() {
            return Ok(());
        }
        std::fs::create_dir_all(folder)
            .and_then(|()| std::fs::write(&path, self.commented()))
            .map_err(|problem| Ended::Machine(format!("{}: {problem}", path.display())))
    }

    fn commented(&self) -> String {
        let Settings {
            site,
            zone,
            synthetic,
            session_idle_minutes,
            session_hours,
            attachment_megabytes_max,
            ..
        } = self;
        format!(
            "# Settings of this installation. Read when the program starts.\n\
             \n\
             # Short name of the treating site, as it stands in every journey.\n\
             site = \"{site}\"\n\
             \n\
             # Where calendar days are counted: an IANA zone.\n\
             zone = \"{zone}\"\n\
             \n\
             # Rule sets in place of the default ones, for example [\"icaht/cumulative@2025\"].\n\
             # The knowledge page lists them all.\n\
             rules = []\n\
             \n\
             # A session ends after so many minutes without use, and after so many hours in any case.\n\
             session_idle_minutes = {session_idle_minutes}\n\
             session_hours = {session_hours}\n\
             \n\
             # Largest file that can be attached, in megabytes.\n\
             attachment_megabytes_max = {attachment_megabytes_max}\n\
             \n\
             # Everything in this folder is made up. Every page says so. Never set it by hand.\n\
             synthetic = {synthetic}\n"
        )
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn what_is_written_reads_back() {
        let settings = Settings { synthetic: true, ..Settings::default() };
        let read: Settings = toml::from_str(&settings.commented()).unwrap();
        assert_eq!(format!("{read:?}"), format!("{settings:?}"));
        assert!(read.config().is_ok());
    }

    #[test]
    fn a_word_nobody_knows_is_refused_with_its_line() {
        let problem =
            toml::from_str::<Settings>("site = \"a\"\nzonne = \"Asia/Taipei\"\n").unwrap_err().to_string();
        assert!(problem.contains("line 2") && problem.contains("zonne"), "{problem}");
        let settings = Settings { zone: "Asia/Atlantis".into(), ..Settings::default() };
        assert!(matches!(settings.config(), Err(Ended::Record(words)) if words.contains("Atlantis")));
    }
}
