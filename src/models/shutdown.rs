//! `network_shutdown` beside everybody else.

use std::sync::Arc;

use super::{MailReader, explore, socket};
use crate::command::Command;
use crate::event::batch::{Batch, Origin};
use crate::event::queue::EventQueue;
use crate::mailbox::Mailbox;
use crate::registry::Registry;
use crate::socket::{Handle, Socket};
use crate::sync::atomic::{AtomicBool, Ordering::SeqCst};
use crate::sync::{Mutex, thread};

/// `runtime`, whose locks are the process's and whose reactors wait in system calls: the same steps with a reactor that
/// is here or not.
struct Runtime {
    registry: Registry,
    mailbox: Mailbox,
    events: EventQueue,
    is_on: Mutex<bool>,
    started: AtomicBool,
}

impl Runtime {
    fn new() -> Self {
        Self {
            registry: Registry::new(),
            mailbox: Mailbox::new(),
            events: EventQueue::new(),
            is_on: Mutex::new(false),
            started: AtomicBool::new(false),
        }
    }

    /// `runtime::start`, for sockets that are in the registry.
    fn start(&self) {
        if self.started.load(SeqCst) {
            return;
        }
        let mut is_on = self.is_on.lock();
        if !*is_on {
            *is_on = true;
            self.started.store(true, SeqCst);
        }
    }

    /// `runtime::shutdown`.
    fn shutdown(&self) {
        let sockets = self.registry.remove_all(|| {});
        sockets.iter().for_each(|socket| socket.retire());
        self.mailbox.command(Command::Destroy { sockets, close_frame: None });
        let mut is_on = self.is_on.lock();
        *is_on = false;
        self.started.store(false, SeqCst);
        self.registry.remove_all(|| {}).iter().for_each(|socket| socket.retire());
        self.mailbox.set_waker(None);
        self.mailbox.clear();
        self.events.clear();
    }
}

/// A socket made meanwhile is either taken along, or has a reactor.
#[test]
fn no_socket_is_left_without_a_reactor() {
    explore(|| {
        let runtime = Arc::new(Runtime::new());
        let makers = [(), ()].map(|()| {
            let runtime = Arc::clone(&runtime);
            thread::spawn(move || {
                let socket = socket(&runtime.registry).unwrap();
                runtime.start();
                socket
            })
        });
        let shutdown = {
            let runtime = Arc::clone(&runtime);
            thread::spawn(move || runtime.shutdown())
        };
        let made = makers.map(|maker| maker.join().unwrap());
        shutdown.join().unwrap();
        let is_on = *runtime.is_on.lock();
        assert_eq!(is_on, runtime.started.load(SeqCst));
        for socket in made {
            if runtime.registry.contains(socket.handle) {
                assert!(is_on, "nobody looks after it");
            } else {
                assert!(!socket.host.lock().connection.is_of_use(), "its calls do not know that it is gone");
            }
        }
    });
}

/// A reactor that sends, publishes and sleeps ends when it is told to, as `IoThread` does; nothing waits behind it.
#[test]
fn a_reactor_hears_that_it_is_to_stop() {
    explore(|| {
        let runtime = Arc::new(Runtime::new());
        let socket = socket(&runtime.registry).unwrap();
        socket.token.store(0, SeqCst);
        runtime.start();
        let reactor = {
            let (runtime, socket) = (Arc::clone(&runtime), Arc::clone(&socket));
            let mut reader = MailReader::new(&runtime.mailbox);
            thread::spawn(move || {
                let mut batch = Batch::default();
                loop {
                    let mail = reader.turn(&runtime.mailbox);
                    if mail.commands.iter().any(|command| matches!(command, Command::Destroy { .. })) {
                        break;
                    }
                    add_event(&mut batch, &socket);
                    runtime.events.publish(&mut batch);
                }
            })
        };
        let sender = {
            let (runtime, handle) = (Arc::clone(&runtime), socket.handle);
            thread::spawn(move || {
                for _ in 0..2 {
                    let Ok(socket) = runtime.registry.get(handle) else { continue };
                    let append = |bytes: &mut Vec<u8>| bytes.push(1);
                    let host = socket.host.lock();
                    runtime.mailbox.send(&socket, host, || false, |host| host.queue.push(1, append));
                }
            })
        };
        let sockets = runtime.registry.remove_all(|| {});
        runtime.mailbox.command(Command::Destroy { sockets, close_frame: None });
        reactor.join().unwrap();
        sender.join().unwrap();
        runtime.shutdown();
        assert_eq!((runtime.events.load().cost, runtime.events.waiting()), (0, 0));
        assert!(!runtime.mailbox.take_pending() && runtime.mailbox.take_commands().is_empty());
    });
}

fn add_event(batch: &mut Batch, socket: &Socket) {
    let server = Handle::NONE;
    let origin = Origin { socket: socket.handle, server, token: 0, serial: 1, ip: "127.0.0.1", port: 1 };
    batch.room();
    let (_, mut sink) = batch.received(1, origin);
    sink.data(0, 0, 1);
    sink.finish();
}
