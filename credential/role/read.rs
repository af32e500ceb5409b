//! Reading members strictly: the right JSON type or a named refusal.

use crate::json::Object;
use crate::malformed::Malformed;
use alloc::{borrow::ToOwned, string::String, vec::Vec};

/// Reads a string.
pub(crate) fn text(object: &Object<'_>, name: &'static str) -> Result<String, Malformed> {
    let value = object.member(name).ok_or(Malformed::Missing(name))?;
    value.as_str().map(ToOwned::to_owned).ok_or(Malformed::WrongType(name))
}

/// Reads an array of strings.
pub(crate) fn names(object: &Object<'_>, name: &'static str) -> Result<Vec<String>, Malformed> {
    let items = object.member(name).ok_or(Malformed::Missing(name))?.as_array().ok_or(Malformed::WrongType(name))?;
    items.iter().map(|item| item.as_str().map(ToOwned::to_owned).ok_or(Malformed::WrongType(name))).collect()
}

/// Reads the roles. SD-JWT VC carries them in the random order of their digests: sorted here, so that a set has one reading.
pub(crate) fn roles(object: &Object<'_>) -> Result<Vec<String>, Malformed> {
    let mut roles = names(object, "roles")?;
    roles.sort_unstable();
    Ok(roles)
}

/// Reads the members besides `known`, in ascending order of their names, for the same reason.
pub(crate) fn personal(object: &Object<'_>, known: &[&str]) -> Object<'static> {
    let others = object.iter().filter(|(name, _)| !known.contains(name));
    let mut personal = Object::new();
    personal.members_mut().extend(others.map(|(name, value)| (name.to_owned().into(), value.clone().into_owned())));
    personal.members_mut().sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
    personal
}

#[cfg(test)]
mod tests {
    use super::{names, personal, roles, text};
    use crate::json::{Limits, parse};
    use crate::malformed::Malformed;
    use alloc::vec::Vec;

    #[test]
    fn wrong_types_are_named() {
        let value = parse(br#"{"text":1,"names":["a",2],"other":"a","roles":["b","a"]}"#, Limits::CREDENTIAL).expect("JSON");
        let object = value.as_object().expect("an object");
        assert_eq!(text(object, "text"), Err(Malformed::WrongType("text")));
        assert_eq!(text(object, "absent"), Err(Malformed::Missing("absent")));
        assert_eq!(names(object, "names"), Err(Malformed::WrongType("names")));
        assert_eq!(names(object, "other"), Err(Malformed::WrongType("other")));
        assert_eq!(names(object, "absent"), Err(Malformed::Missing("absent")));
        assert_eq!(roles(object).expect("names"), ["a", "b"]);
        let personal = personal(object, &["text", "roles"]);
        assert_eq!(personal.iter().map(|(name, _)| name).collect::<Vec<_>>(), ["names", "other"]);
    }
}
