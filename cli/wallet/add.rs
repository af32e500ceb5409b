//! `waypass wallet add` and `remove`.

use super::init::CurveArgs;
use super::{Open, failure};
use crate::Session;
use crate::exit::{Exit, Failure, Outcome};
use crate::unlock::OpenArgs;
use crate::{qr, secret, sync, words};
use serde_json::json;
use std::path::PathBuf;
use waypass_credential::format;
use waypass_net::pickup::{Pickup, PickupError};
use waypass_net::transport::TransportError;
use waypass_net::{Reach, Timeouts};
use waypass_trust::bundle::TrustBundle;
use waypass_trust::reason::{Level, ReasonCode};
use waypass_vault::{SystemRng, clock};
use waypass_wallet::HoldError;

/// Arguments of `wallet add`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The credential or the offer: a file, `-` (also for a scanner's lines), or PNG or JPEG pictures of its QR codes
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Read the code that an offer asks for from FILE instead of asking on the terminal
    #[arg(long, value_name = "FILE")]
    tx_code_file: Option<PathBuf>,
    /// Let an offer lead to this machine or its local network, where the trust bundle names no server at that address
    #[arg(long)]
    local_network: bool,
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
    let bytes = qr::read_any(session.out, &args.files)?;
    let bytes = format::from_file(&bytes);
    let open = super::open(session, &args.open)?;
    open.believed()?;
    if !bytes.starts_with(OFFER) {
        hold(session, &open, bytes)?;
        return Ok(Exit::Done);
    }
    let offer = std::str::from_utf8(bytes).map_err(|_| Failure::usage("the offer is not text", "get the offer again from its issuer"))?;
    for credential in pick_up(session, args, &open, offer)? {
        hold(session, &open, &credential)?;
    }
    Ok(Exit::Done)
}

fn hold(session: &Session, open: &Open, bytes: &[u8]) -> Result<(), Failure> {
    let held = open.wallet.hold(bytes, open.bundle.as_ref(), &open.at, &mut SystemRng).map_err(hold_failure)?;
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

fn pick_up(session: &Session, args: &Args, open: &Open, offer: &str) -> Result<Vec<Vec<u8>>, Failure> {
    let pickup = Pickup::start(offer, Timeouts::default(), reach(session, args, open)).map_err(pickup_failure)?;
    session.out.note(&format!("picking up from {}", pickup.offer().issuer));
    let code = if pickup.offer().tx_code.is_some() {
        let source = secret::SecretArgs { secret_file: args.tx_code_file.clone(), secret_fd: None };
        Some(source.read(session.out, session.input, "the code you were given with the offer: ")?)
    } else {
        None
    };
    let code = code.as_ref().map(|code| crate::secret::text(code)).transpose()?;
    let algorithm = args.curve.algorithm();
    let key = open.wallet.holder_key(algorithm)?;
    let signer = open.wallet.signer(key.id)?;
    pickup.fetch(0, code, clock::read().wall, &signer).map_err(pickup_failure)
}

pub(crate) fn remove(session: &Session, args: &RemoveArgs) -> Outcome {
    let mut open = super::open(session, &args.open)?;
    let id = open.wallet.find_id(&args.id).map_err(failure)?;
    let removal = open.wallet.removal(id, open.bundle.as_ref(), &open.at).map_err(failure)?;
    let card = removal.card();
    let question = format!("Remove {} ({} from {}) for good?", super::list::short(&id), words::list(&card.role.roles), card.issuer_name);
    if !args.yes && !open.aside(session, || secret::confirm(session.input, &question, "--yes"))?? {
        session.out.note("nothing was removed");
        return Ok(Exit::Done);
    }
    // What is removed is read again: others may have used the wallet while the person thought.
    let removal = open.wallet.removal(id, open.bundle.as_ref(), &open.at).map_err(failure)?;
    open.wallet.remove(removal, &open.at, &mut SystemRng).map_err(failure)?;
    session.out.json(&json!({ "schema": "waypass.removed/1", "id": id.to_string() }))?;
    session.out.words(&format!("removed {}", super::list::short(&id)));
    Ok(Exit::Done)
}

fn hold_failure(error: HoldError) -> Failure {
    match error {
        HoldError::Malformed(_) => Failure::usage(error, "name the file the issuer gave you"),
        HoldError::NoBundle => Failure::new(Exit::Grey, error, "learn whom to trust first: waypass trust pin FILE --digest NUMBER"),
        HoldError::Refused(ref refused) => {
            let worst = refused.reasons.iter().map(|reason| reason.code).max_by_key(|code| code.level());
            let exit = if worst.map(ReasonCode::level) == Some(Level::Grey) { Exit::Grey } else { Exit::Red };
            let next = match worst {
                Some(ReasonCode::UntrustedIssuer) => "sync first if the issuer is new; otherwise do not use it",
                _ => "it was not taken in; ask its issuer",
            };
            Failure::new(exit, format!("this credential is not taken in: {error}"), next)
        }
        HoldError::NotBound | HoldError::AnotherHolder => {
            Failure::new(Exit::Red, error, "ask the issuer for one bound to the line `waypass wallet key` prints")
        }
        HoldError::Wallet(why) => failure(why),
    }
}

fn pickup_failure(error: PickupError) -> Failure {
    match error {
        PickupError::Transport(TransportError::NotPublic { .. }) => Failure::usage(
            error,
            "the offer is not spent; get the site's trust bundle first, which names its servers, or add --local-network if you know the address",
        ),
        PickupError::Transport(why) => sync::link_failure(why),
        PickupError::TxCode => {
            Failure::new(Exit::WrongSecret, error, "the offer is not spent; run the command again with the code you were given")
        }
        PickupError::Algorithm { .. } => Failure::usage(error, "run the command with --p256 or --p384, or without either"),
        PickupError::Sign(_) => Failure::internal(error, "run the command again"),
        PickupError::Offer(_)
        | PickupError::NotHttps
        | PickupError::WrongIssuer
        | PickupError::Unsupported { .. }
        | PickupError::Deferred => Failure::usage(error, "ask the issuer for a new offer"),
    }
}
