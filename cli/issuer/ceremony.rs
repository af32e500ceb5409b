//! `waypass issuer ceremony ..`: root and targets signed by k of n officers, each on a machine of their own.

use super::publish::{ceremony_failure, root};
use super::reading;
use super::seat::seated;
use super::{key_uses, now, store_failure};
use crate::Run;
use crate::exit::{Failure, Outcome};
use crate::file::{self, Readers};
use crate::home::Role;
use crate::scope::Scope;
use crate::secret;
use crate::unlock::{self, CreateArgs, OpenArgs};
use serde_json::json;
use std::path::{Path, PathBuf};
use waypass_credential::key::{Algorithm, PublicKey, Signer as _};
use waypass_issuer::Issuer;
use waypass_issuer::ceremony::{Paper, PaperPart, Quorum, RootKeys};
use waypass_issuer::keys::KeyRole;
use waypass_trust::bundle::Root;
use waypass_vault::{KeyPurpose, Unlocked};

/// The verbs of `issuer ceremony`.
#[derive(clap::Subcommand)]
pub(crate) enum Verb {
    /// Make an officer's vault on this machine: one key for root, one for targets
    Init {
        #[command(flatten)]
        create: CreateArgs,
    },
    /// Print the public keys of this machine's officer or issuer, for `prepare root`
    Key {
        #[command(flatten)]
        open: OpenArgs,
    },
    /// Write the next root or the next targets for the officers to sign
    #[command(subcommand)]
    Prepare(Prepare),
    /// Show what a paper says, and sign it with this machine's keys
    Sign(SignArgs),
    /// Join what the officers signed and put it into effect; publish afterwards
    Assemble {
        /// Files that came back from the officers: copies of a root, of targets, or of both
        #[arg(required = true)]
        papers: Vec<PathBuf>,
        #[command(flatten)]
        open: OpenArgs,
    },
}

/// The parts that are prepared.
#[derive(clap::Subcommand)]
pub(crate) enum Prepare {
    /// Keys, and what each may sign from now on; the officers of the present root must sign it too
    Root(RootArgs),
    /// Issuers, gates and rules as they are to be published
    Targets {
        #[command(flatten)]
        output: Output,
        #[command(flatten)]
        open: OpenArgs,
    },
}

/// Arguments of `issuer ceremony prepare root`.
#[derive(clap::Args)]
pub(crate) struct RootArgs {
    /// A key that signs roots, repeatable, as `ceremony key` prints it [default: those of the present root]
    #[arg(long = "key", value_name = "MULTIKEY", value_parser = key, requires = "threshold")]
    keys: Vec<PublicKey>,
    /// How many of them must sign
    #[arg(long, value_name = "K")]
    threshold: Option<u32>,
    /// A key that signs targets, repeatable [default: those of the present root]
    #[arg(long = "targets-key", value_name = "MULTIKEY", value_parser = key, requires = "targets_threshold")]
    targets_keys: Vec<PublicKey>,
    /// How many of them must sign
    #[arg(long, value_name = "K")]
    targets_threshold: Option<u32>,
    /// Make new keys for timestamp and snapshot in this issuer's vault: they may be in other hands, or have signed a time that was
    /// wrong
    #[arg(long)]
    new_online_keys: bool,
    #[command(flatten)]
    output: Output,
    #[command(flatten)]
    open: OpenArgs,
}

/// Arguments of `issuer ceremony sign`.
#[derive(clap::Args)]
pub(crate) struct SignArgs {
    /// The paper; `-` reads standard input
    paper: PathBuf,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    output: Output,
    #[command(flatten)]
    open: OpenArgs,
}

/// The file of a paper.
#[derive(clap::Args)]
pub(crate) struct Output {
    /// File for the paper
    #[arg(short, long, value_name = "PAPER", default_value = "-")]
    output: PathBuf,
}

impl Verb {
    /// An officer's vault is made without one.
    pub(super) const fn scope(&self) -> Option<Scope> {
        match self {
            Self::Init { .. } => None,
            Self::Key { .. } | Self::Prepare(_) | Self::Sign(_) | Self::Assemble { .. } => Some(Scope::Keys),
        }
    }
}

pub(crate) fn run(run: &Run, verb: Verb) -> Outcome {
    match verb {
        Verb::Init { create } => {
            let keys = unlock::create(run, Role::Issuer, &create, |vault| {
                for purpose in [KeyPurpose::Root, KeyPurpose::Targets] {
                    vault.generate_key(Algorithm::EdDsa, purpose)?;
                }
                officer_keys(vault)
            })?;
            tell_keys(run, &keys)?;
            run.out.note("give these lines to the person who prepares the root; what they say is public, but must arrive unchanged");
        }
        Verb::Key { open } => tell_keys(run, &unlock::with(run, Role::Issuer, &open, officer_keys)?)?,
        Verb::Prepare(Prepare::Root(args)) => prepare_root(run, &args)?,
        Verb::Prepare(Prepare::Targets { output, open }) => {
            let paper = super::with(run, &open, |issuer| issuer.prepare_targets(now()).map_err(|error| ceremony_failure(&error)))?;
            deliver(run, &paper, &output.output, "prepared")?;
        }
        Verb::Sign(args) => sign(run, &args)?,
        Verb::Assemble { papers, open } => assemble(run, &papers, &open)?,
    }
    Ok(crate::exit::Exit::Done)
}

/// Returns the public keys by use.
fn officer_keys(vault: &Unlocked<'_>) -> Result<Vec<(KeyRole, PublicKey)>, Failure> {
    let mut keys = Vec::new();
    for (key_use, id) in key_uses(vault)? {
        if matches!(key_use, KeyRole::Root | KeyRole::Targets) {
            keys.push((key_use, vault.signer(id)?.public_key().clone()));
        }
    }
    Ok(keys)
}

fn tell_keys(run: &Run, keys: &[(KeyRole, PublicKey)]) -> Result<(), Failure> {
    let of = |wanted| keys.iter().filter(move |(key_use, _)| *key_use == wanted).map(|(_, key)| key.to_multikey()).collect::<Vec<_>>();
    run.out.json(&json!({ "schema": "waypass.officer/1", "root": of(KeyRole::Root), "targets": of(KeyRole::Targets) }))?;
    for key_use in [KeyRole::Root, KeyRole::Targets] {
        for key in of(key_use) {
            run.out.words(&format!("{:<8} {key}", key_use.as_str()));
        }
    }
    Ok(())
}

fn prepare_root(run: &Run, args: &RootArgs) -> Result<(), Failure> {
    let paper = unlock::with(run, Role::Issuer, &args.open, |vault| {
        seated(run, vault, |issuer| {
            let present = Root::open(&root(issuer)?.bytes).map_err(|error| ceremony_failure(&error.into()))?;
            let roles = &present.part().roles;
            let online =
                |purpose, present: &Quorum| if args.new_online_keys { renewed(vault, purpose, present) } else { Ok(present.clone()) };
            let keys = RootKeys {
                root: quorum(&args.keys, args.threshold, &roles.root),
                targets: quorum(&args.targets_keys, args.targets_threshold, &roles.targets),
                snapshot: online(KeyPurpose::Snapshot, &roles.snapshot)?,
                timestamp: online(KeyPurpose::Timestamp, &roles.timestamp)?,
            };
            issuer.prepare_root(&keys, now()).map_err(|error| ceremony_failure(&error))
        })
    })?;
    deliver(run, &paper, &args.output.output, "prepared")?;
    if !args.targets_keys.is_empty() || args.targets_threshold.is_some() {
        run.out.note("other keys sign issuers, gates and rules then: have them sign those too (ceremony prepare targets)");
    }
    Ok(())
}

/// Returns a key in this vault that is new to the role. One that an earlier paper named, and no root, is not made a second time.
pub(super) fn renewed(vault: &Unlocked<'_>, purpose: KeyPurpose, present: &Quorum) -> Result<Quorum, Failure> {
    let unused = vault.keys()?.into_iter().find(|key| key.purpose == purpose && !key.retired && !present.has(&key.public_key));
    let key = match unused {
        Some(key) => key.public_key,
        None => vault.generate_key(Algorithm::EdDsa, purpose)?.public_key,
    };
    Ok(Quorum { keys: vec![key], threshold: 1 })
}

/// Retires the keys for timestamp and snapshot that the root in effect does not name any more.
fn retire_replaced(vault: &Unlocked<'_>, before: &RootKeys, now: &RootKeys) -> Result<(), Failure> {
    for key in vault.keys()? {
        let (old, new) = match key.purpose {
            KeyPurpose::Snapshot => (&before.snapshot, &now.snapshot),
            KeyPurpose::Timestamp => (&before.timestamp, &now.timestamp),
            _ => continue,
        };
        if !key.retired && old.has(&key.public_key) && !new.has(&key.public_key) {
            vault.retire_key(key.id)?;
        }
    }
    Ok(())
}

/// Returns the thing asked for, to put in the place of the present one.
fn quorum(keys: &[PublicKey], threshold: Option<u32>, present: &Quorum) -> Quorum {
    let keys = if keys.is_empty() { present.keys.clone() } else { keys.to_vec() };
    Quorum { keys, threshold: threshold.unwrap_or(present.threshold) }
}

fn sign(run: &Run, args: &SignArgs) -> Result<(), Failure> {
    let paper = read(run, &args.paper)?;
    run.out.note(reading::words(&paper).map_err(|error| ceremony_failure(&error))?);
    if !args.yes && !secret::confirm(run.input, "Sign this?", "--yes")? {
        return Err(secret::declined("nothing was signed"));
    }
    let wanted = match paper.part() {
        PaperPart::Root => KeyRole::Root,
        PaperPart::Targets => KeyRole::Targets,
    };
    let signed = unlock::with(run, Role::Issuer, &args.open, |vault| {
        let ids: Vec<_> = key_uses(vault)?.into_iter().filter(|(key_use, _)| *key_use == wanted).map(|(_, id)| id).collect();
        if ids.is_empty() {
            return Err(Failure::usage(
                format!("this machine holds no {wanted} key"),
                "make an officer's vault: waypass issuer ceremony init",
            ));
        }
        let mut paper = paper;
        for id in ids {
            let signer = vault.signer(id)?;
            paper = paper.sign(&signer).map_err(|error| ceremony_failure(&error))?;
            run.out.note(&format!("signed with {}", signer.public_key().to_multikey()));
        }
        Ok(paper)
    })?;
    deliver(run, &signed, &args.output.output, "signed")
}

fn assemble(run: &Run, files: &[PathBuf], open: &OpenArgs) -> Result<(), Failure> {
    let papers = files.iter().map(|path| read(run, path)).collect::<Result<Vec<_>, _>>()?;
    let root = unlock::with(run, Role::Issuer, open, |vault| {
        let roles = |issuer: &Issuer<'_>| match issuer.root() {
            Ok(Some(file)) => Ok(Some(Root::open(&file.bytes).map_err(|error| ceremony_failure(&error.into()))?.part().roles.clone())),
            Ok(None) => Ok(None),
            Err(error) => Err(store_failure(error)),
        };
        seated(run, vault, |issuer| {
            let before = roles(issuer)?;
            issuer.assemble(&papers, now()).map_err(|error| ceremony_failure(&error))?;
            if let (Some(before), Some(now)) = (before, roles(issuer)?) {
                retire_replaced(vault, &before, &now)?;
            }
            root(issuer)
        })
    })?;
    let has = |part| papers.iter().any(|paper| paper.part() == part);
    let (new_root, targets) = (has(PaperPart::Root), has(PaperPart::Targets));
    run.out.json(&json!({
        "schema": "waypass.assembled/1", "root": { "version": root.version, "digest": root.digest, "new": new_root }, "targets": targets,
    }))?;
    if new_root {
        run.out.words(&format!("root {} is in effect: {}", root.version, root.digest));
    }
    if targets {
        run.out.words("the targets are signed as the root demands");
    }
    run.out.note("no device knows yet; now publish: waypass issuer publish -o FILE");
    Ok(())
}

fn read(run: &Run, path: &Path) -> Result<Paper, Failure> {
    Paper::parse(&file::read(run.input, path)?).map_err(|error| ceremony_failure(&error).about(path))
}

fn deliver(run: &Run, paper: &Paper, path: &Path, done: &str) -> Result<(), Failure> {
    let digest = paper.digest().map_err(|error| ceremony_failure(&error))?;
    let part = reading::name(paper.part());
    let delivered = file::deliver(run.out, path, &paper.to_bytes(), Readers::All)?;
    run.out.json(&file::with(json!({ "schema": "waypass.paper/1", "part": part, "digest": digest, "done": done }), delivered))?;
    run.out.delivered(path, &format!("{part} {done}: {digest}"));
    Ok(())
}

fn key(text: &str) -> Result<PublicKey, String> {
    PublicKey::from_multikey(text).map_err(|_| format!("`{text}` is not a key as `ceremony key` prints it"))
}
