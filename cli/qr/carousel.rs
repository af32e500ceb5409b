//! Codes on the terminal one after another, for a camera that is held in front of it.

use super::{TooLarge, look, too_large};
use crate::exit::Failure;
use crate::output::Out;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;
use waypass_qr::{Carousel, FrameSize, draw_terminal};

/// Longer than a camera needs for a sharp look, and than a terminal needs to draw.
const EACH: Duration = Duration::from_millis(250);

/// Shows the carousel of `payload` until a person presses Enter.
pub(super) fn show(out: Out, payload: &[u8]) -> Result<(), Failure> {
    if out.is_json() || !out.is_terminal() {
        return Err(Failure::usage(
            "a carousel needs a terminal to turn on",
            "leave out --carousel, or write pictures: waypass qr encode FILE -o NAME.png",
        ));
    }
    let carousel = Carousel::new(payload, FrameSize::Terminal).map_err(|error| too_large(TooLarge::Payload(error)))?;
    let is_over = Arc::new(AtomicBool::new(false));
    let enter = Arc::clone(&is_over);
    // Nobody waits for this thread: it ends with the person's Enter, or with the program.
    let own = out.own();
    thread::spawn(move || {
        crate::secret::pause(own, "");
        enter.store(true, Ordering::Release);
    });
    for number in 0.. {
        if is_over.load(Ordering::Acquire) {
            break;
        }
        turn(out, &carousel, number)?;
        thread::sleep(EACH);
    }
    Ok(())
}

/// Draws one code where the one before it was.
fn turn(out: Out, carousel: &Carousel, number: u32) -> Result<(), Failure> {
    let picture = draw_terminal(&carousel.code(number), look(out)).map_err(|error| too_large(TooLarge::Draw(error)))?;
    let place = if number == 0 { "\u{1b}[2J\u{1b}[H" } else { "\u{1b}[H" };
    let said = format!("code {}, of at least {}; press Enter when the other device has all of it", number + 1, carousel.count());
    out.bytes(format!("{place}{picture}{said}\u{1b}[K\n").as_bytes())
}
