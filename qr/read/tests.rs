use super::search::Budget;
use super::{PictureKind, ReadError, jpeg, read_counted, read_picture, read_pixels};
use crate::draw::draw_png;
use crate::{FrameSize, Gatherer, frames};

const TEXT: &str = "WAYPASS 42";

/// Rows of pixels as a PNG.
pub(crate) fn png(color: png::ColorType, width: u32, height: u32, pixels: &[u8]) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width, height);
    encoder.set_color(color);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.write_header().expect("header").write_image_data(pixels).expect("pixels");
    file
}

fn grey(side: u32, pixels: &[u8]) -> Vec<u8> {
    png(png::ColorType::Grayscale, side, side, pixels)
}

/// A code as brightness, 0 and 255.
fn drawn(text: &str, scale: usize) -> (u32, Vec<u8>) {
    let file = draw_png(text, scale).expect("drawn");
    let (luma, _) = super::pixels::decode(&file, 255).expect("read");
    (luma.width, luma.pixels)
}

/// A grid of corners, the picture made to be slow: `each` corners a side, `scale` pixels to a module.
fn corners(each: usize, scale: usize) -> Vec<u8> {
    const CORNER: [u8; 7] = [0b111_1111, 0b100_0001, 0b101_1101, 0b101_1101, 0b101_1101, 0b100_0001, 0b111_1111];
    let side = each * 9 * scale;
    let dark = |x: usize, y: usize| x < 7 && y < 7 && CORNER[y] >> x & 1 == 1;
    let pixels: Vec<u8> = (0..side * side).map(|at| if dark(at % side / scale % 9, at / side / scale % 9) { 0 } else { 255 }).collect();
    grey(u32::try_from(side).expect("small"), &pixels)
}

/// A header and no pixels.
fn announced(width: u32, height: u32) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width, height);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::One);
    drop(encoder.write_header().expect("header"));
    file
}

#[test]
fn each_side_and_all_pixels_are_bounded_before_anything_is_inflated() {
    for (width, height) in [(65_000, 65_000), (25_165_824, 1), (1, 25_165_824), (8_193, 100), (100, 8_193), (8_000, 8_000)] {
        assert_eq!(read_picture(&announced(width, height)), Err(ReadError::TooLarge { width, height }));
    }
    for (width, height) in [(8_000, 1), (1, 8_000), (20, 20), (20, 8_000)] {
        assert_eq!(read_picture(&announced(width, height)), Err(ReadError::TooSmall { width, height }));
    }
}

/// The pixels of a camera, which has its own colours and no file: grey, and as a canvas in a page gives them.
#[test]
fn the_pixels_of_a_camera_are_read() {
    let (side, grey) = drawn(TEXT, 5);
    let expected = Ok(vec![TEXT.to_owned()]);
    assert_eq!(read_pixels(side, side, &grey), expected);
    let colours: Vec<u8> = grey.iter().flat_map(|level| [*level / 2 + 40, *level / 3 + 20, *level / 2 + 60, 255]).collect();
    assert_eq!(read_pixels(side, side, &colours), expected);
    let ink_on_nothing: Vec<u8> = grey.iter().flat_map(|level| [0, 0, 0, 255 - *level]).collect();
    assert_eq!(read_pixels(side, side, &ink_on_nothing), expected);
    assert_eq!(read_pixels(side, side, &vec![200; grey.len()]), Err(ReadError::NoCode));
}

#[test]
fn pixels_that_do_not_fit_their_size_are_refused() {
    for bytes in [0, 640 * 480 - 1, 640 * 480 * 3, 640 * 480 * 4 + 1] {
        let refused = Err(ReadError::WrongLength { pixels: 640 * 480, bytes });
        assert_eq!(read_pixels(640, 480, &vec![0; bytes]), refused);
    }
    for (width, height) in [(u32::MAX, u32::MAX), (8_193, 100), (8_000, 8_000)] {
        assert_eq!(read_pixels(width, height, &[0; 64]), Err(ReadError::TooLarge { width, height }));
    }
    for (width, height) in [(0, 0), (0, 480), (20, 480)] {
        assert_eq!(read_pixels(width, height, &[]), Err(ReadError::TooSmall { width, height }));
    }
}

/// Nothing is begun once the budget is spent: only the last grid may go beyond it.
fn within(budget: &Budget) {
    assert!(budget.candidates_left() >= 0, "{} candidates too many", -budget.candidates_left());
    assert!(budget.modules_left() > -177 * 177, "{} modules too many", -budget.modules_left());
}

/// The figures are the budget's, not a clock's. Each of these took seconds to minutes when the reader had no budget.
#[test]
fn a_picture_of_nothing_but_corners_is_answered_within_the_budget() {
    for (each, scale) in [(16, 3), (32, 3), (64, 3), (100, 3), (180, 3), (200, 1), (8, 40)] {
        let mut budget = Budget::of_a_picture();
        let answer = read_counted(&corners(each, scale), &mut budget).expect_err("there is no code");
        assert!(matches!(answer, ReadError::NoCode | ReadError::TooBusy), "{answer:?}");
        within(&budget);
    }
    for (candidates, modules) in [(100, 4_000_000), (150_000, 50_000)] {
        let mut little = Budget::of(candidates, modules);
        assert_eq!(read_counted(&corners(16, 3), &mut little), Err(ReadError::TooBusy));
        within(&little);
    }
}

/// Other people's codes and logos around a code do not hide it.
#[test]
fn a_code_among_some_corners_is_found() {
    let (side, code) = drawn(TEXT, 6);
    let decoys = super::pixels::decode(&corners(8, 6), 255).expect("read").0;
    let mut pixels = decoys.pixels.clone();
    for (y, row) in code.chunks_exact(side as usize).enumerate() {
        let from = (y + 100) * decoys.width as usize + 100;
        pixels[from..from + side as usize].copy_from_slice(row);
    }
    assert_eq!(read_picture(&grey(decoys.width, &pixels)).as_deref(), Ok(&[TEXT.to_owned()][..]));
}

#[test]
fn faint_codes_are_read_dark_on_light_and_light_on_dark() {
    let (side, code) = drawn(frames(&[0x5a; 300], FrameSize::Scan).expect("fits")[0].text(), 6);
    for (dark, light) in [(200, 255), (90, 150), (0, 30), (225, 245)] {
        for (ink, paper) in [(dark, light), (light, dark)] {
            let pixels: Vec<u8> = code.iter().map(|pixel| if *pixel == 0 { ink } else { paper }).collect();
            let found = read_picture(&grey(side, &pixels)).unwrap_or_else(|why| panic!("{ink} on {paper}: {why}"));
            assert_eq!(found.len(), 1, "{ink} on {paper}");
        }
    }
}

/// A faint code on a page whose corner is black and whose ground is shaded.
#[test]
fn a_faint_code_in_a_shaded_picture_is_read() {
    let (side, code) = drawn(TEXT, 6);
    let wide = side as usize * 3;
    let pixels: Vec<u8> = (0..wide * wide)
        .map(|at| {
            let (x, y) = (at % wide, at / wide);
            let ground = 150 + x * 80 / wide;
            let inside = (side as usize..2 * side as usize).contains(&x) && (side as usize..2 * side as usize).contains(&y);
            let dark = inside && code[(y - side as usize) * side as usize + x - side as usize] == 0;
            u8::try_from(if x < 40 && y < 40 {
                0
            } else if dark {
                ground - 30
            } else {
                ground
            })
            .expect("a byte")
        })
        .collect();
    assert_eq!(read_picture(&grey(u32::try_from(wide).expect("small"), &pixels)).as_deref(), Ok(&[TEXT.to_owned()][..]));
}

#[test]
fn white_modules_on_nothing_are_read() {
    let (side, code) = drawn(TEXT, 4);
    for ink in [0, 255] {
        let pixels: Vec<u8> = code.iter().flat_map(|pixel| if *pixel == 0 { [ink, ink, ink, 255] } else { [ink, ink, ink, 0] }).collect();
        assert_eq!(read_picture(&png(png::ColorType::Rgba, side, side, &pixels)).as_deref(), Ok(&[TEXT.to_owned()][..]));
    }
}

#[test]
fn two_codes_in_one_picture_are_both_read() {
    let (a, first) = drawn("the left one", 6);
    let (b, second) = drawn("the right one", 6);
    assert_eq!(a, b);
    let rows = first.chunks_exact(a as usize).zip(second.chunks_exact(a as usize));
    let pixels: Vec<u8> = rows.flat_map(|(left, right)| [left, right].concat()).collect();
    let mut found = read_picture(&png(png::ColorType::Grayscale, 2 * a, a, &pixels)).expect("read");
    found.sort();
    assert_eq!(found, ["the left one", "the right one"]);
}

/// Pictures that no encoder here writes: an interlaced PNG, and a code tilted, blurred and lit unevenly, as JPEG. The first is baseline with
/// halved colours, the second progressive, the third without colours, the last turned by 97 degrees.
#[test]
fn photographs_are_read() {
    for (name, file) in [
        ("interlaced", include_bytes!("fixtures/interlaced.png").as_slice()),
        ("baseline", include_bytes!("fixtures/baseline.jpg")),
        ("progressive", include_bytes!("fixtures/progressive.jpg")),
        ("grey", include_bytes!("fixtures/grey.jpg")),
        ("turned", include_bytes!("fixtures/turned.jpg")),
    ] {
        let mut gatherer = Gatherer::new();
        gatherer.picture(file).unwrap_or_else(|why| panic!("{name}: {why}"));
        assert_eq!(gatherer.finish().as_deref(), Ok(TEXT.as_bytes()), "{name}");
    }
}

/// A progressive file that repeats its last pass: each repetition is a few bytes, and as much work as the whole picture.
#[test]
fn a_jpeg_of_many_passes_is_refused_before_it_is_decoded() {
    let file = include_bytes!("fixtures/progressive.jpg");
    let pass = file.windows(2).rposition(|marker| marker == [0xff, 0xda]).expect("a pass");
    let (body, end) = file.split_at(file.len() - 2);
    let many = [body, &body[pass..].repeat(100_000), end].concat();
    assert!(matches!(jpeg::decode(&many), Err(ReadError::TooComplex)));
    // The same picture announced at 24 megapixels: too many coefficients to hold.
    let mut large = file.to_vec();
    let frame = file.windows(2).position(|marker| marker == [0xff, 0xc2]).expect("a frame");
    large[frame + 5..frame + 9].copy_from_slice(&[0x10, 0, 0x18, 0]);
    assert!(matches!(jpeg::decode(&large), Err(ReadError::TooComplex)));
    large[frame + 5..frame + 9].copy_from_slice(&[0xff, 0xff, 0xff, 0xff]);
    assert!(matches!(jpeg::decode(&large), Err(ReadError::TooLarge { .. })));
    assert!(matches!(jpeg::decode(&file[..file.len() / 2]), Ok(_) | Err(ReadError::NotAPicture)));
}

#[test]
fn other_pictures_are_named() {
    let kinds = [
        (b"GIF89a....".as_slice(), "GIF"),
        (b"RIFF\x00\x01\x00\x00WEBPVP8 ", "WebP"),
        (b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00", "HEIC"),
        (b"II*\x00\x08\x00", "TIFF"),
    ];
    for (file, name) in kinds {
        assert_eq!(PictureKind::of(file), Some(PictureKind::Other(name)));
    }
    assert_eq!(PictureKind::of(b"eyJhbGciOiJFZERTQSJ9"), None);
}
