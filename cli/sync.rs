//! The common part of `wallet sync` and `verifier sync`: where to go, how it is told, how it fails.

use crate::Run;
use crate::caller::Caller;
use crate::exit::{Exit, Failure, plain};
use crate::progress::Progress;
use crate::trust::ca;
use crate::words;
use serde_json::json;
use std::path::{Path, PathBuf};
use waypass_net::TransportError;
use waypass_net::session::Errand;
use waypass_net::sync::{self, Event, Outcome, SyncError};
use waypass_net::transport::{Ask, ErrandTransport, FileTransport, HttpTransport, Runner, Transport};
use waypass_trust::sync::{Device, Kept, Step};

/// The place where a synchronization goes.
#[derive(clap::Args)]
pub(crate) struct SyncArgs {
    /// An issuer's address, or a file that was brought [default: the server of the settings]
    #[arg(long, value_name = "URL|FILE")]
    pub(crate) from: Option<String>,
}

/// Returns a transport for what was asked: an address is a server, everything else a file.
pub(crate) fn transport<'c>(run: &Run<'c>, from: Option<&str>, to: Option<&Path>) -> Result<Box<dyn Transport + 'c>, Failure> {
    let from = from.or_else(|| if to.is_none() { run.home.server() } else { None });
    match from {
        Some(url) if is_address(url) => {
            if to.is_some() {
                return Err(Failure::usage("--to is for files, and --from names a server", "leave --to away: the log goes to the server"));
            }
            if let Some(caller) = run.input.caller() {
                return Ok(Box::new(ErrandTransport::by(ByCaller { caller, base: url.to_owned() })));
            }
            Ok(Box::new(HttpTransport::new(url, &ca::link(run)?).map_err(link_failure)?))
        }
        from => {
            if from.is_none() && to.is_none() {
                return Err(Failure::usage("nobody said where to sync", "add --from URL, --from FILE or --to FILE, or set WAYPASS_SERVER"));
            }
            let from = from.map(PathBuf::from);
            let file = FileTransport::new(from.as_deref(), to).map_err(|error| match error {
                TransportError::BadAnswer { .. } => {
                    Failure::usage(error, "name a bundle or a stick's file").about(from.as_deref().unwrap_or(Path::new("-")))
                }
                error => link_failure(error),
            });
            Ok(Box::new(file?))
        }
    }
}

/// The link of the process that called: a session with keys speaks to no server.
struct ByCaller<'c> {
    caller: &'c Caller,
    base: String,
}

impl Runner for ByCaller<'_> {
    fn run(&mut self, ask: &Ask) -> Result<(u16, Vec<u8>), TransportError> {
        let errand = Errand {
            base: self.base.clone(),
            path: ask.path.clone(),
            has_body: ask.body.is_some(),
            limit: u64::try_from(ask.limit).unwrap_or(u64::MAX),
        };
        // Its own words are told instead of these.
        self.caller.fetch(errand, ask.body.as_deref()).ok_or_else(|| TransportError::Unreachable { host: self.base.clone() })
    }
}

/// Fetches what a session sent this process for.
pub(crate) fn errand(run: &Run, errand: &Errand, body: Vec<u8>) -> Result<(u16, Vec<u8>), Failure> {
    let service = HttpTransport::new(&errand.base, &ca::link(run)?).map_err(link_failure)?;
    let limit = usize::try_from(errand.limit).unwrap_or(usize::MAX);
    service.relay(&errand.path, errand.has_body.then_some(body), limit).map_err(link_failure)
}

/// Returns true if it begins with `http://` or `https://`, in letters of either size (RFC 3986 §3.1).
fn is_address(text: &str) -> bool {
    let scheme = text.split_once("://").map_or("", |(scheme, _)| scheme);
    scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https")
}

/// Runs it, telling `-v` each step as it is kept. `words` says what it means when the device did not take something.
pub(crate) fn run<D: Device>(
    run: &Run,
    device: &mut D,
    transport: &mut dyn Transport,
    words: impl Fn(D::Error) -> Failure,
) -> Result<Outcome, Failure> {
    let out = run.out;
    let bar = Progress::new(out, "synchronizing", 1);
    let mut kept: Vec<String> = Vec::new();
    let mut progress = |event: &Event<'_>| match event {
        Event::Planned([]) => bar.aside(|| out.detail("nothing newer")),
        Event::Planned(steps) => {
            bar.of(steps.len() as u64);
            bar.aside(|| out.detail(&format!("to do: {}", crate::words::list(&steps.iter().map(step).collect::<Vec<_>>()))));
        }
        Event::Begun(_) => {}
        Event::Committed(done) => {
            bar.step();
            kept.push(step(done));
            bar.aside(|| out.detail(&format!("kept: {}", step(done))));
        }
        Event::Receipted => {
            kept.push("a receipt for the log".to_owned());
            bar.aside(|| out.detail("a receipt for the log was taken"));
        }
    };
    let outcome = sync::run(device, transport, &mut progress);
    outcome
        .map_err(|error| match error {
            SyncError::Transport { source, .. } => of_caller(run).unwrap_or_else(|| link_failure(source)),
            SyncError::Device { source, .. } => words(source),
            SyncError::Offer(_) | SyncError::TooManyRoots { .. } => {
                Failure::new(Exit::Tamper, &error, "ask the issuer's operator, or try another way to its data")
            }
            SyncError::Upload { .. } => Failure::internal(&error, "run the command again: it continues where it stopped"),
        })
        .map_err(|failure| interrupted(failure, kept))
}

/// Returns how the link of the process that called has failed.
fn of_caller(run: &Run) -> Option<Failure> {
    let why = run.input.caller()?.no_link()?;
    Some(Failure { exit: Exit::of(why.exit).unwrap_or(Exit::Network), what: why.what, next: why.next })
}

/// Says what an interrupted synchronization has changed: each step was kept before the next one began.
fn interrupted(failure: Failure, mut kept: Vec<String>) -> Failure {
    kept.dedup();
    let changed = if kept.is_empty() {
        "nothing was changed".to_owned()
    } else {
        format!("kept before that: {}; the next sync goes on from there", words::list(&kept))
    };
    Failure { next: format!("{changed}; {}", failure.next), ..failure }
}

/// Returns the steps that were done, in their order.
pub(crate) fn steps(outcome: &Outcome) -> Vec<String> {
    // Without a link and without a file to put it into, the log stayed where it is.
    let stayed = outcome.uploads == 0 && !outcome.carried;
    let done = outcome.steps.iter().filter(|step| !(stayed && matches!(step, Step::AuditUpload(_))));
    let mut names: Vec<String> = done.map(step).collect();
    names.dedup();
    names
}

/// Returns the result as words or JSON. `flagged` are admissions that the gate would now refuse, `aside` is a bundle
/// that it keeps aside, or `null`.
pub(crate) fn tell(run: &Run, outcome: &Outcome, flagged: &[serde_json::Value], aside: &serde_json::Value) -> Result<(), Failure> {
    let steps = steps(outcome);
    run.out.json(&json!({
        "schema": "waypass.sync/1", "steps": steps, "uploads": outcome.uploads, "receipts": outcome.receipts, "carried": outcome.carried,
        "time_answered": outcome.answered, "flagged": flagged, "kept_aside": aside,
    }))?;
    run.out.words(&match steps.is_empty() {
        true if outcome.bundle == Some(Kept::Aside) => "nothing was taken".to_owned(),
        true => "nothing newer".to_owned(),
        false => format!("synced: {}", words::list(&steps)),
    });
    if outcome.carried {
        run.out.note("the log is in the file; take it to the issuer (waypass issuer intake FILE) and bring the receipt back");
    }
    Ok(())
}

fn step(step: &Step) -> String {
    match step {
        Step::Root(version) => format!("root {version}"),
        Step::Bundle => "trust bundle".to_owned(),
        Step::Denials(_) => "status list".to_owned(),
        Step::Policies => "rules".to_owned(),
        Step::AuditUpload(_) => "log delivered".to_owned(),
    }
}

/// Returns the words for a link that failed.
pub(crate) fn link_failure(error: TransportError) -> Failure {
    match error {
        refused if refused.is_refusal() => {
            Failure::new(Exit::Red, refused, "the link works, and trying again gets the same answer; ask the issuer's operator")
        }
        TransportError::Unreachable { .. } | TransportError::TimedOut { .. } => {
            Failure::new(Exit::Network, error, "everything here still works offline; try again later, or sync by file (--from FILE)")
        }
        TransportError::Certificate { .. } => Failure::new(
            Exit::Network,
            error,
            "compare the address and this machine's clock; take a site's own authority from its office: waypass trust ca add FILE",
        ),
        TransportError::NoClient | TransportError::NotYet => Failure::new(Exit::Network, error, "sync by file: --from FILE"),
        TransportError::Encoded { .. } => {
            Failure::new(Exit::Network, error, "tell the operator of the server or the proxy in front of it to send no Content-Encoding")
        }
        TransportError::Refused { .. } | TransportError::TooLarge { .. } | TransportError::BadAnswer { .. } => {
            Failure::new(Exit::Network, error, "check that the address is an issuer's, or tell its operator")
        }
        TransportError::Address { .. } | TransportError::NotInFile { .. } | TransportError::NotPublic { .. } => {
            Failure::usage(error, "correct --from or --to")
        }
        TransportError::File { path, source } => {
            let verb = "use";
            if matches!(source.kind(), std::io::ErrorKind::InvalidData) {
                return Failure::usage(format!("{}: {}", path.display(), plain(&source)), "name a bundle or a stick's file");
            }
            Failure::file(verb, &path, &source)
        }
    }
}
