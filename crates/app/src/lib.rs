//! Use cases: load, decide, append; read models; identity vault; owns the clock. Knows no HTML.
