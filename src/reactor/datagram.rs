//! One UDP socket: datagrams in, straight to events, and out from the host's queue.

use std::io;
use std::net::{IpAddr, Ipv6Addr, SocketAddr, SocketAddrV6};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use mio::net::UdpSocket;
use socket2::SockRef;

use crate::address;
use crate::event::batch::{EVENT_COST, Origin};
use crate::interfaces::Interfaces;
use crate::names::{Known, Reach};
use crate::outgoing::{self, Record, Records, To};
use crate::protocol::packet::{self, HEADER_SIZE};
use crate::socket::{Handle, Role, Socket, count};
use crate::sys::{Arrived, DatagramReader, DatagramWriter, kernel_drops};

use super::LINGER_MILLIS;
use super::lookups::Lookups;
use super::timers::Millis;
use super::{Id, Next, Turn};

/// Bytes one socket may read in one turn before the others have theirs, and what a datagram counts
/// towards it besides its own.
const READ_BUDGET: usize = 256 << 10;
const DATAGRAM_COST: usize = 128;
/// Errors in a row after which reading waits for the next readiness.
const MOST_ERRORS: u32 = 16;
/// Queue buffers up to this size are used again.
const KEPT_BUFFER: usize = 1 << 20;
/// Everybody on a link.
const ALL_NODES: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1);
/// How often new interfaces are looked for while multicast is enabled.
const REJOIN_MILLIS: Millis = 5_000;

/// What the host asks for when a UDP socket is bound.
pub(crate) struct OpenDatagrams {
    pub(crate) socket: Arc<Socket>,
    pub(crate) io: UdpSocket,
    pub(crate) bound: Bound,
}

/// How a UDP socket is bound.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bound {
    /// The one address it is bound to; all if none.
    pub(crate) ip: Option<IpAddr>,
    /// Its own addresses are IPv6; with both families IPv4 is mapped into them.
    pub(crate) ipv6: bool,
    pub(crate) reach: Reach,
}

pub(crate) struct Datagrams {
    pub(crate) io: UdpSocket,
    pub(crate) socket: Arc<Socket>,
    bound: Bound,
    /// Packet headers are taken off what arrives.
    strips: bool,
    writer: DatagramWriter,
    /// Records taken from the host's queue, and how far they are sent.
    writing: Vec<u8>,
    written: usize,
    /// Records that go ahead of those: broadcasts spread out, and names just resolved.
    ahead: Vec<u8>,
    ahead_written: usize,
    /// Records whose names take too long to hold up the others.
    waiting: Vec<u8>,
    /// Payload bytes in the three.
    in_flight: u32,
    /// Until when the next record waits for its name.
    held_until: Option<Millis>,
    /// The system takes no more at the moment.
    pub(crate) blocked: bool,
    /// The poll was asked to tell when it does.
    pub(crate) watches_writable: bool,
    /// The host is done with the socket: the queue is flushed until then.
    draining: Option<Millis>,
    /// Cost of this socket's uncollected events.
    pub(crate) queued: u64,
    /// What the kernel has counted as dropped so far.
    kernel_drops: u32,
    multicast: bool,
    /// Interfaces whose nodes' group was joined.
    joined: Vec<u32>,
    rejoin_at: Millis,
}

/// What sending needs of the reactor.
pub(crate) struct Sending<'a> {
    pub(crate) id: Id,
    pub(crate) now: Millis,
    pub(crate) lookups: &'a mut Lookups,
    pub(crate) interfaces: &'a mut CachedInterfaces,
}

/// The list of interfaces, asked for anew when it is older than a moment.
#[derive(Default)]
pub(crate) struct CachedInterfaces {
    list: Option<(Millis, Interfaces)>,
}

impl CachedInterfaces {
    const GOOD_FOR: Millis = 1_000;

    pub(crate) fn get(&mut self, now: Millis) -> &Interfaces {
        let list = self.list.take().filter(|&(listed, _)| now < listed + CachedInterfaces::GOOD_FOR);
        &self.list.insert(list.unwrap_or_else(|| (now, Interfaces::list()))).1
    }
}

impl Datagrams {
    pub(crate) fn new(open: OpenDatagrams) -> Datagrams {
        let OpenDatagrams { socket, io, bound } = open;
        let strips = socket.host.lock().regular;
        Datagrams {
            kernel_drops: kernel_drops(&io).unwrap_or(0),
            io,
            socket,
            bound,
            strips,
            writer: DatagramWriter::default(),
            writing: Vec::new(),
            written: 0,
            ahead: Vec::new(),
            ahead_written: 0,
            waiting: Vec::new(),
            in_flight: 0,
            held_until: None,
            blocked: false,
            watches_writable: false,
            draining: None,
            queued: 0,
            multicast: false,
            joined: Vec::new(),
            rejoin_at: 0,
        }
    }

    pub(crate) fn belongs_to(&self, socket: &Arc<Socket>) -> bool {
        Arc::ptr_eq(&self.socket, socket)
    }

    fn server(&self) -> Handle {
        if self.socket.role == Role::DatagramServer { self.socket.handle } else { Handle::NONE }
    }

    /// Takes over what the host may have changed of the socket's options.
    pub(crate) fn apply_settings(&mut self, sending: &mut Sending<'_>) {
        let multicast = self.socket.host.lock().datagrams.as_ref().is_some_and(|own| own.multicast);
        self.multicast = multicast && self.bound.reach.v6;
        if self.multicast {
            self.join(sending);
        } else {
            for interface in std::mem::take(&mut self.joined) {
                // The interface may be gone, and the membership with it.
                let _ = SockRef::from(&self.io).leave_multicast_v6(&ALL_NODES, interface);
            }
        }
    }

    fn join(&mut self, sending: &mut Sending<'_>) {
        self.rejoin_at = sending.now + REJOIN_MILLIS;
        let present = &sending.interfaces.get(sending.now).ipv6;
        self.joined.retain(|interface| present.contains(interface));
        for &interface in present {
            if !self.joined.contains(&interface) {
                // Where joining fails, as on interfaces without multicast, nothing is to be heard.
                let _ = SockRef::from(&self.io).join_multicast_v6(&ALL_NODES, interface);
                self.joined.push(interface);
            }
        }
    }

    // ---- in ----------------------------------------------------------------------------------

    /// Whether the host must collect events before more datagrams are kept.
    pub(crate) fn is_over_limit(&self) -> bool {
        self.queued > 0 && self.queued >= self.socket.receive_limit()
    }

    /// Reads what there is, within the budget of a turn. What the host has no room for is read and
    /// dropped, so that what it finds once it collects again is not stale.
    pub(crate) fn read(&mut self, id: Id, turn: &mut Turn<'_>, reader: &mut DatagramReader) -> Next {
        if self.draining.is_some() {
            return Next::Sleep;
        }
        let mut budget = READ_BUDGET;
        let mut errors = 0;
        let mut crowded = false;
        let next = loop {
            let room = turn.batch.room();
            let more = match reader.receive(&self.io, room) {
                Ok(more) => more,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break Next::Sleep,
                // An earlier datagram was refused somewhere, or memory is short: that concerns no other.
                Err(_) => {
                    errors += 1;
                    if errors == MOST_ERRORS {
                        break Next::Sleep;
                    }
                    continue;
                }
            };
            reader.pack(room);
            budget = budget.saturating_sub(self.take_in(id, turn, reader));
            crowded |= more;
            if !more {
                break Next::Sleep;
            }
            if budget == 0 {
                break Next::Again;
            }
        };
        if crowded {
            self.count_kernel_drops();
        }
        next
    }

    /// Makes events of what was just received. Returns what it counts towards the budget.
    fn take_in(&mut self, id: Id, turn: &mut Turn<'_>, reader: &DatagramReader) -> usize {
        let limit = self.socket.receive_limit();
        let (mut bytes, mut dropped, mut received) = (0, 0_u64, 0_u64);
        // Bytes of the room that earlier events point at.
        let mut kept = 0;
        let mut arrived = reader.arrived();
        while let Some(first) = arrived.first() {
            let same = arrived.iter().take_while(|datagram| datagram.from == first.from).count();
            let (run, rest) = arrived.split_at(same);
            arrived = rest;
            let ip = address::text(&first.from);
            let origin = Origin {
                socket: self.socket.handle,
                server: self.server(),
                token: id.token,
                serial: id.serial,
                ip: &ip,
                port: first.from.port(),
            };
            let end = run.last().map_or(0, |last| last.start + last.kept);
            let (room, mut sink) = turn.batch.received(end - kept, origin);
            let mut cost = 0;
            let mut last_kept = kept;
            for datagram in run {
                bytes += datagram.size;
                let queued = self.queued + cost;
                if (queued >= limit && queued > 0) || *turn.queued + cost >= turn.queued_limit {
                    dropped += 1;
                    continue;
                }
                let start = datagram.start - kept;
                let whole = &room[start..start + datagram.kept];
                let skip = if self.strips { header_of(whole, datagram.size) } else { 0 };
                cost += (datagram.size - skip) as u64 + EVENT_COST;
                if datagram.kept == datagram.size {
                    sink.data(0, start + skip, datagram.size - skip);
                    last_kept = datagram.start + datagram.kept;
                } else {
                    sink.large(0, join(whole, datagram, reader), skip as u8);
                }
            }
            let (events, cost) = sink.finish();
            kept = last_kept;
            received += u64::from(events);
            self.queued += cost;
            *turn.queued += cost;
        }
        let traffic = &self.socket.traffic;
        count(&traffic.bytes_received, bytes as u64);
        count(&traffic.packets_received, received);
        if dropped > 0 {
            count(&traffic.dropped, dropped);
        }
        bytes + DATAGRAM_COST * reader.arrived().len()
    }

    /// The kernel has dropped what did not fit into the socket's buffer, if anything.
    fn count_kernel_drops(&mut self) {
        if let Some(drops) = kernel_drops(&self.io) {
            count(&self.socket.traffic.dropped, u64::from(drops.wrapping_sub(self.kernel_drops)));
            self.kernel_drops = drops;
        }
    }

    // ---- out ---------------------------------------------------------------------------------

    /// Sends what is queued until all is gone, the system takes no more, or a name is not known.
    pub(crate) fn flush(&mut self, sending: &mut Sending<'_>) {
        self.held_until = None;
        self.blocked = false;
        loop {
            if self.ahead_written < self.ahead.len() {
                self.send_run(true, sending);
            } else if self.written < self.writing.len() {
                if !self.send_next(sending) {
                    break;
                }
            } else if !self.take_pending() {
                break;
            }
            if self.blocked {
                break;
            }
        }
        self.socket.in_flight.store(self.in_flight, Relaxed);
    }

    /// Exchanges the sent buffer for what the host has queued since. False if that is nothing.
    fn take_pending(&mut self) -> bool {
        reset(&mut self.ahead, &mut self.ahead_written);
        reset(&mut self.writing, &mut self.written);
        if self.draining.is_some() {
            return false;
        }
        let mut host = self.socket.host.lock();
        host.dirty = false;
        if host.pending.is_empty() {
            return false;
        }
        std::mem::swap(&mut host.pending, &mut self.writing);
        self.in_flight += std::mem::take(&mut host.pending_payload);
        true
    }

    /// Sends from the next record of the queue on, or does what it asks for first. False if it has
    /// to wait.
    fn send_next(&mut self, sending: &mut Sending<'_>) -> bool {
        let Some(record) = Records::new(&self.writing, self.written).next() else {
            self.written = self.writing.len();
            return true;
        };
        let end = record.place.end;
        match record.to {
            To::Address(_) => {
                self.send_run(false, sending);
                return true;
            }
            To::Broadcast(port) => {
                self.in_flight -= record.payload as u32;
                let mut spread = std::mem::take(&mut self.ahead);
                for to in self.everybody(port, sending) {
                    outgoing::push(&mut spread, To::Address(to), false, record.bytes, &[]);
                }
                self.ahead = spread;
            }
            To::Name(name, _) => match sending.lookups.find(name, self.bound.reach) {
                Known::Address { .. } => {
                    self.send_run(false, sending);
                    return true;
                }
                Known::Unreachable => {
                    self.in_flight -= record.payload as u32;
                    count(&self.socket.traffic.dropped, 1);
                }
                Known::Nothing => {
                    if let Some(until) = sending.lookups.hold(name, sending.id, sending.now) {
                        self.held_until = Some(until);
                        return false;
                    }
                    self.waiting.extend_from_slice(&self.writing[record.place.clone()]);
                }
            },
        }
        self.written = end;
        true
    }

    /// The addresses of a broadcast.
    fn everybody(&self, port: u16, sending: &mut Sending<'_>) -> Vec<SocketAddr> {
        let interfaces = sending.interfaces.get(sending.now);
        let mut all = Vec::new();
        if self.bound.reach.v4 {
            let broadcasts = interfaces.broadcasts(self.bound.ip);
            all.extend(broadcasts.into_iter().map(|ip| SocketAddr::new(ip.into(), port)));
        }
        if self.multicast {
            let to = |&zone: &u32| SocketAddr::V6(SocketAddrV6::new(ALL_NODES, port, 0, zone));
            all.extend(interfaces.ipv6.iter().map(to));
        }
        all
    }

    /// Sends as many datagrams as the system takes at once.
    fn send_run(&mut self, ahead: bool, sending: &mut Sending<'_>) {
        let (buffer, written) = match ahead {
            true => (&self.ahead, &mut self.ahead_written),
            false => (&self.writing, &mut self.written),
        };
        let records = Records::new(buffer, *written);
        let lookups = &*sending.lookups;
        let reach = self.bound.reach;
        let datagrams = records.clone().map_while(|record| {
            let to = destination(&record, lookups, reach)?;
            Some((to, record.bytes))
        });
        let traffic = &self.socket.traffic;
        let done = match self.writer.send(&self.io, self.bound.ipv6, datagrams) {
            Ok(sent) => sent,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                self.blocked = true;
                return;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return,
            // No route, an interface that went away, a refusal of an earlier datagram: this one is
            // lost, as it may be on any way.
            Err(_) => {
                count(&traffic.dropped, 1);
                if let Some(record) = records.clone().next() {
                    *written = record.place.end;
                    if !ahead {
                        self.in_flight -= record.payload as u32;
                    }
                }
                return;
            }
        };
        let mut bytes = 0;
        for record in records.take(done) {
            *written = record.place.end;
            bytes += record.bytes.len() as u64;
            if !ahead {
                self.in_flight -= record.payload as u32;
            }
        }
        count(&traffic.bytes_sent, bytes);
    }

    /// A name was resolved, or has no address: datagrams that waited for it go ahead of all others.
    pub(crate) fn name_known(&mut self, name: &str, lookups: &Lookups) {
        let waiting = std::mem::take(&mut self.waiting);
        for record in Records::new(&waiting, 0) {
            if !matches!(record.to, To::Name(own, _) if own == name) {
                self.waiting.extend_from_slice(&waiting[record.place.clone()]);
                continue;
            }
            self.in_flight -= record.payload as u32;
            match destination(&record, lookups, self.bound.reach) {
                Some(to) => outgoing::push(&mut self.ahead, To::Address(to), false, record.bytes, &[]),
                None => count(&self.socket.traffic.dropped, 1),
            }
        }
    }

    // ---- the end, and time -------------------------------------------------------------------

    /// The host is done with the socket: what it sent is still flushed.
    pub(crate) fn drain(&mut self, now: Millis) {
        if self.draining.is_some() {
            return;
        }
        let mut host = self.socket.host.lock();
        self.writing.append(&mut host.pending);
        self.in_flight += std::mem::take(&mut host.pending_payload);
        drop(host);
        self.draining = Some(now + LINGER_MILLIS);
    }

    /// Whether nothing is left to do for a socket that the host is done with.
    pub(crate) fn is_drained(&self, now: Millis) -> bool {
        let empty = self.ahead_written == self.ahead.len()
            && self.written == self.writing.len()
            && self.waiting.is_empty();
        self.draining.is_some_and(|until| empty || until <= now)
    }

    pub(crate) fn next_deadline(&self) -> Option<Millis> {
        let rejoin = (self.multicast && self.draining.is_none()).then_some(self.rejoin_at);
        [self.held_until, self.draining, rejoin].into_iter().flatten().min()
    }

    /// A deadline may be over.
    pub(crate) fn on_timer(&mut self, sending: &mut Sending<'_>) {
        if self.multicast && self.draining.is_none() && self.rejoin_at <= sending.now {
            self.join(sending);
        }
        if self.held_until.is_some_and(|until| until <= sending.now) {
            self.flush(sending);
        }
    }
}

/// Where a record goes, if that is a single address that is known.
fn destination(record: &Record<'_>, lookups: &Lookups, reach: Reach) -> Option<SocketAddr> {
    match record.to {
        To::Address(address) => Some(address),
        To::Name(name, port) => match lookups.find(name, reach) {
            Known::Address { ip: IpAddr::V6(ip), zone, .. } => {
                Some(SocketAddrV6::new(ip, port, 0, zone).into())
            }
            Known::Address { ip, .. } => Some(SocketAddr::new(ip, port)),
            _ => None,
        },
        To::Broadcast(_) => None,
    }
}

/// The size of the packet header at the beginning of a datagram: 0 if that is not exactly a packet.
#[inline]
fn header_of(datagram: &[u8], size: usize) -> usize {
    let is_packet = size >= HEADER_SIZE && datagram.starts_with(&packet::header((size - HEADER_SIZE) as u32));
    if is_packet { HEADER_SIZE } else { 0 }
}

/// A datagram that did not fit into its slot as a whole.
#[cold]
fn join(beginning: &[u8], datagram: &Arrived, reader: &DatagramReader) -> Vec<u8> {
    let mut whole = Vec::with_capacity(datagram.size);
    whole.extend_from_slice(beginning);
    whole.extend_from_slice(reader.overflow(datagram));
    whole
}

fn reset(buffer: &mut Vec<u8>, written: &mut usize) {
    *written = 0;
    if buffer.capacity() > KEPT_BUFFER {
        *buffer = Vec::new();
    } else {
        buffer.clear();
    }
}
