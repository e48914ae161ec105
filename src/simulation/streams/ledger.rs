//! What was sent, and what the host was told: the books that have to balance.

use std::collections::HashMap;

use crate::simulation::trace::trace;
use crate::socket::Handle;

/// What the host knows of one end of a connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Known {
    #[default]
    Nothing,
    Connected,
    /// It never came to be.
    Failed,
    Ended,
    Destroyed,
}

#[derive(Debug, Default)]
struct Side {
    known: Known,
    /// Messages that the library has taken from the host here.
    sent: u32,
    /// Messages of the other side that have come.
    came: u32,
    /// What has come of the next one, where the connection keeps no bounds.
    begun: Vec<u8>,
}

/// Which message of which side of which connection this is; it stands at the beginning of each.
const LABEL: usize = 16;

fn message(link: usize, side: usize, number: u32, length: usize) -> Vec<u8> {
    let mut bytes = vec![number as u8; length.max(LABEL)];
    let words = [link as u32, side as u32, number, bytes.len() as u32];
    for (bytes, word) in bytes.chunks_exact_mut(4).zip(words) {
        bytes.copy_from_slice(&word.to_le_bytes());
    }
    bytes
}

#[derive(Debug, Default)]
pub(super) struct Ledger {
    links: Vec<[Side; 2]>,
    /// Which end a socket is.
    ends: HashMap<u32, (usize, usize)>,
    pub(super) messages: u64,
}

impl Ledger {
    pub(super) fn begin(&mut self) -> usize {
        self.links.push(Default::default());
        self.links.len() - 1
    }

    /// The socket is that end from now on.
    pub(super) fn is(&mut self, socket: Handle, link: usize, side: usize) {
        self.ends.insert(socket.0, (link, side));
    }

    fn end(&mut self, socket: f64) -> ((usize, usize), &mut Side) {
        let (link, side) = self.ends[&(socket as u32)];
        ((link, side), &mut self.links[link][side])
    }

    /// The next message of an end, and that it was taken.
    pub(super) fn send(&mut self, link: usize, side: usize, length: usize) -> Vec<u8> {
        let own = &mut self.links[link][side];
        own.sent += 1;
        message(link, side, own.sent, length)
    }

    pub(super) fn connected(&mut self, socket: f64) {
        let (end, own) = self.end(socket);
        trace(format_args!("{end:?} is connected"));
        assert_eq!(own.known, Known::Nothing, "{end:?} has connected");
        own.known = Known::Connected;
    }

    pub(super) fn failed(&mut self, socket: f64) {
        let (end, own) = self.end(socket);
        trace(format_args!("{end:?} did not connect"));
        assert_eq!(own.known, Known::Nothing, "{end:?} did not connect");
        own.known = Known::Failed;
    }

    pub(super) fn disconnected(&mut self, socket: f64) {
        let (end, own) = self.end(socket);
        trace(format_args!("{end:?} is disconnected"));
        assert_eq!(own.known, Known::Connected, "{end:?} has ended");
        own.known = Known::Ended;
    }

    pub(super) fn destroyed(&mut self, socket: Handle) {
        if self.ends.contains_key(&socket.0) {
            let (end, own) = self.end(socket.0.into());
            trace(format_args!("{end:?} is destroyed"));
            own.known = Known::Destroyed;
        }
    }

    pub(super) fn came(&mut self, socket: f64, bytes: &[u8], has_bounds: bool) {
        let ((link, side), own) = self.end(socket);
        assert_eq!(own.known, Known::Connected, "{link} {side} has got something");
        let mut count = 0;
        if has_bounds {
            own.came += 1;
            count += 1;
            let expected = message(link, 1 - side, own.came, bytes.len());
            assert!(
                bytes == expected,
                "{link} {side}: message {} is another, or not what was sent",
                own.came
            );
        } else {
            own.begun.extend_from_slice(bytes);
            while let Some(length) = own.begun.get(LABEL - 4..LABEL) {
                let length = u32::from_le_bytes(*length.first_chunk().expect("four bytes")) as usize;
                if own.begun.len() < length {
                    break;
                }
                own.came += 1;
                count += 1;
                let expected = message(link, 1 - side, own.came, length);
                assert!(own.begun[..length] == expected, "{link} {side}: message {} is another", own.came);
                own.begun.drain(..length);
            }
        }
        trace(format_args!("{:?} has got message {}", (link, side), own.came));
        self.messages += count;
    }

    /// Nothing goes on any more: whoever was told of a connect was told of its end. Of a connection that nothing has
    /// broken, what one end has sent has come to the other, as long as that was there.
    pub(super) fn check(&self, link: usize, is_whole: bool) {
        for (side, own) in self.links[link].iter().enumerate() {
            let other = &self.links[link][1 - side];
            assert_ne!(own.known, Known::Connected, "{link} {side} was not told of the end");
            assert!(own.came <= other.sent);
            if is_whole && own.known == Known::Ended {
                assert_eq!(own.came, other.sent, "{link} {side} lacks messages");
            }
        }
    }
}
