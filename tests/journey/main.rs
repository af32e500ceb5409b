//! The built program, used as people use it: the seven verbs on one page, the command line as transcripts, and the
//! offline roles without any network.

mod offline;
mod program;
mod seven;
mod signals;
mod site;
mod transcript;
