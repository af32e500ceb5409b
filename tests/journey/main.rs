//! The built program, used as people use it: the seven verbs on one page, the command line as transcripts, and the
//! offline roles without any network.

mod program;
mod transcript;
