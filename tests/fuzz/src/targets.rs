//! The work of each target on its bytes. A target calls public functions and states rules with [`crate::guard::require`].

mod bytes;
mod codes;
mod credentials;
mod decisions;
mod identifiers;
mod linked;
mod office;
mod requests;
mod trust;
mod vaults;
mod wallets;

pub(crate) use credentials::opened;
pub(crate) use trust::audit_seeds;
pub(crate) use vaults::{backup, rows};

pub(crate) type Target = fn(&[u8]);

/// Every target by its name; `targets.toml` says what each is for.
pub(crate) const ALL: [(&str, Target); 35] = [
    ("audit", trust::audit),
    ("authority", office::authority),
    ("bitstring", trust::bitstring),
    ("bundle", trust::bundle),
    ("cbor", bytes::cbor),
    ("cedar", office::cedar),
    ("credential", credentials::credential),
    ("dcql", requests::dcql),
    ("did", identifiers::did),
    ("diddoc", identifiers::document),
    ("diff", wallets::diff),
    ("items", vaults::items),
    ("jpeg", codes::jpeg),
    ("json", bytes::json),
    ("jsonld", linked::jsonld),
    ("manifest", trust::manifest),
    ("offer", requests::offer),
    ("parcel", trust::parcel),
    ("png", codes::png),
    ("policydraft", office::policy),
    ("qr", codes::frames),
    ("qrpic", codes::modules),
    ("qrword", codes::words),
    ("rdfc", linked::graph),
    ("request", requests::request),
    ("restore", vaults::restore),
    ("rootfile", office::root),
    ("signed", credentials::signed),
    ("slot", vaults::slot),
    ("step", decisions::step),
    ("targets", trust::targets),
    ("text", bytes::text),
    ("token", trust::token),
    ("vault", vaults::vault),
    ("vcapi", office::vc_api),
];

/// The bytes as text.
fn text(data: &[u8]) -> Option<&str> {
    core::str::from_utf8(data).ok()
}

/// Signs what follows a `!`, so that the input reaches what lies behind the signature.
fn signed_if_asked(data: &[u8], sign: impl FnOnce(&[u8]) -> String) -> Option<(String, bool)> {
    match data.strip_prefix(b"!") {
        Some(payload) => Some((sign(payload), true)),
        None => Some((text(data)?.to_owned(), false)),
    }
}
