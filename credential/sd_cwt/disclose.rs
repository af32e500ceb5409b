//! Processing of disclosures (draft-ietf-spice-sd-cwt-08 §7 and §9 step 8).

use super::{MAX_DEPTH, MAX_LABEL, REDACTED_ELEMENT, REDACTED_KEYS, SdCwt, digest};
use crate::cbor::{Item, Label, Map, Reader};
use crate::digests::Digests;
use crate::malformed::Malformed;
use alloc::{vec, vec::Vec};
use core::mem;

/// The place of a claim: the keys of maps and the indices in arrays that lead to it.
pub(crate) type Place<'a> = Vec<Step<'a>>;

/// One step to a claim.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Step<'a> {
    Key(Label<'a>),
    Index(usize),
}

/// The claims of an SD-CWT, those disclosed in their places, and without digests.
#[derive(Clone, Debug)]
pub(crate) struct Disclosed<'a> {
    pub(crate) claims: Map<'a>,
    /// Of each disclosure the place of its claim; `None` for a decoy.
    pub(crate) places: Vec<Option<Place<'a>>>,
    /// The maps and arrays in which something can be withheld, disclosed or not. Maps that are withheld themselves are not among them.
    pub(crate) concealing: Vec<Place<'a>>,
}

/// Returns the disclosed claims.
pub(super) fn claims<'s>(sd_cwt: &'s SdCwt, mut claims: Map<'s>) -> Result<Disclosed<'s>, Malformed> {
    let disclosures = &sd_cwt.disclosures;
    let digests = Digests::of(disclosures.iter().map(|disclosure| digest(disclosure)))?;
    let places = vec![None; disclosures.len()];
    let mut resolver = Resolver { sd_cwt, digests, trail: Vec::new(), places, concealing: Vec::new() };
    resolver.map(&mut claims, MAX_DEPTH - 1)?;
    resolver.digests.end()?;
    Ok(Disclosed { claims, places: resolver.places, concealing: resolver.concealing })
}

/// Bytes of SHA-256, the only algorithm that is read here.
const DIGEST: usize = 32;

struct Resolver<'a> {
    sd_cwt: &'a SdCwt,
    digests: Digests<'a, DIGEST>,
    trail: Place<'a>,
    places: Vec<Option<Place<'a>>>,
    concealing: Vec<Place<'a>>,
}

/// The content of a disclosure (§4.1, §10).
enum Salted<'a> {
    Claim(Label<'a>, Item<'a>),
    Element(Item<'a>),
    Decoy,
}

impl<'a> Resolver<'a> {
    fn item(&mut self, item: &mut Item<'a>, depth: usize) -> Result<(), Malformed> {
        let below = || depth.checked_sub(1).ok_or(Malformed::Serialization);
        match item {
            Item::Map(map) => self.map(map, below()?),
            Item::Array(items) => self.array(items, below()?),
            // A redacted element outside of an array.
            Item::Tag(REDACTED_ELEMENT, _) => Err(Malformed::Digest),
            Item::Tag(..) => Err(Malformed::WrongType("payload")),
            Item::Integer(_) | Item::Bytes(_) | Item::Text(_) | Item::Bool(_) | Item::Null => Ok(()),
        }
    }

    fn map(&mut self, map: &mut Map<'a>, depth: usize) -> Result<(), Malformed> {
        let digests = map.remove(&Label::Simple(REDACTED_KEYS));
        for (label, item) in &mut map.0 {
            require_label(label)?;
            self.trail.push(Step::Key(label.clone()));
            self.item(item, depth)?;
            self.trail.pop();
        }
        let digests = match digests {
            None => return Ok(()),
            Some(Item::Array(digests)) => digests,
            Some(_) => return Err(Malformed::Digest),
        };
        self.concealing.push(self.trail.clone());
        for entry in digests {
            let Some(at) = self.meet(entry)? else { continue };
            match self.salted(at, depth)? {
                Salted::Decoy => {}
                Salted::Element(_) => return Err(Malformed::Disclosure),
                Salted::Claim(label, mut item) => {
                    require_label(&label)?;
                    // §9 step 8: no second value for a key.
                    if map.get(&label).is_some() {
                        return Err(Malformed::ClaimName);
                    }
                    self.trail.push(Step::Key(label.clone()));
                    self.disclosed(at, &mut item, depth)?;
                    self.trail.pop();
                    map.0.push((label, item));
                }
            }
        }
        Ok(())
    }

    fn array(&mut self, items: &mut Vec<Item<'a>>, depth: usize) -> Result<(), Malformed> {
        if items.iter().any(|item| matches!(item, Item::Tag(REDACTED_ELEMENT, _))) {
            self.concealing.push(self.trail.clone());
        }
        for item in mem::take(items) {
            self.trail.push(Step::Index(items.len()));
            match item {
                Item::Tag(REDACTED_ELEMENT, entry) => {
                    if let Some(at) = self.meet(*entry)? {
                        match self.salted(at, depth)? {
                            Salted::Decoy => {}
                            Salted::Claim(..) => return Err(Malformed::Disclosure),
                            Salted::Element(mut element) => {
                                self.disclosed(at, &mut element, depth)?;
                                items.push(element);
                            }
                        }
                    }
                }
                mut item => {
                    self.item(&mut item, depth)?;
                    items.push(item);
                }
            }
            self.trail.pop();
        }
        Ok(())
    }

    /// Notes a digest; returns the disclosure it belongs to.
    fn meet(&mut self, entry: Item<'a>) -> Result<Option<usize>, Malformed> {
        match entry {
            Item::Bytes(digest) if digest.len() == DIGEST => self.digests.meet(digest),
            _ => Err(Malformed::Digest),
        }
    }

    /// Goes on within the value of disclosure `at`: there may be digests in it too.
    fn disclosed(&mut self, at: usize, item: &mut Item<'a>, depth: usize) -> Result<(), Malformed> {
        self.places[at] = Some(self.trail.clone());
        self.item(item, depth)
    }

    /// Reads the content of disclosure `at`, whose value may nest `depth` deep.
    fn salted(&self, at: usize, depth: usize) -> Result<Salted<'a>, Malformed> {
        let mut outer = Reader::new(&self.sd_cwt.disclosures[at]);
        let mut from = Reader::new(outer.bytes()?);
        let parts = from.array()?;
        // §6.1: a salt has 128 bits.
        from.bytes_array::<16>().map_err(|_| Malformed::Disclosure)?;
        let salted = match parts {
            1 => Salted::Decoy,
            2 => Salted::Element(Item::read(&mut from, depth)?),
            3 => {
                let item = Item::read(&mut from, depth)?;
                Salted::Claim(Label::read(&mut from)?, item)
            }
            _ => return Err(Malformed::Disclosure),
        };
        from.end()?;
        Ok(salted)
    }
}

/// §5.3: integers and texts; the simple value was taken out where it may be.
fn require_label(label: &Label<'_>) -> Result<(), Malformed> {
    match label {
        Label::Integer(_) => Ok(()),
        Label::Text(text) if text.len() <= MAX_LABEL => Ok(()),
        Label::Text(_) | Label::Simple(_) => Err(Malformed::ClaimName),
    }
}
