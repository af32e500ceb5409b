//! Certificates as bytes: rcgen writes them, and the signers of the vault sign them.

use super::{SiteCaError, SiteName};
use crate::identity::der_signature;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use p256::ecdsa;
use rand_core::CryptoRng;
use rcgen::string::Ia5String;
use rcgen::{
    BasicConstraints, CertificateParams, CidrSubnet, DistinguishedName, DnType, ExtendedKeyUsagePurpose, GeneralSubtree, IsCa, Issuer,
    KeyIdMethod, KeyUsagePurpose, NameConstraints, PublicKeyData, SanType, SerialNumber, SignatureAlgorithm, SigningKey,
};
use sha2::{Digest as _, Sha256};
use time::OffsetDateTime;
use waypass_credential::base64url;
use waypass_credential::hex;
use waypass_credential::key::{PublicKey, Signer};
use waypass_credential::time::Timestamp;

/// The columns of a PEM file (RFC 7468 §2).
const PEM_COLUMNS: usize = 64;

/// A P-256 signer as certificates name it.
pub(super) struct Party<'s> {
    signer: &'s dyn Signer,
    /// The uncompressed point (SEC 1 §2.3.3).
    point: Vec<u8>,
}

impl<'s> Party<'s> {
    pub(super) fn new(signer: &'s dyn Signer) -> Result<Self, SiteCaError> {
        Ok(Self { signer, point: point(signer.public_key()).ok_or(SiteCaError::Key)? })
    }

    /// Returns the key identifier (RFC 7093 §2, method 1).
    fn id(&self) -> Vec<u8> {
        Sha256::digest(&self.point)[..20].to_vec()
    }

    pub(super) fn short_id(&self) -> String {
        hex::encode(&self.id()[..4])
    }
}

impl PublicKeyData for Party<'_> {
    fn der_bytes(&self) -> &[u8] {
        &self.point
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &rcgen::PKCS_ECDSA_P256_SHA256
    }
}

impl SigningKey for Party<'_> {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        der_signature(self.signer, message).ok_or(rcgen::Error::RemoteKeyError)
    }
}

/// Returns the uncompressed point of a P-256 key.
fn point(key: &PublicKey) -> Option<Vec<u8>> {
    let bytes = key.to_bytes();
    // A P-256 point; those of P-384 are longer, and Ed25519 keys shorter.
    let key = ecdsa::VerifyingKey::from_sec1_bytes(&bytes).ok()?;
    Some(key.to_sec1_point(false).as_bytes().to_vec())
}

type Validity = (Timestamp, Timestamp);

pub(super) fn of_authority(
    subject: &str,
    names: &[SiteName],
    party: &Party<'_>,
    validity: Validity,
    rng: &mut dyn CryptoRng,
) -> Result<Vec<u8>, SiteCaError> {
    let mut params = params(subject, party, validity, rng)?;
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.name_constraints = Some(constraints(names));
    let certificate = params.self_signed(party).map_err(|_| SiteCaError::Sign)?;
    Ok(certificate.der().to_vec())
}

pub(super) fn of_server(
    authority: &str,
    names: &[SiteName],
    by: &Party<'_>,
    server: &Party<'_>,
    validity: Validity,
    rng: &mut dyn CryptoRng,
) -> Result<Vec<u8>, SiteCaError> {
    // Clients look at the alternative names only (RFC 9525 §2). People see the first name.
    let shown = names.first().map(ToString::to_string).unwrap_or_default();
    let mut params = params(&shown, server, validity, rng)?;
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    params.subject_alt_names = names.iter().map(alternative_name).collect::<Result<_, _>>()?;
    let mut ca = CertificateParams::default();
    ca.distinguished_name = common_name(authority);
    ca.key_identifier_method = KeyIdMethod::PreSpecified(by.id());
    ca.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let certificate = params.signed_by(server, &Issuer::from_params(&ca, by)).map_err(|_| SiteCaError::Sign)?;
    Ok(certificate.der().to_vec())
}

fn params(subject: &str, party: &Party<'_>, validity: Validity, rng: &mut dyn CryptoRng) -> Result<CertificateParams, SiteCaError> {
    let date = |at: Timestamp| OffsetDateTime::from_unix_timestamp(at.unix());
    let outside = |_| SiteCaError::OutOfTime { not_before: validity.0, not_after: validity.1 };
    let mut serial = [0; 16];
    rand_core::Rng::fill_bytes(rng, &mut serial);
    // Positive, and of one length (RFC 5280 §4.1.2.2).
    serial[0] = serial[0] & 0x7f | 0x40;
    let mut params = CertificateParams::default();
    params.not_before = date(validity.0).map_err(outside)?;
    params.not_after = date(validity.1).map_err(outside)?;
    params.serial_number = Some(SerialNumber::from_slice(&serial));
    params.distinguished_name = common_name(subject);
    params.key_identifier_method = KeyIdMethod::PreSpecified(party.id());
    Ok(params)
}

fn common_name(name: &str) -> DistinguishedName {
    let mut distinguished = DistinguishedName::new();
    distinguished.push(DnType::CommonName, name);
    distinguished
}

fn alternative_name(name: &SiteName) -> Result<SanType, SiteCaError> {
    Ok(match name {
        SiteName::Host(host) => SanType::DnsName(Ia5String::try_from(host.as_str()).map_err(|_| SiteCaError::Names)?),
        SiteName::Address(address) => SanType::IpAddress(*address),
    })
}

/// Permits the names and excludes all others. A kind of name that is not mentioned would be free (RFC 5280 §4.2.1.10).
fn constraints(names: &[SiteName]) -> NameConstraints {
    let permitted: Vec<GeneralSubtree> = names
        .iter()
        .map(|name| match name {
            SiteName::Host(host) => GeneralSubtree::DnsName(host.clone()),
            SiteName::Address(IpAddr::V4(address)) => GeneralSubtree::IpAddress(CidrSubnet::from_v4_prefix(address.octets(), 32)),
            SiteName::Address(IpAddr::V6(address)) => GeneralSubtree::IpAddress(CidrSubnet::from_v6_prefix(address.octets(), 128)),
        })
        .collect();
    let mut excluded = Vec::new();
    if !names.iter().any(|name| matches!(name, SiteName::Host(_))) {
        excluded.push(GeneralSubtree::DnsName(String::new()));
    }
    if !names.iter().any(|name| matches!(name, SiteName::Address(IpAddr::V4(_)))) {
        excluded.push(GeneralSubtree::IpAddress(CidrSubnet::from_v4_prefix(Ipv4Addr::UNSPECIFIED.octets(), 0)));
    }
    if !names.iter().any(|name| matches!(name, SiteName::Address(IpAddr::V6(_)))) {
        excluded.push(GeneralSubtree::IpAddress(CidrSubnet::from_v6_prefix(Ipv6Addr::UNSPECIFIED.octets(), 0)));
    }
    NameConstraints { permitted_subtrees: permitted, excluded_subtrees: excluded }
}

/// Returns a certificate as text (RFC 7468 §5).
pub(super) fn pem(certificate: &[u8]) -> String {
    // The alphabet of PEM differs in two letters, and it is padded.
    let mut text: String = base64url::encode(certificate).replace('-', "+").replace('_', "/");
    text.extend(core::iter::repeat_n('=', text.len().wrapping_neg() % 4));
    let mut pem = String::from("-----BEGIN CERTIFICATE-----\n");
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let (line, more) = rest.split_at(rest.len().min(PEM_COLUMNS));
        pem.push_str(line);
        pem.push('\n');
        rest = more;
    }
    pem.push_str("-----END CERTIFICATE-----\n");
    pem
}
