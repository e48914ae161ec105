//! `network_destroy` beside sends, and beside events that are just being delivered.

use std::sync::Arc;

use super::{MailReader, explore, socket, take_queued};
use crate::command::Command;
use crate::event::batch::{Batch, Origin, Source, What};
use crate::event::queue::{Collector, EventQueue};
use crate::mailbox::Mailbox;
use crate::placement::ReactorIndex;
use crate::registry::Registry;
use crate::socket::{Handle, Socket};
use crate::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use crate::sync::thread;

/// What `Context` is in the library, with one reactor.
struct World {
    registry: Registry,
    events: EventQueue,
    mailbox: Mailbox,
    destroyed: AtomicU64,
}

impl World {
    fn new() -> Self {
        Self {
            registry: Registry::new(),
            events: EventQueue::new(),
            mailbox: Mailbox::new(),
            destroyed: AtomicU64::new(0),
        }
    }

    /// As `host::sockets::end`.
    fn destroy(&self, socket: Handle) -> bool {
        let removed = self.registry.remove(socket);
        if removed.is_empty() {
            return false;
        }
        removed.iter().for_each(|socket| socket.retire());
        self.mailbox.command(Command::Destroy { sockets: removed, close_frame: None });
        self.destroyed.fetch_add(1, SeqCst);
        true
    }

    /// A turn, as `Reactor::turn` has it: whether a batch counts a destroy is settled before the commands are taken.
    fn turn(&self, reader: &mut MailReader, batch: &mut Batch, mut on_token: impl FnMut()) -> bool {
        if batch.is_empty() {
            batch.destroyed_before = self.destroyed.load(SeqCst);
        }
        let mail = reader.turn(&self.mailbox);
        // What was queued before the socket was destroyed still leaves.
        mail.tokens.iter().for_each(|_| on_token());
        mail.commands.iter().any(|command| matches!(command, Command::Destroy { .. }))
    }
}

impl Collector for World {
    fn destroyed(&self) -> u64 {
        self.destroyed.load(SeqCst)
    }

    fn exists(&self, socket: Handle) -> bool {
        self.registry.contains(socket)
    }

    fn collected(&self, _source: &Source, _what: What) -> Option<Handle> {
        None
    }

    fn left(&self, _socket: Handle) {}

    fn wake_reactors(&self, _waiting: impl Iterator<Item = ReactorIndex>) {}
}

fn add_event(batch: &mut Batch, socket: &Socket) {
    let (socket, server) = (socket.handle, socket.server);
    let origin = Origin { socket, server, token: 0, serial: 1, ip: "127.0.0.1", port: 1 };
    batch.room();
    let (_, mut sink) = batch.received(1, origin);
    sink.data(0, 0, 1);
    sink.finish();
}

/// Once the call has returned, no event about the socket is begun to be delivered.
#[test]
fn nothing_is_delivered_afterwards() {
    explore(|| {
        let world = Arc::new(World::new());
        let [doomed, other] = [(), ()].map(|()| socket(&world.registry).unwrap());
        let returned = Arc::new(AtomicBool::new(false));
        let reactor = {
            let (world, doomed, other) = (Arc::clone(&world), Arc::clone(&doomed), Arc::clone(&other));
            thread::spawn(move || {
                let reader = MailReader::new(&world.mailbox);
                let mut batch = Batch::default();
                let mut is_gone = false;
                for _ in 0..3 {
                    if batch.is_empty() {
                        batch.destroyed_before = world.destroyed.load(SeqCst);
                    }
                    if world.mailbox.take_pending() {
                        let commands = world.mailbox.take_commands();
                        is_gone |= commands.iter().any(|one| matches!(one, Command::Destroy { .. }));
                    }
                    if !is_gone {
                        add_event(&mut batch, &doomed);
                    }
                    add_event(&mut batch, &other);
                    world.events.publish(&mut batch);
                    reader.waker.look();
                }
            })
        };
        let destroyer = {
            let (world, returned, doomed) = (Arc::clone(&world), Arc::clone(&returned), doomed.handle);
            thread::spawn(move || {
                assert!(world.destroy(doomed));
                returned.store(true, SeqCst);
            })
        };
        let mut of_other = 0;
        while of_other < 3 {
            assert!(world.events.wait(None, || false));
            let had_returned = returned.load(SeqCst);
            let Some(event) = world.events.next(&*world) else { continue };
            if event.id == f64::from(doomed.handle.0) {
                assert!(!had_returned, "an event about a socket that is no more");
            } else {
                of_other += 1;
            }
        }
        reactor.join().unwrap();
        destroyer.join().unwrap();
        assert!(world.events.next(&*world).is_none());
    });
}

/// What a send was told to have taken reaches the reactor, whoever destroys the socket meanwhile; who comes later is
/// told that there is none.
#[test]
fn what_was_sent_before_leaves() {
    explore(|| {
        let world = Arc::new(World::new());
        let socket = socket(&world.registry).unwrap();
        socket.token.store(0, SeqCst);
        let sender = {
            let (world, handle) = (Arc::clone(&world), socket.handle);
            thread::spawn(move || {
                let mut taken = 0;
                for _ in 0..2 {
                    // As `host::streams` sends, but for what a thread has at hand.
                    let Ok(socket) = world.registry.get(handle) else { continue };
                    let host = socket.host.lock();
                    if !host.connection.is_of_use() {
                        continue;
                    }
                    let append = |bytes: &mut Vec<u8>| bytes.push(1);
                    world.mailbox.send(&socket, host, || false, |host| host.queue.push(1, append));
                    taken += 1;
                }
                taken
            })
        };
        let destroyer = {
            let (world, handle) = (Arc::clone(&world), socket.handle);
            thread::spawn(move || world.destroy(handle))
        };
        let mut reader = MailReader::new(&world.mailbox);
        let mut batch = Batch::default();
        let mut left = 0;
        while !world.turn(&mut reader, &mut batch, || left += take_queued(&socket).len()) {}
        // As `Reactor::destroy`: the rest leaves while it closes.
        left += take_queued(&socket).len();
        assert!(destroyer.join().unwrap());
        assert_eq!(left, sender.join().unwrap());
        assert_eq!(take_queued(&socket), []);
    });
}
