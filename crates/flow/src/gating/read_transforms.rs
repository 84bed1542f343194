//! Transformations and spectrum matrices of a Gating-ML file. Knows no gate.

use super::error::GatingError;
use super::model::{GatingDocument, NamedRatio, NamedTransform};
use super::xml::{Element, Space};
use crate::spillover::SpilloverMatrix;
use crate::transform::{Transform, TransformKind};

pub(crate) fn read_transformation(
    element: &Element,
    document: &mut GatingDocument,
) -> Result<(), GatingError> {
    let content = element.content(&["id", "boundMin", "boundMax"])?;
    let id = element.required("id")?.to_owned();
    let [kind] = content.as_slice() else {
        return Err(element.grammar(
            format!("transformation {id:?} must hold exactly one element"),
            format!("轉換「{id}」須恰有一個元素"),
        ));
    };
    if kind.space != Space::Transforms {
        return Err(kind.unexpected());
    }
    // The bounds belong to the transform; files put them on either element.
    let bound = |name| Ok::<_, GatingError>(element.optional_number(name)?.or(kind.optional_number(name)?));
    let (bound_min, bound_max) = (bound("boundMin")?, bound("boundMax")?);
    if kind.name == "fratio" {
        let ratio = read_ratio(kind, id, (bound_min, bound_max))?;
        document.ratios.push(ratio);
    } else {
        let transform = Transform { kind: scale(kind)?, bound_min, bound_max };
        document.transforms.push(NamedTransform { id, transform });
    }
    Ok(())
}

fn read_ratio(
    element: &Element,
    id: String,
    bounds: (Option<f64>, Option<f64>),
) -> Result<NamedRatio, GatingError> {
    let content = element.content(&["A", "B", "C", "boundMin", "boundMax"])?;
    let [numerator, denominator] = content.as_slice() else {
        return Err(element.grammar("a ratio has two dimensions", "比值須有兩個維度"));
    };
    Ok(NamedRatio {
        id,
        a: element.number("A")?,
        b: element.number("B")?,
        c: element.number("C")?,
        numerator: fcs_dimension(numerator)?,
        denominator: fcs_dimension(denominator)?,
        bound_min: bounds.0,
        bound_max: bounds.1,
    })
}

/// The scale transform an element describes.
fn scale(element: &Element) -> Result<TransformKind, GatingError> {
    let number = |name| element.number(name);
    let (names, kind): (&[&str], TransformKind) = match element.name.as_str() {
        "flin" => (&["T", "A"], TransformKind::Linear { t: number("T")?, a: number("A")? }),
        "flog" => (&["T", "M"], TransformKind::Log { t: number("T")?, m: number("M")? }),
        "fasinh" => {
            (&["T", "M", "A"], TransformKind::Asinh { t: number("T")?, m: number("M")?, a: number("A")? })
        }
        name @ ("logicle" | "hyperlog") => {
            let (t, w, m, a) = (number("T")?, number("W")?, number("M")?, number("A")?);
            let logicle = name == "logicle";
            let kind = if logicle {
                TransformKind::Logicle { t, w, m, a }
            } else {
                TransformKind::Hyperlog { t, w, m, a }
            };
            (&["T", "W", "M", "A"], kind)
        }
        _ => return Err(element.unexpected()),
    };
    let content = element.content(&[names, &["boundMin", "boundMax"]].concat())?;
    content.first().map_or(Ok(kind), |extra| Err(extra.unexpected()))
}

pub(crate) fn fcs_dimension(element: &Element) -> Result<String, GatingError> {
    if !element.is(Space::Datatype, "fcs-dimension") {
        return Err(element.unexpected());
    }
    element.content(&["name"])?;
    Ok(element.required("name")?.to_owned())
}

pub(crate) fn read_matrix(element: &Element) -> Result<SpilloverMatrix, GatingError> {
    let content = element.content(&["id", "matrix-inverted-already"])?;
    let id = element.required("id")?;
    let (mut fluorochromes, mut detectors, mut coefficients) = (Vec::new(), Vec::new(), Vec::new());
    for child in content {
        match (child.space, child.name.as_str()) {
            (Space::Transforms, "fluorochromes") => fluorochromes = names(child)?,
            (Space::Transforms, "detectors") => detectors = names(child)?,
            (Space::Transforms, "spectrum") => {
                let row = child.content(&[])?;
                if row.len() != detectors.len() {
                    return Err(child.grammar(
                        format!("{} coefficients for {} detectors", row.len(), detectors.len()),
                        format!("{} 個係數對應 {} 個偵測器", row.len(), detectors.len()),
                    ));
                }
                for coefficient in row {
                    if !coefficient.is(Space::Transforms, "coefficient") {
                        return Err(coefficient.unexpected());
                    }
                    coefficient.content(&["value"])?;
                    coefficients.push(coefficient.number("value")?);
                }
            }
            _ => return Err(child.unexpected()),
        }
    }
    let mut matrix = SpilloverMatrix::new(id, fluorochromes, detectors, coefficients).map_err(|error| {
        let text = error.text();
        element.grammar(text.en, text.zh_tw)
    })?;
    matrix.inverted_already = flag(element, "matrix-inverted-already")?;
    if matrix.inverted_already && matrix.fluorochromes.len() != matrix.detectors.len() {
        return Err(element.grammar("an inverted matrix must be square", "已反轉的矩陣須為方陣"));
    }
    Ok(matrix)
}

pub(crate) fn names(element: &Element) -> Result<Vec<String>, GatingError> {
    element.content(&[])?.into_iter().map(fcs_dimension).collect()
}

pub(crate) fn flag(element: &Element, name: &str) -> Result<bool, GatingError> {
    match element.optional(name) {
        None | Some("false" | "0") => Ok(false),
        Some("true" | "1") => Ok(true),
        Some(other) => Err(element.grammar(
            format!("{name}={other:?} is neither true nor false"),
            format!("{name}=「{other}」既非 true 也非 false"),
        )),
    }
}
