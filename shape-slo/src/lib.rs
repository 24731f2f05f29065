//! Service level objectives: exact targets, windows, recommendation.
