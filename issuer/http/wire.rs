//! Sockets: accepting, bounding and draining HTTP/1.1 connections.

use super::ServiceLimits;
use axum::Router;
use core::time::Duration;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

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
    router: Router,
    limits: ServiceLimits,
    stop: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    listener.set_nonblocking(true)?;
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let slots = Arc::new(Semaphore::new(limits.connections.max(1)));
    let (draining, drained) = watch::channel(false);
    let mut connections = JoinSet::new();
    tokio::pin!(stop);
    loop {
        // A free slot first: who cannot be served stays in the kernel's queue.
        let slot = tokio::select! {
            () = &mut stop => break,
            slot = slots.clone().acquire_owned() => slot,
        };
        let accepted = tokio::select! {
            () = &mut stop => break,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, _)) => {
                let (router, drained) = (router.clone(), drained.clone());
                connections.spawn(async move {
                    connection(stream, router, limits, drained).await;
                    drop(slot);
                });
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

async fn connection(stream: TcpStream, router: Router, limits: ServiceLimits, mut drained: watch::Receiver<bool>) {
    // Small answers should not wait for more; where it cannot be set they merely do.
    drop(stream.set_nodelay(true));
    let serving = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_timeout)
        .max_buf_size(MAX_HEADER)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    tokio::pin!(serving);
    let over = tokio::time::sleep(limits.connection_lifetime);
    tokio::pin!(over);
    let ended = tokio::select! {
        ended = serving.as_mut() => Some(ended),
        () = over => None,
        // The sender lives as long as the accepting loop.
        _ = drained.wait_for(|draining| *draining) => None,
    };
    if ended.is_none() {
        serving.as_mut().graceful_shutdown();
        // Errors of a connection are the other side's: a reset, a timeout, half a request.
        drop(tokio::time::timeout(limits.drain, serving).await);
    }
}
