//! `waypass wallet sync`: newer trust comes down; nothing goes up, a wallet never uploads.

use crate::Session;
use crate::exit::{Exit, Failure, Outcome};
use crate::sync::{self, SyncArgs};
use crate::trust::{self, TrustDevice};
use waypass_net::sync::{Device, Part, Receipted};
use waypass_trust::sync::{AuditHeld, Manifest};

/// Arguments of `wallet sync`.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    place: SyncArgs,
}

pub(crate) fn run(session: &Session, args: &Args) -> Outcome {
    let mut transport = sync::transport(session, args.place.from.as_deref(), None)?;
    let outcome = sync::run(session, &mut Reader(TrustDevice::new(trust::store(session))), &mut *transport)?;
    sync::tell(session, &outcome, &[])?;
    Ok(Exit::Done)
}

/// A device that only reads.
struct Reader(TrustDevice);

impl Device for Reader {
    type Error = Failure;

    fn held(&self) -> Result<Manifest, Failure> {
        self.0.held(AuditHeld::default())
    }

    fn apply_root(&mut self, envelope: &[u8]) -> Result<(), Failure> {
        self.0.apply_root(envelope)
    }

    fn apply_bundle(&mut self, metadata: &[u8]) -> Result<(), Failure> {
        self.0.apply_bundle(metadata)
    }

    fn apply_list(&mut self, _uri: &str, token: &[u8]) -> Result<(), Failure> {
        self.0.apply_list(token)
    }

    fn apply_policies(&mut self) -> Result<(), Failure> {
        Ok(())
    }

    fn upload(&mut self, _from: u64) -> Result<Option<Part>, Failure> {
        Ok(None)
    }

    fn receipt(&mut self, _receipt: &str) -> Result<Receipted, Failure> {
        Ok(Receipted::AnotherDevice)
    }
}
