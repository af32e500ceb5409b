//! `waypass trust pin|bundle|list|ca|resolve`: what this device believes, and how it came to.

use crate::Run;
use crate::belief::{NOT_COMPARED, belief_failure, bundle, bundle_failure, store, store_failure};
use crate::exit::{Exit, Failure, Outcome};
use crate::home::Role;
use crate::unlock::OpenAllArgs;
use crate::{file, flag, gate, holder, secret, unlock, words};
use serde_json::json;
use std::path::{Path, PathBuf};
use waypass_credential::role::Scope;
use waypass_credential::time::Timestamp;
use waypass_gate::{BundleTime, Flag};
use waypass_machine::{SystemRng, clock};
use waypass_trust::audit::Event;
use waypass_trust::bundle::{BundleError, Digest, PartName, Root, TrustBundle};
use waypass_trust::time::FURTHEST_AHEAD_SECONDS;
use waypass_vault::{Belief, BeliefError};

pub(crate) mod ca;
mod resolve;

/// Arguments of `trust`.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(clap::Subcommand)]
enum Verb {
    /// Trust the root in a bundle or root file, by the number its operator reads out, and take the bundle
    Pin {
        /// The file; `-` reads standard input
        file: PathBuf,
        /// The number to compare; without it you are asked
        #[arg(long, value_name = "NUMBER")]
        digest: Option<String>,
        #[command(flatten)]
        open: OpenAllArgs,
    },
    /// Take a newer bundle from a file; it also repairs trust files that were changed
    Bundle {
        /// The file; `-` reads standard input
        file: PathBuf,
        /// Do not ask, not even about a bundle that is dated far ahead of this device's clock
        #[arg(long)]
        yes: bool,
        #[command(flatten)]
        open: OpenAllArgs,
    },
    /// Forget the root of trust and the bundle
    Remove {
        /// Do not ask
        #[arg(long)]
        yes: bool,
        #[command(flatten)]
        open: OpenAllArgs,
    },
    /// Show what the files on this device say, and how old it is; no vault is opened to compare them with
    List,
    /// Certificate authorities to believe for https, besides this machine's: a site's own
    #[command(subcommand)]
    Ca(ca::Verb),
    /// Show the keys that a DID stands for; a did:web is fetched, from the public Internet only
    Resolve(resolve::Args),
}

pub(crate) fn run(run: &Run, args: Args) -> Outcome {
    match args.verb {
        Verb::Pin { file, digest, open } => pin(run, &file, digest.as_deref(), &open),
        Verb::Bundle { file, yes, open } => {
            let signed = file::read(run.input, &file)?;
            let time = dated(run, &signed, yes)?;
            let mut taken = None;
            let flags = change(run, &open, Change { what: "a trust bundle was brought", time }, |belief| {
                taken = Some(belief.take(&signed).map_err(|error| refused(error, &file))?);
                Ok(())
            })?;
            taken.map_or(Ok(Exit::Done), |bundle| told(run, &bundle, &flags))
        }
        Verb::Remove { yes, open } => remove(run, yes, &open),
        Verb::List => list(run),
        Verb::Ca(verb) => ca::run(run, verb),
        Verb::Resolve(args) => resolve::run(run, &args),
    }
}

/// Asks about a bundle that is dated far ahead of this device's clock, before a vault is opened for it. A file that
/// cannot be opened has its own words later.
fn dated(run: &Run, signed: &[u8], yes: bool) -> Result<BundleTime, Failure> {
    let Ok(bundle) = store(run).open(signed) else { return Ok(BundleTime::Judged) };
    let ahead = bundle.issued_at().since(clock::read().wall);
    if ahead <= FURTHEST_AHEAD_SECONDS {
        return Ok(BundleTime::Judged);
    }
    let (dated, ahead) = (words::when(bundle.issued_at()), words::span(ahead));
    let question = format!("This bundle is dated {dated}, {ahead} ahead of this device's clock. Is it really so late?");
    if !yes && !secret::confirm(run.input, &question, "--yes")? {
        run.out.note("if the clock is wrong, set it, then take the bundle");
        return Err(secret::declined("the bundle was not taken"));
    }
    Ok(BundleTime::Confirmed)
}

/// A change of belief, for the log and the clock of a gate.
#[derive(Clone, Copy)]
struct Change {
    what: &'static str,
    time: BundleTime,
}

/// Changes what every vault of this home believes. All are opened before the first is changed. Returns the admissions that the gate would
/// now refuse.
fn change(
    run: &Run,
    open: &OpenAllArgs,
    change: Change,
    mut work: impl FnMut(&Belief<'_>) -> Result<(), Failure>,
) -> Result<Vec<Flag>, Failure> {
    let mut flags = Vec::new();
    for (role, vault) in &unlock::all(run, open)? {
        if *role == Role::Verifier {
            let gate = gate::opened(run, vault)?;
            work(gate.belief())?;
            flags = gate
                .trust_changed(change.what, change.time, &clock::read(), &mut SystemRng)
                .and_then(|()| gate.flags())
                .map_err(gate::failure)?;
        } else {
            work(&Belief::new(vault, store(run), None))?;
            if *role == Role::Wallet {
                holder::note(run, vault, Event::TrustChanged, change.what);
            }
        }
    }
    Ok(flags)
}

fn pin(run: &Run, file: &Path, digest: Option<&str>, open: &OpenAllArgs) -> Outcome {
    let signed = file::read(run.input, file)?;
    let root = match digest {
        Some(text) => {
            let digest = text
                .trim()
                .parse::<Digest>()
                .map_err(|error| Failure::usage(error, "copy the whole number that `waypass issuer publish` prints"))?;
            Root::pin(&signed, &digest).map_err(|error| bundle_failure(&error).about(file))?
        }
        None => compared(run, &signed, file)?,
    };
    // A root file alone holds no bundle; one can follow.
    let with_bundle = is_bundle(&signed);
    let mut taken = None;
    let flags = change(run, open, Change { what: "a root of trust was pinned", time: BundleTime::Judged }, |belief| {
        belief.pin(&root).map_err(|error| refused(error, file))?;
        if with_bundle {
            taken = Some(belief.take(&signed).map_err(|error| refused(error, file))?);
        }
        Ok(())
    })?;
    run.out.note(&format!("root {} pinned: {}", root.version(), root.digest()));
    if let Some(bundle) = taken {
        return told(run, &bundle, &flags);
    }
    run.out.json(&json!({ "schema": "waypass.trust/1", "root": { "version": root.version(), "digest": root.digest().to_string() } }))?;
    Ok(Exit::Done)
}

fn remove(run: &Run, yes: bool, open: &OpenAllArgs) -> Outcome {
    let question = "Forget the root of trust and the bundle? Until another is pinned, nobody can be checked here.";
    if !yes && !secret::confirm(run.input, question, "--yes")? {
        return Err(secret::declined("nothing was removed"));
    }
    // The files of a shared device are those of the others too.
    let is_shared = run.home.person().is_some();
    change(run, open, Change { what: "root of trust and bundle were removed", time: BundleTime::Judged }, |belief| {
        let forgotten = if is_shared { belief.forget() } else { belief.remove() };
        forgotten.map_err(belief_failure)
    })?;
    run.out.json(&json!({ "schema": "waypass.trust-removed/1", "removed": true }))?;
    run.out.words("root of trust and bundle are forgotten");
    run.out.note("next: waypass trust pin FILE --digest NUMBER");
    Ok(Exit::Done)
}

/// Returns the oldest root in the file, after a person compared its number.
fn compared(run: &Run, signed: &[u8], file: &Path) -> Result<Root, Failure> {
    let wrong = |error: &BundleError| bundle_failure(error).about(file);
    let document: serde_json::Value = serde_json::from_slice(signed).map_err(|_| wrong(&BundleError::Syntax(PartName::File)))?;
    let first = document.get("root").and_then(|chain| chain.get(0)).unwrap_or(&document);
    let root = Root::open(first.to_string().as_bytes()).map_err(|error| wrong(&error))?;
    run.out.note(["the file's root of trust is", "", &format!("    {}", root.digest()), ""]);
    if secret::confirm(run.input, "Did its operator read out the same number?", "--digest NUMBER")? {
        return Ok(root);
    }
    Err(secret::declined("the root was not trusted"))
}

fn is_bundle(signed: &[u8]) -> bool {
    serde_json::from_slice::<serde_json::Value>(signed).is_ok_and(|value| value.get("targets").is_some())
}

fn told(run: &Run, bundle: &TrustBundle, flags: &[Flag]) -> Outcome {
    let mut taken = document(bundle);
    taken["flagged"] = flags.iter().map(flag::document).collect();
    run.out.json(&taken)?;
    flag::warn_of(run, flags);
    let names: Vec<String> = bundle.authorities().iter().map(|authority| authority.name.clone()).collect();
    run.out.words(&format!(
        "bundle of {} taken: {} with {} gate(s)",
        words::when(bundle.issued_at()),
        words::list(&names),
        bundle.gates().len()
    ));
    Ok(Exit::Done)
}

fn list(run: &Run) -> Outcome {
    let Some(bundle) = bundle(run)? else {
        let pinned = store(run).root().map_err(store_failure)?;
        let next = if pinned.is_some() { "waypass trust bundle FILE" } else { "waypass trust pin FILE --digest NUMBER" };
        return Err(Failure::new(Exit::Grey, "this device has no trust bundle", format!("bring one: {next}")));
    };
    let now = clock::read().wall;
    let mut found = document(&bundle);
    if let Some(members) = found.as_object_mut() {
        members.insert("compared_with_vault".to_owned(), json!(false));
    }
    run.out.json(&found)?;
    let versions = bundle.versions();
    let out = run.out;
    out.note(NOT_COMPARED);
    out.words(&format!("root of trust   {} (version {})", bundle.root().digest(), versions.root));
    out.words(&format!("bundle          {} old, of {}", words::span(now.since(bundle.issued_at())), words::when(bundle.issued_at())));
    out.words(&format!("rules           version {}, until {}", versions.policy, words::when(bundle.policy().expires_at)));
    for authority in bundle.authorities() {
        let sites = if Scope::is_everywhere(&authority.sites) { "every site".to_owned() } else { words::list(&authority.sites) };
        out.words(&format!("issuer          {}: {} for {sites}", authority.name, words::list(&authority.roles)));
    }
    for context in &bundle.targets().contexts {
        out.words(&format!("names           {}", context.id));
    }
    for gate in bundle.gates() {
        out.words(&format!(
            "gate            {} (site {}, zone {}), until {}",
            gate.name,
            gate.site,
            gate.zone,
            words::when(gate.not_after)
        ));
    }
    for list in bundle.lists() {
        out.words(&format!("status list     {} old, {} entries, {}", words::span(now.since(list.issued_at)), list.entries, list.uri));
    }
    for missing in bundle.missing_lists() {
        out.warn(&format!("the status list {} is announced and not here; sync again", missing.uri));
    }
    Ok(Exit::Done)
}

fn document(bundle: &TrustBundle) -> serde_json::Value {
    let versions = bundle.versions();
    let unix = |at: Timestamp| at.unix();
    json!({
        "schema": "waypass.trust/1",
        "root": { "version": versions.root, "digest": bundle.root().digest().to_string() },
        "versions": { "timestamp": versions.timestamp, "snapshot": versions.snapshot, "targets": versions.targets, "policy": versions.policy },
        "issued_at": unix(bundle.issued_at()),
        "issuers": bundle.authorities().iter().map(|authority| json!({ "name": authority.name, "roles": authority.roles, "sites": authority.sites })).collect::<Vec<_>>(),
        "contexts": bundle.targets().contexts,
        "gates": bundle.gates(),
        "lists": bundle.lists().iter().map(|list| json!({ "uri": list.uri, "issued_at": unix(list.issued_at), "expires_at": unix(list.expires_at), "entries": list.entries })).collect::<Vec<_>>(),
        "missing_lists": bundle.missing_lists().iter().map(|list| &list.uri).collect::<Vec<_>>(),
    })
}

/// Returns the words for a file that a device does not believe. A fault of the device itself does not name it.
fn refused(error: BeliefError, file: &Path) -> Failure {
    let is_about_file = matches!(error, BeliefError::Refused(_) | BeliefError::OtherRoot(_));
    let failure = belief_failure(error);
    if is_about_file { failure.about(file) } else { failure }
}
