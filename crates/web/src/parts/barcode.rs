//! A number as a DataMatrix a scanner reads from paper or screen, drawn as one SVG path with its quiet zone.
//!
//! Must not know: what the number means.

use datamatrix::{DataMatrix, SymbolList};
use maud::{Markup, html};

/// Modules left white on each side: the symbology asks for one, scanners like more.
const QUIET: usize = 2;

/// Draws a number; nothing where it cannot be encoded (the number itself always stands beside it).
pub fn barcode(number: &str, spoken: &str) -> Markup {
    let Ok(code) = DataMatrix::encode_str(number, SymbolList::default().enforce_square()) else {
        return html! {};
    };
    let bitmap = code.bitmap();
    let side = bitmap.width().max(bitmap.height()) + 2 * QUIET;
    let mut path = String::new();
    for (x, y) in bitmap.pixels() {
        path.push_str(&format!("M{} {}h1v1h-1z", x + QUIET, y + QUIET));
    }
    html! {
        svg class="barcode" viewBox=(format!("0 0 {side} {side}")) role="img" aria-label=(spoken) shape-rendering="crispEdges" {
            rect class="paper" width=(side) height=(side) {}
            path d=(path) {}
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// Row T3: what is drawn is what a scanner reads back.
    #[test]
    fn what_is_drawn_reads_back() {
        for number in ["SYN-COI-J-7K2M9QZ4TB", "A9999 26 123456", "COI-1"] {
            let markup = barcode(number, "number").into_string();
            let path = markup.split("d=\"").nth(1).unwrap().split('"').next().unwrap();
            let dots: Vec<(usize, usize)> = path
                .split('M')
                .filter(|dot| !dot.is_empty())
                .map(|dot| {
                    let (x, y) = dot.split_once('h').unwrap().0.split_once(' ').unwrap();
                    (x.parse::<usize>().unwrap() - QUIET, y.parse::<usize>().unwrap() - QUIET)
                })
                .collect();
            let side = dots.iter().map(|(x, y)| x.max(y) + 1).max().unwrap();
            let mut pixels = vec![false; side * side];
            dots.iter().for_each(|(x, y)| pixels[y * side + x] = true);
            let read = DataMatrix::decode(&pixels, side).unwrap();
            assert_eq!(String::from_utf8(read).unwrap(), number);
        }
    }
}
