//! Calls as they travel: four bytes with the length of the JSON (big-endian), the JSON, and the bytes that belong to it.

use waypass_lane::Answer;

/// Returns the request of a body, and the file that follows it.
pub(super) fn unpack(body: &[u8]) -> Option<(String, &[u8])> {
    let (length, rest) = body.split_first_chunk()?;
    let (json, bytes) = rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
    Some((String::from_utf8(json.to_vec()).ok()?, bytes))
}

/// Returns an answer as a body. `None` if it is longer than four bytes can say.
pub(super) fn pack(Answer { json, bytes }: &Answer) -> Option<Vec<u8>> {
    let length = u32::try_from(json.len()).ok()?.to_be_bytes();
    Some([&length[..], json.as_bytes(), bytes.as_deref().unwrap_or_default()].concat())
}

#[cfg(test)]
mod tests {
    use super::{pack, unpack};
    use waypass_lane::Answer;

    #[test]
    fn what_is_packed_is_unpacked_and_nothing_cut_off_is() {
        let answer = Answer { json: r#"{"do":"take"}"#.to_owned(), bytes: Some(b"file".to_vec()) };
        let body = pack(&answer).expect("short");
        assert_eq!(unpack(&body), Some((answer.json.clone(), &b"file"[..])));
        for length in 0..4 + answer.json.len() {
            assert_eq!(unpack(&body[..length]), None, "{length}");
        }
        assert_eq!(unpack(&[0, 0, 0, 1, 0xff]), None, "the request is text");
        assert_eq!(unpack(&[0; 4]), Some((String::new(), &[][..])));
    }
}
