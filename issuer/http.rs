//! The service: lists, bundle, credential pick-up, audit intake and health over HTTP/1.1.
//!
//! It ends TLS itself if it is given a certificate ([`Tls`]). Else bind it to loopback and put a reverse proxy in front.
//!
//! The sockets live on threads of their own. The issuer stays on the caller's thread and answers one request after the
//! other, so its keys need be neither `Send` nor `Sync` and may be borrowed from an open vault. Published documents are
//! answered from memory and never waits for the issuer.
//!
//! Logs (`tracing`) name the route, the outcome and the time it took. They never hold a body, a query, a code, a token, a
//! DID or a name.

use crate::office::Issuer;
use crate::publish::{Pace, PublishError};
use crate::store::StoreError;
use core::fmt;
use core::ops::ControlFlow;
use core::time::Duration;
use rand_core::CryptoRng;
use std::net::TcpListener;
use std::sync::mpsc::RecvTimeoutError;
use std::time::Instant;
use waypass_trust::time::Reading;
use waypass_web::Pages;

mod answer;
mod audit;
mod authority;
mod body;
mod counts;
mod desk;
mod metadata;
mod metrics;
mod nonces;
mod pages;
mod peers;
mod pickup;
mod routes;
mod service;
mod shown;
mod time;
mod tls;
mod vc_api;
mod wire;

pub use tls::Tls;
pub use vc_api::serve_vc_api;

use desk::{Counter, Desk};
use peers::Connections;
use service::Service;
use shown::Board;

/// How often the database is asked whether another process has published.
const LOOK: Duration = Duration::from_secs(1);
/// How long a publication that failed is left alone; each failure is a line in the log.
const RETRY: Duration = Duration::from_mins(1);
const WORKERS: usize = 2;

/// How much the service takes on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ServiceLimits {
    /// Connections at the same time. A further one takes the place of the host that holds the most, or is refused.
    pub connections: usize,
    /// Requests waiting for the issuer, a quarter of them of one host; further ones are answered 503.
    pub queue: usize,
    /// Time for the TLS handshake, for a request's headers to arrive, and for a connection to stay idle.
    pub header_timeout: Duration,
    /// Time from the headers to the answer, the body included.
    pub request_timeout: Duration,
    /// Time a connection may live, whatever it is doing: somebody who reads slowly is cut off too.
    pub connection_lifetime: Duration,
    /// How long requests in flight are waited for when shutting down.
    pub drain: Duration,
    /// How old a publication may grow before the service publishes anew; `None` leaves publishing to others.
    pub renew: Option<Duration>,
}

/// Where the service listens, and how much it takes on.
pub struct Socket<'f> {
    /// Already bound.
    pub listener: TcpListener,
    /// The bounds.
    pub limits: ServiceLimits,
    /// The certificate to show; without one the service speaks plain HTTP.
    pub tls: Option<Tls<'f>>,
    /// The page of a gate, which is shown below the base path in `gate/`.
    pub pages: Option<Pages>,
}

/// Why the service stopped.
#[derive(Debug)]
pub enum ServeError {
    /// The listener or the runtime failed.
    Io(std::io::Error),
    /// The caller ended it: what this issuer has done could not be kept.
    NotKept,
}

/// Serves until SIGTERM or ctrl-c, then drains. `clock` is read once per request.
///
/// Its own publications are dated by the clock as it was at the start, carried on by the boot clock ([`Pace`]). If a
/// person must confirm a publication, it publishes nothing, goes on serving what there is, and is not healthy.
///
/// `keep` is called once a second and at the end, to have a vault keep how far the issuer came ([`Issuer::anchor`]). It ends the service
/// where what it finds is not what this issuer wrote.
pub fn serve(
    issuer: &mut Issuer<'_>,
    socket: Socket<'_>,
    clock: &dyn Fn() -> Reading,
    rng: &mut dyn CryptoRng,
    keep: Keep<'_>,
) -> Result<(), ServeError> {
    serve_until(issuer, socket, clock, rng, keep, wire::signalled())
}

/// Has a vault keep how far an issuer came; false for the last time. See [`serve`].
pub type Keep<'f> = &'f mut dyn FnMut(&Issuer<'_>, bool) -> ControlFlow<()>;

/// Serves until `stop` is ready, then drains.
pub(crate) fn serve_until(
    issuer: &mut Issuer<'_>,
    socket: Socket<'_>,
    clock: &dyn Fn() -> Reading,
    rng: &mut dyn CryptoRng,
    keep: Keep<'_>,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ServeError> {
    let Socket { listener, limits, mut tls, pages } = socket;
    let shown = tls.as_ref().map(|tls| tls::Shown::new(&tls.identity));
    let acceptor = shown.as_ref().map(tls::Shown::acceptor).transpose().map_err(ServeError::Io)?;
    let hangup = tls::Hangup::default();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(WORKERS).enable_all().build().map_err(ServeError::Io)?;
    let (desk, jobs) = Desk::new(limits.queue);
    let board = Board::default();
    let mut nonce_key = [0; 32];
    rng.fill_bytes(&mut nonce_key);
    // A change of what gates believe is published by a person's command, not by the clock.
    issuer.only_renews = true;
    let mut counter = Counter { issuer, clock, pace: Pace::new(clock()), rng };
    let mut watch = Watch::new(limits.renew);
    watch.look(&mut counter, &board);
    let connections = Connections::new(limits.connections);
    let timeout = limits.request_timeout;
    let authority = tls.as_ref().and_then(|tls| tls.authority.as_deref());
    let settings = counter.issuer.settings();
    let service = Service::new(settings, desk, board.clone(), connections.clone(), nonce_key);
    let router = routes::router(settings.base_path(), service, timeout, authority, pages);
    if tls.is_some() {
        runtime.spawn(hangup.clone().listen());
    }
    tracing::info!(event = "serving", tls = tls.is_some(), renews = limits.renew.is_some());
    let server = runtime.spawn(wire::run(listener, acceptor, router, connections, limits, stop));
    loop {
        match jobs.recv_timeout(LOOK) {
            Ok(job) => job(&mut counter),
            Err(RecvTimeoutError::Timeout) => {}
            // The server has ended and with it everybody who could ask.
            Err(RecvTimeoutError::Disconnected) => break,
        }
        if !watch.look_in_time(&mut counter, &board) {
            continue;
        }
        if let (Some(tls), Some(shown)) = (&mut tls, &shown)
            && let Some(identity) = (tls.newer)(hangup.take())
        {
            shown.replace(&identity);
            tracing::info!(event = "certificate_replaced");
        }
        if keep(counter.issuer, true).is_break() {
            server.abort();
            runtime.shutdown_timeout(Duration::from_secs(1));
            return Err(ServeError::NotKept);
        }
    }
    let kept = keep(counter.issuer, false);
    let ended = runtime.block_on(server);
    runtime.shutdown_timeout(Duration::from_secs(1));
    tracing::info!(event = "stopped");
    match ended {
        _ if kept.is_break() => Err(ServeError::NotKept),
        Ok(result) => result.map_err(ServeError::Io),
        Err(why) => Err(ServeError::Io(std::io::Error::other(why))),
    }
}

/// Keeps what is shown up to date: with other processes that publish, and with the clock.
struct Watch {
    renew: Option<Duration>,
    looked: Instant,
    /// After a publication that failed: not sooner.
    again: Option<Instant>,
    seen: Option<u64>,
    /// Why the newest publication could not be read: told once.
    unreadable: Option<StoreError>,
}

impl Watch {
    fn new(renew: Option<Duration>) -> Self {
        Self { renew, looked: Instant::now(), again: None, seen: None, unreadable: None }
    }

    /// Looks once in [`LOOK`]; returns true if this was the time.
    fn look_in_time(&mut self, counter: &mut Counter<'_, '_>, board: &Board) -> bool {
        let is_due = self.looked.elapsed() >= LOOK;
        if is_due {
            self.look(counter, board);
        }
        is_due
    }

    fn look(&mut self, counter: &mut Counter<'_, '_>, board: &Board) {
        self.looked = Instant::now();
        let seen = counter.issuer.published_version().ok();
        if seen.is_none() || seen != self.seen || !board.is_filled() {
            match counter.issuer.published() {
                Ok(Some(published)) => {
                    board.fill(&published, counter.issuer.settings());
                    self.seen = seen;
                    self.unreadable = None;
                }
                Ok(None) => {}
                // The next look tries again.
                Err(why) if self.unreadable.as_ref() == Some(&why) => {}
                Err(why) => {
                    tracing::error!(event = "published_unreadable", why = %why);
                    self.unreadable = Some(why);
                }
            }
        }
        let now = counter.pace.at((counter.clock)());
        let Some(renew) = self.renew else { return };
        let due = i64::try_from(renew.as_secs()).unwrap_or(i64::MAX);
        // A publication from the future is looked into at once.
        let is_recent = board.published_at().is_some_and(|at| (0..due).contains(&now.since(at)));
        if is_recent || self.again.is_some_and(|again| Instant::now() < again) {
            board.set_waiting(board.is_waiting() && !is_recent);
            return;
        }
        self.again = None;
        let published = counter.issuer.publish(now);
        board.set_waiting(matches!(published, Err(PublishError::Unconfirmed(_) | PublishError::ListKeyStands { .. })));
        match published {
            Ok(published) => {
                if published.targets_due {
                    tracing::warn!(event = "targets_due");
                }
                tracing::info!(event = "published", timestamp = published.timestamp, targets = published.targets);
                board.fill(&published, counter.issuer.settings());
            }
            // The second that another process used passes by itself.
            Err(PublishError::TooSoon { .. } | PublishError::Overtaken) => {}
            Err(why) => {
                tracing::warn!(event = "not_published", why = %why);
                self.again = Some(Instant::now() + RETRY);
            }
        }
    }
}

impl Default for ServiceLimits {
    fn default() -> Self {
        Self {
            connections: 256,
            queue: 64,
            header_timeout: Duration::from_secs(5),
            request_timeout: Duration::from_secs(20),
            connection_lifetime: Duration::from_mins(2),
            drain: Duration::from_secs(10),
            renew: Some(Duration::from_mins(15)),
        }
    }
}

impl fmt::Display for ServeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(why) => write!(f, "the service stopped: {why}"),
            Self::NotKept => f.write_str("the service stopped: what it had done could not be kept"),
        }
    }
}

impl core::error::Error for ServeError {}

#[cfg(test)]
mod tests;
