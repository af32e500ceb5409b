//! `waypass completions SHELL`.

use crate::exit::{Exit, Outcome};
use crate::output::Out;
use clap_complete::Shell;

/// Arguments of `completions`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// bash, elvish, fish, powershell or zsh
    shell: Shell,
}

pub(crate) fn run(out: Out, args: &Args) -> Outcome {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut crate::grammar(), "waypass", &mut script);
    out.bytes(&script)?;
    Ok(Exit::Done)
}
