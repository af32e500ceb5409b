//! `waypass help TOPIC`: the pages of `cli/help`, or the help of a command.

use crate::exit::{Exit, Failure, Outcome};
use crate::output::Out;
use crate::words;
use clap::Command;
use serde_json::json;
use waypass_trust::reason::{Level, ReasonCode};

const TOPICS: [(&str, &str, &str); 5] = [
    ("exit-codes", "what every exit code means", include_str!("help/exit-codes.txt")),
    ("environment", "files, folders, variables, precedence", include_str!("help/environment.txt")),
    ("formatting", "streams, colours, JSON", include_str!("help/formatting.txt")),
    ("verdicts", "what a gate can answer, and why", include_str!("help/verdicts.txt")),
    ("threat-model", "what this protects against, and what not", include_str!("help/threat-model.txt")),
];

/// The examples of every command, each a line that begins with the command.
const EXAMPLES: &str = include_str!("help/examples.txt");

/// Puts its examples under the help of a command, and of those below it. `line` is how the command is called.
pub(crate) fn with_examples(command: Command, line: &str) -> Command {
    let found = if command.has_subcommands() { Vec::new() } else { examples(line) };
    let command = match found.as_slice() {
        [] => command,
        [one] => command.after_help(format!("Example:\n  {one}")),
        several => command.after_help(format!("Examples:\n  {}", several.join("\n  "))),
    };
    command.mut_subcommands(|inner| {
        let line = format!("{line} {}", inner.get_name());
        with_examples(inner, &line)
    })
}

/// Returns the examples of the command that is called by `line`.
pub(crate) fn examples(line: &str) -> Vec<&'static str> {
    EXAMPLES.lines().filter(|example| example.strip_prefix(line).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))).collect()
}

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
        return show(out, "", &format!("{}\n\nTopics:\n{}", command.render_help().ansi(), topics()));
    };
    if let Some((_, _, page)) = TOPICS.iter().find(|(name, _, _)| name == first) {
        let codes = if first == "verdicts" { format!("\n{}", codes()) } else { String::new() };
        return show(out, first, &format!("{}{codes}", page.trim_end()));
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
    show(out, &args.topic.join(" "), &found.render_long_help().ansi().to_string())
}

/// Prints what `--help` or `--version` asked for.
pub(crate) fn shown(out: Out, asked: &clap::Error) -> Outcome {
    if !out.is_json() {
        drop(asked.print());
        return Ok(Exit::Done);
    }
    show(out, "", &asked.render().to_string())
}

/// Prints a page; as JSON without its styles.
fn show(out: Out, topic: &str, page: &str) -> Outcome {
    out.json(&json!({ "schema": "waypass.help/1", "topic": topic, "text": anstream::adapter::strip_str(page).to_string() }))?;
    out.page(page);
    Ok(Exit::Done)
}

/// Returns a page's text without its first line, which names it: for the manual.
pub(crate) fn page(topic: &str) -> &'static str {
    let page = TOPICS.iter().find(|(name, _, _)| *name == topic).map_or("", |(_, _, page)| page);
    page.split_once('\n').map_or(page, |(_, rest)| rest).trim_matches('\n')
}

/// Returns the catalogue as the library has it: code, meaning, by level.
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

#[cfg(test)]
mod tests {
    use super::{EXAMPLES, examples};
    use clap::Command;

    /// Words as a shell makes them: quotes keep spaces, a redirection and a comment are the shell's.
    fn words(example: &str) -> Vec<String> {
        let line = example.split_once(" #").map_or(example, |(line, _)| line).trim_end();
        let mut words = Vec::new();
        for (number, piece) in line.split('"').enumerate() {
            if number % 2 == 1 {
                words.push(piece.to_owned());
            } else {
                words.extend(piece.split_whitespace().filter(|word| !word.starts_with('>')).map(str::to_owned));
            }
        }
        words
    }

    /// Every command that does something, as it is called.
    fn leaves(command: &Command, line: &str, found: &mut Vec<String>) {
        if command.has_subcommands() {
            command.get_subcommands().for_each(|inner| leaves(inner, &format!("{line} {}", inner.get_name()), found));
        } else {
            found.push(line.to_owned());
        }
    }

    #[test]
    fn every_command_has_an_example_and_every_example_is_a_command() {
        let mut lines = Vec::new();
        leaves(&crate::grammar(), "waypass", &mut lines);
        assert!(lines.len() > 55, "only {} commands", lines.len());
        for line in &lines {
            assert!(!examples(line).is_empty(), "no example of `{line}` in cli/help/examples.txt");
        }
        for example in EXAMPLES.lines() {
            let parsed = crate::grammar().try_get_matches_from(words(example));
            assert!(parsed.is_ok(), "{example}: {}", parsed.err().map(|why| why.to_string()).unwrap_or_default());
            assert!(lines.iter().any(|line| examples(line).contains(&example)), "{example}");
            assert!(example.len() <= 108, "{example}");
        }
    }
}
