//! Carries bytes by QR codes (ISO/IEC 18004): draws them on a terminal, as PNG and as SVG, and reads them from the bytes of a PNG or a JPEG,
//! or from the pixels of a camera.
//!
//! Pure: performs no I/O, reads no clock, draws no randomness. Opening and naming files is the caller's. Reading a picture is bounded work,
//! counted in things done and not in seconds.
//!
//! ```
//! use waypass_qr::{FrameSize, Gatherer, Picture, frames};
//!
//! // The holder's side: as many codes as the payload needs.
//! let payload = b"eyJhbGciOiJFZERTQSJ9.e30.c2lnbmF0dXJl";
//! let codes = frames(payload, FrameSize::Scan)?;
//! let pictures = codes.iter().map(|code| Picture::Png.draw(code.text())).collect::<Result<Vec<_>, _>>()?;
//!
//! // The gate's side: pictures in any order, until they are a whole.
//! let mut gatherer = Gatherer::new();
//! for picture in &pictures {
//!     gatherer.picture(picture)?;
//! }
//! assert_eq!(gatherer.finish()?, payload);
//! # Ok::<(), Box<dyn core::error::Error>>(())
//! ```
//!
//! A JWS as text costs 8 bits a character in a code's byte mode. Its base64url segments decoded, and the bytes written in base45
//! (RFC 9285) in alphanumeric mode, cost 6.2. The bare bytes would cost 6.0. But scanners guess at the character set of bytes, so the
//! frames stay text.
//!
//! The reader is foreign code on a stranger's picture. A panic in it is caught where panics unwind. In WebAssembly a panic ends the
//! instance, so a page must read pictures in an instance of its own.

mod base45;
mod card;
mod carousel;
mod collect;
mod draw;
mod frame;
mod gather;
mod pack;
mod read;
mod scanner;

pub use card::{CardError, Face, Paper};
pub use carousel::Carousel;
pub use collect::Collector;
pub use draw::{DrawError, Look, Outline, Picture, columns, draw_terminal};
pub use frame::{Frame, FrameError, FrameSize, OFFER, PayloadTooLarge, Progress, frames};
pub use gather::{GatherError, Gatherer};
pub use read::{PictureKind, ReadError, read_picture, read_pixels};
pub use scanner::{Scan, Scanner};

#[cfg(test)]
mod tests;
