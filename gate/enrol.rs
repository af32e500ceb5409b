//! Becoming a gate of a site: what it is called, and the request to be taken into the bundle.

use crate::error::GateError;
use crate::gate::{About, Gate};
use core::fmt;
use waypass_credential::role::{NAME_RULE, is_name};
use waypass_trust::enrolment::{Enrolment, MAX_GATE_NAME};
use waypass_trust::time::Reading;

/// Why a gate cannot be called so.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BadAbout {
    /// The name is empty, too long, or has control characters.
    Name,
    /// The site is not one that a credential can name.
    Site,
    /// The zone is not one that a credential can name.
    Zone,
}

impl fmt::Display for BadAbout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name => write!(f, "the name must have 1 to {MAX_GATE_NAME} bytes and no control characters"),
            Self::Site => write!(f, "the site must have {NAME_RULE}"),
            Self::Zone => write!(f, "the zone must have {NAME_RULE}"),
        }
    }
}

impl core::error::Error for BadAbout {}

impl About {
    /// Checks that an office can enrol a gate that is called so.
    pub fn check(&self) -> Result<(), BadAbout> {
        if self.name.trim().is_empty() || self.name.len() > MAX_GATE_NAME || self.name.chars().any(char::is_control) {
            return Err(BadAbout::Name);
        }
        if !is_name(&self.site) {
            return Err(BadAbout::Site);
        }
        if is_name(&self.zone) { Ok(()) } else { Err(BadAbout::Zone) }
    }
}

impl Gate<'_> {
    /// Returns the request to be taken into the bundle, and the same signed by the gate's key (typ `waypass-enrolment+jwt`), for the office.
    pub fn enrolment(&self, reading: &Reading) -> Result<(Enrolment, String), GateError> {
        let gate = self.identity();
        let enrolment = Enrolment {
            id: gate.id.clone(),
            name: gate.name.clone(),
            site: gate.site.clone(),
            zone: gate.zone.clone(),
            issued_at: reading.wall,
        };
        let text = enrolment.sign(&self.signer()?).map_err(|_| GateError::Signer)?;
        Ok((enrolment, text))
    }
}

#[cfg(test)]
mod tests {
    use super::{About, BadAbout};

    #[test]
    fn a_gate_is_called_what_an_office_can_enrol() {
        let about = |name: &str, site: &str, zone: &str| About { name: name.into(), site: site.into(), zone: zone.into() }.check();
        assert_eq!(about("North door", "clinic-north", "ward"), Ok(()));
        for name in [" ", "a\tb", &"x".repeat(129)] {
            assert_eq!(about(name, "clinic-north", "ward"), Err(BadAbout::Name), "{name:?}");
        }
        assert_eq!(about("x", "old yard", "ward"), Err(BadAbout::Site));
        assert_eq!(about("x", "yard", "*"), Err(BadAbout::Zone));
    }
}
