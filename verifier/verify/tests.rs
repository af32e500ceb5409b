//! The checkpoint as a whole, against bundles and credentials signed for the occasion.

mod administrators;
mod cards;
mod ends;
mod lanes;
mod reasons;
mod robust;
mod state;
mod verdict;
mod world;
