//! From a dose-response table to a report: reads, fits, names outliers, judges, compares, combines.
//! Pure: the same bytes, options and method file give the same report to the bit.

use vena_base::{Lang, Text};

use crate::assay_table::{AssayTable, AssayTableError, Well};
use crate::combine::{AssayResult, combine};
use crate::curve::Observation;
use crate::fit::{CurveFit, fit_curve};
use crate::line_assay::LineScale;
use crate::method::{Method, MethodError, Outcome, RELATIVE_POTENCY, sha256_hex};
use crate::plot::{PictureCurve, PicturePoint, PotencyPicture};
use crate::report::*;
use crate::words::{Words, words};

/// Why a potency table gives no report.
#[derive(Debug, thiserror::Error)]
pub enum PotencyError {
    /// The table.
    #[error(transparent)]
    Table(#[from] AssayTableError),
    /// The method file.
    #[error(transparent)]
    Method(#[from] MethodError),
    /// The reference named by the caller is not in the table.
    #[error("no preparation {name:?} in the table; it has: {found}")]
    NoSuchReference {
        /// Asked for.
        name: String,
        /// Found.
        found: String,
    },
    /// The standard's assigned value.
    #[error("the assigned value {0} of the reference standard is not a positive number")]
    BadStandard(f64),
    /// A date that is none.
    #[error("{what}: {written:?} is not a date written YYYY-MM-DD")]
    BadDate {
        /// Which date.
        what: Words,
        /// As written.
        written: String,
    },
    /// Not one curve of the table can be fitted.
    #[error("no curve can be fitted: {}", .0.en)]
    NothingFitted(Text),
}

/// The wells of one preparation in one run.
#[derive(Clone)]
pub(crate) struct Curve {
    pub(crate) name: String,
    pub(crate) wells: Vec<Well>,
}

impl Curve {
    pub(crate) fn observations(&self) -> Vec<Observation> {
        self.wells
            .iter()
            .map(|w| Observation { log_dose: w.dose.ln(), response: w.response, weight: w.weight })
            .collect()
    }
}

pub(crate) struct Analysis<'a> {
    pub(crate) options: &'a PotencyOptions,
    pub(crate) method: &'a Method,
    pub(crate) confidence_level: f64,
    /// Whether the reference was named or recognised. A potency against a preparation that merely comes
    /// first in the alphabet is for inspection.
    pub(crate) reference_known: bool,
    pub(crate) report: PotencyReport,
}

/// Analyses a dose-response table. Refuses what cannot be read, what names no such reference, and a
/// table of which not one curve can be fitted; anything less stands in the report.
pub fn analyse_potency(csv_bytes: &[u8], options: &PotencyOptions) -> Result<PotencyReport, PotencyError> {
    let method = Method::parse(options.method_toml.as_deref().unwrap_or(RELATIVE_POTENCY))?;
    let table = AssayTable::read(csv_bytes, &options.columns)?;
    if let Some(standard) = &options.standard
        && !(standard.assigned_value > 0.0 && standard.assigned_value.is_finite())
    {
        return Err(PotencyError::BadStandard(standard.assigned_value));
    }
    let expiry = Expiry::of(options)?;
    let reference = choose_reference(&table, options)?;
    let mut analysis = Analysis {
        options,
        method: &method,
        confidence_level: method.number("confidence-level")?,
        reference_known: reference.as_ref().is_some_and(|r| r.chosen != "first-alphabetical"),
        report: empty_report(csv_bytes, &table, options, &method),
    };
    analysis.flag_input(&table, reference.as_ref());
    if let Some(flag) = expiry.flag() {
        analysis.flag(flag);
    }
    for (run, name) in table.runs.iter().enumerate() {
        let mut curves: Vec<Curve> =
            table.preparations.iter().map(|p| Curve { name: p.clone(), wells: Vec::new() }).collect();
        for well in table.wells.iter().filter(|w| w.run == run) {
            if let Some(curve) = curves.get_mut(well.preparation) {
                curve.wells.push(well.clone());
            }
        }
        curves.retain(|c| !c.wells.is_empty());
        // The reference first: every comparison is against curve 0.
        if let Some(r) = &reference {
            curves.sort_by_key(|c| c.name != r.name);
        }
        match LineScale::of(options) {
            None => analysis.run_of_curves(name, curves, reference.as_ref())?,
            Some(scale) => analysis.run_of_lines(name, curves, scale, reference.as_ref())?,
        }
    }
    analysis.report.reference = reference;
    analysis.combine_runs()?;
    analysis.refuse_if_nothing_fitted()?;
    let mut report = analysis.report;
    let too_many_outliers = report.flags.iter().any(|f| f.code == "too-many-outliers");
    report.suitable = !too_many_outliers
        && expiry.fine()
        && !report.suitability.is_empty()
        && report.suitability.iter().all(|v| v.outcome == Outcome::Met);
    Ok(report)
}

/// Whether the reference standard could be used on the day of the assay.
#[derive(Clone, PartialEq)]
enum Expiry {
    NotStated,
    Within,
    /// Last day, day of the assay.
    Past(String, String),
    /// An expiry, but no day to hold it against.
    NotChecked(String),
}

impl Expiry {
    fn of(options: &PotencyOptions) -> Result<Expiry, PotencyError> {
        let date = |what: Words, written: &str| {
            // Only the plain form: others read differently in different countries.
            let plain = written.len() == 10 && written.bytes().all(|b| b.is_ascii_digit() || b == b'-');
            written
                .parse::<jiff::civil::Date>()
                .ok()
                .filter(|_| plain)
                .ok_or_else(|| PotencyError::BadDate { what, written: written.to_string() })
        };
        let written_day = options.assayed_on.as_deref().filter(|d| !d.is_empty());
        let day = written_day.map(|d| date(words("day of the assay", "試驗日期"), d)).transpose()?;
        let written = options.standard.as_ref().map_or("", |s| s.expires_on.as_str());
        if written.is_empty() {
            return Ok(Expiry::NotStated);
        }
        let last = date(words("expiry of the reference standard", "對照標準品效期"), written)?;
        Ok(match day {
            None => Expiry::NotChecked(written.to_string()),
            Some(day) if day > last => Expiry::Past(written.to_string(), day.to_string()),
            Some(_) => Expiry::Within,
        })
    }

    fn fine(&self) -> bool {
        matches!(self, Expiry::NotStated | Expiry::Within)
    }

    fn flag(&self) -> Option<Flag> {
        match self {
            Expiry::NotStated | Expiry::Within => None,
            Expiry::Past(last, day) => Some(Flag::new(
                "standard-expired",
                format!("the reference standard expired on {last}; the assay was made on {day}"),
                format!("對照標準品已於 {last} 到期；試驗日期為 {day}"),
            )),
            Expiry::NotChecked(last) => Some(Flag::new(
                "standard-expiry-not-checked",
                format!(
                    "the reference standard expires on {last}; without the day of the assay this was not checked"
                ),
                format!("對照標準品效期至 {last}；未提供試驗日期，故未核對"),
            )),
        }
    }
}

fn choose_reference(
    table: &AssayTable,
    options: &PotencyOptions,
) -> Result<Option<ReferenceChoice>, PotencyError> {
    if let Some(name) = &options.reference {
        return match table.preparations.iter().find(|p| p.trim().eq_ignore_ascii_case(name.trim())) {
            Some(found) => Ok(Some(ReferenceChoice { name: found.clone(), chosen: "named" })),
            None => Err(PotencyError::NoSuchReference {
                name: name.clone(),
                found: table.preparations.join(", "),
            }),
        };
    }
    if table.preparations.len() < 2 {
        return Ok(None);
    }
    let words = ["reference", "standard", "ref", "std", "rs", "標準品", "對照標準品"];
    let recognised: Vec<&String> = table
        .preparations
        .iter()
        .filter(|p| {
            let p = p.to_lowercase();
            words.contains(&p.as_str()) || ["reference", "standard", "標準品"].iter().any(|w| p.contains(w))
        })
        .collect();
    Ok(match (recognised.as_slice(), table.preparations.first()) {
        ([one], _) => Some(ReferenceChoice { name: (*one).clone(), chosen: "recognised" }),
        (_, Some(first)) => Some(ReferenceChoice { name: first.clone(), chosen: "first-alphabetical" }),
        _ => None,
    })
}

fn empty_report(
    bytes: &[u8],
    table: &AssayTable,
    options: &PotencyOptions,
    method: &Method,
) -> PotencyReport {
    PotencyReport {
        kind: "potency",
        method: method.reference.clone(),
        input: InputSummary {
            sha256: sha256_hex(bytes),
            bytes: bytes.len(),
            columns: table.columns.clone(),
            dose_unit: table.dose_unit.clone(),
            response_unit: table.response_unit.clone(),
            dose_scale: table.dose_scale,
            observations: table.wells.len(),
            excluded_lines: table.excluded_lines.clone(),
            missing_lines: table.missing_lines.clone(),
        },
        options: options.clone(),
        reference: None,
        parameters: Vec::new(),
        relative_potency: Vec::new(),
        combined: Vec::new(),
        runs: Vec::new(),
        outliers: Vec::new(),
        suitability: Vec::new(),
        suitable: false,
        flags: Vec::new(),
        picture: PotencyPicture {
            dose_label: table.columns.dose.clone(),
            response_label: table.columns.response.clone(),
            curves: Vec::new(),
        },
    }
}

impl Analysis<'_> {
    pub(crate) fn flag(&mut self, flag: Flag) {
        self.report.flags.push(flag);
    }

    fn flag_input(&mut self, table: &AssayTable, reference: Option<&ReferenceChoice>) {
        if !table.missing_lines.is_empty() {
            self.flag(
                Flag::new("missing-response", "wells without a response took no part", "無反應值之孔未納入")
                    .on_lines(table.missing_lines.clone()),
            );
        }
        if !table.excluded_lines.is_empty() {
            self.flag(
                Flag::new(
                    "excluded",
                    "wells the table marks as excluded took no part",
                    "表中標示排除之孔未納入",
                )
                .on_lines(table.excluded_lines.clone()),
            );
        }
        let unused = &table.columns.unused;
        if !unused.is_empty() {
            let names = unused.join(", ");
            self.flag(Flag::new(
                "unused-columns",
                format!("columns not used: {names}"),
                format!("未使用之欄位：{names}"),
            ));
        }
        let zero: Vec<usize> = table.wells.iter().filter(|w| w.dose == 0.0).map(|w| w.line).collect();
        if !zero.is_empty() {
            self.flag(
                Flag::new(
                    "dose-zero",
                    "dose 0 stands for the asymptote: it takes part in curves, has no place on a log dose axis",
                    "劑量 0 代表漸近線：納入曲線擬合，但不在對數劑量軸上",
                )
                .on_lines(zero),
            );
        }
        if table.columns.block.is_some() && self.options.assay == AssayKind::Curves {
            self.flag(Flag::new(
                "blocks-not-used",
                "blocks are taken out of the error of line assays only; curves do not use them",
                "僅直線試驗自誤差中扣除區集；曲線擬合未使用",
            ));
        }
        let alike = names_alike(&table.preparations);
        if !alike.is_empty() {
            let names = alike.join(", ");
            self.flag(Flag::new(
                "names-alike",
                format!("names that differ only in upper and lower case are taken as different preparations: {names}"),
                format!("僅大小寫不同之名稱視為不同製劑：{names}"),
            ));
        }
        if let Some(r) = reference.filter(|r| r.chosen == "first-alphabetical") {
            self.flag(Flag::new(
                "reference-not-named",
                format!(
                    "no preparation is named as the reference; {} was taken, first in alphabetical order: the potencies are for inspection, not for use",
                    r.name
                ),
                format!("未指定標準品；依字母順序取第一個：{}。效價僅供檢視，不得採用", r.name),
            ));
        }
    }

    fn run_of_curves(
        &mut self,
        run: &str,
        mut curves: Vec<Curve>,
        reference: Option<&ReferenceChoice>,
    ) -> Result<(), PotencyError> {
        self.handle_outliers(run, &mut curves)?;
        let mut reports = Vec::new();
        let mut fits: Vec<Option<CurveFit>> = Vec::new();
        for curve in &curves {
            let fitted = fit_curve(self.options.model, &curve.observations(), self.options.information);
            let report = self.curve_report(run, curve, &fitted);
            reports.push(report);
            fits.push(fitted.ok());
        }
        let mut run_report = RunReport {
            name: run.to_string(),
            curves: reports,
            shared: Vec::new(),
            line_error: None,
            variance: None,
        };
        if curves.len() > 1
            && let Some(reference) = reference
        {
            run_report.shared = self.compare(run, &curves, &fits, reference)?;
        }
        for (curve, fit) in curves.iter().zip(&fits) {
            self.report.picture.curves.push(PictureCurve {
                run: run.to_string(),
                name: curve.name.clone(),
                points: curve
                    .wells
                    .iter()
                    .map(|w| PicturePoint { dose: w.dose, response: w.response, removed: false })
                    .collect(),
                parameters: fit.as_ref().map(|f| f.parameters),
                line: None,
            });
        }
        let removed: Vec<OutlierReport> =
            self.report.outliers.iter().filter(|o| o.removed && o.run == run).cloned().collect();
        for o in removed {
            if let Some(c) = self.report.picture.curves.iter_mut().find(|c| c.run == run && c.name == o.curve)
            {
                c.points.push(PicturePoint { dose: o.dose, response: o.response, removed: true });
            }
        }
        self.report.runs.push(run_report);
        Ok(())
    }

    fn combine_runs(&mut self) -> Result<(), PotencyError> {
        if self.report.runs.len() < 2 {
            return Ok(());
        }
        let alpha = self.method.number("heterogeneity-alpha")?;
        let mut samples: Vec<String> =
            self.report.relative_potency.iter().map(|s| s.sample.clone()).collect();
        samples.sort();
        samples.dedup();
        for sample in samples {
            let of_sample = self.report.relative_potency.iter().filter(|s| s.sample == sample);
            // Only what may be reported is combined; what is left out stands among the results.
            let assays: Vec<AssayResult> = of_sample
                .filter(|s| s.reportable)
                .filter_map(|s| {
                    let log_error = s
                        .relative_potency
                        .as_ref()
                        .map(|p| p.log_standard_error)
                        .or(s.line.as_ref().map(|l| l.log_standard_error));
                    let df = s
                        .relative_potency
                        .as_ref()
                        .map(|p| p.residual_df)
                        .or(s.line.as_ref().map(|l| l.residual_df));
                    Some(AssayResult {
                        name: s.run.clone(),
                        potency: s.estimate?,
                        log_standard_error: log_error?,
                        residual_df: df?,
                    })
                })
                .collect();
            let result = combine(&assays, self.confidence_level, alpha);
            self.report.combined.push(CombinedReport {
                sample,
                refusal: result.as_ref().err().map(|e| e.text()),
                combination: result.ok(),
            });
        }
        Ok(())
    }

    fn refuse_if_nothing_fitted(&self) -> Result<(), PotencyError> {
        let curves: Vec<&CurveReport> = self.report.runs.iter().flat_map(|r| &r.curves).collect();
        let lines = self.options.assay != AssayKind::Curves;
        let nothing = if lines {
            self.report.relative_potency.iter().all(|s| s.estimate.is_none())
        } else {
            curves.iter().all(|c| c.refusal.is_some())
        };
        if !nothing {
            return Ok(());
        }
        let mut reasons: Vec<Text> =
            curves.iter().filter_map(|c| c.refusal.as_ref().map(|r| named(&c.name, r))).collect();
        reasons.extend(
            self.report
                .relative_potency
                .iter()
                .filter_map(|s| s.refusal.as_ref().map(|r| named(&s.sample, r))),
        );
        if reasons.is_empty() {
            reasons.push(crate::line_assay::NO_PAIR.text());
        }
        reasons.truncate(5);
        let join = |lang: Lang, by: &str| {
            reasons.iter().map(|r| r.get(lang).to_string()).collect::<Vec<_>>().join(by)
        };
        Err(PotencyError::NothingFitted(Text::new(join(Lang::En, "; "), join(Lang::ZhTw, "；"))))
    }
}

fn named(name: &str, reason: &Text) -> Text {
    if name.is_empty() {
        reason.clone()
    } else {
        Text::new(format!("{name}: {}", reason.en), format!("{name}：{}", reason.zh_tw))
    }
}

/// Names that are the same but for upper and lower case.
fn names_alike(names: &[String]) -> Vec<String> {
    let same = |a: &String, b: &String| a != b && a.to_lowercase() == b.to_lowercase();
    names.iter().filter(|a| names.iter().any(|b| same(a, b))).cloned().collect()
}

pub(crate) fn label(run: &str, name: &str) -> String {
    match (run.is_empty(), name.is_empty()) {
        (true, _) => name.to_string(),
        (false, true) => run.to_string(),
        (false, false) => format!("{run}: {name}"),
    }
}
