//! What a person or a shell does to a running command: Ctrl-C, a pipe that closes.

use crate::program::{Place, ended};
use std::io::Read;
use std::process::Stdio;
use std::time::Duration;

#[test]
fn ctrl_c_is_130() {
    let place = Place::new();
    let mut child = place.command(&[], "home", &["inspect", "-"]);
    let mut child = child.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
    // It waits for standard input, which stays open.
    std::thread::sleep(Duration::from_millis(300));
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).expect("the process is there");
    let input = child.stdin.take();
    let ran = ended(child);
    drop(input);
    assert_eq!(ran.code, 130, "{}{}", ran.stdout, ran.stderr);
}

#[test]
fn a_closed_pipe_changes_nothing() {
    let place = Place::new();
    let mut child = place.command(&[], "home", &["completions", "bash"]);
    let mut child = child.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
    // The reader takes one byte and goes away, as `head -c1` does.
    let mut stdout = child.stdout.take().expect("a pipe");
    stdout.read_exact(&mut [0]).expect("one byte");
    drop(stdout);
    let ran = ended(child);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
}
