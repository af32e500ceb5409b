//! `waypass man DIR`: one manual page for each command, for packagers and for machines without a network.

use crate::exit::{Exit, Failure, Outcome};
use crate::output::Out;
use crate::{file, help};
use clap::Command;
use clap_mangen::Man;
use serde_json::json;
use std::io;
use std::path::{Path, PathBuf};

/// Arguments of `man`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Folder for waypass.1, waypass-issuer.1 and so on; made if it does not exist
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

pub(crate) fn run(out: Out, args: &Args) -> Outcome {
    std::fs::create_dir_all(&args.folder).map_err(|error| Failure::file("make", &args.folder, &error))?;
    let mut command = crate::grammar();
    command.build();
    let mut pages = Vec::new();
    write_all(out, &command, &args.folder, &mut pages)?;
    out.json(&json!({ "schema": "waypass.man/1", "pages": pages }))?;
    out.words(&format!("wrote {} pages into {}", pages.len(), args.folder.display()));
    Ok(Exit::Done)
}

fn write_all(out: Out, command: &Command, folder: &Path, pages: &mut Vec<String>) -> Result<(), Failure> {
    let name = command.get_display_name().unwrap_or_else(|| command.get_name()).to_owned();
    let text = page(command, &name).map_err(|error| Failure::internal(error, "run the command again"))?;
    let file = format!("{name}.1");
    file::write(out, &folder.join(&file), &text)?;
    pages.push(file);
    // clap's own `help` of a command that has commands is not a command of ours.
    command.get_subcommands().filter(|inner| !inner.is_hide_set()).try_for_each(|inner| write_all(out, inner, folder, pages))
}

fn page(command: &Command, name: &str) -> io::Result<Vec<u8>> {
    let version = concat!("waypass ", env!("CARGO_PKG_VERSION"));
    let man = Man::new(command.clone()).title(name.to_uppercase()).source(version).manual("Waypass");
    let mut out = Vec::new();
    man.render_title(&mut out)?;
    man.render_name_section(&mut out)?;
    man.render_synopsis_section(&mut out)?;
    man.render_description_section(&mut out)?;
    man.render_options_section(&mut out)?;
    if command.has_subcommands() {
        man.render_subcommands_section(&mut out)?;
    }
    let mut text = String::new();
    let examples = help::examples(&name.replace('-', " "));
    if !command.has_subcommands() {
        section(&mut text, "EXAMPLES", &examples.join("\n"));
    }
    match name {
        "waypass" => {
            for (heading, topic) in [
                ("EXIT STATUS", "exit-codes"),
                ("ENVIRONMENT AND FILES", "environment"),
                ("OUTPUT", "formatting"),
                ("SECURITY", "threat-model"),
            ] {
                section(&mut text, heading, help::page(topic));
            }
        }
        "waypass-verifier-verify" => {
            section(&mut text, "EXIT STATUS", &format!("{}\n\nEverything else: waypass(1).", help::page("verdicts")));
            section(&mut text, "REASONS", help::codes().trim_matches('\n'));
        }
        _ => section(&mut text, "EXIT STATUS", "0 when done. The other codes, the files and the variables are in waypass(1)."),
    }
    section(&mut text, "SEE ALSO", &see_also(name));
    out.extend_from_slice(text.as_bytes());
    Ok(out)
}

/// Returns the command above, and the page with what all have in common.
fn see_also(name: &str) -> String {
    match name.rsplit_once('-') {
        None => "waypass help TOPIC; the book in docs/".to_owned(),
        Some(("waypass", _)) => "waypass(1)".to_owned(),
        Some((above, _)) => format!("{above}(1), waypass(1)"),
    }
}

/// Writes a section whose lines stay as they are: tables and indented lists keep their shape.
fn section(out: &mut String, heading: &str, text: &str) {
    let lines: Vec<String> = text.lines().map(verbatim).collect();
    out.push_str(&[".SH \"", heading, "\"\n.nf\n", &lines.concat(), ".fi\n"].concat());
}

/// Returns a line that the formatter prints as it is.
fn verbatim(line: &str) -> String {
    let mut out = String::with_capacity(line.len() + 8);
    // A line that begins with a dot or an apostrophe is a request (groff(7)).
    if line.starts_with(['.', '\'']) {
        out.push_str("\\&");
    }
    for c in line.chars() {
        match c {
            '\\' => out.push_str("\\e"),
            // A bare hyphen may be broken or turned into a dash.
            '-' => out.push_str("\\-"),
            ' '..='~' => out.push(c),
            // By code point (groff_char(7)): the formatter's own input is bytes.
            _ => out.extend(["\\[u", &format!("{:04X}", u32::from(c)), "]"]),
        }
    }
    out.push('\n');
    out
}
