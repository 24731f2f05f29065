//! Whether promises hold: status, breaches, SLA credits.
