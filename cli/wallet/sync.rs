//! `waypass wallet sync`: newer trust comes down; nothing goes up, a wallet never uploads.

use crate::Run;
use crate::belief;
use crate::exit::{Exit, Failure, Outcome};
use crate::sync::{self, SyncArgs};
use crate::unlock::OpenArgs;
use waypass_machine::clock;
use waypass_trust::sync::Kept;
use waypass_wallet::Reader;

/// Arguments of `wallet sync`.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    place: SyncArgs,
    #[command(flatten)]
    open: OpenArgs,
}

pub(crate) fn run(run: &Run, args: &Args) -> Outcome {
    let mut transport = sync::transport(run, args.place.from.as_deref(), None)?;
    let mut reader = Reader::new(belief::store(run), clock::read().wall);
    let outcome = sync::run(run, &mut reader, &mut *transport, belief::store_failure)?;
    // It needs no secret, and the next command that opens the vault seals what came. With a secret that is done now.
    if args.open.is_given() {
        super::look(run, &args.open)?.believed()?;
    } else {
        run.out.detail(belief::NOT_COMPARED);
    }
    sync::tell(run, &outcome, &[], &serde_json::Value::Null)?;
    if outcome.bundle == Some(Kept::Aside) {
        return Err(Failure::new(
            Exit::Grey,
            "the bundle is dated more than two days ahead of this device's clock, and was not taken",
            "compare the clock with a watch: if it is wrong, set it and sync again; if it is right, tell the site's operator",
        ));
    }
    Ok(Exit::Done)
}
