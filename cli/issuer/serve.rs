//! `waypass issuer serve`, and with `--vc-api` a server for conformance suites instead.

use super::publish::{self, Publishing};
use super::seat::{Keeper, kept, seated};
use super::tls::{Source, TlsArgs};
use super::{database, key_uses, open_failure, store_failure};
use crate::Run;
use crate::exit::{Exit, Failure, Outcome};
use crate::home::Role;
use crate::listen::listen;
use crate::unlock::{self, OpenArgs};
use std::net::SocketAddr;
use std::ops::ControlFlow;
use std::path::PathBuf;
use waypass_credential::key::Algorithm;
use waypass_issuer::Issuer;
use waypass_issuer::http::{self, ServeError, ServiceLimits, Socket, Tls};
use waypass_issuer::keys::Keys;
use waypass_issuer::store::SqliteStore;
use waypass_issuer::vc_api::VcApi;
use waypass_machine::SystemRng;
use waypass_machine::clock::read;
use waypass_vault::ephemeral_signer;

/// Arguments of `issuer serve`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The address to listen on; without --tls put a reverse proxy with TLS in front
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8240")]
    listen: SocketAddr,
    /// Serve the W3C VC API and DID resolution to test against, with keys that end with the process; refused where an issuer lives
    #[arg(long, conflicts_with_all = ["key_file", "tls", "tls_cert"])]
    vc_api: bool,
    /// With --vc-api: the URL that callers reach it by, if a proxy is in front
    #[arg(long, value_name = "URL", requires = "vc_api")]
    base_url: Option<String>,
    /// Show the page of a gate too, below gate/, from this folder or from the one next to the program
    #[arg(long, value_name = "DIR", num_args = 0..=1, conflicts_with = "vc_api")]
    #[expect(clippy::option_option, reason = "clap tells the option from its value, and each may be left out")]
    pages: Option<Option<PathBuf>>,
    #[command(flatten)]
    tls: TlsArgs,
    #[command(flatten)]
    publishing: Publishing,
    #[command(flatten)]
    open: OpenArgs,
}

/// The words once the service listens.
#[derive(serde::Serialize)]
struct Serving<'s> {
    schema: &'static str,
    address: &'s str,
    name: &'s str,
    #[serde(skip_serializing_if = "Option::is_none")]
    page: Option<&'s str>,
}

pub(crate) fn run(run: &Run, args: &Args) -> Outcome {
    log(run);
    if args.vc_api {
        return vc_api(run, args);
    }
    let pages = args.pages.as_ref().map(|folder| crate::pages::find(folder.as_deref())).transpose()?;
    let clock = args.publishing.clock(run)?;
    let listener = listen(args.listen)?;
    let vault = unlock::keep(run, Role::Issuer, &args.open)?;
    seated(run, &vault, |_| Ok(()))?;
    unlock::tell_findings(run, Role::Issuer, &vault);
    let mut keys: Keys<'static> = Keys::new();
    for (key_use, id) in key_uses(&vault)? {
        keys.add(key_use, vault.service_signer(id)?);
    }
    let (mut certificates, identity): (Option<Source>, _) = Source::open(run, &args.tls, &vault)?.unzip();
    let seal = kept(run, &vault)?.seal();
    // Other commands of the issuer use the vault meanwhile.
    let mut keeper = Keeper::new(run, vault.park());
    let store = SqliteStore::open(&database(run), seal.missing_log()).map_err(store_failure)?;
    let mut issuer = Issuer::open(Box::new(store), seal, keys).map_err(|error| open_failure(&error))?;
    if clock.is_confirmed {
        clock.publish(run, &mut issuer).map_err(publish::failure)?;
    } else if clock.is_doubted {
        run.out.warn("what is published grows old until somebody confirms this machine's clock: waypass issuer publish");
    }
    let scheme = if identity.is_some() { "https" } else { "http" };
    let bound = listener.local_addr().unwrap_or(args.listen);
    let address = format!("{scheme}://{bound}");
    let page = pages.as_ref().map(|_| format!("{}/gate/", issuer.settings().base_url));
    run.out.json(&Serving { schema: "waypass.serving/1", address: &address, name: &issuer.settings().name, page: page.as_deref() })?;
    run.out.words(&format!("serving {} on {address}", issuer.settings().name));
    if let Some(page) = page {
        run.out.words(&format!("the page of a gate is {page}"));
        if identity.is_none() && !bound.ip().is_loopback() {
            run.out.warn(
                "browsers give a page its camera, and let it work offline, over https or on localhost only: add --tls, or a proxy with TLS",
            );
        }
    }
    let mut failed = None;
    let mut keep = |issuer: &Issuer<'_>, more: bool| match keeper.keep(issuer, more) {
        Ok(()) => ControlFlow::Continue(()),
        Err(failure) => {
            failed = Some(failure);
            ControlFlow::Break(())
        }
    };
    let authority = certificates.as_ref().and_then(Source::authority);
    let mut newer = |asked: bool| certificates.as_mut()?.newer(asked);
    let tls = identity.map(|identity| Tls { identity, newer: &mut newer, authority });
    let socket = Socket { listener, limits: ServiceLimits::default(), tls, pages };
    let served = http::serve(&mut issuer, socket, &read, &mut SystemRng, &mut keep);
    match (failed, served) {
        (Some(failure), _) => Err(failure),
        (None, served) => served.map(|()| Exit::Done).map_err(|error| stopped(&error)),
    }
}

fn stopped(error: &ServeError) -> Failure {
    let what = match error {
        ServeError::Io(why) => format!("the service stopped: {}", crate::exit::plain(why)),
        ServeError::NotKept => error.to_string(),
    };
    Failure::internal(what, "start it again; nothing acknowledged was lost")
}

/// Anyone who can reach it gets signatures over any text, so no issuer's home may be behind it.
fn vc_api(run: &Run, args: &Args) -> Outcome {
    let home = run.home.vault(Role::Issuer);
    if home.exists() {
        return Err(Failure::usage(
            format!("an issuer with keys of its own lives in {}", home.display()),
            "the VC API signs whatever it is asked to: give it an empty home with --home",
        ));
    }
    let listener = listen(args.listen)?;
    let address = listener.local_addr().unwrap_or(args.listen);
    let base_url = args.base_url.clone().unwrap_or_else(|| format!("http://{address}"));
    let signers = [Algorithm::EdDsa, Algorithm::Es256, Algorithm::Es384]
        .map(|algorithm| Box::new(ephemeral_signer(algorithm, &mut SystemRng)) as Box<_>);
    let api = VcApi::new(signers.into(), base_url.trim_end_matches('/'));
    let issuers: serde_json::Map<String, serde_json::Value> = api.profiles().map(|(name, did)| (name.to_owned(), did.into())).collect();
    run.out.words(&format!("serving the W3C VC API on http://{address}, with keys for this process only"));
    for (name, did) in &issuers {
        run.out.words(&format!("  {name:<22}  {}", did.as_str().unwrap_or_default()));
    }
    run.out.json(
        &serde_json::json!({ "schema": "waypass.vc_api/1", "address": format!("http://{address}"), "base_url": base_url, "issuers": issuers }),
    )?;
    http::serve_vc_api(api, listener, ServiceLimits::default(), Box::new(|| read().wall), Box::new(SystemRng))
        .map_err(|error| stopped(&error))?;
    Ok(Exit::Done)
}

/// Writes one JSON line an event on standard error; who picked up what is never in it.
fn log(run: &Run) {
    use tracing_subscriber::filter::LevelFilter;
    let level = if run.out.is_quiet() { LevelFilter::WARN } else { LevelFilter::INFO };
    tracing_subscriber::fmt().json().with_max_level(level).with_target(false).with_writer(std::io::stderr).init();
}
