//! From gates as data to Gating-ML 2.0. What is written reads back equal.
//! Knows no events.

use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};
use quick_xml::writer::Writer;

use super::model::{
    BooleanOperation, CompensationReference, Dimension, DimensionSource, Divider, Gate, GateShape,
    GatingDocument, NamedRatio, Operand, Quadrant, Range,
};
use super::xml::{DATATYPE, GATING, TRANSFORMS};
use crate::spillover::SpilloverMatrix;
use crate::transform::Transform;

/// Attributes as (qualified name, value).
type Attributes = Vec<(&'static str, String)>;

/// Writes a document as Gating-ML 2.0, transforms and matrices first.
#[must_use]
pub fn write_gating_ml(document: &GatingDocument) -> String {
    let mut out = Xml(Writer::new_with_indent(Vec::new(), b' ', 2));
    out.event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)));
    let namespaces = vec![
        ("xmlns:gating", GATING.to_owned()),
        ("xmlns:transforms", TRANSFORMS.to_owned()),
        ("xmlns:data-type", DATATYPE.to_owned()),
    ];
    out.element("gating:Gating-ML", namespaces, |out| {
        for named in &document.transforms {
            out.transform(&named.id, &named.transform);
        }
        for ratio in &document.ratios {
            out.ratio(ratio);
        }
        for matrix in &document.matrices {
            out.matrix(matrix);
        }
        for gate in &document.gates {
            out.gate(gate);
        }
    });
    String::from_utf8_lossy(&out.0.into_inner()).into_owned()
}

const DIMENSION: &str = "gating:dimension";

fn datatype_value(value: f64) -> Attributes {
    vec![("data-type:value", value.to_string())]
}

struct Xml(Writer<Vec<u8>>);

impl Xml {
    /// Writing into memory has no way to fail.
    fn event(&mut self, event: Event<'_>) {
        let _ = self.0.write_event(event);
    }

    fn start(name: &'static str, attributes: Attributes) -> BytesStart<'static> {
        let mut start = BytesStart::new(name);
        for (name, value) in attributes {
            start.push_attribute((name, value.as_str()));
        }
        start
    }

    fn element(&mut self, name: &'static str, attributes: Attributes, inside: impl FnOnce(&mut Self)) {
        self.event(Event::Start(Self::start(name, attributes)));
        inside(self);
        self.event(Event::End(BytesEnd::new(name)));
    }

    fn empty(&mut self, name: &'static str, attributes: Attributes) {
        self.event(Event::Empty(Self::start(name, attributes)));
    }

    fn transform(&mut self, id: &str, transform: &Transform) {
        let attributes = with_bounds(id, transform.bound_min, transform.bound_max);
        let parameters = transform
            .kind
            .parameters()
            .into_iter()
            .map(|(name, value)| (qualified(name), value.to_string()))
            .collect();
        let kind = match transform.kind.element() {
            "flin" => "transforms:flin",
            "flog" => "transforms:flog",
            "fasinh" => "transforms:fasinh",
            "logicle" => "transforms:logicle",
            _ => "transforms:hyperlog",
        };
        self.element("transforms:transformation", attributes, |out| out.empty(kind, parameters));
    }

    fn ratio(&mut self, ratio: &NamedRatio) {
        let attributes = with_bounds(&ratio.id, ratio.bound_min, ratio.bound_max);
        let parameters = [("A", ratio.a), ("B", ratio.b), ("C", ratio.c)]
            .map(|(name, value)| (qualified(name), value.to_string()))
            .to_vec();
        self.element("transforms:transformation", attributes, |out| {
            out.element("transforms:fratio", parameters, |out| {
                out.channel(&ratio.numerator);
                out.channel(&ratio.denominator);
            });
        });
    }

    fn channel(&mut self, name: &str) {
        self.empty("data-type:fcs-dimension", vec![("data-type:name", name.to_owned())]);
    }

    fn matrix(&mut self, matrix: &SpilloverMatrix) {
        let mut attributes = vec![("transforms:id", matrix.origin.clone())];
        if matrix.inverted_already {
            attributes.push(("transforms:matrix-inverted-already", "true".to_owned()));
        }
        self.element("transforms:spectrumMatrix", attributes, |out| {
            out.element("transforms:fluorochromes", vec![], |out| {
                matrix.fluorochromes.iter().for_each(|name| out.channel(name))
            });
            out.element("transforms:detectors", vec![], |out| {
                matrix.detectors.iter().for_each(|name| out.channel(name))
            });
            for row in matrix.coefficients.chunks(matrix.detectors.len().max(1)) {
                out.element("transforms:spectrum", vec![], |out| {
                    for value in row {
                        out.empty("transforms:coefficient", vec![("transforms:value", value.to_string())]);
                    }
                });
            }
        });
    }

    fn dimension(
        &mut self,
        name: &'static str,
        dimension: &Dimension,
        further: Attributes,
        inside: impl FnOnce(&mut Self),
    ) {
        let compensation = match &dimension.compensation {
            CompensationReference::Uncompensated => "uncompensated",
            CompensationReference::Fcs => "FCS",
            CompensationReference::Matrix(id) => id,
        };
        let mut attributes = vec![("gating:compensation-ref", compensation.to_owned())];
        if let Some(transform) = &dimension.transform {
            attributes.push(("gating:transformation-ref", transform.clone()));
        }
        attributes.extend(further);
        self.element(name, attributes, |out| {
            match &dimension.source {
                DimensionSource::Channel(channel) => out.channel(channel),
                DimensionSource::Ratio(id) => {
                    out.empty("data-type:new-dimension", vec![("data-type:transformation-ref", id.clone())]);
                }
            }
            inside(out);
        });
    }

    fn coordinates(&mut self, name: &'static str, values: &[f64]) {
        self.element(name, vec![], |out| {
            for value in values {
                out.empty("gating:coordinate", vec![("data-type:value", value.to_string())]);
            }
        });
    }

    fn gate(&mut self, gate: &Gate) {
        let mut attributes = vec![("gating:id", gate.id.clone())];
        if let Some(parent) = &gate.parent {
            attributes.push(("gating:parent_id", parent.clone()));
        }
        let name = match gate.shape {
            GateShape::Rectangle { .. } => "gating:RectangleGate",
            GateShape::Polygon { .. } => "gating:PolygonGate",
            GateShape::Ellipsoid { .. } => "gating:EllipsoidGate",
            GateShape::Quadrant { .. } => "gating:QuadrantGate",
            GateShape::Boolean { .. } => "gating:BooleanGate",
        };
        self.element(name, attributes, |out| out.shape(&gate.shape));
    }

    fn shape(&mut self, shape: &GateShape) {
        match shape {
            GateShape::Rectangle { ranges } => ranges.iter().for_each(|range| self.range(range)),
            GateShape::Polygon { dimensions, vertices } => {
                dimensions.iter().for_each(|dimension| self.dimension(DIMENSION, dimension, vec![], |_| {}));
                vertices.iter().for_each(|vertex| self.coordinates("gating:vertex", vertex));
            }
            GateShape::Ellipsoid { dimensions, mean, covariance, distance_square } => {
                dimensions.iter().for_each(|dimension| self.dimension(DIMENSION, dimension, vec![], |_| {}));
                self.coordinates("gating:mean", mean);
                self.element("gating:covarianceMatrix", vec![], |out| {
                    for row in covariance {
                        out.element("gating:row", vec![], |out| {
                            row.iter().for_each(|value| out.empty("gating:entry", datatype_value(*value)));
                        });
                    }
                });
                self.empty("gating:distanceSquare", datatype_value(*distance_square));
            }
            GateShape::Quadrant { dividers, quadrants } => {
                dividers.iter().for_each(|divider| self.divider(divider));
                quadrants.iter().for_each(|quadrant| self.quadrant(quadrant));
            }
            GateShape::Boolean { operation, operands } => self.boolean(*operation, operands),
        }
    }

    fn range(&mut self, range: &Range) {
        let bounds = [("gating:min", range.min), ("gating:max", range.max)];
        let given = |(name, bound): (&'static str, Option<f64>)| bound.map(|bound| (name, bound.to_string()));
        self.dimension(DIMENSION, &range.dimension, bounds.into_iter().filter_map(given).collect(), |_| {});
    }

    fn divider(&mut self, divider: &Divider) {
        let id = vec![("gating:id", divider.id.clone())];
        self.dimension("gating:divider", &divider.dimension, id, |out| {
            for value in &divider.values {
                out.element("gating:value", vec![], |out| {
                    out.event(Event::Text(BytesText::new(&value.to_string())));
                });
            }
        });
    }

    fn quadrant(&mut self, quadrant: &Quadrant) {
        self.element("gating:Quadrant", vec![("gating:id", quadrant.id.clone())], |out| {
            for position in &quadrant.positions {
                let attributes = vec![
                    ("gating:divider_ref", position.divider.clone()),
                    ("gating:location", position.location.to_string()),
                ];
                out.empty("gating:position", attributes);
            }
        });
    }

    fn boolean(&mut self, operation: BooleanOperation, operands: &[Operand]) {
        let name = match operation {
            BooleanOperation::And => "gating:and",
            BooleanOperation::Or => "gating:or",
            BooleanOperation::Not => "gating:not",
        };
        self.element(name, vec![], |out| {
            for operand in operands {
                let mut attributes = vec![("gating:ref", operand.gate.clone())];
                if operand.complement {
                    attributes.push(("gating:use-as-complement", "true".to_owned()));
                }
                out.empty("gating:gateReference", attributes);
            }
        });
    }
}

fn qualified(name: &str) -> &'static str {
    match name {
        "T" => "transforms:T",
        "W" => "transforms:W",
        "M" => "transforms:M",
        "A" => "transforms:A",
        "B" => "transforms:B",
        _ => "transforms:C",
    }
}

fn with_bounds(id: &str, low: Option<f64>, high: Option<f64>) -> Attributes {
    let mut attributes = vec![("transforms:id", id.to_owned())];
    attributes.extend(low.map(|bound| ("transforms:boundMin", bound.to_string())));
    attributes.extend(high.map(|bound| ("transforms:boundMax", bound.to_string())));
    attributes
}
