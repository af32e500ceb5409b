use super::{BEFORE, DAY, RENEW_DAYS, SERVER_DAYS, SiteCa, SiteCaError, SiteName, certificate};
use crate::identity::Identity;
use crate::testing::{Key, TestRng, at};
use core::time::Duration;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier as _;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, RootCertStore};
use std::sync::Arc;
use waypass_credential::key::Signer as _;
use waypass_credential::time::Timestamp;

fn names(texts: &[&str]) -> Vec<SiteName> {
    texts.iter().map(|text| text.parse().expect("a name")).collect()
}

fn authority(texts: &[&str]) -> SiteCa {
    SiteCa::make("Clinic", &names(texts), &Key::p256(1), at(0), &mut TestRng::new(1)).expect("made")
}

/// Does a device that took `ca` believe that `certificate` is `name`'s?
fn believed(ca: &SiteCa, certificate: &[u8], name: &str, now: Timestamp) -> Result<(), rustls::Error> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(ca.certificate())).expect("an authority");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build().expect("a verifier");
    let now = UnixTime::since_unix_epoch(Duration::from_secs(now.unix().unsigned_abs()));
    let name = ServerName::try_from(name).expect("a name");
    verifier.verify_server_cert(&CertificateDer::from(certificate), &[], &name, &[], now).map(drop)
}

fn server(ca: &SiteCa, now: Timestamp) -> (Identity, Vec<u8>) {
    let identity = ca.issue(&Key::p256(1), Key::p256(2), now, &mut TestRng::new(2)).expect("issued");
    let certificate = identity.certificate().to_vec();
    (identity, certificate)
}

/// A certificate that a thief of the authority's key makes for any name.
fn stolen(ca: &SiteCa, texts: &[&str]) -> Vec<u8> {
    let (key, other) = (Key::p256(1), Key::p256(3));
    let (by, party) = (certificate::Party::new(&key).expect("P-256"), certificate::Party::new(&other).expect("P-256"));
    certificate::of_server(&ca.subject, &names(texts), &by, &party, (at(0), at(DAY)), &mut TestRng::new(3)).expect("signed")
}

fn is(result: Result<(), rustls::Error>, fault: impl Fn(&CertificateError) -> bool) -> bool {
    matches!(result, Err(rustls::Error::InvalidCertificate(found)) if fault(&found))
}

#[test]
fn devices_believe_the_names_of_the_site_and_no_others() {
    let ca = authority(&["office.example", "192.0.2.7"]);
    let (_, certificate) = server(&ca, at(0));
    for name in ["office.example", "192.0.2.7"] {
        assert_eq!(believed(&ca, &certificate, name, at(1)), Ok(()), "{name}");
    }
    assert!(believed(&ca, &certificate, "gate.office.example", at(1)).is_err(), "the certificate does not name it");
    let other = SiteCa::make("Other", ca.names(), &Key::p256(7), at(0), &mut TestRng::new(7)).expect("made");
    assert!(is(believed(&other, &certificate, "office.example", at(1)), |fault| *fault == CertificateError::UnknownIssuer));
}

/// What a thief of the key can do: the names of the site, and what lies below them.
#[test]
fn a_stolen_authority_speaks_for_its_own_names_only() {
    let both = authority(&["office.example", "192.0.2.7"]);
    assert_eq!(believed(&both, &stolen(&both, &["a.office.example"]), "a.office.example", at(1)), Ok(()));
    let hosts = authority(&["office.example"]);
    let addresses = authority(&["192.0.2.7"]);
    let six = authority(&["2001:db8::7"]);
    for (ca, name) in [
        (&both, "bank.example"),
        (&both, "192.0.2.8"),
        (&both, "2001:db8::7"),
        (&hosts, "192.0.2.7"),
        (&hosts, "2001:db8::7"),
        (&addresses, "office.example"),
        (&addresses, "2001:db8::7"),
        (&six, "192.0.2.7"),
        (&six, "2001:db8::8"),
    ] {
        let result = believed(ca, &stolen(ca, &[name]), name, at(1));
        assert!(result.is_err(), "{name} is not of {:?}", ca.names());
    }
}

#[test]
fn a_certificate_begins_in_the_past_and_is_replaced_before_its_end() {
    let ca = authority(&["office.example"]);
    let (identity, certificate) = server(&ca, at(0));
    let at_name = |now: i64| believed(&ca, &certificate, "office.example", at(now));
    assert_eq!((at_name(-BEFORE), at_name(SERVER_DAYS * DAY)), (Ok(()), Ok(())));
    assert!(is(at_name(-BEFORE - 1), |fault| matches!(fault, CertificateError::NotValidYetContext { .. })));
    assert!(is(at_name(SERVER_DAYS * DAY + 1), |fault| matches!(fault, CertificateError::ExpiredContext { .. })));
    let renew = (SERVER_DAYS - RENEW_DAYS) * DAY;
    let due: Vec<bool> = [-BEFORE - 1, -BEFORE, renew - 1, renew].iter().map(|now| identity.is_due(at(*now))).collect();
    assert_eq!(due, [true, false, false, true]);
}

#[test]
fn an_authority_that_has_ended_issues_nothing() {
    let ca = authority(&["office.example"]);
    let issue = |now: Timestamp| ca.issue(&Key::p256(1), Key::p256(2), now, &mut TestRng::new(2)).map(drop);
    let ended = SiteCaError::OutOfTime { not_before: at(-BEFORE), not_after: ca.not_after() };
    assert_eq!(issue(ca.not_after()), Err(ended));
    assert_eq!(issue(at(-BEFORE - 1)), Err(ended));
    // The last certificate ends with the authority.
    let (_, last) = server(&ca, ca.not_after().plus(-1));
    assert!(believed(&ca, &last, "office.example", ca.not_after().plus(1)).is_err());
    assert_eq!(ca.issue(&Key::p256(5), Key::p256(2), at(0), &mut TestRng::new(2)).map(drop), Err(SiteCaError::Key));
    assert_eq!(ca.issue(&Key::p256(1), Key::ed25519(2), at(0), &mut TestRng::new(2)).map(drop), Err(SiteCaError::Key));
}

#[test]
fn a_record_reads_back() {
    let ca = authority(&["office.example", "2001:db8::7"]);
    assert_eq!(SiteCa::from_bytes(&ca.to_bytes()), Some(ca.clone()));
    assert_eq!(ca.key(), Key::p256(1).public_key());
    assert_eq!(SiteCa::from_bytes(b"{}"), None);
    let read = CertificateDer::from_pem_slice(ca.pem().as_bytes()).expect("PEM");
    assert_eq!(&*read, ca.certificate());
    assert!(ca.pem().lines().all(|line| line.len() <= 64));
}

#[test]
fn names_that_would_cover_too_much_are_refused() {
    for text in ["com", "*.example", "office.example.", "", "a b.example", "http://office.example", "office_1.example", "-a.example"] {
        assert!(text.parse::<SiteName>().is_err(), "{text}");
    }
    assert_eq!(names(&["Office.EXAMPLE", "[::1]"]).iter().map(ToString::to_string).collect::<Vec<_>>(), ["office.example", "::1"]);
    let many: Vec<SiteName> = (0..33).map(|number| format!("h{number}.example").parse().expect("a name")).collect();
    for few in [&[][..], &many[..]] {
        let made = SiteCa::make("Clinic", few, &Key::p256(1), at(0), &mut TestRng::new(1));
        assert_eq!(made, Err(SiteCaError::Names));
    }
}
