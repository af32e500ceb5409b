//! How much wear a card survives, by the error correction of its code: the measurement behind `LEVEL`.
//!
//! A card is drawn at 600 dots to the inch, worn, and read as a scanner of 300 or a camera of 200 dots to the inch sees it. Everything is
//! by numbers, so a figure repeats. `WAYPASS_SLOW=1 cargo test --profile ci -p waypass -p waypass-qr --lib -- --nocapture wear` prints the
//! whole table.

use super::super::face::shapes;
use super::super::{LEVEL, page, raster};
use super::face;
use crate::Gatherer;
use crate::read::tests::png;
use qrcode::EcLevel;

/// SplitMix64: anything but random.
struct Numbers(u64);

impl Numbers {
    /// Returns a number from 0 to 1.
    fn next(&mut self) -> f32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let word = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        f32::from(u16::try_from((word ^ (word >> 31)) >> 48).expect("16 bits")) / 65_536.0
    }

    fn between(&mut self, low: f32, high: f32) -> f32 {
        low + self.next() * (high - low)
    }
}

/// A card as a camera sees it. Lengths are in millimetres.
#[derive(Clone)]
struct Seen {
    width: usize,
    height: usize,
    luma: Vec<f32>,
    per_millimetre: f32,
    /// The dark part of the code: left, top, side.
    code: (f32, f32, f32),
}

#[derive(Clone, Copy, PartialEq, Debug)]
enum Wear {
    None,
    Smudge,
    Fold,
    Missing,
    Corner,
    All,
}

#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a card is a thousand dots wide")]
impl Seen {
    /// Looks at a new card with `per_inch` dots to the inch, a part of 600.
    fn of(level: EcLevel, per_inch: usize) -> Self {
        let dots = raster::draw(&page::single(shapes(&face(), level).expect("drawn")));
        let (stride, step) = ((dots.width as usize).div_ceil(8), 600 / per_inch);
        let dark = |x: usize, y: usize| dots.bits[y * stride + x / 8] & (0x80 >> (x % 8)) == 0;
        let (width, height) = (dots.width as usize / step, dots.height as usize / step);
        let mut luma = Vec::with_capacity(width * height);
        for at in 0..width * height {
            let (x, y) = (at % width * step, at / width * step);
            let black = (0..step * step).filter(|n| dark(x + n % step, y + n / step)).count();
            luma.push(240.0 - 210.0 * black as f32 / (step * step) as f32);
        }
        let per_millimetre = per_inch as f32 / 25.4;
        let right = (0..dots.width as usize).rev().find(|x| (0..dots.height as usize).any(|y| dark(*x, y))).expect("a code");
        let rows = || (0..dots.height as usize).filter(|y| (right - 200..=right).any(|x| dark(x, *y)));
        let (top, bottom) = (rows().min().expect("a code"), rows().max().expect("a code"));
        let of_dots = |dots: usize| dots as f32 * 25.4 / 600.0;
        let side = of_dots(bottom + 1 - top);
        Self { width, height, luma, per_millimetre, code: (of_dots(right + 1) - side, of_dots(top), side) }
    }

    /// Changes every dot by its place.
    fn change(&mut self, with: impl Fn(f32, f32, f32) -> f32) {
        for (at, luma) in self.luma.iter_mut().enumerate() {
            let place = |n: usize| (n as f32 + 0.5) / self.per_millimetre;
            *luma = with(place(at % self.width), place(at / self.width), *luma).clamp(0.0, 255.0);
        }
    }

    fn wear(&mut self, wear: Wear, numbers: &mut Numbers) {
        match wear {
            Wear::None => {}
            Wear::Smudge => self.smudge(numbers),
            Wear::Fold => self.fold(numbers),
            Wear::Missing => self.rub_off(0.20, 0.0, numbers),
            Wear::Corner => self.rub_off(0.20, 1.0, numbers),
            Wear::All => {
                self.smudge(numbers);
                self.fold(numbers);
                self.rub_off(0.10, 0.0, numbers);
            }
        }
    }

    /// Dirt: twelve blots of up to four millimetres, half as dark as print.
    fn smudge(&mut self, numbers: &mut Numbers) {
        let (left, top, side) = self.code;
        for _ in 0..12 {
            let (x, y) = (left + numbers.next() * side, top + numbers.next() * side);
            let (radius, depth) = (numbers.between(0.8, 2.0), numbers.between(60.0, 130.0));
            self.change(|at_x, at_y, luma| {
                let away = (at_x - x).hypot(at_y - y) / radius;
                if away < 1.0 { luma - depth * (1.0 - away * away).sqrt() } else { luma }
            });
        }
    }

    /// A fold through the code: print is gone along it, and what lies behind it is shifted and darker.
    fn fold(&mut self, numbers: &mut Numbers) {
        let (left, top, side) = self.code;
        let (x, y) = (left + numbers.between(0.2, 0.8) * side, top + numbers.between(0.2, 0.8) * side);
        let angle = numbers.between(-0.4, 0.4) + if numbers.next() < 0.5 { core::f32::consts::FRAC_PI_2 } else { 0.0 };
        let (wide, shade) = (numbers.between(0.5, 1.1), numbers.between(10.0, 45.0));
        let (sin, cos) = angle.sin_cos();
        let before = self.luma.clone();
        let (width, height, per) = (self.width, self.height, self.per_millimetre);
        let shift = numbers.between(-0.25, 0.25);
        self.change(|at_x, at_y, luma| {
            let away = (at_x - x) * sin - (at_y - y) * cos;
            if away.abs() < wide / 2.0 {
                return 215.0;
            }
            if away < 0.0 {
                return luma;
            }
            let from = |place: f32, most: usize| ((place * per) as usize).min(most - 1);
            before[from(at_y + shift * sin, height) * width + from(at_x + shift * cos, width)] - shade
        });
    }

    /// A disc is rubbed off, this part of the code's area. It lies within the code, or `over` its edges and corners.
    fn rub_off(&mut self, part: f32, over: f32, numbers: &mut Numbers) {
        let (left, top, side) = self.code;
        let radius = side * (part / core::f32::consts::PI).sqrt();
        let within = |numbers: &mut Numbers, from: f32| from + numbers.between(radius * (1.0 - over), side - radius * (1.0 - over));
        let (x, y) = (within(numbers, left), within(numbers, top));
        self.change(|at_x, at_y, luma| if (at_x - x).hypot(at_y - y) < radius { 228.0 } else { luma });
    }

    fn is_read(&self, numbers: &mut Numbers) -> bool {
        let pixels: Vec<u8> = self.luma.iter().map(|luma| (luma + numbers.between(-14.0, 14.0)).clamp(0.0, 255.0) as u8).collect();
        let (width, height) = (u32::try_from(self.width).expect("small"), u32::try_from(self.height).expect("small"));
        let mut gatherer = Gatherer::new();
        let taken = gatherer.picture(&png(png::ColorType::Grayscale, width, height, &pixels)).is_ok();
        taken && gatherer.finish().is_ok_and(|payload| payload == face().code)
    }
}

/// Returns how many of `count` cards are read.
fn read(level: EcLevel, per_inch: usize, wear: Wear, count: u64) -> u64 {
    let (mut numbers, new) = (Numbers(count), Seen::of(level, per_inch));
    (0..count)
        .filter(|_| {
            let mut seen = new.clone();
            seen.wear(wear, &mut numbers);
            seen.is_read(&mut numbers)
        })
        .count() as u64
}

/// Those that the level must survive come first.
const WEARS: [Wear; 6] = [Wear::None, Wear::Smudge, Wear::Fold, Wear::Missing, Wear::All, Wear::Corner];

/// The level that cards have is read after each kind of wear. All levels are compared where there is time.
#[test]
fn a_worn_card_is_read() {
    let is_slow = std::env::var_os("WAYPASS_SLOW").is_some();
    let (count, levels) = if is_slow { (50, &[EcLevel::L, EcLevel::M, EcLevel::Q, EcLevel::H][..]) } else { (12, &[LEVEL][..]) };
    for level in levels {
        for per_inch in [300, 200] {
            let share = |wear| read(*level, per_inch, wear, count) * 100 / count;
            let shares = WEARS.map(share);
            println!("{level:?} at {per_inch}: {:?}", WEARS.iter().zip(shares).collect::<Vec<_>>());
            let least = if is_slow { 85 } else { 75 };
            assert!(*level != LEVEL || shares[..4].iter().all(|share| *share >= least), "{level:?} at {per_inch}: {shares:?} %");
        }
    }
}
