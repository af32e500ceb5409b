//! `waypass issuer card`: cards for the printer.

use super::{now, store_failure};
use crate::Run;
use crate::exit::{Exit, Failure, Outcome};
use crate::file;
use crate::unlock::OpenArgs;
use crate::words;
use serde_json::json;
use std::path::{Path, PathBuf};
use waypass_credential::role::{RoleClaims, Scope};
use waypass_issuer::issue::NotPrinted;
use waypass_qr::{CardError, Face, Paper};

/// Arguments of `issuer card`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Cards, as `issuer issue --card` wrote them
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Write a PDF
    #[arg(long, value_name = "FILE", required_unless_present = "png")]
    pdf: Option<PathBuf>,
    /// Write pictures of 600 dots to the inch: NAME.png, or NAME-1.png and so on
    #[arg(long, value_name = "NAME")]
    png: Option<PathBuf>,
    /// Eight cards on a page of A4, with marks to cut at; otherwise each is a page of 85.60 x 53.98 mm
    #[arg(long)]
    sheet: bool,
    /// The top line of the cards [default: the issuer's name]
    #[arg(long, value_name = "TEXT")]
    title: Option<String>,
    #[command(flatten)]
    open: OpenArgs,
}

pub(crate) fn run(run: &Run, args: &Args) -> Outcome {
    let cards = args.files.iter().map(|path| file::read(run.input, path).map(|bytes| (path, bytes))).collect::<Result<Vec<_>, _>>()?;
    let faces = super::with(run, &args.open, |issuer| {
        let title = args.title.clone().unwrap_or_else(|| issuer.settings().name.clone());
        let face = |(path, bytes): &(&PathBuf, Vec<u8>)| match issuer.printable(bytes, now()) {
            Ok(role) => Ok(face(bytes, &title, &role)),
            Err(NotPrinted::Store(why)) => Err(store_failure(why)),
            Err(why) => Err(refused(path, &why)),
        };
        cards.iter().map(face).collect::<Result<Vec<Face>, Failure>>()
    })?;
    let paper = if args.sheet { Paper::A4 } else { Paper::Card };
    let mut written = Vec::new();
    if let Some(path) = &args.pdf {
        let bytes = paper.pdf(&faces).map_err(|why| undrawn(&why))?;
        file::write_private(run.out, path, &bytes)?;
        written.push(path.clone());
    }
    if let Some(to) = &args.png {
        let pages = paper.png(&faces).map_err(|why| undrawn(&why))?;
        let count = pages.len();
        for (n, bytes) in (1..).zip(&pages) {
            let path = numbered(to, n, count);
            file::write_private(run.out, &path, bytes)?;
            written.push(path);
        }
    }
    let names: Vec<String> = written.iter().map(|path| path.to_string_lossy().into_owned()).collect();
    run.out.json(&json!({ "schema": "waypass.cards/1", "cards": faces.len(), "files": names }))?;
    run.out.words(&format!("{} card(s) in {}; print at 100 %, not fitted to the page", faces.len(), words::list(&names)));
    Ok(Exit::Done)
}

/// Returns what is on a card: all of it is in the code too, but for the title.
fn face(code: &[u8], title: &str, role: &RoleClaims) -> Face {
    let places = |places: &[String]| -> String {
        let named = |place: &String| if Scope::of(place) == Scope::Any { "everywhere".to_owned() } else { place.clone() };
        places.iter().map(named).collect::<Vec<_>>().join(", ")
    };
    let mut lines = vec![role.roles.join(", "), format!("at {}", places(&role.sites))];
    if !role.zones.is_empty() {
        lines.push(format!("zones {}", places(&role.zones)));
    }
    lines.push(format!("until {}", words::when(role.valid_until)));
    lines.extend(role.personal.text("document_ending").map(|ending| format!("document ..{ending}")));
    lines.extend(role.personal.text("card").map(|number| format!("card {number}")));
    let name = role.personal.text("name").unwrap_or_default().to_owned();
    Face { code: code.to_vec(), title: title.to_owned(), name, lines }
}

/// Returns the name of a page: without a number if it is the only one.
fn numbered(to: &Path, number: usize, count: usize) -> PathBuf {
    let stem =
        if to.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("png")) { to.with_extension("") } else { to.to_path_buf() };
    let mut name = stem.into_os_string();
    if count > 1 {
        name.push(format!("-{number}"));
    }
    name.push(".png");
    name.into()
}

fn refused(path: &Path, why: &NotPrinted) -> Failure {
    let next = match why {
        NotPrinted::NotACard => "name a file that `waypass issuer issue --card` wrote",
        NotPrinted::NotOurs => "print it where it was issued; see what this office issued: waypass issuer list",
        NotPrinted::Withdrawn(_) | NotPrinted::Over | NotPrinted::Store(_) => "issue another: waypass issuer issue --card",
    };
    Failure::usage(format!("{}: {why}", path.display()), next)
}

fn undrawn(why: &CardError) -> Failure {
    let next = match why {
        CardError::Sign(_) | CardError::BothDirections => {
            "nothing was printed; revoke the card and issue it with the name in Latin, Greek, Cyrillic, Armenian, Georgian, Hebrew or Arabic letters"
        }
        CardError::TooWide(_) | CardError::TooMuch => "nothing was printed; use a shorter --title or name, or fewer roles, sites and zones",
        CardError::TooLong => "nothing was printed; issue it with fewer roles, sites and zones",
    };
    Failure::usage(why, next)
}
