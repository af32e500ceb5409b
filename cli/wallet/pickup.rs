//! The words for a pick-up that failed: whether the offer is spent is said each time.

use crate::exit::{Exit, Failure};
use crate::sync;
use waypass_net::pickup::PickupError;
use waypass_net::transport::TransportError;

const NOT_SPENT: &str = "the offer is not spent; try again when there is a link";

/// What happened and what to do next.
pub(super) fn failure(error: PickupError) -> Failure {
    match error {
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
