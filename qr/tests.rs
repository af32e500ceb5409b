use crate::draw::{draw_png, draw_svg};
use crate::frame::{Head, MAX_PAYLOAD, carousel_frame};
use crate::read::tests::png;
use crate::{
    Carousel, Collector, FrameError, FrameSize, GatherError, Gatherer, Look, Picture, ReadError, draw_terminal, frames, read_picture,
};
use proptest::prelude::*;
use rxing::BarcodeFormat;

/// The one text in a picture.
fn read_png(file: &[u8]) -> Result<String, ReadError> {
    read_picture(file).map(|texts| {
        let [text] = texts.as_slice() else { panic!("{texts:?} instead of one text") };
        text.clone()
    })
}

fn gathered(pictures: &[Vec<u8>]) -> Result<Vec<u8>, GatherError> {
    let mut gatherer = Gatherer::new();
    pictures.iter().try_for_each(|picture| gatherer.picture(picture))?;
    gatherer.finish()
}

/// The pictures of a payload, one a frame.
fn drawn(payload: &[u8], picture: Picture) -> Vec<Vec<u8>> {
    let frames = frames(payload, FrameSize::Scan).expect("fits");
    frames.iter().map(|frame| picture.draw(frame.text()).expect("drawn")).collect()
}

/// Text as long as a role credential with key binding, made of what such a text is made of.
fn sd_jwt(seed: u8, length: usize) -> String {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut state = u32::from(seed) + 1;
    let mut segment = |n: usize| -> String {
        (0..n / 4 * 4)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                char::from(alphabet[(state >> 26) as usize])
            })
            .collect()
    };
    format!("{}.{}.{}~{}~{}", segment(100), segment(length / 2), segment(86), segment(length / 8), segment(length / 4))
}

#[test]
fn pictures_of_a_credential_come_back() {
    let payload = sd_jwt(1, 1400);
    let mut pictures = drawn(payload.as_bytes(), Picture::Png);
    assert_eq!(pictures.len(), 3);
    let second = pictures[1].clone();
    pictures.reverse();
    pictures.push(pictures[0].clone());
    assert_eq!(gathered(&pictures).expect("read"), payload.as_bytes());
    pictures.retain(|picture| *picture != second);
    assert_eq!(gathered(&pictures).expect_err("incomplete").to_string(), "frame 2 of 3 missing");
}

/// Only programs that read SD-CWT can use such a message, so its frame saves 14 bytes; every other frame is as it was.
#[test]
fn a_small_cose_message_is_in_one_short_frame() {
    let message = |length: u16| -> Vec<u8> { std::iter::once(0xd2).chain((1..length).map(|n| n.to_be_bytes()[1])).collect() };
    for (payload, prefix, count) in [
        (message(526), "WP2:", 1),
        (message(527), "WP1:", 2),
        (message(2), "WP2:", 1),
        ([&[0xd0][..], &message(300)].concat(), "WP2:", 1),
        ([&[0xd1][..], &message(300)].concat(), "WP1:", 1),
    ] {
        let cut = frames(&payload, FrameSize::Scan).expect("fits");
        assert_eq!(cut.len(), count, "{} bytes", payload.len());
        assert!(cut.iter().all(|frame| frame.text().starts_with(prefix) && frame.text().len() <= 800));
        let mut collector = Collector::new();
        for frame in &cut {
            assert!(collector.add(frame.text()).is_ok());
        }
        assert_eq!(collector.finish().expect("whole"), payload);
    }
    let frame = frames(&message(400), FrameSize::Scan).expect("fits").remove(0);
    assert_eq!(gathered(&[Picture::Png.draw(frame.text()).expect("drawn")]).expect("read"), message(400));
    for at in 4..frame.text().len() {
        let mut damaged = frame.text().as_bytes().to_vec();
        damaged[at] = if damaged[at] == b'0' { b'1' } else { b'0' };
        let damaged = String::from_utf8(damaged).expect("text");
        assert_eq!(Collector::new().add(&damaged), Err(FrameError::Damaged), "character {at}");
    }
    let mut collector = Collector::new();
    collector.add(frame.text()).expect("a frame");
    let other = frames(&message(401), FrameSize::Scan).expect("fits").remove(0);
    assert_eq!(collector.add(other.text()), Err(FrameError::AnotherTransfer));
}

/// The output of `zbarcam --raw`, `zbarimg` and a hand scanner, with what terminals and editors do to line ends.
#[test]
fn a_scanners_lines_are_a_transfer() {
    let payload = sd_jwt(4, 1400);
    let frames = frames(payload.as_bytes(), FrameSize::Scan).expect("fits");
    let mut gatherer = Gatherer::new();
    assert_eq!(gatherer.line(b"9501101530003\n"), Ok(None), "another symbol on the table");
    assert_eq!(gatherer.line(format!("{}\r\n", frames[1].text()).as_bytes()).expect("taken").map(|p| (p.have, p.count)), Some((1, 3)));
    gatherer.line(format!("QR-Code:{}  ", frames[0].text()).as_bytes()).expect("taken");
    assert_eq!(gatherer.clone().finish().expect_err("incomplete").to_string(), "frame 3 of 3 missing");
    assert!(gatherer.line(frames[2].text().as_bytes()).expect("taken").is_some_and(super::Progress::complete));
    assert_eq!(gatherer.finish().as_deref(), Ok(payload.as_bytes()));
}

/// An offer is for every wallet: OpenID4VCI says that its code holds the URL and nothing else.
#[test]
fn an_offer_is_one_plain_code() {
    let offer = format!("openid-credential-offer://?credential_offer={}", "%7B%22a%22%3A1%7D".repeat(30));
    let pictures = drawn(offer.as_bytes(), Picture::Png);
    assert_eq!(pictures.len(), 1);
    assert_eq!(read_png(&pictures[0]).as_deref(), Ok(offer.as_str()));
    assert_eq!(gathered(&pictures).as_deref(), Ok(offer.as_bytes()));
}

/// However long: an offer over several codes is one that no other wallet scans.
#[test]
fn the_longest_offer_is_one_plain_code_and_a_longer_one_is_refused() {
    let offer = |bytes: usize| format!("{:x<bytes$}", "openid-credential-offer://?credential_offer=%7B");
    for bytes in [1000, 1001, 2331, 2332, 2953] {
        let pictures = drawn(offer(bytes).as_bytes(), Picture::Png);
        assert_eq!(pictures.len(), 1, "{bytes}");
        assert_eq!(gathered(&pictures).as_deref(), Ok(offer(bytes).as_bytes()), "{bytes}");
        assert_eq!(drawn(offer(bytes).as_bytes(), Picture::Svg).len(), 1, "{bytes}");
        assert!(draw_terminal(&offer(bytes), Look::DarkTerminal).is_ok(), "{bytes}");
    }
    let refused = frames(offer(2954).as_bytes(), FrameSize::Scan).expect_err("no code holds it");
    assert_eq!(refused.to_string(), "2954 bytes are more than the 2953 that one QR code holds");
}

#[test]
fn one_scan_holds_a_small_role_credential() {
    assert_eq!(frames(sd_jwt(2, 540).as_bytes(), FrameSize::Scan).expect("fits").len(), 1);
    let one = frames(&[7; 500], FrameSize::Scan).expect("fits");
    assert_eq!(one.len(), 1);
    assert!(one[0].text().len() <= 800);
}

#[test]
fn an_empty_payload_has_a_frame() {
    let frames = frames(b"", FrameSize::Scan).expect("fits");
    let mut collector = Collector::new();
    assert!(collector.add(frames[0].text()).expect("taken").complete());
    assert_eq!(collector.finish(), Ok(Vec::new()));
}

#[test]
fn two_transfers_do_not_mix() {
    let (a, b) = (frames(&[1; 2000], FrameSize::Scan).expect("fits"), frames(&[2; 2000], FrameSize::Scan).expect("fits"));
    let mut collector = Collector::new();
    collector.add(a[0].text()).expect("taken");
    assert_eq!(collector.add(b[1].text()), Err(FrameError::AnotherTransfer));
    assert_eq!(collector.add("WP4:ABC"), Err(FrameError::UnknownVersion));
    assert_eq!(collector.add("https://waypass.example/"), Err(FrameError::NotAFrame));
    for frame in &a[1..] {
        collector.add(frame.text()).expect("taken");
    }
    assert_eq!(collector.finish(), Ok(vec![1; 2000]));
}

/// Codes with these numbers, gathered until they are a whole; returns how many it took.
fn caught(carousel: &Carousel, numbers: impl IntoIterator<Item = u32>) -> (usize, Result<Vec<u8>, FrameError>) {
    let mut collector = Collector::new();
    let mut seen = 0;
    for number in numbers {
        seen += 1;
        if collector.add(&carousel.code(number)).expect("taken").complete() {
            break;
        }
    }
    (seen, collector.finish())
}

#[test]
fn a_carousel_is_a_whole_after_a_few_codes_more_than_it_has_pieces() {
    for (bytes, pieces) in [(0, 1), (100, 1), (512, 2), (1_600, 4), (5_000, 10), (MAX_PAYLOAD, 129)] {
        let payload: Vec<u8> = (0..bytes).map(|n| u8::try_from(n * 7 % 251).expect("a byte")).collect();
        let carousel = Carousel::new(&payload, FrameSize::Scan).expect("fits");
        assert_eq!(carousel.count(), pieces, "{bytes} bytes");
        assert!((0..3).all(|number| carousel.code(number).len() <= 800));
        let count = u32::try_from(carousel.count()).expect("small");
        assert_eq!(caught(&carousel, 0..), (pieces, Ok(payload.clone())), "the first ones are the payload itself");
        // Every second code is lost, all of the payload itself is lost, and the last numbers there are.
        for numbers in
            [Box::new((0_u32..).step_by(2)) as Box<dyn Iterator<Item = u32>>, Box::new(count..), Box::new((1_u32 << 24) - count - 2..)]
        {
            let (seen, whole) = caught(&carousel, numbers);
            assert_eq!(whole.as_ref(), Ok(&payload), "{bytes} bytes");
            assert!(seen <= pieces + 2, "{seen} codes for {pieces} pieces");
        }
    }
}

#[test]
fn a_carousel_says_how_far_it_is_and_never_mixes() {
    let carousel = Carousel::new(&[5; 2000], FrameSize::Scan).expect("fits");
    let mut collector = Collector::new();
    for (number, have) in [(0, 1), (9, 2), (9, 2), (3, 3)] {
        let progress = collector.add(&carousel.code(number)).expect("taken");
        assert_eq!((progress.have, progress.count, progress.complete()), (have, 4, false));
    }
    assert_eq!(collector.finish(), Err(FrameError::TooFew { have: 3, count: 4 }));
    assert_eq!(collector.finish().expect_err("too few").to_string(), "3 of at least 4 codes of the carousel were seen");
    let other = Carousel::new(&[6; 2000], FrameSize::Scan).expect("fits");
    assert_eq!(collector.add(&other.code(1)), Err(FrameError::AnotherTransfer));
    let narrow = Carousel::new(&[5; 2000], FrameSize::Terminal).expect("fits");
    assert_eq!(collector.add(&narrow.code(1)), Err(FrameError::AnotherTransfer), "symbols of another length");
    // The pieces of the same payload, shown as a set, complete it too.
    for frame in frames(&[5; 2000], FrameSize::Scan).expect("fits") {
        collector.add(frame.text()).expect("taken");
    }
    assert_eq!(collector.finish(), Ok(vec![5; 2000]));
}

/// The check in a frame finds accidents. Somebody may still make a frame of his own for a transfer that he saw.
#[test]
fn a_forged_symbol_spoils_a_transfer_and_never_makes_another_payload() {
    let carousel = Carousel::new(&[5; 2000], FrameSize::Scan).expect("fits");
    let head = Head::of(&[5; 2000], 2001);
    let length = 2001_usize.div_ceil(4);
    let mut collector = Collector::new();
    collector.add(&carousel_frame(&head, 70, &vec![9; length])).expect("taken for one of the transfer");
    assert_eq!(collector.add(&carousel.code(70)), Err(FrameError::Conflict { number: 71 }));
    let mut last = Ok(());
    for number in 0..80 {
        last = collector.add(&carousel.code(number)).map(drop).or_else(|why| if number == 70 { Ok(()) } else { Err(why) });
    }
    assert!(collector.finish().is_err(), "{last:?}");
    // A scanner begins again, and the honest codes are a whole.
    assert_eq!(caught(&carousel, 0..).1, Ok(vec![5; 2000]));
    for (number, data) in [(0, vec![1; 127]), (0, vec![1; 2049]), (0, Vec::new())] {
        assert_eq!(Collector::new().add(&carousel_frame(&head, number, &data)), Err(FrameError::Damaged), "{} bytes", data.len());
    }
}

#[test]
fn what_is_too_large_is_refused() {
    assert!(Carousel::new(&vec![0; MAX_PAYLOAD + 1], FrameSize::Scan).is_err());
    assert!(frames(&vec![0; MAX_PAYLOAD + 1], FrameSize::Scan).is_err());
    assert!(frames(&vec![0xff; MAX_PAYLOAD], FrameSize::Terminal).is_ok());
    assert!(draw_png(&"x".repeat(3000), 4).is_err());
    assert_eq!(read_png(&vec![0; 16 * 1024 * 1024 + 1]), Err(ReadError::LargeFile));
}

fn grayscale(file: &[u8]) -> (u32, u32, Vec<u8>) {
    let mut decoder = png::Decoder::new(std::io::Cursor::new(file));
    decoder.set_transformations(png::Transformations::normalize_to_color8());
    let mut reader = decoder.read_info().expect("header");
    let mut pixels = vec![0; reader.output_buffer_size().expect("size")];
    let info = reader.next_frame(&mut pixels).expect("pixels");
    (info.width, info.height, pixels)
}

#[test]
fn every_kind_of_png_is_read() {
    let text = "WAYPASS 42";
    let (width, height, pixels) = grayscale(&draw_png(text, 4).expect("drawn"));
    // Dark blue on pale yellow; and black on nothing, which must count as paper.
    let rgb: Vec<u8> = pixels.iter().flat_map(|p| if *p == 0 { [0, 0, 90] } else { [255, 250, 200] }).collect();
    let rgba = pixels.iter().flat_map(|p| if *p == 0 { [0, 0, 0, 255] } else { [0, 0, 0, 0] }).collect();
    let gray_alpha = pixels.iter().flat_map(|p| [*p, 255]).collect();
    let inverted = pixels.iter().map(|p| 255 - p).collect();
    for (color, pixels) in [
        (png::ColorType::Rgb, rgb),
        (png::ColorType::Rgba, rgba),
        (png::ColorType::GrayscaleAlpha, gray_alpha),
        (png::ColorType::Grayscale, inverted),
    ] {
        assert_eq!(read_png(&png(color, width, height, &pixels)).as_deref(), Ok(text), "{color:?}");
    }
}

/// The code on the terminal, photographed: 4 pixels to a module.
fn photograph(screen: &str, look: Look) -> String {
    let lines: Vec<Vec<[bool; 2]>> = screen
        .lines()
        .map(|line| {
            let line = line.strip_prefix("\u{1b}[38;5;16;48;5;231m").unwrap_or(line);
            let line = line.strip_suffix("\u{1b}[0m").unwrap_or(line);
            line.chars()
                .map(|c| match c {
                    ' ' => [false, false],
                    '▀' => [true, false],
                    '▄' => [false, true],
                    '█' => [true, true],
                    other => panic!("{other:?} on the screen"),
                })
                .collect()
        })
        .collect();
    let (width, height) = (lines[0].len() * 4, lines.len() * 8);
    let ink_is_dark = look != Look::DarkTerminal;
    let luma = (0..height * width)
        .map(|at| {
            let (x, y) = (at % width / 4, at / width / 4);
            if lines[y / 2][x][y % 2] == ink_is_dark { 0 } else { 255 }
        })
        .collect();
    let (width, height) = (u32::try_from(width).expect("small"), u32::try_from(height).expect("small"));
    let found = rxing::helpers::detect_in_luma(luma, width, height, Some(BarcodeFormat::QR_CODE)).expect("a code");
    found.getText().to_owned()
}

#[test]
fn a_terminal_of_either_ground_shows_it() {
    let frames = frames(&[0xa5; 300], FrameSize::Terminal).expect("fits");
    for look in [Look::Coloured, Look::DarkTerminal, Look::LightTerminal] {
        assert_eq!(photograph(&draw_terminal(frames[0].text(), look).expect("drawn"), look), frames[0].text());
    }
}

#[test]
fn a_terminal_frame_fits_eighty_columns() {
    for frame in frames(&[0xa5; 5000], FrameSize::Terminal).expect("fits") {
        let screen = draw_terminal(frame.text(), Look::LightTerminal).expect("drawn");
        assert!(screen.lines().all(|line| line.chars().count() <= 80));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn any_bytes_round_trip_through_png(payload in proptest::collection::vec(any::<u8>(), 0..16 * 1024), turn in any::<usize>()) {
        let mut frames = frames(&payload, FrameSize::Scan).expect("fits");
        let turn = turn % frames.len();
        frames.rotate_left(turn);
        let mut collector = Collector::new();
        for frame in &frames {
            let text = read_png(&draw_png(frame.text(), 3).expect("drawn")).expect("read");
            prop_assert_eq!(&text, frame.text());
            collector.add(&text).expect("taken");
        }
        prop_assert_eq!(collector.finish(), Ok(payload));
    }
}

proptest! {
    /// An addition of a scanner or an editor at the end of a line can be told from the code.
    #[test]
    fn no_frame_ends_in_a_space(payload: Vec<u8>) {
        prop_assert!(frames(&payload, FrameSize::Scan).expect("fits").iter().all(|frame| !frame.text().ends_with(' ')));
    }

    #[test]
    fn a_changed_character_is_refused(payload: Vec<u8>, at: usize, with in "[0-9A-Z $%*+./:-]") {
        let frame = &frames(&payload, FrameSize::Scan).expect("fits")[0];
        let at = at % frame.text().len();
        let mut text = frame.text().to_owned();
        text.replace_range(at..=at, &with);
        let mut collector = Collector::new();
        let taken = collector.add(&text).is_ok();
        prop_assert_eq!(taken, text == frame.text());
    }

    /// Dirt, scratches, a torn edge: read right or not at all.
    #[test]
    fn a_damaged_picture_is_read_right_or_not_at_all(payload: [u8; 40], dirt: Vec<u16>, torn in 0..40_usize) {
        let text = frames(&payload, FrameSize::Scan).expect("fits")[0].text().to_owned();
        let (width, height, mut pixels) = grayscale(&draw_png(&text, 2).expect("drawn"));
        for at in dirt {
            let at = usize::from(at) % pixels.len();
            pixels[at] ^= 0xff;
        }
        pixels[..torn * width as usize].fill(0);
        if let Ok(read) = read_png(&png(png::ColorType::Grayscale, width, height, &pixels)) {
            prop_assert_eq!(read, text);
        }
    }

    #[test]
    fn any_text_and_any_picture_is_answered(text in "(WP[1-3]:)?\\PC{0,60}", bytes: Vec<u8>) {
        let mut collector = Collector::new();
        if collector.add(&text).is_ok() {
            let _ = collector.finish();
        }
        let _ = read_picture(&bytes);
    }
}

/// The number after `name="` in an SVG of ours.
fn attribute(svg: &str, name: &str) -> String {
    let (_, rest) = svg.split_once(&format!(" {name}=\"")).unwrap_or_else(|| panic!("no {name} in {svg}"));
    rest.split_once('"').expect("a quoted value").0.to_owned()
}

/// The rectangles of the one path, painted with `scale` pixels to a module.
fn painted(svg: &str, scale: usize) -> (Vec<u8>, u32) {
    let side: usize = attribute(svg, "viewBox").strip_prefix("0 0 ").and_then(|rest| rest.split(' ').next()?.parse().ok()).expect("a side");
    let mut luma = vec![255; side * side * scale * scale];
    for rectangle in attribute(svg, "d").trim_end_matches('z').split('z') {
        let number = |text: &str| text.parse::<usize>().unwrap_or_else(|_| panic!("{text} in {rectangle}"));
        let (x, rest) = rectangle.strip_prefix('M').and_then(|rest| rest.split_once(' ')).expect("a corner");
        let (y, rest) = rest.split_once('h').expect("a width");
        let (width, back) = rest.split_once("v1h-").expect("one high");
        assert_eq!(width, back, "{rectangle} is closed");
        for row in number(y) * scale..(number(y) + 1) * scale {
            let from = row * side * scale + number(x) * scale;
            luma[from..from + number(width) * scale].fill(0);
        }
    }
    (luma, u32::try_from(side * scale).expect("a small picture"))
}

#[test]
fn a_drawing_of_shapes_scans_as_a_picture_does() {
    let payload = sd_jwt(3, 1400);
    let drawings = drawn(payload.as_bytes(), Picture::Svg);
    assert_eq!(drawings.len(), 3);
    let mut gatherer = Gatherer::new();
    for drawing in drawings {
        let svg = String::from_utf8(drawing).expect("text");
        assert_eq!(svg.matches("<path").count(), 1, "one path a frame");
        let (luma, side) = painted(&svg, 3);
        gatherer.picture(&png(png::ColorType::Grayscale, side, side, &luma)).expect("a frame");
    }
    assert_eq!(gatherer.finish().expect("whole"), payload.as_bytes());
}

#[test]
fn a_drawing_has_its_quiet_zone_and_nothing_from_outside() {
    let svg = draw_svg("quiet").expect("drawn");
    let (luma, side) = painted(&svg, 1);
    let side = side as usize;
    let dark = |x: usize, y: usize| luma[y * side + x] == 0;
    let quiet = |x: usize, y: usize| x.min(y) < 4 || x.max(y) >= side - 4;
    assert!((0..side * side).all(|at| !(dark(at % side, at / side) && quiet(at % side, at / side))), "four light modules around");
    assert!(dark(4, 4) && dark(side - 5, 4) && dark(4, side - 5), "finders in three corners");
    assert_eq!(svg.matches("http").count(), 1, "the name of the format is the only address: {svg}");
    for foreign in ["<script", "<text", "font", "href", "<style"] {
        assert!(!svg.contains(foreign), "{foreign}");
    }
}
