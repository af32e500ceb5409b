//! A bundle that a gate keeps aside, because it is dated far ahead of the gate's clock.

use crate::words::{span, when};
use serde_json::json;
use waypass_gate::Aside;

/// Returns a bundle that is kept aside, in words.
pub(super) fn words(aside: &Aside) -> String {
    let (signed, ahead) = (when(aside.signed_at), span(aside.ahead_seconds));
    format!("a bundle dated {signed} is kept aside: that is {ahead} ahead of this gate's clock; what it withdraws counts already")
}

/// The advice about it.
pub(super) const NEXT: &str = "compare the clock with a watch: if it is wrong, set it, and the bundle is taken by itself; if it \
     cannot be set: waypass verifier clock confirm --kept-aside --by YOUR-NAME; if it is right, tell the site's operator";

/// Returns it as JSON.
pub(super) fn document(aside: &Aside) -> serde_json::Value {
    json!({ "signed_at": aside.signed_at.unix(), "ahead_seconds": aside.ahead_seconds })
}
