//! `waypass issuer context ..`: names for claims that only this site has.

use super::publish::{self, Published, Publishing};
use super::{now, store_failure};
use crate::Run;
use crate::exit::{Exit, Failure, Outcome};
use crate::unlock::OpenArgs;
use crate::{file, secret};
use serde_json::{Value, json};
use std::path::PathBuf;
use waypass_issuer::Issuer;
use waypass_issuer::contexts::ContextError;
use waypass_trust::bundle::ContextReference;

/// The verbs of `issuer context`.
#[derive(clap::Subcommand)]
pub(crate) enum Verb {
    /// Let credentials use the names that a JSON-LD context defines, and publish that
    Add(AddArgs),
    /// List the contexts whose names credentials may use
    List {
        #[command(flatten)]
        open: OpenArgs,
    },
    /// Stop reading credentials that use a context, and publish that
    Remove {
        /// Its URL, as `list` shows it
        id: String,
        #[command(flatten)]
        publishing: Publishing,
        #[command(flatten)]
        open: OpenArgs,
    },
}

/// Arguments of `issuer context add`.
#[derive(clap::Args)]
pub(crate) struct AddArgs {
    /// The JSON-LD context document; `-` reads standard input
    file: PathBuf,
    /// The URL that credentials name it by; it is never fetched
    #[arg(long, value_name = "URL")]
    id: String,
    /// Put it in the place of the context with the same URL
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
        Verb::Remove { id, publishing, open } => remove(run, &id, &publishing, &open),
    }
}

fn add(run: &Run, args: &AddArgs) -> Outcome {
    let bytes = file::read(run.input, &args.file)?;
    let (added, published) = publish::after(run, &args.open, &args.publishing, |issuer| {
        issuer.add_context(&args.id, &bytes, args.replace, now()).map_err(|error| match error {
            ContextError::NotText | ContextError::Refused(_) => failure(error).about(&args.file),
            error => failure(error),
        })
    })?;
    run.out.json(&document(&added))?;
    run.out.words(&format!("its names can be used from this publication on: {}", added.id));
    publish::tell(run, published, publish::TAKES_EFFECT_LATER, "")
}

fn list(run: &Run, open: &OpenArgs) -> Outcome {
    let contexts = super::with(run, open, |issuer| issuer.contexts().map_err(store_failure))?;
    let items: Vec<Value> = contexts.iter().map(document).collect();
    run.out.list("waypass.context-list/1", "contexts", &items, || {
        for context in &contexts {
            run.out.words([context.id.clone(), format!("  sha256  {}", context.sha256)]);
        }
        if contexts.is_empty() {
            run.out.note("credentials use the names that are built in, and no others");
        }
    })?;
    Ok(Exit::Done)
}

fn remove(run: &Run, id: &str, publishing: &Publishing, open: &OpenArgs) -> Outcome {
    if !publishing.yes && !secret::confirm(run.input, "Shall gates refuse every credential that uses it?", "--yes")? {
        return Err(secret::declined("nothing was changed"));
    }
    let (removed, published) = after(run, open, publishing, |issuer| issuer.remove_context(id, now()))?;
    run.out.json(&document(&removed))?;
    run.out.words(&format!("no longer read from this publication on: {}", removed.id));
    publish::tell(run, published, publish::TAKES_EFFECT_LATER, "")
}

fn after<T>(
    run: &Run,
    open: &OpenArgs,
    publishing: &Publishing,
    work: impl FnOnce(&mut Issuer<'_>) -> Result<T, ContextError>,
) -> Result<(T, Published), Failure> {
    publish::after(run, open, publishing, |issuer| work(issuer).map_err(failure))
}

fn document(context: &ContextReference) -> Value {
    json!({ "schema": "waypass.context/1", "id": context.id, "sha256": context.sha256 })
}

pub(super) fn failure(error: ContextError) -> Failure {
    match error {
        ContextError::Store(why) => store_failure(why),
        ContextError::Taken(_) => Failure::usage(error, "add --replace to put this one in its place, or give it another --id"),
        ContextError::Unknown(_) => Failure::usage(error, "see which there are: waypass issuer context list"),
        ContextError::NotText | ContextError::Refused(_) => {
            Failure::usage(error, "nothing was changed; correct the file: each name a meaning of its own, and no @vocab")
        }
    }
}
