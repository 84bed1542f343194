//! `vena.toml` in the data folder: where the site is, which rules it uses, whether everything in it is
//! synthetic. Must not know what the settings do.

use crate::exit::Ended;
use serde::Deserialize;
use std::path::Path;
use vena_app::Config;
use vena_base::{Lang, Text, Zone};
use vena_knowledge::SiteOverlay;

/// The file's name.
pub const FILE: &str = "vena.toml";
/// The zone of a new installation.
const ZONE: &str = "Asia/Taipei";

/// What the file says.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    site: String,
    site_name: String,
    site_name_zh: String,
    zone: String,
    language: String,
    rules: Vec<String>,
    knowledge: String,
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
            site_name: "Main site".to_owned(),
            site_name_zh: "本院".to_owned(),
            zone: ZONE.to_owned(),
            language: "en".to_owned(),
            rules: Vec::new(),
            knowledge: "knowledge".to_owned(),
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
        Settings {
            synthetic: true,
            site: "demo".to_owned(),
            site_name: "Demonstration site".to_owned(),
            site_name_zh: "示範院所".to_owned(),
            ..Settings::default()
        }
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

    /// As the application takes them, with what the site signed in the files of its knowledge folder.
    ///
    /// # Errors
    /// The zone or language does not exist, or a file of the site cannot be read: with file and line.
    pub fn config(&self, folder: &Path) -> Result<Config, Ended> {
        let zone =
            Zone::named(&self.zone).map_err(|problem| Ended::Record(format!("{FILE}: zone: {problem}")))?;
        let language = Lang::parse(&self.language).ok_or_else(|| {
            Ended::Record(format!("{FILE}: language: “{}” is neither en nor zh-TW", self.language))
        })?;
        Ok(Config {
            site: self.site.clone(),
            site_name: Text::new(&*self.site_name, &*self.site_name_zh),
            language,
            site_knowledge: site_knowledge(&folder.join(&self.knowledge))?,
            rules: self.rules.clone(),
            session_idle_min: self.session_idle_minutes,
            session_absolute_h: self.session_hours,
            attachment_max_bytes: self.attachment_megabytes_max << 20,
            synthetic: self.synthetic,
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
            site_name,
            site_name_zh,
            zone,
            language,
            knowledge,
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
             # Its name on everything printed, in both languages.\n\
             site_name = \"{site_name}\"\n\
             site_name_zh = \"{site_name_zh}\"\n\
             \n\
             # Where calendar days are counted: an IANA zone.\n\
             zone = \"{zone}\"\n\
             \n\
             # Language of pages for a browser that asks for none of ours: en or zh-TW.\n\
             language = \"{language}\"\n\
             \n\
             # Rule sets in place of the default ones, for example [\"icaht/cumulative@2025\"].\n\
             # The knowledge page lists them all.\n\
             rules = []\n\
             \n\
             # The folder, beside this file, in which this site keeps what it signed about the knowledge:\n\
             # rule sets made active, and values of its own in place of a source's (every *.toml in it).\n\
             # A rule set can as well be signed on the knowledge page or with: vena knowledge activate\n\
             knowledge = \"{knowledge}\"\n\
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

/// Every file of a site's knowledge folder, by name; none where there is no such folder.
///
/// # Errors
/// A file cannot be read, or is not what it should be: every problem with its line.
pub fn site_knowledge(folder: &Path) -> Result<Vec<SiteOverlay>, Ended> {
    let failed = |problem: std::io::Error| Ended::Machine(format!("{}: {problem}", folder.display()));
    let listed = match std::fs::read_dir(folder) {
        Ok(listed) => listed,
        Err(problem) if problem.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(problem) => return Err(failed(problem)),
    };
    let mut paths = Vec::new();
    for entry in listed {
        let path = entry.map_err(failed)?.path();
        if path.extension().is_some_and(|end| end == "toml") {
            paths.push(path);
        }
    }
    paths.sort();
    let mut overlays = Vec::new();
    for path in paths {
        let text = std::fs::read_to_string(&path)
            .map_err(|problem| Ended::Machine(format!("{}: {problem}", path.display())))?;
        let read = SiteOverlay::read(&path.display().to_string(), &text).map_err(|problems| {
            let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
            Ended::Record(told.join("\n"))
        })?;
        overlays.push(read);
    }
    Ok(overlays)
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
        assert!(read.config(Path::new("nowhere")).is_ok());
    }

    #[test]
    fn a_word_nobody_knows_is_refused_with_its_line() {
        let problem =
            toml::from_str::<Settings>("site = \"a\"\nzonne = \"Asia/Taipei\"\n").unwrap_err().to_string();
        assert!(problem.contains("line 2") && problem.contains("zonne"), "{problem}");
        let settings = Settings { zone: "Asia/Atlantis".into(), ..Settings::default() };
        assert!(
            matches!(settings.config(Path::new("nowhere")), Err(Ended::Record(words)) if words.contains("Atlantis"))
        );
    }

    #[test]
    fn what_the_site_signed_is_read_and_a_wrong_line_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let own = folder.path().join("knowledge");
        std::fs::create_dir(&own).unwrap();
        std::fs::write(own.join("readme.txt"), "not read").unwrap();
        std::fs::write(
            own.join("north.toml"),
            "site = \"north\"\n\n[[activation]]\nrule = \"crs/astct@2019\"\nsigned-by = \"A\"\nsigned-on = \"2026-02-01\"\n",
        )
        .unwrap();
        let config = Settings::default().config(folder.path()).unwrap();
        assert_eq!(config.site_knowledge[0].activations[0].rule, "crs/astct@2019");
        std::fs::write(own.join("south.toml"), "site = \"south\"\nsighn = 3\n").unwrap();
        let wrong = Settings::default().config(folder.path());
        assert!(
            matches!(wrong, Err(Ended::Record(words)) if words.contains("south.toml") && words.contains("sighn"))
        );
    }
}
