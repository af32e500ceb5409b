//! The built pages that a command shows: found next to the program, or in a folder that is named.

use crate::exit::Failure;
use std::path::Path;
use waypass_web::{Pages, PagesError};

/// Returns the pages of this program, from `folder` or from next to it.
pub(crate) fn find(folder: Option<&Path>) -> Result<Pages, Failure> {
    let own = std::env::current_exe().map_err(|why| {
        Failure::internal(format!("the program does not know its own place: {}", crate::exit::plain(&why)), "name the folder: --pages DIR")
    })?;
    Pages::find(folder, &own).map_err(|why| match why {
        PagesError::Unreadable { path, why } => Failure::file("read", &path, &why),
        PagesError::NotBuilt => {
            Failure::usage(why, "build the pages and then the program: cargo xtask web; or install the package, which has both")
        }
        PagesError::NoFolder { .. }
        | PagesError::Missing { .. }
        | PagesError::Changed { .. }
        | PagesError::NotListed { .. }
        | PagesError::TooLarge { .. }
        | PagesError::UnknownKind { .. } => Failure::usage(
            why,
            "take the pages that were built with this program: cargo xtask web, or the package again; or name another folder: --pages DIR",
        ),
    })
}
