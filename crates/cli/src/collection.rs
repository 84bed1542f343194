//! Cells of a collection on the command line: what is asked of `vena flow`, and what the product's profile says.
//! Must not know any limit.

use crate::exit::{Ended, either};
use jiff::Timestamp;
use std::fmt::Write;
use vena_app::collection::collection_facts;
use vena_base::{Answer, Chart, Lang, Stamp, When, Zone};
use vena_clinical::{Finding, Question, Status, product};
use vena_flow::{CountReport, ProductSample};
use vena_knowledge::Knowledge;

/// What is asked of a collected product.
#[derive(Debug, clap::Args)]
pub struct CollectionWords {
    /// Gate of viable nucleated cells: the tube is of a collected product, and its cells are counted.
    #[arg(long, requires = "cd3")]
    nucleated: Option<String>,
    /// Gate of viable CD3+ cells, inside the viable nucleated ones.
    #[arg(long, requires = "nucleated")]
    cd3: Option<String>,
    /// Volume of the collected product, millilitres; with --beads or --nucleated-per-ul it gives totals.
    #[arg(long, requires = "nucleated")]
    product_ml: Option<f64>,
    /// Nucleated cells per microlitre of product by an analyser, dead ones too; needs --dead or --viable.
    #[arg(long, requires = "nucleated", conflicts_with = "beads")]
    nucleated_per_ul: Option<f64>,
    /// Product whose profile the collection is held against.
    #[arg(long, requires = "nucleated")]
    product: Option<String>,
}

impl CollectionWords {
    /// The product the tube is of, where one is named.
    pub fn sample(&self) -> Option<ProductSample> {
        let (nucleated, cd3) = self.nucleated.as_ref().zip(self.cd3.as_ref())?;
        Some(ProductSample {
            millilitres: self.product_ml,
            nucleated: nucleated.clone(),
            cd3: cd3.clone(),
            nucleated_per_microlitre: self.nucleated_per_ul,
        })
    }

    /// What the product's profile says of the cells counted.
    ///
    /// # Errors
    /// No profile of that product is known.
    pub fn judged(&self, count: Option<&CountReport>) -> Result<Option<Finding>, Ended> {
        let (Some(name), Some(count)) = (&self.product, count) else { return Ok(None) };
        let at = Timestamp::UNIX_EPOCH;
        let facts = collection_facts(count, When::Instant(Stamp::utc(at)));
        let chart = Chart::new("", Zone::utc(), facts);
        let question = Question { at, known_at: None, infusion: None };
        let found = product::product_profile(&chart, Knowledge::embedded(), Answer::of(name), &question)
            .map_err(|fault| Ended::Machine(fault.to_string()))?;
        let finding = found.into_iter().find(|finding| &*finding.scale == product::COLLECTION);
        finding.map(Some).ok_or_else(|| {
            Ended::Usage(either(
                format!("--product {name}: no profile of this product is known"),
                format!("--product {name}：沒有此產品的條件資料"),
            ))
        })
    }
}

/// The cells and the profile, in words.
pub fn text(out: &mut String, count: Option<&CountReport>, judged: Option<&Finding>, lang: Lang) {
    let said = |en: &'static str, zh: &'static str| if lang == Lang::En { en } else { zh };
    if let Some(cells) = count.and_then(|count| count.product.as_ref()) {
        let total = |cells: Option<f64>| {
            cells.map_or_else(|| "?".to_owned(), |cells| vena_potency::as_written(cells, 5))
        };
        let share =
            cells.t_cell_share_percent.map_or_else(|| "?".to_owned(), |share| format!("{share:.2} %"));
        let _ = writeln!(
            out,
            "  {} {}",
            said("viable nucleated cells", "存活有核細胞"),
            total(cells.viable_nucleated)
        );
        let _ =
            writeln!(out, "  {} {}", said("viable CD3+ cells", "存活 CD3+ 細胞"), total(cells.viable_cd3));
        let _ = writeln!(out, "  {} {share}", said("T cells among them", "T 細胞比例"));
        for missing in &cells.missing {
            let _ = writeln!(out, "  ! {}", missing.get(lang));
        }
    }
    let Some(finding) = judged else { return };
    let verdict = match (finding.status, finding.value) {
        (Status::Value, Some(1)) => said("inside the profile", "符合產品條件"),
        (Status::Value, _) => said("outside the profile", "不符合產品條件"),
        (Status::Interval, _) => said("open", "未定"),
        _ => said("not assessable", "無法評估"),
    };
    let _ = writeln!(out, "  {}: {verdict}", finding.rule);
    for reason in &finding.because {
        let met = match (reason.grade_low, reason.grade_high) {
            (Some(1), Some(1)) => said("met", "符合"),
            (Some(0), Some(0)) => said("not met", "不符合"),
            (None, None) => said("told", "僅報告"),
            _ => said("open", "未定"),
        };
        let _ = writeln!(out, "    {}: {} ({met})", reason.label.get(lang), reason.used.get(lang));
    }
    for settle in finding.settled_by.iter().filter(|settle| finding.missing.contains(&settle.concept)) {
        let _ = writeln!(out, "    {}: {}", settle.question.get(lang), said("missing", "缺少資料"));
    }
}
