//! Credentials that an issuer handed over and that are not decided about yet. They are stored before they are assessed,
//! because an offer works once.
//!
//! ```text
//! make_room ── the offer's code is spent ──▶ note ── the credential is asked for ──▶ receive ──▶ take_in, or discard
//! ```
//! A process that is killed in between leaves either the credential, or what is needed to go on with the pick-up.

use crate::Wallet;
use crate::credential_id::CredentialId;
use crate::error::{HoldError, WalletError};
use crate::hold::Held;
use crate::records::{self, ASIDE};
use rand_core::CryptoRng;

use waypass_credential::cbor::{NotCanonical, Reader, Writer};
use waypass_credential::time::Timestamp;
use waypass_trust::bundle::TrustBundle;
use waypass_trust::time::Moment;
use waypass_vault::{StorageError, Vault, VaultError};
use zeroize::Zeroizing;

/// The most that a pick-up may bring: two credentials of the largest size ([`waypass_credential::MAX_BYTES`]).
const ROOM: usize = 2 * waypass_credential::MAX_BYTES;

/// One thing kept aside.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Aside {
    /// Its name here; of a credential the one that it will be held under.
    pub id: CredentialId,
    /// The address that it came from, or was to come from.
    pub from: String,
    /// Since when it is kept.
    pub since: Timestamp,
    /// Its kind.
    pub kept: Kept,
}

/// The thing that is kept aside.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kept {
    /// A credential that is not taken in.
    Credential,
    /// An offer whose pick-up was cut off, and can go on.
    Unfinished,
}

/// Returns how many things a locked wallet keeps aside, as its file says: unverified.
pub fn aside_in(vault: &Vault) -> Result<usize, StorageError> {
    vault.count(ASIDE)
}

/// Room for what an offer will bring.
#[derive(Clone, Debug)]
#[must_use]
pub struct Awaited {
    id: CredentialId,
    from: String,
}

/// A pick-up that was cut off.
#[derive(Clone, Debug)]
#[must_use]
pub struct Unfinished {
    /// The room that was made for it.
    pub awaited: Awaited,
    /// Its progress, in a form that only the pick-up reads.
    pub progress: Zeroizing<Vec<u8>>,
}

impl Wallet<'_> {
    /// Makes room for what the offer from `from` will bring, and notes that it is being picked up. A disk without room is found here,
    /// before the offer's code is spent. `progress` is what is needed to go on; it may hold secrets.
    pub fn make_room(&self, from: &str, progress: &[u8], at: &Moment, rng: &mut dyn CryptoRng) -> Result<Awaited, WalletError> {
        let mut id = [0; 16];
        rng.fill_bytes(&mut id);
        let id = CredentialId::from_bytes(&id).ok_or(WalletError::Bookkeeping)?;
        // Random, because what can be compressed reserves nothing.
        let mut room = vec![0; ROOM];
        rng.fill_bytes(&mut room);
        let progress = Zeroizing::new(progress.to_vec());
        let noted = Row { from: from.to_owned(), since: at.at(), kept: Kept::Unfinished, bytes: room, progress };
        self.vault.put(ASIDE, id.as_bytes(), &noted.to_bytes(), &[])?;
        Ok(Awaited { id, from: from.to_owned() })
    }

    /// Notes, durably, how far the pick-up has come.
    pub fn note(&self, awaited: &Awaited, progress: &[u8]) -> Result<(), WalletError> {
        let mut noted = self.row(awaited.id)?.ok_or(WalletError::NotHeld)?;
        noted.progress = Zeroizing::new(progress.to_vec());
        self.vault.put(ASIDE, awaited.id.as_bytes(), &noted.to_bytes(), &[])?;
        Ok(())
    }

    /// Lists the pick-ups that were cut off, the oldest first.
    pub fn unfinished(&self) -> Result<Vec<Unfinished>, WalletError> {
        let mut found = Vec::new();
        for Aside { id, from, .. } in self.aside()?.into_iter().filter(|aside| aside.kept == Kept::Unfinished) {
            if let Some(Row { progress, .. }) = self.row(id)? {
                found.push(Unfinished { awaited: Awaited { id, from }, progress });
            }
        }
        Ok(found)
    }

    /// Keeps what the issuer sent, durably, before anything is decided about it. `mark` is what [`Self::received`] tells of it.
    pub fn receive(&self, awaited: Awaited, credentials: &[Vec<u8>], mark: &[u8], at: &Moment) -> Result<Vec<CredentialId>, WalletError> {
        let Awaited { id, from } = awaited;
        let rows = credentials.iter().map(|bytes| {
            let bytes = waypass_credential::from_file(bytes).to_vec();
            (
                CredentialId::of(&bytes),
                Row { from: from.clone(), since: at.at(), kept: Kept::Credential, bytes, progress: Zeroizing::new(mark.to_vec()) }
                    .to_bytes(),
            )
        });
        let rows: Vec<_> = rows.collect();
        self.vault.batch_last(|batch| {
            for (id, row) in &rows {
                batch.put(ASIDE, id.as_bytes(), row, &[])?;
            }
            batch.remove(ASIDE, id.as_bytes()).map(drop)
        })?;
        Ok(rows.into_iter().map(|(id, _)| id).collect())
    }

    /// Lists the credentials kept aside, each with the mark under which it was received.
    pub fn received(&self) -> Result<Vec<(CredentialId, Vec<u8>)>, WalletError> {
        let mut found = Vec::new();
        for Aside { id, .. } in self.aside()?.into_iter().filter(|aside| aside.kept == Kept::Credential) {
            if let Some(row) = self.row(id)? {
                found.push((id, row.progress.to_vec()));
            }
        }
        Ok(found)
    }

    /// Gives the room back where nothing came, and the person has been told why.
    pub fn give_back(&self, awaited: &Awaited) -> Result<(), WalletError> {
        self.vault.remove(ASIDE, awaited.id.as_bytes())?;
        Ok(())
    }

    /// Lists what is kept aside, the oldest first.
    pub fn aside(&self) -> Result<Vec<Aside>, WalletError> {
        let mut found = Vec::new();
        for id in self.vault.ids(ASIDE)?.iter().filter_map(|id| CredentialId::from_bytes(id)) {
            match self.row(id) {
                Ok(Some(Row { from, since, kept, .. })) => found.push(Aside { id, from, since, kept }),
                // The vault itself tells about a damaged record.
                Ok(None) | Err(WalletError::Damaged(_) | WalletError::Vault(VaultError::Quarantined)) => {}
                Err(why) => return Err(why),
            }
        }
        found.sort_by_key(|aside| (aside.since, aside.id));
        Ok(found)
    }

    /// Takes in a credential that is kept aside. If it is refused, it stays aside.
    pub fn take_in(&self, id: CredentialId, bundle: Option<&TrustBundle>, at: &Moment, rng: &mut dyn CryptoRng) -> Result<Held, HoldError> {
        match self.row(id)? {
            Some(Row { kept: Kept::Credential, bytes, .. }) => self.hold(&bytes, bundle, at, rng),
            _ => Err(WalletError::NotHeld.into()),
        }
    }

    /// Removes one thing that is kept aside, for good.
    pub fn discard(&self, id: CredentialId) -> Result<(), WalletError> {
        if self.vault.remove(ASIDE, id.as_bytes())? { Ok(()) } else { Err(WalletError::NotHeld) }
    }

    /// Returns the one thing kept aside whose id begins with these hexadecimal digits.
    pub fn find_aside(&self, beginning: &str) -> Result<Aside, WalletError> {
        let all = self.aside()?;
        let id = records::starting(all.iter().map(|aside| aside.id), beginning)?;
        all.into_iter().find(|aside| aside.id == id).ok_or(WalletError::NotHeld)
    }

    fn row(&self, id: CredentialId) -> Result<Option<Row>, WalletError> {
        let Some(bytes) = self.vault.get(ASIDE, id.as_bytes())? else { return Ok(None) };
        Row::from_bytes(&bytes).map(Some).map_err(|_| WalletError::Damaged(id))
    }
}

struct Row {
    from: String,
    since: Timestamp,
    kept: Kept,
    /// The credential; random bytes if it has not come yet.
    bytes: Vec<u8>,
    /// The progress of the pick-up; of a credential the mark of the one that brought it.
    progress: Zeroizing<Vec<u8>>,
}

impl Row {
    /// Deterministic CBOR `[1, is a credential, from, since, bytes, progress]`.
    fn to_bytes(&self) -> Vec<u8> {
        let mut out = Writer::new();
        out.array(6).unsigned(1).bool(self.kept == Kept::Credential).text(&self.from).signed(self.since.unix());
        out.bytes(&self.bytes).bytes(&self.progress);
        out.into_bytes()
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, NotCanonical> {
        let mut from = Reader::new(bytes);
        from.array_of(6)?;
        if from.unsigned()? != 1 {
            return Err(NotCanonical);
        }
        let kept = if from.bool()? { Kept::Credential } else { Kept::Unfinished };
        let address = from.text()?.to_owned();
        let since = Timestamp::from_unix(from.signed()?).ok_or(NotCanonical)?;
        let bytes = from.bytes()?.to_vec();
        let progress = Zeroizing::new(from.bytes()?.to_vec());
        from.end()?;
        Ok(Self { from: address, since, kept, bytes, progress })
    }
}
