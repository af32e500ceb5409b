//! Pages as PDF (ISO 32000-1): paths filled black, and nothing else. There is no font in the file, so every printer prints the same.

use super::page::{DOTS, Page};
use std::fmt::Write as _;

/// A point of PDF is the 72nd part of an inch.
const POINTS: f32 = 72.0;

/// Returns the bytes of a file with these pages.
pub(super) fn write(pages: &[Page]) -> Vec<u8> {
    let kids: Vec<String> = (0..pages.len()).map(|n| format!("{} 0 R", 3 + 2 * n)).collect();
    let mut file = File::default();
    file.object("<< /Type /Catalog /Pages 2 0 R >>");
    file.object(&format!("<< /Type /Pages /Kids [{}] /Count {} >>", kids.join(" "), pages.len()));
    for (n, page) in pages.iter().enumerate() {
        let scale = POINTS / DOTS;
        let (width, height) = (page.width * scale, page.height * scale);
        file.object(&format!(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {width:.3} {height:.3}] /Resources << >> /Contents {} 0 R >>",
            4 + 2 * n
        ));
        let content = content(page, scale, height);
        file.object(&format!("<< /Length {} >>\nstream\n{content}\nendstream", content.len()));
    }
    file.finish()
}

/// Returns the drawing of a page. Our axis goes down and PDF's up.
fn content(page: &Page, scale: f32, height: f32) -> String {
    let mut out = format!("{scale:.4} 0 0 {:.4} 0 {height:.3} cm\n0 g\n", -scale);
    for shape in &page.shapes {
        for contour in shape {
            for (n, (x, y)) in contour.iter().enumerate() {
                let operator = if n == 0 { 'm' } else { 'l' };
                // A text takes all that is written.
                let _ = writeln!(out, "{x:.1} {y:.1} {operator}");
            }
            out.push_str("h\n");
        }
        out.push_str("f\n");
    }
    out
}

/// A file in the making: objects in the order of their numbers, and where each begins.
#[derive(Default)]
struct File {
    bytes: Vec<u8>,
    begins: Vec<usize>,
}

impl File {
    fn object(&mut self, content: &str) {
        if self.bytes.is_empty() {
            // Bytes that are not text tell programs which carry the file that it is not one (§7.5.2).
            self.bytes.extend_from_slice(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n");
        }
        self.begins.push(self.bytes.len());
        self.bytes.extend_from_slice(format!("{} 0 obj\n{content}\nendobj\n", self.begins.len()).as_bytes());
    }

    fn finish(mut self) -> Vec<u8> {
        let (table, count) = (self.bytes.len(), self.begins.len() + 1);
        let mut end = format!("xref\n0 {count}\n0000000000 65535 f \n");
        for begin in &self.begins {
            let _ = writeln!(end, "{begin:010} 00000 n ");
        }
        let _ = write!(end, "trailer\n<< /Size {count} /Root 1 0 R >>\nstartxref\n{table}\n%%EOF\n");
        self.bytes.extend_from_slice(end.as_bytes());
        self.bytes
    }
}
