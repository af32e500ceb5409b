//! The subset of DCQL that we ask and answer (OpenID4VP 1.0 §6).

use super::ClaimPath;
use crate::format::Format;
use crate::json::Value;
use alloc::{string::String, vec::Vec};
use core::fmt;
use serde::{Deserialize, Serialize};

/// What is asked: one credential, by one of several alternatives in the order of preference.
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
    /// Where it stands.
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
    /// A string.
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
    /// A query that any of `alternatives` answers, the first being preferred.
    pub fn new(alternatives: Vec<CredentialQuery>) -> Result<Self, QueryError> {
        let _ = alternatives;
        todo!()
    }

    /// The common question: a role credential in one of `formats` with one of `roles`, and these claims of the holder
    /// (paths as in the role credential's subject, such as `family_name`).
    pub fn for_role(formats: &[Format], roles: &[&str], also: &[ClaimPath]) -> Result<Self, QueryError> {
        let _ = (formats, roles, also);
        todo!()
    }

    /// Reads DCQL.
    pub fn parse(json: &[u8]) -> Result<Self, QueryError> {
        let _ = json;
        todo!()
    }

    /// The alternatives in the order of preference.
    pub fn alternatives(&self) -> &[CredentialQuery] {
        &self.alternatives
    }

    /// The first alternative that a credential of this format and kind with these claims answers.
    pub fn first_match(&self, claims: &Value<'_>, format: Format, kind: &str) -> Option<Match> {
        let _ = (claims, format, kind);
        todo!()
    }
}

impl Serialize for Query {
    fn serialize<S: serde::Serializer>(&self, _to: S) -> Result<S::Ok, S::Error> {
        todo!()
    }
}

impl<'de> Deserialize<'de> for Query {
    fn deserialize<D: serde::Deserializer<'de>>(_from: D) -> Result<Self, D::Error> {
        todo!()
    }
}
