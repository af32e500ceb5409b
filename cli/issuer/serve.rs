//! `waypass issuer serve`.

use super::{database, key_uses, open_failure, store_failure};
use crate::Session;
use crate::exit::{Exit, Failure, Outcome};
use crate::home::Role;
use crate::unlock::{self, OpenArgs};
use std::net::{SocketAddr, TcpListener};
use waypass_issuer::Issuer;
use waypass_issuer::http::{self, ServeError, ServiceLimits};
use waypass_issuer::keys::Keys;
use waypass_issuer::store::SqliteStore;
use waypass_vault::{SystemRng, clock};

/// Arguments of `issuer serve`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The address to listen on; put a reverse proxy with TLS in front
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8240")]
    listen: SocketAddr,
    #[command(flatten)]
    open: OpenArgs,
}

pub(crate) fn run(session: &Session, args: &Args) -> Outcome {
    log(session);
    let listener = TcpListener::bind(args.listen).map_err(|error| {
        Failure::new(
            Exit::Network,
            format!("cannot listen on {}: {}", args.listen, crate::exit::plain(&error)),
            "choose another address with --listen",
        )
    })?;
    // The service keeps open keys, not the vault: other commands of the issuer run beside it.
    let keys = unlock::with(session, Role::Issuer, &args.open, |vault| {
        let mut keys: Keys<'static> = Keys::new();
        for (key_use, id) in key_uses(vault)? {
            keys.add(key_use, vault.service_signer(id)?);
        }
        Ok(keys)
    })?;
    let store = SqliteStore::open(&database(session)).map_err(store_failure)?;
    let mut issuer = Issuer::open(Box::new(store), keys).map_err(|error| open_failure(&error))?;
    let address = listener.local_addr().unwrap_or(args.listen);
    session.out.json(
        &serde_json::json!({ "schema": "waypass.serving/1", "address": format!("http://{address}"), "name": issuer.settings().name }),
    )?;
    session.out.words(&format!("serving {} on http://{address}", issuer.settings().name));
    http::serve(&mut issuer, listener, ServiceLimits::default(), &|| clock::read().wall, &mut SystemRng).map_err(|error| match error {
        ServeError::Io(why) => {
            Failure::internal(format!("the service stopped: {}", crate::exit::plain(&why)), "start it again; nothing acknowledged was lost")
        }
        #[expect(unreachable_patterns, reason = "a service may stop in more ways")]
        other => Failure::internal(other, "start it again; nothing acknowledged was lost"),
    })?;
    Ok(Exit::Done)
}

/// One JSON line an event on standard error; who picked up what is never in it.
fn log(session: &Session) {
    use tracing_subscriber::filter::LevelFilter;
    let level = if session.out.is_quiet() { LevelFilter::WARN } else { LevelFilter::INFO };
    tracing_subscriber::fmt().json().with_max_level(level).with_target(false).with_writer(std::io::stderr).init();
}
