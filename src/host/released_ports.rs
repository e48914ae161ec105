//! Local ports that this process has had for connections and given back. Connections that still close
//! hold such a port towards their peers; for us it is free again at once.

use std::collections::BTreeSet;

use parking_lot::Mutex;

use crate::socket::{Socket, SocketRole};

static RELEASED: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());

/// A socket is about to be destroyed: notes the local port it was given, if it was given one.
pub(crate) fn note(socket: &Socket) {
    if socket.role != SocketRole::Client {
        return;
    }
    let port = socket.host.lock().local_endpoint.as_ref().map_or(0, |endpoint| endpoint.local.port);
    if port != 0 {
        RELEASED.lock().insert(port);
    }
}

/// Whether the port was ours, and no socket of ours has it now.
pub(crate) fn contains(port: u16) -> bool {
    RELEASED.lock().contains(&port)
}

/// A socket has the port.
pub(crate) fn remove(port: u16) {
    RELEASED.lock().remove(&port);
}
