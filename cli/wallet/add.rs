//! `waypass wallet add` and `remove`.

use super::init::CurveArgs;
use super::{Open, aside, failure, pickup};
use crate::Session;
use crate::exit::{Exit, Failure, Outcome};
use crate::unlock::OpenArgs;
use crate::{qr, secret, words};
use serde_json::json;
use std::path::PathBuf;
use waypass_credential::format;
use waypass_net::pickup::Pickup;
use waypass_net::{Reach, Timeouts};
use waypass_trust::bundle::TrustBundle;
use waypass_trust::reason::{Level, ReasonCode};
use waypass_vault::{SystemRng, clock};
use waypass_wallet::{CredentialId, Held, HoldError, Kept, WalletError};

/// Arguments of `wallet add`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The credential or the offer: a file, `-` (also for a scanner's lines), or PNG or JPEG pictures of its QR codes; without any, what is
    /// kept aside is tried again
    files: Vec<PathBuf>,
    /// Read the code that an offer asks for from FILE instead of asking on the terminal
    #[arg(long, value_name = "FILE")]
    tx_code_file: Option<PathBuf>,
    /// Let an offer lead to this machine or its local network, where the trust bundle names no server at that address
    #[arg(long)]
    local_network: bool,
    /// Pick up without being asked where no trusted issuer has its address, for scripts
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    curve: CurveArgs,
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

pub(crate) fn run(session: &Session, args: &Args) -> Outcome {
    if args.files.is_empty() {
        return again(session, args);
    }
    let bytes = qr::read_any(session.out, &args.files)?;
    let bytes = format::from_file(&bytes);
    let open = super::open(session, &args.open)?;
    open.believed()?;
    if bytes.starts_with(OFFER) {
        let offer = std::str::from_utf8(bytes);
        let offer = offer.map_err(|_| Failure::usage("the offer is not text", "get the offer again from its issuer"))?;
        let received = pick_up(session, args, &open, offer)?;
        take_in(session, &open, &received)?;
    } else {
        let held = open.wallet.hold(bytes, open.bundle.as_ref(), &open.at, &mut SystemRng);
        let held = held.map_err(|why| match why {
            HoldError::Malformed(_) => super::about(&args.files, refusal(why, false)),
            why => refusal(why, false),
        })?;
        tell_held(session, &open, &held)?;
    }
    aside::tell(session, &open)?;
    Ok(Exit::Done)
}

/// Tries what is kept aside once more.
fn again(session: &Session, args: &Args) -> Outcome {
    let open = super::open(session, &args.open)?;
    open.believed()?;
    let kept = open.wallet.aside().map_err(failure)?;
    if kept.is_empty() {
        return Err(Failure::usage(
            "no file is named, and nothing is kept aside",
            "name the credential or the offer: waypass wallet add FILE",
        ));
    }
    let credentials: Vec<CredentialId> = kept.iter().filter(|aside| aside.kept == Kept::Credential).map(|aside| aside.id).collect();
    let taken = take_in(session, &open, &credentials);
    aside::tell(session, &open)?;
    taken.map(|()| Exit::Done)
}

/// Takes in what is kept aside under these ids, as much of it as is good; the first refusal is told at the end.
fn take_in(session: &Session, open: &Open, ids: &[CredentialId]) -> Result<(), Failure> {
    let mut refused = None;
    for id in ids {
        match open.wallet.take_in(*id, open.bundle.as_ref(), &open.at, &mut SystemRng) {
            Ok(held) => tell_held(session, open, &held)?,
            Err(why) => drop(refused.get_or_insert_with(|| refusal(why, true))),
        }
    }
    refused.map_or(Ok(()), Err)
}

fn tell_held(session: &Session, open: &Open, held: &Held) -> Result<(), Failure> {
    let card = open.wallet.show(held.id, open.bundle.as_ref(), &open.at).map_err(failure)?;
    session.out.json(&json!({
        "schema": "waypass.held/1", "id": held.id.to_string(), "already": held.already, "issuer": card.issuer_name, "roles": card.role.roles,
        "standing": card.standing.as_str(), "valid_until": card.role.valid_until.unix(),
    }))?;
    session.out.words(&format!(
        "{} {}: {} from {}, {}, until {}",
        if held.already { "already held" } else { "held" },
        super::list::short(&held.id),
        words::list(&card.role.roles),
        card.issuer_name,
        card.standing.words(&card.issuer_name),
        words::when(card.role.valid_until)
    ));
    Ok(())
}

/// Where an offer may lead: an offer is text from anybody, so to no private address that the site's bundle or the settings do not name.
fn reach(session: &Session, args: &Args, open: &Open) -> Reach {
    if args.local_network {
        return Reach::Anywhere;
    }
    let authorities = open.bundle.iter().flat_map(TrustBundle::authorities);
    let own = authorities.flat_map(|authority| &authority.status_uris).map(|list| list.uri.as_str());
    Reach::public_and(own.chain(session.home.server()))
}

/// Everything that can be refused is refused before the offer's code is spent, and what comes is stored before it is looked at.
fn pick_up(session: &Session, args: &Args, open: &Open, offer: &str) -> Result<Vec<CredentialId>, Failure> {
    let bundle = open.bundle.as_ref().ok_or_else(|| refusal(HoldError::NoBundle, false))?;
    let pickup = Pickup::start(offer, Timeouts::default(), reach(session, args, open)).map_err(pickup::failure)?;
    let from = pickup.offer().issuer.clone();
    let algorithms = args.curve.asked().map_or_else(|| open.wallet.algorithms(), |algorithm| Ok(vec![algorithm]))?;
    let choice = pickup.choose(bundle.authorities(), &algorithms).map_err(pickup::failure)?;
    if pickup.offer().known_to(bundle.authorities()).is_none() {
        let question = format!("No issuer that this device trusts is at {from}. Pick up all the same?");
        if !args.yes && !secret::confirm(session.input, &question, "--yes")? {
            return Err(secret::declined("nothing was picked up; the offer is not spent"));
        }
    }
    session.out.note(&format!("picking up from {from}"));
    let code = if pickup.offer().tx_code.is_some() {
        let source = secret::SecretArgs { secret_file: args.tx_code_file.clone(), secret_fd: None };
        Some(source.read(session.out, session.input, "the code you were given with the offer: ")?)
    } else {
        None
    };
    let code = code.as_ref().map(|code| crate::secret::text(code)).transpose()?;
    let key = open.wallet.holder_key(choice.algorithm)?;
    let signer = open.wallet.signer(key.id)?;
    let room = open.wallet.make_room(&from, &open.at, &mut SystemRng).map_err(failure)?;
    match pickup.fetch(&choice, code, clock::read().wall, &signer) {
        Ok(credentials) => open.wallet.receive(room, &credentials, &open.at).map_err(failure),
        Err(why) => {
            open.wallet.give_back(&room).map_err(failure)?;
            Err(pickup::failure(why))
        }
    }
}

pub(crate) fn remove(session: &Session, args: &RemoveArgs) -> Outcome {
    let mut open = super::open(session, &args.open)?;
    let id = match open.wallet.find_id(&args.id) {
        Err(WalletError::NotHeld) if open.wallet.find_aside(&args.id).is_ok() => return aside::remove(session, &open, &args.id, args.yes),
        found => found.map_err(failure)?,
    };
    let removal = open.wallet.removal(id, open.bundle.as_ref(), &open.at).map_err(failure)?;
    let card = removal.card();
    let question = format!("Remove {} ({} from {}) for good?", super::list::short(&id), words::list(&card.role.roles), card.issuer_name);
    if !args.yes && !open.aside(session, || secret::confirm(session.input, &question, "--yes"))?? {
        return Err(secret::declined("nothing was removed"));
    }
    // What is removed is read again: others may have used the wallet while the person thought.
    let removal = open.wallet.removal(id, open.bundle.as_ref(), &open.at).map_err(failure)?;
    open.wallet.remove(removal, &open.at, &mut SystemRng).map_err(failure)?;
    session.out.json(&json!({ "schema": "waypass.removed/1", "id": id.to_string() }))?;
    session.out.words(&format!("removed {}", super::list::short(&id)));
    Ok(Exit::Done)
}

/// The words for a credential that is not taken in; `kept` is whether it is kept aside.
fn refusal(error: HoldError, kept: bool) -> Failure {
    let failure = match error {
        HoldError::Malformed(_) if kept => Failure::usage(error, "tell its issuer"),
        HoldError::Malformed(_) => Failure::usage(error, "name the file that the issuer gave you"),
        HoldError::NoBundle => Failure::new(
            Exit::Grey,
            error,
            "learn whom to trust first: waypass trust pin FILE --digest NUMBER; nothing was taken and no offer is spent",
        ),
        HoldError::Refused(ref refused) => {
            let worst = refused.reasons.iter().map(|reason| reason.code).max_by_key(|code| code.level());
            let exit = if worst.map(ReasonCode::level) == Some(Level::Grey) { Exit::Grey } else { Exit::Red };
            let next = match worst {
                Some(ReasonCode::UntrustedIssuer) => "sync first if the issuer is new; otherwise do not use it",
                _ => "ask its issuer",
            };
            Failure::new(exit, format!("this credential is not taken in: {error}"), next)
        }
        HoldError::KeyAltered => {
            Failure::new(Exit::Tamper, error, "ask the issuer for one bound to the line that `waypass wallet key` prints now")
        }
        HoldError::NotBound | HoldError::AnotherHolder => {
            Failure::new(Exit::Red, error, "ask the issuer for one bound to the line `waypass wallet key` prints")
        }
        HoldError::Wallet(why) => return failure(why),
    };
    if kept {
        Failure { next: format!("{}; it is kept aside, and `waypass wallet add` tries again", failure.next), ..failure }
    } else {
        failure
    }
}
