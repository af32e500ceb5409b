//! The state that the handlers share.

use super::body::Buffers;
use super::counts::Metrics;
use super::desk::Desk;
use super::nonces::Nonces;
use super::peers::Connections;
use super::shown::Board;
use crate::settings::Settings;
use std::sync::Arc;

/// The state that every handler has.
#[derive(Clone)]
pub(super) struct Service {
    pub(super) desk: Desk,
    pub(super) board: Board,
    pub(super) nonces: Arc<Nonces>,
    pub(super) buffers: Buffers,
    pub(super) connections: Connections,
    pub(super) metrics: Metrics,
    pub(super) base_url: Arc<str>,
    pub(super) list_cache: Arc<str>,
}

impl Service {
    pub(super) fn new(settings: &Settings, desk: Desk, board: Board, connections: Connections, nonce_key: [u8; 32]) -> Self {
        Self {
            desk,
            board,
            nonces: Arc::new(Nonces::new(nonce_key)),
            buffers: Buffers::default(),
            connections,
            metrics: Metrics::default(),
            base_url: settings.base_url.as_str().into(),
            list_cache: format!("public, max-age={}", settings.list_ttl_seconds).into(),
        }
    }
}
