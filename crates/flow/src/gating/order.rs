//! Which population must be decided before which; refuses circles and
//! references that lead nowhere. Knows no channel and no event.

use std::collections::HashMap;

use super::error::GatingError;
use super::model::{Gate, GateShape, GatingDocument, Quadrant};

/// A gate, or one quadrant of a quadrant gate.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Population<'a> {
    pub id: &'a str,
    pub gate: &'a Gate,
    pub quadrant: Option<&'a Quadrant>,
}

/// The populations, each after those it needs.
#[derive(Debug)]
pub(crate) struct Ordered<'a> {
    pub sequence: Vec<Population<'a>>,
    /// For each population in file order its place in `sequence`.
    pub file_order: Vec<usize>,
}

pub(crate) fn order(document: &GatingDocument) -> Result<Ordered<'_>, GatingError> {
    let populations = populations(document);
    let mut index: HashMap<&str, usize> = HashMap::new();
    for (place, population) in populations.iter().enumerate() {
        if index.insert(population.id, place).is_some() {
            return Err(GatingError::DuplicateId { kind: "gate", id: population.id.to_owned() });
        }
    }
    let needs = populations
        .iter()
        .map(|population| needs(population, document, &index))
        .collect::<Result<Vec<_>, _>>()?;
    let sequence = sort(&populations, &needs)?;
    let mut file_order = vec![0; populations.len()];
    for (place, &population) in sequence.iter().enumerate() {
        if let Some(slot) = file_order.get_mut(population) {
            *slot = place;
        }
    }
    let sequence = sequence.iter().filter_map(|&place| populations.get(place).copied()).collect();
    Ok(Ordered { sequence, file_order })
}

fn populations(document: &GatingDocument) -> Vec<Population<'_>> {
    let mut populations = Vec::new();
    for gate in &document.gates {
        match &gate.shape {
            GateShape::Quadrant { quadrants, .. } => {
                populations.extend(quadrants.iter().map(|quadrant| Population {
                    id: &quadrant.id,
                    gate,
                    quadrant: Some(quadrant),
                }));
            }
            _ => populations.push(Population { id: &gate.id, gate, quadrant: None }),
        }
    }
    populations
}

/// Places of the populations this one refers to: its parent and its operands.
fn needs(
    population: &Population<'_>,
    document: &GatingDocument,
    index: &HashMap<&str, usize>,
) -> Result<Vec<usize>, GatingError> {
    let gate = population.gate;
    let operands: &[_] = match &gate.shape {
        GateShape::Boolean { operands, .. } => operands,
        _ => &[],
    };
    let references = gate.parent.iter().chain(operands.iter().map(|operand| &operand.gate));
    let find = |reference: &String| {
        if let Some(&place) = index.get(reference.as_str()) {
            return Ok(place);
        }
        match document.gate(reference).map(|gate| &gate.shape) {
            Some(GateShape::Quadrant { quadrants, .. }) => Err(GatingError::QuadrantGateReference {
                gate: population.id.to_owned(),
                reference: reference.clone(),
                quadrants: quadrants
                    .iter()
                    .map(|quadrant| quadrant.id.as_str())
                    .collect::<Vec<_>>()
                    .join(", "),
            }),
            _ => Err(GatingError::UnknownReference {
                gate: population.id.to_owned(),
                kind: "gate",
                reference: reference.clone(),
            }),
        }
    };
    references.map(find).collect()
}

/// Depth first, without recursion; a population met again while it is still
/// being worked on closes a circle.
fn sort(populations: &[Population<'_>], needs: &[Vec<usize>]) -> Result<Vec<usize>, GatingError> {
    #[derive(Clone, Copy, PartialEq)]
    enum Mark {
        New,
        Open,
        Done,
    }
    let mut marks = vec![Mark::New; populations.len()];
    let mut sequence = Vec::with_capacity(populations.len());
    for start in 0..populations.len() {
        let mut stack: Vec<(usize, usize)> = vec![(start, 0)];
        while let Some((place, next)) = stack.pop() {
            if next == 0 {
                match marks.get(place) {
                    Some(Mark::Done) | None => continue,
                    Some(Mark::Open) => return Err(circle(populations, &stack, place)),
                    Some(Mark::New) => {}
                }
            }
            let needed = needs.get(place).and_then(|needed| needed.get(next)).copied();
            if let Some(mark) = marks.get_mut(place) {
                *mark = if needed.is_some() { Mark::Open } else { Mark::Done };
            }
            match needed {
                Some(needed) => {
                    stack.push((place, next + 1));
                    stack.push((needed, 0));
                }
                None => sequence.push(place),
            }
        }
    }
    Ok(sequence)
}

fn circle(populations: &[Population<'_>], stack: &[(usize, usize)], again: usize) -> GatingError {
    let name =
        |place: usize| populations.get(place).map_or_else(String::new, |population| population.id.to_owned());
    let first = stack.iter().position(|(place, _)| *place == again).unwrap_or(0);
    let mut circle: Vec<String> = stack.iter().skip(first).map(|(place, _)| name(*place)).collect();
    circle.push(name(again));
    GatingError::Cycle { circle }
}
