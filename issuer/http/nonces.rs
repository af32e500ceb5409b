//! Proof nonces without a table of outstanding ones: random bytes and an expiry under a MAC whose key lives as long as the
//! process. Used ones are remembered, by the transaction that issues, until they would have expired.

use hmac::{Hmac, KeyInit, Mac};
use rand_core::CryptoRng;
use sha2::Sha256;
use waypass_credential::base64url;
use waypass_credential::time::{Timestamp, Validity};
use zeroize::Zeroizing;

/// Seconds a nonce is good for.
const SECONDS: i64 = 300;
const BODY: usize = 24;
const TAG: usize = 16;

pub(super) struct Nonces(Zeroizing<[u8; 32]>);

impl Nonces {
    pub(super) fn new(key: [u8; 32]) -> Self {
        Self(Zeroizing::new(key))
    }

    pub(super) fn fresh(&self, at: Timestamp, rng: &mut dyn CryptoRng) -> String {
        let mut bytes = [0; BODY + TAG];
        rng.fill_bytes(&mut bytes[..16]);
        bytes[16..BODY].copy_from_slice(&at.plus(SECONDS).unix().to_be_bytes());
        if let Some(mac) = self.mac(&bytes[..BODY]) {
            bytes[BODY..].copy_from_slice(&mac.finalize().into_bytes()[..TAG]);
        }
        base64url::encode(&bytes)
    }

    /// Returns the end of a nonce of ours; `None` if it is not ours or not good any more.
    pub(super) fn check(&self, nonce: &str, at: Timestamp) -> Option<Timestamp> {
        let bytes: [u8; BODY + TAG] = base64url::decode_array(nonce).ok()?;
        let (body, tag) = bytes.split_at(BODY);
        self.mac(body)?.verify_truncated_left(tag).ok()?;
        let until = Timestamp::from_unix(i64::from_be_bytes(body[16..].try_into().ok()?))?;
        (!Validity::ending(until).is_over(at)).then_some(until)
    }

    /// HMAC takes keys of every length; a MAC that could not be made would never verify.
    fn mac(&self, body: &[u8]) -> Option<Hmac<Sha256>> {
        Hmac::<Sha256>::new_from_slice(&*self.0).ok().map(|mac| mac.chain_update(b"waypass/v1/nonce/").chain_update(body))
    }
}

#[cfg(test)]
mod tests {
    use super::{Nonces, SECONDS};
    use crate::testing::{TestRng, at};

    #[test]
    fn ours_until_they_expire_and_nobody_elses() {
        let (ours, theirs) = (Nonces::new([1; 32]), Nonces::new([2; 32]));
        let nonce = ours.fresh(at(0), &mut TestRng::new(1));
        assert_ne!(nonce, ours.fresh(at(0), &mut TestRng::new(2)));
        assert_eq!(ours.check(&nonce, at(SECONDS - 1)), Some(at(SECONDS)));
        assert_eq!(ours.check(&nonce, at(SECONDS)), None);
        assert_eq!(theirs.check(&nonce, at(0)), None);
        for i in 0..nonce.len() {
            let mut other = nonce.clone().into_bytes();
            other[i] = if other[i] == b'A' { b'B' } else { b'A' };
            assert_eq!(ours.check(std::str::from_utf8(&other).expect("ascii"), at(0)), None);
        }
    }
}
