//! From Gating-ML 2.0 to gates as data. Strict: an element or attribute that
//! the standard does not define is refused, never skipped. Knows no events.

use vena_base::Text;

use super::error::GatingError;
use super::model::{
    BooleanOperation, CompensationReference, Dimension, DimensionSource, Divider, Gate, GateShape,
    GatingDocument, Operand, Position, Quadrant, Range,
};
use super::read_transforms::{fcs_dimension, flag, read_matrix, read_transformation};
use super::xml::{Element, Space, parse};
use crate::limits::Limits;

/// Reads a Gating-ML 2.0 document.
///
/// # Errors
/// XML that is not well formed, a document type declaration, anything that is
/// not Gating-ML 2.0, repeated ids, limits passed.
pub fn read_gating_ml(bytes: &[u8], limits: &Limits) -> Result<GatingDocument, GatingError> {
    let root = parse(bytes, limits)?;
    if root.space != Space::Gating || root.name != "Gating-ML" {
        return Err(root.grammar(
            format!("the root is <{}>, not Gating-ML of version 2.0", root.name),
            format!("根元素是 <{}>，不是 Gating-ML 2.0", root.name),
        ));
    }
    let mut document = GatingDocument::default();
    for child in root.content(&[])? {
        match (child.space, child.name.as_str()) {
            (Space::Transforms, "transformation") => read_transformation(child, &mut document)?,
            (Space::Transforms, "spectrumMatrix") => document.matrices.push(read_matrix(child)?),
            (Space::Gating, _) => document.gates.push(read_gate(child)?),
            _ => return Err(child.unexpected()),
        }
    }
    check_counts(&document, limits)?;
    check_ids(&document)?;
    Ok(document)
}

fn check_counts(document: &GatingDocument, limits: &Limits) -> Result<(), GatingError> {
    let found = document
        .gates
        .iter()
        .map(|gate| match &gate.shape {
            GateShape::Quadrant { quadrants, .. } => quadrants.len(),
            _ => 1,
        })
        .sum();
    if found > limits.gates_max {
        return Err(GatingError::Limit {
            what: Text::new("number of gates", "圈選數"),
            found,
            limit: limits.gates_max,
        });
    }
    Ok(())
}

fn check_ids(document: &GatingDocument) -> Result<(), GatingError> {
    let transforms = document.transforms.iter().map(|transform| &transform.id);
    unique("transformation", transforms.chain(document.ratios.iter().map(|ratio| &ratio.id)))?;
    unique("spectrum matrix", document.matrices.iter().map(|matrix| &matrix.origin))?;
    let quadrants = document.gates.iter().flat_map(|gate| match &gate.shape {
        GateShape::Quadrant { quadrants, .. } => quadrants.as_slice(),
        _ => &[],
    });
    unique("gate", document.gates.iter().map(|gate| &gate.id).chain(quadrants.map(|quadrant| &quadrant.id)))
}

fn unique<'a>(kind: &'static str, ids: impl Iterator<Item = &'a String>) -> Result<(), GatingError> {
    let mut seen = std::collections::HashSet::new();
    for id in ids {
        if !seen.insert(id) {
            return Err(GatingError::DuplicateId { kind, id: id.clone() });
        }
    }
    Ok(())
}

fn read_gate(element: &Element) -> Result<Gate, GatingError> {
    let content = element.content(&["id", "parent_id"])?;
    let shape = match element.name.as_str() {
        "RectangleGate" => {
            GateShape::Rectangle { ranges: content.into_iter().map(read_range).collect::<Result<_, _>>()? }
        }
        "PolygonGate" => read_polygon(element, &content)?,
        "EllipsoidGate" => read_ellipsoid(element, &content)?,
        "QuadrantGate" => read_quadrant_gate(&content)?,
        "BooleanGate" => read_boolean(element, &content)?,
        _ => return Err(element.unexpected()),
    };
    let parent = element.optional("parent_id").map(str::to_owned);
    Ok(Gate { id: element.required("id")?.to_owned(), parent, shape })
}

/// The compensation, source and transform of a dimension or divider, and the
/// children that follow the source.
fn read_dimension<'a>(
    element: &'a Element,
    further: &[&str],
) -> Result<(Dimension, Vec<&'a Element>), GatingError> {
    let known = [&["compensation-ref", "transformation-ref"], further].concat();
    let mut content = element.content(&known)?;
    if content.is_empty() {
        return Err(element.grammar(
            format!("<{}> names no dimension", element.name),
            format!("<{}> 沒有指定維度", element.name),
        ));
    }
    let source = content.remove(0);
    let source = if source.is(Space::Datatype, "new-dimension") {
        source.content(&["transformation-ref"])?;
        DimensionSource::Ratio(source.required("transformation-ref")?.to_owned())
    } else {
        DimensionSource::Channel(fcs_dimension(source)?)
    };
    let compensation = match element.required("compensation-ref")? {
        "uncompensated" => CompensationReference::Uncompensated,
        "FCS" => CompensationReference::Fcs,
        id => CompensationReference::Matrix(id.to_owned()),
    };
    let transform = element.optional("transformation-ref").map(str::to_owned);
    Ok((Dimension { compensation, source, transform }, content))
}

fn plain_dimension(element: &Element, further: &[&str]) -> Result<Dimension, GatingError> {
    if !element.is(Space::Gating, "dimension") {
        return Err(element.unexpected());
    }
    let (dimension, rest) = read_dimension(element, further)?;
    rest.first().map_or(Ok(dimension), |extra| Err(extra.unexpected()))
}

fn read_range(element: &Element) -> Result<Range, GatingError> {
    let dimension = plain_dimension(element, &["min", "max"])?;
    Ok(Range { dimension, min: element.optional_number("min")?, max: element.optional_number("max")? })
}

/// The values of a list of `<coordinate value="…"/>`.
fn coordinates(element: &Element) -> Result<Vec<f64>, GatingError> {
    let read = |coordinate: &Element| {
        if !coordinate.is(Space::Gating, "coordinate") {
            return Err(coordinate.unexpected());
        }
        datatype_value(coordinate)
    };
    element.content(&[])?.into_iter().map(read).collect()
}

/// `data-type:value` of an element of the gating namespace.
fn datatype_value(element: &Element) -> Result<f64, GatingError> {
    let [(Space::Datatype, name, value)] = element.attributes.as_slice() else {
        return Err(element.grammar(
            format!("<{}> must have the one attribute value", element.name),
            format!("<{}> 須有且僅有屬性 value", element.name),
        ));
    };
    if name != "value" {
        return Err(element.grammar(
            format!("attribute {name} of <{}> is not defined by Gating-ML 2.0", element.name),
            format!("Gating-ML 2.0 的 <{}> 沒有屬性 {name}", element.name),
        ));
    }
    element.parse_number(name, value.trim())
}

fn read_polygon(element: &Element, content: &[&Element]) -> Result<GateShape, GatingError> {
    let (mut dimensions, mut vertices) = (Vec::new(), Vec::new());
    for child in content {
        if child.is(Space::Gating, "vertex") {
            let [x, y] = coordinates(child)?[..] else {
                return Err(child.grammar("a vertex has two coordinates", "頂點須有兩個座標"));
            };
            vertices.push([x, y]);
        } else {
            dimensions.push(plain_dimension(child, &[])?);
        }
    }
    let dimensions = dimensions
        .try_into()
        .map_err(|_| element.grammar("a polygon has two dimensions", "多邊形須有兩個維度"))?;
    if vertices.len() < 3 {
        return Err(element.grammar("a polygon has at least three vertices", "多邊形至少須有三個頂點"));
    }
    Ok(GateShape::Polygon { dimensions, vertices })
}

fn read_ellipsoid(element: &Element, content: &[&Element]) -> Result<GateShape, GatingError> {
    let (mut dimensions, mut mean, mut covariance, mut distance) = (Vec::new(), None, None, None);
    for child in content {
        match (child.space, child.name.as_str()) {
            (Space::Gating, "dimension") => dimensions.push(plain_dimension(child, &[])?),
            (Space::Gating, "mean") if mean.is_none() => mean = Some(coordinates(child)?),
            (Space::Gating, "covarianceMatrix") if covariance.is_none() => {
                covariance = Some(read_covariance(child)?)
            }
            (Space::Gating, "distanceSquare") if distance.is_none() => {
                distance = Some(datatype_value(child)?)
            }
            _ => return Err(child.unexpected()),
        }
    }
    match (mean, covariance, distance) {
        (Some(mean), Some(covariance), Some(distance_square)) => {
            Ok(GateShape::Ellipsoid { dimensions, mean, covariance, distance_square })
        }
        _ => Err(element.grammar(
            "an ellipsoid needs mean, covarianceMatrix and distanceSquare",
            "橢圓體須有 mean、covarianceMatrix 與 distanceSquare",
        )),
    }
}

fn read_covariance(element: &Element) -> Result<Vec<Vec<f64>>, GatingError> {
    let row = |row: &Element| {
        if !row.is(Space::Gating, "row") {
            return Err(row.unexpected());
        }
        row.content(&[])?
            .into_iter()
            .map(|entry| {
                if entry.is(Space::Gating, "entry") { datatype_value(entry) } else { Err(entry.unexpected()) }
            })
            .collect()
    };
    element.content(&[])?.into_iter().map(row).collect()
}

fn read_quadrant_gate(content: &[&Element]) -> Result<GateShape, GatingError> {
    let (mut dividers, mut quadrants) = (Vec::new(), Vec::new());
    for child in content {
        match (child.space, child.name.as_str()) {
            (Space::Gating, "divider") => {
                let (dimension, rest) = read_dimension(child, &["id"])?;
                let value = |value: &Element| {
                    if !value.is(Space::Gating, "value") {
                        return Err(value.unexpected());
                    }
                    value.content(&[])?;
                    value.parse_number("value", value.text.trim())
                };
                let values = rest.into_iter().map(value).collect::<Result<Vec<_>, _>>()?;
                dividers.push(Divider { id: child.required("id")?.to_owned(), dimension, values });
            }
            (Space::Gating, "Quadrant") => {
                let position = |position: &Element| {
                    if !position.is(Space::Gating, "position") {
                        return Err(position.unexpected());
                    }
                    position.content(&["divider_ref", "location"])?;
                    let divider = position.required("divider_ref")?.to_owned();
                    Ok(Position { divider, location: position.number("location")? })
                };
                let positions =
                    child.content(&["id"])?.into_iter().map(position).collect::<Result<_, _>>()?;
                quadrants.push(Quadrant { id: child.required("id")?.to_owned(), positions });
            }
            _ => return Err(child.unexpected()),
        }
    }
    Ok(GateShape::Quadrant { dividers, quadrants })
}

fn read_boolean(element: &Element, content: &[&Element]) -> Result<GateShape, GatingError> {
    let [combination] = content else {
        return Err(
            element.grammar("a Boolean gate holds one of and, or, not", "布林圈選須為 and、or、not 之一")
        );
    };
    let operation = match (combination.space, combination.name.as_str()) {
        (Space::Gating, "and") => BooleanOperation::And,
        (Space::Gating, "or") => BooleanOperation::Or,
        (Space::Gating, "not") => BooleanOperation::Not,
        _ => return Err(combination.unexpected()),
    };
    let operand = |operand: &Element| {
        if !operand.is(Space::Gating, "gateReference") {
            return Err(operand.unexpected());
        }
        operand.content(&["ref", "use-as-complement"])?;
        Ok(Operand {
            gate: operand.required("ref")?.to_owned(),
            complement: flag(operand, "use-as-complement")?,
        })
    };
    let operands = combination.content(&[])?.into_iter().map(operand).collect::<Result<_, _>>()?;
    Ok(GateShape::Boolean { operation, operands })
}
