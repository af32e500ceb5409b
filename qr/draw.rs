//! Drawing a code: half blocks on a terminal, PNG, or SVG.

use core::fmt;
use qrcode::types::{Color, QrError};
use qrcode::{EcLevel, QrCode};

/// Pixels to a module of a picture.
const SCALE: usize = 6;
/// Light modules around the code (ISO/IEC 18004 §6.3.8).
const QUIET: usize = 4;
/// A scanner cannot read a poster; this bounds the picture at 185 * 32 pixels a side.
const MAX_SCALE: usize = 32;

/// Why a text was not drawn.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DrawError {
    /// No QR code holds that much.
    TooLong,
}

impl fmt::Display for DrawError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong => f.write_str("the text is longer than a QR code holds"),
        }
    }
}

impl core::error::Error for DrawError {}

/// The kind of picture that a code is drawn into.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Picture {
    /// Pixels, which `read_picture` reads again.
    Png,
    /// Shapes, for paper and screens of any size. Only a camera reads them.
    Svg,
}

impl Picture {
    /// Returns how its files end, without the dot.
    pub const fn ending(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Svg => "svg",
        }
    }

    /// Draws any text as one code; returns the bytes of the picture's file.
    pub fn draw(self, text: &str) -> Result<Vec<u8>, DrawError> {
        match self {
            Self::Png => draw_png(text, SCALE),
            Self::Svg => draw_svg(text).map(String::into_bytes),
        }
    }
}

/// How a terminal shows light and dark.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Look {
    /// Black on white by escape sequences of fixed colours, whatever the terminal's theme.
    Coloured,
    /// No escape sequences; light text on a dark ground.
    DarkTerminal,
    /// No escape sequences; dark text on a light ground.
    LightTerminal,
}

/// Returns the symbol and its quiet zone as rows of modules, `true` is dark.
pub(crate) fn modules(text: &str, level: EcLevel) -> Result<Vec<Vec<bool>>, DrawError> {
    let code = QrCode::with_error_correction_level(text, level).map_err(|why| match why {
        QrError::DataTooLong
        | QrError::InvalidVersion
        | QrError::UnsupportedCharacterSet
        | QrError::InvalidEciDesignator
        | QrError::InvalidCharacter => DrawError::TooLong,
    })?;
    let width = code.width();
    let side = width + 2 * QUIET;
    let mut rows = vec![vec![false; side]; side];
    for (row, line) in rows[QUIET..].iter_mut().zip(code.to_colors().chunks(width)) {
        for (module, colour) in row[QUIET..].iter_mut().zip(line) {
            *module = *colour == Color::Dark;
        }
    }
    Ok(rows)
}

/// Draws lines of half blocks, two modules high each. Error correction is low (7 %): a screen is neither torn nor dirty, and every column counts.
pub fn draw_terminal(text: &str, look: Look) -> Result<String, DrawError> {
    let rows = modules(text, EcLevel::L)?;
    let mut out = String::new();
    for pair in rows.chunks(2) {
        if look == Look::Coloured {
            out.push_str("\u{1b}[38;5;16;48;5;231m");
        }
        for (column, upper) in pair[0].iter().enumerate() {
            // The row below an odd last one is light, as the quiet zone is.
            let lower = pair.get(1).is_some_and(|row| row[column]);
            let (upper, lower) = if look == Look::DarkTerminal { (!*upper, !lower) } else { (*upper, lower) };
            out.push(match (upper, lower) {
                (false, false) => ' ',
                (true, false) => '▀',
                (false, true) => '▄',
                (true, true) => '█',
            });
        }
        if look == Look::Coloured {
            out.push_str("\u{1b}[0m");
        }
        out.push('\n');
    }
    Ok(out)
}

/// Returns how many columns a drawing of [`draw_terminal`] takes.
pub fn columns(drawing: &str) -> usize {
    let cell = |c: &char| matches!(c, ' ' | '▀' | '▄' | '█');
    drawing.lines().map(|line| line.chars().filter(cell).count()).max().unwrap_or(0)
}

/// Returns the modules of a picture. Error correction is medium (15 %), for print and for photographs, and low (7 %) where the text leaves no room
/// for more.
fn picture_modules(text: &str) -> Result<Vec<Vec<bool>>, DrawError> {
    modules(text, EcLevel::M).or_else(|DrawError::TooLong| modules(text, EcLevel::L))
}

/// Draws a one-bit grayscale PNG with `scale` pixels to a module (1 to 32).
pub(crate) fn draw_png(text: &str, scale: usize) -> Result<Vec<u8>, DrawError> {
    let rows = picture_modules(text)?;
    let scale = scale.clamp(1, MAX_SCALE);
    let side = rows.len() * scale;
    let mut image = Vec::with_capacity(side * side.div_ceil(8));
    for row in &rows {
        let mut line = vec![0_u8; side.div_ceil(8)];
        for x in (0..side).filter(|x| !row[x / scale]) {
            line[x / 8] |= 0x80 >> (x % 8);
        }
        image.extend(std::iter::repeat_n(line, scale).flatten());
    }
    // At most 185 * 32 pixels a side, and a vector takes all that is written: neither step can fail.
    let side = u32::try_from(side).map_err(|_| DrawError::TooLong)?;
    encode_png(side, &image).map_err(|_| DrawError::TooLong)
}

/// The dark modules of a code, for a page that draws them itself.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Outline {
    /// Modules a side, with the quiet zone.
    pub side: usize,
    /// The dark ones as the data of an SVG path (SVG 2 §9.3), each a unit square.
    pub path: String,
}

impl Outline {
    /// Draws any text as one code, as pictures are drawn.
    pub fn of(text: &str) -> Result<Self, DrawError> {
        let rows = picture_modules(text)?;
        let mut runs = Vec::new();
        for (y, row) in rows.iter().enumerate() {
            let mut x = 0;
            // Each run of dark modules is one rectangle: neighbours in a row leave no seam.
            for run in row.chunk_by(|a, b| a == b) {
                if run[0] {
                    runs.push(format!("M{x} {y}h{0}v1h-{0}z", run.len()));
                }
                x += run.len();
            }
        }
        Ok(Self { side: rows.len(), path: runs.concat() })
    }
}

/// Draws an SVG of one path over a white ground, shown at [`SCALE`] pixels to a module unless told otherwise. It names no font, no script
/// and nothing outside itself.
pub(crate) fn draw_svg(text: &str) -> Result<String, DrawError> {
    let Outline { side, path } = Outline::of(text)?;
    let shown = side * SCALE;
    Ok(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {side} {side}\" width=\"{shown}\" height=\"{shown}\" \
         shape-rendering=\"crispEdges\"><rect width=\"{side}\" height=\"{side}\" fill=\"#fff\"/><path d=\"{path}\"/></svg>\n"
    ))
}

fn encode_png(side: u32, image: &[u8]) -> Result<Vec<u8>, png::EncodingError> {
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(&mut out, side, side);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::One);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(image)?;
    writer.finish()?;
    Ok(out)
}
