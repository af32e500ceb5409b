//! `waypass verifier kiosk`: the checkpoint page on this machine. A browser draws it; the gate behind it is the one of this machine, with its
//! real vault. The vault is open only while it is needed, so that other commands of this gate work meanwhile.

mod browser;
mod desk;
mod home;
mod office;
mod server;
mod start_page;
mod token;
mod wire;

use super::door::Door;
use super::input::listen_aside;
use crate::Run;
use crate::exit::{Exit, Failure, Outcome, plain};
use crate::home::{Role, private_folder};
use crate::unlock::{self, OpenArgs};
use browser::Browser;
use desk::Desk;
use home::Native;
use office::Office;
use serde_json::json;
use server::Server;
use start_page::StartPage;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use token::Token;
use waypass_web::Pages;

/// Arguments of `verifier kiosk`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The address that the browser reaches the page at; this machine only. Port 0 is a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Show the pages in this folder instead of those next to the program
    #[arg(long, value_name = "DIR")]
    pages: Option<PathBuf>,
    /// The office that the page synchronizes with [default: the server of the settings]
    #[arg(long, value_name = "URL")]
    server: Option<String>,
    /// Read codes from this serial line or pipe too
    #[arg(long, value_name = "PATH")]
    device: Option<PathBuf>,
    /// Run this program when a verdict opens the door: words separated by spaces, no shell
    #[arg(long, value_name = "COMMAND")]
    on_green: Option<String>,
    /// Show the page with this program instead of Chromium: words separated by spaces, no shell; the page's file is added to them
    #[arg(long, value_name = "COMMAND", conflicts_with = "no_browser")]
    browser: Option<String>,
    /// Start no browser, and say which file opens the page
    #[arg(long)]
    no_browser: bool,
    /// Open the gate with this key file, without a person; otherwise the page asks for the pass phrase
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
}

pub(crate) fn run(run: &Run, args: &Args) -> Outcome {
    let listener = listen(args.listen)?;
    let pages = pages(run, args)?;
    look(run, args)?;
    let command = if args.no_browser { None } else { Some(browser::command(args.browser.as_deref())?) };
    let (inputs, to) = listen_aside(args.device.as_deref())?;
    let door = args.on_green.as_deref().map(|command| Door::new(run.out.own(), command, to)).transpose()?;
    let office = Office::new(run, args.server.as_deref());

    let token = Token::draw();
    let address = listener.local_addr().map_err(|why| not_served(&why))?;
    let folder = run.home.kiosk();
    private_folder(&folder)?;
    let start = StartPage::write(run.out, &folder, address, &token)?;
    let mut desk = Desk::new(Native::new(run, args.key_file.clone(), door), inputs);
    let serving = Server { pages, office, token, calls: desk.calls() };
    serving.start(listener).map_err(|why| not_served(&why))?;
    run.out.json(&json!({ "schema": "waypass.kiosk/1", "address": format!("http://{address}"), "page": start.path() }))?;
    run.out.words(&format!("the checkpoint page is at http://{address}"));
    if command.is_none() {
        run.out.note(&format!("open it with {}: the address alone opens nothing", start.path().display()));
    }
    let browser = command.map(|command| Browser::start(run.out.own(), command, &folder, start.path()));
    let ended = desk.run();
    // In order: nothing asks any more, then the page's file goes.
    drop(browser);
    drop(start);
    Ok(ended)
}

/// Opens the vault once. What is wrong with vault or key file is said here, where somebody reads it. A vault that another program has is
/// not wrong: the page says so, and opens it when that program has ended.
fn look(run: &Run, args: &Args) -> Result<(), Failure> {
    if let Some(holder) = unlock::holder(run, Role::Verifier) {
        run.out.warn(&format!("the gate is in use by {holder}; the page opens it when that has ended"));
        return Ok(());
    }
    match &args.key_file {
        Some(path) => {
            let vault = unlock::keep(run, Role::Verifier, &OpenArgs::key_file(path))?;
            unlock::tell_findings(run, Role::Verifier, &vault);
        }
        None => drop(unlock::open(run, Role::Verifier)?),
    }
    Ok(())
}

/// Binds the address. A page that others could reach would be a gate that others can open.
fn listen(address: SocketAddr) -> Result<TcpListener, Failure> {
    if !address.ip().is_loopback() {
        return Err(Failure::usage(
            format!("{address} can be reached from other machines"),
            "the page of a kiosk is for its own screen: --listen 127.0.0.1:PORT",
        ));
    }
    crate::listen::listen(address)
}

/// Returns the built pages. Only who brings a browser may do without: the engine is there all the same.
fn pages(run: &Run, args: &Args) -> Result<Option<Pages>, Failure> {
    match crate::pages::find(args.pages.as_deref()) {
        Ok(pages) => Ok(Some(pages)),
        Err(failure) if args.no_browser && args.pages.is_none() => {
            run.out.warn(&format!("{failure}; there is an engine and no page. {}", failure.next));
            Ok(None)
        }
        Err(failure) => Err(failure),
    }
}

fn not_served(why: &std::io::Error) -> Failure {
    Failure::new(Exit::Internal, format!("the page cannot be served: {}", plain(why)), "run the command again")
}
