//! The connected hosts, and which of them has to go when every place is taken.
//!
//! One host with many connections keeps nobody else out: a newcomer takes the place of the peer that holds the most, of an idle
//! connection first. A peer alone may hold every place, so a reverse proxy in front is not slowed down. It must set limits of its
//! own for those behind it.

use core::net::{IpAddr, Ipv6Addr};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;
use tokio::sync::Notify;

/// A host: an IPv4 address, or the 64 bits of an IPv6 address that one network gives away (RFC 6177).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) struct Peer(IpAddr);

impl Peer {
    pub(super) fn new(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                Self(IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0)))
            }
            address @ IpAddr::V4(_) => Self(address),
        }
    }
}

/// The connections there are.
#[derive(Clone, Debug)]
pub(super) struct Connections {
    most: usize,
    held: Arc<Mutex<Held>>,
}

#[derive(Debug, Default)]
struct Held {
    next: u64,
    places: BTreeMap<u64, Place>,
    evicted: u64,
    refused: u64,
}

#[derive(Debug)]
struct Place {
    peer: Peer,
    busy: bool,
    /// Since when it is busy or idle.
    since: Instant,
    go: Arc<Notify>,
}

/// Numbers for the operator who watches the service.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Counts {
    pub(super) open: usize,
    pub(super) peers: usize,
    pub(super) evicted: u64,
    pub(super) refused: u64,
}

/// A connection's place; dropping it frees the place.
#[derive(Debug)]
pub(super) struct Admission {
    id: u64,
    go: Arc<Notify>,
    held: Arc<Mutex<Held>>,
}

impl Connections {
    pub(super) fn new(most: usize) -> Self {
        Self { most: most.max(1), held: Arc::default() }
    }

    /// Gives `peer` a place, if need be somebody else's. `None` if everybody else holds less and is being served.
    pub(super) fn admit(&self, peer: Peer) -> Option<Admission> {
        let mut held = lock(&self.held);
        if held.places.len() >= self.most {
            let Some(victim) = held.victim_for(peer) else {
                held.refused += 1;
                return None;
            };
            if let Some(place) = held.places.remove(&victim) {
                place.go.notify_one();
            }
            held.evicted += 1;
        }
        let (id, go) = (held.next, Arc::new(Notify::new()));
        held.next += 1;
        held.places.insert(id, Place { peer, busy: false, since: Instant::now(), go: go.clone() });
        Some(Admission { id, go, held: self.held.clone() })
    }

    pub(super) fn counts(&self) -> Counts {
        let held = lock(&self.held);
        Counts { open: held.places.len(), peers: held.by_peer().len(), evicted: held.evicted, refused: held.refused }
    }
}

impl Held {
    fn by_peer(&self) -> BTreeMap<Peer, usize> {
        let mut counts = BTreeMap::new();
        for place in self.places.values() {
            *counts.entry(place.peer).or_insert(0) += 1;
        }
        counts
    }

    /// Returns the connection that makes room for one more of `peer`: of the peer that holds the most, the one that is idle or else busy
    /// for longest. Nobody is taken a request from who holds no more than the newcomer will.
    fn victim_for(&self, peer: Peer) -> Option<u64> {
        let counts = self.by_peer();
        let own = counts.get(&peer).copied().unwrap_or(0);
        let (largest, most) = counts.iter().max_by_key(|(other, count)| (**count, **other == peer))?;
        let may_interrupt = *most > own + 1;
        let of_largest = self.places.iter().filter(|(_, place)| place.peer == *largest || (*most == 1 && !place.busy));
        let evictable = of_largest.filter(|(_, place)| !place.busy || may_interrupt);
        evictable.min_by_key(|(_, place)| (place.busy, place.since)).map(|(id, _)| *id)
    }
}

impl Admission {
    /// Ends when the place is wanted for somebody else.
    pub(super) async fn evicted(&self) {
        self.go.notified().await;
    }

    pub(super) fn busy(&self, busy: bool) {
        if let Some(place) = lock(&self.held).places.get_mut(&self.id) {
            (place.busy, place.since) = (busy, Instant::now());
        }
    }
}

impl Drop for Admission {
    fn drop(&mut self) {
        lock(&self.held).places.remove(&self.id);
    }
}

fn lock(held: &Mutex<Held>) -> MutexGuard<'_, Held> {
    // Every change is made in one step: a thread that panicked left a whole one.
    held.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::{Connections, Peer};
    use core::net::IpAddr;

    fn peer(text: &str) -> Peer {
        Peer::new(text.parse::<IpAddr>().expect("an address"))
    }

    #[test]
    fn a_peer_is_a_host_or_a_network_of_one_customer() {
        assert_eq!(peer("::ffff:192.0.2.1"), peer("192.0.2.1"));
        assert_ne!(peer("192.0.2.1"), peer("192.0.2.2"));
        assert_eq!(peer("2001:db8:1:2:3::4"), peer("2001:db8:1:2:ffff::9"));
        assert_ne!(peer("2001:db8:1:2::1"), peer("2001:db8:1:3::1"));
    }

    #[test]
    fn the_largest_makes_room_and_idle_connections_first() {
        let connections = Connections::new(4);
        let hog: Vec<_> = (0..4).map(|_| connections.admit(peer("192.0.2.1")).expect("a place")).collect();
        hog[0].busy(true);
        // The longest idle goes; its own place is gone too.
        let guest = connections.admit(peer("192.0.2.2")).expect("a place");
        assert!(connections.held.lock().expect("whole").places.contains_key(&hog[0].id));
        assert!(!connections.held.lock().expect("whole").places.contains_key(&hog[1].id));
        // If all are busy, the largest is interrupted, the one longest at it.
        for one in [&hog[2], &hog[3], &guest] {
            one.busy(true);
        }
        let third = connections.admit(peer("192.0.2.3")).expect("a place");
        assert!(!connections.held.lock().expect("whole").places.contains_key(&hog[0].id));
        third.busy(true);
        // The hog gets no more than the others have: 2, 1 and 1 busy, and a fourth peer would have 1.
        assert!(connections.admit(peer("192.0.2.1")).is_none());
        assert!(connections.admit(peer("192.0.2.4")).is_some(), "2 are more than 1");
        let counts = connections.counts();
        assert_eq!((counts.evicted, counts.refused, counts.open), (3, 1, 3));
        drop((hog, guest, third));
        assert_eq!(connections.counts().open, 0);
    }

    #[test]
    fn one_peer_alone_may_hold_every_place_and_serves_its_newest() {
        let connections = Connections::new(3);
        let proxy: Vec<_> = (0..3).map(|_| connections.admit(peer("127.0.0.1")).expect("a place")).collect();
        proxy[0].busy(true);
        assert!(connections.admit(peer("127.0.0.1")).is_some(), "in the place of its own longest idle one");
        let third = connections.admit(peer("127.0.0.1")).expect("that place is free again");
        for one in proxy.iter().chain([&third]) {
            one.busy(true);
        }
        assert!(connections.admit(peer("127.0.0.1")).is_none(), "nobody interrupts their own requests");
    }

    #[test]
    fn many_peers_with_one_request_each_are_not_interrupted() {
        let connections = Connections::new(2);
        let (one, two) = (connections.admit(peer("192.0.2.1")).expect("a place"), connections.admit(peer("192.0.2.2")).expect("a place"));
        one.busy(true);
        two.busy(true);
        assert!(connections.admit(peer("192.0.2.3")).is_none());
        two.busy(false);
        assert!(connections.admit(peer("192.0.2.3")).is_some(), "the idle one goes");
        assert_eq!(connections.counts().peers, 1);
    }
}
