//! Audit intake: a device's log arrives, by HTTP or as a file; a signed receipt goes back.

use crate::issue::Issuer;
use crate::store::StoreError;
use core::fmt;
use waypass_credential::time::Timestamp;

/// Why an upload was not taken.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum IntakeError {
    /// Not an upload, or its signature or chain does not hold.
    Invalid,
    /// The device is not enrolled.
    NotEnrolled,
    /// Leaves are missing between what was received and what came.
    Gap {
        /// The sequence number expected.
        expected: u64,
    },
    /// The device signed two different logs; it is flagged.
    Fork {
        /// The first sequence number at which they differ.
        seq: u64,
    },
    /// The store failed.
    Store(StoreError),
}

impl Issuer<'_> {
    /// Takes an upload and gives the receipt (compact JWS by the intake key). Sending the same upload again gives an equal answer.
    pub fn intake(&mut self, upload: &[u8], at: Timestamp) -> Result<String, IntakeError> {
        let _ = (upload, at);
        todo!()
    }
}

impl fmt::Display for IntakeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invalid => f.write_str("not a valid audit upload"),
            Self::NotEnrolled => f.write_str("the device is not enrolled"),
            Self::Gap { expected } => write!(f, "leaves are missing: sequence number {expected} comes next"),
            Self::Fork { seq } => {
                write!(f, "the device's log differs at sequence number {seq} from what it sent before; the device is flagged")
            }
            Self::Store(why) => why.fmt(f),
        }
    }
}

impl core::error::Error for IntakeError {}
