//! This machine as the home of a page's engine.

use crate::Run;
use crate::belief;
use crate::home::Role;
use crate::verifier::door::Door;
use crate::words;
use rand_core::CryptoRng;
use std::path::PathBuf;
use std::time::Duration;
use waypass_credential::time::Timestamp;
use waypass_lane::Home;
use waypass_machine::{CALIBRATED, OpenError, SystemRng, Wait, clock, key_file};
use waypass_trust::time::Reading;
use waypass_vault::{Factor, Host, KdfCost, StorageError, TrustStore};

/// The page does not wait longer for another program that has the vault: its picture stands still meanwhile.
const PATIENCE: Duration = Duration::from_secs(3);

pub(super) struct Native<'s> {
    run: &'s Run<'s>,
    key_file: Option<PathBuf>,
    door: Option<Door>,
}

impl<'s> Native<'s> {
    pub(super) const fn new(run: &'s Run<'s>, key_file: Option<PathBuf>, door: Option<Door>) -> Self {
        Self { run, key_file, door }
    }
}

impl Home for Native<'_> {
    fn host(&self) -> Result<Host, StorageError> {
        let out = self.run.out;
        let mut told = |holder: &waypass_machine::LockHolder| out.detail(&format!("waiting for {holder}"));
        waypass_machine::host(&self.run.home.vault(Role::Verifier), Wait::new(PATIENCE, &mut told)).map_err(not_opened)
    }

    /// A kiosk makes no vault, so it leaves what another command began.
    fn clear(&self) -> Result<(), StorageError> {
        Err(StorageError::Refused { doing: "removing an unfinished vault", why: "`waypass verifier init` does that".to_owned() })
    }

    fn trust(&self) -> TrustStore {
        belief::store(self.run)
    }

    fn clock(&self) -> Reading {
        clock::read()
    }

    fn ms(&self) -> u64 {
        clock::read().boottime_ms
    }

    fn entropy(&self) -> Box<dyn CryptoRng + Send> {
        Box::new(SystemRng)
    }

    fn cost(&self) -> KdfCost {
        CALIBRATED
    }

    /// Read anew each time, so that the key is in memory only while the vault is opened.
    fn key(&self) -> Option<Box<dyn Factor>> {
        match key_file::read(self.key_file.as_deref()?) {
            Ok(key) => Some(Box::new(key)),
            Err(why) => {
                self.run.out.detail(&format!("the gate stays locked: {}", crate::vault::key_file_failure(&why)));
                None
            }
        }
    }

    fn open_door(&self) {
        if let Some(door) = &self.door {
            door.open();
        }
    }

    fn offset(&self) -> &dyn Fn(Timestamp) -> i32 {
        &words::ahead
    }
}

fn not_opened(why: OpenError) -> StorageError {
    let doing = "opening the vault";
    match why {
        OpenError::Busy(holder) => StorageError::Busy { holder: holder.to_string() },
        OpenError::Newer { found, supported } => StorageError::Newer { found, supported },
        OpenError::Storage(why) => why,
        OpenError::Exposed(why) => StorageError::Refused { doing, why: why.to_string() },
        OpenError::NotFound(_) | OpenError::Damaged | OpenError::Unfinished(_) => StorageError::Io { doing, why: why.to_string() },
    }
}
