//! The token of one start: who has it speaks for the person at the gate.

use rand_core::Rng as _;
use subtle::ConstantTimeEq as _;
use waypass_credential::base64url;
use waypass_machine::SystemRng;
use zeroize::Zeroizing;

const LENGTH: usize = 32;

/// 32 random bytes in base64url (RFC 4648 §5).
pub(super) struct Token(Zeroizing<String>);

impl Token {
    pub(super) fn draw() -> Self {
        let mut bytes = Zeroizing::new([0; LENGTH]);
        SystemRng.fill_bytes(&mut *bytes);
        Self(Zeroizing::new(base64url::encode(&*bytes)))
    }

    /// Returns it as the page's address carries it.
    pub(super) fn text(&self) -> &str {
        &self.0
    }

    /// Returns true if the value of an `Authorization` header is this token (RFC 6750 §2.1). How long that takes tells nothing about it.
    pub(super) fn is_shown(&self, authorization: Option<&[u8]>) -> bool {
        let shown = authorization.and_then(|value| value.strip_prefix(b"Bearer ")).unwrap_or_default();
        bool::from(shown.ct_eq(self.0.as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::Token;

    #[test]
    fn only_the_whole_token_of_this_start_is_taken() {
        let (token, other) = (Token::draw(), Token::draw());
        let header = |text: &str| format!("Bearer {text}").into_bytes();
        assert_eq!(token.text().len(), 43);
        assert!(token.is_shown(Some(&header(token.text()))));
        for wrong in [other.text(), "", &token.text()[1..], &format!("{} ", token.text())] {
            assert!(!token.is_shown(Some(&header(wrong))), "{wrong}");
        }
        assert!(!token.is_shown(Some(token.text().as_bytes())) && !token.is_shown(None));
    }
}
