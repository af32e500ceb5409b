//! Token Status Lists (draft-ietf-oauth-status-list) as the peer's issuer publishes them.

use crate::key::Key;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::Header;
use serde_json::json;

/// Entries in a list of the peer, two bits each.
pub const ENTRIES: usize = 256;

/// A list in which the entries at `revoked` are INVALID and all others VALID.
pub fn token(uri: &str, issued_at: i64, revoked: &[usize], signer: &Key) -> String {
    let mut bitmap = [0_u8; ENTRIES / 4];
    for index in revoked {
        bitmap[index / 4] |= 1 << (index % 4 * 2);
    }
    let lst = URL_SAFE_NO_PAD.encode(miniz_oxide::deflate::compress_to_vec_zlib(&bitmap, 9));
    let claims = json!({
        "sub": uri, "iat": issued_at, "exp": issued_at + 30 * 86_400, "ttl": 3600, "status_list": { "bits": 2, "lst": lst },
    });
    let header =
        Header { typ: Some("statuslist+jwt".to_owned()), kid: Some(signer.public().kid()), ..Header::new(signer.public().algorithm()) };
    jsonwebtoken::encode(&header, &claims, &signer.encoding()).expect("the peer signs")
}
