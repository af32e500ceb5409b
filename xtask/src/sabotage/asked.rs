//! The request.

use super::check::Check;

/// Seconds for a sample when nothing is said.
const SECONDS: u64 = 600;

/// The arguments of `cargo xtask sabotage`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) which: Which,
    /// No entry is begun after this time.
    pub(super) seconds: Option<u64>,
    /// Entries that an earlier run saw caught are left out.
    pub(super) resume: bool,
}

/// Which entries.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Which {
    /// Every one.
    All,
    /// As many as the time allows, in an order that follows from the commit.
    Sample,
    /// By name, number or range of numbers.
    Named(Vec<String>),
}

impl Asked {
    pub(super) fn of(args: &[String]) -> Result<Self, String> {
        let (mut seconds, mut resume, mut names) = (None, false, Vec::new());
        let mut args = args.iter();
        while let Some(arg) = args.next() {
            match arg.as_str() {
                "--resume" => resume = true,
                "--seconds" => seconds = Some(args.next().and_then(|text| text.parse().ok()).ok_or("--seconds needs a number")?),
                option if option.starts_with('-') => return Err(format!("sabotage has no option {option}")),
                name => names.push(name.to_owned()),
            }
        }
        let which = match names.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            [] | ["all"] => Which::All,
            ["sample"] => Which::Sample,
            _ => Which::Named(names),
        };
        if which == Which::Sample {
            seconds.get_or_insert(SECONDS);
        }
        Ok(Self { which, seconds, resume })
    }
}

/// Returns the checks that `names` name: by name, by number from 1, by a range of numbers.
pub(super) fn named<'c>(checks: &'c [Check], names: &[String]) -> Result<Vec<&'c Check>, String> {
    let mut found = Vec::new();
    for name in names {
        let (first, last) = name.split_once('-').unwrap_or((name, name));
        let range = first.parse::<usize>().ok().zip(last.parse::<usize>().ok());
        let named = match range {
            Some((first @ 1.., last)) => checks.get(first - 1..last).unwrap_or_default(),
            Some(_) => &[],
            None => checks.iter().position(|check| check.name == *name).map_or(&[][..], |at| &checks[at..=at]),
        };
        if named.is_empty() {
            return Err(format!("no check is called `{name}` or has that number; see cargo xtask sabotage --list"));
        }
        found.extend(named);
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::{Asked, SECONDS, Which, named};
    use crate::sabotage::check::{Check, tests::check};

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn checks_are_chosen_by_name_number_and_range() {
        let all: Vec<Check> = ["proof", "nonce-used", "age", "size"].iter().map(|name| check(name, "trust/a.rs", &[])).collect();
        let names = |args: &[&str]| -> Result<Vec<String>, String> {
            Ok(named(&all, &words(args))?.into_iter().map(|check| check.name.clone()).collect())
        };
        assert_eq!(names(&["nonce-used"]), Ok(vec!["nonce-used".to_owned()]));
        assert_eq!(names(&["2-3", "1"]), Ok(words(&["nonce-used", "age", "proof"])));
        for wrong in ["0", "5", "3-9", "4-2", "no-such"] {
            assert!(names(&[wrong]).is_err(), "{wrong}");
        }
    }

    #[test]
    fn all_a_sample_or_some_are_asked_for() {
        let asked = |args: &[&str]| Asked::of(&words(args));
        assert_eq!(asked(&[]), Ok(Asked { which: Which::All, seconds: None, resume: false }));
        let piece = Asked { which: Which::All, seconds: Some(1800), resume: true };
        assert_eq!(asked(&["all", "--resume", "--seconds", "1800"]), Ok(piece));
        assert_eq!(asked(&["sample"]), Ok(Asked { which: Which::Sample, seconds: Some(SECONDS), resume: false }));
        assert_eq!(asked(&["3-7"]), Ok(Asked { which: Which::Named(words(&["3-7"])), seconds: None, resume: false }));
        for wrong in [&["--seconds"][..], &["--seconds", "x"], &["--fast"]] {
            assert!(asked(wrong).is_err(), "{wrong:?}");
        }
    }
}
