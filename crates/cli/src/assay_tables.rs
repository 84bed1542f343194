//! `vena potency`, `vena qpcr`, `vena endotoxin`, `vena compare`, `vena culture`, `vena limit`: a table in, a
//! reproducible result and a picture out.

use crate::{
    assay_text,
    assays::{beside, each, options, print_json, refused},
    exit::{Ended, Outcome},
    files::{self, Format, inputs, progress},
    picture, report_text,
};
use std::path::{Path, PathBuf};
use vena_base::Lang;

/// What every table is asked.
#[derive(Debug, clap::Args)]
struct TableWords {
    /// Table (CSV or TSV), or a folder of them.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Options as JSON, as the report prints them; flags stand over them.
    #[arg(long)]
    options: Option<PathBuf>,
    /// Picture: .svg or .png.
    #[arg(long)]
    plot: Option<PathBuf>,
    /// How the result is printed.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

/// Analyses each table, draws and prints it.
fn tables<R: serde::Serialize>(
    words: &TableWords,
    analyse: impl Fn(&[u8]) -> Result<R, String>,
    draw: impl Fn(&R) -> String,
    text: impl Fn(&R, &str) -> String,
) -> Outcome {
    words.plot.as_deref().map(picture::form).transpose()?;
    each(&words.files, &[".csv", ".tsv", ".txt"], |input, several| {
        let report = analyse(&input.bytes()?).map_err(|words| refused(input, &words))?;
        if let Some(path) = &words.plot {
            let path = if several { beside(path, &input.name) } else { path.clone() };
            picture::write(&path, &draw(&report))?;
        }
        match words.format {
            Format::Json => print_json(&report, several.then_some(&*input.name)),
            Format::Text => files::print(&text(&report, &input.name)),
        }
    })
}

/// What `vena potency` is asked.
#[derive(Debug, clap::Args)]
pub struct PotencyWords {
    #[command(flatten)]
    table: TableWords,
    /// The preparation that is the reference.
    #[arg(long)]
    reference: Option<String>,
    /// Curves of 4 or 5 parameters.
    #[arg(long, value_parser = ["4", "5"])]
    parameters: Option<String>,
    /// curves, parallel-line or slope-ratio.
    #[arg(long, value_parser = ["curves", "parallel-line", "slope-ratio"])]
    assay: Option<String>,
    /// Leave out what the outlier rule names, up to the share the method allows.
    #[arg(long)]
    remove_outliers: bool,
    /// Name of the reference standard; needs --standard-value.
    #[arg(long, requires = "standard_value")]
    standard: Option<String>,
    /// Lot of the reference standard.
    #[arg(long, requires = "standard")]
    standard_lot: Option<String>,
    /// Its assigned potency.
    #[arg(long, requires = "standard")]
    standard_value: Option<f64>,
    /// Unit of the assigned potency.
    #[arg(long, requires = "standard")]
    standard_unit: Option<String>,
    /// Whose standard it is, or the certificate that assigns its value.
    #[arg(long, requires = "standard")]
    standard_source: Option<String>,
    /// Last day it may be used, YYYY-MM-DD.
    #[arg(long, requires = "standard")]
    standard_expires: Option<String>,
    /// Day of the assay, YYYY-MM-DD, against which the expiry is held; today when left out.
    #[arg(long)]
    assayed_on: Option<String>,
    /// What the errors of lines rest on: replicates (European Pharmacopoeia) or lines.
    #[arg(long, value_parser = ["replicates", "lines"])]
    line_error: Option<String>,
}

/// Runs `vena potency`.
pub fn potency(words: &PotencyWords, lang: Lang) -> Outcome {
    let mut options: vena_potency::PotencyOptions = options(words.table.options.as_deref())?;
    potency_flags(words, &mut options);
    tables(
        &words.table,
        |bytes| vena_potency::analyse_potency(bytes, &options).map_err(|refusal| refusal.message(lang)),
        |report| vena_potency::potency_svg(report, lang),
        |report, file| assay_text::potency(report, file, lang),
    )
}

/// Flags over the options.
fn potency_flags(words: &PotencyWords, options: &mut vena_potency::PotencyOptions) {
    use vena_potency::{curve::CurveModel, report};
    if words.reference.is_some() {
        options.reference.clone_from(&words.reference);
    }
    match words.parameters.as_deref() {
        Some("5") => options.model = CurveModel::FiveParameter,
        Some(_) => options.model = CurveModel::FourParameter,
        None => {}
    }
    match words.assay.as_deref() {
        Some("parallel-line") => options.assay = report::AssayKind::ParallelLine,
        Some("slope-ratio") => options.assay = report::AssayKind::SlopeRatio,
        Some(_) => options.assay = report::AssayKind::Curves,
        None => {}
    }
    if words.remove_outliers {
        options.outliers = report::OutlierHandling::Remove;
    }
    if let (Some(name), Some(assigned_value)) = (&words.standard, words.standard_value) {
        options.standard = Some(report::ReferenceStandard {
            name: name.clone(),
            lot: words.standard_lot.clone().unwrap_or_default(),
            source: words.standard_source.clone().unwrap_or_default(),
            expires_on: words.standard_expires.clone().unwrap_or_default(),
            assigned_value,
            unit: words.standard_unit.clone().unwrap_or_default(),
        });
    }
    match words.line_error.as_deref() {
        Some("lines") => options.line_error = report::LineErrorFrom::Lines,
        Some(_) => options.line_error = report::LineErrorFrom::Replicates,
        None => {}
    }
    if words.assayed_on.is_some() {
        options.assayed_on.clone_from(&words.assayed_on);
    }
    let expires = options.standard.as_ref().is_some_and(|standard| !standard.expires_on.is_empty());
    if expires && options.assayed_on.is_none() {
        options.assayed_on = Some(jiff::Zoned::now().date().to_string());
    }
}

/// What `vena qpcr` is asked.
#[derive(Debug, clap::Args)]
pub struct QpcrWords {
    #[command(flatten)]
    table: TableWords,
    /// A Cq at or below this is positive.
    #[arg(long)]
    cut_off: Option<f64>,
    /// Target of the internal control that must amplify for a negative to count.
    #[arg(long)]
    internal_control: Option<String>,
    /// Target of the residual DNA; the only one of the table when left out.
    #[arg(long)]
    dna_target: Option<String>,
    /// Nanograms in one unit of the quantity column.
    #[arg(long)]
    ng_per_unit: Option<f64>,
    /// Millilitres of product one well stands for.
    #[arg(long)]
    ml_per_well: Option<f64>,
    /// Millilitres of product in one dose.
    #[arg(long)]
    dose_ml: Option<f64>,
    /// Must be absent: mycoplasma or replication-competent-virus.
    #[arg(long, value_parser = ["mycoplasma", "replication-competent-virus"])]
    absence: Option<String>,
    /// Target of what must be absent; the only one of the table when left out.
    #[arg(long, requires = "absence")]
    absence_target: Option<String>,
    /// Millilitres of product all wells of a sample stand for together.
    #[arg(long, requires = "absence")]
    volume_ml: Option<f64>,
    /// Target of the vector; needs --vector-reference.
    #[arg(long, requires = "vector_reference")]
    vector: Option<String>,
    /// Target of the reference gene.
    #[arg(long, requires = "vector")]
    vector_reference: Option<String>,
    /// Percent of cells transduced, for copies per transduced cell.
    #[arg(long, requires = "vector")]
    transduced_percent: Option<f64>,
}

/// Runs `vena qpcr`.
pub fn qpcr(words: &QpcrWords, lang: Lang) -> Outcome {
    let mut options: vena_potency::QpcrOptions = options(words.table.options.as_deref())?;
    qpcr_flags(words, &mut options);
    tables(
        &words.table,
        |bytes| vena_potency::analyse_qpcr(bytes, &options).map_err(|refusal| refusal.message(lang)),
        |report| vena_potency::qpcr_svg(report, lang),
        |report, file| assay_text::qpcr(report, file, lang),
    )
}

/// Flags over the options.
fn qpcr_flags(words: &QpcrWords, options: &mut vena_potency::QpcrOptions) {
    options.cut_off_cq = words.cut_off.or(options.cut_off_cq);
    if words.internal_control.is_some() {
        options.internal_control_target.clone_from(&words.internal_control);
    }
    let numbers = [words.ng_per_unit, words.ml_per_well, words.dose_ml];
    if words.dna_target.is_some() || numbers.iter().any(Option::is_some) {
        let dna = options.residual_dna.get_or_insert_default();
        dna.nanograms_per_quantity_unit = words.ng_per_unit.or(dna.nanograms_per_quantity_unit);
        dna.product_ml_per_well = words.ml_per_well.or(dna.product_ml_per_well);
        dna.dose_ml = words.dose_ml.or(dna.dose_ml);
        dna.target = words.dna_target.clone().or(dna.target.take());
    }
    if let Some(word) = words.absence.as_deref() {
        use vena_potency::qpcr::AbsenceKind;
        let test = options.absence.get_or_insert_default();
        test.kind = if word == "mycoplasma" {
            AbsenceKind::Mycoplasma
        } else {
            AbsenceKind::ReplicationCompetentVirus
        };
        test.target = words.absence_target.clone().or(test.target.take());
        test.volume_ml = words.volume_ml.or(test.volume_ml);
    }
    if let (Some(vector), Some(reference)) = (&words.vector, &words.vector_reference) {
        let copies = options.vector_copies.get_or_insert_default();
        copies.vector_target.clone_from(vector);
        copies.reference_target.clone_from(reference);
        copies.transduced_fraction =
            words.transduced_percent.map(|percent| percent / 100.0).or(copies.transduced_fraction);
    }
}

/// What `vena endotoxin` is asked.
#[derive(Debug, clap::Args)]
pub struct EndotoxinWords {
    #[command(flatten)]
    table: TableWords,
    /// Volume given, mL.
    #[arg(long)]
    dose_ml: Option<f64>,
    /// Body weight, kg; without it there is no verdict.
    #[arg(long)]
    weight_kg: Option<f64>,
    /// Hours over which it is given; less than one counts as one.
    #[arg(long)]
    hours: Option<f64>,
    /// Given into the cerebrospinal fluid.
    #[arg(long)]
    intrathecal: bool,
}

/// Runs `vena endotoxin`.
pub fn endotoxin(words: &EndotoxinWords, lang: Lang) -> Outcome {
    let mut options: vena_potency::EndotoxinOptions = options(words.table.options.as_deref())?;
    options.dose_ml = words.dose_ml.or(options.dose_ml);
    options.weight_kg = words.weight_kg.or(options.weight_kg);
    options.hours = words.hours.or(options.hours);
    if words.intrathecal {
        options.route = vena_potency::endotoxin::Route::Intrathecal;
    }
    tables(
        &words.table,
        |bytes| vena_potency::analyse_endotoxin(bytes, &options).map_err(|refusal| refusal.message(lang)),
        |report| vena_potency::endotoxin_svg(report, lang),
        |report, file| report_text::endotoxin(report, file, lang),
    )
}

/// What `vena compare` is asked.
#[derive(Debug, clap::Args)]
pub struct CompareWords {
    #[command(flatten)]
    table: TableWords,
    /// Largest difference of the shares detected that is allowed, percent; else the method file's.
    #[arg(long)]
    margin_percent: Option<f64>,
}

/// Runs `vena compare`.
pub fn compare(words: &CompareWords, lang: Lang) -> Outcome {
    let mut options: vena_potency::ComparisonOptions = options(words.table.options.as_deref())?;
    options.margin = words.margin_percent.map(|percent| percent / 100.0).or(options.margin);
    tables(
        &words.table,
        |bytes| vena_potency::analyse_comparison(bytes, &options).map_err(|refusal| refusal.message(lang)),
        |report| vena_potency::comparison_svg(report, lang),
        |report, file| report_text::comparison(report, file, lang),
    )
}

/// What `vena culture` is asked.
#[derive(Debug, clap::Args)]
pub struct CultureWords {
    #[command(flatten)]
    table: TableWords,
    /// Cells in one dose.
    #[arg(long)]
    dose_cells: Option<f64>,
}

/// Runs `vena culture`.
pub fn culture(words: &CultureWords, lang: Lang) -> Outcome {
    let mut options: vena_potency::CultureOptions = options(words.table.options.as_deref())?;
    options.dose_cells = words.dose_cells.or(options.dose_cells);
    tables(
        &words.table,
        |bytes| vena_potency::analyse_culture(bytes, &options).map_err(|refusal| refusal.message(lang)),
        |report| vena_potency::culture_svg(report, lang),
        |report, file| report_text::culture(report, file, lang),
    )
}

/// What `vena limit` is asked.
#[derive(Debug, clap::Args)]
pub struct LimitWords {
    #[command(flatten)]
    table: TableWords,
    /// Pictures of the wells, where the table has no column of colonies; a plate is named by its file.
    #[arg(long, num_args = 1..)]
    images: Vec<PathBuf>,
}

/// Runs `vena limit`.
pub fn limit(words: &LimitWords, lang: Lang) -> Outcome {
    let mut options: vena_potency::SeriesOptions = options(words.table.options.as_deref())?;
    if !words.images.is_empty() {
        options.counts = well_counts(&words.images, lang)?;
    }
    tables(
        &words.table,
        |bytes| vena_potency::analyse_series(bytes, &options).map_err(|refusal| refusal.message(lang)),
        |report| vena_potency::series_svg(report, lang),
        |report, file| report_text::series(report, file, lang),
    )
}

/// Every well of the pictures with its count; a picture that is refused ends the program, as a series without it
/// would be another series.
fn well_counts(images: &[PathBuf], lang: Lang) -> Result<Vec<vena_potency::WellCount>, Ended> {
    let found = inputs(images, &[".png", ".tif", ".tiff", ".jpg", ".jpeg"])?;
    let bar = progress(found.len() as u64);
    let options = vena_colonies::Options::default();
    let rules = vena_colonies::prepare(&options).map_err(|problem| Ended::Usage(problem.message(lang)))?;
    let mut counts = Vec::new();
    for input in &found {
        for page in vena_colonies::analyse_file(&input.name, &input.bytes()?, &options, &rules) {
            if let Some(refusal) = &page.refusal {
                return Err(refused(input, &refusal.message.get(lang)));
            }
            let stem = Path::new(&input.name).file_stem();
            let plate = stem.map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
            counts.extend(vena_app::assay_compute::series_counts(&[page], |_| plate.clone()));
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(counts)
}
