//! The steps that a guard does before an amber decision admits.

/// The extra step of an amber verdict, from the lightest to the gravest. If several are due, all reasons say so and
/// the gravest is named.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Step {
    /// Look, and confirm.
    Confirm,
    /// Check who the person is, as the rule says; written down.
    Identity,
    /// Override old evidence; written down.
    Override,
    /// Somebody of the site stays with the person.
    Escort,
    /// A second guard agrees.
    SecondPerson,
    /// An override in an emergency; written down and reviewed.
    BreakGlass,
}

impl Step {
    /// Returns the name in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Confirm => "confirm",
            Self::Identity => "identity",
            Self::Override => "override",
            Self::Escort => "escort",
            Self::SecondPerson => "second_person",
            Self::BreakGlass => "break_glass",
        }
    }
}
