//! Traces a log line to the source statement that wrote it, and to the commit that put it there.
