//! One line from vein to vein: the mark, and the small phase line of the board.

use maud::{Markup, html};

/// Where a step of the line stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Behind us.
    Done,
    /// Here.
    Now,
    /// Here, and its gate is shut.
    Shut,
    /// Ahead.
    Ahead,
}

/// The program's mark.
pub fn mark() -> Markup {
    html! {
        svg viewBox="0 0 34 14" aria-hidden="true" {
            circle class="full" cx="4" cy="7" r="3" {}
            path d="M7 7c5 0 5-5 10-5s5 10 10 5" {}
            circle class="hollow" cx="30" cy="5.6" r="3" {}
        }
    }
}

/// The phase line in miniature; the words stand beside it.
pub fn mini(steps: &[Step]) -> Markup {
    let x = |i: usize| 6 + i * 20;
    let width = 12 + steps.len().saturating_sub(1) * 20;
    html! {
        svg class="vein" viewBox=(format!("0 0 {width} 14")) aria-hidden="true" {
            @for (i, pair) in steps.windows(2).enumerate() {
                line class=[(pair.first() == Some(&Step::Done)).then_some("done")] x1=(x(i)) x2=(x(i + 1)) y1="7" y2="7" {}
            }
            @for (i, step) in steps.iter().enumerate() {
                @match step {
                    Step::Done => circle class="done" cx=(x(i)) cy="7" r="3.5" {},
                    Step::Now => circle class="now" cx=(x(i)) cy="7" r="5" {},
                    Step::Shut => circle class="shut" cx=(x(i)) cy="7" r="5" {},
                    Step::Ahead => circle cx=(x(i)) cy="7" r="3.5" {},
                }
            }
        }
    }
}
