//! Falling asleep and waking: what is put into a mailbox is taken out, whoever sleeps.

use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;

use super::{MailReader, explore, socket, take_queued};
use crate::command::Command;
use crate::event::queue::EventQueue;
use crate::mailbox::Mailbox;
use crate::registry::Registry;
use crate::sync::{Waker, thread};
use crate::wake::Wake;

const SENDERS: u8 = 2;
const MESSAGES: u8 = 2;

/// Who sleeps with something in its mailbox sleeps for ever here, which fails.
#[test]
fn every_command_is_taken() {
    explore(|| {
        let mailbox = Arc::new(Mailbox::new());
        let mut reader = MailReader::new(&mailbox);
        let senders = (0..SENDERS).map(|sender| {
            let mailbox = Arc::clone(&mailbox);
            thread::spawn(move || {
                for number in 0..MESSAGES {
                    mailbox.command(Command::Finish { token: sender.into(), serial: number.into() });
                }
            })
        });
        let senders: Vec<_> = senders.collect();
        let mut next = [0; SENDERS as usize];
        while next.iter().sum::<u32>() < u32::from(SENDERS * MESSAGES) {
            for command in reader.turn(&mailbox).commands {
                let Command::Finish { token, serial } = command else { unreachable!("nobody sends that") };
                assert_eq!(serial, next[token as usize], "in the order in which they were sent");
                next[token as usize] += 1;
            }
        }
        senders.into_iter().for_each(|sender| sender.join().unwrap());
    });
}

/// A socket is announced once for all that is appended until the reactor has taken it.
#[test]
fn every_message_leaves() {
    explore(|| {
        let (mailbox, registry) = (Arc::new(Mailbox::new()), Registry::new());
        let sockets: Vec<_> = (0..2).map(|_| socket(&registry).unwrap()).collect();
        for (socket, token) in sockets.iter().zip(0..) {
            socket.token.store(token, SeqCst);
        }
        let mut reader = MailReader::new(&mailbox);
        let senders = (0..SENDERS).map(|sender| {
            let (mailbox, sockets) = (Arc::clone(&mailbox), sockets.clone());
            thread::spawn(move || {
                for number in 0..MESSAGES {
                    let socket = &sockets[usize::from(number) % 2];
                    let append = |bytes: &mut Vec<u8>| bytes.push(16 * sender + number);
                    mailbox.send(socket, socket.host.lock(), || false, |host| host.queue.push(1, append));
                }
            })
        });
        let senders: Vec<_> = senders.collect();
        let mut left = Vec::new();
        while left.len() < usize::from(SENDERS * MESSAGES) {
            for token in reader.turn(&mailbox).tokens {
                left.extend(take_queued(&sockets[token as usize]));
            }
        }
        senders.into_iter().for_each(|sender| sender.join().unwrap());
        for socket in &sockets {
            assert_eq!(take_queued(socket), [], "it left, and was there still");
        }
    });
}

/// `network_wake`: the reactor sees what the signal's handler has raised, and ends the program's wait.
#[test]
fn a_wait_is_ended() {
    explore(|| {
        let (wake, events) = (Arc::new(Wake::new()), Arc::new(EventQueue::new()));
        let flag = Arc::new(Waker::lowered());
        let handler = {
            let (wake, flag) = (Arc::clone(&wake), Arc::clone(&flag));
            thread::spawn(move || {
                wake.ask();
                flag.wake().unwrap();
            })
        };
        let reactor = {
            let events = Arc::clone(&events);
            thread::spawn(move || {
                flag.sleep();
                events.interrupt();
            })
        };
        assert!(!events.wait(None, || wake.take()), "there is no event");
        handler.join().unwrap();
        reactor.join().unwrap();
    });
}
