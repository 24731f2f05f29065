//! The closed loop as a typed graph of steps with a durable journal.
