//! The subset of DCQL that we ask and answer (OpenID4VP 1.0 §6).

use crate::claim_path::{ClaimPath, MAX_STEPS, PathStep};
use crate::format::Format;
use crate::json::Value;
use crate::role::kind_in;
use alloc::{string::String, vec, vec::Vec};
use core::{fmt, iter};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

mod dcql;

pub(super) use dcql::Dcql;

/// Most alternatives in one query.
pub(super) const MAX_ALTERNATIVES: usize = 8;
/// Most `vct` or VC types in one alternative.
pub(super) const MAX_KINDS: usize = 8;
/// Most claims asked for in one alternative.
pub(super) const MAX_CLAIMS: usize = 64;
/// Most values asked for of one claim.
pub(super) const MAX_VALUES: usize = 32;
/// The longest text in a query, in bytes.
pub(super) const MAX_TEXT: usize = 1024;

/// The query: one credential, by one of several alternatives in the order of preference.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Query {
    alternatives: Vec<CredentialQuery>,
}

/// One way to answer a [`Query`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CredentialQuery {
    /// Names the alternative within its query.
    pub id: String,
    /// The format.
    pub format: Format,
    /// The `vct` or VC types, any of which will do.
    pub kinds: Vec<String>,
    /// The claims, all of which must be there.
    pub claims: Vec<ClaimQuery>,
}

/// One claim asked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ClaimQuery {
    /// Its path.
    pub path: ClaimPath,
    /// Its value, any of which will do; every value when empty.
    pub values: Vec<ClaimValue>,
}

/// A value a claim can be asked to have.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub enum ClaimValue {
    /// A truth value.
    Bool(bool),
    /// An integer.
    Integer(i64),
    /// Reads a string.
    Text(String),
}

/// How a credential answers a query.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Match {
    /// Which alternative it answers.
    pub query_id: String,
    /// The claims to disclose, each with its concrete path.
    pub paths: Vec<ClaimPath>,
}

/// Why a query is not one we ask or answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum QueryError {
    /// Not JSON of DCQL's shape, or beyond the limits.
    Malformed(&'static str),
    /// Right DCQL, but a part of it that we do not support.
    Unsupported(&'static str),
}

impl fmt::Display for QueryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(what) => write!(f, "the query's {what} is not as it must be"),
            Self::Unsupported(what) => write!(f, "queries with {what} are not supported"),
        }
    }
}

impl core::error::Error for QueryError {}

impl Query {
    /// Returns a query that any of `alternatives` answers, the first being preferred.
    pub fn new(alternatives: Vec<CredentialQuery>) -> Result<Self, QueryError> {
        let ids = || alternatives.iter().map(|alternative| alternative.id.as_str());
        let ids_ok = ids().enumerate().all(|(at, id)| is_id(id) && ids().take(at).all(|earlier| earlier != id));
        let kinds_ok = |kinds: &[String]| (1..=MAX_KINDS).contains(&kinds.len()) && kinds.iter().all(|kind| is_text(kind));
        let claims_ok = |claims: &[ClaimQuery]| claims.len() <= MAX_CLAIMS && claims.iter().all(ClaimQuery::is_bounded);
        let checks = [
            ("credentials", (1..=MAX_ALTERNATIVES).contains(&alternatives.len())),
            ("id", ids_ok),
            // A card answers no question: nobody signs for it.
            ("format", alternatives.iter().all(|alternative| alternative.format != Format::Card)),
            ("meta", alternatives.iter().all(|alternative| kinds_ok(&alternative.kinds))),
            ("claims", alternatives.iter().all(|alternative| claims_ok(&alternative.claims))),
        ];
        match checks.iter().find(|(_, holds)| !holds) {
            None => Ok(Self { alternatives }),
            Some((what, _)) => Err(QueryError::Malformed(what)),
        }
    }

    /// Returns the common question: a role credential in one of `formats` (the first being preferred) with one of `roles` (any
    /// role when empty), and these claims of the holder (paths as in the role credential's subject, such as
    /// `family_name`).
    pub fn for_role(formats: &[Format], roles: &[&str], also: &[ClaimPath]) -> Result<Self, QueryError> {
        let values: Vec<_> = roles.iter().map(|role| ClaimValue::Text((*role).into())).collect();
        let alternative = |format: &Format| {
            // In VCDM the claims about the holder are one level down.
            let above = if format.is_vcdm() { ClaimPath::names(["credentialSubject"]) } else { ClaimPath(Vec::new()) };
            let role = ClaimQuery { path: above.clone().then("roles").then(PathStep::All), values: values.clone() };
            let others = also.iter().map(|path| ClaimPath([above.steps(), path.steps()].concat()));
            let claims = iter::once(role).chain(others.map(|path| ClaimQuery { path, values: Vec::new() })).collect();
            CredentialQuery { id: query_id(*format).into(), format: *format, kinds: vec![kind_in(*format).into()], claims }
        };
        Self::new(formats.iter().map(alternative).collect())
    }

    /// Returns the question for a role credential in any format, with any role.
    pub fn any_role() -> Self {
        let alternative = |format: Format| {
            let kinds = vec![kind_in(format).into()];
            CredentialQuery { id: query_id(format).into(), format, kinds, claims: Vec::new() }
        };
        Self { alternatives: Format::ALL.map(alternative).into() }
    }

    /// Reads DCQL.
    pub fn parse(json: &[u8]) -> Result<Self, QueryError> {
        if json.len() > super::MAX_BYTES {
            return Err(QueryError::Malformed("size"));
        }
        serde_json::from_slice::<Dcql>(json).map_err(|_| QueryError::Malformed("JSON"))?.try_into()
    }

    /// Returns the alternatives in the order of preference.
    pub fn alternatives(&self) -> &[CredentialQuery] {
        &self.alternatives
    }

    /// Returns the first alternative that a credential of this format and kind with these claims answers, and what to disclose
    /// for it: of an array asked for with values, only the elements that have one of them.
    pub fn first_match(&self, claims: &Value<'_>, format: Format, kind: &str) -> Option<Match> {
        let fitting = self.alternatives.iter().filter(|query| query.format == format && query.kinds.iter().any(|k| k == kind));
        fitting.into_iter().find_map(|query| Some(Match { query_id: query.id.clone(), paths: query.paths_in(claims)? }))
    }
}

impl CredentialQuery {
    /// Returns the claims asked for that a credential with these claims does not answer.
    pub fn unanswered(&self, claims: &Value<'_>) -> Vec<&ClaimQuery> {
        self.claims.iter().filter(|claim| claim.answers(claims).next().is_none()).collect()
    }

    fn paths_in(&self, claims: &Value<'_>) -> Option<Vec<ClaimPath>> {
        if !self.unanswered(claims).is_empty() {
            return None;
        }
        let mut paths: Vec<ClaimPath> = self.claims.iter().flat_map(|claim| claim.answers(claims)).collect();
        paths.sort_unstable();
        paths.dedup();
        Some(paths)
    }
}

impl ClaimQuery {
    fn answers(&self, claims: &Value<'_>) -> impl Iterator<Item = ClaimPath> {
        self.path.select(claims).into_iter().filter(|(_, value)| self.accepts(value)).map(|(path, _)| path)
    }

    fn accepts(&self, value: &Value<'_>) -> bool {
        self.values.is_empty()
            || self.values.iter().any(|wanted| match wanted {
                ClaimValue::Bool(truth) => value.as_bool() == Some(*truth),
                ClaimValue::Integer(number) => value.as_i64() == Some(*number),
                ClaimValue::Text(text) => value.as_str() == Some(text),
            })
    }

    fn is_bounded(&self) -> bool {
        let steps = self.path.steps();
        let values_ok = self.values.iter().all(|value| if let ClaimValue::Text(text) = value { is_text(text) } else { true });
        (1..=MAX_STEPS).contains(&steps.len()) && self.values.len() <= MAX_VALUES && values_ok
    }
}

/// Names the alternative for a format.
const fn query_id(format: Format) -> &'static str {
    match format {
        Format::SdJwtVc => "sd_jwt_vc",
        Format::DataIntegrity => "data_integrity",
        Format::VcSdJwt => "vc_sd_jwt",
        Format::VcCose => "vc_cose",
        Format::VcJwt => "vc_jwt",
        Format::SdCwt => "sd_cwt",
        Format::Card => "card",
    }
}

fn is_text(text: &str) -> bool {
    (1..=MAX_TEXT).contains(&text.len())
}

/// OpenID4VP 1.0 §6.1: alphanumeric, underscore or hyphen.
fn is_id(id: &str) -> bool {
    (1..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

impl Serialize for Query {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        Dcql::from(self).serialize(to)
    }
}

impl<'de> Deserialize<'de> for Query {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Dcql::deserialize(from)?.try_into().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests;
