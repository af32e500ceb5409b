//! The browser of the kiosk: started, started again when it ends, and ended with the program.

use crate::exit::{Failure, plain};
use crate::output::Out;
use rustix::process::{Pid, Signal, kill_process_group};
use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};
use waypass_credential::hex;

/// The pause before a browser that ended is started again. It doubles while none stays.
const PAUSE: Duration = Duration::from_secs(2);
const LONGEST_PAUSE: Duration = Duration::from_mins(1);
/// A browser that was there for so long did stay.
const STAYED: Duration = Duration::from_secs(30);
/// A browser that is told to end is ended after this.
const PATIENCE: Duration = Duration::from_secs(5);
const LOOK: Duration = Duration::from_millis(100);

/// One window over the whole screen, with nothing in it but the page: no first start, no account, no offers to translate, to restore or
/// to remember. The page may use the camera and sound without a question; what it is allowed beyond that, its headers say.
const CHROMIUM: [&str; 14] = [
    "--kiosk",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-sync",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-session-crashed-bubble",
    "--disable-features=Translate",
    "--disable-pinch",
    "--noerrdialogs",
    "--overscroll-history-navigation=0",
    "--password-store=basic",
    "--autoplay-policy=no-user-gesture-required",
    "--auto-accept-camera-and-microphone-capture",
];

/// A program that shows a page, with the arguments before the page's address.
pub(super) struct Shows {
    program: PathBuf,
    arguments: Vec<String>,
    is_chromium: bool,
}

/// Returns the browser: the one that is named, or Chromium, in `cage` where no other program draws the screen.
pub(super) fn command(named: Option<&str>) -> Result<Shows, Failure> {
    if let Some(named) = named {
        let mut words = named.split_whitespace().map(str::to_owned);
        let Some(program) = words.next() else {
            return Err(Failure::usage("--browser names no program", "give a program and its arguments, separated by spaces"));
        };
        return Ok(Shows { program: program.into(), arguments: words.collect(), is_chromium: false });
    }
    let none = || {
        Failure::usage(
            "Chromium is not installed",
            "install it (Debian: apt install chromium cage), name another browser with --browser, or add --no-browser",
        )
    };
    let chromium = ["chromium", "chromium-browser"].into_iter().find_map(found).ok_or_else(none)?;
    let has_screen = ["WAYLAND_DISPLAY", "DISPLAY"].into_iter().any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()));
    if has_screen {
        return Ok(Shows { program: chromium, arguments: Vec::new(), is_chromium: true });
    }
    let cage = found("cage").ok_or_else(|| {
        Failure::usage("there is no screen to draw on, and cage is not installed", "install cage, or start the kiosk in a desktop session")
    })?;
    Ok(Shows { program: cage, arguments: vec!["--".to_owned(), chromium.display().to_string()], is_chromium: true })
}

fn found(program: &str) -> Option<PathBuf> {
    std::env::split_paths(&std::env::var_os("PATH")?).map(|folder| folder.join(program)).find(|path| path.is_file())
}

/// A browser that is kept running. Dropping it ends it.
pub(super) struct Browser {
    end: Option<SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Browser {
    pub(super) fn start(out: Out<'static>, Shows { program, mut arguments, is_chromium }: Shows, folder: &Path, page: &Path) -> Self {
        if is_chromium {
            arguments.extend(CHROMIUM.map(str::to_owned));
        }
        let mut arguments: Vec<OsString> = arguments.into_iter().map(OsString::from).collect();
        if is_chromium {
            let mut data = OsString::from("--user-data-dir=");
            data.push(folder.join("chromium"));
            arguments.push(data);
        }
        arguments.push(address(page).into());
        let (end, ends) = sync_channel::<()>(0);
        let thread = thread::spawn(move || {
            let mut pause = PAUSE / 2;
            loop {
                let began = Instant::now();
                let how = match Command::new(&program)
                    .args(&arguments)
                    .stdin(Stdio::null())
                    .stdout(Stdio::null())
                    .stderr(Stdio::null())
                    .process_group(0)
                    .spawn()
                {
                    Ok(mut child) => {
                        while child.try_wait().is_ok_and(|ended| ended.is_none()) {
                            if ends.recv_timeout(LOOK) == Err(RecvTimeoutError::Disconnected) {
                                return finish(&mut child);
                            }
                        }
                        child.wait().map_or_else(|why| plain(&why), |status| status.to_string())
                    }
                    Err(why) => format!("it cannot be run: {}", plain(&why)),
                };
                pause = if began.elapsed() >= STAYED { PAUSE } else { (pause * 2).min(LONGEST_PAUSE) };
                let again = pause.as_secs();
                out.warn(&format!("{} ended ({how}); it is started again in {again} s", program.display()));
                if ends.recv_timeout(pause) == Err(RecvTimeoutError::Disconnected) {
                    return;
                }
            }
        });
        Self { end: Some(end), thread: Some(thread) }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        self.end = None;
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

/// Ends a browser with all its processes: asked first, and then not.
fn finish(child: &mut Child) {
    let group = Pid::from_child(child);
    // It may have ended by itself just now.
    let _ended = kill_process_group(group, Signal::TERM);
    let until = Instant::now() + PATIENCE;
    while Instant::now() < until && child.try_wait().is_ok_and(|ended| ended.is_none()) {
        thread::sleep(LOOK);
    }
    let _ended = kill_process_group(group, Signal::KILL);
    drop(child.wait());
}

/// Returns the address of a file (RFC 8089), with every byte escaped that means something in one.
fn address(path: &Path) -> String {
    let mut address = "file://".to_owned();
    for &byte in path.as_os_str().as_bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'-' | b'_' | b'.' | b'~') {
            address.push(byte.into());
        } else {
            address.push('%');
            address.push_str(&hex::encode(&[byte]).to_ascii_uppercase());
        }
    }
    address
}

#[cfg(test)]
mod tests {
    use super::address;
    use std::path::Path;

    #[test]
    fn the_address_of_a_file_has_no_part_that_means_something_else() {
        assert_eq!(address(Path::new("/home/a b/%#?ü.html")), "file:///home/a%20b/%25%23%3F%C3%BC.html");
    }
}
