//! `waypass ready`, `wallet ready` and `verifier ready`: what fails first on this device without a link, when, and what to do now.

use crate::Run;
use crate::exit::{Exit, Failure, Outcome, plain};
use crate::home::{Role, is_made};
use crate::session::link::leading;
use crate::unlock::OpenArgs;
use crate::{doctor, factors, site_rules, user, words};
use serde_json::{Value, json};
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use waypass_credential::time::{Timestamp, Validity};
use waypass_vault::{HeldSlot, Unlocked};

/// Arguments of `wallet ready` and `verifier ready`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// How long there will be no link, such as 12h
    #[arg(long = "for", value_name = "TIME", value_parser = words::parse_span)]
    seconds: i64,
    #[command(flatten)]
    pub(crate) open: OpenArgs,
}

/// Arguments of `ready`.
#[derive(clap::Args)]
pub(crate) struct DeviceArgs {
    /// How long there will be no link, such as 12h
    #[arg(long = "for", value_name = "TIME", value_parser = words::parse_span)]
    seconds: i64,
    /// Look at the wallet of each person who is on the list of this device too
    #[arg(long)]
    users: bool,
    /// Open the gate with this key file, without a person
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
}

/// Something that fails, or has failed.
struct Failing {
    at: Timestamp,
    what: String,
    next: String,
}

/// What fails in one vault.
pub(crate) struct Report {
    who: String,
    now: Timestamp,
    ends: Timestamp,
    failing: Vec<Failing>,
    notes: Vec<String>,
}

impl Report {
    /// Begins with what any vault can say: ways to open it that end, and room on the disk.
    pub(crate) fn begin(
        run: &Run,
        (role, who): (Role, String),
        args: &Args,
        now: Timestamp,
        vault: &Unlocked<'_>,
    ) -> Result<Self, Failure> {
        let mut report = Self { who, now, ends: now.plus(args.seconds), failing: Vec::new(), notes: Vec::new() };
        for HeldSlot { info, label, .. } in vault.slots()? {
            if let Some(ends) = info.ends {
                let name = if label.is_empty() { String::new() } else { format!(" ({label})") };
                let what = format!("{}{name} stops opening it", factors::kinds(&info.factors));
                report.until(ends, what, "let another way open it: slot add");
            }
        }
        if let Some(found) = vault.forbidden(now)? {
            let (what, next) = site_rules::said(role, &found);
            report.until(found.until, what, next);
        }
        for folder in run.home.folders() {
            if let Some(free) = doctor::little_room(folder) {
                report.already(format!("only {free} MiB are free for {}", folder.display()), "free some space before the log fills it");
            }
        }
        Ok(report)
    }

    /// Adds what ends at `at`, if that is within the time that is asked about.
    pub(crate) fn until(&mut self, at: Timestamp, what: impl Into<String>, next: impl Into<String>) {
        if Validity::ending(at).is_over(self.ends) {
            self.failing.push(Failing { at, what: what.into(), next: next.into() });
        }
    }

    /// Adds what has failed.
    pub(crate) fn already(&mut self, what: impl Into<String>, next: impl Into<String>) {
        self.failing.push(Failing { at: self.now, what: what.into(), next: next.into() });
    }

    /// Adds what a person should know, and what alone makes nothing fail.
    pub(crate) fn note(&mut self, note: impl Into<String>) {
        self.notes.push(note.into());
    }

    /// Prints it, the first to fail first.
    pub(crate) fn told(mut self, run: &Run) -> Outcome {
        self.failing.sort_by_key(|failing| failing.at);
        let is_ready = self.failing.is_empty();
        let failing: Vec<Value> =
            self.failing.iter().map(|failing| json!({ "at": failing.at.unix(), "what": failing.what, "next": failing.next })).collect();
        let seconds = self.ends.since(self.now);
        run.out.json(&json!({
            "schema": "waypass.ready/1", "who": self.who, "for_seconds": seconds, "ready": is_ready, "failing": failing, "notes": self.notes,
        }))?;
        let span = words::span(seconds);
        run.out.words(&if is_ready { format!("{}: ready for {span}", self.who) } else { format!("{}: NOT READY for {span}", self.who) });
        for Failing { at, what, next } in &self.failing {
            let when = if Validity::ending(*at).is_over(self.now) { "now".to_owned() } else { words::relative(*at, self.now) };
            run.out.words([format!("  {when}: {what}"), format!("      {next}")]);
        }
        for note in &self.notes {
            run.out.words(&format!("  note: {note}"));
        }
        Ok(if is_ready { Exit::Done } else { Exit::Amber })
    }
}

/// Looks at every vault of this device, each by a command of its own: so open sessions answer, and what is locked asks for its secret.
pub(crate) fn device(run: &Run, args: &DeviceArgs) -> Outcome {
    let mut found = Vec::new();
    if is_made(&run.home.vault(Role::Verifier)) {
        let key = args.key_file.iter().flat_map(|path| ["--key-file".into(), path.clone().into_os_string()]);
        found.push(("verifier", key.collect::<Vec<_>>()));
    }
    let (listed, unlisted) = user::listed(&run.home)?;
    if is_made(&run.home.vault(Role::Wallet)) || (!args.users && user::is_anybody_in(&run.home)?) {
        found.push(("wallet", Vec::new()));
    }
    if args.users {
        found.extend(listed.into_iter().map(|(name, _)| ("wallet", vec!["--user".into(), name.to_string().into()])));
    }
    if found.is_empty() && unlisted == 0 {
        return Err(Failure::usage("there is no gate and no open wallet here to look at", "open one first, or name them all: --users"));
    }
    let (mut worst, mut reports) = (Exit::Done, Vec::new());
    for (role, words) in found {
        let mut command = Command::new("/proc/self/exe");
        command
            .arg0("waypass")
            .args(leading(std::env::args_os().skip(1)))
            .args([role, "ready", "--for", &format!("{}s", args.seconds)])
            .args(words);
        command.args(std::env::args().filter(|word| ["--no-input", "--no-color", "--quiet", "-q"].contains(&word.as_str())));
        if run.out.is_json() {
            command.arg("--json").stdout(Stdio::piped());
        }
        let ended = command.spawn().and_then(std::process::Child::wait_with_output);
        let ended =
            ended.map_err(|why| Failure::internal(format!("cannot look at the {role}: {}", plain(&why)), "run the command again"))?;
        let exit = ended.status.code().and_then(|code| Exit::of(u8::try_from(code).ok()?)).unwrap_or(Exit::Internal);
        reports.extend(serde_json::from_slice::<Value>(&ended.stdout));
        worst = match (worst, exit) {
            (worst, Exit::Done) => worst,
            (Exit::Done | Exit::Amber, exit) => exit,
            (worst, _) => worst,
        };
    }
    run.out.json(&json!({ "schema": "waypass.device-ready/1", "ready": worst == Exit::Done, "reports": reports, "unlisted": unlisted }))?;
    if args.users && unlisted > 0 {
        run.out.words(&format!("not looked at, since not on the list of this device: {unlisted}; each can say `waypass wallet ready`"));
        return Ok(if worst == Exit::Done { Exit::Skipped } else { worst });
    }
    Ok(worst)
}
