//! Commands, events, decide and fold for patient journeys. Pure; knows no storage, page or clock.
