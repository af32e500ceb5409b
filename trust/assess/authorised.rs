//! May the issuer say what the credential says, and could the keys sign it at its date?

use super::genuine::{Genuine, Signers};
use super::{Reason, ReasonCode};
use crate::bundle::{KeyRecord, KeyUse};
use alloc::{format, string::String, vec::Vec};
use waypass_credential::role::{ProofClaim, Scope};

/// Left behind by the limits of the issuer's entry. Only [`Authorised::judge`] makes one.
#[derive(Debug)]
pub(super) struct Authorised {
    /// The display name of the issuer that may say it.
    issuer: String,
}

impl Authorised {
    /// Checks the limits of the issuer's entry, before any policy is asked (threats.md A22).
    pub(super) fn judge(genuine: &Genuine<'_>, signers: &Signers<'_>, reasons: &mut Vec<Reason>) -> Option<Self> {
        let (role, Signers { authority, issuer: record, further }) = (genuine.role(), signers);
        let before = reasons.len();
        let mut refuse = |detail: String| reasons.push(Reason::new(ReasonCode::IssuerNotAuthorised, detail));

        if record.key_use != KeyUse::Credential {
            refuse("the key is not one for credentials".into());
        }
        if !record.covers(role.issued_at) {
            refuse(format!("the key did not issue on {}", role.issued_at));
        }
        if !authority.types.contains(&role.kind) {
            refuse("the issuer may not issue this type of credential".into());
        }
        for name in role.roles.iter().filter(|name| !authority.roles.contains(name)) {
            refuse(format!("the issuer may not assert the role {name}"));
        }
        if !Scope::is_everywhere(&authority.sites) {
            if role.sites.is_empty() {
                refuse("the credential names no site, and the issuer may not speak for all".into());
            }
            for site in role.sites.iter().filter(|site| !authority.sites.contains(site)) {
                refuse(format!("the issuer may not speak for the site {site}"));
            }
        }
        for status in role.status.iter().filter(|status| !authority.status_uris.iter().any(|list| list.uri == status.uri)) {
            refuse(format!("the issuer may not use the status list {}", status.uri));
        }
        let validity = role.valid_until.since(role.valid_from);
        if u64::try_from(validity).map_or(true, |seconds| seconds > authority.max_validity_seconds) {
            refuse(format!("a validity of {validity} s is longer than the issuer may give"));
        }
        stand_behind(genuine.further_proofs(), further, reasons);
        (reasons.len() == before).then(|| Self { issuer: authority.name.clone() })
    }

    /// Returns the display name of the issuer.
    pub(super) fn issuer(&self) -> &str {
        &self.issuer
    }
}

/// Checks that the keys of the further proofs could make them when they say they were made. The issuer's entry alone
/// allows what the credential says: another's proof neither adds to it nor takes away.
fn stand_behind(proofs: &[ProofClaim], records: &[&KeyRecord], reasons: &mut Vec<Reason>) {
    for (proof, record) in proofs.iter().zip(records) {
        let why = if record.key_use != KeyUse::Credential {
            String::from("one of its proofs is by a key that is not for credentials")
        } else if !record.covers(proof.created) {
            format!("one of its proofs is by a key that made none on {}", proof.created)
        } else {
            continue;
        };
        reasons.push(Reason::new(ReasonCode::IssuerNotAuthorised, why));
    }
}
