//! `waypass completions SHELL`.

use crate::Session;
use crate::exit::{Exit, Outcome};
use clap_complete::Shell;

/// Arguments of `completions`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// bash, elvish, fish, powershell or zsh
    shell: Shell,
}

#[expect(clippy::unnecessary_wraps, reason = "every verb has the one signature")]
pub(crate) fn run(session: &Session, args: &Args) -> Outcome {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut crate::grammar(), "waypass", &mut script);
    session.out.bytes(&script);
    Ok(Exit::Done)
}
