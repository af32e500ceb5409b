//! Picking up an offer. Nothing is held open while a person is asked or a server is waited for, and how far it has come is stored
//! before each step that spends something.

use super::init::CurveArgs;
use super::refusal::refusal;
use super::{Open, failure as wallet_failure};
use crate::Run;
use crate::exit::{Exit, Failure};
use crate::home::Role;
use crate::secret::{self, SecretArgs};
use crate::sync;
use crate::trust::ca;
use std::path::PathBuf;
use waypass_credential::Nonce;
use waypass_credential::key::Algorithm;
use waypass_machine::{SystemRng, clock};
use waypass_net::Reach;
use waypass_net::TransportError;
use waypass_net::pickup::{Choice, Pickup, PickupError, Progress};
use waypass_trust::bundle::{Authority, TrustBundle};
use waypass_wallet::{Awaited, CredentialId, HoldError, Unfinished};

/// How an offer is picked up.
#[derive(clap::Args)]
pub(crate) struct PickupArgs {
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
}

/// An offer as it was read, before anything is spent.
enum Taken {
    /// It is new.
    New(Choice, Option<secret::Secret>),
    /// A command that was cut off had begun with it.
    Begun(Awaited, Box<Progress>),
    /// A command that was cut off had its credentials already.
    Received(Vec<CredentialId>),
}

/// Takes an offer up, or goes on with it. Everything that can be refused is refused before its code is spent, and what comes is stored
/// before it is looked at.
pub(super) fn take_up(run: &Run, args: &PickupArgs, open: &mut Open, offer: &str) -> Result<Vec<CredentialId>, Failure> {
    let bundle = open.bundle.as_ref().ok_or_else(|| refusal(HoldError::NoBundle, false))?;
    let (trusted, reach) = (bundle.authorities().to_vec(), reach(run, args, open));
    let algorithms = args.curve.asked().map_or_else(|| open.wallet.algorithms(), |algorithm| Ok(vec![algorithm]))?;
    let begun = open.wallet.unfinished().map_err(wallet_failure)?;
    let aside = open.wallet.received().map_err(wallet_failure)?;
    let link = ca::link(run)?;
    let (pickup, taken) = open.aside(run, || {
        let pickup = Pickup::start(offer, &link, reach).map_err(failure)?;
        let mark = pickup.offer().mark();
        let received: Vec<CredentialId> = aside.iter().filter(|(_, by)| **by == mark).map(|(id, _)| *id).collect();
        if !received.is_empty() {
            return Ok((pickup, Taken::Received(received)));
        }
        let taken = match begun.into_iter().find_map(|begun| of(begun, &pickup)) {
            Some((room, progress)) => Taken::Begun(room, Box::new(progress)),
            None => asked(run, args, &pickup, &trusted, &algorithms)?,
        };
        Ok::<_, Failure>((pickup, taken))
    })??;
    open.believed()?;
    let (choice, code) = match taken {
        Taken::New(choice, code) => (choice, code),
        Taken::Received(received) => return Ok(received),
        Taken::Begun(room, progress) => return finish(run, open, &pickup, room, *progress),
    };
    let key = open.wallet.holder_key(choice.algorithm)?;
    let code = code.as_ref().map(|code| secret::text(code)).transpose()?;
    let progress = pickup.begin(&choice, code, &key.public_key, &Nonce::random(&mut SystemRng)).map_err(failure)?;
    let from = &pickup.offer().issuer;
    let room = open.wallet.make_room(from, &progress.to_bytes(), &open.at, &mut SystemRng).map_err(wallet_failure)?;
    finish(run, open, &pickup, room, progress)
}

/// Goes on with a pick-up that was cut off.
pub(super) fn go_on(run: &Run, args: &PickupArgs, open: &mut Open, unfinished: Unfinished) -> Result<Vec<CredentialId>, Failure> {
    let Unfinished { awaited, progress } = unfinished;
    let progress = Progress::from_bytes(&progress).ok_or_else(|| {
        Failure::new(Exit::Tamper, "what was noted about a pick-up does not read", "ask the issuer whether the offer was used")
    })?;
    let reach = reach(run, args, open);
    run.out.note(&format!("going on with the offer from {}", progress.offer().issuer));
    let link = ca::link(run)?;
    let pickup = open.aside(run, || Pickup::resume(&progress, &link, reach))?.map_err(kept)?;
    open.believed()?;
    finish(run, open, &pickup, awaited, progress)
}

fn of(begun: Unfinished, pickup: &Pickup) -> Option<(Awaited, Progress)> {
    let progress = Progress::from_bytes(&begun.progress)?;
    progress.is_of(pickup.offer()).then_some((begun.awaited, progress))
}

/// Chooses what is taken, and asks the person what only a person knows.
fn asked(run: &Run, args: &PickupArgs, pickup: &Pickup, trusted: &[Authority], algorithms: &[Algorithm]) -> Result<Taken, Failure> {
    let choice = pickup.choose(trusted, algorithms).map_err(failure)?;
    let from = &pickup.offer().issuer;
    if pickup.offer().known_to(trusted).is_none() {
        let question = format!("No issuer that this device trusts is at {from}. Pick up all the same?");
        if !args.yes && !secret::confirm(run.input.while_open(Role::Wallet), &question, "--yes")? {
            return Err(secret::declined("nothing was picked up; the offer is not spent"));
        }
    }
    run.out.note(&format!("picking up from {from}"));
    let code = if pickup.offer().tx_code.is_some() {
        let source = SecretArgs { secret_file: args.tx_code_file.clone(), secret_fd: None };
        Some(source.read(run.out, run.input.while_open(Role::Wallet), "the code you were given with the offer: ")?)
    } else {
        None
    };
    Ok(Taken::New(choice, code))
}

/// Exchanges the code, if that is still to do, and fetches the credential. Open questions to the issuer stay noted.
fn finish(run: &Run, open: &mut Open, pickup: &Pickup, room: Awaited, mut progress: Progress) -> Result<Vec<CredentialId>, Failure> {
    let signer = open.wallet.signer(progress.holder()).map_err(|why| refusal(why, false))?;
    if !progress.is_redeemed() {
        if let Err(why) = open.aside(run, || pickup.redeem(&mut progress))? {
            return Err(ended(open, &room, why)?);
        }
        open.wallet.note(&room, &progress.to_bytes()).map_err(wallet_failure)?;
    }
    match open.aside(run, || pickup.fetch(&progress, clock::read().wall, &signer))? {
        Ok(credentials) => open.wallet.receive(room, &credentials, &progress.offer().mark(), &open.at).map_err(wallet_failure),
        Err(why) => Err(ended(open, &room, why)?),
    }
}

/// Gives the room back where the issuer has said no.
fn ended(open: &Open, room: &Awaited, why: PickupError) -> Result<Failure, Failure> {
    if why.may_go_on() {
        return Ok(kept(why));
    }
    open.wallet.give_back(room).map_err(wallet_failure)?;
    Ok(failure(why))
}

fn kept(why: PickupError) -> Failure {
    let why = if let PickupError::AfterCode(why) = why { *why } else { why };
    Failure::new(Exit::Network, why, "nothing is lost: `waypass wallet add` goes on with the offer, within a day")
}

/// Returns the addresses an offer may lead to. It is text from anybody, so no private address that neither bundle nor settings name.
fn reach(run: &Run, args: &PickupArgs, open: &Open) -> Reach {
    if args.local_network {
        return Reach::Anywhere;
    }
    let authorities = open.bundle.iter().flat_map(TrustBundle::authorities);
    let own = authorities.flat_map(|authority| &authority.status_uris).map(|list| list.uri.as_str());
    Reach::public_and(own.chain(run.home.server()))
}

const NOT_SPENT: &str = "the offer is not spent; try again when there is a link";

/// Returns the event, and the next step.
fn failure(error: PickupError) -> Failure {
    match error {
        refused if refused.is_refusal() => {
            Failure::new(Exit::Red, refused, "ask the issuer for a new offer, and tell it what you read here")
        }
        PickupError::Transport(TransportError::NotPublic { .. }) => Failure::usage(
            error,
            "the offer is not spent; get the site's trust bundle first, which names its servers, or add --local-network if you know the address",
        ),
        PickupError::Transport(TransportError::Unreachable { .. } | TransportError::TimedOut { .. }) => {
            Failure::new(Exit::Network, error, NOT_SPENT)
        }
        PickupError::Transport(why @ (TransportError::Certificate { .. } | TransportError::NoClient)) => sync::link_failure(why),
        PickupError::Transport(_) => Failure::new(Exit::Network, error, "ask the issuer; if the offer is used up, ask for a new one"),
        PickupError::TxCode => {
            Failure::new(Exit::WrongSecret, error, "the offer is not spent; run the command again with the code you were given")
        }
        PickupError::WrongTxCode => Failure::new(
            Exit::WrongSecret,
            error,
            "run the command again with the code you were given; if it was right, ask for a new offer",
        ),
        PickupError::AfterCode(_) => Failure::new(Exit::Network, error, "ask the issuer for a new offer, and tell it what you read here"),
        PickupError::Algorithm { .. } => {
            Failure::usage(error, "the offer is not spent; run the command with --p256 or --p384, or without either")
        }
        PickupError::Kind { .. } => {
            Failure::new(Exit::Red, error, "the offer is not spent; sync first if the issuer is new, otherwise do not use it")
        }
        PickupError::Sign(_) => Failure::internal(error, "run the command again"),
        PickupError::Spent { .. }
        | PickupError::Offer(_)
        | PickupError::NotHttps
        | PickupError::WrongIssuer
        | PickupError::Unsupported { .. }
        | PickupError::Deferred => Failure::usage(error, "ask the issuer for a new offer"),
    }
}
