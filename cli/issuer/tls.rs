//! `waypass issuer tls ..`: the site's own certificate authority, for a service that speaks TLS itself.

use super::{now, seat};
use crate::Run;
use crate::exit::{Exit, Failure, Outcome};
use crate::file::{self, Readers};
use crate::home::Role;
use crate::unlock::{self, OpenArgs};
use crate::{secret, words};
use serde_json::{Value, json};
use std::path::PathBuf;
use waypass_credential::key::Algorithm;
use waypass_issuer::site_ca::{NotAName, SiteCa, SiteCaError, SiteName};
use waypass_machine::SystemRng;
use waypass_trust::bundle::Digest;
use waypass_vault::{KeyId, KeyPurpose, Unlocked};

mod serving;

pub(super) use serving::{Source, TlsArgs};

/// The vault's table for the authority, and its one record.
const TABLE: &str = "site_ca";
const CURRENT: &[u8] = b"current";

/// The verbs of `issuer tls`.
#[derive(clap::Subcommand)]
pub(crate) enum Verb {
    /// Make the site's certificate authority; its key is sealed in the vault like the others
    Init(InitArgs),
    /// Show the authority and the number to compare, or write the file that devices take
    Show {
        /// Write the certificate to FILE (PEM)
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
        #[command(flatten)]
        open: OpenArgs,
    },
}

/// Arguments of `issuer tls init`.
#[derive(clap::Args)]
pub(crate) struct InitArgs {
    /// A name or an address that the service is reached by, repeatable; the authority vouches for no other
    #[arg(long = "name", value_name = "HOST", required = true)]
    names: Vec<String>,
    /// Put a new authority in the place of the one there is; every device must take the new one
    #[arg(long)]
    replace: bool,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    open: OpenArgs,
}

pub(crate) fn run(run: &Run, verb: Verb) -> Outcome {
    match verb {
        Verb::Init(args) => init(run, &args),
        Verb::Show { output, open } => {
            let ca = unlock::with(run, Role::Issuer, &open, |vault| stored(vault)?.ok_or_else(none))?;
            let Some(path) = output else { return told(run, &ca) };
            let delivered = file::deliver(run.out, &path, ca.pem().as_bytes(), Readers::All)?;
            run.out.json(&file::with(document(&ca), delivered))?;
            run.out.delivered(&path, lines(&ca));
            Ok(Exit::Done)
        }
    }
}

fn init(run: &Run, args: &InitArgs) -> Outcome {
    let names: Vec<SiteName> = args.names.iter().map(|name| name.parse().map_err(|why| bad_name(name, why))).collect::<Result<_, _>>()?;
    let question = "Devices will not believe this service until each has taken the new authority. Replace it?";
    if args.replace && !args.yes && !secret::confirm(run.input, question, "--yes")? {
        return Err(secret::declined("nothing was changed"));
    }
    let ca = unlock::with(run, Role::Issuer, &args.open, |vault| {
        if !args.replace && stored(vault)?.is_some() {
            return Err(Failure::usage(
                "this site has a certificate authority already",
                "see it: waypass issuer tls show; put another in its place: --replace",
            ));
        }
        let office = seat::seated(run, vault, |issuer| Ok(issuer.settings().name.clone()))?;
        let key = vault.generate_key(Algorithm::Es256, KeyPurpose::SiteCa)?;
        let signer = vault.signer(key.id)?;
        let ca = SiteCa::make(&office, &names, &signer, now(), &mut SystemRng).map_err(failure)?;
        vault.put(TABLE, CURRENT, &ca.to_bytes(), &[])?;
        // After the record: a command that is cut off leaves a key too many, and never an authority without its key.
        for old in vault.keys()?.into_iter().filter(|old| old.purpose == KeyPurpose::SiteCa && !old.retired && old.id != key.id) {
            vault.retire_key(old.id)?;
        }
        Ok(ca)
    })?;
    told(run, &ca)?;
    run.out.note([
        "devices take it from a file: waypass issuer tls show -o site-ca.crt, then there: waypass trust ca add site-ca.crt",
        "a running service shows it after a restart with --tls",
    ]);
    Ok(Exit::Done)
}

/// Returns the authority that the vault keeps.
fn stored(vault: &Unlocked<'_>) -> Result<Option<SiteCa>, Failure> {
    let Some(bytes) = vault.get(TABLE, CURRENT)? else { return Ok(None) };
    let ca = SiteCa::from_bytes(&bytes).ok_or_else(|| {
        Failure::new(Exit::Tamper, "the record of the site's authority cannot be read", "make a new one: waypass issuer tls init --replace")
    })?;
    Ok(Some(ca))
}

fn told(run: &Run, ca: &SiteCa) -> Outcome {
    run.out.json(&document(ca))?;
    run.out.words(lines(ca));
    Ok(Exit::Done)
}

fn lines(ca: &SiteCa) -> Vec<String> {
    let [first, second] = words::fingerprint(ca.certificate());
    let names: Vec<String> = ca.names().iter().map(ToString::to_string).collect();
    vec![
        format!("certificate authority for {}, until {}", words::list(&names), words::when(ca.not_after())),
        "SHA-256, to compare on every device that takes it:".to_owned(),
        format!("  {first}"),
        format!("  {second}"),
    ]
}

fn document(ca: &SiteCa) -> Value {
    json!({
        "schema": "waypass.site-ca/1", "names": ca.names().iter().map(ToString::to_string).collect::<Vec<_>>(),
        "not_after": ca.not_after().unix(), "sha256": Digest::of(ca.certificate()).to_string(),
    })
}

fn none() -> Failure {
    Failure::usage(
        "this site has no certificate authority",
        "make one: waypass issuer tls init --name HOST; or serve with a certificate of your own: --tls-cert FILE --tls-key FILE",
    )
}

fn bad_name(name: &str, why: NotAName) -> Failure {
    let next = match why {
        NotAName::Syntax => "give the name or the address that devices use, without https:// and without a port",
        NotAName::TopLevel => "give the whole name, such as office.example",
    };
    Failure::usage(format!("{name}: {why}"), next)
}

fn failure(error: SiteCaError) -> Failure {
    match error {
        SiteCaError::Names => Failure::usage(error, "give fewer names"),
        SiteCaError::OutOfTime { .. } => {
            Failure::usage(error, "set this machine's clock; if the authority has ended, make a new one: waypass issuer tls init --replace")
        }
        SiteCaError::Key | SiteCaError::Sign => {
            Failure::internal(error, "run the command again; if it stays, make a new authority: waypass issuer tls init --replace")
        }
    }
}

/// Returns the signer of the authority's key, for a service.
fn signer(vault: &Unlocked<'_>, ca: &SiteCa) -> Result<waypass_vault::KeySigner<'static>, Failure> {
    Ok(vault.service_signer(KeyId::of(ca.key()))?)
}
