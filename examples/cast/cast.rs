//! The cast of the scenarios: an office with sealed keys, people with wallets, a gate that asks and decides.

use std::error::Error;
use std::path::Path;
use waypass_credential::did::to_did_key;
use waypass_credential::json::Object;
use waypass_credential::key::{Algorithm, Signer as _};
use waypass_credential::request::Query;
use waypass_credential::time::Timestamp;
use waypass_issuer::Issuer;
use waypass_issuer::issue::{Format, Issued, Order, Validity};
use waypass_issuer::keys::{KeyRole, KeyUse, Keys};
use waypass_machine::{SystemRng, clock};
use waypass_trust::audit::Entry;
use waypass_trust::bundle::TrustBundle;
use waypass_trust::enrolment::Enrolment;
use waypass_trust::policy::RolePolicy;
use waypass_trust::time::{Limits, Moment, Reading, TimeGuard, TimeState};
use waypass_vault::{Factors, KdfCost, KeyPurpose, KeySigner, Password, Unlocked};
use waypass_verifier::{Checkpoint, DeviceState, GateIdentity};
use waypass_wallet::{Asked, Wallet};

pub(crate) type Done<T> = Result<T, Box<dyn Error>>;

/// Returns the clocks of a device `hours` after the story begins, on 1 June 2026 at 08:00 UTC. Time is an argument
/// everywhere: days pass at once.
pub(crate) fn hour(hours: i64) -> Reading {
    let wall = Timestamp::from_unix(1_780_300_800 + hours * 3600).expect("a time of the story");
    Reading { wall, boottime_ms: hours.unsigned_abs() * 3_600_000, boot_id: [9; 16] }
}

/// Returns the moment of a device that remembers nothing about time, such as a wallet.
pub(crate) fn moment(at: Reading) -> Moment {
    TimeGuard::observe(&TimeState::default(), &at, &Limits::default()).0
}

pub(crate) fn vault(folder: &Path, kind: &str) -> Done<Unlocked<'static>> {
    let factor = Password::new("a pass phrase that somebody types");
    let (vault, _recovery) = waypass_machine::create(&folder.join(kind), kind, &factor, KdfCost::Floor)?;
    vault.into_unlocked(&Factors::one(&factor), &clock::read()).map_err(|(_, why)| why.into())
}

/// Returns the keys for these uses, sealed in `vault`; the first time they are made.
pub(crate) fn keys<'v>(vault: &'v Unlocked<'_>, uses: &[(KeyRole, KeyPurpose)]) -> Done<Keys<'v>> {
    let mut keys = Keys::new();
    for (key_use, purpose) in uses {
        if !vault.keys()?.iter().any(|key| key.purpose == *purpose) {
            vault.generate_key(Algorithm::EdDsa, *purpose)?;
        }
        for key in vault.keys()?.iter().filter(|key| key.purpose == *purpose) {
            keys.add(*key_use, vault.signer(key.id)?);
        }
    }
    Ok(keys)
}

/// The keys that issue, withdraw, take in logs and publish, day by day.
pub(crate) const ONLINE: [(KeyRole, KeyPurpose); 5] = [
    (KeyRole::Record(KeyUse::Credential), KeyPurpose::Credential),
    (KeyRole::Record(KeyUse::Status), KeyPurpose::Status),
    (KeyRole::Record(KeyUse::Intake), KeyPurpose::Intake),
    (KeyRole::Snapshot, KeyPurpose::Snapshot),
    (KeyRole::Timestamp, KeyPurpose::Timestamp),
];

/// A person with a wallet.
pub(crate) struct Person {
    name: String,
    wallet: Wallet<'static>,
}

impl Person {
    pub(crate) fn new(folder: &Path, name: &str) -> Done<Self> {
        Ok(Self { name: name.into(), wallet: Wallet::new(vault(folder, name)?) })
    }

    /// Gets a credential for 90 days, and holds it if `bundle` believes its issuer.
    pub(crate) fn enlist(&self, issuer: &mut Issuer<'_>, role: &str, site: &str, bundle: &TrustBundle, at: Reading) -> Done<Issued> {
        let (roles, sites, zones, label, personal) = (vec![role.into()], vec![site.into()], vec![], self.name.clone(), Object::new());
        let (format, algorithm, suites, status, valid_from, validity) =
            (Format::SdJwtVc, None, vec![], None, None, Validity::For(90 * 86_400));
        let order = Order { format, algorithm, suites, status, roles, sites, zones, valid_from, validity, label, personal };
        let key = self.wallet.holder_key(Algorithm::EdDsa)?.public_key;
        let issued = issuer.issue(&order, &key, "office", at.wall, &mut SystemRng)?;
        self.wallet.hold(&issued.credential, Some(bundle), &moment(at), &mut SystemRng)?;
        Ok(issued)
    }
}

/// A gate. A real one keeps state and log in its vault before it shows a verdict.
pub(crate) struct Gate<'v> {
    pub(crate) identity: GateIdentity,
    /// Any of these is asked for.
    pub(crate) roles: &'static [&'static str],
    pub(crate) key: KeySigner<'v>,
    pub(crate) bundle: TrustBundle,
    pub(crate) state: DeviceState,
    pub(crate) log: Vec<Entry>,
}

impl<'v> Gate<'v> {
    pub(crate) fn new(
        vault: &'v Unlocked<'_>,
        (name, site): (&str, &str),
        roles: &'static [&'static str],
        bundle: TrustBundle,
    ) -> Done<Self> {
        let info = vault.keys()?.into_iter().find(|key| key.purpose == KeyPurpose::Gate).ok_or("a gate enrols before it believes")?;
        let key = vault.signer(info.id)?;
        let id = to_did_key(key.public_key());
        let state = DeviceState::new(&id);
        let identity = GateIdentity { id, name: name.into(), site: site.into(), zone: "public".into() };
        Ok(Self { identity, roles, key, bundle, state, log: Vec::new() })
    }

    /// Returns the enrolment that the gate asks an office to take into the bundle.
    pub(crate) fn enrolment(vault: &Unlocked<'_>, (name, site): (&str, &str), at: Reading) -> Done<String> {
        let info = vault.keys()?.into_iter().find(|key| key.purpose == KeyPurpose::Gate);
        let info = info.map_or_else(|| vault.generate_key(Algorithm::EdDsa, KeyPurpose::Gate), Ok)?;
        let (id, name, site, zone) = (to_did_key(&info.public_key), name.into(), site.into(), "public".into());
        Ok(Enrolment { id, name, site, zone, issued_at: at.wall }.sign(&vault.signer(info.id)?)?)
    }

    pub(crate) fn synchronise(&mut self, newer: &TrustBundle, at: Reading) -> Done<()> {
        self.bundle.replace(newer.clone())?;
        let _adopted = self.state.learn_time(&self.bundle, &at);
        Ok(())
    }

    /// Asks `who` and decides; the verdict and its reasons must be what the story says.
    pub(crate) fn meet(&mut self, who: &Person, at: Reading, expected: &str) -> Done<()> {
        let policy = RolePolicy::compile(self.bundle.policy())?;
        let mut gate = Checkpoint::new(self.identity.clone(), &self.bundle, &policy, self.state.clone());
        let now = gate.observe(&at);
        let (challenge, request) = gate.ask(Query::for_role(&[Format::SdJwtVc], self.roles, &[])?, "Control", &now, &mut SystemRng);
        let asked = Asked::open(&request.sign(&self.key)?, Some(&self.bundle), &moment(at))?;
        let answer = who.wallet.propose(asked, Some(&self.bundle), &moment(at))?.approve(&mut SystemRng, &moment(at))?;
        let (decision, commit) = gate.step(answer.as_bytes(), challenge, &now, &mut SystemRng);
        self.log.push(commit.entry().clone());
        gate.committed(commit);
        self.state = gate.state().clone();
        let codes: Vec<&str> = decision.reasons.iter().map(|reason| reason.code.as_str()).collect();
        let said = format!("{}: {}", decision.verdict.as_str(), codes.join(", "));
        println!("  {:<5} at {}: {} ({said})", who.name, self.identity.name, decision.headline());
        assert_eq!(said, expected, "{} at {}", who.name, self.identity.name);
        Ok(())
    }
}
