//! `waypass doctor`: what this device has and what it lacks.

use crate::Session;
use crate::exit::{Exit, Outcome};
use crate::home::Role;
use crate::output::{Tone, paint};
use serde::Serialize;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// How one look at the machine ended.
#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Found {
    Good,
    /// Works, but somebody should know.
    Note,
    /// Must be repaired.
    Bad,
}

#[derive(Serialize)]
struct Finding {
    name: &'static str,
    found: Found,
    detail: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

pub(crate) fn run(session: &Session) -> Outcome {
    let mut findings = Vec::new();
    for folder in session.home.folders() {
        findings.push(private(folder));
    }
    for role in [Role::Issuer, Role::Wallet, Role::Verifier] {
        findings.push(vault(&session.home.vault(role), role));
    }
    session.out.list("waypass.doctor/1", "findings", &findings, || {
        for finding in &findings {
            let (tone, mark) = match finding.found {
                Found::Good => (Tone::Green, "✔"),
                Found::Note => (Tone::Grey, "·"),
                Found::Bad => (Tone::Red, "✖"),
            };
            let style = paint(tone);
            session.out.words(&format!("{style}{mark}{style:#} {:<9} {}", finding.name, finding.detail));
            if let Some(next) = &finding.next {
                session.out.words(&format!("            {next}"));
            }
        }
    })?;
    Ok(if findings.iter().any(|finding| finding.found == Found::Bad) { Exit::Internal } else { Exit::Done })
}

fn finding(name: &'static str, found: Found, detail: String) -> Finding {
    Finding { name, found, detail, next: None }
}

fn private(folder: &Path) -> Finding {
    match std::fs::metadata(folder) {
        Err(_) => finding("folder", Found::Note, format!("{} is not there yet", folder.display())),
        Ok(about) if about.mode() & 0o022 != 0 => Finding {
            next: Some(format!("run: chmod 700 {}", folder.display())),
            ..finding("folder", Found::Bad, format!("others on this machine may change {}", folder.display()))
        },
        Ok(_) => finding("folder", Found::Good, folder.display().to_string()),
    }
}

fn vault(folder: &Path, role: Role) -> Finding {
    if folder.exists() {
        finding(role.folder(), Found::Good, folder.display().to_string())
    } else {
        Finding {
            next: Some(format!("waypass {} init", role.folder())),
            ..finding(role.folder(), Found::Note, "nothing kept here".to_owned())
        }
    }
}

/// What a vault found wrong with its own content, in words.
pub(crate) fn finding_words(finding: &waypass_vault::Finding) -> String {
    use waypass_vault::Finding;
    match finding {
        Finding::Quarantined { table, .. } => format!("a record in {table} could not be read and was set aside"),
        Finding::Altered { tables } => format!("records were deleted, replaced or added from outside in {}", crate::words::list(tables)),
        Finding::LogEntry { log, seq } => format!("entry {seq} of the log {log} is missing or damaged"),
        Finding::IndexRebuilt => "the index was damaged and was made again from the records; nothing is lost".to_owned(),
        Finding::StateLost => "the record of the last change is damaged; deletions before now cannot be noticed".to_owned(),
    }
}
