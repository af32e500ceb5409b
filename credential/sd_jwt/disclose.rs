//! Processing of disclosures (RFC 9901 §7.1 steps 3 to 5), for verification and for choosing what to present.

use super::{SdJwt, digest};
use crate::claim_path::{self, ClaimPath, PathStep};
use crate::digests::Digests;
use crate::error::PresentError;
use crate::json::{self, JsonError, Limits, Object, Value};
use crate::malformed::Malformed;
use alloc::{borrow::Cow, vec::Vec};
use core::mem;

/// A disclosure's JSON is one array deeper than the claim in it.
const DISCLOSURE: Limits = Limits { depth: Limits::CREDENTIAL.depth + 1, ..Limits::CREDENTIAL };

/// An SD-JWT's claims, the disclosed ones in their places, without `_sd`, `_sd_alg` and placeholders.
#[derive(Clone, Debug)]
pub(crate) struct Disclosed<'a> {
    claims: Object<'a>,
    always: usize,
}

impl<'a> Disclosed<'a> {
    /// Returns the claims, handed over.
    pub(crate) fn into_claims(self) -> Object<'a> {
        self.claims
    }

    /// Returns the names at the top level that the holder could have withheld.
    pub(crate) fn withholdable(&self) -> impl Iterator<Item = &str> {
        self.claims.iter().skip(self.always).map(|(name, _)| name)
    }
}

/// Returns the disclosed claims.
pub(super) fn claims<'s>(sd_jwt: &'s SdJwt, payload: Object<'s>) -> Result<Disclosed<'s>, Malformed> {
    Resolver::new(sd_jwt, None)?.run(payload)
}

/// Returns the disclosed claims, and the place of each disclosure's claim.
pub(super) fn survey(sd_jwt: &SdJwt) -> Result<(Disclosed<'_>, Vec<ClaimPath>), Malformed> {
    let places = sd_jwt.disclosures.iter().map(|_| ClaimPath(Vec::new())).collect();
    let mut resolver = Resolver::new(sd_jwt, Some(Survey { trail: Vec::new(), places }))?;
    let disclosed = resolver.run(sd_jwt.payload()?)?;
    Ok((disclosed, resolver.survey.map(|survey| survey.places).unwrap_or_default()))
}

/// Which disclosures show the claims at `paths`, with what is above and below them.
pub(super) fn select(sd_jwt: &SdJwt, paths: &[ClaimPath]) -> Result<Vec<bool>, PresentError> {
    let (disclosed, places) = survey(sd_jwt)?;
    let places: Vec<Option<&ClaimPath>> = places.iter().map(Some).collect();
    claim_path::kept(paths, &Value::Object(disclosed.claims), &places).map_err(PresentError::NoSuchClaim)
}

struct Resolver<'a> {
    sd_jwt: &'a SdJwt,
    /// SHA-256 as 43 characters of base64url.
    digests: Digests<'a, 43>,
    survey: Option<Survey>,
}

struct Survey {
    trail: Vec<PathStep>,
    places: Vec<ClaimPath>,
}

impl<'a> Resolver<'a> {
    fn new(sd_jwt: &'a SdJwt, survey: Option<Survey>) -> Result<Self, Malformed> {
        let digests = Digests::of(sd_jwt.disclosures.iter().map(|found| digest(&sd_jwt.text[found.text.clone()])))?;
        Ok(Self { sd_jwt, digests, survey })
    }

    fn run(&mut self, mut claims: Object<'a>) -> Result<Disclosed<'a>, Malformed> {
        // §4.1.1: SHA-256 is also meant when `_sd_alg` is absent.
        match claims.remove("_sd_alg") {
            None => {}
            Some(Value::String(name)) if name == "sha-256" => {}
            Some(_) => return Err(Malformed::HashAlgorithm),
        }
        let always = claims.len() - usize::from(claims.member("_sd").is_some());
        self.object(&mut claims, Limits::CREDENTIAL.depth - 1)?;
        self.digests.end()?;
        Ok(Disclosed { claims, always })
    }

    fn value(&mut self, value: &mut Value<'a>, depth: usize) -> Result<(), Malformed> {
        let below = || depth.checked_sub(1).ok_or(Malformed::Json(JsonError::TooDeep));
        match value {
            Value::Object(object) => self.object(object, below()?),
            Value::Array(items) => self.array(items, below()?),
            _ => Ok(()),
        }
    }

    fn object(&mut self, object: &mut Object<'a>, depth: usize) -> Result<(), Malformed> {
        let digests = object.remove("_sd");
        for (name, value) in object.members_mut() {
            // A placeholder outside of an array.
            if name == "..." {
                return Err(Malformed::ClaimName);
            }
            self.step_in(|| PathStep::from(name.as_ref()));
            self.value(value, depth)?;
            self.step_out();
        }
        let digests = match digests {
            None => return Ok(()),
            Some(Value::Array(digests)) => digests,
            Some(_) => return Err(Malformed::Digest),
        };
        for entry in digests {
            let Value::String(entry) = entry else { return Err(Malformed::Digest) };
            if let Some(at) = self.meet(entry)? {
                let (name, mut value) = self.sd_jwt.member(at)?;
                // §7.1 step 3.c.iii.3, and no second value for a name.
                if name == "_sd" || name == "..." || object.member(&name).is_some() {
                    return Err(Malformed::ClaimName);
                }
                self.step_in(|| PathStep::from(name.as_ref()));
                self.disclosed(at, &mut value, depth)?;
                self.step_out();
                object.members_mut().push((name, value));
            }
        }
        Ok(())
    }

    fn array(&mut self, items: &mut Vec<Value<'a>>, depth: usize) -> Result<(), Malformed> {
        if !items.iter().any(|item| item.member("...").is_some()) {
            for (at, item) in items.iter_mut().enumerate() {
                self.step_in(|| PathStep::Index(at));
                self.value(item, depth)?;
                self.step_out();
            }
            return Ok(());
        }
        for mut item in mem::take(items) {
            self.step_in(|| PathStep::Index(items.len()));
            match placeholder(&mut item)? {
                None => {
                    self.value(&mut item, depth)?;
                    items.push(item);
                }
                Some(entry) => {
                    if let Some(at) = self.meet(entry)? {
                        let mut element = self.sd_jwt.element(at)?;
                        self.disclosed(at, &mut element, depth)?;
                        items.push(element);
                    }
                }
            }
            self.step_out();
        }
        Ok(())
    }

    /// Notes a digest; returns the disclosure it belongs to.
    fn meet(&mut self, entry: Cow<'a, str>) -> Result<Option<usize>, Malformed> {
        self.digests.meet(match entry {
            Cow::Borrowed(entry) => Cow::Borrowed(entry.as_bytes()),
            Cow::Owned(entry) => Cow::Owned(entry.into_bytes()),
        })
    }

    /// Goes on within the value of disclosure `at` (§7.1 step 3.c.iii.4: digests may be there too).
    fn disclosed(&mut self, at: usize, value: &mut Value<'a>, depth: usize) -> Result<(), Malformed> {
        if let Some(survey) = &mut self.survey {
            survey.places[at] = ClaimPath(survey.trail.clone());
        }
        self.value(value, depth)
    }

    fn step_in(&mut self, step: impl FnOnce() -> PathStep) {
        if let Some(survey) = &mut self.survey {
            survey.trail.push(step());
        }
    }

    fn step_out(&mut self) {
        if let Some(survey) = &mut self.survey {
            survey.trail.pop();
        }
    }
}

/// Returns the digest of an array placeholder `{"...": digest}`, which has no other members (§4.2.4.2).
fn placeholder<'a>(item: &mut Value<'a>) -> Result<Option<Cow<'a, str>>, Malformed> {
    let Value::Object(object) = item else { return Ok(None) };
    let alone = object.len() == 1;
    match object.remove("...") {
        None => Ok(None),
        Some(Value::String(entry)) if alone => Ok(Some(entry)),
        Some(_) => Err(Malformed::Digest),
    }
}

impl SdJwt {
    fn parts(&self, at: usize) -> Result<alloc::vec::IntoIter<Value<'_>>, Malformed> {
        match json::parse(&self.decoded[self.disclosures[at].json.clone()], DISCLOSURE)? {
            Value::Array(parts) if matches!(parts.first(), Some(Value::String(_))) => Ok(parts.into_iter()),
            _ => Err(Malformed::Disclosure),
        }
    }

    /// Name and value of an object member's disclosure (§4.2.1).
    fn member(&self, at: usize) -> Result<(Cow<'_, str>, Value<'_>), Malformed> {
        let mut parts = self.parts(at)?.skip(1);
        match (parts.next(), parts.next(), parts.next()) {
            (Some(Value::String(name)), Some(value), None) => Ok((name, value)),
            _ => Err(Malformed::Disclosure),
        }
    }

    /// Returns the value of an array element's disclosure (§4.2.2).
    fn element(&self, at: usize) -> Result<Value<'_>, Malformed> {
        let mut parts = self.parts(at)?.skip(1);
        match (parts.next(), parts.next()) {
            (Some(value), None) => Ok(value),
            _ => Err(Malformed::Disclosure),
        }
    }
}
