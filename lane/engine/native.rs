//! Things that happen at the device itself, without its page. What they mean for the page is in its next frame.

use super::{AGAIN_MS, Engine, Home, Stage};
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
        self.unlock_by_itself();
    }

    /// Opens the vault of a device that needs no person for it. The frame says why it stays locked.
    pub(super) fn unlock_by_itself(&mut self) {
        let Stage::Locked = self.stage else { return };
        let waits = |tried: u64| self.home.ms() < tried.saturating_add(AGAIN_MS);
        if self.closed.as_ref().is_some_and(|(_, tried)| waits(*tried)) {
            return;
        }
        let Some(key) = self.home.key() else { return };
        self.closed = self.open_with(&*key).err().map(|refusal| (refusal, self.home.ms()));
    }
}
