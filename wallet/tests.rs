//! The wallet on a vault in a temporary folder, or in memory alone, with a small site to trust.

mod aside;
mod backup;
mod hold;
mod kill;
mod many;
mod present;
mod shapes;
pub(crate) mod site;
