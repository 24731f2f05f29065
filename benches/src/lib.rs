//! SHAPE's benches.
