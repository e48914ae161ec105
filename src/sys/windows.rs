use std::io;
use std::time::Duration;

use mio::net::TcpStream;
use socket2::{SockRef, Socket, TcpKeepalive};

/// Windows re-arms readiness only when a read says "would block".
pub(crate) const DRAINED_BY_SHORT_READ: bool = false;

const WSAEMFILE: i32 = 10024;
const WSAENOBUFS: i32 = 10055;

/// What a connect to a port says where nobody listens.
pub(crate) const CONNECTION_REFUSED: i32 = 10061;

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

/// Writes to standard error as far as that goes.
pub(crate) fn write_to_stderr(bytes: &[u8]) {
    let _ = io::Write::write_all(&mut io::stderr(), bytes);
}

/// Windows does not fork.
pub(crate) fn in_forked_children(_note: extern "C" fn()) {}

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

/// Has the system find out whether a silent peer is still there; 0 stops that.
pub(crate) fn set_keepalive(stream: &TcpStream, ms: u32) {
    let socket = SockRef::from(stream);
    if ms == 0 {
        let _ = socket.set_keepalive(false);
    } else {
        let idle = Duration::from_millis(u64::from(ms)).max(Duration::from_secs(1));
        let _ = socket.set_tcp_keepalive(&TcpKeepalive::new().with_time(idle).with_interval(idle));
    }
}

pub(crate) fn round_trip_micros(_stream: &TcpStream) -> Option<u32> {
    None
}

/// Windows fragments by default, and it reports an ICMP refusal as an error of the next receive,
/// unless told not to: UDP goes on without those.
pub(crate) fn prepare_datagrams(socket: &Socket, _ipv6: bool) {
    use std::os::windows::io::AsRawSocket;
    use windows_sys::Win32::Networking::WinSock::{SIO_UDP_CONNRESET, WSAIoctl};
    let report: u32 = 0;
    let mut returned = 0;
    // SAFETY: the control code takes a BOOL, which is read during the call, and gives nothing back.
    unsafe {
        WSAIoctl(
            socket.as_raw_socket() as usize,
            SIO_UDP_CONNRESET,
            (&raw const report).cast(),
            size_of::<u32>() as u32,
            std::ptr::null_mut(),
            0,
            &mut returned,
            std::ptr::null_mut(),
            None,
        );
    }
}

/// Windows writes zones as numbers.
pub(crate) fn interface_index(_name: &str) -> Option<u32> {
    None
}

pub(crate) fn interface_name(_index: u32) -> Option<String> {
    None
}
