//! What we believe and how old that is; no I/O, no clock, no randomness
