//! Issuing to many people: in few transactions, and to each person once, however often the work is cut off and begun again.
//!
//! The id of such a credential is made of what it is issued for, under the seal's key. So the record itself says that this person was
//! issued to: it is written by the transaction that issues, and no second list could disagree with it.

use super::{Bearer, IssueError, Issued, Means, Order, Ready, issued_event};
use crate::office::Issuer;
use crate::store::{CredentialRecord, Entry, State, StoreError};
use rand_core::CryptoRng;
use waypass_credential::json::{self, Object, Value};
use waypass_credential::key::{Algorithm, PublicKey};
use waypass_credential::role::Mechanism;
use waypass_credential::time::{Timestamp, Validity};
use waypass_credential::{Credential, did, jcs};
use waypass_trust::bundle::ListKind;

/// One of many people that are issued to.
#[derive(Clone, PartialEq, Debug)]
pub struct Person {
    /// What the credential is issued for.
    pub occasion: Occasion,
    /// The order.
    pub order: Order,
    /// The holder key.
    pub holder: PublicKey,
}

/// What a credential is issued for. For one occasion there is one credential.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Occasion {
    /// An order for a holder, in the run of this name. Another name, or a change in the order, is for another credential.
    Run(String),
    /// The end of the credential with this id.
    Renewal(String),
}

/// What there is for a person.
#[derive(Clone, PartialEq, Debug)]
pub enum Found {
    /// No credential yet.
    Nothing,
    /// The credential that was issued before.
    Before(Box<CredentialRecord>),
    /// Nothing, and the order cannot be issued.
    Refused(IssueError),
}

/// The file of a credential that is on record.
#[derive(Clone, Debug)]
pub struct File<'p> {
    /// The person that it is for.
    pub person: &'p Person,
    /// The record.
    pub record: &'p CredentialRecord,
    /// The bytes in the file, if there is one.
    pub held: Option<Vec<u8>>,
}

/// The bytes that belong into a file; `None` if nothing is to be written.
pub type Copied = Result<Option<Vec<u8>>, IssueError>;

impl Issuer<'_> {
    /// Returns what there is for each person, and checks the orders of the others as far as that can be done without issuing.
    pub fn look_up(&mut self, people: &[Person], at: Timestamp, rng: &mut dyn CryptoRng) -> Result<Vec<Found>, IssueError> {
        self.follow_settings()?;
        let means = self.means()?;
        let mut found = Vec::with_capacity(people.len());
        for (person, (_, held)) in people.iter().zip(self.held_for(people)?) {
            let Person { order, holder, .. } = person;
            found.push(match held {
                Some(record) => Found::Before(Box::new(record)),
                None => {
                    match self
                        .ready(&means, order, Bearer::OfKey(holder), at)
                        .and_then(|ready| self.try_signing(&means, order, ready.claims, at, rng))
                    {
                        Ok(()) => Found::Nothing,
                        Err(IssueError::Store(why)) => return Err(why.into()),
                        Err(why) => Found::Refused(why),
                    }
                }
            });
        }
        Ok(found)
    }

    /// Issues to all of them in one transaction, and to none if one order is refused. Returns a credential for each person who had
    /// none; for the others there is a record.
    pub fn issue_all(
        &mut self,
        people: &[Person],
        operator: &str,
        at: Timestamp,
        rng: &mut dyn CryptoRng,
    ) -> Result<Vec<Result<Issued, Box<CredentialRecord>>>, IssueError> {
        self.follow_settings()?;
        let means = self.means()?;
        let issued = issued_event(operator, at);
        loop {
            let held = self.held_for(people)?;
            let mut wanted: Vec<(&Person, String, Ready)> = Vec::new();
            for (person, (id, _)) in people.iter().zip(&held).filter(|(_, (_, held))| held.is_none()) {
                wanted.push((person, id.clone(), self.ready(&means, &person.order, Bearer::OfKey(&person.holder), at)?));
            }
            let mut entries = self.entries_for(&wanted, rng)?;
            let mut made = Vec::with_capacity(wanted.len());
            for ((person, id, mut ready), drawn) in wanted.into_iter().zip(&mut entries) {
                made.push(self.make(&means, &person.order, &mut ready, (id, core::mem::take(drawn)), at, rng)?);
            }
            let done = self.store.transact(|tx| {
                made.iter().try_for_each(|made| {
                    tx.add_credential(&made.record, &made.entries, &issued, None)?;
                    tx.name_credential(&made.record.id, made.credential.as_bytes())
                })
            });
            match done {
                Ok(()) => {
                    let mut made = made.into_iter();
                    return Ok(held
                        .into_iter()
                        .filter_map(|(_, held)| match held {
                            Some(record) => Some(Err(Box::new(record))),
                            None => made.next().map(|made| {
                                let (credential, suites) = (made.credential.as_bytes().to_vec(), made.credential.suites());
                                Ok(Issued { record: made.record, credential, suites })
                            }),
                        })
                        .collect());
                }
                // Another process drew one of the entries, or issued to one of these people.
                Err(StoreError::Taken)
                    if self.is_overtaken(&made.iter().flat_map(|made| made.drawn.clone()).collect::<Vec<_>>(), &held)? => {}
                Err(why) => return Err(why.into()),
            }
        }
    }

    /// Signs credentials that are on record once more, for files that were lost: the same statements, in the same entries, by the same
    /// keys. Makes nothing of one that is not in force at `at`, or whose file is there.
    pub fn copies(&mut self, files: &[File<'_>], at: Timestamp, rng: &mut dyn CryptoRng) -> Result<Vec<Copied>, IssueError> {
        self.follow_settings()?;
        let means = self.means()?;
        let mut copies = Vec::with_capacity(files.len());
        for file in files {
            copies.push(if self.is_needless(&means, file, at) { Ok(None) } else { self.copy(&means, file, rng)? });
        }
        // A wallet shows another id for each copy.
        let made: Vec<(&str, &[u8])> =
            files.iter().zip(&copies).filter_map(|(file, copy)| Some((&*file.record.id, copy.as_ref().ok()?.as_deref()?))).collect();
        if !made.is_empty() {
            self.store.transact(|tx| made.iter().try_for_each(|(id, bytes)| tx.name_credential(id, bytes)))?;
        }
        Ok(copies)
    }

    fn copy(&self, means: &Means, file: &File<'_>, rng: &mut dyn CryptoRng) -> Result<Copied, IssueError> {
        let File { person, record, .. } = *file;
        // As at the time when it was issued: dates and rounding come out alike.
        let mut ready = match self.ready(means, &person.order, Bearer::OfKey(&person.holder), record.issued_at) {
            Ok(ready) => ready,
            Err(IssueError::Store(why)) => return Err(why.into()),
            Err(why) => return Ok(Err(why)),
        };
        if ready.claims.key_id.as_ref() != Some(&record.key_id) {
            return Ok(Err(IssueError::OtherKey(record.id.clone())));
        }
        (ready.claims.valid_from, ready.claims.valid_until) = (record.valid_from, record.valid_until);
        let drawn = match ready.kind {
            ListKind::Token => vec![Entry { list: record.list, index: record.index }],
            ListKind::Bitstring => self.store.entries(&record.id)?,
        };
        let made = self.make(means, &person.order, &mut ready, (record.id.clone(), drawn), record.issued_at, rng)?;
        Ok(Ok(Some(made.credential.as_bytes().to_vec())))
    }

    /// Returns true if no copy is wanted: of a credential that is over, or whose file is what it should be. The claims in it tell that,
    /// unverified.
    fn is_needless(&self, means: &Means, file: &File<'_>, at: Timestamp) -> bool {
        let File { record, held, .. } = file;
        if record.state != State::Valid || Validity::ending(record.valid_until).is_over(at) {
            return true;
        }
        let Some(Ok(credential)) = held.as_ref().map(|bytes| Credential::parse(bytes, &means.contexts)) else { return false };
        let Ok(untrusted) = credential.untrusted() else { return false };
        let (uri, role) = (self.settings.list_uri(record.list), untrusted.role);
        role.status.iter().any(|entry| entry.uri == uri && entry.index == u64::from(record.index))
    }

    /// Returns what is issued to the holders of these credentials when they are renewed: the same in the same format, by a key of the
    /// same kind. The office keeps no personal claims, so `personal` has those of the new credentials.
    pub fn renewals(
        &self,
        records: &[CredentialRecord],
        validity: super::Validity,
        personal: &Object<'static>,
    ) -> Result<Vec<Person>, StoreError> {
        let lists = self.store.lists()?;
        let renewal = |record: &CredentialRecord| {
            let key = |did: &str| did::resolve(did).map_err(|_| StoreError::Corrupt("the key of a credential"));
            let signer = key(record.key_id.split('#').next().unwrap_or_default())?;
            let is_bitstring = lists.iter().any(|list| list.id == record.list && list.mechanism != Mechanism::TokenList);
            let order = Order {
                format: record.format,
                algorithm: Some(signer.algorithm()),
                suites: Vec::new(),
                status: Some(if is_bitstring { ListKind::Bitstring } else { ListKind::Token }),
                roles: record.roles.clone(),
                sites: record.sites.clone(),
                zones: record.zones.clone(),
                valid_from: None,
                validity,
                label: record.label.clone(),
                personal: personal.clone(),
            };
            Ok(Person { occasion: Occasion::Renewal(record.id.clone()), order, holder: key(&record.holder)? })
        };
        records.iter().map(renewal).collect()
    }

    /// Returns the id of each person's credential, and the credential if there is one.
    fn held_for(&self, people: &[Person]) -> Result<Vec<(String, Option<CredentialRecord>)>, StoreError> {
        let what: Vec<Vec<u8>> = people.iter().map(Person::what).collect();
        let ids: Vec<String> = what.iter().map(|what| self.store.id_for(what, 0)).collect();
        let found = self.store.credentials_of(&ids)?;
        let mut held = Vec::with_capacity(people.len());
        for (((person, what), id), found) in people.iter().zip(&what).zip(ids).zip(found) {
            let (mut id, mut found, mut attempt) = (id, found, 0);
            // Ids have 48 bits, and another credential may have come to this one by chance.
            while found.as_ref().is_some_and(|record| !person.is_in(record)) {
                attempt += 1;
                id = self.store.id_for(what, attempt);
                found = self.store.credential(&id)?;
            }
            held.push((id, found));
        }
        Ok(held)
    }

    /// Draws the entries of each, in the order of the people.
    fn entries_for(&mut self, wanted: &[(&Person, String, Ready)], rng: &mut dyn CryptoRng) -> Result<Vec<Vec<Entry>>, StoreError> {
        let mut entries = vec![Vec::new(); wanted.len()];
        let mut done = vec![false; wanted.len()];
        while let Some(first) = done.iter().position(|done| !done) {
            let mechanisms = &wanted[first].2.mechanisms;
            let alike: Vec<usize> = (first..wanted.len()).filter(|at| !done[*at] && wanted[*at].2.mechanisms == *mechanisms).collect();
            for (at, drawn) in alike.iter().zip(self.draw(mechanisms, alike.len(), rng)?) {
                (entries[*at], done[*at]) = (drawn, true);
            }
        }
        Ok(entries)
    }

    fn is_overtaken(&self, drawn: &[Entry], held: &[(String, Option<CredentialRecord>)]) -> Result<bool, StoreError> {
        let ids: Vec<String> = held.iter().filter(|(_, held)| held.is_none()).map(|(id, _)| id.clone()).collect();
        Ok(self.is_any_taken(drawn)? || self.store.credentials_of(&ids)?.iter().any(Option::is_some))
    }
}

impl Person {
    /// Returns what the credential is issued for, as bytes.
    fn what(&self) -> Vec<u8> {
        match &self.occasion {
            Occasion::Renewal(of) => json::to_string(&("renewal", of)).into_bytes(),
            Occasion::Run(run) => {
                let Order { format, algorithm, suites, status, roles, sites, zones, valid_from, validity, label, personal } = &self.order;
                let suites: Vec<&str> = suites.iter().map(|suite| suite.name()).collect();
                let made = (format.as_str(), algorithm.map(Algorithm::jose_name), suites, status);
                let validity = match validity {
                    super::Validity::For(seconds) => (Some(*seconds), None),
                    super::Validity::Until(end) => (None, Some(end.unix())),
                };
                let times = (valid_from.map(Timestamp::unix), validity);
                let text = json::to_string(&("run", run, made, times, did::to_did_key(&self.holder), roles, sites, zones, label));
                [text.into_bytes(), jcs::to_vec(&Value::Object(personal.clone()))].concat()
            }
        }
    }

    /// Returns true if this is the record of this person's credential.
    fn is_in(&self, record: &CredentialRecord) -> bool {
        let Order { roles, sites, zones, .. } = &self.order;
        let is_alike = (roles, sites, zones) == (&record.roles, &record.sites, &record.zones);
        is_alike && record.holder == did::to_did_key(&self.holder)
    }
}

#[cfg(test)]
mod tests;
