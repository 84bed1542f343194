//! Cells per microlitre and viability of an analysed tube: gates in, counts out, with everything they
//! were made from. Knows gates by id or path, not what a population means.

use serde::{Deserialize, Serialize};
use vena_base::Text;

use crate::counts::{AbsoluteCount, CountError, Viability, absolute_count, viability};
use crate::gating::GateResult;
use crate::product_cells::{ProductCells, ProductSample};
use crate::report::{Analysis, METHOD};

/// Beads counted in the same tube (single platform).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BeadTube {
    /// Gate of the beads, by id or path.
    pub gate: String,
    /// Beads in the tube, as the lot states.
    pub beads_added: f64,
    /// Volume of sample pipetted, microlitres.
    pub sample_microlitres: f64,
    /// Dilution of the sample before it was pipetted; 1 when undiluted.
    #[serde(default = "undiluted")]
    pub dilution: f64,
}

const fn undiluted() -> f64 {
    1.0
}

/// Where viability is read: the events positive for a dead-cell dye, or those negative for it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ViabilityGate {
    /// Gate of dead cells.
    pub dead: Option<String>,
    /// Gate of viable cells.
    pub viable: Option<String>,
    /// Gate of all cells; the parent of the gate above when left out.
    pub of: Option<String>,
}

/// What to count.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CountOptions {
    /// Populations, by gate id or path; every gate but the beads' when empty.
    pub cells: Vec<String>,
    /// Beads; without them there are events and no concentration.
    pub beads: Option<BeadTube>,
    /// Viability.
    pub viability: Option<ViabilityGate>,
    /// The collected product the tube was taken from, for its totals.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product: Option<ProductSample>,
}

/// One population.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PopulationCount {
    /// Gate.
    pub gate: String,
    /// Its path.
    pub path: String,
    /// Events in it.
    pub events: u64,
    /// Cells per microlitre of sample.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<AbsoluteCount>,
}

/// Counts of an analysed tube.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CountReport {
    /// Version of the method.
    pub method: String,
    /// Digest of the flow result the counts rest on.
    pub flow_digest: String,
    /// SHA-256 of the FCS file.
    pub file_sha256: String,
    /// What was asked.
    pub options: CountOptions,
    /// Bead events.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bead_events: Option<u64>,
    /// Populations in the order asked, or of the file.
    pub populations: Vec<PopulationCount>,
    /// Viability.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub viability: Option<Viability>,
    /// Cells of the whole product.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product: Option<ProductCells>,
    /// What is missing for a number.
    pub missing: Vec<Text>,
}

impl Analysis {
    /// Counts populations by beads and reads viability.
    ///
    /// # Errors
    /// A gate that is not there, or a number no tube can have.
    pub fn count(&self, options: &CountOptions) -> Result<CountReport, CountError> {
        let beads = options.beads.as_ref();
        let bead_gate = beads.map(|tube| self.gate_named(&tube.gate)).transpose()?;
        let gates: Vec<&GateResult> = if options.cells.is_empty() {
            let is_bead = |gate: &GateResult| bead_gate.is_some_and(|bead| bead.path == gate.path);
            self.report.gates.iter().filter(|gate| !is_bead(gate)).collect()
        } else {
            options.cells.iter().map(|name| self.gate_named(name)).collect::<Result<_, _>>()?
        };
        let mut missing = Vec::new();
        let by_analyser =
            options.product.as_ref().is_some_and(|sample| sample.nucleated_per_microlitre.is_some());
        if beads.is_none() && !by_analyser {
            missing.push(Text::new(
                "beads: there is no concentration without them",
                "計數珠：沒有計數珠就沒有濃度",
            ));
        }
        let populations =
            gates.into_iter().map(|gate| self.population(gate, beads)).collect::<Result<Vec<_>, _>>()?;
        let viability = options.viability.as_ref().map(|gate| self.viability_of(gate)).transpose()?;
        let product = options.product.as_ref();
        let product =
            product.map(|sample| self.product_cells(sample, options, viability.as_ref())).transpose()?;
        Ok(CountReport {
            method: METHOD.to_owned(),
            flow_digest: self.report.digest.clone(),
            file_sha256: self.report.file_sha256.clone(),
            options: options.clone(),
            bead_events: bead_gate.map(|gate| gate.count as u64),
            populations,
            viability,
            product,
            missing,
        })
    }

    /// A gate's events, and cells per microlitre where beads were counted in the same tube.
    pub(crate) fn population(
        &self,
        gate: &GateResult,
        beads: Option<&BeadTube>,
    ) -> Result<PopulationCount, CountError> {
        let counted = |tube: &BeadTube| {
            let bead = self.gate_named(&tube.gate)?.count as u64;
            absolute_count(gate.count as u64, bead, tube.beads_added, tube.sample_microlitres, tube.dilution)
        };
        Ok(PopulationCount {
            gate: gate.id.clone(),
            path: gate.path.clone(),
            events: gate.count as u64,
            count: beads.map(counted).transpose()?,
        })
    }

    fn viability_of(&self, asked: &ViabilityGate) -> Result<Viability, CountError> {
        let (gate, is_dead) = match (&asked.dead, &asked.viable) {
            (Some(dead), None) => (self.gate_named(dead)?, true),
            (None, Some(viable)) => (self.gate_named(viable)?, false),
            _ => return Err(CountError::OneViabilityGate),
        };
        let cells = match &asked.of {
            Some(name) => self.gate_named(name)?.count as u64,
            None => gate.parent_count as u64,
        };
        let part = gate.count as u64;
        if is_dead {
            return viability(part, cells);
        }
        let dead = cells.checked_sub(part).ok_or(CountError::PartExceedsWhole { part, whole: cells })?;
        viability(dead, cells)
    }

    pub(crate) fn gate_named(&self, name: &str) -> Result<&GateResult, CountError> {
        let gates = &self.report.gates;
        gates
            .iter()
            .find(|gate| gate.path == name)
            .or_else(|| gates.iter().find(|gate| gate.id == name))
            .ok_or_else(|| CountError::NoSuchGate {
                gate: name.to_owned(),
                present: gates.iter().map(|gate| gate.id.as_str()).collect::<Vec<_>>().join(", "),
            })
    }
}
