//! Role claims that other tests start from, and the bounds.

use super::{MAX_ROLES, RoleClaims, StatusReference, VCT};
use crate::did;
use crate::json::Object;
use crate::key::Signer;
use crate::malformed::Malformed;
use crate::testing::Key;
use crate::time::Timestamp;
use alloc::{format, string::String, vec};

/// A nurse at one site, bound to [`Key::holder`], signed by [`Key::issuer`].
pub(crate) fn claims() -> RoleClaims {
    let issuer = Key::issuer();
    let at = |seconds| Timestamp::from_unix(seconds).expect("in range");
    RoleClaims {
        issuer: did::to_did_key(issuer.public_key()),
        key_id: Some(did::key_id(issuer.public_key())),
        kind: VCT.into(),
        roles: vec!["nurse".into(), "staff".into()],
        sites: vec!["north".into()],
        zones: vec!["*".into()],
        issued_at: at(1_795_000_000),
        valid_from: at(1_795_000_000),
        valid_until: at(1_797_000_000),
        status: vec![StatusReference::token("https://waypass.example/status/1", 7)],
        holder: Some(Key::holder().public_key().clone().into()),
        personal: Object::new().with("family_name", "Byron").with("given_name", "Ada"),
    }
}

#[test]
fn bounds_are_named() {
    type Break = fn(&mut RoleClaims);
    let cases: [(&str, Break); 10] = [
        ("issuer", |claims| claims.issuer = String::new()),
        ("type", |claims| claims.kind = "x".repeat(2000)),
        ("roles", |claims| claims.roles = (0..=MAX_ROLES).map(|n| format!("role{n}")).collect()),
        ("roles", |claims| claims.roles = vec!["n".repeat(65)]),
        ("roles", |claims| claims.roles = vec!["*".into()]),
        ("roles", |claims| claims.roles = vec!["a".into(), "a".into()]),
        ("sites", |claims| claims.sites = vec!["north wing".into()]),
        ("zones", |claims| claims.zones = vec![String::new()]),
        ("validity", |claims| claims.valid_until = claims.valid_from),
        ("status", |claims| claims.status = vec![StatusReference::token("", 0)]),
    ];
    assert_eq!(claims().check(), Ok(()));
    for (what, spoil) in cases {
        let mut claims = claims();
        spoil(&mut claims);
        assert_eq!(claims.check(), Err(Malformed::OutOfRange(what)));
    }
}

#[test]
fn scopes_may_be_any() {
    let mut claims = claims();
    claims.sites = vec!["*".into()];
    assert_eq!(claims.check(), Ok(()));
}
