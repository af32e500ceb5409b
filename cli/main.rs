//! waypass command line.
fn main() {}
