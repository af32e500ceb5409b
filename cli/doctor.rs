//! `waypass doctor`: what this device has and what it lacks.

use crate::Run;
use crate::exit::{Exit, Failure, Outcome};
use crate::home::{Home, Role, is_made, wallet_of};
use crate::input::Input;
use crate::output::Out;
use crate::text::Text;
use crate::tone::Tone;
use crate::{belief, report, words};
use rustix::fs::{Access, access};
use serde::Serialize;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use waypass_machine::key_file;
use waypass_trust::bundle::{Consequence, TrustBundle};
use waypass_vault::MemoryProtection;
use waypass_words::Language;

/// Less than this and the log of a busy gate fills the disk within days.
const LITTLE_ROOM_MIB: u64 = 64;

/// How one look at the machine ended.
#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Found {
    Good,
    /// Works, but somebody should know.
    Note,
    /// Must be repaired.
    Bad,
}

#[derive(Serialize)]
struct Finding {
    name: &'static str,
    found: Found,
    detail: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

pub(crate) fn run(out: Out, input: Input, home: Result<Home, Failure>) -> Outcome {
    let mut findings = Vec::new();
    match home {
        // Without it nobody knows where to look.
        Err(failure) => findings.extend([finding("settings", Found::Bad, failure.what).next(failure.next), memory()]),
        Ok(home) => {
            let left_out = |failure: &Failure| {
                finding("settings", Found::Note, format!("{}; left out, since the home was named", failure.what)).next(failure.next.clone())
            };
            findings.extend(home.unread().iter().map(left_out));
            look(&Run { out, input, home, words: crate::words::of(Language::English), held: None }, &mut findings);
        }
    }
    out.list("waypass.doctor/1", "findings", &findings, || {
        for finding in &findings {
            let (tone, mark) = match finding.found {
                Found::Good => (Tone::Green, "✔"),
                Found::Note => (Tone::Grey, "·"),
                Found::Bad => (Tone::Red, "✖"),
            };
            out.words(Text::in_tone(tone, mark).then(format!(" {:<9} {}", finding.name, finding.detail)));
            if let Some(next) = &finding.next {
                out.words(&format!("            {next}"));
            }
        }
    })?;
    Ok(if findings.iter().any(|finding| finding.found == Found::Bad) { Exit::Internal } else { Exit::Done })
}

fn look(run: &Run, findings: &mut Vec<Finding>) {
    let home = &run.home;
    findings.extend(home.folders().map(private));
    findings.extend(home.folders().filter_map(room));
    findings.push(vault(&home.vault(Role::Issuer), Role::Issuer));
    match home.wallets() {
        // Where people have wallets, one that is nobody's in particular is not missed.
        Ok(wallets) if wallets.len() > 1 => {
            let made = wallets.iter().filter(|wallet| is_made(wallet));
            findings.extend(made.map(|wallet| vault(wallet, Role::Wallet)));
        }
        Ok(_) => findings.push(vault(&home.vault(Role::Wallet), Role::Wallet)),
        Err(failure) => findings.push(finding("wallet", Found::Bad, failure.what).next(failure.next)),
    }
    findings.push(vault(&home.vault(Role::Verifier), Role::Verifier));
    findings.extend(key_files(home));
    findings.push(memory());
    let bundle = belief::bundle(run);
    findings.push(clock(bundle.as_ref().ok().and_then(Option::as_ref)));
    findings.push(belief(&bundle));
    let is_gate = home.vault(Role::Verifier).exists();
    if is_gate && !waypass_machine::clock::runs_while_off() {
        findings.push(
            finding("battery", Found::Note, "no clock with a battery was found")
                .next("after a power cut, set the clock before this gate is asked to decide"),
        );
    }
    findings.extend(bundle.as_ref().ok().and_then(Option::as_ref).filter(|_| is_gate).map(horizon));
    let roles = [Role::Wallet, Role::Verifier].into_iter();
    findings.extend(roles.flat_map(|role| report::by_files(run, role).found).map(|found| {
        let how = if found.consequence == Consequence::Refuse { Found::Bad } else { Found::Note };
        finding("device", how, found.what.clone()).next(found.next())
    }));
}

fn finding(name: &'static str, found: Found, detail: impl Into<String>) -> Finding {
    Finding { name, found, detail: detail.into(), next: None }
}

impl Finding {
    fn next(self, next: impl Into<String>) -> Self {
        Self { next: Some(next.into()), ..self }
    }
}

fn private(folder: &Path) -> Finding {
    match std::fs::metadata(folder) {
        Err(error) if error.kind() == ErrorKind::PermissionDenied => closed("folder", folder),
        Err(_) => finding("folder", Found::Note, format!("{} is not there yet", folder.display())),
        Ok(about) if about.mode() & 0o022 != 0 => {
            finding("folder", Found::Bad, format!("others on this machine may change {}", folder.display()))
                .next(format!("run: chmod 700 {}", folder.display()))
        }
        Ok(_) => usable("folder", folder),
    }
}

/// Returns the finding about a folder that this user cannot even look into.
fn closed(name: &'static str, folder: &Path) -> Finding {
    finding(name, Found::Bad, format!("{} cannot be looked into: permission denied", folder.display()))
        .next("run waypass as the user it belongs to, or give the folder to this user with chown -R")
}

/// Returns true if this user can keep something in a folder that is there.
fn usable(name: &'static str, folder: &Path) -> Finding {
    let owner = std::fs::metadata(folder).map_or(0, |about| about.uid());
    match access(folder, Access::WRITE_OK | Access::EXEC_OK) {
        Err(rustix::io::Errno::ROFS) => {
            finding(name, Found::Bad, format!("{} is on a file system that is mounted read-only", folder.display()))
                .next("mount it for writing: every command keeps something there")
        }
        Err(_) => finding(name, Found::Bad, format!("nothing can be written into {}, which belongs to user {owner}", folder.display()))
            .next("run waypass as the user it belongs to, or give the folder to this user with chown -R"),
        Ok(()) if owner != rustix::process::geteuid().as_raw() => {
            finding(name, Found::Bad, format!("{} belongs to user {owner}, and this is another user", folder.display()))
                .next("run waypass as the user it belongs to: files made by another one lock it out")
        }
        Ok(()) => finding(name, Found::Good, folder.display().to_string()),
    }
}

/// More entries than a folder of keys has; `/tmp` may have thousands.
const MOST_ENTRIES: usize = 500;

/// A key file protects a vault whose disk or copy is taken without it. One that lies in the home or next to it goes along.
fn key_files(home: &Home) -> Vec<Finding> {
    let mut folders: Vec<PathBuf> = home.folders().map(Path::to_path_buf).collect();
    folders.extend([Role::Issuer, Role::Wallet, Role::Verifier].map(|role| home.vault(role)));
    folders.push(home.trust());
    for user in home.people().into_iter().flatten() {
        folders.extend([user.folder().to_path_buf(), wallet_of(&user)]);
    }
    folders.extend(home.folders().filter_map(|folder| std::path::absolute(folder).ok()?.parent().map(Path::to_path_buf)));
    let entries = folders.iter().flat_map(|folder| std::fs::read_dir(folder).into_iter().flatten().flatten().take(MOST_ENTRIES));
    let mut found: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(|path| key_file::is_one(path)).collect();
    found.sort();
    found.dedup();
    let warn = |path: PathBuf| {
        finding("key", Found::Note, format!("the key file {} lies with what it opens: one copy or theft takes both", path.display()))
            .next("keep it on other storage, such as a stick that is taken out")
    };
    found.into_iter().map(warn).collect()
}

fn free_mib(folder: &Path) -> Option<u64> {
    let about = rustix::fs::statvfs(folder).ok()?;
    Some(about.f_bavail.saturating_mul(about.f_frsize) / (1024 * 1024))
}

/// Returns the free space in MiB, if it is too little.
pub(crate) fn little_room(folder: &Path) -> Option<u64> {
    free_mib(folder).filter(|free| *free < LITTLE_ROOM_MIB)
}

/// A log that cannot be written stops a gate.
fn room(folder: &Path) -> Option<Finding> {
    let free = free_mib(folder)?;
    Some(if free < LITTLE_ROOM_MIB {
        finding("disk", Found::Bad, format!("{free} MiB are free for {}", folder.display())).next("free some space before the log fills it")
    } else {
        finding("disk", Found::Good, format!("{free} MiB are free for {}", folder.display()))
    })
}

fn vault(folder: &Path, role: Role) -> Finding {
    match std::fs::metadata(folder) {
        Err(error) if error.kind() == ErrorKind::PermissionDenied => closed(role.folder(), folder),
        Err(_) => finding(role.folder(), Found::Note, "nothing kept here").next(format!("waypass {} init", role.folder())),
        Ok(about) if about.mode() & 0o077 != 0 => {
            finding(role.folder(), Found::Bad, format!("others on this machine may enter {}", folder.display()))
                .next(format!("run: chmod 700 {}", folder.display()))
        }
        Ok(_) => usable(role.folder(), folder),
    }
}

fn memory() -> Finding {
    match waypass_machine::memory_protection() {
        MemoryProtection::Secret => finding("memory", Found::Good, "open keys are kept where not even the kernel's own tools read them"),
        MemoryProtection::Locked => finding("memory", Found::Good, "open keys are kept out of swap and dumps"),
        MemoryProtection::Plain => finding("memory", Found::Note, "open keys could reach swap: this system locks no memory for us")
            .next("raise the limit of locked memory (ulimit -l) to 64 or more"),
    }
}

/// A clock before what somebody has signed is wrong; one that is far ahead nobody can tell without a link.
fn clock(bundle: Option<&TrustBundle>) -> Finding {
    let now = waypass_machine::clock::read().wall;
    match bundle.map(TrustBundle::issued_at) {
        Some(signed) if signed.since(now) > waypass_trust::time::TOLERANCE_SECONDS => {
            finding("clock", Found::Bad, format!("it says {}, and the trust bundle was made {}", words::when(now), words::when(signed)))
                .next("set the clock; until then this gate doubts what depends on time")
        }
        Some(_) => finding("clock", Found::Good, format!("{}, not before the trust bundle", words::when(now))),
        None => finding("clock", Found::Note, format!("{}; nothing signed to compare it with", words::when(now))),
    }
}

fn belief(bundle: &Result<Option<TrustBundle>, Failure>) -> Finding {
    match bundle {
        Err(failure) => finding("trust", Found::Bad, failure.what.clone()).next(failure.next.clone()),
        Ok(None) => finding("trust", Found::Note, "nobody is trusted yet").next("waypass trust pin FILE --digest NUMBER"),
        Ok(Some(bundle)) => {
            let age = waypass_machine::clock::read().wall.since(bundle.issued_at());
            let age = if age <= 0 { "just now".to_owned() } else { format!("{} ago", words::span(age)) };
            match bundle.missing_lists().len() {
                0 => finding("trust", Found::Good, format!("bundle made {age}, with all its lists (not compared with a vault)")),
                missing => finding("trust", Found::Bad, format!("bundle made {age}, without {missing} of its status lists"))
                    .next("sync, or import a bundle that has them"),
            }
        }
    }
}

/// Returns the time until which a gate can decide on the bundle: each role has its limits.
fn horizon(bundle: &TrustBundle) -> Finding {
    let now = waypass_machine::clock::read().wall;
    let ends = || bundle.horizons(None).into_iter().map(|(role, horizon)| (horizon.until, role));
    let (Some((first, role)), Some((last, _))) = (ends().min(), ends().max()) else {
        return finding("offline", Found::Note, "no issuer in the bundle may give anybody a role");
    };
    let newer = "waypass verifier sync";
    if last <= now {
        return finding("offline", Found::Bad, format!("{}: this gate can decide about nobody", words::until(last, now))).next(newer);
    }
    if first <= now {
        let some = format!("{} for the role {role}, and works for some others {}", words::until(first, now), words::until(last, now));
        return finding("offline", Found::Note, some).next(newer);
    }
    finding("offline", Found::Good, format!("works for every role {}", words::until(first, now)))
}
