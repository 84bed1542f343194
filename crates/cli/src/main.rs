//! The `vena` program: thin commands over the other crates. Must not know: anything those crates could.

mod assay_tables;
mod assay_text;
mod assays;
mod assess;
mod catalogue;
mod collection;
mod colonies;
mod exit;
mod files;
mod gather;
mod knowledge;
mod picture;
mod record;
mod report_text;
mod serve;
mod settings;
mod simulate;
mod users;

use clap::{CommandFactory, Parser, Subcommand};
use std::{path::PathBuf, process::ExitCode};
use vena_base::Lang;

/// Carries a patient's cells from vein to vein and proves it did so. Decision support for qualified staff;
/// the person decides.
#[derive(Debug, Parser)]
#[command(name = "vena", version, propagate_version = true, max_term_width = 110)]
struct Words {
    /// Language of what is printed: en or zh-TW.
    #[arg(long, global = true, env = "VENA_LANG", default_value = "en", value_parser = language)]
    lang: Lang,
    /// The data folder.
    #[arg(long, global = true, env = "VENA_DATA", default_value = "./vena-data")]
    data: PathBuf,
    #[command(subcommand)]
    command: Command,
}

fn language(word: &str) -> Result<Lang, String> {
    Lang::parse(word).ok_or_else(|| format!("“{word}” is neither en nor zh-TW"))
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Grade every patient of a table, a FHIR bundle or a folder, each grade with its reasons.
    Assess(assess::AssessWords),
    /// Print the JSON Schema of an output.
    Schema {
        /// Of which.
        #[arg(value_enum)]
        of: assess::SchemaOf,
    },
    /// Print every name a table may use, with units and the values each accepts.
    Catalogue {
        /// Only entries that match this word or code.
        word: Option<String>,
        /// One JSON object a line.
        #[arg(long)]
        json: bool,
    },
    /// Write a seeded synthetic programme as a long table.
    Simulate {
        /// How many journeys.
        #[arg(long, default_value_t = 100)]
        journeys: u64,
        /// The seed: the same seed gives the same programme.
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// The last journeys end before this day.
        #[arg(long, default_value = "2026-11-01")]
        end: jiff::civil::Date,
        /// Write to this file instead of standard output.
        #[arg(long)]
        out: Option<PathBuf>,
    },
    /// Record the facts of tables or FHIR in the data folder; the same file twice adds nothing.
    Import(record::ImportWords),
    /// Write the recorded facts out again.
    Export(record::ExportWords),
    /// Read every record and name the first bad one. Needs no server.
    Verify(record::VerifyWords),
    /// Compute board, search and due list anew from the record, and compare.
    Rebuild,
    /// Sign a checkpoint and write it out, to be kept elsewhere.
    Checkpoint {
        /// Write to this file instead of standard output.
        #[arg(long)]
        out: Option<PathBuf>,
    },
    /// Serve the pages on this machine.
    Serve(serve::ServeWords),
    /// Fill a data folder with a synthetic programme and serve it.
    Demo(serve::DemoWords),
    /// Accounts.
    #[command(subcommand)]
    User(users::UserWords),
    /// The rule sets: which there are, which this site has signed for use.
    #[command(subcommand)]
    Knowledge(knowledge::KnowledgeWords),
    /// Flow cytometry: FCS in, gates and percentages out.
    Flow(assays::FlowWords),
    /// Count colonies on plate or well images.
    Colonies(colonies::ColonyWords),
    /// Fit dose-response curves and give relative potency.
    Potency(assay_tables::PotencyWords),
    /// Standard curves, residual DNA, vector copies, detection limits.
    Qpcr(assay_tables::QpcrWords),
    /// Endotoxin by a kinetic method, per kilogram and hour.
    Endotoxin(assay_tables::EndotoxinWords),
    /// Hold a rapid method against the compendial one.
    Compare(assay_tables::CompareWords),
    /// Residual pluripotent cells by highly efficient culture.
    Culture(assay_tables::CultureWords),
    /// Detection limit from a spike-in or 96-well series of colonies.
    Limit(assay_tables::LimitWords),
    /// Print completions for a shell.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
}

fn main() -> ExitCode {
    let words = Words::parse();
    let (lang, data) = (words.lang, words.data.as_path());
    exit::speak(lang);
    // The one place where this program asks the machine for the time; `app` has its own clock.
    let now = jiff::Timestamp::now();
    exit::end(match words.command {
        Command::Assess(words) => assess::assess(&words, now, lang),
        Command::Schema { of } => assess::schema(of),
        Command::Import(words) => record::import(&words, data, lang),
        Command::Export(words) => record::export(&words, data, lang),
        Command::Verify(words) => record::verify(&words, data, lang),
        Command::Rebuild => record::rebuild(data, lang),
        Command::Checkpoint { out } => record::checkpoint(out.as_deref(), data, lang),
        Command::Serve(words) => serve::serve(&words, data, lang),
        Command::Demo(words) => serve::demo(&words, data, lang),
        Command::User(words) => users::user(&words, data, lang),
        Command::Knowledge(words) => knowledge::knowledge(&words, data, lang),
        Command::Catalogue { word, json } => catalogue::catalogue(word.as_deref(), json, lang),
        Command::Simulate { journeys, seed, end, out } => {
            simulate::simulate(journeys, seed, end, out.as_deref())
        }
        Command::Flow(words) => assays::flow(&words, lang),
        Command::Colonies(words) => colonies::run(&words, lang),
        Command::Potency(words) => assay_tables::potency(&words, lang),
        Command::Qpcr(words) => assay_tables::qpcr(&words, lang),
        Command::Endotoxin(words) => assay_tables::endotoxin(&words, lang),
        Command::Compare(words) => assay_tables::compare(&words, lang),
        Command::Culture(words) => assay_tables::culture(&words, lang),
        Command::Limit(words) => assay_tables::limit(&words, lang),
        Command::Completions { shell } => {
            clap_complete::generate(shell, &mut Words::command(), "vena", &mut std::io::stdout());
            Ok(())
        }
    })
}
