//! Reading what a person names: a file, a folder, `-` for standard input. Writing pictures and tables.

use crate::exit::{Ended, either};
use std::{
    io::{IsTerminal, Read, Write},
    path::{Path, PathBuf},
};

/// How a result is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For people.
    Text,
    /// For programs: one JSON object a line.
    Json,
}

/// Largest table read, in bytes; it must fit in memory as it is.
const TABLE_BYTES_MAX: usize = 16_000_000_000;

/// One input.
pub struct Input {
    /// The file as named; `-` for standard input.
    pub name: String,
    /// Where it lies; `None` for standard input.
    path: Option<PathBuf>,
}

impl Input {
    /// Its bytes.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn bytes(&self) -> Result<Vec<u8>, Ended> {
        self.bytes_up_to(usize::MAX, |_| false)
            .map_err(|words| Ended::Input(format!("{}: {words}", self.name)))
    }

    /// The open file, where it is one that can be read twice; `None` for standard input.
    ///
    /// # Errors
    /// It cannot be opened.
    pub fn open(&self) -> Result<Option<std::fs::File>, Ended> {
        let Some(path) = &self.path else { return Ok(None) };
        let wrong = |problem: std::io::Error| Ended::Input(format!("{}: {problem}", self.name));
        let file = std::fs::File::open(path).map_err(wrong)?;
        Ok(file.metadata().map_err(wrong)?.is_file().then_some(file))
    }

    /// Its bytes, refused before they are read when there are more than can be used: `limit` for what
    /// `limited` recognises by its beginning, a size no memory holds for anything else.
    ///
    /// # Errors
    /// It cannot be read, or is too large; the reason in words, without the name.
    pub fn bytes_up_to(&self, limit: usize, limited: impl Fn(&[u8]) -> bool) -> Result<Vec<u8>, String> {
        let wrong = |problem: std::io::Error| problem.to_string();
        let (mut reader, expected): (Box<dyn Read>, u64) = match &self.path {
            Some(path) => {
                let file = std::fs::File::open(path).map_err(wrong)?;
                let length = file.metadata().map_err(wrong)?.len();
                (Box::new(file), length)
            }
            None => (Box::new(std::io::stdin().lock()), 0),
        };
        let mut bytes = Vec::new();
        reader.by_ref().take(64 * 1024).read_to_end(&mut bytes).map_err(wrong)?;
        let limit = if limited(&bytes) { limit } else { limit.max(TABLE_BYTES_MAX) };
        let too_large = |size: u64| {
            either(
                format!("it has {size} bytes; the limit is {limit}"),
                format!("檔案有 {size} 位元組，上限為 {limit}"),
            )
        };
        if expected > limit as u64 {
            return Err(too_large(expected));
        }
        let rest = usize::try_from(expected).unwrap_or(0).saturating_sub(bytes.len());
        bytes
            .try_reserve_exact(rest)
            .map_err(|_| either("there is not enough memory for it", "記憶體不足，無法讀取"))?;
        let left = (limit as u64).saturating_sub(bytes.len() as u64).saturating_add(1);
        reader.take(left).read_to_end(&mut bytes).map_err(wrong)?;
        if bytes.len() > limit {
            return Err(either(
                format!("it has more than {limit} bytes, the limit"),
                format!("檔案超過 {limit} 位元組的上限"),
            ));
        }
        Ok(bytes)
    }
}

/// The inputs behind the words of a command line; folders are searched for these endings, in order.
///
/// # Errors
/// Something named does not exist, or a folder holds nothing of the kind.
pub fn inputs(named: &[PathBuf], endings: &[&str]) -> Result<Vec<Input>, Ended> {
    let mut found = Vec::new();
    for path in named {
        let name = path.display().to_string();
        if name == "-" {
            found.push(Input { name, path: None });
        } else if path.is_dir() {
            let before = found.len();
            folder(path, endings, &mut found)
                .map_err(|problem| Ended::Input(format!("{name}: {problem}")))?;
            if found.len() == before {
                let list = endings.join(", ");
                return Err(Ended::Input(either(
                    format!("{name}: no file ending in {list} in this folder"),
                    format!("{name}：資料夾內沒有 {list} 檔案"),
                )));
            }
        } else if path.exists() {
            found.push(Input { name, path: Some(path.clone()) });
        } else {
            return Err(Ended::Input(either(
                format!("{name}: there is no such file"),
                format!("{name}：沒有這個檔案"),
            )));
        }
    }
    Ok(found)
}

fn folder(folder: &Path, endings: &[&str], found: &mut Vec<Input>) -> std::io::Result<()> {
    let mut entries: Vec<PathBuf> =
        std::fs::read_dir(folder)?.map(|e| e.map(|e| e.path())).collect::<Result<_, _>>()?;
    entries.sort();
    for path in entries {
        let name = path.display().to_string();
        if path.is_dir() {
            self::folder(&path, endings, found)?;
        } else if endings.iter().any(|ending| name.to_ascii_lowercase().ends_with(ending)) {
            found.push(Input { name, path: Some(path) });
        }
    }
    Ok(())
}

/// Writes a file the person asked for.
///
/// # Errors
/// It cannot be written.
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), Ended> {
    std::fs::write(path, bytes).map_err(|problem| Ended::Machine(format!("{}: {problem}", path.display())))
}

/// Prints to standard output.
///
/// # Errors
/// Standard output cannot be written.
pub fn print(text: &str) -> Result<(), Ended> {
    std::io::stdout().lock().write_all(text.as_bytes()).or_else(closed)
}

/// Standard output for long answers. A reader that closed its end (`| head`) ends the program: nothing it
/// did not read was lost.
pub struct Printer(std::io::BufWriter<std::io::Stdout>);

impl Printer {
    /// Standard output.
    pub fn new() -> Printer {
        Printer(std::io::BufWriter::with_capacity(1 << 16, std::io::stdout()))
    }

    /// Prints a text.
    ///
    /// # Errors
    /// Standard output cannot be written.
    pub fn print(&mut self, text: &str) -> Result<(), Ended> {
        self.0.write_all(text.as_bytes()).or_else(closed)
    }

    /// Prints what is still held back.
    ///
    /// # Errors
    /// Standard output cannot be written.
    pub fn finish(mut self) -> Result<(), Ended> {
        self.0.flush().or_else(closed)
    }
}

impl Write for Printer {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.write(bytes)
    }
    fn flush(&mut self) -> std::io::Result<()> {
        self.0.flush()
    }
}

fn closed(problem: std::io::Error) -> Result<(), Ended> {
    if problem.kind() == std::io::ErrorKind::BrokenPipe {
        std::process::exit(0);
    }
    Err(Ended::Machine(either(format!("standard output: {problem}"), format!("無法寫入標準輸出：{problem}"))))
}

/// A progress bar that appears after two seconds, on a terminal only.
pub fn progress(length: u64) -> indicatif::ProgressBar {
    let bar = indicatif::ProgressBar::with_draw_target(Some(length), indicatif::ProgressDrawTarget::hidden());
    if std::io::stderr().is_terminal() {
        let shown = bar.clone();
        std::thread::spawn(move || {
            std::thread::sleep(std::time::Duration::from_secs(2));
            if !shown.is_finished() {
                shown.set_draw_target(indicatif::ProgressDrawTarget::stderr());
            }
        });
    }
    if let Ok(style) = indicatif::ProgressStyle::with_template("{wide_bar} {pos}/{len} {eta}") {
        bar.set_style(style);
    }
    bar
}

/// A counter of unknown length that appears after two seconds, on a terminal only.
pub fn counter() -> indicatif::ProgressBar {
    let bar = progress(0);
    bar.unset_length();
    if let Ok(style) = indicatif::ProgressStyle::with_template("{spinner} {human_pos}") {
        bar.set_style(style);
    }
    bar
}
