//! Events on their way from reactors to the host, and what they cost on its way back.

use std::sync::Arc;

use super::{MailReader, explore};
use crate::event::batch::{Batch, EVENT_COST, Origin, Source, What};
use crate::event::queue::{Collector, EventQueue};
use crate::mailbox::Mailbox;
use crate::placement::ReactorIndex;
use crate::socket::Handle;
use crate::sync::atomic::{Ordering::SeqCst, fence};
use crate::sync::thread;

const EVENTS: u64 = 4;
const BYTES: usize = 3;

/// A host that destroys nothing; it wakes the reactors that starve.
struct Host {
    mailboxes: [Mailbox; 2],
}

impl Collector for Host {
    fn destroyed(&self) -> u64 {
        0
    }

    fn exists(&self, _socket: Handle) -> bool {
        true
    }

    fn collected(&self, _source: &Source, _what: What) -> Option<Handle> {
        None
    }

    fn left(&self, _socket: Handle) {}

    fn wake_reactors(&self, waiting: impl Iterator<Item = ReactorIndex>) {
        waiting.for_each(|reactor| self.mailboxes[reactor.get()].notify());
    }
}

/// An event of `BYTES` bytes about a socket that has the reactor's number.
fn add_event(batch: &mut Batch) {
    let socket = Handle(batch.reactor.get() as u32);
    let origin = Origin { socket, server: Handle::NONE, token: 0, serial: 1, ip: "127.0.0.1", port: 1 };
    batch.room();
    let (_, mut sink) = batch.received(BYTES, origin);
    sink.data(0, 0, BYTES);
    sink.finish();
}

fn cost(sources: &[Vec<Source>]) -> u64 {
    sources.iter().flatten().map(Source::cost).sum()
}

/// Two reactors, each of which publishes no more than one event beyond what the host has collected: then it stops
/// reading, as `Reactor::pause` has it, and goes on when it is told to look, as `Reactor::resume_paused`.
fn reactor(events: &EventQueue, host: &Host, reactor: ReactorIndex) -> u64 {
    let mailbox = &host.mailboxes[reactor.get()];
    let mut reader = MailReader::new(mailbox);
    let mut batch = Batch::of(reactor);
    let mut given_back = 0;
    for _ in 0..EVENTS {
        add_event(&mut batch);
        given_back += cost(&events.publish(&mut batch));
        if events.load().cost == 0 {
            continue;
        }
        events.set_starving(reactor, true);
        fence(SeqCst);
        if events.waiting() == 0 {
            mailbox.notify();
        }
        let mut may_go_on = false;
        while !may_go_on {
            reader.turn_with(mailbox, || {
                given_back += cost(&events.take_collected(reactor));
                may_go_on = events.load().cost == 0;
                may_go_on
            });
        }
        events.set_starving(reactor, false);
    }
    given_back
}

/// Nobody starves, every event comes once, in its reactor's order, and what they cost comes back to the reactor they
/// are of. With `one_by_one` as a program does that collects through `network_next_event`.
fn exchange(one_by_one: bool) {
    let events = Arc::new(EventQueue::new());
    let host = Arc::new(Host { mailboxes: [Mailbox::new(), Mailbox::new()] });
    let reactors = ReactorIndex::first(2).map(|index| {
        let (events, host) = (Arc::clone(&events), Arc::clone(&host));
        thread::spawn(move || reactor(&events, &host, index))
    });
    let reactors: Vec<_> = reactors.collect();
    let mut came = [0; 2];
    while came.iter().sum::<u64>() < 2 * EVENTS {
        assert!(events.wait(None, || false));
        if one_by_one {
            while let Some(event) = events.next(&*host) {
                came[event.id as usize] += 1;
            }
        } else {
            let count = events.drain(&*host, |event| came[event.id as usize] += 1);
            assert!(count.unwrap() > 0);
        }
    }
    assert_eq!(came, [EVENTS; 2]);
    for (index, reactor) in ReactorIndex::first(2).zip(reactors) {
        let given_back = reactor.join().unwrap() + cost(&events.take_collected(index));
        assert_eq!(given_back, EVENTS * (BYTES as u64 + EVENT_COST));
    }
    assert_eq!((events.load().cost, events.waiting()), (0, 0));
}

#[test]
fn nobody_starves_beside_a_host_that_polls() {
    explore(|| exchange(false));
}

#[test]
fn nobody_starves_beside_a_host_that_takes_one_event_at_a_time() {
    explore(|| exchange(true));
}

/// While one thread is inside `network_poll`, another finds nothing; both together get everything once.
#[test]
fn two_threads_that_poll_share_the_events() {
    explore(|| {
        let events = Arc::new(EventQueue::new());
        let host = Arc::new(Host { mailboxes: [Mailbox::new(), Mailbox::new()] });
        let poller = {
            let (events, host) = (Arc::clone(&events), Arc::clone(&host));
            move || {
                let mut came = 0;
                for _ in 0..2 {
                    came += events.drain(&*host, |_| thread::yield_now()).unwrap();
                    came += usize::from(events.next(&*host).is_some());
                }
                came
            }
        };
        let pollers = [thread::spawn(poller.clone()), thread::spawn(poller.clone())];
        let mut batch = Batch::of(ReactorIndex::FIRST);
        for _ in 0..EVENTS {
            add_event(&mut batch);
            events.publish(&mut batch);
        }
        let mut came: usize = pollers.into_iter().map(|poller| poller.join().unwrap()).sum();
        came += events.drain(&*host, |_| {}).unwrap();
        assert_eq!(came as u64, EVENTS);
        assert_eq!((events.load().cost, events.waiting()), (0, 0));
    });
}
