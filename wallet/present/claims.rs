//! Which claims a presentation shows and which it keeps back, down to the last leaf.

use waypass_credential::Format;
use waypass_credential::jcs;
use waypass_credential::json::{Object, Value};
use waypass_credential::{ClaimPath, PathStep};

/// One claim of a credential.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Claim {
    /// Its path in the credential.
    pub path: ClaimPath,
    /// Its value: text as it is, everything else in the form that signatures cover (JCS), so that `7.0` and `7` read alike. A container
    /// from which everything is withheld reads as an empty one, because that is what a gate sees.
    pub value: String,
    /// The kind of claim.
    pub kind: ClaimKind,
}

/// How much a claim tells about its holder.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum ClaimKind {
    /// A role.
    Role,
    /// The places where the roles hold: sites and zones.
    Scope,
    /// Something about the person.
    Personal,
    /// The claims that every credential has: issuer, times, status entry, holder key.
    Technical,
}

/// Claims as a person counts them, and apart from these the ones that every credential needs.
#[derive(Default)]
pub(super) struct Claims {
    pub(super) counted: Vec<Claim>,
    pub(super) technical: Vec<Claim>,
}

impl Claims {
    pub(super) fn iter(&self) -> impl Iterator<Item = &Claim> {
        self.counted.iter().chain(&self.technical)
    }
}

impl FromIterator<Claim> for Claims {
    fn from_iter<I: IntoIterator<Item = Claim>>(claims: I) -> Self {
        let (technical, mut counted): (_, Vec<Claim>) = claims.into_iter().partition(|claim| claim.kind == ClaimKind::Technical);
        // An issuer shuffles what can be withheld; a person finds it in one order, what lets them in first.
        counted.sort_by_cached_key(|claim| (claim.kind, names(&claim.path)));
        Self { counted, technical }
    }
}

/// Returns the names along a path; elements of one array keep their order.
fn names(path: &ClaimPath) -> Vec<String> {
    let name = |step: &PathStep| if let PathStep::Name(name) = step { Some(name.clone()) } else { None };
    path.steps().iter().filter_map(name).collect()
}

/// SD-JWT VC: members of the payload that no holder can withhold and that tell nothing about the person
/// (draft-ietf-oauth-sd-jwt-vc §3.2.2.2). `sub` is not among them: it names somebody.
const PAYLOAD: [&str; 9] = ["iss", "vct", "vct#integrity", "iat", "nbf", "exp", "cnf", "status", "_sd_alg"];

/// Lists all leaves of `claims`: strings, numbers, truth values, and empty objects and arrays.
pub(super) fn all(claims: &Value<'_>, format: Format) -> Vec<Claim> {
    let mut walk = Walk { format, hidden: &[], shown: Vec::new(), withheld: Vec::new() };
    walk.go(claims, ClaimPath(Vec::new()));
    walk.shown
}

/// Sorts leaves into those that are shown and those that are withheld.
struct Walk<'w> {
    format: Format,
    hidden: &'w [&'w ClaimPath],
    shown: Vec<Claim>,
    withheld: Vec<Claim>,
}

impl Walk<'_> {
    /// Sorts what is at `path` and below it. Returns false if all of it is withheld.
    fn go(&mut self, value: &Value<'_>, path: ClaimPath) -> bool {
        let is_hidden = self.hidden.iter().any(|hidden| hidden.is_prefix_of(&path));
        let children: Vec<(ClaimPath, &Value<'_>)> = match value {
            Value::Object(object) => object.iter().map(|(name, value)| (path.clone().then(name), value)).collect(),
            Value::Array(items) => items.iter().enumerate().map(|(at, value)| (path.clone().then(at), value)).collect(),
            _ => Vec::new(),
        };
        let is_empty = children.is_empty();
        let shows_a_child = children.into_iter().fold(false, |shows, (path, value)| self.go(value, path) || shows);
        match (is_hidden, is_empty) {
            (true, true) => self.withheld.push(self.leaf(value, path)),
            (false, true) => self.shown.push(self.leaf(value, path)),
            // RFC 9901 §4.2.4: a container stays when everything in it is withheld.
            (false, false) if !shows_a_child => {
                let empty = if let Value::Array(_) = value { Value::Array(Vec::new()) } else { Value::Object(Object::new()) };
                self.shown.push(self.leaf(&empty, path));
            }
            (_, false) => {}
        }
        !is_hidden
    }

    fn leaf(&self, value: &Value<'_>, path: ClaimPath) -> Claim {
        let text = || String::from_utf8_lossy(&jcs::to_vec(value)).into_owned();
        Claim { kind: kind(&path, self.format), value: value.as_str().map_or_else(text, ToOwned::to_owned), path }
    }
}

fn kind(path: &ClaimPath, format: Format) -> ClaimKind {
    let name = |at: usize| match path.steps().get(at) {
        Some(PathStep::Name(name)) => name.as_str(),
        _ => "",
    };
    let name = match format.is_vcdm() {
        false if PAYLOAD.contains(&name(0)) => return ClaimKind::Technical,
        false => name(0),
        true if name(0) != "credentialSubject" || name(1) == "id" => return ClaimKind::Technical,
        true => name(1),
    };
    match name {
        "roles" => ClaimKind::Role,
        "sites" | "zones" => ClaimKind::Scope,
        _ => ClaimKind::Personal,
    }
}

/// Returns what is seen and what is not, when the claims at `disclose` are shown with what lies above and below them.
pub(super) fn split(claims: &Value<'_>, format: Format, disclosable: &[ClaimPath], disclose: &[ClaimPath]) -> (Claims, Claims) {
    let related = |a: &ClaimPath, b: &ClaimPath| a.is_prefix_of(b) || b.is_prefix_of(a);
    let hidden: Vec<&ClaimPath> = disclosable.iter().filter(|path| !disclose.iter().any(|shown| related(path, shown))).collect();
    let mut walk = Walk { format, hidden: &hidden, shown: Vec::new(), withheld: Vec::new() };
    walk.go(claims, ClaimPath(Vec::new()));
    (walk.shown.into_iter().collect(), walk.withheld.into_iter().collect())
}

/// Returns true if two sets of claims are equal. Withheld elements close up the array they stood in, so indices do not count.
pub(super) fn same<'c>(made: &'c [Claim], agreed: impl Iterator<Item = &'c Claim>) -> bool {
    sorted(made.iter()) == sorted(agreed)
}

fn sorted<'c>(claims: impl Iterator<Item = &'c Claim>) -> Vec<(ClaimPath, &'c str)> {
    let mut plain: Vec<_> = claims.map(|claim| (without_indices(&claim.path), claim.value.as_str())).collect();
    plain.sort_unstable();
    plain
}

fn without_indices(path: &ClaimPath) -> ClaimPath {
    let step = |step: &PathStep| if let PathStep::Index(_) = step { PathStep::All } else { step.clone() };
    ClaimPath(path.steps().iter().map(step).collect())
}

#[cfg(test)]
mod tests {
    use super::{Claim, all, same, split};
    use waypass_credential::Format;
    use waypass_credential::json::{self, Limits};
    use waypass_credential::{ClaimPath, PathStep};

    fn claims(text: &str) -> Vec<Claim> {
        all(&json::parse(text.as_bytes(), Limits::CREDENTIAL).expect("JSON"), Format::SdJwtVc)
    }

    #[test]
    fn one_claim_more_or_another_value_is_not_the_same() {
        let agreed = claims(r#"{"roles":["a","b"],"name":"x"}"#);
        assert!(same(&claims(r#"{"name":"x","roles":["b","a"]}"#), agreed.iter()));
        for other in [
            r#"{"roles":["a","b"]}"#,
            r#"{"roles":["a","b"],"name":"y"}"#,
            r#"{"roles":["a","b","b"],"name":"x"}"#,
            r#"{"roles":["a","b"],"name":"x","age":7}"#,
        ] {
            assert!(!same(&claims(other), agreed.iter()), "{other}");
        }
    }

    /// Consent compares what signatures cover, and they do not cover the spelling of a number.
    #[test]
    fn one_number_in_two_spellings_is_one_value() {
        let agreed = claims(r#"{"a":7.0,"b":[1e2,-0.0,1e17],"c":0.50}"#);
        assert!(same(&claims(r#"{"a":7,"b":[100,0,100000000000000000],"c":0.5}"#), agreed.iter()));
        assert!(!same(&claims(r#"{"a":7.25,"b":[100,0,100000000000000000],"c":0.5}"#), agreed.iter()));
    }

    #[test]
    fn what_lies_above_and_below_is_shown_with_a_claim() {
        let document = json::parse(br#"{"a":{"b":{"c":1,"d":2},"e":3},"f":4}"#, Limits::CREDENTIAL).expect("JSON");
        let path = |text: &str| ClaimPath::names(text.split('.'));
        let disclosable = ["a", "a.b", "a.b.c", "a.b.d", "a.e"].map(path);
        let shown = |disclose: &str| {
            let (shown, _) = split(&document, Format::SdJwtVc, &disclosable, &[path(disclose)]);
            shown.counted.iter().map(|claim| claim.path.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(shown("a.b"), ["a.b.c", "a.b.d", "f"]);
        assert_eq!(shown("a.b.d"), ["a.b.d", "f"]);
        assert_eq!(shown("x"), ["f"]);
    }

    #[test]
    fn a_container_from_which_everything_is_withheld_reads_as_an_empty_one() {
        let document = json::parse(br#"{"a":[1,2],"b":{"c":{"d":3}},"e":[{"f":4},{"f":5}],"g":[6]}"#, Limits::CREDENTIAL).expect("JSON");
        let at = |steps: &[PathStep]| ClaimPath(steps.to_vec());
        let name = |text: &str| PathStep::from(text);
        let disclosable = [
            at(&[name("a"), 0.into()]),
            at(&[name("a"), 1.into()]),
            at(&[name("b"), name("c"), name("d")]),
            at(&[name("e"), 0.into(), name("f")]),
            at(&[name("e"), 1.into(), name("f")]),
            at(&[name("g")]),
        ];
        let (shown, withheld) = split(&document, Format::SdJwtVc, &disclosable, &[at(&[name("e"), 1.into(), name("f")])]);
        let read: Vec<_> = shown.counted.iter().map(|claim| format!("{}={}", claim.path, claim.value)).collect();
        assert_eq!(read, ["a=[]", "b.c={}", "e[0]={}", "e[1].f=5"]);
        let made = claims(r#"{"a":[],"b":{"c":{}},"e":[{},{"f":5}]}"#);
        assert!(same(&made, shown.iter()), "what an SD-JWT shows then");
        assert_eq!(withheld.counted.len(), 5);
    }
}
