//! The warnings that the holder reads before agreeing, in addition to what would be shown.

use crate::show::Standing;
use core::fmt;
use waypass_credential::ClaimPath;
use waypass_credential::time::Timestamp;
use waypass_trust::time::Doubt;

/// A warning to the holder before agreeing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Warning {
    /// The asker is not in the trust bundle.
    UnknownAsker,
    /// The gate's enrolment has ended.
    LapsedAsker {
        /// When.
        since: Timestamp,
    },
    /// There is no trust bundle: the asker cannot be recognised.
    NoBundle,
    /// The gate asks for more than a role and where it holds.
    OverAsking {
        /// The personal claims it would get.
        claims: Vec<ClaimPath>,
    },
    /// The format shows these personal claims although nobody asked.
    CannotWithhold {
        /// The claims.
        claims: Vec<ClaimPath>,
    },
    /// This gate has been answered before; its records can be joined.
    SeenBefore {
        /// How often.
        times: usize,
        /// When last.
        last: Timestamp,
    },
    /// The credential does not name the gate's place; the gate may refuse it.
    Elsewhere {
        /// The gate's site.
        site: String,
        /// The gate's zone.
        zone: String,
    },
    /// The credential is not in force; a gate will refuse it.
    NotInForce(Standing),
    /// This device's clock is in doubt; the gate may refuse the answer's time.
    ClockDoubt(Doubt),
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |f: &mut fmt::Formatter<'_>, claims: &[ClaimPath]| {
            claims.iter().enumerate().try_for_each(|(at, path)| write!(f, "{}{path}", if at == 0 { "" } else { ", " }))
        };
        match self {
            Self::UnknownAsker => f.write_str("the asker is not in the trust bundle: an unknown person"),
            Self::LapsedAsker { since } => write!(f, "the gate's enrolment ended {since}"),
            Self::NoBundle => f.write_str("there is no trust bundle: the asker cannot be recognised"),
            Self::OverAsking { claims } => {
                f.write_str("asks for more than a role: ")?;
                list(f, claims)
            }
            Self::CannotWithhold { claims } => {
                f.write_str("this credential also shows what nobody asked for: ")?;
                list(f, claims)
            }
            Self::SeenBefore { times: 1, last } => write!(f, "shown to this gate once before, {last}"),
            Self::SeenBefore { times, last } => write!(f, "shown to this gate {times} times before, last {last}"),
            Self::Elsewhere { site, zone } => {
                write!(f, "the gate may refuse this credential: it does not name the site {site} with the zone {zone}")
            }
            Self::NotInForce(standing) => write!(f, "the gate will refuse this credential: {standing}"),
            Self::ClockDoubt(doubt) => write!(f, "the gate may refuse the time of the answer: {doubt}"),
        }
    }
}
