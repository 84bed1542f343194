//! The record from the command line: import, export, verify, rebuild, checkpoint. Must not know the ledger's
//! format or how facts are decided upon.

use crate::{
    exit::{Ended, Outcome, either},
    files::{self, Format},
    gather::{self, ReadWords, gather},
    settings::Settings,
};
use std::{
    io::Write as _,
    path::{Path, PathBuf},
    sync::{
        atomic::{AtomicBool, Ordering},
        mpsc::sync_channel,
    },
};
use vena_app::{
    App, AppError, SystemClock,
    identity::PersonIdentity,
    transfer::{self, ImportPatient, ImportReport},
};
use vena_base::{Chart, Lang, ids::JourneyId};
use vena_exchange::{export, table::ChartRead};
use vena_journey::step::FileDigest;
use vena_ledger::{AttachmentError, KeyKind, PublicKey, Secret, StorageFault, Vault, VaultError};

/// An application's error as the program ends with it.
pub fn ended(problem: &AppError, lang: Lang) -> Ended {
    let words = match problem {
        AppError::Storage(fault) => stored(fault, lang),
        AppError::Refused(_) | AppError::Input(_) => problem.message(lang),
        other if other.is_fault() => other.to_string(),
        other => other.message(lang),
    };
    match problem {
        AppError::Storage(StorageFault::Full | StorageFault::InUse(_) | StorageFault::Io { .. })
        | AppError::Attachment(AttachmentError::Full | AttachmentError::Io { .. })
        | AppError::Vault(VaultError::Fault(StorageFault::Full | StorageFault::Io { .. }))
        | AppError::Entropy(_)
        | AppError::File { .. } => Ended::Machine(words),
        fault if fault.is_fault() => Ended::Record(words),
        _ => Ended::Usage(words),
    }
}

/// What is wrong with the store; in Chinese what a person can do something about, anything else as it is.
fn stored(fault: &StorageFault, lang: Lang) -> String {
    match (lang, fault) {
        (Lang::En, fault) => fault.to_string(),
        (Lang::ZhTw, StorageFault::Full) => "磁碟已滿".to_owned(),
        (Lang::ZhTw, StorageFault::InUse(path)) => format!("{} 已由另一程式開啟", path.display()),
        (Lang::ZhTw, StorageFault::Missing(path)) => format!("{} 內沒有帳冊", path.display()),
        (Lang::ZhTw, fault) => format!("儲存庫有問題：{fault}"),
    }
}

/// Opens the data folder.
///
/// # Errors
/// There is no record in it, another program has it open, or it is faulty.
pub fn open(folder: &Path, lang: Lang) -> Result<App, Ended> {
    let config = Settings::read(folder)?.config(folder)?;
    App::open(folder, config, SystemClock).map_err(|problem| ended(&problem, lang))
}

/// Opens the data folder, making it when there is none.
///
/// # Errors
/// As [`open`].
pub fn open_or_create(folder: &Path, lang: Lang) -> Result<App, Ended> {
    let settings = Settings::read(folder)?;
    settings.write_first(folder)?;
    App::open_or_create(folder, settings.config(folder)?, SystemClock)
        .map_err(|problem| ended(&problem, lang))
}

/// What `vena import` is asked.
#[derive(Debug, clap::Args)]
pub struct ImportWords {
    #[command(flatten)]
    read: ReadWords,
    /// How the result is printed.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

/// Runs `vena import`.
pub fn import(words: &ImportWords, folder: &Path, lang: Lang) -> Outcome {
    let app = open_or_create(folder, lang)?;
    let mut gathered = gather(&words.read, app.now(), lang)?;
    let digest = gathered
        .only_digest()
        .map(FileDigest::new)
        .transpose()
        .map_err(|problem| Ended::Machine(problem.to_string()))?;
    let sources = gathered.sources()?;
    let mut report = sources.report.clone();
    let session = app.command_line_session().map_err(|problem| ended(&problem, lang))?;
    let bar = files::progress(sources.len() as u64);
    let (sender, receiver) = sync_channel::<ImportPatient>(256);
    let stopped = AtomicBool::new(false);
    let imported = std::thread::scope(|scope| {
        let (sources, report, stopped) = (&sources, &mut report, &stopped);
        scope.spawn(move || {
            let work = |read: &ChartRead| (!stopped.load(Ordering::Acquire)).then(|| patient(read));
            sources.for_each(report, work, |patient| {
                if patient.is_some_and(|patient| sender.send(patient).is_err()) {
                    stopped.store(true, Ordering::Release);
                }
            });
        });
        let imported = app.import(&session, digest.as_ref(), receiver, &mut |done| bar.set_position(done));
        // A fault here ends the reader at its next patient: its channel is gone.
        stopped.store(true, Ordering::Release);
        imported
    });
    bar.finish_and_clear();
    let imported = imported.map_err(|problem| ended(&problem, lang))?;
    app.close().map_err(|problem| ended(&problem, lang))?;
    files::print(&imported_text(&imported, words.format, lang))?;
    for (patient, why) in &imported.refused {
        eprintln!("vena: {patient}: {}", why.get(lang));
    }
    gather::tell(&sources, &report, lang)?;
    if imported.refused.is_empty() { Ok(()) } else { Err(Ended::WithProblems) }
}

fn patient(read: &ChartRead) -> ImportPatient {
    let identity = read.identity.as_deref().map(|who| PersonIdentity {
        name_zh: who.name_zh.clone(),
        name_latin: who.name_latin.clone(),
        // The name a chart goes by may be a system's own id; people look for the hospital's number.
        record_number: who.record_number().map(str::to_owned),
        birth_date: who.birth_date.clone(),
        ..PersonIdentity::default()
    });
    // What its source has replaced is told by `assess --known-at`; the record takes what stands.
    let stands = read.chart.all().iter().filter(|fact| fact.replaced.is_none());
    ImportPatient {
        source_id: read.chart.patient.to_string(),
        other_numbers: read.identity.as_deref().map(|who| who.numbers.clone()).unwrap_or_default(),
        identity,
        facts: stands.cloned().collect(),
    }
}

fn imported_text(report: &ImportReport, format: Format, lang: Lang) -> String {
    let ImportReport { patients, patients_new, facts_recorded, facts_known, facts_of_identity, .. } = report;
    match (format, lang) {
        (Format::Json, _) => serde_json::to_string(report).unwrap_or_default() + "\n",
        (Format::Text, Lang::En) => format!(
            "{patients} patients ({patients_new} new): {facts_recorded} facts recorded, {facts_known} known already, \
             {facts_of_identity} kept as identity\n"
        ),
        (Format::Text, Lang::ZhTw) => format!(
            "{patients} 位病人（新 {patients_new} 位）：記錄 {facts_recorded} 筆事實，已有 {facts_known} 筆，{facts_of_identity} 筆存為身分資料\n"
        ),
    }
}

/// The form of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum ExportForm {
    /// The long table.
    Table,
    /// FHIR R4: one Bundle a patient, NDJSON.
    Fhir,
    /// Every event as stored, one JSON object a line.
    Events,
}

/// What `vena export` is asked.
#[derive(Debug, clap::Args)]
pub struct ExportWords {
    /// The form.
    #[arg(long, value_enum, default_value = "table")]
    format: ExportForm,
    /// Write to this file instead of standard output.
    #[arg(long)]
    out: Option<PathBuf>,
    /// Name patients by record number and tell birth date and sex. Without it they are pseudonymous.
    #[arg(long)]
    identity: bool,
}

/// Runs `vena export`.
pub fn export(words: &ExportWords, folder: &Path, lang: Lang) -> Outcome {
    let app = open(folder, lang)?;
    let mut out: Box<dyn std::io::Write> = match &words.out {
        None => Box::new(files::Printer::new()),
        Some(path) => {
            let file = std::fs::File::create(path)
                .map_err(|problem| Ended::Machine(format!("{}: {problem}", path.display())))?;
            Box::new(std::io::BufWriter::new(file))
        }
    };
    let bar = files::progress(0);
    let exported = match words.format {
        ExportForm::Events => app
            .export(&mut out, &mut |done, all| {
                bar.set_length(all);
                bar.set_position(done);
            })
            .map(|_| ())
            .map_err(|problem| ended(&problem, lang)),
        form => charts(&app, form, words.identity, &mut out, &bar, lang),
    };
    bar.finish_and_clear();
    exported?;
    out.flush().map_err(output_failed)?;
    app.close().map_err(|problem| ended(&problem, lang))
}

fn output_failed(problem: std::io::Error) -> Ended {
    if problem.kind() == std::io::ErrorKind::BrokenPipe {
        std::process::exit(0);
    }
    Ended::Machine(either(
        format!("the export cannot be written: {problem}"),
        format!("無法寫入匯出檔：{problem}"),
    ))
}

fn charts(
    app: &App,
    form: ExportForm,
    identity: bool,
    out: &mut dyn std::io::Write,
    bar: &indicatif::ProgressBar,
    lang: Lang,
) -> Outcome {
    let journeys = app.journeys().map_err(|problem| ended(&problem, lang))?;
    bar.set_length(journeys.len() as u64);
    if form == ExportForm::Table {
        out.write_all(export::table::HEADER.as_bytes()).map_err(output_failed)?;
    }
    for journey in &journeys {
        let chart = exported_chart(app, journey, identity).map_err(|problem| ended(&problem, lang))?;
        let text = match form {
            ExportForm::Table => {
                let mut text = String::new();
                export::table::write_chart(&mut text, &chart);
                text
            }
            _ => export::fhir::write(&chart, app.knowledge()).replace('\n', "") + "\n",
        };
        out.write_all(text.as_bytes()).map_err(output_failed)?;
        bar.inc(1);
    }
    Ok(())
}

fn exported_chart(app: &App, journey: &JourneyId, identity: bool) -> Result<Chart, AppError> {
    let chart = app.chart(journey, None)?;
    let zone = chart.zone.clone();
    if identity {
        let name = app.record_number(&chart.patient)?.unwrap_or_else(|| chart.patient.to_string());
        return Ok(Chart::new(name, zone, chart.all().to_vec()));
    }
    let told = chart.all().iter().filter(|fact| !matches!(fact.concept.as_str(), "birth-date" | "sex"));
    Ok(Chart::new(chart.patient.clone(), zone, told.cloned().collect()))
}

/// What `vena verify` is asked.
#[derive(Debug, clap::Args)]
pub struct VerifyWords {
    /// A checkpoint kept elsewhere (`vena checkpoint`).
    #[arg(long, value_name = "CHECKPOINT")]
    against: Option<PathBuf>,
    /// The public key known to be right, in hexadecimal.
    #[arg(long, value_name = "PUBLIC_KEY_HEX")]
    trusted: Option<String>,
    /// How the result is printed.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

/// Runs `vena verify`.
pub fn verify(words: &VerifyWords, folder: &Path, lang: Lang) -> Outcome {
    let trusted = words.trusted.as_deref().map(|text| {
        PublicKey::from_hex(text).ok_or_else(|| {
            Ended::Usage(format!("--trusted: “{text}” is not a public key of 64 hexadecimal digits"))
        })
    });
    let trusted = trusted.transpose()?;
    let against = words
        .against
        .as_deref()
        .map(|path| transfer::read_checkpoint(path).map_err(|problem| Ended::Input(problem.to_string())));
    let against = against.transpose()?;
    let bar = files::counter();
    let verified =
        transfer::verify_folder(folder, against.as_ref(), trusted, &mut |done| bar.set_position(done));
    bar.finish_and_clear();
    let mut report = verified.map_err(|problem| ended(&problem, lang))?;
    report.vault = vault(folder)?;
    let sound = report.is_sound();
    match words.format {
        Format::Json => files::print(&format!("{}\n", verified_json(&report)))?,
        Format::Text => files::print(&verified_text(&report, lang))?,
    }
    if sound {
        return Ok(());
    }
    let first = report.ledger.first().map(ToString::to_string).or_else(|| report.vault.first().cloned());
    Err(Ended::Record(first.unwrap_or_else(|| report.missing.join("; "))))
}

/// Problems of the identity vault. Without its key it cannot be read, and nothing is made of it.
fn vault(folder: &Path) -> Result<Vec<String>, Ended> {
    let path = folder.join(vena_app::app::KEYS_FOLDER).join("vault.key");
    if !path.exists() {
        return Ok(Vec::new());
    }
    // Opening it would make an empty one.
    let kept = folder.join(vena_ledger::vault::VAULT_FILE);
    if !kept.exists() {
        let kept = kept.display();
        return Ok(vec![either(format!("{kept} is missing"), format!("缺少 {kept}"))]);
    }
    let wrong = |problem: &dyn std::fmt::Display| Ended::Record(problem.to_string());
    let key = Secret::load(&path, KeyKind::Vault).map_err(|problem| wrong(&problem))?;
    match Vault::open(folder, &key) {
        Ok(vault) => vault.verify().map_err(|problem| wrong(&problem)),
        Err(problem) => Ok(vec![problem.to_string()]),
    }
}

fn verified_json(report: &transfer::VerifyReport) -> serde_json::Value {
    let ledger = &report.ledger;
    let texts = |all: &[vena_ledger::Finding]| all.iter().map(ToString::to_string).collect::<Vec<_>>();
    serde_json::json!({
        "sound": report.is_sound(), "ledger": ledger.ledger_id, "records": ledger.records, "record_bytes": ledger.record_bytes,
        "streams": ledger.streams, "appends": ledger.appends, "checkpoints": ledger.checkpoints, "attachments": ledger.attachments,
        "signed_by": ledger.signed_by.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "findings": texts(&ledger.findings), "findings_not_listed": ledger.findings_not_listed,
        "vault": report.vault, "missing": report.missing, "not_covered": ledger.not_covered, "notes": ledger.notes,
    })
}

fn verified_text(report: &transfer::VerifyReport, lang: Lang) -> String {
    let ledger = &report.ledger;
    let (records, streams, checkpoints, attachments) =
        (ledger.records, ledger.streams, ledger.checkpoints, ledger.attachments);
    let mut out = match (report.is_sound(), lang) {
        (true, Lang::En) => format!(
            "sound: {records} records, {streams} streams, {checkpoints} checkpoints, {attachments} attachments\n"
        ),
        (true, Lang::ZhTw) => format!(
            "完整：{records} 筆記錄、{streams} 條串流、{checkpoints} 個查核點、{attachments} 個附件\n"
        ),
        (false, Lang::En) => format!("NOT SOUND: {records} records read\n"),
        (false, Lang::ZhTw) => format!("不完整：已讀取 {records} 筆記錄\n"),
    };
    let mut line = |mark: &str, text: &str| out.push_str(&format!("  {mark} {text}\n"));
    ledger.findings.iter().for_each(|finding| line("✗", &finding.to_string()));
    if ledger.findings_not_listed > 0 {
        line("✗", &format!("… {}", ledger.findings_not_listed));
    }
    report.vault.iter().chain(&report.missing).for_each(|text| line("✗", text));
    for key in &ledger.signed_by {
        line(
            "·",
            &match lang {
                Lang::En => format!("signed by {key}"),
                Lang::ZhTw => format!("簽署金鑰 {key}"),
            },
        );
    }
    for text in &ledger.not_covered {
        line(
            "·",
            &match lang {
                Lang::En => format!("not covered: {text}"),
                Lang::ZhTw => format!("未涵蓋：{text}"),
            },
        );
    }
    ledger.notes.iter().for_each(|text| line("·", text));
    out
}

/// Runs `vena rebuild`.
pub fn rebuild(folder: &Path, lang: Lang) -> Outcome {
    let app = open(folder, lang)?;
    let bar = files::progress(0);
    let mut progress = |done, all| {
        bar.set_length(all);
        bar.set_position(done);
    };
    let differ = app.compare_read_models(&mut progress).map_err(|problem| ended(&problem, lang))?;
    let rows = app.rebuild(&mut progress).map_err(|problem| ended(&problem, lang))?;
    bar.finish_and_clear();
    app.close().map_err(|problem| ended(&problem, lang))?;
    let mut text = match lang {
        Lang::En => format!("{rows} rows computed anew; {} had differed from the record\n", differ.len()),
        Lang::ZhTw => format!("重新計算 {rows} 列；其中 {} 列與記錄不符\n", differ.len()),
    };
    for journey in &differ {
        text.push_str(&format!("  {journey}\n"));
    }
    files::print(&text)
}

/// Runs `vena checkpoint`.
pub fn checkpoint(out: Option<&Path>, folder: &Path, lang: Lang) -> Outcome {
    let app = open(folder, lang)?;
    let file = app.checkpoint().map_err(|problem| ended(&problem, lang))?;
    let key = app.public_key();
    let text =
        serde_json::to_string_pretty(&file).map_err(|problem| Ended::Machine(problem.to_string()))? + "\n";
    app.close().map_err(|problem| ended(&problem, lang))?;
    match out {
        Some(path) => files::write(path, text.as_bytes())?,
        None => files::print(&text)?,
    }
    let (number, position) = (file.checkpoint.number, file.checkpoint.position);
    eprintln!(
        "vena: {}",
        match lang {
            Lang::En => format!(
                "checkpoint {number} over {position} records; keep it and this public key elsewhere: {key}"
            ),
            Lang::ZhTw =>
                format!("查核點 {number}，涵蓋 {position} 筆記錄；請將此檔與下列公開金鑰另存他處：{key}"),
        }
    );
    Ok(())
}
