//! Builds, checks and sabotage runs of the workspace.
fn main() {}
