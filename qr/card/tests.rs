use super::{CardError, Face, Paper};
use crate::Gatherer;

mod wear;

/// A payload as long as a usual card is.
pub(super) fn face() -> Face {
    let mut code = vec![0xd2];
    code.extend((0_u8..=232).map(|n| n.wrapping_mul(73).wrapping_add(n / 7)));
    Face {
        code,
        title: "St Anna".into(),
        name: "Ada Byron".into(),
        lines: ["visitor", "at north, zone ward", "until 2026-12-30 13:00 UTC", "document ending T478", "card 0123456789ab"]
            .map(String::from)
            .into(),
    }
}

fn read(picture: &[u8]) -> Vec<u8> {
    let mut gatherer = Gatherer::new();
    gatherer.picture(picture).expect("a code");
    gatherer.finish().expect("whole")
}

#[test]
fn a_printed_card_is_read_back() {
    for name in ["Ada Byron", "زينب بنت جحش", "Александра Константинопольская-Вознесенская", "שרה", "Łucja"]
    {
        let face = Face { name: name.into(), ..face() };
        let pictures = Paper::Card.png(core::slice::from_ref(&face)).expect("drawn");
        assert_eq!(pictures.len(), 1);
        assert_eq!(read(&pictures[0]), face.code, "{name}");
    }
}

#[test]
fn a_picture_has_the_size_of_a_card() {
    let picture = Paper::Card.png(&[face()]).expect("drawn").remove(0);
    let reader = png::Decoder::new(std::io::Cursor::new(picture)).read_info().expect("a PNG");
    let info = reader.info();
    assert_eq!((info.width, info.height), (2022, 1275), "85.60 x 53.98 mm at 600 dots to the inch");
    assert_eq!(info.pixel_dims.map(|dims| (dims.xppu, dims.unit)), Some((23_622, png::Unit::Meter)));
}

#[test]
fn sheets_have_eight_cards_each() {
    let faces: Vec<Face> = (0_u8..9)
        .map(|n| {
            let mut face = face();
            face.code.push(n);
            face
        })
        .collect();
    let pictures = Paper::A4.png(&faces).expect("drawn");
    assert_eq!(pictures.len(), 2);
    let info = png::Decoder::new(std::io::Cursor::new(&pictures[1])).read_info().expect("a PNG").info().clone();
    assert_eq!((info.width, info.height), (4961, 7016), "A4");
    let part = |sheet: &super::page::Page, x: u32, y: u32| {
        let dots = super::raster::draw(sheet);
        let stride = (dots.width as usize).div_ceil(8);
        let is_light = |at: u32| {
            let (x, y) = ((x + at % 2100) as usize, (y + at / 2100) as usize);
            dots.bits[y * stride + x / 8] & (0x80 >> (x % 8)) != 0
        };
        let pixels: Vec<u8> = (0..2100 * 1400).map(|at| if is_light(at) { 255 } else { 0 }).collect();
        crate::read::tests::png(png::ColorType::Grayscale, 2100, 1400, &pixels)
    };
    let pages = Paper::A4.pages(&faces).expect("drawn");
    assert_eq!(read(&part(&pages[0], 2500, 4960)), faces[7].code, "the eighth is the last on the first sheet");
    assert_eq!(read(&part(&pages[1], 350, 700)), faces[8].code, "the ninth is alone on the second");
    let pdf = Paper::A4.pdf(&faces).expect("drawn");
    assert!(pdf.starts_with(b"%PDF-1.4") && String::from_utf8_lossy(&pdf).contains("/Count 2"));
}

/// Every offset of the table leads to its object, and the length of every stream is what it says.
#[test]
fn a_pdf_is_in_order() {
    let bytes = Paper::Card.pdf(&[face(), face()]).expect("drawn");
    let text: String = bytes.iter().map(|byte| if byte.is_ascii() { char::from(*byte) } else { '?' }).collect();
    let table: usize = text.rsplit("startxref\n").next().and_then(|end| end.lines().next()?.parse().ok()).expect("an offset");
    let mut entries = text[table..].lines().skip(3).take_while(|line| line.ends_with(" n "));
    for number in 1..=6 {
        let begin: usize = entries.next().expect("an entry")[..10].parse().expect("an offset");
        assert!(text[begin..].starts_with(&format!("{number} 0 obj\n")), "object {number}");
    }
    assert_eq!(entries.next(), None);
    for (at, _) in text.match_indices("/Length ") {
        let length: usize = text[at + 8..].split(' ').next().and_then(|digits| digits.parse().ok()).expect("a length");
        let stream = text[at..].find("stream\n").expect("a stream") + at + 7;
        assert_eq!(&text[stream + length..stream + length + 10], "\nendstream");
    }
    assert_eq!(text.matches("/MediaBox [0 0 242.646 153.014]").count(), 2, "85.60 x 53.98 mm in points");
}

#[test]
fn what_has_no_room_is_refused() {
    let drawn = |change: fn(&mut Face)| {
        let mut face = face();
        change(&mut face);
        Paper::Card.pdf(&[face]).map(drop)
    };
    assert_eq!(drawn(|face| face.name = "王小明".into()), Err(CardError::Sign('王')));
    assert_eq!(drawn(|face| face.title = "Sara שרה".into()), Err(CardError::BothDirections));
    let long = drawn(|face| face.name = "n".repeat(60));
    assert!(matches!(long, Err(CardError::TooWide(_))), "{long:?}");
    assert_eq!(drawn(|face| face.lines = vec!["line".into(); 30]), Err(CardError::TooMuch));
    assert_eq!(drawn(|face| face.code = vec![0xd2; 600]), Err(CardError::TooLong));
}
