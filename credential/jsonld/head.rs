//! The keywords of one object, found in one pass over it.

use crate::json::Value;

/// The keywords of one object.
#[derive(Clone, Copy, Default)]
pub(super) struct Head<'x> {
    pub(super) id: Option<&'x Value<'x>>,
    pub(super) kind: Option<&'x Value<'x>>,
    pub(super) value: Option<&'x Value<'x>>,
    pub(super) language: Option<&'x Value<'x>>,
    pub(super) direction: Option<&'x Value<'x>>,
    pub(super) list: Option<&'x Value<'x>>,
    pub(super) set: Option<&'x Value<'x>>,
    pub(super) context: Option<&'x Value<'x>>,
}
