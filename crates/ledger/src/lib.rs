//! Append-only, hash-chained, signed event store. Knows no clinical meaning of what it stores.
