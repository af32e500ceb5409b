//! `waypass issuer backup` and `restore`: the whole office in one file, sealed by a recovery code and a pass phrase together.
//!
//! ```text
//! file = "waypass-office 1\n" || length of vault (8 bytes, big-endian) || vault || issuer.db
//! ```
//! `vault` is a backup of the vault: the keys, and the key of the seal with the anchor. `issuer.db` is a copy of one moment, encrypted
//! under the key of the seal and for this `vault`.

use super::seat::{self, seated, seated_restored};
use super::{database, store_failure};
use crate::Run;
use crate::backup::SealArgs;
use crate::exit::{Exit, Failure, Outcome};
use crate::file::{self, Readers};
use crate::home::Role;
use crate::seal::Kept;
use crate::unlock::{self, CreateArgs, OpenArgs};
use serde_json::json;
use std::path::{Path, PathBuf};
use waypass_issuer::store::{Filter, SqliteStore};
use waypass_machine::CALIBRATED;
use waypass_trust::bundle::Digest;
use waypass_vault::{BackupError, MAX_BACKUP};

const MAGIC: &[u8] = b"waypass-office 1\n";
/// The beginning of the name in every version.
const KIND: &[u8] = b"waypass-office ";

/// Arguments of `issuer backup`.
#[derive(clap::Args)]
pub(crate) struct BackupArgs {
    /// File for the backup
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    #[command(flatten)]
    seal: SealArgs,
    #[command(flatten)]
    open: OpenArgs,
}

/// Arguments of `issuer restore`.
#[derive(clap::Args)]
pub(crate) struct RestoreArgs {
    /// The backup
    file: PathBuf,
    #[command(flatten)]
    seal: SealArgs,
    #[command(flatten)]
    create: CreateArgs,
}

pub(crate) fn backup(run: &Run, args: &BackupArgs) -> Outcome {
    let secrets = args.seal.choose(run.out, run.input)?;
    let sealed = unlock::with(run, Role::Issuer, &args.open, |vault| {
        // Checks everything that is signed from, and has the vault keep how far it came.
        seated(run, vault, |_| Ok(()))?;
        let seal = seat::kept(run, vault)?.seal();
        let keys = vault.backup(&secrets.factors(), CALIBRATED, &[])?;
        let store = SqliteStore::open(&database(run), seal.missing_log()).map_err(store_failure)?;
        let copy = copied(run, &store)?;
        let mut file = MAGIC.to_vec();
        file.extend((keys.len() as u64).to_be_bytes());
        file.extend(&keys);
        file.extend(seal.close_copy(&Digest::of(&keys).0, &copy));
        Ok(file)
    })?;
    if sealed.len() > MAX_BACKUP {
        return Err(Failure::internal(
            format!("the backup would be larger than the {} MiB that `restore` reads", MAX_BACKUP >> 20),
            "copy the whole folder of the office instead, while no command runs and no service is up",
        ));
    }
    let delivered = file::deliver(run.out, &args.output, &sealed, Readers::Owner)?;
    run.out.json(&file::with(json!({ "schema": "waypass.office-backup/1", "bytes": sealed.len() }), delivered))?;
    run.out.delivered(&args.output, &format!("wrote {}", args.output.display()));
    run.out.note("both secrets are needed to restore it, and it has the keys of this office: keep file and code in different places");
    Ok(Exit::Done)
}

/// Returns the bytes of a copy of the database, which lies next to it for a moment.
fn copied(run: &Run, store: &SqliteStore) -> Result<Vec<u8>, Failure> {
    // With this ending the next command removes it if this one is killed.
    let path = database(run).with_file_name("issuer.db.copy.new");
    drop(std::fs::remove_file(&path));
    let bytes = store.copy_into(&path).map_err(store_failure).and_then(|()| {
        let bytes = waypass_machine::read_file(&path, MAX_BACKUP);
        bytes.map_err(|error| Failure::file("read", &path, &error))
    });
    drop(std::fs::remove_file(&path));
    bytes
}

pub(crate) fn restore(run: &Run, args: &RestoreArgs) -> Outcome {
    let bytes = waypass_machine::read_file(&args.file, MAX_BACKUP).map_err(|error| Failure::file("read", &args.file, &error))?;
    let (keys, copy) = parts(&bytes, &args.file)?;
    let secrets = args.seal.read(run.out, run.input)?;
    let credentials = unlock::create(run, Role::Issuer, &args.create, |vault| {
        vault.restore(keys, &secrets.factors())?;
        let kept = Kept::stored(vault)?.and_then(|bytes| Kept::read(&bytes)).ok_or_else(|| altered(&args.file))?;
        let copy = kept.seal().open_copy(&Digest::of(keys).0, copy).ok_or_else(|| altered(&args.file))?;
        waypass_machine::replace_file(&database(run), &copy).map_err(|error| Failure::file("write", &database(run), &error))?;
        // It comes without a write-ahead log, which the opening makes.
        seated_restored(run, vault, &mut || Ok(true), |issuer| {
            issuer.note_restored().map_err(store_failure)?;
            Ok(issuer.credentials(&Filter::default()).map_err(store_failure)?.len())
        })
    })?;
    run.out.json(&json!({ "schema": "waypass.office-restored/1", "credentials": credentials }))?;
    run.out.words(&format!("the office is back, with {credentials} credential(s)"));
    run.out.warn(
        "it has forgotten what was issued and withdrawn since the backup, and publishes nothing yet: take in what gates bring \
         (waypass issuer intake FILE), withdraw again what was withdrawn, then: waypass issuer publish --restored, which asks",
    );
    run.out.note("see that the old office signs nothing any more: two offices with the same keys contradict each other");
    Ok(Exit::Done)
}

/// Returns the two parts of a file.
fn parts<'f>(bytes: &'f [u8], path: &Path) -> Result<(&'f [u8], &'f [u8]), Failure> {
    let not_one = || Failure::usage("not a backup of an office", "name the file that `waypass issuer backup` made").about(path);
    let Some(rest) = bytes.strip_prefix(MAGIC) else {
        return Err(match bytes.strip_prefix(KIND) {
            Some(_) => Failure::usage("the backup is of a newer version", "install the newer version of waypass").about(path),
            None if bytes.starts_with(b"waypass-backup ") => {
                Failure::usage("it is the backup of a wallet", "restore it there: waypass wallet restore FILE").about(path)
            }
            None => not_one(),
        });
    };
    let (length, rest) = rest.split_first_chunk::<8>().ok_or_else(not_one)?;
    let length = usize::try_from(u64::from_be_bytes(*length)).map_err(|_| not_one())?;
    rest.split_at_checked(length).ok_or_else(not_one)
}

fn altered(path: &Path) -> Failure {
    Failure::new(Exit::Tamper, BackupError::Refused, "nothing was restored; the file was changed or cut off: take another copy of it")
        .about(path)
}

#[cfg(test)]
mod tests {
    use super::{MAGIC, parts};
    use crate::exit::{Exit, Failure};
    use std::path::Path;

    #[test]
    fn only_a_file_of_two_parts_is_a_backup() {
        let read = |bytes: &[u8]| parts(bytes, Path::new("f")).map(|(keys, copy)| (keys.to_vec(), copy.to_vec()));
        let file = [MAGIC, &3_u64.to_be_bytes(), b"abcde"].concat();
        assert_eq!(read(&file).expect("read"), (b"abc".to_vec(), b"de".to_vec()));
        let long = [MAGIC, &u64::MAX.to_be_bytes(), b"abc"].concat();
        let wrong: [(&[u8], &str); 5] = [
            (b"", "not a backup"),
            (MAGIC, "not a backup"),
            (&long, "not a backup"),
            (b"waypass-office 2\nx", "newer version"),
            (b"waypass-backup 1\nx", "of a wallet"),
        ];
        for (bytes, why) in wrong {
            let Failure { exit, what, .. } = read(bytes).expect_err("refused");
            assert!(exit == Exit::Usage && what.contains(why), "{what}");
        }
    }
}
