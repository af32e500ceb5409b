//! The metadata that wallets read first: OpenID4VCI 1.0 §12.2 and RFC 8414, as common wallets need them.

use super::answer::{Fault, public};
use super::peers::Peer;
use super::service::Service;
use crate::issue::Format;
use crate::keys::KeyUse;
use crate::offer::{GRANT, configuration};
use crate::office::Issuer;
use crate::store::StoreError;
use axum::body::Body;
use axum::extract::{Extension, State};
use axum::http::Response;
use waypass_credential::data_integrity::Suite;
use waypass_credential::json::{Object, Value};
use waypass_credential::key::{Algorithm, PublicKey};
use waypass_credential::role::{VC_TYPE, VCT};
use waypass_credential::time::Timestamp;

/// Every kind of key that can present, in either format.
const PROOF_ALGORITHMS: [&str; 3] = ["ES256", "ES384", "EdDSA"];

pub(super) async fn issuer(State(service): State<Service>, Extension(peer): Extension<Peer>) -> Result<Response<Body>, Fault> {
    match service.desk.ask(peer, |counter, at| describe(counter.issuer, at)).await? {
        Ok(document) => Ok(public(document)),
        Err(why) => {
            tracing::error!(event = "store", why = %why);
            Err(Fault::Unavailable)
        }
    }
}

pub(super) async fn authorization_server(State(service): State<Service>) -> Response<Body> {
    let base = &*service.base_url;
    public(
        Object::new()
            .with("issuer", base)
            .with("token_endpoint", format!("{base}/token"))
            .with("grant_types_supported", texts([GRANT]))
            .with("token_endpoint_auth_methods_supported", texts(["none"]))
            .with("pre-authorized_grant_anonymous_access_supported", true)
            // Nothing here takes an authorization code; wallets refuse metadata without these two all the same.
            .with("response_types_supported", texts(["code"]))
            .with("code_challenge_methods_supported", texts(["S256"])),
    )
}

fn describe(issuer: &Issuer<'_>, at: Timestamp) -> Result<Object<'static>, StoreError> {
    let base = issuer.settings().base_url.clone();
    let mut configurations = Object::new();
    let algorithms: Vec<Algorithm> = issuer
        .active_keys(KeyUse::Credential, at)?
        .iter()
        .filter_map(|multikey| PublicKey::from_multikey(multikey).ok())
        .map(|key| key.algorithm())
        .collect();
    if !algorithms.is_empty() {
        let sd_jwt = shared(Format::SdJwtVc)
            .with("vct", VCT)
            .with("cryptographic_binding_methods_supported", texts(["jwk", "did:key", "did:jwk"]))
            .with("credential_signing_alg_values_supported", texts(algorithms.iter().map(|algorithm| algorithm.jose_name())));
        configurations.set(configuration(Format::SdJwtVc), sd_jwt);
        let sd_cwt = shared(Format::SdCwt)
            .with("vct", VCT)
            .with("cryptographic_binding_methods_supported", texts(["jwk", "did:key", "did:jwk"]))
            .with("credential_signing_alg_values_supported", algorithms.iter().map(|algorithm| algorithm.cose_id()).collect::<Value<'_>>());
        configurations.set(configuration(Format::SdCwt), sd_cwt);
        let types = Object::new().with("type", texts(["VerifiableCredential", VC_TYPE]));
        for format in [Format::VcJwt, Format::VcSdJwt] {
            let described = shared(format)
                .with("credential_definition", types.clone())
                .with("cryptographic_binding_methods_supported", texts(["did:key", "did:jwk"]))
                .with("credential_signing_alg_values_supported", texts(algorithms.iter().map(|algorithm| algorithm.jose_name())));
            configurations.set(configuration(format), described);
        }
        let contexts = texts(["https://www.w3.org/ns/credentials/v2", "https://waypass.example/contexts/role/v1"]);
        let suites = Suite::ALL.into_iter().filter(|suite| algorithms.iter().any(|algorithm| suite.takes(*algorithm))).map(Suite::name);
        let ldp = shared(Format::DataIntegrity)
            .with("credential_definition", types.with("@context", contexts))
            .with("cryptographic_binding_methods_supported", texts(["did:key", "did:jwk"]))
            .with("credential_signing_alg_values_supported", texts(suites));
        configurations.set(configuration(Format::DataIntegrity), ldp);
    }
    let display = Object::new().with("name", issuer.settings().name.clone()).with("locale", "en");
    Ok(Object::new()
        .with("credential_issuer", base.clone())
        .with("credential_endpoint", format!("{base}/credential"))
        .with("nonce_endpoint", format!("{base}/nonce"))
        .with("display", [display].into_iter().collect::<Value<'_>>())
        .with("credential_configurations_supported", configurations))
}

fn shared(format: Format) -> Object<'static> {
    let proof = Object::new().with("proof_signing_alg_values_supported", texts(PROOF_ALGORITHMS));
    let display = Object::new().with("name", "Role credential").with("locale", "en");
    let claims = ["roles", "sites", "zones"].map(|name| Object::new().with("path", texts([name])));
    Object::new()
        .with("format", format.as_str())
        .with("scope", configuration(format))
        .with("proof_types_supported", Object::new().with("jwt", proof))
        .with(
            "credential_metadata",
            Object::new()
                .with("display", [display].into_iter().collect::<Value<'_>>())
                .with("claims", claims.into_iter().collect::<Value<'_>>()),
        )
}

fn texts<'t>(texts: impl IntoIterator<Item = &'t str>) -> Value<'t> {
    texts.into_iter().collect()
}
