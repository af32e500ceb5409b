//! The names of roles, sites and zones.

use alloc::string::String;

/// The bounds of a name, in words that follow "must have".
pub const NAME_RULE: &str = "1 to 64 letters (a to z), digits and the signs - _ . : /";

/// The longest name, in characters.
const MAX_NAME: usize = 64;

/// Returns true if `text` keeps the bounds of a name of a role, site or zone. A name is an identifier, not words for people.
pub fn is_name(text: &str) -> bool {
    (1..=MAX_NAME).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.:/".contains(&b))
}

/// The reach of a claim or a rule: one name, or any.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Scope<'n> {
    /// Written `*`.
    Any,
    /// One role, site or zone.
    Named(&'n str),
}

impl<'n> Scope<'n> {
    /// Returns the scope that `text` writes down.
    pub fn of(text: &'n str) -> Self {
        if text == "*" { Self::Any } else { Self::Named(text) }
    }

    /// Returns true if it is any, or keeps the bounds of a name.
    pub fn is_in_bounds(self) -> bool {
        match self {
            Self::Any => true,
            Self::Named(name) => is_name(name),
        }
    }

    /// Returns true if one of `scopes` reaches `place`.
    pub fn reaches(scopes: &[String], place: &str) -> bool {
        scopes.iter().map(|scope| Scope::of(scope)).any(|scope| scope == Scope::Any || scope == Scope::Named(place))
    }

    /// Returns true if one of `scopes` is any.
    pub fn is_everywhere(scopes: &[String]) -> bool {
        scopes.iter().any(|scope| Scope::of(scope) == Scope::Any)
    }
}

#[cfg(test)]
mod tests {
    use super::{Scope, is_name};
    use alloc::{borrow::ToOwned, string::String, vec::Vec};

    #[test]
    fn a_name_has_up_to_64_letters_digits_and_signs() {
        for good in ["a", "Ward-3", "north/gate_2:b.c", &"n".repeat(64)] {
            assert!(is_name(good) && Scope::of(good).is_in_bounds(), "{good}");
        }
        for bad in ["", "*", "ward 3", "Küche", "a\n", "a*", &"n".repeat(65)] {
            assert!(!is_name(bad), "{bad:?}");
            assert_eq!(Scope::of(bad).is_in_bounds(), bad == "*", "{bad:?}");
        }
    }

    #[test]
    fn a_scope_reaches_its_own_name_and_any_reaches_all() {
        let scopes = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<String>>();
        for (written, north, everywhere) in [
            (&["north"][..], true, false),
            (&["south", "*"], true, true),
            (&["south"], false, false),
            (&["north*"], false, false),
            (&[], false, false),
        ] {
            assert_eq!(Scope::reaches(&scopes(written), "north"), north, "{written:?}");
            assert_eq!(Scope::is_everywhere(&scopes(written)), everywhere, "{written:?}");
        }
    }
}
