//! `waypass wallet add` and `remove`.

use super::pickup::{self, PickupArgs};
use super::refusal::refusal;
use super::{Open, aside, failure};
use crate::Run;
use crate::exit::{Exit, Failure, Outcome};
use crate::home::Role;
use crate::unlock::OpenArgs;
use crate::{qr, secret, words};
use serde_json::{Value, json};
use std::path::PathBuf;

use waypass_machine::SystemRng;
use waypass_wallet::{CredentialId, Held, HoldError, Kept, WalletError};

/// Arguments of `wallet add`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The credential or the offer: a file, `-` (also for a scanner's lines), or PNG or JPEG pictures of its QR codes; without any, what
    /// was cut off goes on, and what is kept aside is tried again
    files: Vec<PathBuf>,
    #[command(flatten)]
    pickup: PickupArgs,
    #[command(flatten)]
    open: OpenArgs,
}

/// Arguments of `wallet remove`.
#[derive(clap::Args)]
pub(crate) struct RemoveArgs {
    /// The credential's id, or its beginning
    id: String,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    open: OpenArgs,
}

const OFFER: &[u8] = b"openid-credential-offer:";

pub(crate) fn run(run: &Run, args: &Args) -> Outcome {
    if args.files.is_empty() {
        return again(run, args);
    }
    let bytes = qr::read_any(run.out, run.input, &args.files)?;
    let bytes = waypass_credential::from_file(&bytes);
    let mut open = super::open(run, &args.open)?;
    open.believed()?;
    if bytes.starts_with(OFFER) {
        let offer = std::str::from_utf8(bytes);
        let offer = offer.map_err(|_| Failure::usage("the offer is not text", "get the offer again from its issuer"))?;
        let received = pickup::take_up(run, &args.pickup, &mut open, offer)?;
        take_in(run, &open, &received)?;
    } else {
        let held = open.wallet.hold(bytes, open.bundle.as_ref(), &open.at, &mut SystemRng);
        let held = held.map_err(|why| match why {
            HoldError::Malformed(_) => refusal(why, false).about_first(&args.files),
            why => refusal(why, false),
        })?;
        let document = tell_held(run, &open, &held)?;
        run.out.json(&document)?;
    }
    aside::tell(run, &open)?;
    Ok(Exit::Done)
}

/// Goes on with pick-ups that were cut off, and tries what is kept aside once more.
fn again(run: &Run, args: &Args) -> Outcome {
    let mut open = super::open(run, &args.open)?;
    open.believed()?;
    let kept = open.wallet.aside().map_err(failure)?;
    if kept.is_empty() {
        return Err(Failure::usage(
            "no file is named, and nothing is kept aside",
            "name the credential or the offer: waypass wallet add FILE",
        ));
    }
    let mut credentials: Vec<CredentialId> = kept.iter().filter(|aside| aside.kept == Kept::Credential).map(|aside| aside.id).collect();
    let mut stopped = None;
    for unfinished in open.wallet.unfinished().map_err(failure)? {
        match pickup::go_on(run, &args.pickup, &mut open, unfinished) {
            Ok(received) => credentials.extend(received),
            Err(why) => drop(stopped.get_or_insert(why)),
        }
    }
    let taken = take_in(run, &open, &credentials);
    aside::tell(run, &open)?;
    taken.and(stopped.map_or(Ok(Exit::Done), Err))
}

/// Takes in what is kept aside under these ids, as much of it as is good; the first refusal is told at the end. One credential has a
/// document of its own, several have one together.
fn take_in(run: &Run, open: &Open, ids: &[CredentialId]) -> Result<(), Failure> {
    let (mut documents, mut refused) = (Vec::new(), None);
    for id in ids {
        match open.wallet.take_in(*id, open.bundle.as_ref(), &open.at, &mut SystemRng) {
            Ok(held) => documents.push(tell_held(run, open, &held)?),
            Err(why) => drop(refused.get_or_insert_with(|| refusal(why, true))),
        }
    }
    match documents.as_slice() {
        [] => {}
        [one] => run.out.json(one)?,
        all => run.out.json(&json!({ "schema": "waypass.held-list/1", "held": all }))?,
    }
    refused.map_or(Ok(()), Err)
}

/// Says in words what was taken in, and returns the document about it.
fn tell_held(run: &Run, open: &Open, held: &Held) -> Result<Value, Failure> {
    let card = open.wallet.show(held.id, open.bundle.as_ref(), &open.at).map_err(failure)?;
    run.out.words(&format!(
        "{} {}: {} from {}, {}, until {}",
        if held.already { "already held" } else { "held" },
        super::short(&held.id),
        words::list(&card.role.roles),
        card.issuer_name,
        card.standing.words(&card.issuer_name),
        words::when(card.role.valid_until)
    ));
    Ok(json!({
        "schema": "waypass.held/1", "id": held.id.to_string(), "already": held.already, "issuer": card.issuer_name, "roles": card.role.roles,
        "standing": card.standing.as_str(), "valid_until": card.role.valid_until.unix(),
    }))
}

pub(crate) fn remove(run: &Run, args: &RemoveArgs) -> Outcome {
    let mut open = super::open(run, &args.open)?;
    let id = match open.wallet.find_id(&args.id) {
        Err(WalletError::NotHeld) if open.wallet.find_aside(&args.id).is_ok() => return aside::remove(run, &open, &args.id, args.yes),
        found => found.map_err(failure)?,
    };
    let removal = open.wallet.removal(id, open.bundle.as_ref(), &open.at).map_err(failure)?;
    let card = removal.card();
    let question = format!("Remove {} ({} from {}) for good?", super::short(&id), words::list(&card.role.roles), card.issuer_name);
    if !args.yes && !open.aside(run, || secret::confirm(run.input.while_open(Role::Wallet), &question, "--yes"))?? {
        return Err(secret::declined("nothing was removed"));
    }
    // The credential is read again before it is removed: others may have used the wallet while the person thought.
    let removal = open.wallet.removal(id, open.bundle.as_ref(), &open.at).map_err(failure)?;
    open.wallet.remove(removal, &open.at, &mut SystemRng).map_err(failure)?;
    run.out.json(&json!({ "schema": "waypass.removed/1", "id": id.to_string() }))?;
    run.out.words(&format!("removed {}", super::short(&id)));
    Ok(Exit::Done)
}
