//! Changes that an issuer of version 0.1.0 had recorded and not published. Nothing says that somebody meant them to take effect, so the
//! first publication after the upgrade waits until a person has said so.

use crate::office::Issuer;
use crate::parts::TargetsChange;
use crate::sealed::BEFORE_SEAL;
use crate::store::StoreError;

impl Issuer<'_> {
    /// Looks for them when the issuer is opened.
    pub(crate) fn find_unasked(&mut self) -> Result<(), StoreError> {
        if self.store.version(BEFORE_SEAL)? != 1 {
            return Ok(());
        }
        match self.pending_change(None) {
            Ok(Some(change)) => self.unasked = Some(change),
            Ok(None) => self.confirm_unasked()?,
            // An unreadable part is not published either, and is looked at again.
            Err(_) => {}
        }
        Ok(())
    }

    /// Returns what was recorded before the upgrade and would be published with whatever is changed now.
    pub const fn unasked(&self) -> Option<&TargetsChange> {
        self.unasked.as_ref()
    }

    /// Lets what [`Self::unasked`] gives be published: a person has seen it.
    pub fn confirm_unasked(&mut self) -> Result<(), StoreError> {
        if self.store.version(BEFORE_SEAL)? == 1 {
            self.store.transact(|tx| tx.advance(BEFORE_SEAL, 1, 2, &[]))?;
        }
        self.unasked = None;
        Ok(())
    }
}
