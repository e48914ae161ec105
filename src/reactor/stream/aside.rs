//! What few connections have, or have only until they are open: a word does for all others.

use crate::address::PeerName;
use crate::clock::Millis;
use crate::error::Error;
use crate::newcomers::Newcomer;
use crate::proxy::Header;
use crate::reactor::connect::pending::PendingConnect;
use crate::socket::Socket;

use super::throttle::Throttle;

#[derive(Default)]
pub(super) struct Aside {
    /// The peer, where no server's client has its address.
    pub(super) ip: Option<PeerName>,
    /// Of a connection that a server accepted until it has finished its handshake; of a refused one to its end.
    pub(super) newcomer: Option<Box<Newcomer>>,
    /// A connect that is not yet reported to the host.
    pub(super) opening: Option<Box<PendingConnect>>,
    /// What a proxy says first, until that has come whole.
    pub(super) proxy: Option<Box<Header>>,
    /// How fast it is read, where the host limits that.
    pub(super) throttle: Option<Throttle>,
    /// What a write failed with; told to the host after all that had arrived was read.
    pub(super) write_error: Option<Error>,
    /// When the handshake or the closing must be over; 0 if there is no such time.
    pub(super) deadline: Millis,
    /// 0 where there is none.
    pub(super) read_timeout: u32,
    pub(super) write_timeout: u32,
}

impl Aside {
    pub(super) fn is_empty(&self) -> bool {
        let Self { ip, newcomer, opening, proxy, throttle, write_error, .. } = self;
        let Self { deadline, read_timeout, write_timeout, .. } = *self;
        ip.is_none()
            && newcomer.is_none()
            && opening.is_none()
            && proxy.is_none()
            && throttle.is_none()
            && write_error.is_none()
            && (deadline, read_timeout, write_timeout) == (0, 0, 0)
    }
}

/// The peer's address, for who has borrowed the rest of the stream.
#[inline]
pub(super) fn ip_of<'a>(socket: Option<&'a Socket>, aside: Option<&'a Aside>) -> Option<&'a PeerName> {
    let of_client = socket.and_then(|socket| socket.peer.as_ref());
    of_client.or_else(|| aside?.ip.as_ref())
}
