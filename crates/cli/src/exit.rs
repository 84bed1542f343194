//! How the program ends. The numbers are promised in `docs/guide/files.md`.

use std::{process::ExitCode, sync::OnceLock};
use vena_base::Lang;

/// The language of this run, said once at its beginning: what goes wrong with files and machine is told in
/// it without every reader of a file having to carry it.
static SPOKEN: OnceLock<Lang> = OnceLock::new();

/// Says which language this run speaks.
pub fn speak(lang: Lang) {
    SPOKEN.get_or_init(|| lang);
}

/// The sentence in the language of this run.
pub fn either(en: impl Into<String>, zh_tw: impl Into<String>) -> String {
    match SPOKEN.get() {
        Some(Lang::ZhTw) => zh_tw.into(),
        _ => en.into(),
    }
}

/// Why the program ends otherwise than well.
#[derive(Debug)]
pub enum Ended {
    /// Answered, but some rows, resources or files could not be read (they are listed). Exit code 1.
    WithProblems,
    /// The command line asks for what cannot be done. Exit code 2.
    Usage(String),
    /// The input cannot be read at all. Exit code 3.
    Input(String),
    /// The data folder is faulty, or verification failed. Exit code 4.
    Record(String),
    /// The machine failed: disk, network. Exit code 5.
    Machine(String),
}

/// What a command answers.
pub type Outcome = Result<(), Ended>;

impl Ended {
    /// The number, and the sentence for standard error.
    pub fn code_and_words(&self) -> (u8, Option<&str>) {
        match self {
            Ended::WithProblems => (1, None),
            Ended::Usage(words) => (2, Some(words)),
            Ended::Input(words) => (3, Some(words)),
            Ended::Record(words) => (4, Some(words)),
            Ended::Machine(words) => (5, Some(words)),
        }
    }
}

/// Ends the program.
pub fn end(outcome: Outcome) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(ended) => {
            let (code, words) = ended.code_and_words();
            if let Some(words) = words {
                eprintln!("vena: {words}");
            }
            ExitCode::from(code)
        }
    }
}
