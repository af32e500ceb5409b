//! `waypass issuer backup` and `restore`: the whole office in one file, sealed by a recovery code and a pass phrase together.
//!
//! ```text
//! file = "waypass-office 2\n" || length of vault (8 bytes, big-endian) || vault || piece || piece ..
//! ```
//! `vault` is a backup of the vault: the keys, and the key of the seal with the anchor. The pieces are a copy of `issuer.db` at one moment,
//! 1 MiB in each but the last. Each is encrypted under the key of the seal, for this `vault` and for its place. So neither command has
//! the whole office in memory.

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
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read, Write as _};
use std::path::{Path, PathBuf};
use waypass_issuer::store::SqliteStore;
use waypass_machine::CALIBRATED;
use waypass_trust::bundle::Digest;
use waypass_vault::{BackupError, MAX_BACKUP, SecretRules};

const MAGIC: &[u8] = b"waypass-office 2\n";
/// The beginning of the name in every version.
const KIND: &[u8] = b"waypass-office ";
/// Bytes of the database in a piece.
const PIECE: usize = 1 << 20;
/// Bytes that a piece is longer by when it is encrypted: nonce and tag.
const SEALED: usize = 24 + 16;

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
    let secrets = args.seal.choose(run.out, run.input, &SecretRules::default())?;
    let (keys, seal, copy) = unlock::with(run, Role::Issuer, &args.open, |vault| {
        // Checks everything that is signed from, and has the vault keep how far it came.
        seated(run, vault, |_| Ok(()))?;
        let seal = seat::kept(run, vault)?.seal();
        let keys = vault.backup(&secrets.factors(), CALIBRATED, &[])?;
        let store = SqliteStore::open(&database(run), seal.missing_log()).map_err(store_failure)?;
        Ok((keys, seal, copied(run, &store)?))
    })?;
    let mut bytes = 0;
    let delivered = file::deliver_by(run.out, &args.output, Readers::Owner, |to| {
        let mut put = |part: &[u8]| {
            bytes += part.len();
            to.write_all(part)
        };
        put(MAGIC)?;
        put(&(keys.len() as u64).to_be_bytes())?;
        put(&keys)?;
        let with = Digest::of(&keys).0;
        pieces(copy, PIECE, |number, is_last, piece| put(&seal.close_piece(&with, number, is_last, piece)))
    })?;
    run.out.json(&file::with(json!({ "schema": "waypass.office-backup/1", "bytes": bytes }), delivered))?;
    run.out.delivered(&args.output, &format!("wrote {}", args.output.display()));
    run.out.note("both secrets are needed to restore it, and it has the keys of this office: keep file and code in different places");
    Ok(Exit::Done)
}

/// Returns a copy of the database, whose name is gone already: nothing is left of it when this process ends.
fn copied(run: &Run, store: &SqliteStore) -> Result<File, Failure> {
    // With this ending the next command removes it if this one is killed meanwhile.
    let path = database(run).with_file_name("issuer.db.copy.new");
    drop(std::fs::remove_file(&path));
    let copy = store.copy_into(&path).map_err(store_failure).and_then(|()| {
        let opened = File::open(&path);
        opened.map_err(|error| Failure::file("read", &path, &error))
    });
    drop(std::fs::remove_file(&path));
    copy
}

/// Gives what can be read to `take` in pieces: its number, and true if it is the last.
fn pieces<E: From<io::Error>>(from: impl Read, size: usize, mut take: impl FnMut(u64, bool, &[u8]) -> Result<(), E>) -> Result<(), E> {
    let mut from = BufReader::new(from);
    let mut piece = Vec::with_capacity(size);
    for number in 0.. {
        piece.clear();
        from.by_ref().take(size as u64).read_to_end(&mut piece)?;
        let is_last = from.fill_buf()?.is_empty();
        take(number, is_last, &piece)?;
        if is_last {
            break;
        }
    }
    Ok(())
}

/// Why a copy was not restored.
enum Unrestored {
    Altered,
    File(io::Error),
}

impl From<io::Error> for Unrestored {
    fn from(error: io::Error) -> Self {
        Self::File(error)
    }
}

pub(crate) fn restore(run: &Run, args: &RestoreArgs) -> Outcome {
    let mut file = File::open(&args.file).map_err(|error| Failure::file("read", &args.file, &error))?;
    let keys = keys(&mut file, &args.file)?;
    let secrets = args.seal.read(run.out, run.input)?;
    let credentials = unlock::create(run, Role::Issuer, &args.create, |vault| {
        vault.restore(&keys, &secrets.factors())?;
        let kept = Kept::stored(vault)?.and_then(|bytes| Kept::read(&bytes)).ok_or_else(|| altered(&args.file))?;
        let (seal, with, database) = (kept.seal(), Digest::of(&keys).0, database(run));
        let written = waypass_machine::replace_file_by(&database, |to| {
            pieces(&file, PIECE + SEALED, |number, is_last, piece| {
                let piece = seal.open_piece(&with, number, is_last, piece).ok_or(Unrestored::Altered)?;
                Ok(to.write_all(&piece)?)
            })
        });
        written.map_err(|why| match why {
            Unrestored::Altered => altered(&args.file),
            Unrestored::File(error) => Failure::file("write", &database, &error),
        })?;
        // It comes without a write-ahead log, which the opening makes.
        seated_restored(run, vault, &mut || Ok(true), |issuer| issuer.note_restored().map_err(store_failure))
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

/// Reads the first part of a file, up to the copy of the database.
fn keys(file: &mut impl Read, path: &Path) -> Result<Vec<u8>, Failure> {
    let not_one = || Failure::usage("not a backup of an office", "name the file that `waypass issuer backup` made").about(path);
    let unread = |error: io::Error| Failure::file("read", path, &error);
    let mut head = Vec::new();
    file.take(MAGIC.len() as u64).read_to_end(&mut head).map_err(unread)?;
    if head != MAGIC {
        return Err(match head.strip_prefix(KIND) {
            Some(b"1\n") => {
                Failure::usage("the backup is of a version that was not released", "restore it with the program that made it").about(path)
            }
            Some(_) => Failure::usage("the backup is of a newer version", "install the newer version of waypass").about(path),
            None if head.starts_with(b"waypass-backup ") => {
                Failure::usage("it is the backup of a wallet", "restore it there: waypass wallet restore FILE").about(path)
            }
            None => not_one(),
        });
    }
    let mut length = [0; 8];
    file.read_exact(&mut length).map_err(|_| not_one())?;
    let length = u64::from_be_bytes(length);
    let mut keys = Vec::new();
    if length <= MAX_BACKUP as u64 {
        file.take(length).read_to_end(&mut keys).map_err(unread)?;
    }
    if keys.len() as u64 == length { Ok(keys) } else { Err(not_one()) }
}

fn altered(path: &Path) -> Failure {
    Failure::new(Exit::Tamper, BackupError::Refused, "nothing was restored; the file was changed or cut off: take another copy of it")
        .about(path)
}

#[cfg(test)]
mod tests {
    use super::{MAGIC, keys, pieces};
    use crate::exit::{Exit, Failure};
    use std::path::Path;

    #[test]
    fn only_a_file_of_two_parts_is_a_backup() {
        let read = |bytes: &[u8]| {
            let mut rest = bytes;
            keys(&mut rest, Path::new("f")).map(|keys| (keys, rest.to_vec()))
        };
        let file = [MAGIC, &3_u64.to_be_bytes(), b"abcde"].concat();
        assert_eq!(read(&file).expect("read"), (b"abc".to_vec(), b"de".to_vec()));
        let long = [MAGIC, &u64::MAX.to_be_bytes(), b"abc"].concat();
        let short = [MAGIC, &4_u64.to_be_bytes(), b"abc"].concat();
        let wrong: [(&[u8], &str); 7] = [
            (b"", "not a backup"),
            (MAGIC, "not a backup"),
            (&long, "not a backup"),
            (&short, "not a backup"),
            (b"waypass-office 1\nx", "not released"),
            (b"waypass-office 3\nx", "newer version"),
            (b"waypass-backup 1\nx", "of a wallet"),
        ];
        for (bytes, why) in wrong {
            let Failure { exit, what, .. } = read(bytes).expect_err("refused");
            assert!(exit == Exit::Usage && what.contains(why), "{what}");
        }
    }

    #[test]
    fn the_last_piece_is_known_as_the_last() {
        for (length, expected) in [
            (0, vec![(0, true, 0)]),
            (3, vec![(0, true, 3)]),
            (4, vec![(0, true, 4)]),
            (9, vec![(0, false, 4), (1, false, 4), (2, true, 1)]),
        ] {
            let mut found = Vec::new();
            let done: std::io::Result<()> = pieces(&vec![7; length][..], 4, |number, is_last, piece| {
                found.push((number, is_last, piece.len()));
                Ok(())
            });
            assert!(done.is_ok());
            assert_eq!(found, expected);
        }
    }
}
