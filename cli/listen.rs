//! The address that a service of this program listens on.

use crate::exit::{Failure, plain};
use std::net::{SocketAddr, TcpListener};

/// Binds the address.
pub(crate) fn listen(address: SocketAddr) -> Result<TcpListener, Failure> {
    TcpListener::bind(address)
        .map_err(|why| Failure::usage(format!("cannot listen on {address}: {}", plain(&why)), "choose another address with --listen"))
}
