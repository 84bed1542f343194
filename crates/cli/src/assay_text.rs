//! Results of potency and qPCR as a person reads them in a terminal. Must not compute anything.

use std::fmt::Write;
use vena_base::Lang;
use vena_potency::{
    interval::Interval,
    method::{Outcome, Status, Verdict},
    qpcr::{Call, QpcrReport, QuantityStatus},
    report::{Flag, PotencyReport, SampleReport},
};

/// A number with as many digits as help.
pub(crate) fn number(value: f64) -> String {
    vena_potency::as_written(value, 5)
}

pub(crate) fn maybe(value: Option<f64>) -> String {
    value.map_or_else(|| "–".to_owned(), number)
}

pub(crate) fn interval(interval: &Interval) -> String {
    format!("{} … {}", maybe(interval.low), maybe(interval.high))
}

pub(crate) fn pick(lang: Lang, en: &'static str, zh: &'static str) -> &'static str {
    if lang == Lang::En { en } else { zh }
}

/// A name, with its run where there are several.
fn of_run(run: &str, name: &str) -> String {
    match (run.is_empty(), name.is_empty()) {
        (true, _) => name.to_owned(),
        (false, true) => run.to_owned(),
        (false, false) => format!("{run} / {name}"),
    }
}

/// Parameters, potencies, suitability and remarks of a potency table.
pub fn potency(report: &PotencyReport, file: &str, lang: Lang) -> String {
    let mut out = String::new();
    let observations = report.input.observations;
    let _ = match lang {
        Lang::En => writeln!(
            out,
            "{file}: {observations} observations, method {} {}",
            report.method.id, report.method.version
        ),
        Lang::ZhTw => writeln!(
            out,
            "{file}：{observations} 筆觀測，方法 {} {}",
            report.method.id, report.method.version
        ),
    };
    if let Some(reference) = &report.reference {
        let chosen = match reference.chosen {
            "named" => pick(lang, "named", "指定"),
            "recognised" => pick(lang, "recognised by its name", "依名稱辨識"),
            _ => pick(lang, "first in alphabetical order", "依字母順序第一個"),
        };
        let _ = writeln!(out, "  {}: {} ({chosen})", pick(lang, "reference", "對照"), reference.name);
    }
    if !report.parameters.is_empty() {
        let _ = writeln!(
            out,
            "  {}",
            pick(
                lang,
                "parameters (b slope, c lower, d upper, e dose at half effect, g asymmetry):",
                "參數（b 斜率、c 下限、d 上限、e 半效劑量、g 不對稱）："
            )
        );
    }
    for estimate in &report.parameters {
        let name = of_run(&estimate.run, &estimate.curve);
        let _ = writeln!(
            out,
            "    {name:<24} {:<6} {} {:>12}  ± {}",
            estimate.fit,
            estimate.parameter,
            number(estimate.estimate),
            maybe(estimate.standard_error)
        );
    }
    for run in &report.runs {
        for (name, refusal) in
            run.curves.iter().filter_map(|curve| Some((&curve.name, curve.refusal.as_ref()?)))
        {
            let _ = writeln!(out, "  ! {}: {}", of_run(&run.name, name), refusal.get(lang));
        }
        for refusal in run.shared.iter().filter_map(|shared| shared.refusal.as_ref()) {
            let _ = writeln!(out, "  ! {}: {}", run.name, refusal.get(lang));
        }
    }
    report.relative_potency.iter().for_each(|sample| potency_of(&mut out, sample, lang));
    for combined in &report.combined {
        let name = &combined.sample;
        match (&combined.combination, &combined.refusal) {
            (Some(combination), _) => {
                let mean = match combination.reported {
                    vena_potency::combine::MeanKind::Weighted => &combination.weighted,
                    vena_potency::combine::MeanKind::SemiWeighted => &combination.semi_weighted,
                };
                let title = pick(lang, "combined potency", "合併效價");
                let _ = writeln!(
                    out,
                    "  {title} {name}: {} ({})",
                    number(mean.potency),
                    interval(&mean.interval)
                );
            }
            (None, refusal) => {
                let _ = writeln!(out, "  ! {name}: {}", refusal.as_ref().map_or("–", |why| why.get(lang)));
            }
        }
    }
    for outlier in &report.outliers {
        let done =
            if outlier.removed { pick(lang, "left out", "已剔除") } else { pick(lang, "kept", "保留") };
        let (line, response) = (outlier.line, number(outlier.response));
        let _ = match lang {
            Lang::En => writeln!(out, "  outlier: line {line}, response {response} ({done})"),
            Lang::ZhTw => writeln!(out, "  離群值：第 {line} 列，反應 {response}（{done}）"),
        };
    }
    ending(&mut out, &report.suitability, &report.flags, &report.input.sha256, lang);
    out
}

fn potency_of(out: &mut String, sample: &SampleReport, lang: Lang) {
    let name = of_run(&sample.run, &sample.sample);
    let title = pick(lang, "relative potency", "相對效價");
    let Some(estimate) = sample.estimate else {
        let _ =
            writeln!(out, "  {title} {name}: – {}", sample.refusal.as_ref().map_or("", |why| why.get(lang)));
        return;
    };
    let low_high = interval(&Interval { low: sample.low, high: sample.high });
    let _ = writeln!(
        out,
        "  {title} {name} : {} = {} ({low_high}, {})",
        sample.reference,
        number(estimate),
        sample.interval
    );
    if let Some(assigned) = &sample.assigned {
        let low_high = interval(&Interval { low: assigned.low, high: assigned.high });
        let _ = writeln!(out, "    = {} {} ({low_high})", number(assigned.estimate), assigned.standard.unit);
    }
    if !sample.reportable {
        let of_line = sample.line.as_ref().and_then(|line| line.slope_ratio.as_ref()).map(|s| s.equivalent);
        let parallel = sample.parallelism.as_ref().map(|p| p.parallel).or(of_line).unwrap_or(true);
        let otherwise = if parallel {
            pick(lang, "the reference is not named", "未指定標準品")
        } else {
            pick(lang, "not parallel to the reference", "與對照不平行")
        };
        let why = sample.refusal.as_ref().map_or(otherwise, |why| why.get(lang));
        let _ = writeln!(out, "    ! {}: {why}", pick(lang, "not reportable", "不可報告"));
    }
}

pub(crate) fn ending(out: &mut String, verdicts: &[Verdict], flags: &[Flag], digest: &str, lang: Lang) {
    for verdict in verdicts {
        let mark = match verdict.outcome {
            Outcome::Met => "✓",
            Outcome::NotMet => "✗",
            Outcome::NotAssessable => "?",
        };
        let criterion = &verdict.criterion;
        let provisional = match criterion.status {
            Status::Provisional => pick(lang, ", provisional", "，暫定"),
            Status::Sourced | Status::Active => "",
        };
        let told = verdict.words(lang);
        let _ = writeln!(
            out,
            "  {mark} {} {}: {} ({}{provisional})",
            told.subject, told.criterion, told.value, told.limit
        );
    }
    for flag in flags {
        let _ = writeln!(out, "  {}: {}", pick(lang, "note", "附註"), flag.text.get(lang));
    }
    let _ = writeln!(out, "  SHA-256 {digest}");
}

/// Curves, samples, residual DNA, vector copies and suitability of a qPCR table.
pub fn qpcr(report: &QpcrReport, file: &str, lang: Lang) -> String {
    let mut out = String::new();
    let unit = report.quantity_unit.as_deref().unwrap_or_default();
    let _ = writeln!(
        out,
        "{file}: {} {} {}",
        pick(lang, "method", "方法"),
        report.method.id,
        report.method.version
    );
    for curve in &report.curves {
        let target = &curve.target;
        if let Some(line) = &curve.line {
            let _ = writeln!(
                out,
                "  {target}: Cq = {} {:+} · log10, R² {}, {} {} %",
                number(line.intercept),
                line.slope,
                number(line.r_squared),
                pick(lang, "efficiency", "效率"),
                maybe(curve.efficiency.map(|share| 100.0 * share))
            );
        }
        if let Some(refusal) = &curve.refusal {
            let _ = writeln!(out, "  ! {target}: {}", refusal.get(lang));
        }
        if let Some(limit) = &curve.probit {
            let title = pick(lang, "limit of detection (probit)", "偵測極限（probit）");
            let _ =
                writeln!(out, "    {title}: {} {unit} ({})", number(limit.limit), interval(&limit.interval));
        }
        if let Some(limit) = &curve.poisson {
            let title = pick(lang, "limit of detection (Poisson)", "偵測極限（Poisson）");
            let _ = writeln!(
                out,
                "    {title}: {} {unit} ({})",
                number(limit.limit),
                interval(&limit.limit_interval)
            );
        }
    }
    for sample in &report.samples {
        let status = match sample.status {
            QuantityStatus::Quantified => pick(lang, "quantified", "已定量"),
            QuantityStatus::PartlyDetected => pick(lang, "partly detected", "部分偵測"),
            QuantityStatus::NotDetected => pick(lang, "not detected", "未偵測"),
            QuantityStatus::NotAssessable => pick(lang, "no standard curve", "無標準曲線"),
        };
        let call = match sample.call {
            None => "",
            Some(Call::Positive) => pick(lang, " · positive", " · 陽性"),
            Some(Call::Negative) => pick(lang, " · negative", " · 陰性"),
            Some(Call::NotAssessable) => pick(lang, " · not assessable", " · 無法評估"),
        };
        let outside = if sample.extrapolated {
            pick(lang, " · outside the standards", " · 超出標準品範圍")
        } else {
            ""
        };
        let quantity = sample
            .quantity
            .map(|q| format!(" {} {unit} ({})", number(q), interval(&sample.interval)))
            .unwrap_or_default();
        let (amplified, replicates) = (sample.amplified, sample.replicates);
        let _ = writeln!(
            out,
            "  {} {} {amplified}/{replicates} {status}{quantity}{outside}{call}",
            sample.sample, sample.target
        );
    }
    for dna in &report.residual_dna {
        let at_most = if dna.at_most { "≤ " } else { "" };
        let missing = if dna.missing.is_empty() {
            String::new()
        } else {
            format!(" ! {}", dna.missing.iter().map(|what| what.get(lang)).collect::<Vec<_>>().join(", "))
        };
        let title = pick(lang, "residual DNA", "殘留 DNA");
        let per_dose = pick(lang, "ng per dose", "ng／劑");
        let _ = writeln!(
            out,
            "  {title} {}: {at_most}{} {per_dose} ({}){missing}",
            dna.sample,
            maybe(dna.ng_per_dose),
            interval(&dna.interval)
        );
    }
    for copies in &report.vector_copies {
        let title = pick(lang, "vector copies per cell", "每細胞載體拷貝數");
        let refusal = copies.refusal.as_ref().map(|why| format!(" ! {}", why.get(lang))).unwrap_or_default();
        let _ = writeln!(
            out,
            "  {title} {}: {} ({}){refusal}",
            copies.sample,
            maybe(copies.copies_per_cell),
            interval(&copies.interval)
        );
    }
    ending(&mut out, &report.suitability, &report.flags, &report.input_sha256, lang);
    out
}
