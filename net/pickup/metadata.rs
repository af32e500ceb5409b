//! The issuer's description of itself (OpenID4VCI 1.0 §12.2) and where its tokens come from (RFC 8414).

use super::{Ask, Client, PickupError, get, safe};
use crate::error::TransportError;
use reqwest::Url;
use waypass_credential::Format;
use waypass_credential::json::{self, Limits, Value};
use waypass_credential::key::Algorithm;

/// Metadata of a large issuer with display texts in many languages.
const MAX_METADATA: usize = 512 * 1024;
const METADATA: Limits = Limits { bytes: MAX_METADATA, depth: 16, values: 1 << 15 };

pub(super) struct Endpoints {
    pub(super) token: Url,
    pub(super) nonce: Option<Url>,
    pub(super) credential: Url,
}

/// Something an issuer issues, in a form that we read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Configuration {
    /// Its identifier.
    pub id: String,
    /// The format.
    pub format: Format,
    /// The `vct`, or the types of the document; empty where the issuer does not say.
    pub kinds: Vec<String>,
    /// The JOSE names of the algorithms a key proof may have.
    pub algorithms: Vec<String>,
    /// How the holder's key is named in the proof.
    pub binding: Binding,
}

/// How a key proof names its key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Binding {
    /// As a JSON Web Key.
    Jwk,
    /// As a `did:key` URL.
    DidKey,
}

impl Configuration {
    /// Returns the name under which a key of this algorithm makes the proof; the issuer must list it (OpenID4VCI 1.0 §12.2.4).
    pub(super) fn name_for(&self, algorithm: Algorithm) -> Option<&'static str> {
        algorithm.jose_names().iter().copied().find(|name| self.algorithms.iter().any(|listed| listed == name))
    }

    pub(super) fn parse(id: &str, described: &Value<'_>) -> Option<Self> {
        let format = match described.member("format")?.as_str()? {
            "dc+sd-jwt" => Format::SdJwtVc,
            "ldp_vc" => Format::DataIntegrity,
            "jwt_vc_json" => Format::VcJwt,
            "vc+sd-jwt" => Format::VcSdJwt,
            "sd-cwt" => Format::SdCwt,
            _ => return None,
        };
        let strings = |value: &Value<'_>| -> Option<Vec<String>> {
            value.as_array()?.iter().map(|item| item.as_str().map(ToOwned::to_owned)).collect()
        };
        let proof = described.member("proof_types_supported")?.member("jwt")?;
        if proof.member("key_attestations_required").is_some() {
            return None;
        }
        let algorithms = strings(proof.member("proof_signing_alg_values_supported")?)?;
        let methods = strings(described.member("cryptographic_binding_methods_supported")?)?;
        let binding = if methods.iter().any(|method| method == "jwk") {
            Binding::Jwk
        } else if methods.iter().any(|method| method == "did:key") {
            Binding::DidKey
        } else {
            return None;
        };
        let kinds = match described.member("vct").and_then(Value::as_str) {
            Some(vct) if !format.is_vcdm() => vec![vct.to_owned()],
            _ => described.member("credential_definition").and_then(|definition| strings(definition.member("type")?)).unwrap_or_default(),
        };
        Some(Self { id: id.to_owned(), format, kinds, algorithms, binding })
    }
}

/// Asks the issuer and, where it is another, its authorization server.
pub(super) fn read(client: &Client, issuer: &str) -> Result<(Endpoints, Vec<Configuration>), PickupError> {
    let what = "the issuer's metadata";
    let (url, text) = document(client, issuer, "openid-credential-issuer", what)?;
    let parsed = json::parse(&text, METADATA).map_err(|_| TransportError::BadAnswer { what })?;
    // §12.2.1: the identifier must be the very one the metadata was asked for.
    if parsed.member("credential_issuer").and_then(Value::as_str) != Some(issuer) {
        return Err(PickupError::WrongIssuer);
    }
    let server = match parsed.member("authorization_servers").and_then(Value::as_array) {
        None | Some([]) => issuer,
        Some([server, ..]) => server.as_str().ok_or(PickupError::Unsupported { what: "authorization server" })?,
    };
    let described = parsed.member("credential_configurations_supported").and_then(Value::as_object);
    let described = described.ok_or(PickupError::Unsupported { what: "list of credentials" })?;
    let configurations = described.iter().filter_map(|(id, described)| Configuration::parse(id, described)).collect();
    let endpoints = Endpoints {
        token: token_endpoint(client, server)?,
        nonce: parsed.member("nonce_endpoint").map(|value| endpoint(value, &url)).transpose()?,
        credential: endpoint(parsed.member("credential_endpoint").ok_or(PickupError::Unsupported { what: "credential endpoint" })?, &url)?,
    };
    Ok((endpoints, configurations))
}

fn token_endpoint(client: &Client, server: &str) -> Result<Url, PickupError> {
    let what = "the authorization server's metadata";
    let (url, text) = document(client, server, "oauth-authorization-server", what)?;
    let parsed = json::parse(&text, METADATA).map_err(|_| TransportError::BadAnswer { what })?;
    // RFC 8414 §3.3.
    if parsed.member("issuer").and_then(Value::as_str) != Some(server) {
        return Err(PickupError::WrongIssuer);
    }
    endpoint(parsed.member("token_endpoint").ok_or(PickupError::Unsupported { what: "token endpoint" })?, &url)
}

/// An address in metadata that was read over https must itself be https: it was not this machine that named it.
fn endpoint(value: &Value<'_>, metadata: &Url) -> Result<Url, PickupError> {
    let url = safe(value.as_str().ok_or(PickupError::Unsupported { what: "endpoint" })?)?;
    if metadata.scheme() == "https" && url.scheme() != "https" { Err(PickupError::NotHttps) } else { Ok(url) }
}

/// `https://host/path` has its metadata at `https://host/.well-known/NAME/path` (§12.2.2; RFC 8414 §3.1).
fn document(client: &Client, identifier: &str, name: &str, what: &'static str) -> Result<(Url, Vec<u8>), PickupError> {
    let mut url = safe(identifier)?;
    if url.query().is_some() {
        return Err(PickupError::Unsupported { what: "identifier" });
    }
    let path = url.path().trim_end_matches('/');
    let path = format!("/.well-known/{name}{path}");
    url.set_path(&path);
    let text = client.ask(&url, Ask { limit: MAX_METADATA, ..get(what, MAX_METADATA) })?;
    Ok((url, text))
}
