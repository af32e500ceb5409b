//! The words of the screens: messages of `waypass-screen` as text in English, French, German and Arabic.
//!
//! Pure: performs no I/O, reads no clock, draws no randomness. The texts are Fluent files, compiled into tables when the program is built,
//! so that a start parses nothing and a message that a language lacks does not build. It knows no time zone: the caller says how far it is
//! from UTC.
//!
//! ```
//! use waypass_screen::{Message, Plain};
//! use waypass_words::{Direction, Language, Words};
//!
//! let utc = |_| 0;
//! let [english, german, arabic] = [Language::English, Language::German, Language::Arabic].map(|language| Words::new(language, &utc));
//!
//! assert_eq!(english.text(&Plain::Deny.into()), "DENY");
//! assert_eq!(german.text(&Message::Span(3 * 86_400)), "3 Tage");
//! assert_eq!(arabic.text(&Message::Span(2 * 86_400)), "يومان");
//! assert_eq!(Language::Arabic.direction(), Direction::RightToLeft);
//!
//! // What somebody else wrote cannot turn the sentence around.
//! let role = Message::List(vec![Message::Text("nurse".into()), Message::Text("طبيب".into())]);
//! assert_eq!(english.text(&role), "nurse and \u{2068}طبيب\u{2069}");
//! ```
#![no_std]

extern crate alloc;

mod language;
mod piece;
mod plural;
mod say;
mod table;
#[cfg(test)]
mod tests;

pub use language::{Direction, Language};
pub use piece::Piece;
pub use say::Words;
