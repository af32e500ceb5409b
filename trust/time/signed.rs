//! Signed time: whose it is.

use waypass_credential::time::Timestamp;

/// A time that a time signer named in the root signed: today the bundle's timestamp role.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SignedTime {
    /// The time.
    pub at: Timestamp,
    /// The signer.
    pub signer: TimeSigner,
}

/// SHA-256 over the keys that sign time. A root with other keys forgets every time that the former ones signed (TUF 5.3.11).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TimeSigner(pub [u8; 32]);
