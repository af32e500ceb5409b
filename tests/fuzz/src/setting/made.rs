//! Credentials of every format, suite and kind of key, and what their holders answer.

use crate::world::{DAY, HOUR, LIST, TestKey, TestRng, World, at};
use waypass_credential::data_integrity::Suite;
use waypass_credential::json::{Object, Value};
use waypass_credential::key::Signer as _;
use waypass_credential::request::Request;
use waypass_credential::role::{RoleClaims, StatusReference, kind_in};
use waypass_credential::{Credential, Format, Issuance};

pub(crate) struct Made {
    pub(crate) name: String,
    pub(crate) format: Format,
    pub(crate) suite: Option<Suite>,
    pub(crate) credential: Vec<u8>,
    pub(crate) presentation: Option<Vec<u8>>,
    /// The gate admits its holder.
    pub(crate) good: bool,
}

fn personal(format: Format) -> Object<'static> {
    let names = Object::new().with("given_name", "Ana").with("staff_id", "N-1042");
    if format.is_vcdm() {
        return names.with("family_name", "Silva").with("email", "a@clinic.example");
    }
    let address = Object::new().with("locality", "Lisboa").with("country", "PT");
    names.with("address", address).with("nationalities", ["PT", "BR"].into_iter().collect::<Value<'_>>())
}

struct Maker<'w> {
    request: &'w Request,
    made: Vec<Made>,
}

impl Maker<'_> {
    fn add(
        &mut self,
        name: &str,
        claims: &RoleClaims,
        issuer: &TestKey,
        holder: &TestKey,
        format: Format,
        suite: Option<Suite>,
        good: bool,
    ) {
        let how = suite.map_or(Issuance::from(format), Issuance::from);
        let mut rng = TestRng::new(name);
        let credential = Credential::issue(claims, how, issuer, &mut rng).unwrap_or_else(|why| panic!("{name}: {why}"));
        let verified = credential.verify(issuer.public_key()).expect("our credential");
        let wanted = self.request.query.first_match(verified.claims(), format, &claims.kind).map(|found| found.paths);
        let shown = credential.present(&wanted.unwrap_or_default(), &self.request.binding(), at(HOUR), holder, &mut rng).ok();
        let presentation = shown.map(|shown| shown.as_bytes().to_vec());
        // A card is shown as it is.
        let presentation = presentation.or_else(|| (format == Format::Card).then(|| credential.as_bytes().to_vec()));
        let (name, credential) = (format!("{name} {format:?} {suite:?}"), credential.as_bytes().to_vec());
        self.made.push(Made { name, format, suite, credential, presentation, good });
    }
}

pub(super) fn all(world: &World, request: &Request, other: &Request) -> Vec<Made> {
    let mut maker = Maker { request, made: Vec::new() };
    let suites = [Suite::EddsaJcs2022, Suite::EddsaRdfc2022, Suite::EcdsaJcs2019, Suite::EcdsaRdfc2019];
    for format in Format::ALL {
        for issuer in [&world.issuer, &world.issuer_p256] {
            for holder in [&world.holder, &world.holder_p256] {
                let claims = RoleClaims { personal: personal(format), ..World::nurse(issuer, holder, format) };
                maker.add("good", &claims, issuer, holder, format, None, true);
                let fits = |suite: &Suite| {
                    format == Format::DataIntegrity && suite.name().starts_with("eddsa") == matches!(issuer, TestKey::Ed25519(..))
                };
                suites.into_iter().filter(fits).for_each(|suite| maker.add("good", &claims, issuer, holder, format, Some(suite), true));
            }
        }
        let (issuer, holder) = (&world.issuer, &world.holder);
        let nurse = || RoleClaims { personal: personal(format), ..World::nurse(issuer, holder, format) };
        let mut bad = |name: &str, claims: &RoleClaims| maker.add(name, claims, issuer, holder, format, None, false);
        bad("revoked", &RoleClaims { status: vec![StatusReference::token(LIST, 8)], ..nurse() });
        bad("suspended", &RoleClaims { status: vec![StatusReference::token(LIST, 9)], ..nurse() });
        let (past, over) = (at(-20 * DAY), at(-10 * DAY));
        bad("expired", &RoleClaims { issued_at: past, valid_from: past, valid_until: over, ..nurse() });
        bad("visitor", &RoleClaims { roles: vec!["visitor".into()], ..nurse() });
        let mallory = TestKey::ed25519("mallory");
        let claims = RoleClaims { issuer: mallory.did(), key_id: Some(mallory.key_id()), ..nurse() };
        maker.add("of a stranger", &claims, &mallory, holder, format, None, false);
        let mut elsewhere = Maker { request: other, made: Vec::new() };
        elsewhere.add("an answer to another question", &nurse(), issuer, holder, format, None, false);
        maker.made.extend(elsewhere.made);
    }
    for issuer in [&world.issuer, &world.issuer_p256] {
        let personal = Object::new().with("card", "0123456789ab").with("document_ending", "T478").with("name", "Ana Silva");
        let format = Format::Card;
        let kind = kind_in(format).into();
        let claims = RoleClaims { kind, holder: None, personal, ..World::nurse(issuer, &world.holder, Format::SdCwt) };
        maker.add("a card", &claims, issuer, &world.holder, format, None, false);
    }
    maker.made
}
