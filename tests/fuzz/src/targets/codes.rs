//! QR codes: frames, pictures, and codes made module by module.

use super::text;
use crate::guard::require;
use qrcode::bits::Bits;
use qrcode::canvas::{Canvas, MaskPattern};
use qrcode::{Color, EcLevel, Version, ec};
use std::hint::black_box;
use waypass_qr::read_picture;
use waypass_qr::{Collector, FrameSize, Gatherer, frames as frames_of};

/// A payload's frames give the payload, in any order. Any lines are answered.
pub(super) fn frames(data: &[u8]) {
    if let Some(text) = text(data) {
        let mut gatherer = Gatherer::new();
        text.lines().for_each(|line| drop(black_box(gatherer.line(line.as_bytes()))));
        black_box(gatherer.finish().is_ok());
    }
    for size in [FrameSize::Scan, FrameSize::Terminal] {
        let Ok(frames) = frames_of(data, size) else { continue };
        let plain = frames.len() == 1 && text(data).is_some_and(|text| text.starts_with(waypass_qr::OFFER));
        let mut collector = Collector::new();
        let taken = frames.iter().rev().all(|frame| collector.add(frame.text()).is_ok());
        require(plain || taken && collector.finish().as_deref() == Ok(data), "a payload does not come back");
    }
}

/// Any bytes as a picture.
pub(super) fn png(data: &[u8]) {
    black_box(read_picture(data).is_ok());
}

/// Any bytes behind a JPEG's first marker.
pub(super) fn jpeg(data: &[u8]) {
    black_box(read_picture(&[b"\xff\xd8\xff", data].concat()).is_ok());
    black_box(read_picture(data).is_ok());
}

/// A picture of these modules with a quiet zone.
fn picture(modules: &[bool], width: usize, scale: usize) -> Vec<u8> {
    let side = (width + 8) * scale;
    let inside = |at: usize| (at / scale).checked_sub(4).filter(|at| *at < width);
    let dark = |x: usize, y: usize| inside(x).zip(inside(y)).is_some_and(|(x, y)| modules.get(y * width + x) == Some(&true));
    let pixels: Vec<u8> = (0..side * side).map(|at| if dark(at % side, at / side) { 0 } else { 255 }).collect();
    let mut file = Vec::new();
    let side = u32::try_from(side).expect("small");
    let mut encoder = png::Encoder::new(&mut file, side, side);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_compression(png::Compression::Fast);
    encoder.write_header().and_then(|mut writer| writer.write_image_data(&pixels)).expect("a picture");
    file
}

/// Any modules: the first byte is the width.
pub(super) fn modules(data: &[u8]) {
    let Some((width, bits)) = data.split_first() else { return };
    let width = usize::from(*width).clamp(15, 90);
    let modules: Vec<bool> = (0..width * width).map(|at| bits.get(at / 8).is_some_and(|byte| byte >> (7 - at % 8) & 1 == 1)).collect();
    black_box(read_picture(&picture(&modules, width, 3)).is_ok());
}

/// A right code around any data words: what the reader makes of segments.
pub(super) fn words(data: &[u8]) {
    let Some((choice, words)) = data.split_first() else { return };
    let version = Version::Normal(i16::from(choice % 12) + 1);
    let level = [EcLevel::L, EcLevel::M, EcLevel::Q, EcLevel::H][usize::from(choice / 12) % 4];
    let mut words = words.to_vec();
    words.resize(Bits::new(version).max_len(level).expect("a version") / 8, 0);
    let (blocks, corrections) = ec::construct_codewords(&words, version, level).expect("as many words as fit");
    let mut canvas = Canvas::new(version, level);
    canvas.draw_all_functional_patterns();
    canvas.draw_data(&blocks, &corrections);
    canvas.apply_mask(MaskPattern::Checkerboard);
    let modules: Vec<bool> = canvas.into_colors().into_iter().map(|colour| colour == Color::Dark).collect();
    let width = modules.len().isqrt();
    for text in read_picture(&picture(&modules, width, 2)).unwrap_or_default() {
        black_box(Collector::new().add(&text).is_ok());
    }
}
