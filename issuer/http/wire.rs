//! Sockets: accepting, bounding and draining HTTP/1.1 connections, with TLS or without.

use super::ServiceLimits;
use super::peers::{Admission, Connections, Peer};
use super::tls;
use axum::Router;
use core::time::Duration;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

/// A header may have this many bytes; ours are small, proxies add some.
const MAX_HEADER: usize = 16 * 1024;
/// Out of file descriptors: waiting frees some, a busy loop none.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// SIGTERM or ctrl-c; never, where handlers cannot be installed.
pub(super) async fn signalled() {
    let terminated = async {
        match signal(SignalKind::terminate()) {
            Ok(mut terminated) => drop(terminated.recv().await),
            Err(_) => core::future::pending().await,
        }
    };
    let interrupted = async {
        if tokio::signal::ctrl_c().await.is_err() {
            core::future::pending::<()>().await;
        }
    };
    tokio::select! {
        () = terminated => {}
        () = interrupted => {}
    }
}

pub(super) async fn run(
    listener: TcpListener,
    acceptor: Option<TlsAcceptor>,
    router: Router,
    places: Connections,
    limits: ServiceLimits,
    stop: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    listener.set_nonblocking(true)?;
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let (draining, drained) = watch::channel(false);
    let mut connections = JoinSet::new();
    tokio::pin!(stop);
    loop {
        let accepted = tokio::select! {
            () = &mut stop => break,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, from)) => {
                let peer = Peer::new(from.ip());
                // Without a place the connection is closed at once, not kept waiting.
                if let Some(admission) = places.admit(peer) {
                    let talk = Talk { peer, admission, router: router.clone(), limits, drained: drained.clone() };
                    connections.spawn(connection(stream, acceptor.clone(), talk));
                }
            }
            Err(why) => {
                tracing::warn!(event = "not_accepted", why = %why.kind());
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
        while connections.try_join_next().is_some() {}
    }
    drop(listener);
    tracing::info!(event = "draining", connections = connections.len());
    draining.send_replace(true);
    let all = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(limits.drain, all).await.is_err() {
        connections.shutdown().await;
    }
    Ok(())
}

/// What a connection needs to be served.
struct Talk {
    peer: Peer,
    admission: Admission,
    router: Router,
    limits: ServiceLimits,
    drained: watch::Receiver<bool>,
}

async fn connection(stream: TcpStream, acceptor: Option<TlsAcceptor>, mut talk: Talk) {
    // Small answers should not wait for more; where it cannot be set they merely do.
    drop(stream.set_nodelay(true));
    let Some(acceptor) = acceptor else { return serve(stream, talk).await };
    // The handshake has its place among the connections, as an idle one, and the time that a header has.
    let shaken = tokio::select! {
        shaken = tls::accept(acceptor, stream, talk.limits.header_timeout) => shaken,
        () = talk.admission.evicted() => return,
        _ = talk.drained.wait_for(|draining| *draining) => return,
    };
    if let Some(stream) = shaken {
        serve(stream, talk).await;
    }
}

async fn serve<S: AsyncRead + AsyncWrite + Unpin>(stream: S, talk: Talk) {
    let Talk { peer, admission, router, limits, mut drained } = talk;
    let (admission, router) = (Arc::new(admission), TowerToHyperService::new(router));
    let place = admission.clone();
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(peer);
        place.busy(true);
        let (place, answer) = (place.clone(), router.call(request));
        async move {
            let answer = answer.await;
            place.busy(false);
            answer
        }
    });
    let serving = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_timeout)
        .max_buf_size(MAX_HEADER)
        .serve_connection(TokioIo::new(stream), service);
    tokio::pin!(serving);
    let over = tokio::time::sleep(limits.connection_lifetime);
    tokio::pin!(over);
    let ended = tokio::select! {
        ended = serving.as_mut() => Some(ended),
        () = over => None,
        // Somebody else needs the place: no answer is waited for.
        () = admission.evicted() => return,
        // The sender lives as long as the accepting loop.
        _ = drained.wait_for(|draining| *draining) => None,
    };
    if ended.is_none() {
        serving.as_mut().graceful_shutdown();
        // Errors of a connection are the other side's: a reset, a timeout, half a request.
        drop(tokio::time::timeout(limits.drain, serving).await);
    }
}
