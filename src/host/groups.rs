//! Groups, and sending one message to many connections: it is put into the form it has on the wire once,
//! and the reactor hears of all queues at once.

use crate::context::CONTEXT;
use crate::encoder::{Encoder, Form, MOST_HEADERS};
use crate::error::Result;
use crate::mailbox::Burst;
use crate::outgoing::SharedMessage;
use crate::socket::{Handle, Socket, count};
use crate::sys;
use crate::websocket::Side;

use super::sending::{check_kind, sends_nothing};

/// Each member is somewhere else in memory: what is to be looked at so many members later is fetched meanwhile.
const AHEAD: usize = 16;

/// `network_create_group`.
pub(crate) fn create_group() -> Result<Handle> {
    CONTEXT.registry.groups.create()
}

/// `network_group_add`: whether the socket was not a member yet.
pub(crate) fn group_add(group: Handle, socket: Handle) -> Result<bool> {
    let group = CONTEXT.registry.group(group)?;
    group.add(&CONTEXT.registry.get(socket)?)
}

/// `network_group_remove`: whether the socket was a member.
pub(crate) fn group_remove(group: Handle, socket: Handle) -> Result<bool> {
    let group = CONTEXT.registry.group(group)?;
    let socket = CONTEXT.registry.get(socket)?;
    group.remove(&socket)
}

/// `network_group_size`.
pub(crate) fn group_size(group: Handle) -> Result<usize> {
    Ok(CONTEXT.registry.group(group)?.members().len())
}

/// `network_group_send_packet` and, without a header, `network_group_send_raw`. Returns how many took
/// the message.
pub(crate) fn group_send(group: Handle, raw: bool, payload: &[u8], except: Option<Handle>) -> Result<usize> {
    let group = CONTEXT.registry.group(group)?;
    if let Some(except) = except {
        CONTEXT.registry.get(except)?;
    }
    let form = if raw { Form::Binary } else { Form::Packet };
    let members = group.members();
    let mut message = Message::new(form, payload);
    let mut burst = CONTEXT.burst(members.len());
    let members = members.as_slice();
    let mut took = 0;
    for (index, member) in members.iter().enumerate() {
        if let Some(later) = members.get(index + AHEAD) {
            sys::prefetch(&**later);
        }
        if Some(member.handle) != except && message.send(member, &mut burst).is_ok() {
            took += 1;
        }
    }
    Ok(took)
}

/// `network_send_packet_many`. Tells `note` of each socket what `network_send_packet` would have
/// returned; returns how many took the message.
pub(crate) fn send_packet_many(
    sockets: impl ExactSizeIterator<Item = Result<Handle>>,
    payload: &[u8],
    mut note: impl FnMut(Result<usize>),
) -> usize {
    let registry = CONTEXT.registry.read();
    let mut message = Message::new(Form::Packet, payload);
    let mut burst = CONTEXT.burst(sockets.len());
    let mut took = 0;
    for handle in sockets {
        let sent = handle.and_then(|handle| match registry.get(handle) {
            Some(socket) => message.send(socket, &mut burst),
            None => Err(CONTEXT.registry.no_socket(handle)),
        });
        took += usize::from(sent.is_ok());
        note(sent);
    }
    took
}

/// One message in the forms it has on the wire, each made when it is first needed.
struct Message<'a> {
    form: Form,
    payload: &'a [u8],
    stream: Option<Encoded>,
    frame: Option<Encoded>,
}

struct Encoded {
    message: SharedMessage,
    /// How many of them count as sent.
    sent: usize,
}

impl<'a> Message<'a> {
    fn new(form: Form, payload: &'a [u8]) -> Self {
        Self { form, payload, stream: None, frame: None }
    }

    /// Puts the message into a socket's queue. Returns how many bytes count as sent.
    #[inline]
    fn send(&mut self, socket: &Socket, burst: &mut Burst<'_>) -> Result<usize> {
        let mut host = socket.host.lock();
        check_kind(&host, self.form)?;
        if sends_nothing(socket, self.form, self.payload) {
            return Ok(0);
        }
        host.check_room(socket, self.payload.len()).inspect_err(|_| count(&socket.traffic.dropped, 1))?;
        count(&socket.traffic.packets_sent, 1);
        let Self { form, payload, .. } = *self;
        let encoded = match socket.encoder() {
            // Each is masked with a key of its own.
            own @ Encoder::WebSocket(frames) if frames.side() == Side::Client => {
                burst.announce(socket, &mut host);
                return Ok(host.queue.push(payload.len(), |bytes| own.message(bytes, form, payload)));
            }
            stream @ Encoder::Stream => {
                &*self.stream.get_or_insert_with(|| Encoded::new(stream, form, payload))
            }
            frames => &*self.frame.get_or_insert_with(|| Encoded::new(frames, form, payload)),
        };
        burst.announce(socket, &mut host);
        host.queue.push_shared(&encoded.message);
        Ok(encoded.sent)
    }
}

impl Encoded {
    fn new(encoder: Encoder, form: Form, payload: &[u8]) -> Self {
        let mut bytes = Vec::with_capacity(payload.len() + MOST_HEADERS);
        let sent = encoder.message(&mut bytes, form, payload);
        Self { message: SharedMessage::new(bytes, payload.len()), sent }
    }
}
