//! A small message costs no allocation once its peers know each other.

use std::alloc::{GlobalAlloc, Layout, System};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};

use stepwire::reliable::{Config, Endpoint, EventSink, PeerLost, Transmits};

static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);

struct Counting;

// SAFETY: everything is passed on to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller keeps what GlobalAlloc asks of it.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as above; the pointer came from the same allocator.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Messages of 64 bytes that wait to be answered.
struct Mailbox(Vec<(SocketAddr, [u8; 64])>);

impl EventSink for Mailbox {
    fn delivered(&mut self, peer: SocketAddr, payload: &[u8]) {
        self.0.push((peer, payload.try_into().expect("the size of all messages here")));
    }

    fn peer_lost(&mut self, lost: PeerLost) {
        panic!("{lost:?}");
    }
}

#[test]
fn an_echo_in_steady_state_allocates_nothing() {
    const DEPTH: usize = 16;
    let addresses = [1, 2].map(|port| SocketAddr::from(([10, 0, 0, 1], port)));
    let mut endpoints = [1, 2].map(|seed| Endpoint::new(Config::default(), [seed; 32]));
    let mut mailboxes = [0, 1].map(|_| Mailbox(Vec::with_capacity(DEPTH)));
    let mut out = Transmits::new(64, Config::default().datagram_size);
    for number in 0..DEPTH {
        endpoints[0].send(addresses[1], &[number as u8; 64], || 0).unwrap();
    }
    let mut answered = 0;
    let mut before = 0;
    for round in 0..20_000u64 {
        if round == 2_000 {
            answered = 0;
            before = ALLOCATIONS.load(Ordering::Relaxed);
        }
        let now = round * 500;
        for at in 0..2 {
            let other = 1 - at;
            endpoints[at].handle_timeout(now, &mut mailboxes[at]);
            for (peer, payload) in mailboxes[at].0.drain(..) {
                endpoints[at].send(peer, &payload, || now).unwrap();
                answered += 1;
            }
            out.clear();
            endpoints[at].poll_transmit(now, &mut out);
            for (to, datagram) in out.iter() {
                assert_eq!(to, addresses[other]);
                endpoints[other].receive(addresses[at], datagram, now, &mut mailboxes[other]);
            }
        }
    }
    assert!(answered > 18_000 * DEPTH, "{answered}");
    assert_eq!(ALLOCATIONS.load(Ordering::Relaxed) - before, 0);
}
