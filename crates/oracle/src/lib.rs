//! An independent statement of the true grades, for tests. Shares no code with clinical.
