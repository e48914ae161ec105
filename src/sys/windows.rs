use std::io;

use mio::net::TcpStream;
use socket2::Socket;

/// Windows re-arms readiness only when a read says "would block".
pub(crate) const DRAINED_BY_SHORT_READ: bool = false;

const WSAEMFILE: i32 = 10024;
const WSAENOBUFS: i32 = 10055;

pub(crate) fn is_descriptor_limit(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(WSAEMFILE | WSAENOBUFS))
}

pub(crate) fn is_connect_pending(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::WouldBlock
}

/// Windows has no such limit; the number only sizes caps that depend on it.
pub(crate) fn raise_descriptor_limit() -> u64 {
    1 << 24
}

/// Windows has no signals to keep away.
pub(crate) fn without_signals<T>(start: impl FnOnce() -> T) -> T {
    start()
}

/// On Windows SO_REUSEADDR would let a second server steal the port, and a restarted server needs
/// no option to take its port again.
pub(crate) fn share_listening_port(_socket: &Socket) -> io::Result<()> {
    Ok(())
}

/// Windows chooses the port when the socket is bound.
pub(crate) fn choose_port_on_connect(_socket: &Socket) {}

pub(crate) fn prepare_stream(_stream: &TcpStream) -> io::Result<()> {
    Ok(())
}

pub(crate) fn round_trip_micros(_stream: &TcpStream) -> Option<u32> {
    None
}

/// Windows writes zones as numbers.
pub(crate) fn interface_index(_name: &str) -> Option<u32> {
    None
}

pub(crate) fn interface_name(_index: u32) -> Option<String> {
    None
}
