//! A query as DCQL writes it (OpenID4VP 1.0 §6), with the parts we refuse by name.

use super::{ClaimPath, ClaimQuery, ClaimValue, CredentialQuery, Format, Query, QueryError};
use alloc::{string::String, vec, vec::Vec};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

/// VC types travel as the IRIs that the contexts expand them to (OpenID4VP 1.0 §B.1.1).
const EXPANDED: [(&str, &str); 2] = [
    ("VerifiableCredential", "https://www.w3.org/2018/credentials#VerifiableCredential"),
    (crate::role::VC_TYPE, "https://waypass.example/vocab#RoleCredential"),
];
const NOT_DISTINCTIVE: &str = "VerifiableCredential";

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::request) struct Dcql {
    credentials: Vec<Credential>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    credential_sets: Vec<CredentialSet>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Credential {
    id: String,
    format: String,
    meta: Meta,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    claims: Vec<Claim>,
    #[serde(default, skip_serializing)]
    claim_sets: Option<IgnoredAny>,
    #[serde(default, skip_serializing)]
    trusted_authorities: Option<IgnoredAny>,
    #[serde(default, skip_serializing)]
    multiple: bool,
    #[serde(default = "yes", skip_serializing)]
    require_cryptographic_holder_binding: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Meta {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    vct_values: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    type_values: Option<Vec<Vec<String>>>,
    #[serde(default, skip_serializing)]
    doctype_value: Option<IgnoredAny>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Claim {
    #[serde(default, skip_serializing)]
    #[expect(dead_code, reason = "names a claim for claim_sets, which are refused")]
    id: Option<String>,
    path: ClaimPath,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    values: Vec<ClaimValue>,
    #[serde(default, skip_serializing)]
    intent_to_retain: Option<IgnoredAny>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CredentialSet {
    options: Vec<Vec<String>>,
    #[serde(default = "yes", skip_serializing)]
    required: bool,
}

const fn yes() -> bool {
    true
}

impl TryFrom<Dcql> for Query {
    type Error = QueryError;

    fn try_from(dcql: Dcql) -> Result<Self, QueryError> {
        let queries = |credentials: Vec<Credential>| credentials.into_iter().map(CredentialQuery::try_from).collect::<Result<Vec<_>, _>>();
        let set = match <[CredentialSet; 1]>::try_from(dcql.credential_sets) {
            Ok([set]) => set,
            // §6.4.2: without sets every credential is required.
            Err(none) if none.is_empty() && dcql.credentials.len() <= 1 => return Self::new(queries(dcql.credentials)?),
            Err(none) if none.is_empty() => return Err(QueryError::Unsupported("several required credentials")),
            Err(_) => return Err(QueryError::Unsupported("several credential sets")),
        };
        if !set.required {
            return Err(QueryError::Unsupported("optional credentials"));
        }
        let mut queries = queries(dcql.credentials)?;
        let mut alternatives = Vec::with_capacity(queries.len());
        for option in set.options {
            let [id] = <[String; 1]>::try_from(option).map_err(|_| QueryError::Unsupported("several required credentials"))?;
            let at = queries.iter().position(|query| query.id == id).ok_or(QueryError::Malformed("credential set"))?;
            alternatives.push(queries.remove(at));
        }
        // A credential that no option names is never asked for: a mistake of the query's author.
        if queries.is_empty() { Self::new(alternatives) } else { Err(QueryError::Malformed("credential set")) }
    }
}

impl TryFrom<Credential> for CredentialQuery {
    type Error = QueryError;

    fn try_from(credential: Credential) -> Result<Self, QueryError> {
        let unsupported = [
            ("claim sets", credential.claim_sets.is_some()),
            ("trusted authorities", credential.trusted_authorities.is_some()),
            ("several copies of a credential", credential.multiple),
            ("unbound credentials", !credential.require_cryptographic_holder_binding),
            ("ISO document types", credential.meta.doctype_value.is_some()),
            ("retention", credential.claims.iter().any(|claim| claim.intent_to_retain.is_some())),
        ];
        if let Some((what, _)) = unsupported.iter().find(|(_, present)| *present) {
            return Err(QueryError::Unsupported(what));
        }
        let format = Format::ALL.into_iter().find(|known| known.as_str() == credential.format);
        let format = format.ok_or(QueryError::Unsupported("this credential format"))?;
        let kinds = match (format.is_vcdm(), credential.meta.vct_values, credential.meta.type_values) {
            (false, Some(kinds), None) => kinds,
            (true, None, Some(types)) => types.into_iter().map(distinctive_type).collect::<Result<_, _>>()?,
            _ => return Err(QueryError::Malformed("meta")),
        };
        let claims = credential.claims.into_iter().map(|claim| ClaimQuery { path: claim.path, values: claim.values });
        Ok(Self { id: credential.id, format, kinds, claims: claims.collect() })
    }
}

/// Reads the one type besides `VerifiableCredential`.
fn distinctive_type(types: Vec<String>) -> Result<String, QueryError> {
    let short = |iri: String| EXPANDED.iter().find(|(_, expanded)| *expanded == iri).map_or(iri, |(short, _)| (*short).into());
    let types: Vec<String> = types.into_iter().map(short).filter(|name| name != NOT_DISTINCTIVE).collect();
    let [one] = <[String; 1]>::try_from(types).map_err(|_| QueryError::Unsupported("combined credential types"))?;
    Ok(one)
}

impl From<&Query> for Dcql {
    fn from(query: &Query) -> Self {
        let credentials: Vec<Credential> = query.alternatives.iter().map(Credential::from).collect();
        let options = || query.alternatives.iter().map(|alternative| vec![alternative.id.clone()]).collect();
        let credential_sets = if credentials.len() > 1 { vec![CredentialSet { options: options(), required: true }] } else { Vec::new() };
        Self { credentials, credential_sets }
    }
}

impl From<&CredentialQuery> for Credential {
    fn from(query: &CredentialQuery) -> Self {
        let expanded = |name: &str| EXPANDED.iter().find(|(short, _)| *short == name).map_or(name, |(_, iri)| *iri).into();
        let types = |kind: &String| vec![expanded(NOT_DISTINCTIVE), expanded(kind)];
        let (vct_values, type_values) =
            if query.format.is_vcdm() { (None, Some(query.kinds.iter().map(types).collect())) } else { (Some(query.kinds.clone()), None) };
        let claim = |claim: &ClaimQuery| Claim { id: None, path: claim.path.clone(), values: claim.values.clone(), intent_to_retain: None };
        Self {
            id: query.id.clone(),
            format: query.format.as_str().into(),
            meta: Meta { vct_values, type_values, doctype_value: None },
            claims: query.claims.iter().map(claim).collect(),
            claim_sets: None,
            trusted_authorities: None,
            multiple: false,
            require_cryptographic_holder_binding: true,
        }
    }
}
