//! The name `-`, which is standard input or standard output.

use std::path::Path;

/// Returns true if the name means standard input or output.
pub(crate) fn is_dash(path: &Path) -> bool {
    path.as_os_str() == "-"
}
