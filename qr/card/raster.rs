//! Pages as dots, black or white, as a printer prints them.

use super::letters::Contour;
use super::page::{DOTS, Page};

/// A line that is crossed: its upper and lower end, where it is crossed at a height, and the direction in which it goes.
struct Edge {
    top: f32,
    bottom: f32,
    x: f32,
    slope: f32,
    direction: i32,
}

/// Rows of dots, one bit each, light is 1.
pub(super) struct Dots {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) bits: Vec<u8>,
}

/// Returns the dots of a page.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a page is a few thousand dots wide and high, and never negative"
)]
pub(super) fn draw(page: &Page) -> Dots {
    let (width, height) = (page.width.round() as u32, page.height.round() as u32);
    let stride = (width as usize).div_ceil(8);
    let mut dots = Dots { width, height, bits: vec![0xff; stride * height as usize] };
    for shape in &page.shapes {
        fill(shape, &mut dots, stride);
    }
    dots
}

/// Fills where the lines around go more often in one direction. A dot is black if its middle is.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "dots are a few thousand, clamped"
)]
fn fill(shape: &[Contour], dots: &mut Dots, stride: usize) {
    let edges: Vec<Edge> = shape.iter().flat_map(edges).collect();
    let reach = |of: fn(f32, f32) -> f32, from: f32, pick: fn(&Edge) -> f32| edges.iter().map(pick).fold(from, of);
    let first = reach(f32::min, dots.height as f32, |edge| edge.top).floor().max(0.0) as u32;
    let last = (reach(f32::max, 0.0, |edge| edge.bottom).ceil().max(0.0) as u32).min(dots.height);
    for row in first..last {
        let y = row as f32 + 0.5;
        let crossed = edges.iter().filter(|edge| edge.top <= y && y < edge.bottom);
        let mut crossings: Vec<(f32, i32)> = crossed.map(|edge| (edge.x + (y - edge.top) * edge.slope, edge.direction)).collect();
        crossings.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut winding = 0;
        for pair in crossings.windows(2) {
            winding += pair[0].1;
            if winding == 0 {
                continue;
            }
            let side = |x: f32| ((x - 0.5).ceil().max(0.0) as u32).min(dots.width);
            for x in side(pair[0].0)..side(pair[1].0) {
                dots.bits[row as usize * stride + x as usize / 8] &= !(0x80 >> (x % 8));
            }
        }
    }
}

fn edges(contour: &Contour) -> impl Iterator<Item = Edge> {
    (0..contour.len()).filter_map(|n| {
        let ((x1, y1), (x2, y2)) = (contour[n], contour[(n + 1) % contour.len()]);
        let slope = (x2 - x1) / (y2 - y1);
        if y1 < y2 {
            Some(Edge { top: y1, bottom: y2, x: x1, slope, direction: 1 })
        } else if y2 < y1 {
            Some(Edge { top: y2, bottom: y1, x: x2, slope, direction: -1 })
        } else {
            None
        }
    })
}

impl Dots {
    /// Returns a one-bit PNG that says how large it is to be printed.
    pub(super) fn to_png(&self) -> Result<Vec<u8>, png::EncodingError> {
        let mut out = Vec::new();
        let mut encoder = png::Encoder::new(&mut out, self.width, self.height);
        encoder.set_color(png::ColorType::Grayscale);
        encoder.set_depth(png::BitDepth::One);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "23,622")]
        let per_metre = (DOTS / 0.0254).round() as u32;
        encoder.set_pixel_dims(Some(png::PixelDimensions { xppu: per_metre, yppu: per_metre, unit: png::Unit::Meter }));
        let mut writer = encoder.write_header()?;
        writer.write_image_data(&self.bits)?;
        writer.finish()?;
        Ok(out)
    }
}

#[cfg(test)]
mod tests {
    use super::super::page::{Page, rectangle};
    use super::draw;

    fn shown(shape: Vec<super::Contour>) -> Vec<String> {
        let dots = draw(&Page { width: 8.0, height: 4.0, shapes: vec![shape] });
        dots.bits.iter().map(|row| format!("{:08b}", !row)).collect()
    }

    #[test]
    fn a_dot_is_black_if_its_middle_is() {
        assert_eq!(shown(vec![rectangle(1.0, 1.0, 3.0, 2.0)]), ["00000000", "01110000", "01110000", "00000000"]);
        assert_eq!(shown(vec![rectangle(0.6, 0.4, 1.0, 1.2)]), ["01000000", "01000000", "00000000", "00000000"]);
        // A hole is drawn against the direction of what it is in.
        let hole = rectangle(2.0, 1.0, 2.0, 2.0).into_iter().rev().collect();
        assert_eq!(shown(vec![rectangle(1.0, 0.0, 5.0, 4.0), hole]), ["01111100", "01001100", "01001100", "01111100"]);
        // What lies outside of the page is cut off.
        assert_eq!(
            shown(vec![rectangle(-5.0, -5.0, 7.0, 20.0), rectangle(7.0, 3.0, 9.0, 9.0)]),
            ["11000000", "11000000", "11000000", "11000001"]
        );
    }
}
