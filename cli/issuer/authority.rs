//! `waypass issuer authority ..`: issuers of others that this site's gates and wallets believe.

use super::publish::{self, Published, Publishing};
use super::reading::limits;
use super::{now, store_failure};
use crate::Run;
use crate::exit::{Exit, Failure, Outcome};
use crate::unlock::OpenArgs;
use crate::{file, secret, words};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use waypass_credential::json as plain;
use waypass_issuer::Issuer;
use waypass_issuer::authorities::{self, AuthorityError};
use waypass_trust::bundle::{Authority, KeyUse};
use waypass_trust::status::ListInfo;

/// The verbs of `issuer authority`.
#[derive(clap::Subcommand)]
pub(crate) enum Verb {
    /// Believe another issuer, within the limits its file sets, and publish that
    Add(AddArgs),
    /// List the other issuers that are believed
    List {
        #[command(flatten)]
        open: OpenArgs,
    },
    /// Take newer status lists of other issuers, and publish them
    Refresh {
        /// Status list tokens as their issuers publish them; `-` reads standard input
        #[arg(required = true)]
        files: Vec<PathBuf>,
        #[command(flatten)]
        publishing: Publishing,
        #[command(flatten)]
        open: OpenArgs,
    },
    /// Write what another site needs to believe this issuer: its entry, and the newest of its status lists
    Export {
        /// The folder for `entry.json`, `list-1` and so on; made if it does not exist
        folder: PathBuf,
        #[command(flatten)]
        publishing: Publishing,
        #[command(flatten)]
        open: OpenArgs,
    },
    /// Stop believing another issuer, and publish that
    Remove {
        /// Its name, as `list` shows it
        name: String,
        #[command(flatten)]
        publishing: Publishing,
        #[command(flatten)]
        open: OpenArgs,
    },
}

/// Arguments of `issuer authority add`.
#[derive(clap::Args)]
pub(crate) struct AddArgs {
    /// The issuer's entry as JSON: name, keys, types, roles, sites, max_validity_seconds, status_uris; `-` reads standard input
    file: PathBuf,
    /// The newest token of a status list the entry announces, repeatable; each list needs one
    #[arg(long = "list", value_name = "FILE")]
    lists: Vec<PathBuf>,
    /// Take its keys from this DID document, which `waypass trust resolve did:web:.. -o` wrote; the entry then has none
    #[arg(long, value_name = "FILE", requires = "did")]
    document: Option<PathBuf>,
    /// The did:web whose document that must be
    #[arg(long, value_name = "DID", requires = "document")]
    did: Option<String>,
    /// A key of the document that signs status lists and not credentials, by its DID URL, repeatable
    #[arg(long = "status-key", value_name = "DID#KEY", requires = "document")]
    status_keys: Vec<String>,
    /// Put it in the place of the entry with the same name
    #[arg(long)]
    replace: bool,
    #[command(flatten)]
    publishing: Publishing,
    #[command(flatten)]
    open: OpenArgs,
}

pub(crate) fn run(run: &Run, verb: Verb) -> Outcome {
    match verb {
        Verb::Add(args) => add(run, &args),
        Verb::List { open } => list(run, &open),
        Verb::Refresh { files, publishing, open } => refresh(run, &files, &publishing, &open),
        Verb::Export { folder, publishing, open } => export(run, &folder, &publishing, &open),
        Verb::Remove { name, publishing, open } => remove(run, &name, &publishing, &open),
    }
}

fn add(run: &Run, args: &AddArgs) -> Outcome {
    let entry = file::read(run.input, &args.file)?;
    let authority = match (&args.document, &args.did) {
        (Some(document), Some(did)) => {
            authorities::read_with_document(&entry, &file::read(run.input, document)?, did, &args.status_keys, now())
        }
        _ => authorities::read(&entry),
    };
    let authority = authority.map_err(|error| failure(error).about(&args.file))?;
    let lists = read_all(run, &args.lists)?;
    run.out.note(limits(&authority));
    if !args.publishing.yes && !secret::confirm(run.input, "Shall every gate and wallet of this site believe it?", "--yes")? {
        return Err(secret::declined("nothing was changed"));
    }
    let (_, published) = publish::after(run, &args.open, &args.publishing, |issuer| {
        issuer.add_authority(&authority, &lists, args.replace, now()).map_err(|error| of_list(error, &args.lists))
    })?;
    run.out.json(&document(&authority))?;
    run.out.words(&format!("believed from this publication on: {}", authority.name));
    publish::tell(run, published, publish::TAKES_EFFECT_LATER, "")
}

fn list(run: &Run, open: &OpenArgs) -> Outcome {
    let others = super::with(run, open, |issuer| issuer.authorities().map_err(store_failure))?;
    let items: Vec<Value> = others.iter().map(document).collect();
    run.out.list("waypass.authority-list/1", "authorities", &items, || {
        for authority in &others {
            run.out.words(limits(authority));
        }
        if others.is_empty() {
            run.out.note("no other issuer is believed");
        }
    })?;
    Ok(Exit::Done)
}

fn refresh(run: &Run, files: &[PathBuf], publishing: &Publishing, open: &OpenArgs) -> Outcome {
    let lists = read_all(run, files)?;
    let (taken, published) =
        publish::after(run, open, publishing, |issuer| issuer.refresh_lists(&lists, now()).map_err(|error| of_list(error, files)))?;
    let items: Vec<Value> = taken.iter().map(list_document).collect();
    run.out.json(&json!({ "schema": "waypass.authority-lists/1", "taken": items }))?;
    for list in &taken {
        run.out.words(&format!("taken: {} of {}, {} entries", list.uri, words::when(list.issued_at), list.entries));
    }
    if taken.is_empty() {
        run.out.note("these lists were held already");
    }
    publish::tell(run, published, publish::TAKES_EFFECT_LATER, "")
}

/// Returns the entry as it was last published, without the keys that other sites do not need. The other site decides what it may say there.
fn export(run: &Run, folder: &Path, publishing: &Publishing, open: &OpenArgs) -> Outcome {
    let clock = publishing.clock(run)?;
    let published = super::with(run, open, |issuer| match issuer.published().map_err(store_failure)? {
        Some(published) => Ok(published),
        None => clock.publish(run, issuer).map_err(publish::failure),
    })?;
    let Some(mut entry) = published.opened().authorities().first().cloned() else {
        return Err(Failure::internal("the publication names no issuer", "run `waypass issuer publish`, then this command again"));
    };
    // The list of this site's gates says nothing about credentials.
    if let Some(gates) = published.opened().targets().gate_list() {
        entry.status_uris.retain(|list| list.uri != gates.uri);
    }
    entry.keys.retain(|key| matches!(key.key_use, KeyUse::Credential | KeyUse::Status));
    std::fs::create_dir_all(folder).map_err(|error| Failure::file("make", folder, &error))?;
    let own = |uri: &str| entry.status_uris.iter().any(|list| list.uri == uri);
    let tokens = published.lists.iter().filter(|(uri, _)| own(uri)).map(|(_, token)| token);
    let mut files = vec![folder.join("entry.json")];
    file::write(run.out, &files[0], plain::to_string(&entry).as_bytes())?;
    for (number, token) in (1..).zip(tokens) {
        let path = folder.join(format!("list-{number}"));
        file::write(run.out, &path, token.as_bytes())?;
        files.push(path);
    }
    run.out.json(&json!({ "schema": "waypass.authority-export/1", "entry": entry, "files": files }))?;
    run.out.words(limits(&entry));
    run.out.note(&format!("wrote {} files into {}; the other site limits the entry and adds it", files.len(), folder.display()));
    Ok(Exit::Done)
}

fn remove(run: &Run, name: &str, publishing: &Publishing, open: &OpenArgs) -> Outcome {
    let (removed, published) = after(run, open, publishing, |issuer| issuer.remove_authority(name, now()))?;
    run.out.json(&document(&removed))?;
    run.out.words(&format!("no longer believed from this publication on: {}", removed.name));
    publish::tell(run, published, publish::TAKES_EFFECT_LATER, "")
}

fn after<T>(
    run: &Run,
    open: &OpenArgs,
    publishing: &Publishing,
    work: impl FnOnce(&mut Issuer<'_>) -> Result<T, AuthorityError>,
) -> Result<(T, Published), Failure> {
    publish::after(run, open, publishing, |issuer| work(issuer).map_err(failure))
}

fn read_all(run: &Run, files: &[PathBuf]) -> Result<Vec<Vec<u8>>, Failure> {
    files.iter().map(|path| file::read(run.input, path)).collect()
}

fn document(authority: &Authority) -> Value {
    json!({ "schema": "waypass.authority/1", "name": authority.name, "entry": authority })
}

fn list_document(list: &ListInfo) -> Value {
    json!({ "uri": list.uri, "issued_at": list.issued_at.unix(), "expires_at": list.expires_at.unix(), "entries": list.entries })
}

/// Returns the words for an error that names the file of the list which is wrong.
fn of_list(error: AuthorityError, files: &[PathBuf]) -> Failure {
    let file = if let AuthorityError::List { place, .. } = error { files.get(place) } else { None };
    let failure = failure(error);
    match file {
        Some(file) => failure.about(file),
        None => failure,
    }
}

fn failure(error: AuthorityError) -> Failure {
    match error {
        AuthorityError::Store(why) => store_failure(why),
        AuthorityError::Taken(_) => Failure::usage(error, "add --replace to put this one in its place"),
        AuthorityError::NoList(_) => Failure::usage(error, "name the file of its newest token with --list FILE"),
        AuthorityError::Unknown(_) | AuthorityError::NotAnnounced(_) | AuthorityError::TooMany => {
            Failure::usage(error, "see who is believed: waypass issuer authority list")
        }
        AuthorityError::NotNewer { .. } => Failure::usage(error, "get the newest list from its issuer"),
        AuthorityError::Json(_)
        | AuthorityError::Shape(_)
        | AuthorityError::Name
        | AuthorityError::Unnameable(..)
        | AuthorityError::KeyUse(_)
        | AuthorityError::Document(_)
        | AuthorityError::NoMethod(..)
        | AuthorityError::KeyKinds(_)
        | AuthorityError::List { .. }
        | AuthorityError::Refused(_) => Failure::usage(error, "nothing was changed; correct the file, or ask its issuer for a new one"),
    }
}
