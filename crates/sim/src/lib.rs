//! Seeded synthetic programmes. Knows no grading rule.
