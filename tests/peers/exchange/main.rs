//! Credentials, presentations and status lists exchanged with second implementations, both ways, through the built
//! program: what the other side made is taken, what was tampered with on the way is refused, by both.

mod data_integrity;
mod program;
mod sd_cwt;
mod sd_jwt;
mod sd_jwt_document;
mod site;
