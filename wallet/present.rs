//! Answering a gate: find the credential, say what it would show, and show it only when the holder agrees.

use crate::Wallet;
use crate::ask::{Asked, Asker};
use crate::credential_id::CredentialId;
use crate::error::{PresentError, WalletError};
use crate::history::{self, Detail, What};
use crate::records::Record;
use crate::show::{self, Card, KnownKeys, Standing};
use rand_core::CryptoRng;
use waypass_credential::ClaimPath;
use waypass_credential::Presentation;
use waypass_credential::request::Match;
use waypass_credential::sealed::seal;
use waypass_credential::time::Validity;
use waypass_trust::audit::Event;
use waypass_trust::bundle::TrustBundle;
use waypass_trust::time::Moment;

mod choose;
mod claims;
mod warning;

pub use claims::{Claim, ClaimKind};
pub use warning::Warning;

use choose::{Candidate, Place};
use claims::Claims;

/// An answer that could be given. Consent is a move: [`Proposal::approve`] and [`Proposal::decline`] consume it.
pub struct Proposal<'w, 'v> {
    wallet: &'w Wallet<'v>,
    asked: Asked,
    record: Record,
    card: Card,
    paths: Vec<ClaimPath>,
    shown: Claims,
    withheld: Vec<Claim>,
    warnings: Vec<Warning>,
    others: Vec<CredentialId>,
    bundle: Option<&'w TrustBundle>,
    to_unknown: bool,
}

/// An answer that the holder agreed to.
#[derive(Clone, Debug)]
pub struct Answer {
    presentation: Presentation,
    sealed: Option<Vec<u8>>,
}

impl Answer {
    /// Returns the bytes for the gate.
    pub fn as_bytes(&self) -> &[u8] {
        self.sealed.as_deref().unwrap_or_else(|| self.presentation.as_bytes())
    }

    /// Returns what the gate reads, once it has opened what is sealed.
    pub const fn presentation(&self) -> &Presentation {
        &self.presentation
    }
}

impl<'v> Wallet<'v> {
    /// Finds the credential that answers best: in force before anything else, then one that names the gate's site and zone, then the one
    /// that needs the fewest codes if the answer is shown as codes, then in the order the gate prefers, then the one that lasts longest.
    pub fn propose<'w>(&'w self, asked: Asked, bundle: Option<&'w TrustBundle>, at: &Moment) -> Result<Proposal<'w, 'v>, PresentError> {
        self.proposal(asked, None, bundle, at)
    }

    /// Like [`Self::propose`], with the credential the holder chose.
    pub fn propose_with<'w>(
        &'w self,
        asked: Asked,
        credential: CredentialId,
        bundle: Option<&'w TrustBundle>,
        at: &Moment,
    ) -> Result<Proposal<'w, 'v>, PresentError> {
        self.proposal(asked, Some(credential), bundle, at)
    }

    fn proposal<'w>(
        &'w self,
        asked: Asked,
        chosen: Option<CredentialId>,
        bundle: Option<&'w TrustBundle>,
        at: &Moment,
    ) -> Result<Proposal<'w, 'v>, PresentError> {
        let keys = self.known_keys()?;
        let candidates = choose::candidates(&self.vault, &asked, &keys, at)?;
        let (lost, usable): (Vec<_>, Vec<_>) = candidates.into_iter().partition(|candidate| candidate.missing.is_some());
        let is_chosen = |candidate: &Candidate| chosen.is_none_or(|chosen| chosen == candidate.id);
        if !lost.is_empty() && (usable.is_empty() || chosen.is_some() && lost.iter().any(&is_chosen)) {
            let is_so = |standing: Standing| lost.iter().any(|candidate| candidate.missing.as_ref() == Some(&standing));
            let ids = lost.iter().filter(|candidate| is_chosen(candidate)).map(|candidate| candidate.id).collect();
            return Err(match () {
                () if is_so(Standing::KeyAltered) => PresentError::KeysAltered(ids),
                () if is_so(Standing::KeyLost) => PresentError::KeysLost(ids),
                () => PresentError::KeysElsewhere(ids),
            });
        }
        let (record, card, found) = self.best(&asked, usable.iter().filter(|candidate| is_chosen(candidate)), &keys, bundle, at)?;
        let others = usable.iter().map(|candidate| candidate.id).filter(|id| *id != card.id).collect();
        let (shown, withheld) = {
            let verified = record.verified().ok_or(WalletError::Damaged(card.id))?;
            let disclosable = record.credential.disclosable().map_err(PresentError::Malformed)?;
            claims::split(verified.claims(), record.credential.format(), &disclosable, &found.paths)
        };
        let warnings = self.warnings(&asked, &card, &found.paths, (&shown.counted, &withheld.counted), at)?;
        Ok(Proposal {
            wallet: self,
            asked,
            record,
            card,
            paths: found.paths,
            shown,
            withheld: withheld.counted,
            warnings,
            others,
            bundle,
            to_unknown: false,
        })
    }

    /// Returns the first candidate that a gate can be expected to look at, else the first that can be shown at all.
    /// Only those that are looked at
    /// are verified: one, as a rule.
    fn best<'c>(
        &self,
        asked: &Asked,
        candidates: impl Iterator<Item = &'c Candidate>,
        keys: &KnownKeys,
        bundle: Option<&TrustBundle>,
        at: &Moment,
    ) -> Result<(Record, Card, Match), PresentError> {
        let mut first = None;
        for candidate in candidates {
            let Some(record) = choose::readable(&self.vault, candidate.id)? else { continue };
            let Some(card) = show::card(candidate.id, &record, keys, bundle, at) else { continue };
            let format = record.credential.format();
            let found =
                record.verified().and_then(|verified| asked.request().query.first_match(verified.claims(), format, &card.role.kind));
            let Some(found) = found else { continue };
            if card.standing.is_usable() {
                return Ok((record, card, found));
            }
            first.get_or_insert((record, card, found));
        }
        match first {
            Some(found) => Ok(found),
            None => Err(PresentError::NothingMatches(choose::missing(&self.vault, &asked.request().query)?)),
        }
    }

    fn warnings(
        &self,
        asked: &Asked,
        card: &Card,
        paths: &[ClaimPath],
        (shown, withheld): (&[Claim], &[Claim]),
        at: &Moment,
    ) -> Result<Vec<Warning>, WalletError> {
        let mut warnings = Vec::new();
        match asked.asker() {
            Asker::Known(_) => {}
            Asker::Lapsed(gate) => warnings.push(Warning::LapsedAsker { since: gate.not_after }),
            Asker::Unknown => warnings.push(Warning::UnknownAsker),
            Asker::NoBundle => warnings.push(Warning::NoBundle),
        }
        let asked_for = |claim: &Claim| paths.iter().any(|path| path.is_prefix_of(&claim.path) || claim.path.is_prefix_of(path));
        // A container whose content is withheld shows nothing about the person.
        let is_emptied = |claim: &Claim| withheld.iter().any(|kept| claim.path.is_prefix_of(&kept.path));
        let personal = shown.iter().filter(|claim| claim.kind == ClaimKind::Personal && !is_emptied(claim));
        let (over, along): (Vec<_>, Vec<_>) = personal.partition(|claim| asked_for(claim));
        let paths_of = |claims: Vec<&Claim>| claims.into_iter().map(|claim| claim.path.clone()).collect::<Vec<_>>();
        if !over.is_empty() {
            warnings.push(Warning::OverAsking { claims: paths_of(over) });
        }
        if !along.is_empty() {
            warnings.push(Warning::CannotWithhold { claims: paths_of(along) });
        }
        let mut before = self.history_with(&asked.request().client_id)?;
        before.retain(|entry| entry.event == Event::Presented.as_str());
        if let Some(last) = before.iter().map(|entry| entry.at).max() {
            warnings.push(Warning::SeenBefore { times: before.len(), last });
        }
        if let Some(gate) = asked.gate().filter(|gate| Place::of(&card.role, Some(gate)) != Place::Here) {
            warnings.push(Warning::Elsewhere { site: gate.site.clone(), zone: gate.zone.clone() });
        }
        if !card.standing.is_usable() {
            warnings.push(Warning::NotInForce(card.standing.clone()));
        }
        if let Some(doubt) = at.doubt() {
            warnings.push(Warning::ClockDoubt(doubt));
        }
        Ok(warnings)
    }
}

impl Proposal<'_, '_> {
    /// Returns the asker, and the purpose.
    pub fn asked(&self) -> &Asked {
        &self.asked
    }

    /// Returns the credential that would be shown, in its present state.
    pub fn card(&self) -> &Card {
        &self.card
    }

    /// Returns every claim about the holder that the gate would see, those included that the format cannot withhold:
    /// roles, where they hold, and
    /// what is personal, each value once.
    pub fn discloses(&self) -> &[Claim] {
        &self.shown.counted
    }

    /// Returns the claims that go along with every answer and tell nothing more about the holder: issuer, dates, status entry, holder key.
    pub fn technical(&self) -> &[Claim] {
        &self.shown.technical
    }

    /// Returns every claim the gate would not see.
    pub fn withholds(&self) -> &[Claim] {
        &self.withheld
    }

    /// Warnings that the holder should read first.
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// Returns other held credentials that would answer too, for [`Wallet::propose_with`].
    pub fn others(&self) -> &[CredentialId] {
        &self.others
    }

    /// The holder means to answer although no enrolled gate asks: a second word besides the consent.
    #[must_use]
    pub fn to_unknown(self) -> Self {
        Self { to_unknown: true, ..self }
    }

    /// Returns true if the answer is sealed, so that only the gate can read it: the question came as a code, and something personal is
    /// shown.
    pub fn is_sealed(&self) -> bool {
        self.asked.request().code.is_some() && self.shown.counted.iter().any(|claim| claim.kind == ClaimKind::Personal)
    }

    /// The holder agrees: makes the answer, checks that it shows what was agreed to and nothing else, seals it if it is to be sealed,
    /// writes the history, and only then releases it.
    pub fn approve(self, rng: &mut dyn CryptoRng, at: &Moment) -> Result<Answer, PresentError> {
        let request = self.asked.request();
        if !self.asked.is_enrolled() && !self.to_unknown {
            return Err(PresentError::NotEnrolled);
        }
        if Validity::ending(request.expires_at).is_over(at.at()) {
            return Err(PresentError::RequestExpired);
        }
        let vault = &self.wallet.vault;
        let signer = vault.signer(self.record.key)?;
        // The device's own reading, not the judged time: a gate compares it with its own clock.
        let presentation =
            self.record.credential.present(&self.paths, &request.binding(), at.at(), &signer, rng).map_err(|why| match why {
                waypass_credential::PresentError::Malformed(why) => PresentError::Malformed(why),
                waypass_credential::PresentError::Sign(why) => PresentError::Sign(why),
                waypass_credential::PresentError::NoSuchClaim(_) | waypass_credential::PresentError::NotTheHolder => {
                    PresentError::NotWhatWasAgreed
                }
            })?;
        let verified = self.record.verify(presentation.credential()).ok_or(PresentError::NotWhatWasAgreed)?;
        if !claims::same(&claims::all(verified.claims(), self.card.format), self.shown.iter()) {
            return Err(PresentError::NotWhatWasAgreed);
        }
        let sealed = match &request.code {
            Some(code) if self.is_sealed() => Some(seal(presentation.as_bytes(), &code.recipient, &code.digest, rng)?),
            _ => None,
        };
        self.record(Event::Presented, rng, at)?;
        Ok(Answer { presentation, sealed })
    }

    /// The holder does not agree; that is remembered too.
    pub fn decline(self, rng: &mut dyn CryptoRng, at: &Moment) -> Result<(), PresentError> {
        Ok(self.record(Event::Declined, rng, at)?)
    }

    fn record(&self, event: Event, rng: &mut dyn CryptoRng, at: &Moment) -> Result<(), WalletError> {
        let request = self.asked.request();
        let known = matches!(self.asked.asker(), Asker::Known(_) | Asker::Lapsed(_));
        let detail = Detail {
            credential: Some(self.card.id),
            issuer: Some(self.card.issuer_name.clone()),
            gate: Some(request.client_id.clone()),
            gate_name: known.then(|| self.asked.asker_name().to_owned()),
            purpose: Some(request.purpose.clone()),
            claims: self.shown.counted.iter().map(|claim| claim.path.to_string()).collect(),
            ..Detail::default()
        };
        let vault = &self.wallet.vault;
        vault.batch(|batch| history::append(vault, batch, What { event, detail: &detail, bundle: self.bundle }, at, rng))
    }
}

#[cfg(test)]
mod tests {
    use crate::tests::site::{Site, guest, moment, noon};
    use crate::{Asked, PresentError};
    use waypass_credential::Format;
    use waypass_machine::SystemRng;

    /// The last look before an answer leaves: what would show something else than was agreed to is not given.
    #[test]
    fn what_was_not_agreed_to_is_not_shown() {
        let (site, (wallet, key)) = (Site::new(), guest());
        let (bundle, at) = (site.bundle(), moment(noon()));
        wallet.hold(&site.issue(Format::SdJwtVc, &key, |_| {}), Some(&bundle), &at, &mut SystemRng).expect("held");
        let asked = Asked::open(&site.ask(&["surgeon"], &[]), Some(&bundle), &at).expect("a good request");
        let mut proposal = wallet.propose(asked, Some(&bundle), &at).expect("an answer");
        proposal.paths = proposal.record.credential.disclosable().expect("readable");
        assert!(matches!(proposal.approve(&mut SystemRng, &at), Err(PresentError::NotWhatWasAgreed)));
        assert_eq!(wallet.history().expect("readable").len(), 1, "that it was held");
    }
}
