//! Service level indicators: good and total events, latency, health score.
