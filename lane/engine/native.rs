//! Things that happen at the device itself, without its page. What they mean for the page is in its next frame.

use super::refusal::Refusal;
use super::{Engine, Home, Stage};
use waypass_screen::Event;

impl<H: Home> Engine<H> {
    /// Takes what happened at the device: time passed, its scanner came or went, its door failed.
    pub fn happened(&mut self, event: Event) {
        self.wake();
        self.has_scanner |= matches!(event, Event::Scanner(_));
        self.report(event);
        self.do_what_is_due();
    }

    /// Takes a line of the scanner that hangs on the device.
    pub fn scanned(&mut self, line: &[u8]) {
        self.wake();
        self.used_ms = self.home.ms();
        self.line(line);
        self.do_what_is_due();
    }

    fn wake(&mut self) {
        self.lock_when_idle();
        // The next request says why it stays locked.
        let _refusal = self.unlock_by_itself();
    }

    /// Opens the vault of a device that needs no person for it.
    pub(super) fn unlock_by_itself(&mut self) -> Result<(), Refusal> {
        match self.stage {
            Stage::Locked => self.home.key().map_or(Ok(()), |key| self.open_with(&*key)),
            Stage::New | Stage::Open(_) => Ok(()),
        }
    }
}
