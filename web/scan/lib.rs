//! Reads the QR codes in what a page's camera sees, and in pictures that are dropped on it.
//!
//! Compiled to WebAssembly these are the functions of one instance in a Worker of its own. The reader is foreign code on a stranger's
//! picture, and a panic ends the instance: the page makes a new one, and the gate in the other Worker does not notice.
//!
//! Nothing read is not an error: the next frame comes. So each function returns no text for what has no code, is not a picture, is too
//! large, or was searched as long as a picture may be.
//!
//! ```
//! use waypass_web_scan::{read_frame, read_picture};
//!
//! let picture = waypass_qr::Picture::Png.draw("WAYPASS")?;
//! assert_eq!(read_picture(&picture), ["WAYPASS"]);
//!
//! // A camera that sees a wall.
//! assert!(read_frame(640, 480, &[200; 640 * 480 * 4]).is_empty());
//! # Ok::<(), waypass_qr::DrawError>(())
//! ```

#[cfg(target_family = "wasm")]
use wasm_bindgen::prelude::wasm_bindgen;

/// Returns the texts of all codes in a camera frame of `width` x `height` pixels: four bytes each (red, green, blue, opacity), as a canvas
/// gives them, or one (brightness), the first plane of a video frame.
#[cfg_attr(target_family = "wasm", wasm_bindgen)]
pub fn read_frame(width: u32, height: u32, pixels: &[u8]) -> Vec<String> {
    waypass_qr::read_pixels(width, height, pixels).unwrap_or_default()
}

/// Returns the texts of all codes in a PNG or a JPEG.
#[cfg_attr(target_family = "wasm", wasm_bindgen)]
pub fn read_picture(bytes: &[u8]) -> Vec<String> {
    waypass_qr::read_picture(bytes).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{read_frame, read_picture};

    /// A code as a canvas gives it, with its width.
    fn on_a_canvas(text: &str) -> (u32, Vec<u8>) {
        let code = qrcode::QrCode::new(text).expect("a code");
        let levels = code.render::<char>().module_dimensions(4, 4).dark_color('#').light_color(' ').build();
        let lines: Vec<&str> = levels.lines().collect();
        let level = |c: char| if c == '#' { [20, 24, 30, 255] } else { [230, 226, 220, 255] };
        (u32::try_from(lines.len()).expect("small"), lines.concat().chars().flat_map(level).collect())
    }

    #[test]
    fn a_frame_with_a_code_is_read_and_one_without_is_empty() {
        let (side, pixels) = on_a_canvas("WP1:A FRAME");
        assert_eq!(read_frame(side, side, &pixels), ["WP1:A FRAME"]);
        assert!(read_frame(side, side, &pixels[4..]).is_empty(), "a pixel is missing");
        assert!(read_frame(0, 0, &[]).is_empty());
        assert!(read_picture(b"\x89PNG\r\n\x1a\nnothing").is_empty());
    }
}
