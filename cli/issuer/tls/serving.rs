//! The certificate that a service shows: of the site's own authority, or from two files.

use super::{failure, none, signer, stored};
use crate::Run;
use crate::exit::Failure;
use crate::file;
use crate::input::{Asks, Input};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use waypass_credential::key::Algorithm;
use waypass_issuer::identity::{Identity, IdentityError};
use waypass_issuer::site_ca::{SiteCa, SiteCaError};
use waypass_machine::{SystemRng, clock};
use waypass_vault::{KeySigner, Unlocked, ephemeral_signer};
use zeroize::Zeroizing;

/// How long a certificate that could not be made or read is left alone; each try is a line in the log.
const RETRY: Duration = Duration::from_mins(1);

/// How `issuer serve` ends TLS.
#[derive(clap::Args)]
pub(crate) struct TlsArgs {
    /// Speak TLS, with certificates of the site's own authority (`issuer tls init`), which are renewed by themselves
    #[arg(long)]
    tls: bool,
    /// Speak TLS with this certificate and those above it (PEM); read again when the file changes and on SIGHUP
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// The private key of --tls-cert (PEM)
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
}

/// Where the certificates of a service come from.
pub(crate) struct Source {
    of: Of,
    again: Option<Instant>,
}

enum Of {
    Site { ca: SiteCa, signer: KeySigner<'static>, shown: Identity },
    Files { certificate: PathBuf, key: PathBuf, seen: [Option<Mark>; 2] },
}

/// What tells one version of a file from the next: inode, size, and the time of the change.
type Mark = (u64, u64, i64, i64);

impl Source {
    /// Returns the source that the arguments name, with the first certificate. `None` without TLS.
    pub(crate) fn open(run: &Run, args: &TlsArgs, vault: &Unlocked<'_>) -> Result<Option<(Self, Identity)>, Failure> {
        if let (Some(certificate), Some(key)) = (&args.tls_cert, &args.tls_key) {
            warn_of_readers(run, key);
            let seen = [mark(certificate), mark(key)];
            let first = read(certificate, key)?;
            let of = Of::Files { certificate: certificate.clone(), key: key.clone(), seen };
            return Ok(Some((Self { of, again: None }, first)));
        }
        if !args.tls {
            return Ok(None);
        }
        let ca = stored(vault)?.ok_or_else(none)?;
        let signer = signer(vault, &ca)?;
        let first = issue(&ca, &signer).map_err(failure)?;
        Ok(Some((Self { of: Of::Site { ca, signer, shown: first.clone() }, again: None }, first)))
    }

    /// Returns the authority's certificate, for the page that offers it.
    pub(crate) fn authority(&self) -> Option<Vec<u8>> {
        match &self.of {
            Of::Site { ca, .. } => Some(ca.certificate().to_vec()),
            Of::Files { .. } => None,
        }
    }

    /// Returns a newer certificate, if it is time for one. One that cannot be had leaves the last one shown.
    pub(crate) fn newer(&mut self, asked: bool) -> Option<Identity> {
        if !asked && self.again.is_some_and(|again| Instant::now() < again) {
            return None;
        }
        let newer = match &mut self.of {
            Of::Site { ca, signer, shown } => shown.is_due(clock::read().wall).then(|| {
                *shown = issue(ca, signer).map_err(|why| why.to_string())?;
                Ok(shown.clone())
            }),
            Of::Files { certificate, key, seen } => {
                let now = [mark(certificate), mark(key)];
                (asked || now != *seen).then(|| {
                    *seen = now;
                    read(certificate, key).map_err(|why: Failure| why.what)
                })
            }
        };
        self.again = None;
        match newer? {
            Ok(identity) => Some(identity),
            Err(why) => {
                let why: String = why;
                tracing::warn!(event = "certificate_not_replaced", why);
                // Two files do not change in one step: a change of the second is looked at when it comes.
                self.again = matches!(self.of, Of::Site { .. }).then(|| Instant::now() + RETRY);
                None
            }
        }
    }
}

fn issue(ca: &SiteCa, signer: &KeySigner<'static>) -> Result<Identity, SiteCaError> {
    let server = ephemeral_signer(Algorithm::Es256, &mut SystemRng);
    ca.issue(signer, server, clock::read().wall, &mut SystemRng)
}

fn read(certificate: &Path, key: &Path) -> Result<Identity, Failure> {
    // A service reads them again by itself, when nobody is there.
    let input = Input::new(Asks::Never, None);
    let (chain, secret) = (file::read(input, certificate)?, Zeroizing::new(file::read(input, key)?));
    Identity::from_pem(&chain, &secret).map_err(|why| {
        let about = if why == IdentityError::NotACertificate { certificate } else { key };
        Failure::usage(why, "give the certificate with those above it, and its private key, both in PEM").about(about)
    })
}

fn mark(path: &Path) -> Option<Mark> {
    let about = std::fs::metadata(path).ok()?;
    Some((about.ino(), about.len(), about.mtime(), about.mtime_nsec()))
}

fn warn_of_readers(run: &Run, key: &Path) {
    if std::fs::metadata(key).is_ok_and(|about| about.is_file() && about.mode() & 0o077 != 0) {
        run.out.warn(&format!("others on this machine may read {}; run `chmod 600` on it", key.display()));
    }
}
