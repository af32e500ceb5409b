//! `waypass help TOPIC`: the pages of `cli/help`, or the help of a command.

use crate::exit::{Exit, Failure, Outcome};
use crate::output::Out;
use crate::words;
use waypass_trust::reason::{Level, ReasonCode};

const TOPICS: [(&str, &str, &str); 5] = [
    ("exit-codes", "what every exit code means", include_str!("help/exit-codes.txt")),
    ("environment", "files, folders, variables, precedence", include_str!("help/environment.txt")),
    ("formatting", "streams, colours, JSON", include_str!("help/formatting.txt")),
    ("verdicts", "what a gate can answer, and why", include_str!("help/verdicts.txt")),
    ("threat-model", "what this protects against, and what not", include_str!("help/threat-model.txt")),
];

/// Arguments of `help`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// A topic, or a command such as `wallet present`
    topic: Vec<String>,
}

pub(crate) fn run(out: Out, args: &Args) -> Outcome {
    let mut command = crate::grammar();
    command.build();
    let Some(first) = args.topic.first() else {
        out.page(&format!("{}\n\nTopics:\n{}", command.render_help().ansi(), topics()));
        return Ok(Exit::Done);
    };
    if let Some((_, _, page)) = TOPICS.iter().find(|(name, _, _)| name == first) {
        out.page(page.trim_end());
        if first == "verdicts" {
            out.page(&codes());
        }
        return Ok(Exit::Done);
    }
    let mut found = &mut command;
    for name in &args.topic {
        found = found.find_subcommand_mut(name).ok_or_else(|| {
            let topics: Vec<&str> = TOPICS.iter().map(|(name, _, _)| *name).collect();
            Failure::usage(
                format!("there is no topic or command `{}`", args.topic.join(" ")),
                format!("the topics are {}; the commands are in `waypass help`", words::list(&topics)),
            )
        })?;
    }
    out.page(&found.render_long_help().ansi().to_string());
    Ok(Exit::Done)
}

/// A page's text without its first line, which names it: for the manual.
pub(crate) fn page(topic: &str) -> &'static str {
    let page = TOPICS.iter().find(|(name, _, _)| *name == topic).map_or("", |(_, _, page)| page);
    page.split_once('\n').map_or(page, |(_, rest)| rest).trim_matches('\n')
}

/// The catalogue as the library has it: code, meaning, by level.
pub(crate) fn codes() -> String {
    let row = |code: &ReasonCode| format!("  {:<22} {}", code.as_str(), code.headline());
    let group = |level: Level| {
        let rows: Vec<_> = ReasonCode::ALL.iter().filter(|code| code.level() == level).map(row).collect();
        format!("\n{}\n{}", level.as_str(), rows.join("\n"))
    };
    [Level::Green, Level::Amber, Level::Red, Level::Grey].map(group).join("\n")
}

fn topics() -> String {
    TOPICS.iter().map(|(name, about, _)| format!("  {name:<13} {about}")).collect::<Vec<_>>().join("\n")
}
