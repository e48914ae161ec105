use std::io::{self, IoSlice, Write};
use std::time::Duration;

use std::net::SocketAddr;
use std::os::windows::io::AsRawSocket;
use std::sync::Once;

use mio::net::{TcpListener, TcpStream};
use socket2::{SockAddr, SockRef, Socket, TcpKeepalive, Type};
use windows_sys::Win32::Foundation::{HANDLE_FLAG_INHERIT, SetHandleInformation};
use windows_sys::Win32::Media::{TIMERR_NOERROR, timeBeginPeriod, timeEndPeriod};
use windows_sys::Win32::Networking::WinSock::{
    SIO_UDP_CONNRESET, SIO_UDP_NETRESET, SO_EXCLUSIVEADDRUSE, SOL_SOCKET, WSAEACCES, WSAEADDRNOTAVAIL,
    WSAEAFNOSUPPORT, WSAEMFILE, WSAENOBUFS, WSAENOPROTOOPT, WSAEPROTONOSUPPORT, WSAIoctl, setsockopt,
};
use windows_sys::Win32::System::LibraryLoader::{
    GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS, GET_MODULE_HANDLE_EX_FLAG_PIN, GetModuleHandleExW,
};

/// Windows re-arms readiness only when a read says "would block".
pub(crate) const DRAINED_BY_SHORT_READ: bool = false;

/// Whether a datagram socket can get the port of one that still has it: an exclusive one never shares it later.
pub(crate) const DATAGRAM_PORTS_OVERLAP: bool = false;

/// The most that is written at once. While less than its send buffer waits, Windows takes a write of any
/// size whole; but what the peer has not taken must stay in our queue, where it counts.
const LARGEST_WRITE: usize = 64 << 10;

/// The grain of timeouts that is asked for, in milliseconds.
const TIMER_GRAIN: u32 = 1;

/// What a connect to a port says where nobody listens.
pub(crate) const CONNECTION_REFUSED: i32 = 10061;

pub(crate) fn is_descriptor_limit(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(WSAEMFILE | WSAENOBUFS))
}

/// Accepting fails for want of memory only where somebody waits.
pub(crate) fn somebody_waits(_: &TcpListener) -> bool {
    true
}

pub(crate) fn is_connect_pending(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::WouldBlock
}

/// Windows has no such limit; the number only sizes caps that depend on it.
pub(crate) fn raise_descriptor_limit() -> u64 {
    1 << 24
}

/// Runs `start`, which starts a thread. From then on this library stays loaded, whatever its host unloads: the
/// thread is in the middle of its code. Windows has no signals to keep away.
pub(crate) fn start_thread<T>(start: impl FnOnce() -> T) -> T {
    static PINNED: Once = Once::new();
    PINNED.call_once(|| {
        let mut module = std::ptr::null_mut();
        let here = (&raw const PINNED).cast();
        // SAFETY: the address is one inside this module, and the call writes `module` alone.
        unsafe {
            GetModuleHandleExW(
                GET_MODULE_HANDLE_EX_FLAG_PIN | GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS,
                here,
                &mut module,
            )
        };
    });
    start()
}

/// Writes to standard error as far as that goes.
pub(crate) fn write_to_stderr(bytes: &[u8]) {
    let _ = io::Write::write_all(&mut io::stderr(), bytes);
}

/// Windows does not fork.
pub(crate) fn in_forked_children(_note: extern "C" fn()) {}

/// Binds a server's socket to a port that is its own: otherwise anybody who sets SO_REUSEADDR could steal it. An exclusive
/// port cannot be had while connections to it are still there; where those `were_ours` it is taken without, which no more
/// than one socket can do either.
pub(crate) fn bind_listener(socket: &Socket, address: &SockAddr, were_ours: bool) -> io::Result<()> {
    set_exclusive(socket, true)?;
    match socket.bind(address) {
        Err(error) if were_ours && is_port_taken(&error) => {
            set_exclusive(socket, false)?;
            socket.bind(address)
        }
        result => result,
    }
}

/// Binds a reservation: a port that nobody has, and that connections can share from then on. Only sockets that want to
/// share before they are bound can do so, and those take any port: whether it is free another socket finds out. A
/// connection that is still closing may have one that was `released` a moment ago.
pub(crate) fn reserve_port(reservation: &Socket, address: &SockAddr, released: bool) -> io::Result<()> {
    let scout = Socket::new(address.domain(), Type::STREAM, None)?;
    if address.is_ipv6() {
        scout.set_only_v6(reservation.only_v6()?)?;
    }
    let bound = match scout.bind(address) {
        Err(error) if released && is_port_taken(&error) => address.clone(),
        result => result.and_then(|()| scout.local_addr())?,
    };
    drop(scout);
    reservation.set_reuse_address(true)?;
    reservation.bind(&bound)
}

/// Lets a connection have the port that the reservation for it holds.
pub(crate) fn share_outgoing_port(socket: &Socket) -> io::Result<()> {
    socket.set_reuse_address(true)
}

/// Whether several sockets may listen on one port.
pub(crate) const HAS_SHARED_PORTS: bool = false;

/// There is nothing like it here.
pub(crate) fn share_port(_socket: &Socket) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Lets other datagram sockets of this machine have the port too, each with its copy of broadcasts.
pub(crate) fn share_datagram_port(socket: &Socket) -> io::Result<()> {
    socket.set_reuse_address(true)
}

/// A datagram socket's port is its own.
pub(crate) fn keep_datagram_port(socket: &Socket) -> io::Result<()> {
    set_exclusive(socket, true)
}

fn set_exclusive(socket: &Socket, exclusive: bool) -> io::Result<()> {
    let exclusive = i32::from(exclusive);
    // SAFETY: the option takes a BOOL, which is read during the call.
    let failed = unsafe {
        setsockopt(
            socket.as_raw_socket() as usize,
            SOL_SOCKET,
            SO_EXCLUSIVEADDRUSE,
            (&raw const exclusive).cast(),
            size_of::<i32>() as i32,
        )
    };
    if failed == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Whether a bind failed because somebody has the port: access to an exclusive one is denied.
pub(crate) fn is_port_taken(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::AddrInUse || error.raw_os_error() == Some(WSAEACCES)
}

/// Whether a socket cannot be made or bound because this machine lacks its address family.
pub(crate) fn is_family_missing(error: &io::Error) -> bool {
    matches!(
        error.raw_os_error(),
        Some(WSAEAFNOSUPPORT | WSAEPROTONOSUPPORT | WSAEADDRNOTAVAIL | WSAENOPROTOOPT)
    )
}

/// The bytes to offer the system in one write.
#[inline]
pub(crate) fn one_write(bytes: &[u8]) -> &[u8] {
    &bytes[..bytes.len().min(LARGEST_WRITE)]
}

/// The most pieces that are offered in one write.
pub(crate) const MOST_PIECES: usize = 64;

/// Writes several pieces in their order, but no more than one write may.
pub(crate) fn write_pieces(stream: &TcpStream, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
    let mut room = LARGEST_WRITE;
    let fit = pieces.iter().take_while(|piece| {
        let fits = piece.len() <= room;
        room = room.saturating_sub(piece.len());
        fits
    });
    match (fit.count(), pieces) {
        (0, [first, ..]) => (&*stream).write(one_write(first)),
        (count, _) => stream.try_io(|| SockRef::from(stream).send_vectored(&pieces[..count])),
    }
}

/// While this exists, timeouts are not rounded up to the 15.6 ms of Windows' clock.
pub(crate) struct PreciseTimers {
    begun: bool,
}

impl PreciseTimers {
    pub(crate) fn begin() -> Self {
        // SAFETY: it takes a number.
        Self { begun: unsafe { timeBeginPeriod(TIMER_GRAIN) } == TIMERR_NOERROR }
    }
}

impl Drop for PreciseTimers {
    fn drop(&mut self) {
        if self.begun {
            // SAFETY: the other half of the call that succeeded.
            unsafe { timeEndPeriod(TIMER_GRAIN) };
        }
    }
}

/// Windows chooses the port when the socket is bound.
pub(crate) fn choose_port_on_connect(_socket: &Socket) {}

/// The standard library's accept, and so mio's, panics at a connection that was reset so soon that it has no address
/// any more.
pub(crate) fn accept(listener: &TcpListener) -> io::Result<(TcpStream, SocketAddr)> {
    let (socket, address) = match SockRef::from(listener).accept() {
        // mio tells of the next connection once it has heard this itself.
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => return listener.accept(),
        result => result?,
    };
    let address = address.as_socket().ok_or(io::ErrorKind::ConnectionAborted)?;
    socket.set_nonblocking(true)?;
    Ok((TcpStream::from_std(socket.into()), address))
}

/// Accepted sockets would be inherited by the host's child processes, which then keep the connection open.
pub(crate) fn prepare_stream(stream: &TcpStream) -> io::Result<()> {
    // SAFETY: the handle is that of a socket that is alive.
    let done = unsafe { SetHandleInformation(stream.as_raw_socket() as _, HANDLE_FLAG_INHERIT, 0) };
    if done != 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
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

pub(crate) fn round_trip_micros(_stream: &TcpStream) -> Option<(u32, u32)> {
    None
}

/// Windows fragments by default, and it reports what ICMP says of an earlier datagram (nobody there, lifetime
/// over) as an error of the next receive, unless told not to: UDP goes on without those.
pub(crate) fn prepare_datagrams(socket: &Socket, _ipv6: bool) {
    for report in [SIO_UDP_CONNRESET, SIO_UDP_NETRESET] {
        let wanted: u32 = 0;
        let mut returned = 0;
        // SAFETY: the control codes take a BOOL, which is read during the call, and give nothing back.
        unsafe {
            WSAIoctl(
                socket.as_raw_socket() as usize,
                report,
                (&raw const wanted).cast(),
                size_of::<u32>() as u32,
                std::ptr::null_mut(),
                0,
                &mut returned,
                std::ptr::null_mut(),
                None,
            );
        }
    }
}

/// Windows writes zones as numbers.
pub(crate) fn interface_index(_name: &str) -> Option<u32> {
    None
}

pub(crate) fn interface_name(_index: u32) -> Option<String> {
    None
}

/// There are no descriptors here that could be waited for.
#[derive(Debug)]
pub(crate) struct Flag;

impl Flag {
    pub(crate) fn new() -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub(crate) fn descriptor(&self) -> i32 {
        -1
    }

    pub(crate) fn raise(&self) {}

    pub(crate) fn lower(&self) {}

    pub(crate) fn register(&self, _registry: &mio::Registry, _token: mio::Token) -> io::Result<()> {
        Ok(())
    }
}
