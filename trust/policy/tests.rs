use super::{Action, Ask, IdentityCheck, Permitted, PolicyError, RolePolicy, Ruling, Validation, admits_cards};
use alloc::{format, string::String, vec, vec::Vec};
use waypass_credential::time::Timestamp;

/// A Tuesday, 15:00 UTC.
const AT: i64 = 1_795_532_400;

fn time(seconds: i64) -> Timestamp {
    Timestamp::from_unix(seconds).expect("in range")
}

fn compile(text: &str) -> Result<RolePolicy, PolicyError> {
    RolePolicy::compile_text(text, time(AT + 1000), None)
}

/// Asks for `roles` of the site "north", good for the zones "ward" and "restricted-lab".
fn decide(policy: &RolePolicy, roles: &[&str], site: &str, zone: &str, at: i64) -> Ruling {
    decide_in(policy, roles, site, zone, at, None)
}

fn decide_in(policy: &RolePolicy, roles: &[&str], site: &str, zone: &str, at: i64, time_zone: Option<&str>) -> Ruling {
    let texts = |texts: &[&str]| texts.iter().map(|text| String::from(*text)).collect::<Vec<_>>();
    let (roles, sites, zones) = (texts(roles), texts(&["north"]), texts(&["ward", "restricted-lab"]));
    let gate = policy.at_gate("did:key:gate", site, zone, time_zone).expect("a gate");
    gate.decide(&Ask { roles: &roles, sites: &sites, zones: &zones, issuer: "did:key:issuer", at: time(at) })
}

fn permits(ruling: Ruling) -> Option<(Action, Vec<String>)> {
    match ruling {
        Ruling::Permit { action, by } => {
            Some((action, by.into_iter().map(|Permitted { role, rule, .. }| format!("{role}:{rule}")).collect()))
        }
        _ => None,
    }
}

fn default_policy() -> RolePolicy {
    compile(waypass_schemas::DEFAULT_POLICY).expect("the default policy is valid")
}

/// Roles, site and zone of the gate, what is permitted and by which rule.
type Case<'c> = (&'c [&'c str], &'c str, &'c str, Option<(Action, &'c str)>);

#[test]
fn the_default_policy_says_what_its_comments_say() {
    let policy = default_policy();
    let cases: &[Case<'_>] = &[
        (&["nurse"], "north", "ward", Some((Action::Admit, "nurse:staff-own-site"))),
        (&["nurse"], "north", "public", Some((Action::Admit, "nurse:staff-own-site"))),
        (&["nurse"], "north", "pharmacy", None),
        (&["nurse"], "south", "ward", None),
        (&["nurse"], "north", "restricted-lab", Some((Action::AdmitTwoPerson, "nurse:staff-restricted-zone"))),
        (&["nurse"], "north", "restricted-vault", None),
        (&["visitor"], "north", "public", Some((Action::Admit, "visitor:visitor-public-zone"))),
        (&["visitor"], "north", "ward", Some((Action::AdmitTwoPerson, "visitor:visitor-named-zone"))),
        (&["visitor"], "south", "public", None),
        (&["emergency_medical"], "north", "restricted-vault", Some((Action::Admit, "emergency_medical:emergency-own-site"))),
        (&["emergency_medical"], "south", "pharmacy", Some((Action::BreakGlass, "emergency_medical:emergency-anywhere"))),
        (&["gardener"], "north", "public", None),
        (&[], "north", "public", None),
        // The action asked first decides, by whichever role permits it.
        (&["visitor", "nurse"], "north", "ward", Some((Action::Admit, "nurse:staff-own-site"))),
    ];
    for (roles, site, zone, expected) in cases {
        let expected = expected.map(|(action, by)| (action, vec![String::from(by)]));
        assert_eq!(permits(decide(&policy, roles, site, zone, AT)), expected, "{roles:?} at {site}/{zone}");
    }
}

#[test]
fn a_star_stands_for_this_gate() {
    let policy = default_policy();
    let (nurse, any) = (vec![String::from("nurse")], vec![String::from("*")]);
    let gate = policy.at_gate("did:key:gate", "north", "pharmacy", None).expect("a gate");
    let ask = Ask { roles: &nurse, sites: &any, zones: &any, issuer: "i", at: time(AT) };
    assert!(permits(gate.decide(&ask)).is_some());
    assert!(permits(gate.decide(&Ask { zones: &[], ..ask })).is_none());
    assert!(permits(gate.decide(&Ask { sites: &[], ..ask })).is_none());
}

#[test]
fn the_default_limits_are_limits() {
    let limits: Vec<crate::bundle::RoleLimit> = serde_json::from_str(waypass_schemas::DEFAULT_LIMITS).expect("limits");
    assert!(limits.iter().any(|limit| limit.role == "*"));
    assert!(limits.iter().all(|limit| limit.fresh_seconds <= limit.stale_seconds));
}

#[test]
fn nothing_is_permitted_by_nothing() {
    assert_eq!(decide(&compile("").expect("empty"), &["nurse"], "north", "public", AT), Ruling::Deny { rule: None });
}

#[test]
fn a_forbid_is_named_and_wins_for_all_roles() {
    let text = r#"
        @id("all") permit (principal, action, resource);
        @id("no-visitors-at-weekends") forbid (principal == Role::"visitor", action, resource) when { context.weekday_utc > 5 };
        @id("no-two-person") forbid (principal, action == Action::"admit", resource) when { context.hour_utc == 23 };"#;
    let policy = compile(text).expect("valid");
    assert_eq!(permits(decide(&policy, &["visitor"], "x", "y", AT)).map(|(action, _)| action), Some(Action::Admit));
    let policy = RolePolicy::compile_text(text, time(AT + 30 * 86_400), None).expect("valid");
    let saturday = AT + 4 * 86_400;
    let forbidden = Ruling::Deny { rule: Some("no-visitors-at-weekends".into()) };
    assert_eq!(decide(&policy, &["visitor"], "x", "y", saturday), forbidden);
    assert_eq!(decide(&policy, &["nurse", "visitor"], "x", "y", saturday), forbidden);
    assert_eq!(permits(decide(&policy, &["nurse"], "x", "y", saturday)).map(|(action, _)| action), Some(Action::Admit));
    // Forbidding one action leaves the next.
    let late = AT + 8 * 3600;
    assert_eq!(permits(decide(&policy, &["nurse"], "x", "y", late)).map(|(action, _)| action), Some(Action::AdmitTwoPerson));
}

#[test]
fn an_error_denies_even_beside_a_permit() {
    // Passes strict validation, and overflows from two o'clock on.
    let text = r#"
        @id("all") permit (principal, action, resource);
        @id("night") forbid (principal, action, resource) when { context.hour_utc * 9223372036854775807 < 0 };"#;
    let policy = compile(text).expect("valid");
    assert_eq!(decide(&policy, &["nurse"], "north", "ward", AT), Ruling::Error { rule: "night".into() });
    let one_o_clock = AT - 14 * 3600;
    assert!(permits(decide(&policy, &["nurse"], "north", "ward", one_o_clock)).is_some());
}

#[test]
fn after_its_end_nothing_is_decided() {
    let policy = default_policy();
    assert!(permits(decide(&policy, &["nurse"], "north", "ward", AT + 999)).is_some());
    assert_eq!(decide(&policy, &["nurse"], "north", "ward", AT + 1000), Ruling::Expired { at: time(AT + 1000) });
}

#[test]
fn what_was_validated_is_not_validated_again_and_nothing_else_is_skipped() {
    let invalid = "permit (principal, action, resource) when { context.secret };";
    let earlier = default_policy().validation();
    let kept = Validation::from_bytes(&earlier.to_bytes());
    assert_eq!(kept, Some(earlier));
    assert_eq!(Validation::from_bytes(&[0; 31]), None);
    // Of another text it says nothing.
    assert!(matches!(RolePolicy::compile_text(invalid, time(AT + 1000), kept), Err(PolicyError::Invalid(_))));
    // For its own text it is believed: that is what makes it worth sealing.
    let of_invalid = Some(Validation::of(invalid));
    assert!(RolePolicy::compile_text(invalid, time(AT + 1000), of_invalid).is_ok());
    let again = RolePolicy::compile_text(waypass_schemas::DEFAULT_POLICY, time(AT + 1000), kept).expect("the default policy");
    assert_eq!(again.validation(), earlier);
}

#[test]
fn validation_is_strict() {
    let refused: &[&str] = &[
        r#"permit (principal, action == Action::"admit_all", resource);"#,
        "permit (principal, action, resource) when { context.secret };",
        r"permit (principal, action, resource) when { resource.site == 1 };",
        r#"permit (principal == User::"eve", action, resource);"#,
    ];
    for text in refused {
        assert!(matches!(compile(text), Err(PolicyError::Invalid(_))), "{text}");
    }
    assert!(matches!(compile("permit (principal"), Err(PolicyError::Syntax(_))));
    assert_eq!(compile("permit (principal == ?principal, action, resource);").err(), Some(PolicyError::Template));
    let twice = r#"@id("a") permit (principal, action, resource); @id("a") forbid (principal, action, resource);"#;
    assert_eq!(compile(twice).err(), Some(PolicyError::DuplicateId("a".into())));
    assert_eq!(compile(&"permit (principal, action, resource);".repeat(513)).err(), Some(PolicyError::TooLarge));
    assert_eq!(compile(&" ".repeat(super::MAX_TEXT + 1)).err(), Some(PolicyError::TooLarge));
}

#[test]
fn only_the_asked_action_is_asked_when_breaking_the_glass() {
    let policy = default_policy();
    let gate = policy.at_gate("did:key:gate", "north", "public", None).expect("a gate");
    let (nurse, medic) = (vec![String::from("nurse")], vec![String::from("emergency_medical")]);
    let north = vec![String::from("north")];
    let ask = Ask { roles: &nurse, sites: &north, zones: &[], issuer: "i", at: time(AT) };
    assert_eq!(gate.break_glass(&ask), Ruling::Deny { rule: None });
    assert_eq!(permits(gate.break_glass(&Ask { roles: &medic, ..ask })).map(|(action, _)| action), Some(Action::BreakGlass));
}

#[test]
fn local_hours_are_those_of_the_gate() {
    let rule = |hours: &str| {
        let text = format!("permit(principal, action == Action::\"admit\", resource) when {{ {hours} }};");
        compile(&text).expect("valid")
    };
    let admits = |policy: &RolePolicy, at, zone| permits(decide_in(policy, &["nurse"], "north", "ward", at, zone)).is_some();
    let evening = rule("context.hour_local == 20 && context.weekday_local == 2");
    // 15:00 UTC on a Tuesday is 20:45 in Kathmandu, and 10:00 in New York.
    assert!(admits(&evening, AT, Some("Asia/Kathmandu")));
    assert!(!admits(&evening, AT, Some("America/New_York")));
    // Another day than UTC's.
    let wednesday = rule("context.hour_local == 5 && context.weekday_local == 3 && context.weekday_utc == 2");
    assert!(admits(&wednesday, AT, Some("Pacific/Kiritimati")));
    // Summer time, to the second: in Berlin the clocks went from 02:00 to 03:00 on 29 March 2026 at 01:00 UTC.
    let spring = 1_774_746_000;
    let (two, three) = (rule("context.hour_local == 1"), rule("context.hour_local == 3"));
    assert!(admits(&two, spring - 1, Some("Europe/Berlin")) && admits(&three, spring, Some("Europe/Berlin")));
}

#[test]
fn a_gate_without_a_time_zone_denies_by_what_it_cannot_evaluate() {
    let closed = "permit(principal, action, resource);\n\
                  @id(\"night\") forbid(principal, action, resource) when { context.hour_local >= 20 };";
    let policy = compile(closed).expect("valid");
    let ruling = |zone| decide_in(&policy, &["nurse"], "north", "ward", AT, zone);
    assert_eq!(ruling(Some("Asia/Kathmandu")), Ruling::Deny { rule: Some("night".into()) });
    assert!(matches!(ruling(Some("UTC")), Ruling::Permit { .. }));
    for unknown in [None, Some(""), Some("Nowhere/Town"), Some("../../etc/localtime")] {
        assert_eq!(ruling(unknown), Ruling::Error { rule: "night".into() }, "{unknown:?}");
    }
    // Rules that do not speak of it are not concerned.
    assert!(permits(decide_in(&default_policy(), &["nurse"], "north", "ward", AT, None)).is_some());
}

/// A rule whose condition is in `depth` brackets of its own.
fn nested(open: &str, inner: &str, close: &str, depth: usize) -> String {
    let condition = format!("{}{inner}{}", open.repeat(depth), close.repeat(depth));
    format!("permit(principal, action == Action::\"admit\", resource) when {{ {condition} }};")
}

#[test]
fn nesting_is_bounded_before_the_parser_sees_it() {
    // `when {` is one level.
    let fits = super::MAX_NESTING - 1;
    for (open, inner, close) in [("(", "true", ")"), ("!(", "true", ")"), ("if true then (", "true", ") else false")] {
        let levels = if open.starts_with("if") { fits / 2 } else { fits };
        assert!(compile(&nested(open, inner, close, levels)).is_ok(), "{open} {levels}");
        for deeper in [levels + 1, 600, 5_000, 40_000] {
            let text = nested(open, inner, close, deeper);
            let found = compile(&text).err();
            let expected = if text.len() > super::MAX_TEXT { PolicyError::TooLarge } else { PolicyError::TooDeep { line: 1 } };
            assert_eq!(found, Some(expected), "{open} {deeper}");
        }
    }
    for (open, close) in [("[", "]"), ("{a:", "}"), ("if ", " then true else true"), ("if true then true else ", ""), ("x[", "]")] {
        assert_eq!(compile(&nested(open, "true", close, 600)).err(), Some(PolicyError::TooDeep { line: 1 }), "{open}");
    }
    // Brackets that are text do not count, and what looks like text but is not text does.
    let brackets = "([{".repeat(100);
    let text = format!("// {brackets}\n@id(\"{brackets}\\\"{brackets}\")\n{}", nested("(", "true", ")", 3));
    assert!(compile(&text).is_ok(), "{:?}", compile(&text));
    for hidden in
        [format!("\"\n{brackets}"), format!("\"a\" {brackets} \"b\""), format!("// a\r{brackets}"), format!("\"\\\\\" {brackets}")]
    {
        assert!(matches!(compile(&hidden), Err(PolicyError::TooDeep { .. })), "{hidden:.20}");
    }
    // One after the other is not within each other.
    let flat = format!("permit(principal, action, resource) when {{ [{}].contains(1) }};", "if true then (1) else 2, ".repeat(200));
    assert!(compile(flat.replace(", ]", "]").as_str()).is_ok());
    assert!(compile(&"permit(principal, action, resource) when { if true then true else false };\n".repeat(300)).is_ok());
}

/// Long chains do not nest in the text, but as trees; on the stack of a thread they are read, refused or evaluated.
#[test]
fn long_chains_end_no_process() {
    for link in ["true && ", "true || ", "1 + "] {
        let end = if link.starts_with('1') { "1 > 0" } else { "true" };
        for length in [100, 4_000, 32_000] {
            let policy = compile(&nested(link, end, "", length));
            drop(policy.map(|policy| policy.try_out(&[], &[])));
        }
    }
}

#[test]
fn a_rule_that_cannot_be_evaluated_is_named_before_it_is_signed() {
    let roles = [String::from("nurse")];
    let places = [(String::from("north"), String::from("ward"), None)];
    let trial = |condition: &str| {
        let text = format!(
            "@id(\"fine\") permit(principal, action, resource);\n@id(\"odd\") forbid(principal, action == Action::\"break_glass\", resource) when {{ {condition} }};"
        );
        compile(&text).expect("valid").try_out(&roles, &places)
    };
    let most = i64::MAX;
    for condition in [
        // Whenever it is asked; at one hour; on one day; for one role; at one place.
        format!("{most} + context.hour_utc + 1 > 0"),
        format!("context.hour_utc == 23 && {most} + context.hour_utc > 0"),
        format!("context.weekday_utc == 7 && {most} + context.hour_utc + 1 > 0"),
        format!("principal == Role::\"nurse\" && {most} + context.weekday_utc > 0"),
        format!("resource.zone == \"ward\" && {most} + context.weekday_utc > 0"),
        format!("!context.sites.contains(\"north\") && {most} + context.weekday_utc > 0"),
    ] {
        let failed = trial(&condition);
        assert!(matches!(&failed, Err(PolicyError::Fails { rule, .. }) if rule == "odd"), "{condition}: {failed:?}");
    }
    assert_eq!(trial("context.hour_utc + 1 > 0"), Ok(()));
    assert_eq!(default_policy().try_out(&roles, &places), Ok(()));
    // A gate without a time zone cannot evaluate local hours.
    assert!(matches!(trial("context.hour_local > 20"), Err(PolicyError::Fails { rule, .. }) if rule == "odd"));
    let zoned = [(String::from("north"), String::from("ward"), Some(String::from("Asia/Kathmandu")))];
    let local = "permit(principal, action, resource) when { context.hour_local > 20 };";
    assert_eq!(compile(local).expect("valid").try_out(&roles, &zoned), Ok(()));
}

/// What a rule says about a card of a visitor.
fn card(text: &str) -> Result<Ruling, PolicyError> {
    let policy = compile(text)?;
    let texts = |text: &str| vec![String::from(text)];
    let gate = policy.at_gate("did:key:gate", "north", "public", None).expect("a gate");
    Ok(gate.card(&Ask { roles: &texts("visitor"), sites: &texts("north"), zones: &[], issuer: "did:key:issuer", at: time(AT) }))
}

#[test]
fn a_card_is_admitted_by_a_rule_that_names_the_identity_check() {
    let permitted = |text: &str| match card(text) {
        Ok(Ruling::Permit { action: Action::AdmitCard, by }) => by.first().and_then(|by| by.identity).map(IdentityCheck::as_str),
        _ => None,
    };
    let rule = |annotation: &str, action: &str| format!("{annotation} permit (principal, {action}, resource);");
    let (by_name, all) = ("action == Action::\"admit_card\"", "action");
    let several = "action in [Action::\"admit\", Action::\"admit_card\"]";
    for action in [by_name, all, several] {
        assert_eq!(permitted(&rule("@identity(\"document\")", action)), Some("document"), "{action}");
        assert_eq!(permitted(&rule("@identity(\"vouched\")", action)), Some("vouched"), "{action}");
    }
    // A rule of before there were cards, and rules about other actions.
    for text in [rule("", all), rule("@identity(\"passport\")", all), rule("@identity(\"document\")", "action == Action::\"admit\"")] {
        assert_eq!(card(&text), Ok(Ruling::Deny { rule: None }), "{text}");
    }
    for text in [rule("", by_name), rule("@identity(\"passport\")", by_name), rule("", several)] {
        assert_eq!(card(&text), Err(PolicyError::NoIdentityCheck { rule: "policy0".into() }), "{text}");
    }
    let forbidden = [rule("@identity(\"document\")", by_name), "@id(\"no\") forbid (principal, action, resource);".into()].concat();
    assert_eq!(card(&forbidden), Ok(Ruling::Deny { rule: Some("no".into()) }));
}

/// A rule for cards admits nobody who was asked, and an override is not for cards.
#[test]
fn holders_and_cards_are_asked_about_apart() {
    let cards = "@identity(\"document\") permit (principal, action == Action::\"admit_card\", resource);";
    assert_eq!(decide(&compile(cards).expect("valid"), &["visitor"], "north", "public", AT), Ruling::Deny { rule: None });
    for action in ["admit", "admit_two_person", "break_glass"] {
        let text = format!("@identity(\"document\") permit (principal, action == Action::\"{action}\", resource);");
        assert_eq!(card(&text), Ok(Ruling::Deny { rule: None }), "{action}");
    }
    assert!(admits_cards(cards) && !admits_cards(waypass_schemas::DEFAULT_POLICY));
    assert!(!admits_cards("permit (principal, action, resource);") && !admits_cards("permit ("));
    assert!(!admits_cards("forbid (principal, action == Action::\"admit_card\", resource);"));
}
