//! Where the labels of gates stand: inside the plot, beside their gate, clear of one another while there
//! is room. Knows no picture format: widths and places come from the caller, in its own units.

use super::{DensityPlot, PlotText};

/// The plot's square, y growing downwards.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    pub left: f64,
    pub top: f64,
    pub side: f64,
    /// Height of a line of text.
    pub line: f64,
}

/// A label and its upper left corner.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Label {
    pub text: String,
    pub x: f64,
    pub y: f64,
    pub width: f64,
}

/// Between a label and the frame, a line or another label.
const GAP: f64 = 3.0;

/// The label of each outline, in their order. `width` measures a text.
pub(super) fn labels(
    plot: &DensityPlot,
    text: &PlotText,
    frame: Frame,
    width: impl Fn(&str) -> f64,
) -> Vec<Label> {
    let room = frame.side - 2.0 * GAP;
    let mut placed: Vec<Label> = Vec::new();
    for (index, outline) in plot.outlines.iter().enumerate() {
        let text = fitting(&plot.gate_name(index, text), &plot.gate_share(index), room, &width);
        let width = width(&text);
        let [x, y] = outline.anchor;
        let (x, y) = (frame.left + x * frame.side, frame.top + (1.0 - y) * frame.side);
        // A quadrant's anchor is the middle of its room, a line's is the line's highest point.
        let centred = outline.lines.is_empty();
        let x = if centred { x - width / 2.0 } else { x + GAP };
        let x = x.max(frame.left + GAP).min(frame.left + GAP + (room - width).max(0.0));
        let (above, below) = if centred {
            (y - frame.line / 2.0, y + frame.line / 2.0 + GAP)
        } else {
            (y - frame.line - GAP, y + GAP)
        };
        let y = free_height(&placed, (x, width), frame, (above, below));
        placed.push(Label { text, x, y, width });
    }
    placed
}

/// Name and share; the name cut short where both together are wider than the plot.
fn fitting(name: &str, share: &str, room: f64, width: &impl Fn(&str) -> f64) -> String {
    let whole = format!("{name}{share}");
    if width(&whole) <= room {
        return whole;
    }
    let mut kept: Vec<char> = name.chars().collect();
    loop {
        kept.pop();
        let short = format!("{}…{share}", kept.iter().collect::<String>());
        if kept.is_empty() || width(&short) <= room {
            return short;
        }
    }
}

/// The height nearest the wished ones at which nothing is covered; the first wish when there is none.
fn free_height(placed: &[Label], (x, width): (f64, f64), frame: Frame, (above, below): (f64, f64)) -> f64 {
    let (lowest, highest) = (frame.top + frame.side - frame.line - GAP, frame.top + GAP);
    let inside = |y: f64| y.min(lowest).max(highest);
    let free = |y: f64| {
        placed.iter().all(|other| {
            x + width + GAP <= other.x
                || other.x + other.width + GAP <= x
                || (y - other.y).abs() >= frame.line + 1.0
        })
    };
    let steps = (0..60).map(|step| f64::from(step) * (frame.line + 2.0) / 2.0);
    let wishes = steps.flat_map(|step| [inside(above - step), inside(below + step)]);
    wishes.into_iter().find(|&y| free(y)).unwrap_or_else(|| inside(above))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plot::{Axis, Outline};

    fn plot(anchors: &[([f64; 2], &str)]) -> DensityPlot {
        let axis = Axis { low: 0.0, high: 1.0, ticks: Vec::new() };
        let outline = |(anchor, id): &([f64; 2], &str)| Outline {
            id: (*id).to_owned(),
            lines: vec![vec![*anchor]],
            anchor: *anchor,
        };
        DensityPlot {
            x: axis.clone(),
            y: axis,
            x_name: String::new(),
            y_name: String::new(),
            counts: Vec::new(),
            events: 0,
            beyond: 0,
            undefined: 0,
            outlines: anchors.iter().map(outline).collect(),
            percents: anchors.iter().map(|_| Some(90.0)).collect(),
        }
    }

    /// Row Q10. Labels of gates that touch the plot's edges stand whole inside it and cover no other label,
    /// however long a name is.
    #[test]
    fn labels_stay_inside_and_apart() {
        let long = "very long name of a population ".repeat(4);
        let anchors = [
            ([0.0, 1.0], "Cells"),
            ([0.02, 0.99], "CD105"),
            ([1.0, 1.0], "right"),
            ([0.5, 0.0], "bottom"),
            ([0.98, 0.98], "三陽性"),
            ([0.3, 1.0], long.as_str()),
        ];
        let frame = Frame { left: 76.0, top: 40.0, side: 400.0, line: 14.0 };
        let placed =
            labels(&plot(&anchors), &PlotText::default(), frame, |text| 7.0 * text.chars().count() as f64);
        assert_eq!(placed.len(), anchors.len());
        assert_eq!(placed[0].text, "Cells 90.00%");
        assert!(placed[5].text.ends_with("… 90.00%"), "{}", placed[5].text);
        for (index, label) in placed.iter().enumerate() {
            assert!(label.x >= 76.0 && label.x + label.width <= 476.0, "{label:?}");
            assert!(label.y >= 40.0 && label.y + 14.0 <= 440.0, "{label:?}");
            for other in &placed[..index] {
                let apart = label.x + label.width <= other.x
                    || other.x + other.width <= label.x
                    || (label.y - other.y).abs() >= 14.0;
                assert!(apart, "{label:?} covers {other:?}");
            }
        }
    }
}
