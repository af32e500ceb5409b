//! A clinic whose line is cut: a nurse enters her ward, loses her badge, and the door learns of it when the line is back.
//!
//! `cargo run --profile ci --example clinic`. Issuer, wallet and door are the same libraries that the `waypass` binary wires;
//! everything lives in one temporary folder and nothing opens a socket.

use std::error::Error;
use std::path::Path;
use waypass_credential::did::to_did_key;
use waypass_credential::json::Object;
use waypass_credential::key::{Algorithm, Signer as _};
use waypass_credential::request::Query;
use waypass_issuer::Issuer;
use waypass_issuer::issue::{Format, Order, Validity};
use waypass_issuer::keys::{KeyRole, KeyUse, Keys};
use waypass_issuer::revoke::{Cause, Grounds};
use waypass_issuer::sealed::Seal;
use waypass_issuer::settings::Settings;
use waypass_issuer::store::{MissingLog, SqliteStore};
use waypass_machine::{SystemRng, clock};
use waypass_trust::bundle::TrustBundle;
use waypass_trust::enrolment::Enrolment;
use waypass_trust::policy::RolePolicy;
use waypass_trust::time::{Limits, Moment, TimeGuard, TimeState};
use waypass_vault::{Factors, KdfCost, KeyPurpose, Password, Unlocked};
use waypass_verifier::{Checkpoint, DeviceState, GateIdentity};
use waypass_wallet::{Asked, Wallet};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let factor = Password::new("a pass phrase that somebody types");

    // The issuer's office: one key per use, all sealed in its vault.
    let office = vault(folder.path(), "issuer", &factor)?;
    let mut keys = Keys::new();
    for (key_use, purpose) in [
        (KeyRole::Record(KeyUse::Credential), KeyPurpose::Credential),
        (KeyRole::Record(KeyUse::Status), KeyPurpose::Status),
        (KeyRole::Record(KeyUse::Intake), KeyPurpose::Intake),
        (KeyRole::Root, KeyPurpose::Root),
        (KeyRole::Targets, KeyPurpose::Targets),
        (KeyRole::Snapshot, KeyPurpose::Snapshot),
        (KeyRole::Timestamp, KeyPurpose::Timestamp),
    ] {
        keys.add(key_use, office.signer(office.generate_key(Algorithm::EdDsa, purpose)?.id)?);
    }
    let store = SqliteStore::open(&folder.path().join("issuer.db"), MissingLog::Accepted)?;
    // The program keeps this key in the vault too: nobody else can write into the issuer's memory.
    let seal = Seal::new(&Seal::new_key(&mut SystemRng), None);
    let mut issuer = Issuer::create(Box::new(store), seal, Settings::new("St. Anna Clinic", "https://clinic.example"), keys, now().at())?;

    // The door is enrolled: a gate that is not in the bundle decides about nobody.
    let door = vault(folder.path(), "gate", &factor)?;
    let door_key = door.signer(door.generate_key(Algorithm::EdDsa, KeyPurpose::Gate)?.id)?;
    let id = to_did_key(door_key.public_key());
    let gate = GateIdentity { id: id.clone(), name: "Ward door".into(), site: "north".into(), zone: "ward".into() };
    let GateIdentity { name, site, zone, .. } = gate.clone();
    issuer.enroll_gate(&Enrolment { id: id.clone(), name, site, zone, issued_at: now().at() }.sign(&door_key)?, None, now().at())?;

    // The nurse's telephone: she gets a credential for her ward.
    let wallet = Wallet::new(vault(folder.path(), "wallet", &factor)?);
    let holder = wallet.create_holder_key(Algorithm::EdDsa)?;
    let order = Order {
        format: Format::SdJwtVc,
        algorithm: None,
        suites: Vec::new(),
        status: None,
        roles: vec!["nurse".into()],
        sites: vec!["north".into()],
        zones: vec!["ward".into()],
        valid_from: None,
        validity: Validity::For(90 * 86_400),
        label: "badge 1042".into(),
        personal: Object::new().with("given_name", "Ana").with("birthdate", "1990-04-01"),
    };
    let issued = issuer.issue(&order, &holder.public_key, "front desk", now().at(), &mut SystemRng)?;
    let mut bundle = issuer.publish(now().at())?.opened().clone();
    wallet.hold(&issued.credential, Some(&bundle), &now(), &mut SystemRng)?;
    println!("held: {} for {}", issued.record.id, order.roles.join(", "));

    // From here on nothing reaches the issuer.
    let mut state = DeviceState::new(&id);
    let mut pass = |bundle: &TrustBundle| -> Result<(), Box<dyn Error>> {
        let policy = RolePolicy::compile(bundle.policy())?;
        let mut door = Checkpoint::new(gate.clone(), bundle, &policy, state.clone());
        let moment = door.observe(&clock::read());
        let (challenge, request) =
            door.ask(Query::for_role(&[Format::SdJwtVc], &["nurse"], &[])?, "Entering the ward", &moment, &mut SystemRng);

        let asked = Asked::open(&request.sign(&door_key)?, Some(bundle), &now())?;
        let proposal = wallet.propose(asked, Some(bundle), &now())?;
        println!("shares {} claim(s), keeps {} private", proposal.discloses().len(), proposal.withholds().len());
        let presentation = proposal.approve(&mut SystemRng, &now())?;

        let (decision, commit) = door.step(presentation.as_bytes(), challenge, &moment, &mut SystemRng);
        // A gate stores the commit before it shows anything; this one only remembers it.
        door.committed(commit);
        state = door.state().clone();
        let age = decision.evidence.revocation.and_then(|age| age.seconds).unwrap_or_default();
        println!("{}: {} (list {age} s old)", decision.verdict.as_str(), decision.headline());
        Ok(())
    };
    pass(&bundle)?;

    // The badge is lost and withdrawn. The door cannot know, and says how old its list is.
    let grounds = Grounds { cause: Cause::Lost, note: String::new(), operator: "front desk".into() };
    issuer.revoke(&issued.record.id, &grounds, now().at())?;
    // Each publication has a second of its own.
    std::thread::sleep(std::time::Duration::from_millis(1100));
    let newer = issuer.publish(now().at())?;
    pass(&bundle)?;

    // The line is back.
    bundle.replace(newer.opened().clone())?;
    pass(&bundle)
}

fn vault(folder: &Path, kind: &str, factor: &Password) -> Result<Unlocked<'static>, Box<dyn Error>> {
    let (vault, _recovery) = waypass_machine::create(&folder.join(kind), kind, factor, KdfCost::Floor)?;
    vault.into_unlocked(&Factors::one(factor), &clock::read()).map_err(|(_, why)| why.into())
}

fn now() -> Moment {
    TimeGuard::observe(&TimeState::default(), &clock::read(), &Limits::default()).0
}
