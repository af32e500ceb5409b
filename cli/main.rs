//! `waypass`: the command line of the issuer, the wallet and the checkpoint. One file per verb, no logic of its own:
//! it reads arguments, asks the libraries, and renders what they answered.

use caller::Caller;
use clap::{CommandFactory, Parser, Subcommand};
use exit::{Exit, Failure, Outcome};
use held::Held;
use home::{Home, Role};
use input::{Asks, Input};
use output::{Out, Shape};
use scope::Scope;
use std::path::PathBuf;
use std::process::ExitCode;
use user::Use;
use waypass_words::{Language, Words};

mod acknowledge;
mod audit;
mod backup;
mod belief;
mod caller;
mod completions;
mod demo;
mod doctor;
mod exit;
mod factors;
mod file;
mod flag;
mod folder;
mod format;
mod gate;
mod held;
mod help;
mod holder;
mod home;
mod input;
mod inspect;
mod issuer;
mod listen;
mod man;
mod output;
mod pages;
mod progress;
mod qr;
mod ready;
mod report;
mod scope;
mod seal;
mod secret;
mod session;
mod sheet;
mod site_rules;
mod slot;
mod stdio;
mod sync;
mod text;
mod tone;
mod trust;
mod unlock;
mod user;
mod vault;
mod verifier;
mod wallet;
mod words;

/// Offline credential wallet, issuer and verifier.
///
/// A site issues role credentials; people carry them encrypted on their own device; a gate without any network checks
/// them and says how old its knowledge is.
#[derive(Parser)]
#[command(name = "waypass", version, disable_help_subcommand = true, subcommand_required = true, arg_required_else_help = true)]
#[command(after_help = "Exit codes, files, verdicts and what this does not protect against: waypass help TOPIC")]
struct Line {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    verb: Verb,
}

/// The heading in help and manual for options that are not a command's own.
const GLOBAL: &str = "Global options";

/// Options every command takes.
#[derive(clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line and means nothing elsewhere")]
struct Global {
    /// Print the result as one JSON document
    #[arg(long, global = true, conflicts_with = "jsonl", help_heading = GLOBAL)]
    json: bool,
    /// Print lists as one JSON document a line
    #[arg(long, global = true, help_heading = GLOBAL)]
    jsonl: bool,
    /// No messages, only results, warnings and errors
    #[arg(short, long, global = true, help_heading = GLOBAL)]
    quiet: bool,
    /// More messages
    #[arg(short, long, global = true, conflicts_with = "quiet", help_heading = GLOBAL)]
    verbose: bool,
    /// No colours (NO_COLOR and CLICOLOR_FORCE are heeded too)
    #[arg(long, global = true, help_heading = GLOBAL)]
    no_color: bool,
    /// Never ask on the terminal; a needed answer is a failure
    #[arg(long, global = true, help_heading = GLOBAL)]
    no_input: bool,
    /// Keep everything of this device under DIR
    #[arg(long, global = true, value_name = "DIR", help_heading = GLOBAL)]
    home: Option<PathBuf>,
    /// Be the device NAME among several on one machine, each with its own keys and trust
    #[arg(long, global = true, value_name = "NAME", help_heading = GLOBAL)]
    profile: Option<String>,
    /// Work with the wallet of the person NAME, on a device that several share
    #[arg(long, global = true, value_name = "NAME", help_heading = GLOBAL)]
    user: Option<String>,
    /// Show verdicts and the checkpoint in this language: en, fr, de or ar [default: that of LC_ALL, LC_MESSAGES or LANG, else en]
    #[arg(long, global = true, value_name = "LANG", value_parser = language, help_heading = GLOBAL)]
    lang: Option<Language>,
}

/// Reads a language tag; a program that cannot speak a language says so.
fn language(tag: &str) -> Result<Language, String> {
    Language::of(tag).ok_or_else(|| "the languages are en, fr, de and ar".to_owned())
}

/// Returns the language of the environment, where it is one that is spoken here.
fn language_of_environment() -> Language {
    let named = ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()));
    named.and_then(|named| Language::of(&named)).unwrap_or(Language::English)
}

#[derive(Subcommand)]
enum Verb {
    /// Issue, withdraw and publish credentials
    Issuer(issuer::Args),
    /// Hold credentials and show as little of them as a gate needs
    Wallet(wallet::Args),
    /// Ask, decide and record at a gate, without a network
    Verifier(verifier::Args),
    /// Show and check a gate's log
    Audit(audit::Args),
    /// Pin and show what this device believes
    Trust(trust::Args),
    /// Show what a file contains, without trusting it
    Inspect(inspect::Args),
    /// Draw and read QR codes
    Qr(qr::Args),
    /// Run the whole story with real processes
    Demo,
    /// Check this device and say what is missing
    Doctor,
    /// Say what fails first on this device without a link, when, and what to do now
    Ready(ready::DeviceArgs),
    /// Print the completions of a shell
    Completions(completions::Args),
    /// Write the manual pages, one for each command
    Man(man::Args),
    /// Explain a topic or a command
    Help(help::Args),
}

/// The arguments of every verb.
struct Run<'c> {
    out: Out<'c>,
    input: Input<'c>,
    home: Home,
    words: Words<'static>,
    /// The keys of the session that does the command.
    held: Option<&'c Held>,
}

/// What a session gives to a command that it does.
struct Within<'c> {
    caller: &'c Caller,
    held: &'c Held,
    home: &'c Home,
    language: Language,
}

fn main() -> ExitCode {
    waypass_machine::harden_process();
    std::panic::set_hook(Box::new(calm));
    let done = std::panic::catch_unwind(run);
    done.unwrap_or(Exit::Internal).into()
}

fn run() -> Exit {
    let line = match Line::try_parse() {
        Ok(line) => line,
        Err(error) => {
            // Asked-for help goes to standard output and is a success; everything else is exit 2 on standard error.
            let out = out_of_line();
            if !error.use_stderr() {
                // Help has the examples, which no other start pays for.
                let error = grammar().try_get_matches().err().unwrap_or(error);
                return help::shown(out, &error).unwrap_or_else(|failure| failure.exit);
            }
            if out.is_json() {
                out.failure(&misread(&error));
            } else {
                drop(error.print());
            }
            return Exit::Usage;
        }
    };
    if line.global.no_color {
        anstream::ColorChoice::Never.write_global();
    }
    perform(line, None)
}

/// Does what a command line says: in this process, or for the one that called.
fn perform(line: Line, within: Option<&Within<'_>>) -> Exit {
    let shape = line.shape();
    let Line { global, verb } = line;
    let caller = within.map(|within| within.caller);
    let input = Input::new(if global.no_input { Asks::Never } else { Asks::Terminal }, caller);
    let out = Out::new(shape, global.quiet, global.verbose, caller);
    // A name that cannot be one is a wrong command line, whatever the verb makes of settings.
    let named = global.profile.as_deref().map_or(Ok(()), home::profile_name);
    let language = global.lang.unwrap_or_else(|| within.map_or_else(language_of_environment, |within| within.language));
    let home = within.map_or_else(|| Home::find(global.home, global.profile), |within| Ok(within.home.clone()));
    let home = named.and_then(|()| verb.of_its_person(home, global.user.as_deref(), within.is_some()));
    let done = home.and_then(|home| verb.run(out, input, words::of(language), home, within));
    let done = match out.loss() {
        Some(lost) if done.is_ok() => Err(lost),
        _ => done,
    };
    done.unwrap_or_else(|failure| {
        out.failure(&failure);
        failure.exit
    })
}

impl Line {
    fn shape(&self) -> Shape {
        match (self.global.json, self.global.jsonl) {
            (true, _) => Shape::Json,
            (_, true) => Shape::JsonLines,
            _ => Shape::Words,
        }
    }

    /// Returns true if the command only brings the device up to date.
    fn is_sync(&self) -> bool {
        matches!(&self.verb, Verb::Verifier(args) if args.is_sync())
    }

    /// Returns the vault that the command works with, and what for; `None` if it needs none, or opens it for as long as it runs.
    fn needs(&self) -> Option<(Role, Scope)> {
        self.verb.needs()
    }
}

impl Verb {
    fn needs(&self) -> Option<(Role, Scope)> {
        let (role, scope) = match self {
            Self::Issuer(args) => (Role::Issuer, args.scope()),
            Self::Wallet(args) => (Role::Wallet, args.scope()),
            Self::Verifier(args) => (Role::Verifier, args.scope()),
            Self::Audit(args) => (Role::Verifier, args.scope()),
            _ => return None,
        };
        scope.map(|scope| (role, scope))
    }

    /// Returns the home with the wallet of the person that the command is for. A session has its own; a home that was not found is the
    /// failure of the verbs that need it.
    fn of_its_person(&self, home: Result<Home, Failure>, name: Option<&str>, is_within: bool) -> Result<Result<Home, Failure>, Failure> {
        let what = match self {
            Self::Wallet(args) => args.what(),
            Self::Trust(_) if name.is_some() => Use::Works,
            _ if name.is_some() => {
                return Err(Failure::usage("only a wallet is a person's, and this command works with none", "leave --user out"));
            }
            _ => return Ok(home),
        };
        match home {
            Ok(home) if !is_within => user::settle(home, name, what).map(Ok),
            home => Ok(home),
        }
    }

    fn run(self, out: Out, input: Input, words: Words<'static>, home: Result<Home, Failure>, within: Option<&Within<'_>>) -> Outcome {
        let device = || -> Result<Run, Failure> {
            let run = Run { out, input, home: home.clone()?, words, held: within.map(|within| within.held) };
            for unread in run.home.unread() {
                out.warn(&format!("{}; its settings were left out", unread.what));
            }
            Ok(run)
        };
        let needs = self.needs();
        match self {
            Self::Issuer(args) => session::within(&device()?, needs, |run| issuer::run(run, args)),
            Self::Wallet(args) => session::within(&device()?, needs, |run| wallet::run(run, args)),
            Self::Verifier(args) => session::within(&device()?, needs, |run| verifier::run(run, args)),
            Self::Audit(args) => session::within(&device()?, needs, |run| audit::run(run, args)),
            Self::Trust(args) => trust::run(&device()?, args),
            Self::Demo => demo::run(out),
            Self::Doctor => doctor::run(out, input, home),
            Self::Ready(args) => ready::device(&device()?, &args),
            // A verb that needs no device is not stopped by the settings of one.
            Self::Inspect(args) => inspect::run(out, input, &args),
            Self::Qr(args) => qr::run(out, input, &args),
            Self::Completions(args) => completions::run(out, &args),
            Self::Man(args) => man::run(out, &args),
            Self::Help(args) => help::run(out, &args),
        }
    }
}

/// Returns the streams before a line was understood: a caller who writes --json reads JSON.
fn out_of_line() -> Out<'static> {
    let asks_for_json = std::env::args_os().any(|word| word == "--json" || word == "--jsonl");
    Out::new(if asks_for_json { Shape::Json } else { Shape::Words }, true, false, None)
}

/// Returns the fault of a command line, as the two sentences of a failure: the first paragraph, and where to read the grammar.
fn misread(error: &clap::Error) -> Failure {
    let text = error.render().to_string();
    let first: Vec<&str> = text.lines().map(str::trim).take_while(|line| !line.is_empty()).collect();
    Failure::usage(first.join(" ").trim_start_matches("error: "), "see the command's own --help")
}

/// Returns the grammar with its examples.
fn grammar() -> clap::Command {
    help::with_examples(Line::command(), "waypass")
}

/// Two calm lines instead of a backtrace; the place is for the developer who repairs it.
fn calm(info: &std::panic::PanicHookInfo<'_>) {
    let place = info.location().map(ToString::to_string).unwrap_or_default();
    out_of_line().failure(&Failure::internal(
        format!("stopped because of a fault in the program ({place}); what was acknowledged before is kept"),
        "run `waypass doctor`, and report the line above with the command that led to it",
    ));
}
