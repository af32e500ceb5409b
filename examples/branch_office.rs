//! A branch whose link is broken issues on its own, within the limits head office signed for it, until its key is stolen.
//!
//! `cargo run --profile ci --example branch_office`. Head office trusts nobody alone: root and targets need two of three officers.

#[path = "cast/cast.rs"]
mod cast;

use cast::{Done, Gate, ONLINE, Person, hour, keys, vault};
use std::path::Path;
use waypass_credential::key::{Algorithm, PublicKey};
use waypass_issuer::Issuer;
use waypass_issuer::ceremony::{CeremonyError, Paper, Quorum, RootKeys};
use waypass_issuer::keys::{KeyRole, KeyUse, Keys};
use waypass_issuer::publish::Publication;
use waypass_issuer::sealed::Seal;
use waypass_issuer::settings::Settings;
use waypass_issuer::store::{MissingLog, SqliteStore};
use waypass_machine::SystemRng;
use waypass_trust::bundle::{self, Authority, BundleError};
use waypass_vault::KeyPurpose;

const OFFICERS: [(KeyRole, KeyPurpose); 2] = [(KeyRole::Root, KeyPurpose::Root), (KeyRole::Targets, KeyPurpose::Targets)];

fn main() -> Done<()> {
    let folder = tempfile::tempdir()?;
    let folder = folder.path();
    let open = |name| vault(folder, name);
    let (office, branch_office, ferry, pier) = (open("office")?, open("branch")?, open("ferry")?, open("pier")?);
    println!("Head office: root and targets belong to three officers, of whom two must sign.");
    let vaults = ["one", "two", "three"].into_iter().map(open).collect::<Done<Vec<_>>>()?;
    let officers = vaults.iter().map(|vault| keys(vault, &OFFICERS)).collect::<Done<Vec<_>>>()?;
    let online = keys(&office, &ONLINE)?;
    let root = RootKeys {
        root: quorum(&officers, KeyRole::Root, 2),
        targets: quorum(&officers, KeyRole::Targets, 2),
        snapshot: quorum([&online], KeyRole::Snapshot, 1),
        timestamp: quorum([&online], KeyRole::Timestamp, 1),
    };
    let seal = Seal::new(&Seal::new_key(&mut SystemRng), None);
    let mut head =
        Issuer::create(store(folder, "office")?, seal.clone(), Settings::new("Harbour", "https://harbour.example"), online, hour(0).wall)?;
    let paper = head.prepare_root(&root, hour(0).wall)?;
    head.assemble(&signed(&paper, &officers[..2], KeyRole::Root)?, hour(0).wall)?;

    println!("The branch has keys of its own. Its entry lets it speak of visitors, of the island, and of nothing else.");
    let branch_keys = || keys(&branch_office, &[&ONLINE[..], &OFFICERS].concat());
    let settings = Settings::new("Island", "https://island.example");
    let mut branch = Issuer::create(store(folder, "branch")?, seal.clone(), settings, branch_keys()?, hour(0).wall)?;
    let own = branch.publish(hour(0).wall)?;
    let (entry, lists) = limited(&own);
    head.add_authority(&entry, &lists, false, hour(0).wall)?;
    let (roles, at_ferry, at_pier) = (&["visitor", "admin"], ("Ferry", "island"), ("Pier", "harbour"));
    for (gate, name) in [(&ferry, at_ferry), (&pier, at_pier)] {
        head.enroll_gate(&Gate::enrolment(gate, name, hour(0))?, None, hour(0).wall)?;
    }
    believe(&mut head, &officers, 0)?;
    let believed = head.publish(hour(0).wall)?.opened().clone();
    let mut ferry = Gate::new(&ferry, at_ferry, roles, believed.clone())?;
    let mut pier = Gate::new(&pier, at_pier, roles, believed.clone())?;

    println!("The cable breaks. The branch goes on issuing; the ferry admits whom it may speak of.");
    let [dora, emil, thief] = ["Dora", "Emil", "Mal"].map(|name| Person::new(folder, name));
    let (dora, emil, thief) = (dora?, emil?, thief?);
    dora.enlist(&mut branch, "visitor", "island", &believed, hour(10))?;
    ferry.meet(&dora, hour(11), "allow: ok")?;
    pier.meet(&dora, hour(11), "deny: policy_denied")?;
    // Genuine, and believed by the branch itself: the branch only has no right to say it.
    emil.enlist(&mut branch, "admin", "harbour", own.opened(), hour(10))?;
    pier.meet(&emil, hour(11), "deny: issuer_not_authorised, issuer_not_authorised")?;

    println!("Somebody copies the branch's key. Whatever they sign is genuine, and the ferry cannot know.");
    thief.enlist(&mut branch, "visitor", "island", &believed, hour(20))?;
    ferry.meet(&thief, hour(21), "allow: ok")?;

    println!(
        "The branch gives the key up and takes a new one. One officer cannot change its entry; two can, and a stick goes to the ferry."
    );
    let new = branch_office.generate_key(Algorithm::EdDsa, KeyPurpose::Credential)?;
    let stolen = PublicKey::from_multikey(&branch.keys()?[0].multikey)?;
    branch.rotate_key(KeyUse::Credential, &new.public_key, hour(30).wall)?;
    branch.give_up_key(&stolen)?;
    drop(branch);
    let mut branch = Issuer::open(store(folder, "branch")?, seal, branch_keys()?)?;
    let (entry, lists) = limited(&branch.publish(hour(30).wall)?);
    head.add_authority(&entry, &lists, true, hour(30).wall)?;
    believe(&mut head, &officers, 30)?;
    let newer = head.publish(hour(30).wall)?;
    ferry.synchronise(newer.opened(), hour(31))?;
    ferry.meet(&thief, hour(31), "deny: key_compromised")?;
    // The thief of the key writes the date, so what it signed before counts for nothing either.
    ferry.meet(&dora, hour(31), "deny: key_compromised")?;
    dora.enlist(&mut branch, "visitor", "island", newer.opened(), hour(31))?;
    ferry.meet(&dora, hour(31), "allow: ok")
}

/// Two of three officers sign what the head office believes from now on; one of them alone gets nowhere.
fn believe(head: &mut Issuer<'_>, officers: &[Keys<'_>], hours: i64) -> Done<()> {
    let paper = head.prepare_targets(hour(hours).wall)?;
    let alone = head.assemble(&signed(&paper, &officers[..1], KeyRole::Targets)?, hour(hours).wall);
    assert!(matches!(alone, Err(CeremonyError::Refused(BundleError::Threshold { needed: 2, found: 1, .. }))), "{alone:?}");
    Ok(head.assemble(&signed(&paper, &officers[1..], KeyRole::Targets)?, hour(hours).wall)?)
}

/// Returns the branch's own entry, cut down to what head office lets it say, and its status lists.
fn limited(own: &Publication) -> (Authority, Vec<Vec<u8>>) {
    let mut entry = own.opened().authorities()[0].clone();
    entry.keys.retain(|key| matches!(key.key_use, bundle::KeyUse::Credential | bundle::KeyUse::Status));
    entry.roles = vec!["visitor".into()];
    entry.sites = vec!["island".into()];
    (entry, own.lists.iter().map(|(_, token)| token.clone().into_bytes()).collect())
}

/// Returns the steps on the officers' own machines: look at the paper, sign it, send it back.
fn signed(paper: &Paper, officers: &[Keys<'_>], role: KeyRole) -> Done<Vec<Paper>> {
    let signers = officers.iter().flat_map(|keys| keys.of(role));
    signers.map(|signer| Ok(Paper::parse(&paper.to_bytes())?.sign(signer)?)).collect()
}

fn quorum<'k>(holders: impl IntoIterator<Item = &'k Keys<'k>>, role: KeyRole, threshold: u32) -> Quorum {
    let keys = holders.into_iter().flat_map(|keys| keys.of(role)).map(|signer| signer.public_key().clone());
    Quorum { keys: keys.collect(), threshold }
}

fn store(folder: &Path, name: &str) -> Done<Box<SqliteStore>> {
    Ok(Box::new(SqliteStore::open(&folder.join(format!("{name}.db")), MissingLog::Accepted)?))
}
