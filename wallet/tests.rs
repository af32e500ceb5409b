//! The wallet on a real vault in a temporary folder, with a small site to trust.

mod aside;
mod backup;
mod hold;
mod kill;
mod many;
mod present;
mod shapes;
mod site;
