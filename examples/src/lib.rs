//! SHAPE's examples.
