//! `cargo xtask sabotage`: a suite that stays green when a check is removed proves nothing.
//!
//! Each entry of `xtask/sabotage.toml` names one check and the text that removes it. A [copy] of the workspace is changed, the named
//! tests are run on it, and they must fail. Before that they must pass on the unchanged copy: a test that is red anyway notices nothing.
//! The copy is kept from run to run, shares the compiled dependencies and is built incrementally, so an entry costs one build of the
//! changed crate and of what its tests link.
//!
//! [copy]: copy::Copy

mod asked;
mod check;
mod copy;
mod order;
mod state;
mod watched;

use crate::workspace;
use asked::{Asked, Which};
use check::Check;
use copy::{Copy, Outcome};
use state::State;
use std::fs;
use std::process::ExitCode;
use std::time::{Duration, Instant};

pub(crate) fn run(args: &[String]) -> Result<ExitCode, String> {
    let root = workspace::root();
    let text = fs::read_to_string(root.join("xtask/sabotage.toml")).map_err(|error| format!("cannot read xtask/sabotage.toml: {error}"))?;
    let list = check::read(&text)?;
    if args == ["--list"] {
        list.iter().enumerate().for_each(|(at, check)| println!("{:>3}  {}", at + 1, check.name));
        return Ok(ExitCode::SUCCESS);
    }
    let asked = Asked::of(args)?;
    let mut chosen = match &asked.which {
        Which::Named(names) => asked::named(&list, names)?,
        Which::All => order::grouped(&list),
        Which::Sample => {
            let commit = workspace::commit()?;
            println!("in the order of commit {commit}");
            order::sampled(&list, &commit)
        }
    };
    for check in &chosen {
        check.applied(&root)?;
    }
    let copy = Copy::make(&root)?;
    let mut state = State::at(workspace::target().join("sabotage/caught"), copy.tree());
    let known = chosen.len();
    if asked.resume {
        state.read();
        chosen.retain(|check| !state.has(check));
    }
    let began = Instant::now();
    let (caught, missed) = run_all(&copy, &chosen, asked.seconds.map(Duration::from_secs), &mut state)?;
    let (left, before) = (chosen.len() as u64 - caught - missed, known - chosen.len());
    if asked.resume {
        println!("{before} were caught in earlier runs, {left} are left");
    }
    println!("{caught} passed, {missed} failed, 0 skipped, of {} in {} s", list.len(), began.elapsed().as_secs());
    Ok(if missed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Runs the entries until the time is up; returns how many were caught and how many were not.
fn run_all(copy: &Copy, chosen: &[&Check], limit: Option<Duration>, state: &mut State) -> Result<(u64, u64), String> {
    let (began, mut longest) = (Instant::now(), Duration::ZERO);
    let (mut caught, mut missed) = (0_u64, 0_u64);
    // An entry that would probably end late is not begun.
    let is_over = |longest: Duration| limit.is_some_and(|limit| began.elapsed() + longest / 2 >= limit);
    for group in chosen.chunk_by(|one, next| one.build() == next.build()) {
        if is_over(longest) {
            break;
        }
        let start = Instant::now();
        if !copy.is_green(group)? {
            for check in group {
                println!("{:<10} {}", "RED BEFORE", check.name);
            }
            missed += group.len() as u64;
            continue;
        }
        println!("{:<10} {} ({} s)", "unchanged", group[0].build().join(" "), start.elapsed().as_secs());
        for check in group {
            if is_over(longest) {
                break;
            }
            let start = Instant::now();
            let outcome = copy.try_without(check)?;
            longest = longest.max(start.elapsed());
            println!("{:<10} {} ({} s)", outcome.word(), check.name, start.elapsed().as_secs());
            if outcome == Outcome::Caught {
                caught += 1;
                state.add(check, start.elapsed())?;
            } else {
                missed += 1;
            }
        }
    }
    Ok((caught, missed))
}
