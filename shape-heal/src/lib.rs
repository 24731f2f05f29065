//! From a breach to a validated, deployed and verified fix, with guard rails.
