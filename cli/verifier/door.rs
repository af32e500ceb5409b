//! The door: a program that is run when a verdict opens it.
//!
//! It is run on a thread of its own, so that no verdict waits for it. It gets no secrets: no environment but `PATH`, no input, and none of
//! this program's output.

use super::input::Input;
use crate::exit::{Failure, plain};
use crate::output::Out;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// A door that takes longer is stuck, and its program is ended.
const PATIENCE: Duration = Duration::from_secs(5);
const LOOK: Duration = Duration::from_millis(20);

/// A door with a program.
pub(super) struct Door {
    to: Option<SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Door {
    /// Takes the command, as words separated by spaces. What goes wrong later is said, and reported to `inputs`.
    pub(super) fn new(out: Out<'static>, command: &str, inputs: SyncSender<Input>) -> Result<Self, Failure> {
        let words: Vec<String> = command.split_whitespace().map(str::to_owned).collect();
        let Some((program, arguments)) = words.split_first() else {
            return Err(Failure::usage("--on-green names no program", "give a program and its arguments, separated by spaces"));
        };
        let (program, arguments) = (program.clone(), arguments.to_vec());
        // One opening may wait for the one before it. Further ones are the same door.
        let (to, openings) = sync_channel(1);
        let thread = thread::spawn(move || {
            while let Ok(()) = openings.recv() {
                if let Err(why) = open(&program, &arguments) {
                    out.warn(&format!("the door: {why}"));
                    drop(inputs.try_send(Input::DoorFailed));
                }
            }
        });
        Ok(Self { to: Some(to), thread: Some(thread) })
    }

    /// Opens it; returns at once.
    pub(super) fn open(&self) {
        if let Some(to) = &self.to {
            // Full: an opening waits already.
            let _full = to.try_send(());
        }
    }
}

impl Drop for Door {
    /// Waits for the last opening: the verdict was the last line that came.
    fn drop(&mut self) {
        self.to = None;
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

fn open(program: &str, arguments: &[String]) -> Result<(), String> {
    let mut command = Command::new(program);
    command.args(arguments).env_clear().stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    if let Some(path) = std::env::var_os("PATH") {
        command.env("PATH", path);
    }
    let mut child = command.spawn().map_err(|error| format!("cannot run {program}: {}", plain(&error)))?;
    match ended(&mut child) {
        Some(status) if status.success() => Ok(()),
        Some(status) => Err(format!("{program} failed ({status})")),
        None => {
            // It may have ended by itself just now.
            drop(child.kill());
            drop(child.wait());
            Err(format!("{program} took longer than {} s and was ended", PATIENCE.as_secs()))
        }
    }
}

fn ended(child: &mut Child) -> Option<ExitStatus> {
    let until = Instant::now() + PATIENCE;
    while Instant::now() < until {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status),
            Ok(None) => thread::sleep(LOOK),
            Err(_) => return None,
        }
    }
    None
}
