//! The tones of a verdict, and how a terminal shows them.

use anstyle::{Ansi256Color, Color, RgbColor, Style};

/// The tones of a verdict.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Tone {
    Green,
    Amber,
    Red,
    Grey,
    /// Secondary text.
    Quiet,
    /// Headings.
    Strong,
}

/// Text in a tone, for words and warnings.
pub(crate) fn paint(tone: Tone) -> Style {
    let style = Style::new();
    match tone {
        Tone::Green => style.bold().fg_color(Some(Ansi256Color(35).into())),
        Tone::Amber => style.bold().fg_color(Some(Ansi256Color(221).into())),
        Tone::Red => style.bold().fg_color(Some(Ansi256Color(160).into())),
        Tone::Grey => style.bold().fg_color(Some(Ansi256Color(250).into())),
        Tone::Quiet => style.dimmed(),
        Tone::Strong => style.bold(),
    }
}

/// Returns the banner of a verdict: the exact colours where the terminal says it has them, the nearest of 256 otherwise.
pub(crate) fn banner(tone: Tone) -> Style {
    let exact = std::env::var_os("COLORTERM").is_some_and(|value| value == "truecolor" || value == "24bit");
    let pick = |rgb: (u8, u8, u8), near: u8| -> Option<Color> {
        Some(if exact { RgbColor(rgb.0, rgb.1, rgb.2).into() } else { Ansi256Color(near).into() })
    };
    let white = pick((255, 255, 255), 231);
    let (ground, text) = match tone {
        Tone::Green => (pick((0x0B, 0x6B, 0x3A), 22), white),
        Tone::Amber => (pick((0xFF, 0xC5, 0x3D), 221), pick((0x1A, 0x13, 0x00), 16)),
        Tone::Red => (pick((0xA8, 0x07, 0x1A), 124), white),
        Tone::Grey | Tone::Quiet | Tone::Strong => (pick((0x43, 0x48, 0x4E), 238), white),
    };
    Style::new().bold().bg_color(ground).fg_color(text)
}
