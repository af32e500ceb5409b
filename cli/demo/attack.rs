//! The attacks that need files alone: change a disclosure, put two presentations together.

use waypass_credential::base64url;

/// Returns the disclosed parts of an SD-JWT presentation, decoded.
pub(super) fn disclosures(presentation: &str) -> String {
    let pieces: Vec<&str> = presentation.trim().split('~').collect();
    let inner = pieces.get(1..pieces.len().saturating_sub(1)).unwrap_or_default();
    inner.iter().filter_map(|piece| base64url::decode(piece).ok()).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).collect()
}

/// Returns the presentation with one disclosed value replaced by another.
pub(super) fn edit_role(presentation: &str, from: &str, to: &str) -> String {
    let edit = |piece: &str| {
        let text = base64url::decode(piece).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        match text {
            Some(text) if text.contains(&format!("\"{from}\"")) => base64url::encode(text.replace(from, to).as_bytes()),
            _ => piece.to_owned(),
        }
    };
    let pieces: Vec<&str> = presentation.trim().split('~').collect();
    let last = pieces.len().saturating_sub(1);
    let edited = pieces.iter().enumerate().map(|(at, piece)| if at == 0 || at == last { (*piece).to_owned() } else { edit(piece) });
    edited.collect::<Vec<_>>().join("~")
}

/// Returns the credential of the first presentation with the holder's proof of the second.
pub(super) fn splice(credential: &str, proof: &str) -> String {
    let credential = credential.trim().rsplit_once('~').map_or("", |(credential, _)| credential);
    let proof = proof.trim().rsplit_once('~').map_or("", |(_, proof)| proof);
    format!("{credential}~{proof}")
}

#[cfg(test)]
mod tests {
    use super::{disclosures, edit_role, splice};
    use waypass_credential::base64url::encode;

    #[test]
    fn files_are_all_it_takes() {
        let one = format!("a.b.c~{}~k.b.1", encode(br#"["salt","staff"]"#));
        assert_eq!(disclosures(&one), r#"["salt","staff"]"#);
        assert_eq!(disclosures(&edit_role(&one, "staff", "admin")), r#"["salt","admin"]"#);
        assert!(splice(&one, "x.y.z~k.b.2").ends_with("~k.b.2"));
    }
}
