//! The checks, one file each. A check leaves a marker behind that nothing else can make; [`crate::Grant`] needs them all.

pub(crate) mod answer;
pub(crate) mod card;
pub(crate) mod enrolled;
pub(crate) mod freshness;
pub(crate) mod holder;
pub(crate) mod replay;
pub(crate) mod role;
pub(crate) mod timely;
