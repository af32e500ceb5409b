//! The faults at a site: power that fails in the middle of a command, full disks, two commands at once, damaged files, a withdrawal
//! that a gate learns of too late. All of it with the built program and real files, everything opened by key files.

mod acknowledged;
mod altered;
mod carried;
mod cut;
mod damage;
mod full;
mod kill;
mod lanes;
mod lock;
mod many;
mod offers;
mod private;
mod restore;
mod seen_again;
mod session;
mod shared;
mod site;
mod times;
mod waiting;
