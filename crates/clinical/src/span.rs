//! The grades a finding may have: from the least to the most that the facts allow.
//! Knows no scale; which grade is the highest is told to it.

/// The lowest and the highest grade the facts allow; equal when the grade is settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Span {
    /// The least grade the facts allow.
    pub low: u8,
    /// The highest grade the facts allow.
    pub high: u8,
}

impl Span {
    /// No finding: grade 0 for certain.
    pub const NONE: Span = Span { low: 0, high: 0 };

    /// One grade for certain.
    pub const fn exactly(grade: u8) -> Span {
        Span { low: grade, high: grade }
    }

    /// Between two grades, given in either order.
    pub fn between(a: u8, b: u8) -> Span {
        Span { low: a.min(b), high: a.max(b) }
    }

    /// Nothing is known: from 0 to the highest grade of the scale.
    pub const fn unknown(highest: u8) -> Span {
        Span { low: 0, high: highest }
    }

    /// One or the other: both sets of grades stay possible.
    pub fn or(self, other: Span) -> Span {
        Span { low: self.low.min(other.low), high: self.high.max(other.high) }
    }

    /// Both hold and the worse one grades.
    pub fn worst(self, other: Span) -> Span {
        Span { low: self.low.max(other.low), high: self.high.max(other.high) }
    }

    /// Whether only one grade is possible.
    pub fn settled(self) -> bool {
        self.low == self.high
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_combine() {
        let (two, unknown) = (Span::exactly(2), Span::unknown(4));
        assert_eq!(two.worst(unknown), Span::between(4, 2));
        assert_eq!(two.or(unknown), unknown);
        assert_eq!(Span::NONE.worst(two), two);
        assert!(two.settled() && !unknown.settled());
    }
}
