//! `application/x-www-form-urlencoded`, strictly: names are unique (RFC 6749 §3.2), escapes are whole, texts are UTF-8.

/// More parameters than any token request has.
const MAX_PARAMETERS: usize = 32;

/// A form's parameters.
pub(super) struct Form(Vec<(String, String)>);

pub(super) fn parse(body: &[u8]) -> Option<Form> {
    let mut parameters: Vec<(String, String)> = Vec::new();
    for pair in body.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
        let at = pair.iter().position(|byte| *byte == b'=').unwrap_or(pair.len());
        let (name, value) = (decode(&pair[..at])?, decode(pair.get(at + 1..).unwrap_or_default())?);
        if parameters.len() == MAX_PARAMETERS || parameters.iter().any(|(earlier, _)| *earlier == name) {
            return None;
        }
        parameters.push((name, value));
    }
    Some(Form(parameters))
}

impl Form {
    /// Returns the value of a parameter; one without a value counts as left out (RFC 6749 §3.2).
    pub(super) fn one(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(found, value)| found == name && !value.is_empty()).map(|(_, value)| value.as_str())
    }
}

fn decode(text: &[u8]) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.iter();
    let digit = |byte: &u8| char::from(*byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    while let Some(byte) = bytes.next() {
        out.push(match byte {
            b'+' => b' ',
            b'%' => digit(bytes.next()?)? << 4 | digit(bytes.next()?)?,
            other => *other,
        });
    }
    String::from_utf8(out).ok()
}

#[cfg(test)]
mod tests {
    use super::parse;
    use proptest::prelude::*;

    #[test]
    fn reads_what_wallets_send() {
        let form = parse(b"grant_type=urn%3Aietf%3Aa&tx_code=12+3&empty=&flag").expect("a form");
        assert_eq!(form.one("grant_type"), Some("urn:ietf:a"));
        assert_eq!(form.one("tx_code"), Some("12 3"));
        assert_eq!((form.one("empty"), form.one("flag"), form.one("none")), (None, None, None));
    }

    #[test]
    fn refuses_two_of_a_name_and_broken_escapes() {
        for bad in [&b"a=1&a=2"[..], b"a=%4", b"a=%zz", b"a=%ff"] {
            assert!(parse(bad).is_none(), "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_answered(bytes: Vec<u8>) {
            let _ = parse(&bytes);
        }
    }
}
