//! Backups: what may be moved to another device, in one sealed file.
//!
//! ```text
//! file   = "waypass-backup 2\n" || length of slot (4 bytes) || slot || sealed
//! slot   = as in the vault, over a content key used once, for the recovery code and one factor more
//! sealed = AEAD of the slot's suite (HKDF(content key), CBOR [[table, id, tags, content]...], AAD = everything before)
//! ```
//! Holder and gate keys, logs, and tables that the caller names (leases, counters) stay out: a copy of them would be a second device that
//! claims to be the first.

use crate::error::{BackupError, VaultError};
use crate::factor::{FactorKind, Factors, KdfCost};
use crate::hierarchy::{Realm, VaultKey};
use crate::keys::{self, KeyInfo, StoredKey};
use crate::memory::SecretMemory;
use crate::seal;
use crate::slot::{Asking, NotOpened, Place, Row, Slot};
use crate::unlocked::{Unlocked, read_tags};
use alloc::borrow::ToOwned as _;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use rand_core::CryptoRng;
use waypass_credential::cbor::{NotCanonical, Reader, Writer};
use zeroize::Zeroizing;

/// The tag by which a record says which holder key it is bound to: its value is the 16 bytes of the [`crate::KeyId`].
pub const CNF_TAG: &str = "cnf";

const MAGIC: &[u8] = b"waypass-backup ";
/// Version 1 has a slot of format 1.
const VERSION: u64 = 2;
/// The largest backup that is read: larger than any wallet, smaller than memory.
pub const MAX_BACKUP: usize = 512 * 1024 * 1024;
const MAX_RECORDS: usize = 10_000_000;
const MAX_TAGS: usize = 1024;

/// The content of a backup.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RestoreReport {
    /// How many records were restored, keys not counted.
    pub records: usize,
    /// The keys that are there now: those restored, and those made here before.
    pub keys: Vec<KeyInfo>,
    /// Table and id of the records bound to a key that stayed on its device: they must be issued again.
    pub reissue: Vec<(String, Vec<u8>)>,
}

struct Item {
    table: String,
    id: Vec<u8>,
    tags: Vec<(String, Vec<u8>)>,
    content: Zeroizing<Vec<u8>>,
}

impl Unlocked<'_> {
    /// Makes a backup sealed by a recovery code *and* one factor more. Holder and gate keys, logs and the tables in `exclude` stay out.
    pub fn backup(&self, factors: &Factors<'_>, kdf: KdfCost, exclude: &[&str]) -> Result<Vec<u8>, BackupError> {
        let kinds = factors.kinds();
        if kinds.len() < 2 || !kinds.contains(&FactorKind::Recovery) {
            return Err(BackupError::NeedsTwoFactors);
        }
        let items = self.items(exclude)?;
        let mut rng = self.entropy();
        let rng: &mut dyn CryptoRng = &mut **rng;
        let mut realm = Realm { vault: [0; 16], generation: 1, suite: self.keys.realm.suite };
        rand_core::Rng::fill_bytes(rng, &mut realm.vault);
        let content_key = VaultKey::fresh(self.memory(), rng)?;
        let place = Place { realm, id: [0; 8], epoch: 1, ends: None };
        let slot = Slot::seal(place, factors, kdf, content_key.bytes(), rng)?.to_row();

        let mut file = MAGIC.to_vec();
        file.extend_from_slice(format!("{VERSION}\n").as_bytes());
        file.extend_from_slice(&u32::try_from(slot.len()).unwrap_or(u32::MAX).to_be_bytes());
        file.extend_from_slice(&slot);
        let sealed = realm.suite.seal(&payload_key(&realm.vault, &content_key), &file, &write(&items), rng);
        file.extend_from_slice(&sealed);
        Ok(file)
    }

    /// Takes a backup into this vault, which must hold no records yet in the tables that the backup fills: all of it, or nothing.
    /// A record whose [`CNF_TAG`] names a key that did not come along is listed for re-issue.
    pub fn restore(&self, file: &[u8], factors: &Factors<'_>) -> Result<RestoreReport, BackupError> {
        let items = open(file, factors, self.memory())?;
        // A device that takes a backup in has made keys of its own already; the keys of the backup are added to them.
        let held = self.tables()?;
        if items.iter().any(|item| item.table != keys::TABLE && held.contains(&item.table)) {
            return Err(BackupError::NotEmpty);
        }
        self.transaction(|| {
            for Item { table, id, tags, content } in &items {
                let tags: Vec<(&str, &[u8])> = tags.iter().map(|(name, value)| (name.as_str(), value.as_slice())).collect();
                self.put_record(table, id, content, &tags)?;
            }
            Ok::<_, VaultError>(())
        })?;
        let keys = self.keys()?;
        let missing = |id: &[u8]| !keys.iter().any(|key| key.id.as_bytes() == id);
        let bound = items.iter().filter(|item| item.tags.iter().any(|(name, value)| name == CNF_TAG && missing(value)));
        let reissue = bound.map(|item| (item.table.clone(), item.id.clone())).collect();
        let records = items.iter().filter(|item| item.table != keys::TABLE).count();
        Ok(RestoreReport { records, keys, reissue })
    }

    fn items(&self, exclude: &[&str]) -> Result<Vec<Item>, VaultError> {
        let mut items = Vec::new();
        for table in self.tables()?.into_iter().filter(|table| !exclude.contains(&table.as_str())) {
            for id in self.record_ids(&table)? {
                let record = match self.record(&table, &id) {
                    Ok(Some(record)) => record,
                    // Damaged rows are among the findings; the rest is worth a backup all the more.
                    Ok(None) | Err(VaultError::Quarantined) => continue,
                    Err(why) => return Err(why),
                };
                if table == keys::TABLE && StoredKey::read(&record.content).map_or(true, |key| key.purpose.stays_on_device()) {
                    continue;
                }
                items.push(Item { table: table.clone(), id, tags: record.tags, content: record.content });
            }
        }
        Ok(items)
    }
}

fn open(file: &[u8], factors: &Factors<'_>, memory: &dyn SecretMemory) -> Result<Vec<Item>, BackupError> {
    if file.len() > MAX_BACKUP {
        return Err(BackupError::NotABackup);
    }
    let rest = file.strip_prefix(MAGIC).ok_or(BackupError::NotABackup)?;
    let end = rest.iter().take(20).position(|byte| *byte == b'\n').ok_or(BackupError::NotABackup)?;
    let version = core::str::from_utf8(&rest[..end]).ok().and_then(|text| text.parse::<u64>().ok()).ok_or(BackupError::NotABackup)?;
    if version > VERSION {
        return Err(BackupError::Newer { found: version, supported: VERSION });
    }
    let (len, rest) = rest[end + 1..].split_first_chunk::<4>().ok_or(BackupError::NotABackup)?;
    let len = usize::try_from(u32::from_be_bytes(*len)).map_err(|_| BackupError::NotABackup)?;
    let (slot, sealed) = rest.split_at_checked(len).ok_or(BackupError::NotABackup)?;
    let aad = &file[..file.len() - sealed.len()];
    let Row::Slot(slot) = Row::read(slot) else { return Err(BackupError::NotABackup) };
    let mut asking = Asking::new(factors);
    if !asking.fits(&slot)? {
        return Err(BackupError::NeedsTwoFactors);
    }
    let mut content_key = VaultKey::zeroed(memory)?;
    asking.open(&slot, content_key.bytes_mut()).map_err(|why| match why {
        NotOpened::WrongSecret => BackupError::Refused,
        NotOpened::Factor(why) => BackupError::Factor(why),
    })?;
    let Realm { vault, suite, .. } = slot.place.realm;
    let content = suite.open(&payload_key(&vault, &content_key), aad, sealed).ok_or(BackupError::Refused)?;
    read(&content).map_err(|NotCanonical| BackupError::NotABackup)
}

fn payload_key(backup: &[u8; 16], content_key: &VaultKey) -> Zeroizing<[u8; 32]> {
    let mut key = Zeroizing::new([0; 32]);
    seal::derive(backup, content_key.bytes(), b"waypass/v1/backup", &mut key);
    key
}

fn write(items: &[Item]) -> Zeroizing<Vec<u8>> {
    let room: usize = items.iter().map(Item::room).sum();
    let mut to = Writer::with_capacity(room + 16);
    to.array(items.len());
    for item in items {
        to.array(4).text(&item.table).bytes(&item.id).array(item.tags.len());
        for (name, value) in &item.tags {
            to.array(2).text(name).bytes(value);
        }
        to.bytes(&item.content);
    }
    Zeroizing::new(to.into_bytes())
}

#[cfg(fuzzing)]
pub(crate) fn rewritten(content: &[u8]) -> Option<(usize, Vec<u8>)> {
    read(content).ok().map(|items| (items.len(), write(&items).to_vec()))
}

fn read(content: &[u8]) -> Result<Vec<Item>, NotCanonical> {
    let mut from = Reader::new(content);
    let mut items = Vec::new();
    for _ in 0..from.array_up_to(MAX_RECORDS)? {
        from.array_of(4)?;
        let (table, id) = (from.text()?.to_owned(), from.bytes()?.to_vec());
        let tags = read_tags(&mut from, MAX_TAGS)?;
        items.push(Item { table, id, tags, content: Zeroizing::new(from.bytes()?.to_vec()) });
    }
    from.end().map(|()| items)
}

impl Item {
    /// At least the length of its encoding.
    fn room(&self) -> usize {
        let tags: usize = self.tags.iter().map(|(name, value)| name.len() + value.len() + 16).sum();
        self.table.len() + self.id.len() + tags + self.content.len() + 64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::PlainMemory;
    use crate::testing::TestRng;
    use crate::unlocked::tests::Fixture;
    use crate::{KeyFile, KeyPurpose, Password, RecoveryCode};
    use alloc::vec;
    use waypass_credential::key::Algorithm;

    fn secrets() -> (RecoveryCode, Password) {
        (RecoveryCode::generate(&mut TestRng), Password::new("backup"))
    }

    #[test]
    fn a_restored_vault_has_everything_but_what_belongs_to_the_device() {
        let (code, password) = secrets();
        let factors = Factors::one(&code).and(&password);
        let mut fixture = Fixture::new();
        let (holder, signing, file);
        {
            let unlocked = fixture.unlock();
            holder = unlocked.generate_key(Algorithm::Es256, KeyPurpose::Holder).expect("generated");
            signing = unlocked.generate_key(Algorithm::EdDsa, KeyPurpose::Credential).expect("generated");
            unlocked.put("credentials", b"1", b"bound", &[(CNF_TAG, holder.id.as_bytes()), ("role", b"medic")]).expect("put");
            unlocked.put("credentials", b"2", b"free", &[("role", b"medic")]).expect("put");
            unlocked.put("leases", b"1", b"lease", &[]).expect("put");
            unlocked.append("audit", b"entry").expect("appended");
            file = unlocked.backup(&factors, KdfCost::Floor, &["leases"]).expect("backed up");
            assert!(matches!(unlocked.restore(&file, &factors), Err(BackupError::NotEmpty)));
        }
        let mut fresh = Fixture::new();
        let unlocked = fresh.unlock();
        let own = unlocked.generate_key(Algorithm::EdDsa, KeyPurpose::Holder).expect("generated");
        let report = unlocked.restore(&file, &factors).expect("restored");
        assert_eq!(report.keys.len(), 2);
        assert!(report.keys.contains(&signing) && report.keys.contains(&own));
        let report = RestoreReport { keys: vec![signing.clone()], ..report };
        assert_eq!(report, RestoreReport { records: 2, keys: vec![signing.clone()], reissue: vec![("credentials".into(), b"1".to_vec())] });
        assert_eq!(unlocked.find("credentials", "role", b"medic").expect("found"), [b"1", b"2"]);
        assert_eq!(unlocked.get("credentials", b"2").expect("read").expect("there").as_slice(), b"free");
        assert!(unlocked.signer(signing.id).is_ok());
        assert!(unlocked.signer(holder.id).is_err());
        assert_eq!(unlocked.get("leases", b"1").expect("read"), None);
        assert_eq!(unlocked.log_len("audit"), 0);
    }

    #[test]
    fn needs_both_secrets() {
        let (code, password) = secrets();
        let mut fixture = Fixture::new();
        let unlocked = fixture.unlock();
        for one in [Factors::one(&code), Factors::one(&password)] {
            assert!(matches!(unlocked.backup(&one, KdfCost::Floor, &[]), Err(BackupError::NeedsTwoFactors)));
        }
        let file = unlocked.backup(&Factors::one(&code).and(&password), KdfCost::Floor, &[]).expect("backed up");
        let (other_code, other_password) = secrets();
        let wrong = Password::new("backuq");
        drop(other_password);
        for wrong in [Factors::one(&code).and(&wrong), Factors::one(&other_code).and(&password)] {
            assert!(matches!(unlocked.restore(&file, &wrong), Err(BackupError::Refused)));
        }
        assert!(matches!(unlocked.restore(&file, &Factors::one(&code)), Err(BackupError::NeedsTwoFactors)));
    }

    #[test]
    fn every_altered_byte_is_noticed() {
        // A key file instead of a password: the slow function would make this test slow.
        let key = KeyFile::generate(&mut TestRng);
        let code = RecoveryCode::generate(&mut TestRng);
        let factors = Factors::one(&code).and(&key);
        let mut fixture = Fixture::new();
        let unlocked = fixture.unlock();
        unlocked.put("t", b"id", b"content", &[("tag", b"value")]).expect("put");
        let bytes = unlocked.backup(&factors, KdfCost::Floor, &[]).expect("backed up");
        let open_bytes = |bytes: &[u8]| open(bytes, &factors, &PlainMemory);
        assert_eq!(open_bytes(&bytes).expect("opens").len(), 1);
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(open_bytes(&flipped).is_err(), "bit {bit}");
        }
        for len in 0..bytes.len() {
            assert!(open_bytes(&bytes[..len]).is_err(), "cut to {len}");
        }
        assert!(open_bytes(&[&bytes[..], b"x"].concat()).is_err());
    }
}
