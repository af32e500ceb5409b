//! The checkpoint as a whole, against bundles and credentials signed for the occasion.

mod lanes;
mod reasons;
mod robust;
mod state;
mod verdict;
mod world;
