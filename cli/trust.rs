//! `waypass trust pin|bundle|list|resolve`: what this device believes, and how it came to.

use crate::Session;
use crate::exit::{Exit, Failure, Outcome};
use crate::{file, secret, unlock, words};
use serde_json::json;
use std::path::PathBuf;
use waypass_credential::time::Timestamp;
use waypass_trust::bundle::{BundleError, Digest, PartName, Root, TrustBundle};
use waypass_trust::policy::PolicyError;
use waypass_trust::status::ListInfo;
use waypass_trust::sync::{AuditHeld, ListHeld, Manifest};
use waypass_vault::{TrustStore, TrustStoreError, clock};

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
    },
    /// Take a newer bundle from a file
    Bundle {
        /// The file; `-` reads standard input
        file: PathBuf,
    },
    /// Show what is believed, and how old it is
    List,
    /// Show the keys that a DID stands for; a did:web is fetched, from the public Internet only
    Resolve(resolve::Args),
}

pub(crate) fn run(session: &Session, args: Args) -> Outcome {
    match args.verb {
        Verb::Pin { file, digest } => pin(session, &file::read(&file)?, digest.as_deref()),
        Verb::Bundle { file } => {
            let bundle = take(&store(session), &file::read(&file)?)?;
            told(session, &bundle)
        }
        Verb::List => list(session),
        Verb::Resolve(args) => resolve::run(session, &args),
    }
}

/// The folder of this device.
pub(crate) fn store(session: &Session) -> TrustStore {
    TrustStore::new(session.home.trust())
}

/// What this device believes; `None` before anything was brought.
pub(crate) fn bundle(session: &Session) -> Result<Option<TrustBundle>, Failure> {
    store(session).load().map_err(failure)
}

/// A bundle whose rules cannot be used.
pub(crate) fn policy_failure(error: &PolicyError) -> Failure {
    Failure::new(Exit::Red, format!("the rules in the bundle cannot be used: {error}"), "sync; if it stays, tell the site's operator")
}

/// Verifies a bundle file and puts it in the place of the one held, never backwards.
pub(crate) fn take(store: &TrustStore, signed: &[u8]) -> Result<TrustBundle, Failure> {
    let newer = store.open(signed).map_err(failure)?;
    let bundle = match store.load().map_err(failure)? {
        Some(mut held) => {
            held.replace(newer).map_err(|error| bundle_failure(&error))?;
            held
        }
        None => newer,
    };
    store.install(&bundle).map_err(failure)?;
    Ok(bundle)
}

/// What a synchronizing device believes: the half of [`waypass_net::sync::Device`] that wallets and gates share.
pub(crate) struct TrustDevice(TrustStore);

impl TrustDevice {
    pub(crate) const fn new(store: TrustStore) -> Self {
        Self(store)
    }

    pub(crate) fn bundle(&self) -> Result<Option<TrustBundle>, Failure> {
        self.0.load().map_err(failure)
    }

    /// The bundle; a device without one cannot go on.
    pub(crate) fn pinned_bundle(&self) -> Result<TrustBundle, Failure> {
        self.bundle()?.ok_or_else(|| failure(TrustStoreError::NotPinned))
    }

    pub(crate) fn held(&self, audit: AuditHeld) -> Result<Manifest, Failure> {
        let root = self.0.root().map_err(failure)?.ok_or_else(|| failure(TrustStoreError::NotPinned))?;
        let mut manifest = Manifest::default();
        manifest.root = root.version();
        manifest.audit = audit;
        if let Some(bundle) = self.bundle()? {
            let versions = bundle.versions();
            (manifest.timestamp, manifest.snapshot) = (versions.timestamp, versions.snapshot);
            (manifest.targets, manifest.policy) = (versions.targets, versions.policy);
            let list = |list: ListInfo| ListHeld { uri: list.uri, issued_at: list.issued_at.unix(), sha256: list.digest.to_string() };
            manifest.lists = bundle.lists().into_iter().map(list).collect();
        }
        Ok(manifest)
    }

    pub(crate) fn apply_root(&self, envelope: &[u8]) -> Result<(), Failure> {
        self.0.step_root(envelope).map_err(failure)
    }

    pub(crate) fn apply_bundle(&self, metadata: &[u8]) -> Result<(), Failure> {
        take(&self.0, metadata).map(drop)
    }

    pub(crate) fn apply_list(&self, token: &[u8]) -> Result<(), Failure> {
        let mut bundle = self.pinned_bundle()?;
        bundle.ingest_list(token.trim_ascii()).map_err(|error| bundle_failure(&error))?;
        self.0.install(&bundle).map_err(failure)
    }
}

fn pin(session: &Session, signed: &[u8], digest: Option<&str>) -> Outcome {
    let store = store(session);
    let root = match digest {
        Some(text) => {
            let digest = text
                .trim()
                .parse::<Digest>()
                .map_err(|error| Failure::usage(error, "copy the whole number that `waypass issuer publish` prints"))?;
            Root::pin(signed, &digest).map_err(|error| bundle_failure(&error))?
        }
        None => compared(session, signed)?,
    };
    store.pin_root(&root).map_err(failure)?;
    session.out.note(&format!("root {} pinned: {}", root.version(), root.digest()));
    // A root file alone holds no bundle; one can follow.
    if is_bundle(signed) {
        let bundle = take(&store, signed)?;
        return told(session, &bundle);
    }
    session
        .out
        .json(&json!({ "schema": "waypass.trust/1", "root": { "version": root.version(), "digest": root.digest().to_string() } }))?;
    Ok(Exit::Done)
}

/// The oldest root in the file, after a person compared its number.
fn compared(session: &Session, signed: &[u8]) -> Result<Root, Failure> {
    let document: serde_json::Value = serde_json::from_slice(signed).map_err(|_| bundle_failure(&BundleError::Syntax(PartName::File)))?;
    let first = document.get("root").and_then(|chain| chain.get(0)).unwrap_or(&document);
    let root = Root::open(first.to_string().as_bytes()).map_err(|error| bundle_failure(&error))?;
    session.out.note(&format!("the file's root of trust is\n\n    {}\n", root.digest()));
    if secret::confirm(session.input, "Did its operator read out the same number?", "--digest NUMBER")? {
        return Ok(root);
    }
    Err(Failure::usage("the root was not trusted", "ask the operator for the number: waypass issuer show"))
}

fn is_bundle(signed: &[u8]) -> bool {
    serde_json::from_slice::<serde_json::Value>(signed).is_ok_and(|value| value.get("targets").is_some())
}

fn told(session: &Session, bundle: &TrustBundle) -> Outcome {
    session.out.json(&document(bundle))?;
    let names: Vec<String> = bundle.authorities().iter().map(|authority| words::safe(&authority.name)).collect();
    session.out.words(&format!(
        "bundle of {} taken: {} with {} gate(s)",
        words::when(bundle.issued_at()),
        words::list(&names),
        bundle.gates().len()
    ));
    Ok(Exit::Done)
}

fn list(session: &Session) -> Outcome {
    let Some(bundle) = bundle(session)? else {
        let pinned = store(session).root().map_err(failure)?;
        let next = if pinned.is_some() { "waypass trust bundle FILE" } else { "waypass trust pin FILE --digest NUMBER" };
        return Err(Failure::new(Exit::Grey, "this device has no trust bundle", format!("bring one: {next}")));
    };
    let now = clock::read().wall;
    session.out.json(&document(&bundle))?;
    let versions = bundle.versions();
    let out = session.out;
    out.words(&format!("root of trust   {} (version {})", bundle.root().digest(), versions.root));
    out.words(&format!("bundle          {} old, of {}", words::span(now.since(bundle.issued_at())), words::when(bundle.issued_at())));
    out.words(&format!("rules           version {}, until {}", versions.policy, words::when(bundle.policy().expires_at)));
    for authority in bundle.authorities() {
        let sites = if authority.sites.iter().any(|site| site == "*") { "every site".to_owned() } else { words::list(&authority.sites) };
        out.words(&format!("issuer          {}: {} for {sites}", words::safe(&authority.name), words::list(&authority.roles)));
    }
    for context in &bundle.targets().contexts {
        out.words(&format!("names           {}", words::safe(&context.id)));
    }
    for gate in bundle.gates() {
        out.words(&format!(
            "gate            {} (site {}, zone {}), until {}",
            words::safe(&gate.name),
            words::safe(&gate.site),
            words::safe(&gate.zone),
            words::when(gate.not_after)
        ));
    }
    for list in bundle.lists() {
        out.words(&format!(
            "status list     {} old, {} entries, {}",
            words::span(now.since(list.issued_at)),
            list.entries,
            words::safe(&list.uri)
        ));
    }
    for missing in bundle.missing_lists() {
        out.warn(&format!("the status list {} is announced and not here; sync again", words::safe(&missing.uri)));
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

/// The words for a store that failed or did not believe.
pub(crate) fn failure(error: TrustStoreError) -> Failure {
    match error {
        TrustStoreError::NotPinned => Failure::new(Exit::Grey, error, "pin one: waypass trust pin FILE --digest NUMBER"),
        TrustStoreError::OtherRoot { .. } => {
            Failure::new(Exit::Tamper, error, "if the site really has a new root, start with a new --home; otherwise do not use this file")
        }
        TrustStoreError::Quarantined { .. } => {
            Failure::new(Exit::Tamper, error, "sync, or import the bundle again; the damaged file was kept")
        }
        TrustStoreError::Bundle(why) => bundle_failure(&why),
        TrustStoreError::Busy(_) => Failure::internal(error, "let the other command end, then run this one again"),
        TrustStoreError::Storage(why) => unlock::storage_failure(&why),
    }
}

/// The words for a bundle that is not believed: old is never a reason, altered and older than the one held are.
pub(crate) fn bundle_failure(error: &BundleError) -> Failure {
    match error {
        BundleError::Syntax(_) | BundleError::Schema { .. } | BundleError::TooLarge { .. } => {
            Failure::usage(error, "name the file that `waypass issuer publish -o FILE` wrote")
        }
        BundleError::NotPinned(_) => {
            Failure::new(Exit::Tamper, error, "compare the number again with the operator; do not use the file if it differs")
        }
        _ => Failure::new(Exit::Tamper, error, "nothing was changed; get the file again from its issuer, by another way"),
    }
}
