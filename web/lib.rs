//! Gives out the built pages: reads them from a folder, compares them with the list that is compiled in, and answers for each over HTTP.
//!
//! A program shows only the pages that it was built with. A file that was changed, is missing or was added is refused at the start, so
//! what a browser gets is what the program's signature covers. The files stay in memory: what happens to the folder later does not matter.
//!
//! It opens no socket. The issuer's service and a kiosk each have one, and give the answers of [`Pages::answer`].
//!
//! ```
//! use std::path::Path;
//! use waypass_web::{Pages, PagesError};
//!
//! let program = Path::new("/usr/bin/waypass");
//! let nowhere = Pages::find(Some(Path::new("/nowhere")), program);
//! assert!(matches!(nowhere, Err(PagesError::NoFolder { .. })));
//!
//! // A program that was built without pages says so, and one that was built with them reads no others.
//! let others = Pages::find(Some(Path::new("/")), program);
//! assert!(matches!(others, Err(PagesError::NotBuilt | PagesError::NotListed { .. })));
//! ```

mod answer;
mod files;

pub use answer::{Answer, names_tag};
pub use files::{Pages, PagesError};
