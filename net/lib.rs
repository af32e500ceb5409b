//! How the offline roles reach a link: sync over HTTP or a file, credential pick-up and DID documents.
//!
//! The one place of the offline roles that may open a socket. Only bytes arrive here; `waypass-trust` decides whether to believe them.
//!
//! Without the feature `http` there are no sockets in it: a page fetches by itself, and hands in what came.
//!
//! A [`Transport`](transport::Transport) is a server or a file on a stick, and [`sync::run`] brings a device up to date over either:
//!
//! ```
//! use waypass_net::transport::{FileTransport, Transport};
//! use waypass_trust::bundle::{Root, TrustBundle};
//!
//! # let place = tempfile::tempdir()?;
//! # let stick = place.path().join("bundle");
//! # std::fs::write(&stick, include_str!("../tests/compat/0.1.0/bundle"))?;
//! # let root = include_str!("../tests/compat/0.1.0/wallet/trust/root.json");
//! // What an office wrote with `waypass issuer publish -o bundle`.
//! let mut transport = FileTransport::new(Some(&stick), None)?;
//! let offered = transport.manifest()?.ok_or("nothing is offered")?;
//! // Still unverified bytes. The root that the device pinned decides whether they are believed.
//! let metadata = transport.metadata()?;
//! let bundle = TrustBundle::open(&metadata, &Root::open(root.as_bytes())?)?;
//! assert_eq!(bundle.missing_lists().len(), offered.lists.len());
//! for list in &offered.lists {
//!     assert!(!transport.list(&list.uri)?.is_empty());
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#[cfg(feature = "http")]
mod authorities;
#[cfg(feature = "http")]
mod client;
#[cfg(feature = "http")]
pub mod did_web;
mod error;
#[cfg(feature = "http")]
pub mod pickup;
#[cfg(feature = "http")]
mod public;
mod refusal;
#[cfg(feature = "session")]
pub mod session;
pub mod sync;
pub mod transport;

#[cfg(feature = "http")]
pub use authorities::{Authorities, NotAnAuthority};
#[cfg(feature = "http")]
pub use client::{Link, Reach, Timeouts};
pub use error::TransportError;

#[cfg(all(test, feature = "http"))]
mod testing;
