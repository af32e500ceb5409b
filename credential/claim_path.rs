//! Claim paths (OpenID4VP 1.0 §7): the place of a claim in a credential.

use crate::json::Value;
use alloc::{string::String, vec::Vec};
use core::fmt;
use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Most steps in a path, as deep as a credential may nest.
pub(crate) const MAX_STEPS: usize = 16;
/// The longest name in a path, in bytes.
const MAX_NAME: usize = 256;

/// The place of a claim: member names, array indices, or all elements of an array.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ClaimPath(pub Vec<PathStep>);

/// One step of a [`ClaimPath`].
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum PathStep {
    /// The member of this name.
    Name(String),
    /// The element at this index.
    Index(usize),
    /// Every element (`null` in DCQL).
    All,
}

impl From<&str> for PathStep {
    fn from(name: &str) -> Self {
        Self::Name(name.into())
    }
}

impl From<usize> for PathStep {
    fn from(index: usize) -> Self {
        Self::Index(index)
    }
}

impl ClaimPath {
    /// Returns the path through these member names.
    pub fn names<'n>(names: impl IntoIterator<Item = &'n str>) -> Self {
        Self(names.into_iter().map(PathStep::from).collect())
    }

    /// Returns this path and one step more.
    #[must_use]
    pub fn then(mut self, step: impl Into<PathStep>) -> Self {
        self.0.push(step.into());
        self
    }

    /// Returns the steps.
    pub fn steps(&self) -> &[PathStep] {
        &self.0
    }

    /// Returns true if this path leads to `other` or to something that contains it.
    pub fn is_prefix_of(&self, other: &Self) -> bool {
        other.0.starts_with(&self.0)
    }

    /// Returns every claim the path selects, with its concrete path (no [`PathStep::All`]). Nothing is selected where a step
    /// does not fit the value it meets (OpenID4VP 1.0 §7.1).
    pub(crate) fn select<'v, 'a>(&self, claims: &'v Value<'a>) -> Vec<(Self, &'v Value<'a>)> {
        let mut found = alloc::vec![(Self(Vec::new()), claims)];
        for step in &self.0 {
            let mut next = Vec::new();
            for (path, value) in found {
                match (step, value) {
                    (PathStep::Name(name), Value::Object(object)) => {
                        next.extend(object.member(name).map(|value| (path.then(name.as_str()), value)));
                    }
                    (PathStep::Index(index), Value::Array(items)) => {
                        next.extend(items.get(*index).map(|value| (path.then(*index), value)));
                    }
                    (PathStep::All, Value::Array(items)) => {
                        next.extend(items.iter().enumerate().map(|(index, value)| (path.clone().then(index), value)));
                    }
                    _ => {}
                }
            }
            found = next;
        }
        found
    }
}

/// Returns which of the claims at `places` are at one of `paths` in `claims`, above it or below it; `Err` is a path that leads nowhere.
pub(crate) fn kept(paths: &[ClaimPath], claims: &Value<'_>, places: &[Option<&ClaimPath>]) -> Result<Vec<bool>, ClaimPath> {
    let mut keep = alloc::vec![false; places.len()];
    for path in paths {
        let selected = path.select(claims);
        if selected.is_empty() {
            return Err(path.clone());
        }
        for (path, _) in selected {
            for (kept, place) in keep.iter_mut().zip(places) {
                *kept |= place.is_some_and(|place| path.is_prefix_of(place) || place.is_prefix_of(&path));
            }
        }
    }
    Ok(keep)
}

/// Such as `roles[0]`, `address.locality` or `credentialSubject.roles[*]`.
impl fmt::Display for ClaimPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, step) in self.0.iter().enumerate() {
            match step {
                PathStep::Name(name) => write!(f, "{}{name}", if at == 0 { "" } else { "." })?,
                PathStep::Index(index) => write!(f, "[{index}]")?,
                PathStep::All => f.write_str("[*]")?,
            }
        }
        Ok(())
    }
}

impl Serialize for ClaimPath {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(&self.0)
    }
}

impl Serialize for PathStep {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Name(name) => to.serialize_str(name),
            Self::Index(index) => to.serialize_u64(*index as u64),
            Self::All => to.serialize_unit(),
        }
    }
}

impl<'de> Deserialize<'de> for ClaimPath {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_seq(PathVisitor)
    }
}

struct PathVisitor;

impl<'de> Visitor<'de> for PathVisitor {
    type Value = ClaimPath;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a claim path")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<ClaimPath, A::Error> {
        let mut steps = Vec::new();
        while let Some(step) = items.next_element()? {
            if steps.len() == MAX_STEPS {
                return Err(A::Error::custom("the claim path is too long"));
            }
            steps.push(step);
        }
        if steps.is_empty() { Err(A::Error::custom("the claim path is empty")) } else { Ok(ClaimPath(steps)) }
    }
}

impl<'de> Deserialize<'de> for PathStep {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(StepVisitor)
    }
}

struct StepVisitor;

impl Visitor<'_> for StepVisitor {
    type Value = PathStep;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a member name, an index or null")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<PathStep, E> {
        if name.len() > MAX_NAME { Err(E::custom("a name in the claim path is too long")) } else { Ok(name.into()) }
    }

    fn visit_u64<E: Error>(self, index: u64) -> Result<PathStep, E> {
        usize::try_from(index).map(PathStep::Index).map_err(|_| E::custom("an index in the claim path is too large"))
    }

    fn visit_unit<E>(self) -> Result<PathStep, E> {
        Ok(PathStep::All)
    }
}
