//! Makes events of messages that have to be copied: the reliable protocol's, and datagrams that do
//! not go straight from the system into a batch.

use std::net::SocketAddr;

use crate::address;
use crate::command::Id;
use crate::error::{Code, Error};
use crate::event::batch::{EVENT_COST, Origin};
use crate::protocol::packet::header_of;
use crate::quota::Quota;
use crate::reliable::{EventSink, LossReason, PeerLost};
use crate::socket::{Handle, Socket, count};

use crate::reactor::turn::Turn;

/// `network_message_reliable`, as events have it, and what plain datagrams have.
const RELIABLE: u8 = 3;
const PLAIN: u8 = 0;

pub(crate) struct Arrivals<'a> {
    turn: &'a mut Turn,
    socket: &'a Socket,
    server: Handle,
    id: Id,
    /// Cost of the socket's uncollected events.
    queued: &'a mut Quota,
    /// The host has destroyed the socket and is told nothing more.
    silent: bool,
    /// Where the last message came from, and its place in the batch.
    last: Option<(SocketAddr, u32)>,
}

impl<'a> Arrivals<'a> {
    pub(crate) fn new(
        turn: &'a mut Turn,
        socket: &'a Socket,
        server: Handle,
        id: Id,
        queued: &'a mut Quota,
        silent: bool,
    ) -> Self {
        Arrivals { turn, socket, server, id, queued, silent, last: None }
    }

    /// A datagram of no protocol, or one that is yet to lose its header.
    pub(crate) fn datagram(&mut self, from: SocketAddr, datagram: &[u8], strips: bool) {
        if self.queued.is_full(self.socket.receive_limit()) || self.turn.is_over_limit() {
            count(&self.socket.traffic.dropped, 1);
            return;
        }
        let skip = if strips { header_of(datagram, datagram.len()) } else { 0 };
        self.message(from, PLAIN, &datagram[skip..]);
    }

    /// A datagram that the host does not want.
    pub(crate) fn unwanted(&mut self) {
        count(&self.socket.traffic.dropped, 1);
    }

    fn message(&mut self, from: SocketAddr, message_type: u8, payload: &[u8]) {
        if self.silent {
            return;
        }
        let source = match self.last {
            Some((last, source)) if last == from => source,
            _ => {
                let ip = address::text(&from);
                let origin = origin(self.socket, self.server, self.id, &ip, from.port());
                let source = self.turn.batch.begin_source(&origin);
                self.last = Some((from, source));
                source
            }
        };
        self.turn.batch.copied(source, message_type, payload);
        self.queued.book(payload.len() as u64 + EVENT_COST);
        count(&self.socket.traffic.packets_received, 1);
    }
}

impl EventSink for Arrivals<'_> {
    fn delivered(&mut self, peer: SocketAddr, payload: &[u8]) {
        self.message(peer, RELIABLE, payload);
    }

    fn peer_lost(&mut self, lost: PeerLost) {
        if self.silent {
            return;
        }
        let ip = address::text(&lost.peer);
        let origin = origin(self.socket, self.server, self.id, &ip, lost.peer.port());
        self.turn.peer_lost(origin, explain(&lost).as_ref(), self.queued);
        self.last = None;
    }

    fn has_room(&mut self, peer: SocketAddr) {
        if self.silent {
            return;
        }
        let ip = address::text(&peer);
        let origin = origin(self.socket, self.server, self.id, &ip, peer.port());
        self.turn.has_room(origin, self.queued);
        self.last = None;
    }
}

/// Why a peer was given up; nothing if it has left and took everything along.
fn explain(lost: &PeerLost) -> Option<Error> {
    let code = match lost.reason {
        LossReason::Closed if lost.messages == 0 => return None,
        LossReason::Timeout | LossReason::Mirror => Code::Timeout,
        LossReason::Restarted | LossReason::Closed | LossReason::ClosedEarly => Code::Closed,
        LossReason::MessageTooBig | LossReason::MemoryLimit => Code::TooBig,
        LossReason::ProtocolError => Code::Handshake,
        LossReason::Displaced => Code::Limit,
    };
    let lost = match (lost.messages, lost.bytes) {
        (0, _) => format!("{}; nothing was lost", lost.reason),
        (1, bytes) => format!("{}; 1 message of {bytes} bytes was not acknowledged", lost.reason),
        (messages, bytes) => {
            format!("{}; {messages} messages of {bytes} bytes were not acknowledged", lost.reason)
        }
    };
    Some(Error::new(code, lost))
}

pub(crate) fn origin<'a>(socket: &Socket, server: Handle, id: Id, ip: &'a str, port: u16) -> Origin<'a> {
    Origin { socket: socket.handle, server, token: id.token, serial: id.serial, ip, port }
}
