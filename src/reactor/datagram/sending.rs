//! Sending from a UDP socket.

use std::io;
use std::net::{IpAddr, SocketAddr, SocketAddrV6};

use crate::address::AddressFamilies;
use crate::clock;
use crate::command::Id;
use crate::datagram_records::{Buffer, LARGEST_DATAGRAM, Record, Records, To};
use crate::dns::Known;
use crate::protocol::packet;
use crate::reliable::SendError;
use crate::socket::count;

use super::arrivals::origin;
use super::socket::{ALL_NODES, Around, Datagrams};
use crate::dns::PendingLookups;
use crate::reactor::turn::Turn;

/// Where records are taken from.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Line {
    Ahead,
    /// The host's queue, whose payload counts until it has left.
    Queue,
}

impl Datagrams {
    /// Sends what is queued until all is gone, the system takes no more, or it has to wait for a name
    /// or a peer.
    pub(crate) fn flush(&mut self, around: &mut Around<'_>) {
        self.held_until = None;
        self.blocked = false;
        while !self.blocked {
            let goes_on = if !self.ahead.is_empty() {
                self.send_next(Line::Ahead, around)
            } else if !self.queue.is_empty() {
                self.send_next(Line::Queue, around)
            } else {
                self.take_pending()
            };
            if !goes_on {
                break;
            }
        }
        self.transmit();
        self.socket.in_flight.set(self.in_flight);
        self.socket.settle_sent();
    }

    /// Tells the host if there is room again for datagrams of which one was refused.
    pub(crate) fn tell_of_room(&mut self, id: Id, turn: &mut Turn) {
        if self.draining.is_none() && self.socket.has_room_again() {
            turn.has_room(origin(&self.socket, self.server(), id, "", 0), &mut self.queued);
        }
    }

    /// Takes over what the host has queued. False if that is nothing.
    fn take_pending(&mut self) -> bool {
        if self.draining.is_some() {
            return false;
        }
        let mut host = self.socket.host.lock();
        if let Some(payload) = host.queue.take_records(|records| self.queue.append(records)) {
            self.in_flight += payload;
            return true;
        }
        if let Some(own) = host.datagrams_mut() {
            own.reliable_queued &= !self.waiting.is_empty();
        }
        false
    }

    fn line(&mut self, line: Line) -> &mut Buffer {
        match line {
            Line::Ahead => &mut self.ahead,
            Line::Queue => &mut self.queue,
        }
    }

    fn send_next(&mut self, line: Line, around: &mut Around<'_>) -> bool {
        let mut buffer = std::mem::take(self.line(line));
        let goes_on = self.send_from(&mut buffer, line, around);
        *self.line(line) = buffer;
        goes_on
    }

    /// Sends from the next record on, or does what it asks for. False if it has to wait.
    fn send_from(&mut self, buffer: &mut Buffer, line: Line, around: &mut Around<'_>) -> bool {
        let families = self.bound.families;
        let Some(record) = buffer.records().next() else { return false };
        let end = record.place.end;
        let payload = record.payload as u32;
        match record.to {
            To::Broadcast(port) => {
                for to in self.everybody(port, around) {
                    self.put_ahead(to, false, record.bytes);
                }
            }
            To::Name(name, _) if around.tools.lookups.find(name, families) == Known::Nothing => {
                if let Some(until) = around.tools.lookups.hold(name, around.id, around.turn.now) {
                    self.held_until = Some(until);
                    return false;
                }
                self.waiting.extend_from_slice(record.whole);
                buffer.advance(end);
                return true;
            }
            _ => match destination(&record, &around.tools.lookups, families) {
                None => count(&self.socket.traffic.dropped, 1),
                Some(to) if record.reliable => match self.send_reliably(to, record.bytes) {
                    Ok(()) => {}
                    Err(SendError::QueueFull | SendError::AllFull) => return false,
                    Err(_) => count(&self.socket.traffic.dropped, 1),
                },
                Some(_) => {
                    self.send_run(buffer, line, &around.tools.lookups);
                    return true;
                }
            },
        }
        buffer.advance(end);
        if line == Line::Queue {
            self.in_flight -= payload;
        }
        true
    }

    /// Sends as many datagrams as the system takes at once.
    fn send_run(&mut self, buffer: &mut Buffer, line: Line, lookups: &PendingLookups) {
        let families = self.bound.families;
        let datagrams = buffer.records().map_while(|record| {
            let to = destination(&record, lookups, families).filter(|_| !record.reliable)?;
            Some((to, record.bytes))
        });
        let mut sent = 0;
        let done = match &mut self.conditioned {
            Some(conditioned) if line == Line::Queue => {
                let present = clock::micros();
                datagrams.map(|(to, datagram)| conditioned.outward.push(to, datagram, present)).count()
            }
            _ => match self.writer.send(&self.io, self.bound.ipv6, |to| self.sources.of(to), datagrams) {
                Ok(done) => {
                    sent = done;
                    done
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.blocked = true;
                    return;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => return,
                // No route, an interface that went away, a refusal of an earlier datagram: this one
                // is lost, as it may be on any way, unless its name has another address.
                Err(error) => {
                    if !self.redirect(buffer, &error, lookups) {
                        count(&self.socket.traffic.dropped, 1);
                    }
                    1
                }
            },
        };
        let (mut end, mut bytes, mut payload) = (None, 0, 0);
        for (index, record) in buffer.records().take(done).enumerate() {
            if index < sent {
                bytes += record.bytes.len() as u64;
            }
            payload += record.payload as u32;
            end = Some(record.place.end);
        }
        count(&self.socket.traffic.bytes_sent, bytes);
        if line == Line::Queue {
            self.in_flight -= payload;
        }
        if let Some(end) = end {
            buffer.advance(end);
        }
    }

    /// Sends the next datagram to another address of its name, if that is what the failure asks for and
    /// there is one.
    fn redirect(&mut self, buffer: &Buffer, error: &io::Error, lookups: &PendingLookups) -> bool {
        let no_route = matches!(
            error.kind(),
            io::ErrorKind::NetworkUnreachable
                | io::ErrorKind::HostUnreachable
                | io::ErrorKind::AddrNotAvailable
        );
        let families = self.bound.families;
        let Some(record) = buffer.records().next().filter(|_| no_route) else { return false };
        let other = destination(&record, lookups, families).and_then(|to| lookups.instead_of(to, families));
        if let Some(other) = other {
            self.put_ahead(other, false, record.bytes);
        }
        other.is_some()
    }

    /// A datagram or message that goes ahead of the host's queue.
    fn put_ahead(&mut self, to: SocketAddr, reliable: bool, bytes: &[u8]) {
        match &mut self.conditioned {
            Some(conditioned) if !reliable => conditioned.outward.push(to, bytes, clock::micros()),
            _ => self.ahead.push(To::Address(to), reliable, &[], bytes),
        }
    }

    /// A message that the host's call could not give to the protocol, since its name was not known.
    fn send_reliably(&mut self, to: SocketAddr, payload: &[u8]) -> Result<(), SendError> {
        match &self.reliability {
            Some(reliability) => reliability.send(to, payload),
            // Disabled in the meantime.
            None => {
                let header = packet::header(payload.len() as u32);
                if header.len() + payload.len() > LARGEST_DATAGRAM {
                    return Err(SendError::TooBig);
                }
                self.put_ahead(to, false, &[&header, payload].concat());
                Ok(())
            }
        }
    }

    /// The addresses of a broadcast.
    fn everybody(&self, port: u16, around: &mut Around<'_>) -> Vec<SocketAddr> {
        let interfaces = around.tools.interfaces.get(around.turn.now);
        let mut all = Vec::new();
        if self.bound.families.v4 {
            let broadcasts = interfaces.broadcasts(self.bound.ip);
            all.extend(broadcasts.into_iter().map(|ip| SocketAddr::new(ip.into(), port)));
        }
        if self.multicast {
            let to = |&zone: &u32| SocketAddr::V6(SocketAddrV6::new(ALL_NODES, port, 0, zone));
            all.extend(interfaces.ipv6.iter().map(to));
        }
        all
    }

    /// A name was resolved, or has no address: what waited for it goes ahead of all others.
    pub(crate) fn name_known(&mut self, name: &str, lookups: &PendingLookups) {
        let waiting = std::mem::take(&mut self.waiting);
        for record in Records::new(&waiting) {
            if !matches!(record.to, To::Name(own, _) if own == name) {
                self.waiting.extend_from_slice(record.whole);
                continue;
            }
            self.in_flight -= record.payload as u32;
            match destination(&record, lookups, self.bound.families) {
                Some(to) => self.put_ahead(to, record.reliable, record.bytes),
                None => count(&self.socket.traffic.dropped, 1),
            }
        }
    }
}

/// Where a record goes, if that is a single address that is known.
fn destination(
    record: &Record<'_>,
    lookups: &PendingLookups,
    families: AddressFamilies,
) -> Option<SocketAddr> {
    match record.to {
        To::Address(address) => Some(address),
        To::Name(name, port) => match lookups.find(name, families) {
            Known::Address { ip: IpAddr::V6(ip), zone, .. } => {
                Some(SocketAddrV6::new(ip, port, 0, zone).into())
            }
            Known::Address { ip, .. } => Some(SocketAddr::new(ip, port)),
            _ => None,
        },
        To::Broadcast(_) => None,
    }
}
