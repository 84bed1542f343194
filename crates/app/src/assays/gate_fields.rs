//! A gate as numbers a person can type: which numbers a shape has, the shape that typed numbers mean, points added
//! to and taken from a polygon, and the shapes a new gate begins with. A number that is not touched stays exact.
//!
//! Must not know: pages, pictures, files.

use vena_flow::gating::{
    BooleanOperation, Dimension, Divider, GateShape, Operand, Position, Quadrant, Range,
};

/// Fewest points of a polygon.
const POINTS_MIN: usize = 3;
/// Digits a number is shown with.
const DIGITS: usize = 7;

/// What a field of a gate is.
#[derive(Debug, Clone, PartialEq)]
pub enum Part<'a> {
    /// A polygon's point, from 1, along a dimension.
    Point(usize, &'a Dimension),
    /// Lowest value inside.
    Low(&'a Dimension),
    /// Lowest value above, outside again.
    High(&'a Dimension),
    /// Centre of an ellipsoid.
    Centre(&'a Dimension),
    /// Half the ellipsoid's extent along a dimension.
    Half(&'a Dimension),
    /// How two dimensions of an ellipsoid go together: −1 to 1, 0 stands upright.
    Tilt(&'a Dimension, &'a Dimension),
    /// Where a divider cuts.
    Cut(&'a Dimension),
}

/// One number of a gate.
#[derive(Debug, Clone, PartialEq)]
pub struct GateField<'a> {
    /// Name in a form.
    pub name: String,
    /// What it is.
    pub part: Part<'a>,
    /// The number as shown; empty for an open end.
    pub value: String,
}

/// A number as fields show it.
pub fn shown(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return value.to_string();
    }
    let rounded: f64 = format!("{value:.*e}", DIGITS - 1).parse().unwrap_or(value);
    rounded.to_string()
}

/// The numbers of a gate; none for a Boolean gate, and none for an ellipsoid whose matrix is no covariance.
pub fn fields(shape: &GateShape) -> Vec<GateField<'_>> {
    let field = |name: String, part, value: String| GateField { name, part, value };
    match shape {
        GateShape::Polygon { dimensions: [across, up], vertices } => {
            let point = |(i, [a, b]): (usize, &[f64; 2])| {
                [
                    field(format!("v{i}x"), Part::Point(i + 1, across), shown(*a)),
                    field(format!("v{i}y"), Part::Point(i + 1, up), shown(*b)),
                ]
            };
            vertices.iter().enumerate().flat_map(point).collect()
        }
        GateShape::Rectangle { ranges } => {
            let end = |value: Option<f64>| value.map_or_else(String::new, shown);
            let range = |(i, range): (usize, &'_ Range)| {
                [(format!("min{i}"), end(range.min)), (format!("max{i}"), end(range.max))]
            };
            let named = ranges.iter().enumerate().map(range);
            ranges
                .iter()
                .zip(named)
                .flat_map(|(range, [(low, min), (high, max)])| {
                    [
                        field(low, Part::Low(&range.dimension), min),
                        field(high, Part::High(&range.dimension), max),
                    ]
                })
                .collect()
        }
        GateShape::Ellipsoid { dimensions, mean, covariance, distance_square } => {
            ellipsoid_fields(dimensions, mean, covariance, *distance_square)
        }
        GateShape::Quadrant { dividers, .. } => {
            let cuts = |(i, divider): (usize, &'_ Divider)| {
                divider
                    .values
                    .iter()
                    .enumerate()
                    .map(|(j, value)| (format!("cut{i}-{j}"), shown(*value)))
                    .collect::<Vec<_>>()
            };
            let named: Vec<_> = dividers.iter().enumerate().map(cuts).collect();
            dividers
                .iter()
                .zip(named)
                .flat_map(|(divider, cuts)| {
                    cuts.into_iter().map(|(name, value)| field(name, Part::Cut(&divider.dimension), value))
                })
                .collect()
        }
        GateShape::Boolean { .. } => Vec::new(),
    }
}

/// Half extents and tilts: the same as the covariance, in numbers a person can see on the plot.
struct Ellipse {
    half: Vec<f64>,
    tilt: Vec<Vec<f64>>,
}

impl Ellipse {
    fn of(covariance: &[Vec<f64>], distance_square: f64) -> Option<Ellipse> {
        let at = |i: usize, j: usize| covariance.get(i).and_then(|row| row.get(j)).copied();
        let size = covariance.len();
        let half: Vec<f64> =
            (0..size).map(|i| at(i, i).map(|v| (v * distance_square).sqrt())).collect::<Option<_>>()?;
        let tilt: Vec<Vec<f64>> = (0..size)
            .map(|i| {
                (0..size).map(|j| Some(at(i, j)? / (at(i, i)? * at(j, j)?).sqrt())).collect::<Option<_>>()
            })
            .collect::<Option<_>>()?;
        let proper = half.iter().all(|h| h.is_finite() && *h > 0.0)
            && tilt.iter().flatten().all(|t| t.is_finite() && t.abs() <= 1.0 + 1e-9);
        proper.then_some(Ellipse { half, tilt })
    }
}

fn ellipsoid_fields<'a>(
    dimensions: &'a [Dimension],
    mean: &[f64],
    covariance: &[Vec<f64>],
    distance_square: f64,
) -> Vec<GateField<'a>> {
    let Some(ellipse) = Ellipse::of(covariance, distance_square) else { return Vec::new() };
    let mut all = Vec::new();
    for (i, (dimension, centre)) in dimensions.iter().zip(mean).enumerate() {
        all.push(GateField {
            name: format!("mean{i}"),
            part: Part::Centre(dimension),
            value: shown(*centre),
        });
    }
    for (i, (dimension, half)) in dimensions.iter().zip(&ellipse.half).enumerate() {
        all.push(GateField { name: format!("half{i}"), part: Part::Half(dimension), value: shown(*half) });
    }
    for (i, first) in dimensions.iter().enumerate() {
        for (j, second) in dimensions.iter().enumerate().skip(i + 1) {
            let tilt = ellipse.tilt.get(i).and_then(|row| row.get(j)).copied().unwrap_or(0.0);
            all.push(GateField {
                name: format!("tilt{i}-{j}"),
                part: Part::Tilt(first, second),
                value: shown(tilt),
            });
        }
    }
    all
}

/// What was typed, read against what stood there.
struct Typed<F>(F);

impl<F: Fn(&str) -> String> Typed<F> {
    /// The number of a field; what is typed as it was shown stays exact.
    fn number(&self, name: &str, before: f64) -> Option<f64> {
        let typed = (self.0)(name);
        if typed == shown(before) {
            return Some(before);
        }
        typed.parse::<f64>().ok().filter(|value| value.is_finite())
    }

    /// The same for an end that may be open: `Some(None)` where it is.
    fn end(&self, name: &str, before: Option<f64>) -> Option<Option<f64>> {
        if (self.0)(name).is_empty() {
            return Some(None);
        }
        self.number(name, before.unwrap_or(f64::NAN)).map(Some)
    }
}

/// The shape a submitted form means, from the gate as it stands. `None` where a number is missing or none, or the
/// shape would hold nothing.
pub fn moved(shape: &GateShape, typed: impl Fn(&str) -> String) -> Option<GateShape> {
    let typed = Typed(typed);
    match shape {
        GateShape::Polygon { dimensions, vertices } => {
            let point = |(i, [a, b]): (usize, &[f64; 2])| {
                Some([typed.number(&format!("v{i}x"), *a)?, typed.number(&format!("v{i}y"), *b)?])
            };
            let vertices = vertices.iter().enumerate().map(point).collect::<Option<_>>()?;
            Some(GateShape::Polygon { dimensions: dimensions.clone(), vertices })
        }
        GateShape::Rectangle { ranges } => {
            let mut moved = ranges.clone();
            for (i, range) in moved.iter_mut().enumerate() {
                range.min = typed.end(&format!("min{i}"), range.min)?;
                range.max = typed.end(&format!("max{i}"), range.max)?;
                // A range without any end is no gate, and one that ends before it begins holds nothing.
                if range.min.is_none() && range.max.is_none()
                    || range.min.zip(range.max).is_some_and(|(low, high)| low >= high)
                {
                    return None;
                }
            }
            Some(GateShape::Rectangle { ranges: moved })
        }
        GateShape::Ellipsoid { dimensions, mean, covariance, distance_square } => {
            let mean = mean
                .iter()
                .enumerate()
                .map(|(i, before)| typed.number(&format!("mean{i}"), *before))
                .collect::<Option<Vec<f64>>>()?;
            let covariance = moved_covariance(covariance, *distance_square, &typed)?;
            Some(GateShape::Ellipsoid {
                dimensions: dimensions.clone(),
                mean,
                covariance,
                distance_square: *distance_square,
            })
        }
        GateShape::Quadrant { dividers, quadrants } => moved_quadrants(dividers, quadrants, &typed),
        GateShape::Boolean { .. } => None,
    }
}

fn moved_covariance<F: Fn(&str) -> String>(
    before: &[Vec<f64>],
    distance_square: f64,
    typed: &Typed<F>,
) -> Option<Vec<Vec<f64>>> {
    let old = Ellipse::of(before, distance_square)?;
    let half = old
        .half
        .iter()
        .enumerate()
        .map(|(i, h)| typed.number(&format!("half{i}"), *h).filter(|h| *h > 0.0))
        .collect::<Option<Vec<f64>>>()?;
    let mut covariance: Vec<Vec<f64>> = before.to_vec();
    for (i, row) in covariance.iter_mut().enumerate() {
        for (j, cell) in row.iter_mut().enumerate() {
            let (h_i, h_j) = (half.get(i)?, half.get(j)?);
            let was = old.tilt.get(i)?.get(j)?;
            let tilt = match i.cmp(&j) {
                std::cmp::Ordering::Equal => 1.0,
                std::cmp::Ordering::Less => typed.number(&format!("tilt{i}-{j}"), *was)?,
                std::cmp::Ordering::Greater => typed.number(&format!("tilt{j}-{i}"), *was)?,
            };
            let unchanged = h_i == old.half.get(i)? && h_j == old.half.get(j)? && (i == j || tilt == *was);
            if !unchanged {
                *cell = tilt * h_i * h_j / distance_square;
            }
            if i != j && tilt.abs() >= 1.0 {
                return None;
            }
        }
    }
    Some(covariance)
}

/// Which part between the cuts a location lies in, counted from below.
fn part_of(values: &[f64], location: f64) -> usize {
    values.iter().filter(|value| **value <= location).count()
}

/// A location inside a part.
fn inside(values: &[f64], part: usize) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let low = part.checked_sub(1).and_then(|below| sorted.get(below)).copied();
    match (low, sorted.get(part).copied()) {
        (Some(low), Some(high)) => f64::midpoint(low, high),
        (Some(low), None) => low + low.abs().max(1.0),
        (None, Some(high)) => high - high.abs().max(1.0),
        (None, None) => 0.0,
    }
}

fn moved_quadrants<F: Fn(&str) -> String>(
    dividers: &[Divider],
    quadrants: &[Quadrant],
    typed: &Typed<F>,
) -> Option<GateShape> {
    let mut moved = dividers.to_vec();
    for (i, divider) in moved.iter_mut().enumerate() {
        for (j, value) in divider.values.iter_mut().enumerate() {
            *value = typed.number(&format!("cut{i}-{j}"), *value)?;
        }
        // Two cuts at one place, or in another order, would make another part mean the same population.
        if divider.values.windows(2).any(|pair| matches!(pair, [low, high] if low >= high)) {
            return None;
        }
    }
    let mut quadrants = quadrants.to_vec();
    for position in quadrants.iter_mut().flat_map(|quadrant| &mut quadrant.positions) {
        let before = dividers.iter().find(|divider| divider.id == position.divider)?;
        let after = moved.iter().find(|divider| divider.id == position.divider)?;
        let part = part_of(&before.values, position.location);
        if part_of(&after.values, position.location) != part {
            position.location = inside(&after.values, part);
        }
    }
    Some(GateShape::Quadrant { dividers: moved, quadrants })
}

/// A polygon with a point more, in the middle of the side after point `after` (from 0).
pub fn with_point(shape: &GateShape, after: usize) -> Option<GateShape> {
    let GateShape::Polygon { dimensions, vertices } = shape else { return None };
    let (a, b) = (vertices.get(after)?, vertices.get((after + 1) % vertices.len())?);
    let mut vertices = vertices.clone();
    let middle = [f64::midpoint(a[0], b[0]), f64::midpoint(a[1], b[1])];
    vertices.insert(after + 1, middle);
    Some(GateShape::Polygon { dimensions: dimensions.clone(), vertices })
}

/// A polygon with a point less; three stay.
pub fn without_point(shape: &GateShape, point: usize) -> Option<GateShape> {
    let GateShape::Polygon { dimensions, vertices } = shape else { return None };
    if vertices.len() <= POINTS_MIN || point >= vertices.len() {
        return None;
    }
    let mut vertices = vertices.clone();
    vertices.remove(point);
    Some(GateShape::Polygon { dimensions: dimensions.clone(), vertices })
}

/// What a new gate may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NewShape {
    /// Two ranges.
    Rectangle,
    /// One range, along the horizontal dimension.
    Range,
    /// A polygon, with four points to begin with.
    Polygon,
    /// An ellipse.
    Ellipsoid,
    /// Two dividers, four populations.
    Quadrant,
}

impl NewShape {
    /// All, in the order a form offers them.
    pub const ALL: [NewShape; 5] =
        [NewShape::Rectangle, NewShape::Polygon, NewShape::Ellipsoid, NewShape::Range, NewShape::Quadrant];

    /// The word in forms.
    pub fn as_str(self) -> &'static str {
        match self {
            NewShape::Rectangle => "rectangle",
            NewShape::Range => "range",
            NewShape::Polygon => "polygon",
            NewShape::Ellipsoid => "ellipsoid",
            NewShape::Quadrant => "quadrant",
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<NewShape> {
        NewShape::ALL.into_iter().find(|shape| shape.as_str() == word)
    }

    /// The shape in the middle of a plane, to be moved from there. `extents` are low and high ends of both axes;
    /// `id` names the quadrants.
    pub fn begun(self, id: &str, [x, y]: [&Dimension; 2], extents: [(f64, f64); 2]) -> GateShape {
        let at = |(low, high): (f64, f64), share: f64| low + share * (high - low);
        let [across, up] = extents;
        let range = |dimension: &Dimension, extent| Range {
            dimension: dimension.clone(),
            min: Some(at(extent, 0.3)),
            max: Some(at(extent, 0.7)),
        };
        match self {
            NewShape::Rectangle => GateShape::Rectangle { ranges: vec![range(x, across), range(y, up)] },
            NewShape::Range => GateShape::Rectangle { ranges: vec![range(x, across)] },
            NewShape::Polygon => GateShape::Polygon {
                dimensions: [x.clone(), y.clone()],
                vertices: [(0.3, 0.3), (0.7, 0.3), (0.7, 0.7), (0.3, 0.7)]
                    .map(|(a, b)| [at(across, a), at(up, b)])
                    .to_vec(),
            },
            NewShape::Ellipsoid => {
                let half = |(low, high): (f64, f64)| 0.2 * (high - low);
                GateShape::Ellipsoid {
                    dimensions: vec![x.clone(), y.clone()],
                    mean: vec![at(across, 0.5), at(up, 0.5)],
                    covariance: vec![vec![half(across).powi(2), 0.0], vec![0.0, half(up).powi(2)]],
                    distance_square: 1.0,
                }
            }
            NewShape::Quadrant => four(id, [x, y], [at(across, 0.5), at(up, 0.5)], [across, up]),
        }
    }
}

fn four(id: &str, dimensions: [&Dimension; 2], cuts: [f64; 2], extents: [(f64, f64); 2]) -> GateShape {
    let names = ["x", "y"];
    let dividers = names
        .into_iter()
        .zip(dimensions)
        .zip(cuts)
        .map(|((name, dimension), cut)| Divider {
            id: format!("{id}-{name}"),
            dimension: dimension.clone(),
            values: vec![cut],
        })
        .collect();
    let quadrants = [("--", 0.25, 0.25), ("+-", 0.75, 0.25), ("-+", 0.25, 0.75), ("++", 0.75, 0.75)]
        .into_iter()
        .map(|(signs, a, b)| Quadrant {
            id: format!("{id} {signs}"),
            positions: names
                .into_iter()
                .zip(extents)
                .zip([a, b])
                .map(|((name, (low, high)), share)| Position {
                    divider: format!("{id}-{name}"),
                    location: low + share * (high - low),
                })
                .collect(),
        })
        .collect();
    GateShape::Quadrant { dividers, quadrants }
}

/// A Boolean gate from what was ticked: (population, taken as its complement). `None` where the number of gates
/// does not fit: NOT takes one, AND and OR two or more.
pub fn combined(operation: BooleanOperation, ticked: &[(String, bool)]) -> Option<GateShape> {
    let enough = match operation {
        BooleanOperation::Not => ticked.len() == 1,
        BooleanOperation::And | BooleanOperation::Or => ticked.len() > 1,
    };
    let operands = ticked
        .iter()
        .map(|(gate, complement)| Operand { gate: gate.clone(), complement: *complement })
        .collect();
    enough.then_some(GateShape::Boolean { operation, operands })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use vena_flow::gating::{CompensationReference, DimensionSource};

    fn dimension(name: &str) -> Dimension {
        Dimension {
            compensation: CompensationReference::Uncompensated,
            source: DimensionSource::Channel(name.into()),
            transform: None,
        }
    }

    fn begun(shape: NewShape) -> GateShape {
        shape.begun("Q", [&dimension("A"), &dimension("B")], [(0.0, 1_000.0), (-0.1, 1.1)])
    }

    fn typed_as_shown(shape: &GateShape) -> impl Fn(&str) -> String + use<> {
        let all: Vec<(String, String)> =
            fields(shape).into_iter().map(|field| (field.name, field.value)).collect();
        move |name| all.iter().find(|(own, _)| own == name).map(|(_, v)| v.clone()).unwrap_or_default()
    }

    /// Row Q10. What is not touched stays to the bit, whatever digits a field shows.
    #[test]
    fn untouched_numbers_stay_exact() {
        let third = 1.0 / 3.0;
        let shapes = [
            GateShape::Polygon {
                dimensions: [dimension("A"), dimension("B")],
                vertices: vec![[third, 1e5 * third], [third * 7.0, 0.0], [-third, 1e-9 * third]],
            },
            GateShape::Ellipsoid {
                dimensions: vec![dimension("A"), dimension("B")],
                mean: vec![third, 2.0 * third],
                covariance: vec![vec![3.0 * third, 0.1 * third], vec![0.1 * third, 1e6 * third]],
                distance_square: 7.0 * third,
            },
        ];
        for shape in shapes.into_iter().chain(NewShape::ALL.map(begun)) {
            assert_eq!(moved(&shape, typed_as_shown(&shape)), Some(shape.clone()), "{shape:?}");
        }
    }

    /// Row Q10. Half extents and tilt are the covariance in other words.
    #[test]
    fn an_ellipse_is_moved_sized_and_turned_by_its_numbers() {
        let shape = begun(NewShape::Ellipsoid);
        let as_shown = typed_as_shown(&shape);
        let turned = moved(&shape, |name| match name {
            "mean0" => "400".into(),
            "half0" => "100".into(),
            "half1" => "0.2".into(),
            "tilt0-1" => "0.5".into(),
            other => as_shown(other),
        });
        let Some(GateShape::Ellipsoid { mean, covariance, distance_square, .. }) = turned else {
            unreachable!("{turned:?}")
        };
        assert_eq!((mean[0], distance_square), (400.0, 1.0));
        assert!((covariance[0][0] - 10_000.0).abs() < 1e-9 && (covariance[0][1] - 10.0).abs() < 1e-9);
        assert_eq!(covariance[0][1].to_bits(), covariance[1][0].to_bits());
        for (field, wrong) in
            [("tilt0-1", "1"), ("tilt0-1", "-1.2"), ("half0", "0"), ("mean1", "x"), ("half1", "")]
        {
            let refused = moved(&shape, |name| if name == field { wrong.into() } else { as_shown(name) });
            assert_eq!(refused, None, "{field} {wrong}");
        }
    }

    /// Row Q10. A moved divider keeps each quadrant on its own side.
    #[test]
    fn quadrants_keep_their_sides() {
        let shape = begun(NewShape::Quadrant);
        let as_shown = typed_as_shown(&shape);
        let far = moved(&shape, |name| if name == "cut0-0" { "900".into() } else { as_shown(name) }).unwrap();
        let GateShape::Quadrant { dividers, quadrants } = &far else { unreachable!("{far:?}") };
        let side = |id: &str| {
            let quadrant = quadrants.iter().find(|own| own.id == id).unwrap();
            quadrant.positions[0].location >= dividers[0].values[0]
        };
        assert_eq!([side("Q --"), side("Q +-"), side("Q -+"), side("Q ++")], [false, true, false, true]);
        assert_eq!(dividers[0].values, [900.0]);
    }

    /// Row Q10. Points come and go; three stay.
    #[test]
    fn polygons_gain_and_lose_points() {
        let shape = begun(NewShape::Polygon);
        let five = with_point(&shape, 3).unwrap();
        let GateShape::Polygon { vertices, .. } = &five else { unreachable!("{five:?}") };
        assert_eq!((vertices.len(), vertices[4][0]), (5, 300.0));
        let four = without_point(&five, 4).unwrap();
        assert_eq!(four, shape);
        let three = without_point(&four, 0).unwrap();
        assert_eq!(without_point(&three, 0), None);
        assert_eq!(without_point(&four, 9), None);
        assert_eq!(with_point(&begun(NewShape::Rectangle), 0), None);
    }

    /// Row Q10. NOT takes one gate, AND and OR two or more.
    #[test]
    fn boolean_gates_take_what_they_can_combine() {
        let two = [("A".to_owned(), false), ("B".to_owned(), true)];
        assert!(combined(BooleanOperation::Not, &two).is_none());
        assert!(combined(BooleanOperation::And, &two[..1]).is_none());
        let Some(GateShape::Boolean { operands, .. }) = combined(BooleanOperation::Or, &two) else {
            unreachable!("an OR of two gates")
        };
        assert!(!operands[0].complement && operands[1].complement);
        assert!(combined(BooleanOperation::Not, &two[..1]).is_some());
    }
}
