//! `waypass wallet sync`: newer trust comes down; nothing goes up, a wallet never uploads.

use crate::Session;
use crate::exit::{Exit, Outcome};
use crate::sync::{self, SyncArgs};
use crate::trust;
use waypass_wallet::Reader;

/// Arguments of `wallet sync`.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    place: SyncArgs,
}

pub(crate) fn run(session: &Session, args: &Args) -> Outcome {
    let mut transport = sync::transport(session, args.place.from.as_deref(), None)?;
    let outcome = sync::run(session, &mut Reader::new(trust::store(session)), &mut *transport, trust::failure)?;
    sync::tell(session, &outcome, &[])?;
    session.out.detail(trust::NOT_COMPARED);
    Ok(Exit::Done)
}
