//! The checkpoint: challenge, verify, decide; no I/O, no clock, no randomness
