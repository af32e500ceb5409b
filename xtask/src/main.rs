//! `cargo xtask`: the checks of the workspace. It reads files and starts cargo; it is never part of the product.

use std::process::ExitCode;

mod browser;
mod check_all;
mod fuzz;
mod package;
mod paths;
mod reproduce;
mod sabotage;
mod steps;
mod tally;
mod tools;
mod web;
mod workspace;

const USAGE: &str = "usage: cargo xtask <command>

  check-all             every test there is; the last line is `N passed, N failed, N skipped`; exit 3 when one was skipped
  check-all --slow      the same, with every test that scales played in full (WAYPASS_SLOW=1) and 10 seconds of fuzzing a target
  fuzz [TARGET..] [--seconds N] [--keep]
                        coverage-guided fuzzing: some targets or all, 600 seconds each; --keep minimises what was found into the corpus
  fuzz --smoke          10 seconds a target from the kept inputs, as check-all --slow does
  fuzz --list           the targets and the rule of each
  sabotage [WHICH..] [--seconds N] [--resume]
                        remove one check at a time and require the tests to fail: names, numbers, ranges such as 3-7, or all.
                        After N seconds no further one is begun; --resume leaves out what earlier runs saw caught
  sabotage sample [--seconds N]
                        as many as fit into 600 seconds, in an order that follows from the commit
  sabotage --list       their numbers and names
  web [--profile PROFILE]
                        build the pages into share/waypass/pages of the target folder, and their list into web/list; build the program after it.
                        Profile web is what is shipped; ci is quick to build where the tests are
  package [deb|image|tarball|sbom].. [--profile PROFILE]
                        pack the program, its manual, completions, pages and units, all forms or some, twice, into package/out of the
                        target folder with SHA256SUMS; two packings that differ are an error
  reproduce [--profile PROFILE]
                        build the program of the commit in two folders and compare; it takes two whole builds
";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let done = match args.split_first() {
        Some((command, [])) if command == "check-all" => check_all::run(false),
        Some((command, [slow])) if command == "check-all" && slow == "--slow" => check_all::run(true),
        Some((command, rest)) if command == "fuzz" => fuzz::run(rest),
        Some((command, rest)) if command == "sabotage" => sabotage::run(rest),
        Some((command, rest)) if command == "web" => web::run(rest),
        Some((command, rest)) if command == "package" => package::run(rest),
        Some((command, rest)) if command == "reproduce" => reproduce::run(rest),
        _ => {
            eprint!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    done.unwrap_or_else(|problem| {
        eprintln!("xtask: {problem}");
        ExitCode::FAILURE
    })
}
