use super::site::{DAY, HOUR, INDEX, Key, Site, ask_by, guest, guest_on, moment, noon, unsigned};
use crate::{Answer, AskError, Asked, Asker, ClaimKind, CredentialId, Missing, PresentError, Proposal, Standing, Wallet, Warning};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use waypass_credential::Binding;
use waypass_credential::ClaimPath;
use waypass_credential::jsonld::KnownContexts;
use waypass_credential::key::{PublicKey, Signer};
use waypass_credential::recipient::{Recipient, RecipientSecret};
use waypass_credential::request::{Request, RequestError};
use waypass_credential::sealed::Sealed;
use waypass_credential::time::Timestamp;
use waypass_credential::{Format, Presentation};
use waypass_machine::SystemRng;
use waypass_trust::bundle::TrustBundle;
use waypass_vault::{Change, MemoryStorage, Room, Space, Storage, StorageError};

struct Holder {
    wallet: Wallet<'static>,
    key: PublicKey,
    site: Site,
    bundle: TrustBundle,
}

impl Holder {
    /// Holds one credential in each of `formats`.
    fn new(formats: &[Format]) -> (Self, Vec<CredentialId>) {
        let site = Site::new();
        let (wallet, key) = guest();
        let bundle = site.bundle();
        let holder = Self { wallet, key, site, bundle };
        let ids = formats.iter().map(|format| holder.hold(&holder.site.issue(*format, &holder.key, |_| {}))).collect();
        (holder, ids)
    }

    fn hold(&self, bytes: &[u8]) -> CredentialId {
        self.wallet.hold(bytes, Some(&self.bundle), &moment(noon()), &mut SystemRng).expect("held").id
    }

    fn asked(&self, roles: &[&str], also: &[ClaimPath]) -> Asked {
        Asked::open(&self.site.ask(roles, also), Some(&self.bundle), &moment(noon())).expect("a good request")
    }

    fn propose(&self, asked: Asked) -> Result<Proposal<'_, 'static>, PresentError> {
        self.wallet.propose(asked, Some(&self.bundle), &moment(noon()))
    }
}

/// Rows in memory that have no more room once they are told so.
struct Filling {
    rows: MemoryStorage,
    is_full: Arc<AtomicBool>,
}

impl Storage for Filling {
    fn get(&self, space: Space, key: &[u8]) -> Result<Option<Vec<u8>>, StorageError> {
        self.rows.get(space, key)
    }

    fn scan(&self, space: Space, prefix: &[u8], visit: &mut dyn FnMut(&[u8], &[u8])) -> Result<(), StorageError> {
        self.rows.scan(space, prefix, visit)
    }

    fn commit(&self, changes: &[Change]) -> Result<(), StorageError> {
        if self.is_full.load(Ordering::Relaxed) {
            return Err(StorageError::Full { place: "the rows in memory".into(), room: Room::Disk });
        }
        self.rows.commit(changes)
    }

    fn compact(&self) -> Result<(), StorageError> {
        self.rows.compact()
    }
}

fn name(text: &str) -> ClaimPath {
    ClaimPath::names(text.split('.'))
}

fn paths(claims: &[crate::Claim], kind: ClaimKind) -> Vec<String> {
    claims.iter().filter(|claim| claim.kind == kind).map(|claim| claim.path.to_string()).collect()
}

fn roles(claims: &[crate::Claim]) -> Vec<&str> {
    claims.iter().filter(|claim| claim.kind == ClaimKind::Role).map(|claim| claim.value.as_str()).collect()
}

/// As a gate would check it: the holder's signature over this nonce for this audience, and what is readable.
fn seen(answer: &Answer, asked: &Asked, holder: &Holder) -> String {
    let shown = Presentation::parse(answer.as_bytes(), &KnownContexts::new()).expect("readable");
    shown.verify_holder(&holder.key, &asked.request().binding()).expect("the holder's answer");
    let verified = shown.credential().verify(holder.site.issuer.public_key()).expect("the issuer's");
    waypass_credential::json::to_string(verified.claims())
}

#[test]
fn shows_exactly_what_was_agreed_to() {
    let (holder, _) = Holder::new(&[Format::SdJwtVc]);
    let asked = holder.asked(&["surgeon"], &[]);
    let proposal = holder.propose(asked.clone()).expect("an answer");
    assert_eq!(proposal.asked().asker_name(), "East door");
    assert_eq!(roles(proposal.discloses()), ["surgeon"]);
    assert_eq!(paths(proposal.discloses(), ClaimKind::Scope), ["sites[0]", "zones[0]"]);
    assert_eq!(paths(proposal.discloses(), ClaimKind::Personal), [""; 0]);
    assert_eq!(proposal.discloses().len(), 3, "one role, one site, one zone");
    let mut technical: Vec<_> = proposal.technical().iter().map(|claim| claim.path.to_string()).collect();
    technical.sort();
    let members =
        ["cnf.jwk.crv", "cnf.jwk.kty", "cnf.jwk.x", "exp", "iat", "iss", "nbf", "status.status_list.idx", "status.status_list.uri", "vct"];
    assert_eq!(technical, members);
    assert_eq!(roles(proposal.withholds()), ["staff"]);
    let mut private = paths(proposal.withholds(), ClaimKind::Personal);
    private.sort();
    assert_eq!(private, ["address.country", "address.locality", "family_name", "given_name"]);
    assert_eq!(proposal.warnings(), []);
    let answer = proposal.approve(&mut SystemRng, &moment(noon())).expect("agreed");
    let text = seen(&answer, &asked, &holder);
    assert!(text.contains("surgeon"), "{text}");
    // In quotes: a key's text may have such letters by chance.
    for secret in ["\"staff\"", "\"Ada\"", "Lovelace", "London", "\"GB\""] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
}

/// A VCDM document in an SD-JWT withholds as an SD-JWT VC does, and consent counts the same.
#[test]
fn a_document_in_an_sd_jwt_shows_exactly_what_was_agreed_to() {
    let (holder, _) = Holder::new(&[Format::VcSdJwt]);
    let text = ask_by(&holder.site.gate, &[Format::VcSdJwt], &["surgeon"], &[name("family_name")]);
    let asked = Asked::open(&text, Some(&holder.bundle), &moment(noon())).expect("a good request");
    let proposal = holder.propose(asked.clone()).expect("an answer");
    assert_eq!(roles(proposal.discloses()), ["surgeon"]);
    assert_eq!(paths(proposal.discloses(), ClaimKind::Scope), ["credentialSubject.sites[0]", "credentialSubject.zones[0]"]);
    assert_eq!(paths(proposal.discloses(), ClaimKind::Personal), ["credentialSubject.family_name"]);
    assert_eq!(proposal.discloses().len(), 4, "one role, one site, one zone, one name");
    assert!(proposal.technical().iter().all(|claim| !claim.path.to_string().starts_with("cnf")), "the holder key stands in the subject");
    assert_eq!(roles(proposal.withholds()), ["staff"]);
    let private = ["email", "given_name", "staff_id"].map(|name| format!("credentialSubject.{name}"));
    assert_eq!(paths(proposal.withholds(), ClaimKind::Personal), private);
    let text = seen(&proposal.approve(&mut SystemRng, &moment(noon())).expect("agreed"), &asked, &holder);
    assert!(text.contains("surgeon") && text.contains("Lovelace"), "{text}");
    for secret in ["\"staff\"", "\"Ada\"", "ada@clinic", "S-7"] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
}

#[test]
fn asking_for_more_is_answered_and_warned_about() {
    let (holder, _) = Holder::new(&[Format::SdJwtVc]);
    let asked = holder.asked(&["staff"], &[name("family_name"), name("address.locality")]);
    let proposal = holder.propose(asked.clone()).expect("an answer");
    let mut over = paths(proposal.discloses(), ClaimKind::Personal);
    over.sort();
    assert_eq!(over, ["address.locality", "family_name"]);
    let [Warning::OverAsking { claims }] = proposal.warnings() else { panic!("{:?}", proposal.warnings()) };
    assert_eq!(claims.len(), 2);
    let text = seen(&proposal.approve(&mut SystemRng, &moment(noon())).expect("agreed"), &asked, &holder);
    assert!(text.contains("Lovelace") && text.contains("London"));
    assert!(!text.contains("\"Ada\"") && !text.contains("\"GB\""), "{text}");
}

#[test]
fn a_format_that_cannot_withhold_says_so() {
    let (holder, _) = Holder::new(&[Format::DataIntegrity]);
    let asked = holder.asked(&["staff"], &[name("family_name")]);
    let proposal = holder.propose(asked.clone()).expect("an answer");
    assert_eq!(proposal.withholds(), []);
    // Two roles, a site, a zone, and four personal claims.
    assert_eq!(proposal.discloses().len(), 8);
    assert!(proposal.technical().iter().all(|claim| claim.kind == ClaimKind::Technical));
    let [Warning::OverAsking { claims: over }, Warning::CannotWithhold { claims: along }] = proposal.warnings() else {
        panic!("{:?}", proposal.warnings())
    };
    assert_eq!(over, &[name("credentialSubject.family_name")]);
    assert_eq!(along.len(), 3);
    let text = seen(&proposal.approve(&mut SystemRng, &moment(noon())).expect("agreed"), &asked, &holder);
    assert!(text.contains("Ada") && text.contains("S-7"));
}

#[test]
fn consent_withheld_shows_nothing_and_is_remembered() {
    let (holder, _) = Holder::new(&[Format::SdJwtVc]);
    let proposal = holder.propose(holder.asked(&["staff"], &[])).expect("an answer");
    proposal.decline(&mut SystemRng, &moment(noon())).expect("noted");
    let history = holder.wallet.history().expect("readable");
    let declined = history.last().expect("an entry");
    assert_eq!(declined.event, "declined");
    let detail = declined.detail.as_ref().expect("kept");
    assert_eq!((detail.gate_name.as_deref(), detail.purpose.as_deref()), (Some("East door"), Some("Entry to the ward")));
    // A refusal is no reason to warn next time.
    assert_eq!(holder.propose(holder.asked(&["staff"], &[])).expect("an answer").warnings(), []);
}

#[test]
fn a_gate_that_has_seen_it_before_is_named() {
    let (holder, _) = Holder::new(&[Format::SdJwtVc]);
    for _ in 0..2 {
        let proposal = holder.propose(holder.asked(&["staff"], &[])).expect("an answer");
        proposal.approve(&mut SystemRng, &moment(noon().plus(5))).expect("agreed");
    }
    let proposal = holder.propose(holder.asked(&["staff"], &[])).expect("an answer");
    assert_eq!(proposal.warnings(), [Warning::SeenBefore { times: 2, last: noon().plus(5) }]);
    assert_eq!(holder.wallet.history_with(&holder.site.gate.did()).expect("readable").len(), 2);
    let other = Asked::open(&ask_by(&Key::new(41), &[Format::SdJwtVc], &[], &[]), Some(&holder.bundle), &moment(noon()));
    let proposal = holder.propose(other.expect("a good request")).expect("an answer");
    assert_eq!(proposal.warnings(), [Warning::LapsedAsker { since: noon().plus(-DAY) }]);
}

#[test]
fn whoever_asks_is_named_for_what_they_are() {
    let (holder, _) = Holder::new(&[Format::SdJwtVc]);
    let stranger = ask_by(&Key::new(66), &[Format::SdJwtVc], &["staff"], &[]);
    let asked = Asked::open(&stranger, Some(&holder.bundle), &moment(noon())).expect("signed by itself");
    assert_eq!((asked.asker(), asked.asker_name()), (&Asker::Unknown, "unknown person"));
    assert_eq!(holder.propose(asked).expect("an answer").warnings(), [Warning::UnknownAsker]);
    let asked = Asked::open(&stranger, None, &moment(noon())).expect("signed by itself");
    assert_eq!(holder.wallet.propose(asked, None, &moment(noon())).expect("an answer").warnings(), [Warning::NoBundle]);
}

/// A gate's enrolment is over at the second of its end, as a gate sees it too.
#[test]
fn a_gate_whose_enrolment_ends_now_has_lapsed() {
    let (holder, _) = Holder::new(&[Format::SdJwtVc]);
    let gate = holder.bundle.gate(&holder.site.gate.did()).expect("enrolled");
    let asker = |at: Timestamp| {
        let mut request = Request::open(&holder.site.ask(&["staff"], &[])).expect("a good request");
        (request.issued_at, request.expires_at) = (at, at.plus(60));
        let text = request.sign(&holder.site.gate).expect("signed");
        matches!(Asked::open(&text, Some(&holder.bundle), &moment(at)).expect("in time").asker(), Asker::Lapsed(_))
    };
    assert_eq!([gate.not_after.plus(-1), gate.not_after].map(asker), [false, true]);
}

#[test]
fn requests_that_are_late_early_or_changed_are_not_answered() {
    let site = Site::new();
    let text = site.ask(&["staff"], &[]);
    let open = |text: &str, at: i64| Asked::open(text, None, &unsigned(noon().plus(at)));
    assert!(matches!(open(&text, 60), Err(AskError::Expired { .. })));
    assert!(open(&text, 59).is_ok());
    assert!(open(&text, -120).is_ok());
    assert!(matches!(open(&text, -130), Err(AskError::Ahead { seconds: 130 })));
    let mut changed = text.clone();
    changed.replace_range(text.len() - 10..text.len() - 9, if text.as_bytes()[text.len() - 10] == b'A' { "B" } else { "A" });
    assert!(matches!(open(&changed, 0), Err(AskError::Request(RequestError::InvalidProof))));
    assert!(matches!(open("hello", 0), Err(AskError::Request(_))));
}

#[test]
fn an_answer_that_took_too_long_is_not_given() {
    let (holder, _) = Holder::new(&[Format::SdJwtVc]);
    let proposal = holder.propose(holder.asked(&["staff"], &[])).expect("an answer");
    let late = proposal.approve(&mut SystemRng, &moment(noon().plus(60)));
    assert!(matches!(late, Err(PresentError::RequestExpired)));
    assert_eq!(holder.wallet.history().expect("readable").len(), 1, "nothing was shown, nothing is recorded");
}

#[test]
fn the_gates_order_decides_then_what_lasts_longest() {
    let (holder, ids) = Holder::new(&[Format::DataIntegrity, Format::SdJwtVc]);
    let longer = holder.hold(&holder.site.issue(Format::SdJwtVc, &holder.key, |claims| claims.valid_until = noon().plus(40 * DAY)));
    let proposal = holder.propose(holder.asked(&["staff"], &[])).expect("an answer");
    assert_eq!(proposal.card().id, longer);
    assert_eq!(proposal.others(), [ids[1], ids[0]]);
    let other_way = ask_by(&holder.site.gate, &[Format::DataIntegrity, Format::SdJwtVc], &["staff"], &[]);
    let asked = Asked::open(&other_way, Some(&holder.bundle), &moment(noon())).expect("a good request");
    assert_eq!(holder.propose(asked.clone()).expect("an answer").card().id, ids[0]);
    let chosen = holder.wallet.propose_with(asked.clone(), ids[1], Some(&holder.bundle), &moment(noon())).expect("an answer");
    assert_eq!(chosen.card().id, ids[1]);
    let unknown = holder.wallet.propose_with(asked, CredentialId::of(b"x"), Some(&holder.bundle), &moment(noon()));
    assert!(matches!(unknown.map(drop), Err(PresentError::NothingMatches(_))));
}

#[test]
fn one_in_force_comes_before_one_that_is_not() {
    let (mut holder, ids) = Holder::new(&[Format::SdJwtVc]);
    holder.site.list.set(INDEX, 1).expect("in the list");
    let revoked = holder.site.bundle();
    let ask = || Asked::open(&holder.site.ask(&["staff"], &[]), Some(&revoked), &moment(noon())).expect("a good request");
    let proposal = holder.wallet.propose(ask(), Some(&revoked), &moment(noon())).expect("an answer");
    assert_eq!(proposal.warnings(), [Warning::NotInForce(Standing::Withdrawn)]);
    assert_eq!(proposal.card().id, ids[0]);
    let good = holder.hold(&holder.site.issue(Format::DataIntegrity, &holder.key, |claims| {
        claims.status[0].index = 8;
    }));
    let proposal = holder.wallet.propose(ask(), Some(&revoked), &moment(noon())).expect("an answer");
    assert_eq!((proposal.card().id, proposal.others()), (good, &ids[..]));
}

#[test]
fn nothing_that_fits_is_no_answer_and_says_what_is_missing() {
    let (holder, _) = Holder::new(&[Format::SdJwtVc]);
    let says = |asked: Asked| match holder.propose(asked).map(drop) {
        Err(PresentError::NothingMatches(missing)) => missing.to_string(),
        other => panic!("{other:?}"),
    };
    assert_eq!(says(holder.asked(&["mayor", "judge"], &[])), "none has the role mayor, judge");
    assert_eq!(says(holder.asked(&["staff"], &[name("shoe_size")])), "the one with the role lacks shoe_size");
    let other = ask_by(&holder.site.gate, &[Format::VcCose, Format::VcJwt], &["staff"], &[]);
    let other = Asked::open(&other, Some(&holder.bundle), &moment(noon())).expect("a good request");
    assert_eq!(says(other), "the gate asks for the format vc+cose, jwt_vc_json, held is dc+sd-jwt");
    let (empty, _) = Holder::new(&[]);
    let nothing = empty.propose(empty.asked(&["staff"], &[])).map(drop);
    assert!(matches!(nothing, Err(PresentError::NothingMatches(Missing::Everything))));
}

/// Of two that answer, the one that names the gate's site and zone is shown: the gate would refuse the other, however long it lasts.
#[test]
fn where_the_gate_stands_decides_before_its_preferences() {
    let (holder, ids) = Holder::new(&[Format::SdJwtVc]);
    holder
        .wallet
        .remove(holder.wallet.removal(ids[0], None, &moment(noon())).expect("there"), &moment(noon()), &mut SystemRng)
        .expect("gone");
    let issue = |format, zone: &str, days: i64| {
        holder.hold(&holder.site.issue(format, &holder.key, |claims| {
            claims.zones = vec![zone.into()];
            claims.valid_until = noon().plus(days * DAY);
        }))
    };
    let lab = issue(Format::SdJwtVc, "lab", 40);
    let proposal = holder.propose(holder.asked(&["staff"], &[])).expect("an answer");
    assert_eq!(proposal.card().id, lab);
    assert_eq!(proposal.warnings(), [Warning::Elsewhere { site: "clinic".into(), zone: "ward".into() }]);
    let ward = issue(Format::DataIntegrity, "ward", 10);
    let proposal = holder.propose(holder.asked(&["staff"], &[])).expect("an answer");
    assert_eq!((proposal.card().id, proposal.others()), (ward, &[lab][..]));
    assert!(!proposal.warnings().iter().any(|warning| matches!(warning, Warning::Elsewhere { .. })));
    // An unknown gate stands nowhere that is known.
    let stranger = ask_by(&Key::new(66), &[Format::SdJwtVc, Format::DataIntegrity], &["staff"], &[]);
    let asked = Asked::open(&stranger, Some(&holder.bundle), &moment(noon())).expect("signed by itself");
    assert_eq!(holder.propose(asked).expect("an answer").card().id, lab);
}

/// Design: a gate whose enrolment has ended, and a person who is no gate, are answered only on a second word.
#[test]
fn who_is_not_an_enrolled_gate_is_answered_on_a_second_word_only() {
    let (holder, _) = Holder::new(&[Format::SdJwtVc]);
    let bundle = Some(&holder.bundle);
    let stranger = ask_by(&Key::new(66), &[Format::SdJwtVc], &["staff"], &[]);
    let lapsed = ask_by(&Key::new(41), &[Format::SdJwtVc], &["staff"], &[]);
    for (text, bundle) in [(&stranger, bundle), (&lapsed, bundle), (&stranger, None)] {
        let asked = || Asked::open(text, bundle, &moment(noon())).expect("signed by itself");
        let propose = || holder.wallet.propose(asked(), bundle, &moment(noon())).expect("an answer");
        let before = holder.wallet.history().expect("readable").len();
        let refused = propose().approve(&mut SystemRng, &moment(noon()));
        assert!(matches!(refused, Err(PresentError::NotEnrolled)), "{:?}", asked().asker());
        assert_eq!(holder.wallet.history().expect("readable").len(), before, "nothing was shown");
        propose().to_unknown().approve(&mut SystemRng, &moment(noon())).expect("shown all the same");
    }
    holder.propose(holder.asked(&["staff"], &[])).expect("an answer").approve(&mut SystemRng, &moment(noon())).expect("shown");
}

/// Two people with the same credential content: each answers for itself, and neither with the other's.
#[test]
fn two_wallets_do_not_answer_for_each_other() {
    let ((ada, _), (bob, _)) = (Holder::new(&[Format::SdJwtVc]), Holder::new(&[Format::SdJwtVc]));
    let id = bob.wallet.list(crate::Filter::All, None, &moment(noon())).expect("a list").cards[0].id;
    let bobs = bob.wallet.export(id).expect("there");
    assert!(ada.wallet.hold(&bobs, Some(&ada.bundle), &moment(noon()), &mut SystemRng).is_err());
    let asked = ada.asked(&["staff"], &[]);
    let shown = bob.propose(asked.clone()).expect("an answer").approve(&mut SystemRng, &moment(noon())).expect("agreed");
    let shown = Presentation::parse(shown.as_bytes(), &KnownContexts::new()).expect("readable");
    let nonce = &asked.request().nonce;
    assert!(shown.verify_holder(&bob.key, &Binding::challenge(nonce, &asked.request().client_id)).is_ok());
    assert!(shown.verify_holder(&ada.key, &Binding::challenge(nonce, &asked.request().client_id)).is_err());
    // And an answer is good for one question at one gate.
    let later = ada.asked(&["staff"], &[]);
    assert!(shown.verify_holder(&bob.key, &later.request().binding()).is_err());
    assert!(shown.verify_holder(&bob.key, &Binding::challenge(nonce, &Key::new(66).did())).is_err());
}

#[test]
fn history_tells_who_saw_what_and_stays_whole() {
    let (holder, ids) = Holder::new(&[Format::SdJwtVc]);
    let proposal = holder.propose(holder.asked(&["staff"], &[name("given_name")])).expect("an answer");
    proposal.approve(&mut SystemRng, &moment(noon().plus(HOUR / 120))).expect("agreed");
    let history = holder.wallet.history().expect("readable");
    let [_, shown] = &history[..] else { panic!("{history:?}") };
    assert_eq!((shown.seq, shown.event.as_str(), shown.at), (1, "presented", noon().plus(30)));
    let detail = shown.detail.as_ref().expect("kept");
    assert_eq!(detail.credential, Some(ids[0]));
    assert_eq!(detail.gate.as_deref(), Some(holder.site.gate.did().as_str()));
    assert_eq!(detail.claims.iter().filter(|claim| !claim.contains('[')).collect::<Vec<_>>(), ["given_name"]);
    let summary = holder.wallet.verify_history().expect("a chain");
    assert_eq!(summary.size, 2);
    assert!(summary.device.starts_with("wallet:"), "a name of no use to anyone else: {}", summary.device);
}

/// The history says what was shown to whom: where it cannot, nothing is shown.
#[test]
fn an_answer_that_cannot_be_remembered_is_not_given() {
    let is_full = Arc::new(AtomicBool::new(false));
    let (wallet, key) = guest_on(Box::new(Filling { rows: MemoryStorage::default(), is_full: is_full.clone() }));
    let site = Site::new();
    let bundle = site.bundle();
    let holder = Holder { wallet, key, site, bundle };
    holder.hold(&holder.site.issue(Format::SdJwtVc, &holder.key, |_| {}));
    let proposal = holder.propose(holder.asked(&["surgeon"], &[])).expect("an answer");
    is_full.store(true, Ordering::Relaxed);
    assert!(matches!(proposal.approve(&mut SystemRng, &moment(noon())), Err(PresentError::Wallet(_))));
    is_full.store(false, Ordering::Relaxed);
    let events: Vec<String> = holder.wallet.history().expect("readable").into_iter().map(|entry| entry.event).collect();
    assert_eq!(events, ["held"]);
}

/// A guard who asks by a code is answered in as few codes as possible, and nobody else can read what is personal.
#[test]
fn a_code_is_answered_in_few_codes_and_what_is_personal_is_sealed() {
    let (holder, ids) = Holder::new(&[Format::SdJwtVc, Format::DataIntegrity, Format::SdCwt]);
    let secret = RecipientSecret::random(&mut SystemRng);
    let by_code = |also: &[ClaimPath]| {
        let formats = [Format::DataIntegrity, Format::SdJwtVc, Format::SdCwt];
        let request = Request::open(&ask_by(&holder.site.gate, &formats, &["surgeon"], also)).expect("a good request");
        let code = request.sign_code(secret.recipient(), &holder.site.gate).expect("signed").bytes;
        Asked::open(&code, Some(&holder.bundle), &moment(noon())).expect("a good request")
    };
    let codes = |bytes: &[u8]| bytes.len().div_ceil(700);
    // The gate's own order, until the answer is to be shown as codes.
    assert_eq!(holder.propose(by_code(&[])).expect("an answer").card().id, ids[1]);
    let proposal = holder.propose(by_code(&[]).answered_in_codes(codes)).expect("an answer");
    assert_eq!((proposal.card().id, proposal.is_sealed()), (ids[2], false));
    let answer = proposal.approve(&mut SystemRng, &moment(noon())).expect("agreed");
    assert_eq!((codes(answer.as_bytes()), answer.as_bytes()), (1, answer.presentation().as_bytes()));
    // What counts is what is needed: all alike, the gate's order decides again.
    let alike = by_code(&[]).answered_in_codes(|_| 1);
    assert_eq!(holder.propose(alike).expect("an answer").card().id, ids[1]);

    let asked = by_code(&[name("family_name")]).answered_in_codes(codes);
    let digest = asked.request().code.clone().expect("a code").digest;
    let proposal = holder.propose(asked.clone()).expect("an answer");
    assert!(proposal.is_sealed());
    let answer = proposal.approve(&mut SystemRng, &moment(noon())).expect("agreed");
    assert!(!answer.as_bytes().windows(8).any(|window| window == b"Lovelace"), "nobody reads it on the way");
    let opened = Sealed::parse(answer.as_bytes()).expect("sealed").open(&secret, &digest).expect("the gate's");
    assert_eq!(opened, answer.presentation().as_bytes());
    let shown = Presentation::parse(&opened, &KnownContexts::new()).expect("readable");
    shown.verify_holder(&holder.key, &asked.request().binding()).expect("the holder's answer");
    let again = shown.credential().verify(holder.site.issuer.public_key()).map(|verified| verified.claims().clone());
    assert!(waypass_credential::json::to_string(&again.expect("the issuer's")).contains("Lovelace"));

    // A question that nothing can be sealed to is not answered in the open.
    let request = Request::open(&ask_by(&holder.site.gate, &[Format::SdCwt], &[], &[name("family_name")])).expect("a good request");
    let code = request.sign_code(Recipient([0; 32]), &holder.site.gate).expect("signed").bytes;
    let asked = Asked::open(&code, Some(&holder.bundle), &moment(noon())).expect("a good request");
    let before = holder.wallet.history().expect("readable").len();
    let refused = holder.propose(asked).expect("an answer").approve(&mut SystemRng, &moment(noon()));
    assert!(matches!(refused, Err(PresentError::NotSealed(_))));
    assert_eq!(holder.wallet.history().expect("readable").len(), before);
}

/// A rehearsal is as long as what it rehearses; a proof in base58 may be a little shorter.
#[test]
fn a_rehearsal_has_the_length_of_the_answer() {
    for format in Format::ALL {
        let (holder, _) = Holder::new(&[format]);
        let asked =
            Asked::open(&ask_by(&holder.site.gate, &[format], &["surgeon"], &[]), Some(&holder.bundle), &moment(noon())).expect("good");
        let proposal = holder.propose(asked.clone()).expect("an answer");
        let paths: Vec<ClaimPath> = proposal.discloses().iter().map(|claim| claim.path.clone()).collect();
        let id = proposal.card().id;
        let held = crate::records::load(&holder.wallet.vault, id).expect("readable").expect("held");
        let rehearsed = held.credential.rehearse(&paths, &asked.request().binding(), noon()).expect("rehearsed");
        let answer = proposal.approve(&mut SystemRng, &moment(noon())).expect("agreed");
        let shorter = rehearsed.len() - answer.as_bytes().len();
        assert!(shorter <= if format == Format::DataIntegrity { 3 } else { 0 }, "{format}: {shorter}");
        let shown = Presentation::parse(&rehearsed, &KnownContexts::new()).expect("readable");
        assert!(shown.verify_holder(&holder.key, &asked.request().binding()).is_err(), "{format}: it proves nothing");
    }
}
