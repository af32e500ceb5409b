//! Bytes carried by light: QR codes drawn on a terminal, into a PNG or an SVG, and read back from a PNG or a JPEG (ISO/IEC 18004). This room
//! opens no file.
//!
//! [`frames`] cuts a payload into as many codes as it needs; [`Collector`] puts them together again in any order, and [`Gatherer`] takes them
//! out of pictures and from scanners. [`draw_terminal`], [`draw_png`] and [`draw_svg`] also draw any plain text.
//!
//! A JWS as text costs 8 bits a character in a code's byte mode. Its base64url segments decoded, and the bytes written in base45
//! (RFC 9285) in alphanumeric mode, cost 6.2. The bare bytes would cost 6.0, but scanners guess at the character set of bytes, so the
//! frames stay text.

mod base45;
mod draw;
mod files;
mod frame;
mod gather;
mod pack;
mod read;

pub use draw::{DrawError, Look, PNG_SCALE, columns, draw_png, draw_svg, draw_terminal};
pub use files::{Drawing, FileError, Picture, draw_files, is_numbered};
pub use frame::{Collector, Frame, FrameError, FrameSize, MAX_PAYLOAD, OFFER, PayloadTooLarge, Progress, frames};
pub use gather::{GatherError, Gatherer};
pub use read::{MAX_PICTURE, PictureKind, ReadError, read_picture};

#[cfg(test)]
mod tests;
