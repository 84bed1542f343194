//! `vena flow`: an instrument's file in, a reproducible result out; and what all assay commands share. Pictures of
//! plates are in `colonies`, the tables in `assay_tables`.

use crate::{
    collection::{self, CollectionWords},
    exit::{Ended, Outcome, either},
    files::{self, Format, Input, inputs, progress},
    picture::{self, Form},
};
use std::{
    fmt::Write,
    path::{Path, PathBuf},
};
use vena_base::Lang;
use vena_flow::plot::{DensityPlot, PlotSpec, PlotText};

/// What `vena flow` is asked.
#[derive(Debug, clap::Args)]
pub struct FlowWords {
    /// FCS file, or a folder of them.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Gating-ML 2.0 file.
    #[arg(long)]
    gates: Option<PathBuf>,
    /// Compensation matrix (CSV or TSV) in place of the file's own.
    #[arg(long)]
    matrix: Option<PathBuf>,
    /// Which data set, from 1, when the file holds several.
    #[arg(long)]
    data_set: Option<usize>,
    /// Departures from the standard agreed to, by name (repeat or separate with commas).
    #[arg(long, value_delimiter = ',')]
    tolerate: Vec<String>,
    /// Marker panel the sample is held against, by id.
    #[arg(long)]
    panel: Option<String>,
    /// Gate of the beads counted in the same tube; needs --beads-added and --sample-ul.
    #[arg(long, requires = "beads_added", requires = "sample_ul")]
    beads: Option<String>,
    /// Beads in the tube, as the lot states.
    #[arg(long, requires = "beads")]
    beads_added: Option<f64>,
    /// Volume of sample pipetted, microlitres.
    #[arg(long, requires = "beads")]
    sample_ul: Option<f64>,
    /// Dilution of the sample before it was pipetted.
    #[arg(long, requires = "beads", default_value_t = 1.0)]
    dilution: f64,
    /// Gates counted (repeat or separate with commas); all when left out.
    #[arg(long, value_delimiter = ',')]
    cells: Vec<String>,
    /// Gate of dead cells, for viability.
    #[arg(long)]
    dead: Option<String>,
    /// Gate of viable cells, for viability.
    #[arg(long, conflicts_with = "dead")]
    viable: Option<String>,
    /// Gate viability is read among; the parent of the gate above when left out.
    #[arg(long)]
    viability_of: Option<String>,
    #[command(flatten)]
    collection: CollectionWords,
    /// Density plot with the gates: .svg or .png.
    #[arg(long)]
    plot: Option<PathBuf>,
    /// The gate whose plane is plotted; else the first with two dimensions.
    #[arg(long)]
    plot_gate: Option<String>,
    /// How the result is printed.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

/// Runs `vena flow`.
pub fn flow(words: &FlowWords, lang: Lang) -> Outcome {
    words.plot.as_deref().map(picture::form).transpose()?;
    let gates = words.gates.as_deref().map(read).transpose()?;
    let matrix = words
        .matrix
        .as_deref()
        .map(|path| Ok::<_, Ended>((path.display().to_string(), read(path)?)))
        .transpose()?;
    let options = vena_flow::AnalyseOptions {
        tolerances: words
            .tolerate
            .join(",")
            .parse()
            .map_err(|problem: vena_flow::UnknownTolerance| Ended::Usage(problem.message(lang)))?,
        data_set: words.data_set,
        matrix,
        ..vena_flow::AnalyseOptions::default()
    };
    each(&words.files, &[".fcs", ".lmd"], |input, several| {
        let analysis = match input.open()? {
            Some(file) => vena_flow::analyse_from(file, gates.as_deref(), &options),
            None => vena_flow::analyse(&input.bytes()?, gates.as_deref(), &options),
        };
        let analysis = analysis.map_err(|p| refused(input, &p.message(lang)))?;
        if let Some(path) = &words.plot {
            let path = if several { beside(path, &input.name) } else { path.clone() };
            flow_plot(&analysis, words.plot_gate.as_deref(), &path, lang)?;
        }
        let count = count_options(words).map(|options| analysis.count(&options)).transpose();
        let count = count.map_err(|problem| refused(input, &problem.message(lang)))?;
        let panel = words.panel.as_deref().map(panel).transpose()?;
        let panel = panel.map(|panel| analysis.judge(&panel, &[]));
        let profile = words.collection.judged(count.as_ref())?;
        match words.format {
            Format::Json => {
                let whole = FlowJson {
                    report: &analysis.report,
                    panel: panel.as_ref(),
                    count: count.as_ref(),
                    product_profile: profile.as_ref(),
                };
                print_json(&whole, several.then_some(&*input.name))
            }
            Format::Text => {
                let mut text = flow_text(input, &analysis.report, lang);
                flow_more(&mut text, panel.as_ref(), count.as_ref(), lang);
                collection::text(&mut text, count.as_ref(), profile.as_ref(), lang);
                files::print(&text)
            }
        }
    })
}

/// The result with what was asked besides.
#[derive(serde::Serialize)]
struct FlowJson<'a> {
    #[serde(flatten)]
    report: &'a vena_flow::FlowReport,
    #[serde(skip_serializing_if = "Option::is_none")]
    panel: Option<&'a vena_flow::PanelReport>,
    #[serde(skip_serializing_if = "Option::is_none")]
    count: Option<&'a vena_flow::CountReport>,
    #[serde(skip_serializing_if = "Option::is_none")]
    product_profile: Option<&'a vena_clinical::Finding>,
}

fn panel(id: &str) -> Result<vena_flow::Panel, Ended> {
    let panels = vena_flow::panels().map_err(|problem| Ended::Machine(problem.to_string()))?;
    let known = panels.iter().map(|panel| panel.id.as_str()).collect::<Vec<_>>().join(", ");
    let found = panels.into_iter().find(|panel| panel.id == id || panel.id.ends_with(&format!("/{id}")));
    found.ok_or_else(|| {
        Ended::Usage(either(
            format!("--panel {id}: there is no such panel; there are {known}"),
            format!("--panel {id}：沒有此標記組合；可用：{known}"),
        ))
    })
}

fn count_options(words: &FlowWords) -> Option<vena_flow::CountOptions> {
    let beads = words.beads.as_ref().zip(words.beads_added).zip(words.sample_ul);
    let beads = beads.map(|((gate, beads_added), sample_microlitres)| vena_flow::BeadTube {
        gate: gate.clone(),
        beads_added,
        sample_microlitres,
        dilution: words.dilution,
    });
    let asked = words.dead.is_some() || words.viable.is_some();
    let viability = asked.then(|| vena_flow::ViabilityGate {
        dead: words.dead.clone(),
        viable: words.viable.clone(),
        of: words.viability_of.clone(),
    });
    let product = words.collection.sample();
    let any = beads.is_some() || viability.is_some() || product.is_some() || !words.cells.is_empty();
    any.then(|| vena_flow::CountOptions { cells: words.cells.clone(), beads, viability, product })
}

/// Panel, counts and viability below the gates.
fn flow_more(
    out: &mut String,
    panel: Option<&vena_flow::PanelReport>,
    count: Option<&vena_flow::CountReport>,
    lang: Lang,
) {
    if let Some(panel) = panel {
        let name = if lang == Lang::En { &panel.en } else { &panel.zh_tw };
        let _ = writeln!(out, "  {name}: {}", panel.verdict.label(lang));
        for one in &panel.criteria {
            let because = if lang == Lang::En { &one.because_en } else { &one.because_zh_tw };
            let _ = writeln!(out, "    {}: {because}", one.marker);
        }
    }
    let Some(count) = count else { return };
    for one in &count.populations {
        if let Some(found) = &one.count {
            let error =
                found.relative_standard_error.map_or_else(String::new, |e| format!(" ± {:.1} %", 100.0 * e));
            let _ = writeln!(out, "  {:<40} {:>10.1} /uL{error}", one.path, found.cells_per_microlitre);
        }
    }
    if let Some(viability) = &count.viability {
        let title = if lang == Lang::En { "viability" } else { "存活率" };
        let _ = writeln!(
            out,
            "  {title} {:.2} % ({} / {})",
            viability.percent, viability.viable, viability.cells
        );
    }
    for missing in &count.missing {
        let _ = writeln!(out, "  ! {}", missing.get(lang));
    }
}

fn flow_text(input: &Input, report: &vena_flow::FlowReport, lang: Lang) -> String {
    let mut out = String::new();
    let (events, channels, compensation) = if lang == Lang::En {
        ("events", "channels", "compensation")
    } else {
        ("個事件", "個通道", "補償")
    };
    let from = &report.compensation.from;
    let _ = writeln!(
        out,
        "{}: {} {events}, {} {channels}, {compensation} {}{}",
        input.name,
        report.events,
        report.channels.len(),
        report.compensation.kind_label(lang),
        if from.is_empty() { String::new() } else { format!(" ({from})") }
    );
    for gate in &report.gates {
        let share = if gate.parent_count == 0 {
            "–".to_owned()
        } else {
            format!("{:.2} %", 100.0 * gate.count as f64 / gate.parent_count as f64)
        };
        let _ = writeln!(out, "  {:<40} {:>10} / {:<10} {share}", gate.path, gate.count, gate.parent_count);
    }
    for note in &report.notes {
        let _ = writeln!(out, "  {}: {}", if lang == Lang::En { "note" } else { "註" }, note.get(lang));
    }
    let result = if lang == Lang::En { "result" } else { "結果" };
    let _ = writeln!(out, "  SHA-256 {}  {result} {}", report.file_sha256, report.digest);
    out
}

fn flow_plot(analysis: &vena_flow::Analysis, gate: Option<&str>, path: &Path, lang: Lang) -> Outcome {
    let wrong = |problem: vena_flow::plot::PlotError| Ended::Input(problem.message(lang));
    let document = (!analysis.document.gates.is_empty()).then_some(&analysis.document);
    let spec = match gate {
        Some(id) => PlotSpec::for_gate(&analysis.document, id),
        None => PlotSpec::automatic(document, &analysis.data_set),
    }
    .map_err(wrong)?;
    let plot = DensityPlot::new(
        &analysis.document,
        &analysis.data_set,
        &analysis.compensation,
        &analysis.report.gates,
        &spec,
    )
    .map_err(wrong)?;
    let text = PlotText {
        events: if lang == Lang::En { "events".into() } else { "個事件".into() },
        ..PlotText::default()
    };
    let svg = plot.to_svg(&text);
    // The plot's own letters are ASCII; others are drawn with the machine's fonts, where it has them.
    let plain = svg.chars().all(|letter| letter.is_ascii() || letter == '\u{2212}');
    if picture::form(path)? == Form::Svg {
        return picture::write(path, &svg);
    }
    if !plain && picture::write(path, &svg).is_ok() {
        return Ok(());
    }
    files::write(path, &plot.to_png(&text, None).map_err(wrong)?)
}

/// Options from a JSON file; the usual ones without.
pub(crate) fn options<T: Default + serde::de::DeserializeOwned>(path: Option<&Path>) -> Result<T, Ended> {
    match path {
        None => Ok(T::default()),
        Some(path) => serde_json::from_slice(&read(path)?)
            .map_err(|problem| Ended::Usage(format!("{}: {problem}", path.display()))),
    }
}

/// The bytes of a file named by a flag.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, Ended> {
    std::fs::read(path).map_err(|problem| Ended::Input(format!("{}: {problem}", path.display())))
}

/// A refused input, in words.
pub(crate) fn refused(input: &Input, problem: &dyn std::fmt::Display) -> Ended {
    Ended::Input(format!("{}: {problem}", input.name))
}

/// With several inputs a picture's name carries the input's.
pub(crate) fn beside(picture: &Path, input: &str) -> PathBuf {
    let stem = Path::new(input).file_stem().map_or_else(|| "input".into(), |s| s.to_string_lossy());
    let (name, ending) = (
        picture.file_stem().unwrap_or_default().to_string_lossy(),
        picture.extension().unwrap_or_default().to_string_lossy(),
    );
    picture.with_file_name(format!("{name}-{stem}.{ending}"))
}

/// Does the work for each input. With one input its refusal ends the program; with several it is listed
/// and the others go on.
pub(crate) fn each(named: &[PathBuf], endings: &[&str], work: impl Fn(&Input, bool) -> Outcome) -> Outcome {
    let found = inputs(named, endings)?;
    let several = found.len() > 1;
    let bar = progress(found.len() as u64);
    let mut problems = false;
    for input in &found {
        match work(input, several) {
            Err(Ended::Input(words)) if several => {
                problems = true;
                bar.suspend(|| eprintln!("vena: {words}"));
            }
            other => other?,
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    if problems { Err(Ended::WithProblems) } else { Ok(()) }
}

fn as_value(report: &impl serde::Serialize) -> Result<serde_json::Value, Ended> {
    serde_json::to_value(report)
        .map_err(|problem| Ended::Machine(format!("the result cannot be written as JSON: {problem}")))
}

/// One object a line; with several inputs it says which file.
pub(crate) fn print_json(report: &impl serde::Serialize, file: Option<&str>) -> Outcome {
    let mut value = as_value(report)?;
    if let (Some(object), Some(file)) = (value.as_object_mut(), file) {
        object.insert("file".into(), file.into());
    }
    files::print(&format!("{value}\n"))
}
