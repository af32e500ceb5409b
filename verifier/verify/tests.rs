//! The checkpoint as a whole, against bundles and credentials signed for the occasion.

mod reasons;
mod robust;
mod state;
mod verdict;
mod world;
