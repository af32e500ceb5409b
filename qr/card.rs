//! Cards to print: a code with its text next to it, at the size of a bank card, as PDF and as PNG, alone or several on a sheet.
//!
//! The code has strong error correction, because a card lives in a pocket: how strong was measured (docs/decisions/041-cards.md). The
//! text is drawn as shapes, in the letters of one font that is compiled in.

use core::fmt;
use letters::Contour;
use qrcode::EcLevel;

mod arabic;
mod face;
mod letters;
mod page;
mod pdf;
mod raster;
#[cfg(test)]
mod tests;
mod text;

/// Error correction of the code on a card. No weaker level is read after a fifth of the code was rubbed off, although its modules are larger.
const LEVEL: EcLevel = EcLevel::H;

/// What is on one card.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Face {
    /// The bytes in the code; they must fit into one.
    pub code: Vec<u8>,
    /// The top line: whose card it is.
    pub title: String,
    /// The bearer's name.
    pub name: String,
    /// Further lines.
    pub lines: Vec<String>,
}

/// The paper that cards are printed on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Paper {
    /// Blank cards of the size ID-1, one on a page.
    Card,
    /// A4, with several cards on a page and marks to cut at.
    A4,
}

/// Why a card was not drawn. Nothing is printed that would say something else than it should.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum CardError {
    /// The bytes do not fit into one code.
    TooLong,
    /// The font has no such sign.
    Sign(char),
    /// A text with letters from the right also has letters or digits from the left.
    BothDirections,
    /// This text does not fit next to the code, even in small letters.
    TooWide(String),
    /// There are more lines than a card has room for.
    TooMuch,
}

impl fmt::Display for CardError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong => f.write_str("the credential does not fit into one code"),
            Self::Sign(sign) => write!(f, "the sign {sign:?} cannot be printed: the font does not have it"),
            Self::BothDirections => f.write_str("a text in Arabic or Hebrew letters that has other letters or digits cannot be printed"),
            Self::TooWide(text) => write!(f, "{text:?} is too long for a card"),
            Self::TooMuch => f.write_str("there are more lines than a card has room for"),
        }
    }
}

impl core::error::Error for CardError {}

impl Paper {
    /// Returns a PDF with these cards.
    pub fn pdf(self, faces: &[Face]) -> Result<Vec<u8>, CardError> {
        Ok(pdf::write(&self.pages(faces)?))
    }

    /// Returns a PNG for each page with these cards, of 600 dots to the inch.
    pub fn png(self, faces: &[Face]) -> Result<Vec<Vec<u8>>, CardError> {
        // A vector takes all that is written, and a page is far smaller than a PNG may be.
        self.pages(faces)?.iter().map(|page| raster::draw(page).to_png().map_err(|_| CardError::TooMuch)).collect()
    }

    fn pages(self, faces: &[Face]) -> Result<Vec<page::Page>, CardError> {
        let cards = faces.iter().map(|face| face::shapes(face, LEVEL)).collect::<Result<Vec<Vec<Vec<Contour>>>, _>>()?;
        Ok(match self {
            Self::Card => cards.into_iter().map(page::single).collect(),
            Self::A4 => cards.chunks(page::on_a_sheet()).map(page::sheet).collect(),
        })
    }
}
