//! `waypass completions SHELL`.

use crate::exit::{Exit, Outcome};
use crate::file::{self, Readers};
use crate::output::Out;
use clap_complete::Shell;
use serde_json::json;
use std::path::Path;

/// Arguments of `completions`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// bash, elvish, fish, powershell or zsh
    shell: Shell,
}

pub(crate) fn run(out: Out, args: &Args) -> Outcome {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut crate::grammar(), "waypass", &mut script);
    let delivered = file::deliver(out, Path::new("-"), &script, Readers::All)?;
    out.json(&file::with(json!({ "schema": "waypass.completions/1", "shell": args.shell.to_string() }), delivered))?;
    Ok(Exit::Done)
}
