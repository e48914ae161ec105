//! One UDP socket: datagrams in, straight to events, and out from the host's queue; between them
//! and the network the reliable protocol and a simulated bad network, where the host wants those.

use std::net::Ipv6Addr;
use std::sync::Arc;

use mio::net::UdpSocket;
use mio::{Interest, Registry, Token};
use parking_lot::Mutex;
use socket2::SockRef;

use crate::clock;
use crate::command::{Id, OpenDatagrams};
use crate::conditioner::Conditioner;
use crate::context::Context;
use crate::datagram_records::Buffer;
use crate::interfaces::Interfaces;
use crate::placement::ReactorIndex;
use crate::reliable::Endpoint;
use crate::socket::{Bound, Handle, PortHolder, Socket, SocketRole};
use crate::sys::{DatagramReader, DatagramWriter, kernel_drops};

use crate::clock::Millis;
use crate::dns::PendingLookups;
use crate::quota::Quota;
use crate::reactor::turn::{LINGER_MILLIS, Next, RETRY_MILLIS, Turn};

use super::conditions::Conditioned;
use super::reliability::Reliability;
use super::sources::Sources;

/// Everybody on a link.
pub(crate) const ALL_NODES: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1);
/// How often new interfaces are looked for while multicast is enabled.
const REJOIN_MILLIS: Millis = 5_000;

pub(crate) struct Datagrams {
    pub(crate) io: UdpSocket,
    pub(crate) held: HeldPort,
    pub(crate) socket: Arc<Socket>,
    pub(crate) bound: Bound,
    /// The protocol of a destroyed socket that still flushes on this port: what is for it arrives here.
    pub(crate) predecessor: Option<Arc<Mutex<Endpoint>>>,
    /// Packet headers are taken off what arrives.
    pub(crate) strips: bool,
    pub(crate) writer: DatagramWriter,
    pub(crate) sources: Sources,
    /// Records taken from the host's queue.
    pub(crate) queue: Buffer,
    /// Records that go ahead of those: broadcasts spread out, names just resolved, datagrams that
    /// were delayed on purpose.
    pub(crate) ahead: Buffer,
    /// Records whose names take too long to hold up the others.
    pub(crate) waiting: Vec<u8>,
    /// Payload bytes that the host has queued and that have not left.
    pub(crate) in_flight: u32,
    /// Until when the next record waits for its name.
    pub(crate) held_until: Option<Millis>,
    /// The system takes no more at the moment.
    pub(crate) blocked: bool,
    /// What the poll was asked to tell.
    watched: Option<Interest>,
    /// It could not be asked, and is again then.
    watch_again_at: Option<Millis>,
    /// The host is done with the socket: what it sent is flushed until then.
    pub(crate) draining: Option<Millis>,
    /// Cost of this socket's uncollected events.
    pub(crate) queued: Quota,
    /// What the kernel has counted as dropped so far.
    pub(crate) kernel_drops: u32,
    /// Reading has failed again and again and is tried anew then.
    pub(crate) read_again_at: Option<Millis>,
    /// Stands on the list of those that wait for the host to collect events.
    pub(crate) paused: bool,
    pub(crate) multicast: bool,
    /// Interfaces whose nodes' group was joined.
    pub(crate) joined: Vec<u32>,
    pub(crate) rejoin_at: Millis,
    pub(crate) reliability: Option<Box<Reliability>>,
    pub(crate) conditioned: Option<Box<Conditioned>>,
}

/// What the host holds the port of an endpoint's socket by: given up with the endpoint, after its descriptor.
pub(crate) struct HeldPort(Option<Arc<PortHolder>>);

impl HeldPort {
    /// Whether another socket reads what arrives there.
    pub(crate) fn is_handed_over(&self) -> bool {
        self.0.as_ref().is_some_and(|holder| holder.is_handed_over())
    }
}

impl Drop for HeldPort {
    fn drop(&mut self) {
        if let Some(holder) = &self.0 {
            holder.release();
        }
    }
}

/// What UDP sockets have in common.
pub(crate) struct DatagramTools {
    pub(crate) lookups: PendingLookups,
    pub(crate) interfaces: CachedInterfaces,
    pub(crate) reader: DatagramReader,
    /// Room for datagrams that cannot become events as they are.
    pub(crate) scratch: Vec<u8>,
}

impl DatagramTools {
    pub(crate) fn new(context: &'static Context, reactor: ReactorIndex) -> Self {
        Self {
            lookups: PendingLookups::new(&context.names, context.mailboxes.of(reactor)),
            interfaces: CachedInterfaces::default(),
            reader: DatagramReader::default(),
            scratch: Vec::new(),
        }
    }
}

/// What a UDP socket needs of the reactor.
pub(crate) struct Around<'a> {
    pub(crate) id: Id,
    pub(crate) turn: &'a mut Turn,
    pub(crate) tools: &'a mut DatagramTools,
}

/// The list of interfaces, asked for anew when it is older than a moment.
#[derive(Default)]
pub(crate) struct CachedInterfaces {
    list: Option<(Millis, Interfaces)>,
}

impl CachedInterfaces {
    const GOOD_FOR: Millis = 1_000;

    pub(crate) fn get(&mut self, now: Millis) -> &Interfaces {
        let list = self.list.take().filter(|&(listed, _)| now < listed + Self::GOOD_FOR);
        &self.list.insert(list.unwrap_or_else(|| (now, Interfaces::list()))).1
    }
}

impl Datagrams {
    pub(crate) fn new(open: OpenDatagrams) -> Self {
        let OpenDatagrams { socket, io, bound, holder, predecessor } = open;
        let strips = socket.host.lock().regular;
        Self {
            kernel_drops: kernel_drops(&io).unwrap_or(0),
            io,
            held: HeldPort(holder),
            socket,
            bound,
            predecessor,
            strips,
            writer: DatagramWriter::default(),
            sources: Sources::default(),
            queue: Buffer::default(),
            ahead: Buffer::default(),
            waiting: Vec::new(),
            in_flight: 0,
            held_until: None,
            blocked: false,
            watched: None,
            watch_again_at: None,
            draining: None,
            read_again_at: None,
            queued: Quota::default(),
            paused: false,
            multicast: false,
            joined: Vec::new(),
            rejoin_at: 0,
            reliability: None,
            conditioned: None,
        }
    }

    /// Has the poll watch what is of interest now.
    pub(crate) fn watch(&mut self, registry: &Registry, id: Id, now: Millis) {
        // Room to write only while it lacks: the system would tell of every datagram that has left.
        let interest =
            if self.blocked { Interest::READABLE | Interest::WRITABLE } else { Interest::READABLE };
        let token = Token(id.token as usize);
        let asked = match self.watched {
            None => registry.register(&mut self.io, token, interest),
            Some(watched) if watched != interest => registry.reregister(&mut self.io, token, interest),
            Some(_) => Ok(()),
        };
        // It fails only when the kernel is out of memory, or this user's watches are used up. What has come until it
        // succeeds is told then.
        self.watch_again_at = asked.is_err().then_some(now + RETRY_MILLIS);
        if asked.is_ok() {
            self.watched = Some(interest);
        }
    }

    pub(crate) fn belongs_to(&self, socket: &Arc<Socket>) -> bool {
        Arc::ptr_eq(&self.socket, socket)
    }

    pub(crate) fn server(&self) -> Handle {
        if self.socket.role == SocketRole::DatagramServer { self.socket.handle } else { Handle::NONE }
    }

    /// Takes over what the host may have changed of the socket's options.
    pub(crate) fn apply_settings(&mut self, around: &mut Around<'_>) {
        let (settings, reliable) = {
            let host = self.socket.host.lock();
            let Some(own) = host.datagrams() else { return };
            (Arc::clone(&host.settings), own.reliable.clone())
        };
        let udp = &settings.udp;
        self.multicast = udp.multicast && self.bound.families.v6;
        if self.multicast {
            self.join(around);
        } else {
            self.leave_groups();
        }
        self.set_reliability(reliable, udp, settings.send_queue_limit as usize, around.turn.now);
        Conditioned::set(&mut self.conditioned, (udp.conditions, udp.conditions_seed));
    }

    pub(crate) fn join(&mut self, around: &mut Around<'_>) {
        let now = around.turn.now;
        self.rejoin_at = now + REJOIN_MILLIS;
        let present = &around.tools.interfaces.get(now).ipv6;
        self.joined.retain(|interface| present.contains(interface));
        for &interface in present {
            if !self.joined.contains(&interface) {
                // Where joining fails, as on interfaces without multicast, nothing is to be heard.
                let _ = SockRef::from(&self.io).join_multicast_v6(&ALL_NODES, interface);
                self.joined.push(interface);
            }
        }
    }

    fn leave_groups(&mut self) {
        for interface in std::mem::take(&mut self.joined) {
            // The interface may be gone, and the membership with it.
            let _ = SockRef::from(&self.io).leave_multicast_v6(&ALL_NODES, interface);
        }
    }

    /// The host is done with the socket: what it sent is still flushed.
    pub(crate) fn drain(&mut self, now: Millis) {
        if self.draining.is_some() {
            return;
        }
        let rest = self.socket.host.lock().queue.take_records(|records| self.queue.append(records));
        self.in_flight += rest.unwrap_or(0);
        self.draining = Some(now + LINGER_MILLIS);
        self.leave_groups();
        if let Some(reliability) = &mut self.reliability {
            reliability.stop_reading();
        }
    }

    /// Whether nothing is left to do for a socket that the host is done with.
    pub(crate) fn is_drained(&self, now: Millis) -> bool {
        let Some(until) = self.draining else { return false };
        until <= now
            || (self.ahead.is_empty()
                && self.queue.is_empty()
                && self.waiting.is_empty()
                && self.reliability.as_ref().is_none_or(|reliability| reliability.is_settled())
                && self.conditioned.as_ref().is_none_or(|conditioned| conditioned.outward.is_empty()))
    }

    pub(crate) fn next_deadline(&self) -> Option<Millis> {
        let rejoin = (self.multicast && self.draining.is_none()).then_some(self.rejoin_at);
        let reliability = self.reliability.as_ref().and_then(|reliability| reliability.deadline());
        let due = |conditioner: &Conditioner<_>| conditioner.next_timeout().map(clock::millis_after);
        let conditions = self.conditioned.as_ref().and_then(|conditioned| {
            [due(&conditioned.inward), due(&conditioned.outward)].into_iter().flatten().min()
        });
        let again = [self.read_again_at, self.watch_again_at].into_iter().flatten().min();
        let all = [self.held_until, self.draining, again, rejoin, reliability, conditions];
        all.into_iter().flatten().min()
    }

    /// A deadline may be over.
    pub(crate) fn on_timer(&mut self, around: &mut Around<'_>) -> Next {
        if self.multicast && self.draining.is_none() && self.rejoin_at <= around.turn.now {
            self.join(around);
        }
        self.let_through(around);
        let next = self.time_out(around);
        self.flush(around);
        next
    }
}
