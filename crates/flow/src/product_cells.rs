//! Cells of a whole collected product, from one analysed tube of it: viable nucleated cells, viable CD3+
//! cells, the share of T cells. Knows no limit: what suffices stands in the product's profile.

use serde::{Deserialize, Serialize};
use vena_base::Text;

use crate::count_report::{CountOptions, PopulationCount};
use crate::counts::{CountError, Viability};
use crate::gating::GateResult;
use crate::report::Analysis;

/// Microlitres in a millilitre.
const MICROLITRES: f64 = 1000.0;

/// The product the tube was taken from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProductSample {
    /// Volume of the product, millilitres; nothing but shares without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub millilitres: Option<f64>,
    /// Gate of viable nucleated cells, by id or path.
    pub nucleated: String,
    /// Gate of viable CD3+ cells; its events lie inside the gate above.
    pub cd3: String,
    /// Nucleated cells per microlitre of product by an analyser, living and dead (two platforms); left
    /// out where beads count in the same tube (one platform).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nucleated_per_microlitre: Option<f64>,
}

/// What concentrations rest on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Platform {
    /// Beads in the same tube.
    Beads,
    /// An analyser's count, with shares from the tube.
    Analyser,
}

/// Cells of the whole product.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ProductCells {
    /// What the totals rest on; `None` without totals.
    pub platform: Option<Platform>,
    /// Viable nucleated cells in the product (UCUM `1`).
    pub viable_nucleated: Option<f64>,
    /// Viable CD3+ cells in the product (UCUM `1`).
    pub viable_cd3: Option<f64>,
    /// Viable CD3+ among viable nucleated cells, percent.
    pub t_cell_share_percent: Option<f64>,
    /// Viable nucleated events.
    pub nucleated_events: u64,
    /// Viable CD3+ events.
    pub cd3_events: u64,
    /// What is missing for a number.
    pub missing: Vec<Text>,
}

impl Analysis {
    /// The cells of the product a tube was taken from.
    ///
    /// # Errors
    /// A gate that is not there, CD3+ events outside the nucleated cells, two platforms at once, or a
    /// number no product can have.
    #[allow(clippy::cast_precision_loss)]
    pub(crate) fn product_cells(
        &self,
        sample: &ProductSample,
        options: &CountOptions,
        viability: Option<&Viability>,
    ) -> Result<ProductCells, CountError> {
        for (what, value) in [
            (Text::new("volume of the product in mL", "產品體積（mL）"), sample.millilitres),
            (
                Text::new("analyser's count of nucleated cells", "分析儀之有核細胞濃度"),
                sample.nucleated_per_microlitre,
            ),
        ] {
            if let Some(value) = value.filter(|value| !(value.is_finite() && *value > 0.0)) {
                return Err(CountError::NotPositive { what, value });
            }
        }
        if options.beads.is_some() && sample.nucleated_per_microlitre.is_some() {
            return Err(CountError::TwoPlatforms);
        }
        let (nucleated, cd3) = (self.gate_named(&sample.nucleated)?, self.gate_named(&sample.cd3)?);
        let outside = cd3.membership.outside(&nucleated.membership);
        if outside > 0 {
            return Err(CountError::OutsideNucleated { events: outside as u64, gate: cd3.id.clone() });
        }
        let mut missing = Vec::new();
        let per_microlitre =
            self.per_microlitre(sample, options, viability, (nucleated, cd3), &mut missing)?;
        if sample.millilitres.is_none() {
            missing.push(Text::new("the product's volume: no totals", "缺少產品體積：無總數"));
        }
        let total = |concentration: f64| Some(concentration * MICROLITRES * sample.millilitres?);
        let share = (nucleated.count > 0).then(|| 100.0 * cd3.count as f64 / nucleated.count as f64);
        if share.is_none() {
            missing
                .push(Text::new("no viable nucleated cell was seen: no share", "未見存活有核細胞：無比例"));
        }
        let totals =
            per_microlitre.map(|(platform, nucleated, cd3)| (platform, total(nucleated), total(cd3)));
        Ok(ProductCells {
            platform: totals.and_then(|(platform, cells, _)| cells.map(|_| platform)),
            viable_nucleated: totals.and_then(|(_, cells, _)| cells),
            viable_cd3: totals.and_then(|(_, _, cells)| cells),
            t_cell_share_percent: share,
            nucleated_events: nucleated.count as u64,
            cd3_events: cd3.count as u64,
            missing,
        })
    }

    /// Viable nucleated and viable CD3+ cells per microlitre of product, and what they rest on.
    #[allow(clippy::cast_precision_loss)]
    fn per_microlitre(
        &self,
        sample: &ProductSample,
        options: &CountOptions,
        viability: Option<&Viability>,
        (nucleated, cd3): (&GateResult, &GateResult),
        missing: &mut Vec<Text>,
    ) -> Result<Option<(Platform, f64, f64)>, CountError> {
        if let Some(tube) = &options.beads {
            let count = |gate| -> Result<f64, CountError> {
                let PopulationCount { count, .. } = self.population(gate, Some(tube))?;
                Ok(count.map_or(0.0, |count| count.cells_per_microlitre))
            };
            return Ok(Some((Platform::Beads, count(nucleated)?, count(cd3)?)));
        }
        let Some(all) = sample.nucleated_per_microlitre else {
            missing.push(Text::new(
                "beads, or an analyser's count of nucleated cells: no totals",
                "缺少計數珠或分析儀之有核細胞濃度：無總數",
            ));
            return Ok(None);
        };
        let Some(viability) = viability else {
            missing.push(Text::new(
                "viability: an analyser counts dead cells too, so there are no viable totals without it",
                "缺少存活率：分析儀亦計入死細胞，無存活率即無存活總數",
            ));
            return Ok(None);
        };
        if nucleated.count == 0 {
            return Ok(None);
        }
        let viable = all * viability.viable as f64 / viability.cells as f64;
        Ok(Some((Platform::Analyser, viable, viable * cd3.count as f64 / nucleated.count as f64)))
    }
}
