//! The built program, used as people use it: the seven verbs on one page, the command line as transcripts, the
//! offline roles without any network, and everything that goes wrong: kills, full disks, two at once, damaged files.

mod afterwards;
mod belief;
mod book;
mod cards;
mod ceremony;
mod escrow;
mod factors;
mod faults;
mod kiosk;
mod link;
mod machine;
mod man;
mod offline;
mod outputs;
mod packages;
mod pages;
mod pickup;
mod pictures;
mod program;
mod publication;
mod readme;
mod ready;
mod register;
mod scan;
mod scenario;
mod seven;
mod signals;
mod site;
mod site_rules;
mod terminal;
mod tls;
mod transcript;
mod upgrade;
mod users;
mod vc_api;
