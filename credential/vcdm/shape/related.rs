//! `relatedResource` (VCDM 2.0 §5.3): what a credential points to, with the digest it had when the credential was made.
//!
//! Nothing is fetched. A digest is compared where the resource is known, and that is where it is a context; of others the form is checked.

use super::{check_id, each};
use crate::hex::is_hex;
use crate::json::Object;
use crate::jsonld::{COMPILED, CompiledContext};
use crate::malformed::Malformed;
use alloc::vec::Vec;
use base64_simd::STANDARD;

const NAME: &str = "relatedResource";
/// The parts of a multihash in front of the digest: function and length.
const MULTIHASHES: [(Hash, [u8; 2]); 3] = [(Hash::Sha256, [0x12, 32]), (Hash::Sha384, [0x20, 48]), (Hash::Sha512, [0x13, 64])];

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Hash {
    Sha256,
    Sha384,
    Sha512,
}

/// Each resource is named once and has at least one digest; those of known resources must be theirs.
pub(super) fn check_related(credential: &Object<'_>) -> Result<(), Malformed> {
    let mut seen: Vec<&str> = Vec::new();
    each(credential, NAME, |resource| {
        let id = resource.member("id").ok_or(Malformed::Missing("id"))?;
        check_id(resource, "id")?;
        let id = id.as_str().ok_or(Malformed::WrongType(NAME))?;
        if seen.contains(&id) {
            return Err(Malformed::OutOfRange(NAME));
        }
        seen.push(id);
        if resource.member("mediaType").is_some_and(|media_type| media_type.as_str().is_none()) {
            return Err(Malformed::WrongType(NAME));
        }
        let known = COMPILED.iter().find(|context| context.id == id);
        let mut digests = 0;
        for (member, read) in [("digestSRI", sri as fn(&str) -> Option<Vec<Digest>>), ("digestMultibase", multibase)] {
            let Some(values) = resource.member(member) else { continue };
            for text in values.one_or_more() {
                let found = read(text.as_str().ok_or(Malformed::WrongType(member))?).ok_or(Malformed::OutOfRange(member))?;
                if known.is_some_and(|known| !found.iter().all(|digest| digest.is_of(known))) {
                    return Err(Malformed::OutOfRange(member));
                }
                digests += found.len();
            }
        }
        if digests == 0 { Err(Malformed::Missing("digestSRI")) } else { Ok(()) }
    })
}

struct Digest {
    hash: Hash,
    bytes: Vec<u8>,
}

impl Digest {
    /// Returns true if this is the digest of `context`. By a function that its digest is not known by, nobody can say so.
    fn is_of(&self, context: &CompiledContext) -> bool {
        let known = match self.hash {
            Hash::Sha256 => context.sha256,
            Hash::Sha384 => context.sha384,
            Hash::Sha512 => return false,
        };
        is_hex(known, &self.bytes)
    }
}

/// Subresource Integrity §3.5: digests in base64, separated by white space, each perhaps with options behind a `?`.
fn sri(text: &str) -> Option<Vec<Digest>> {
    let digest = |word: &str| {
        let word = word.split_once('?').map_or(word, |(digest, _)| digest);
        let (name, value) = word.split_once('-')?;
        let hash = match name {
            "sha256" => Hash::Sha256,
            "sha384" => Hash::Sha384,
            "sha512" => Hash::Sha512,
            _ => return None,
        };
        let bytes = STANDARD.decode_to_vec(value).ok()?;
        (bytes.len() == hash.length()).then_some(Digest { hash, bytes })
    };
    let digests: Vec<Digest> = text.split_ascii_whitespace().map(digest).collect::<Option<_>>()?;
    (!digests.is_empty()).then_some(digests)
}

/// Reads a multibase text of a multihash (Controlled Identifiers §2.4 and §2.5).
fn multibase(text: &str) -> Option<Vec<Digest>> {
    let (_, bytes) = ::multibase::decode(text).ok()?;
    let (hash, head) = MULTIHASHES.into_iter().find(|(_, head)| bytes.starts_with(head))?;
    let bytes = bytes[head.len()..].to_vec();
    (bytes.len() == hash.length()).then(|| alloc::vec![Digest { hash, bytes }])
}

impl Hash {
    const fn length(self) -> usize {
        match self {
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }
}
