//! Cards: they answer no question, and a person says who brings one.

use super::codes::present;
use super::{Case, DAY, Format, Maker, RoleClaims};
use waypass_credential::json::Object;
use waypass_credential::role::CARD;

/// The status of the nurse's credential, which her card has too.
const WITHDRAWN: (u64, u8) = (7, 1);

pub(super) fn cases() -> Vec<Case> {
    let card = |name, says, set: &[(u64, u8)], edit: fn(&mut RoleClaims), reasons: &[&str]| {
        let maker = Maker::new(name, says).second_bundle(set, |targets, _| {
            targets.authorities[0].types.push(CARD.into());
            targets.policy.cedar = [waypass_schemas::DEFAULT_POLICY, "\n", waypass_schemas::CARD_RULES].concat();
        });
        let level = if reasons.contains(&"bearer_pass") { "amber" } else { "red" };
        let credential = maker.ask().card(edit);
        present(credential.0, &credential.1, level, reasons)
    };
    let plain = Maker::new("card-without-a-rule", "A nurse's card at a gate whose rules say nothing about cards.");
    let plain = plain.second_bundle(&[], |targets, _| targets.authorities[0].types.push(CARD.into()));
    let (plain, shown) = plain.ask().card(|_| ());
    let not_said = Maker::new("card-of-an-issuer-of-none", "The rules admit cards, and the issuer's entry does not have their type.");
    let not_said = not_said.second_bundle(&[], |targets, _| {
        targets.policy.cedar = [waypass_schemas::DEFAULT_POLICY, "\n", waypass_schemas::CARD_RULES].concat();
    });
    let (not_said, unsaid) = not_said.ask().card(|_| ());
    vec![
        card("card", "A nurse's card: amber, because anybody may have copied it.", &[], |_| (), &["bearer_pass"]),
        card("card-revoked", "A card that was withdrawn.", &[WITHDRAWN], |_| (), &["revoked"]),
        card(
            "card-without-a-document",
            "The rule asks for an identity document, and the card names none.",
            &[],
            |claims| drop(claims.personal.remove("document_ending")),
            &["policy_denied"],
        ),
        present(plain, &shown, "red", &["policy_denied"]),
        present(not_said, &unsaid, "red", &["issuer_not_authorised"]),
    ]
}

impl Maker {
    /// Returns the nurse's card.
    fn card(self, edit: fn(&mut RoleClaims)) -> (Self, Vec<u8>) {
        let card = self.credential_in(Format::Card, |claims| {
            claims.holder = None;
            claims.kind = CARD.into();
            claims.valid_until = claims.valid_from.plus(30 * DAY);
            claims.personal = Object::new().with("card", "0123456789ab").with("document_ending", "T478").with("name", "Ada Byron");
            edit(claims);
        });
        let bytes = card.as_bytes().to_vec();
        (self, bytes)
    }
}
