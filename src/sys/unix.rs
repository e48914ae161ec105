use std::io::{self, IoSlice};
use std::mem::MaybeUninit;
use std::os::fd::AsRawFd;
use std::time::Duration;

use std::net::SocketAddr;

use mio::net::{TcpListener, TcpStream};
use socket2::{SockAddr, SockRef, Socket, TcpKeepalive};

/// With epoll and kqueue a read that returned less than it was offered has emptied the socket; the
/// next arrival is a new edge. Saves the read that would only say "would block".
pub(crate) const DRAINED_BY_SHORT_READ: bool = true;

/// Whether a datagram socket can get the port of one that still has it, if both want that.
pub(crate) const DATAGRAM_PORTS_OVERLAP: bool = true;

/// What a connect to a port says where nobody listens.
pub(crate) const CONNECTION_REFUSED: i32 = libc::ECONNREFUSED;

pub(crate) fn is_descriptor_limit(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::EMFILE | libc::ENFILE | libc::ENOBUFS | libc::ENOMEM))
}

/// Whether somebody waits to be accepted. (Without a descriptor to be had, accepting fails also where nobody does.)
pub(crate) fn somebody_waits(listener: &TcpListener) -> bool {
    let mut asked = libc::pollfd { fd: listener.as_raw_fd(), events: libc::POLLIN, revents: 0 };
    // SAFETY: one descriptor, which the listener keeps open meanwhile; it returns at once.
    unsafe { libc::poll(&mut asked, 1, 0) > 0 }
}

pub(crate) fn is_connect_pending(error: &io::Error) -> bool {
    error.raw_os_error() == Some(libc::EINPROGRESS) || error.kind() == io::ErrorKind::WouldBlock
}

/// Raises the soft limit of file descriptors to the hard one and returns what then holds.
pub(crate) fn raise_descriptor_limit() -> u64 {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: getrlimit and setrlimit read and write only the struct they are given.
    unsafe {
        if libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit) != 0 {
            return 1024;
        }
        if limit.rlim_cur < limit.rlim_max {
            let raised = libc::rlimit { rlim_cur: limit.rlim_max, rlim_max: limit.rlim_max };
            if libc::setrlimit(libc::RLIMIT_NOFILE, &raised) == 0 {
                limit = raised;
            }
        }
    }
    // `rlim_t` is 64 bits wide on the common targets only.
    #[allow(clippy::useless_conversion, clippy::unnecessary_cast)]
    let soft = limit.rlim_cur as u64;
    soft
}

/// Runs `start`, which starts a thread: one that never takes the host's signals. (The linker has marked the library
/// as one that is never unloaded.)
pub(crate) fn start_thread<T>(start: impl FnOnce() -> T) -> T {
    without_signals(start)
}

/// Runs `start` with all signals blocked, also in a thread that it starts.
fn without_signals<T>(start: impl FnOnce() -> T) -> T {
    let mut before = MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: both sets live on this stack; sigfillset initialises the first and pthread_sigmask
    // the second. The mask belongs to this thread alone and is put back below.
    let blocked = unsafe {
        let mut all = MaybeUninit::<libc::sigset_t>::uninit();
        libc::sigfillset(all.as_mut_ptr());
        libc::pthread_sigmask(libc::SIG_SETMASK, all.as_ptr(), before.as_mut_ptr()) == 0
    };
    let result = start();
    if blocked {
        // SAFETY: `before` was filled in by the call above.
        unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, before.as_ptr(), std::ptr::null_mut()) };
    }
    result
}

/// Writes to standard error as far as that goes. The SIGPIPE that it raises where nobody reads any more
/// is taken back, for it would be the host's.
pub(crate) fn write_to_stderr(bytes: &[u8]) {
    let is_pending = || {
        let mut pending = MaybeUninit::<libc::sigset_t>::uninit();
        // SAFETY: sigpending initialises the set, which lives on this stack.
        unsafe {
            libc::sigpending(pending.as_mut_ptr()) == 0
                && libc::sigismember(pending.as_ptr(), libc::SIGPIPE) == 1
        }
    };
    without_signals(|| {
        let was_pending = is_pending();
        // SAFETY: the bytes are there for the whole call.
        let written = unsafe { libc::write(libc::STDERR_FILENO, bytes.as_ptr().cast(), bytes.len()) };
        let broken = written < 0 && io::Error::last_os_error().kind() == io::ErrorKind::BrokenPipe;
        if broken && !was_pending && is_pending() {
            let mut pipe = MaybeUninit::<libc::sigset_t>::uninit();
            let mut taken = 0;
            // SAFETY: the set is initialised here; the signal is pending, so that this does not wait.
            unsafe {
                libc::sigemptyset(pipe.as_mut_ptr());
                libc::sigaddset(pipe.as_mut_ptr(), libc::SIGPIPE);
                libc::sigwait(pipe.as_ptr(), &mut taken);
            }
        }
    });
}

/// Has `note` called in every process that is forked from this one, before anything else runs there.
pub(crate) fn in_forked_children(note: extern "C" fn()) {
    // SAFETY: the handler only stores to an atomic. Where memory is short nobody is told.
    unsafe { libc::pthread_atfork(None, None, Some(note)) };
}

/// Binds a server's socket, also while old connections are in TIME_WAIT. On Unix this does not let two servers listen
/// on one port.
pub(crate) fn bind_listener(socket: &Socket, address: &SockAddr, _were_ours: bool) -> io::Result<()> {
    socket.set_reuse_address(true)?;
    socket.bind(address)
}

/// Binds a reservation: a port that nobody has, and that connections can share from then on. Connections in TIME_WAIT
/// may still have one that was `released` a moment ago.
pub(crate) fn reserve_port(reservation: &Socket, address: &SockAddr, released: bool) -> io::Result<()> {
    if released {
        reservation.set_reuse_address(true)?;
    }
    reservation.bind(address)?;
    reservation.set_reuse_address(true)
}

/// Lets a connection have the port that the reservation for it holds.
pub(crate) fn share_outgoing_port(socket: &Socket) -> io::Result<()> {
    socket.set_reuse_address(true)
}

/// Whether several sockets may listen on one port.
pub(crate) const HAS_SHARED_PORTS: bool = true;

/// Lets others that do the same bind to the socket's port too.
pub(crate) fn share_port(socket: &Socket) -> io::Result<()> {
    socket.set_reuse_port(true)
}

/// Lets other datagram sockets of this machine have the port too, each with its copy of broadcasts.
pub(crate) fn share_datagram_port(socket: &Socket) -> io::Result<()> {
    socket.set_reuse_address(true)?;
    // What Linux does with the one option, BSD's descendants do with the other.
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    socket.set_reuse_port(true)?;
    Ok(())
}

/// A datagram socket's port is its own by default.
pub(crate) fn keep_datagram_port(_socket: &Socket) -> io::Result<()> {
    Ok(())
}

/// Whether a bind failed because somebody has the port.
pub(crate) fn is_port_taken(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::AddrInUse
}

/// Whether a socket cannot be made or bound because this machine lacks its address family.
pub(crate) fn is_family_missing(error: &io::Error) -> bool {
    matches!(
        error.raw_os_error(),
        Some(libc::EAFNOSUPPORT | libc::EPROTONOSUPPORT | libc::EADDRNOTAVAIL | libc::ENOPROTOOPT)
    )
}

/// The bytes to offer the system in one write: it takes what its buffer has room for.
#[inline]
pub(crate) fn one_write(bytes: &[u8]) -> &[u8] {
    bytes
}

/// The most pieces that are offered in one write.
pub(crate) const MOST_PIECES: usize = 64;

/// Writes several pieces in their order as far as the system has room; no SIGPIPE where the peer is gone.
pub(crate) fn write_pieces(stream: &TcpStream, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
    // What a plain write does as well; on Apple's systems the socket's option does it.
    #[cfg(not(target_vendor = "apple"))]
    const FLAGS: libc::c_int = libc::MSG_NOSIGNAL;
    #[cfg(target_vendor = "apple")]
    const FLAGS: libc::c_int = 0;
    stream.try_io(|| SockRef::from(stream).send_vectored_with_flags(pieces, FLAGS))
}

/// Timeouts are precise anyway.
pub(crate) struct PreciseTimers;

impl PreciseTimers {
    pub(crate) fn begin() -> Self {
        Self
    }
}

/// Sets an option that socket2 does not know. Where the system refuses it, its default holds.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn set_option(socket: &Socket, level: libc::c_int, option: libc::c_int, value: libc::c_int) {
    // SAFETY: the options set with this take an int, which is read during the call.
    unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            level,
            option,
            (&raw const value).cast(),
            size_of::<libc::c_int>() as libc::socklen_t,
        )
    };
}

/// A socket that binds to an address and port 0 gets its port when it connects: a port chosen while
/// binding has to be free towards all peers, and the system would run out of those.
pub(crate) fn choose_port_on_connect(socket: &Socket) {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    set_option(socket, libc::IPPROTO_IP, libc::IP_BIND_ADDRESS_NO_PORT, 1);
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    let _ = socket;
}

pub(crate) fn accept(listener: &TcpListener) -> io::Result<(TcpStream, SocketAddr)> {
    listener.accept()
}

/// No write on this socket may raise SIGPIPE. Elsewhere than on Apple's systems every send carries
/// `MSG_NOSIGNAL` instead.
pub(crate) fn prepare_stream(stream: &TcpStream) -> io::Result<()> {
    #[cfg(target_vendor = "apple")]
    SockRef::from(stream).set_nosigpipe(true)?;
    #[cfg(not(target_vendor = "apple"))]
    let _ = SockRef::from(stream);
    Ok(())
}

/// Datagrams larger than the path's MTU are to be fragmented, by whoever has to.
pub(crate) fn prepare_datagrams(socket: &Socket, ipv6: bool) {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    {
        // Also for IPv6 sockets, which may carry IPv4.
        set_option(socket, libc::IPPROTO_IP, libc::IP_MTU_DISCOVER, libc::IP_PMTUDISC_DONT);
        if ipv6 {
            set_option(socket, libc::IPPROTO_IPV6, libc::IPV6_MTU_DISCOVER, libc::IPV6_PMTUDISC_DONT);
        }
    }
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    let _ = (socket, ipv6);
}

/// Has the system find out whether a silent peer is still there, and give up one that takes
/// nothing; 0 stops that. Systems that do not know an option go without it.
pub(crate) fn set_keepalive(stream: &TcpStream, ms: u32) {
    let socket = SockRef::from(stream);
    if ms == 0 {
        let _ = socket.set_keepalive(false);
    } else {
        let idle = Duration::from_millis(u64::from(ms)).max(Duration::from_secs(1));
        let _ = socket.set_tcp_keepalive(&TcpKeepalive::new().with_time(idle).with_interval(idle));
    }
    #[cfg(any(target_os = "linux", target_os = "android"))]
    {
        let _ = socket.set_tcp_user_timeout((ms != 0).then(|| Duration::from_millis(2 * u64::from(ms))));
    }
}

/// The kernel's smoothed round trip of a connection and its variation, where it tells. (Android's libc crate has no `tcp_info`.)
#[cfg(target_os = "linux")]
pub(crate) fn round_trip_micros(stream: &TcpStream) -> Option<(u32, u32)> {
    let mut info = MaybeUninit::<libc::tcp_info>::zeroed();
    let mut length = size_of::<libc::tcp_info>() as libc::socklen_t;
    // SAFETY: the kernel writes at most `length` bytes into `info`, whose all-zero value is valid.
    let info = unsafe {
        let done = libc::getsockopt(
            stream.as_raw_fd(),
            libc::IPPROTO_TCP,
            libc::TCP_INFO,
            info.as_mut_ptr().cast(),
            &mut length,
        );
        if done != 0 {
            return None;
        }
        info.assume_init()
    };
    Some((info.tcpi_rtt, info.tcpi_rttvar))
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn round_trip_micros(_stream: &TcpStream) -> Option<(u32, u32)> {
    None
}

/// The number of a network interface that goes by `name`.
pub(crate) fn interface_index(name: &str) -> Option<u32> {
    let name = std::ffi::CString::new(name).ok()?;
    // SAFETY: the call reads the NUL-terminated name and nothing else.
    match unsafe { libc::if_nametoindex(name.as_ptr()) } {
        0 => None,
        index => Some(index),
    }
}

/// The name of the network interface with that number.
pub(crate) fn interface_name(index: u32) -> Option<String> {
    let mut name = [0; libc::IF_NAMESIZE];
    // SAFETY: the buffer has the size the call requires; it returns NULL or that buffer, which
    // then holds a NUL-terminated name.
    let name = unsafe {
        let found = libc::if_indextoname(index, name.as_mut_ptr());
        if found.is_null() {
            return None;
        }
        std::ffi::CStr::from_ptr(found)
    };
    name.to_str().ok().map(str::to_owned)
}

#[cfg(target_os = "android")]
use libc::__errno as errno_location;
#[cfg(target_os = "linux")]
use libc::__errno_location as errno_location;
#[cfg(any(target_vendor = "apple", target_os = "freebsd"))]
use libc::__error as errno_location;

/// A descriptor that says by being readable that something is so: a pipe with a byte in it.
#[derive(Debug)]
pub(crate) struct Flag {
    read: std::os::fd::OwnedFd,
    write: std::os::fd::OwnedFd,
}

impl Flag {
    pub(crate) fn new() -> io::Result<Self> {
        let (read, write) = std::io::pipe()?;
        for descriptor in [read.as_raw_fd(), write.as_raw_fd()] {
            // SAFETY: the descriptor is open; its flags are ours to set.
            if unsafe { libc::fcntl(descriptor, libc::F_SETFL, libc::O_NONBLOCK) } != 0 {
                return Err(io::Error::last_os_error());
            }
        }
        Ok(Self { read: read.into(), write: write.into() })
    }

    pub(crate) fn descriptor(&self) -> i32 {
        self.read.as_raw_fd()
    }

    /// For signal handlers too: nothing but a write, and errno is as it was.
    pub(crate) fn raise(&self) {
        // SAFETY: errno's place is this thread's own; the byte is there for the whole call. A pipe that is
        // full is readable as well.
        unsafe {
            let before = *errno_location();
            while libc::write(self.write.as_raw_fd(), [0u8].as_ptr().cast(), 1) < 0
                && *errno_location() == libc::EINTR
            {}
            *errno_location() = before;
        }
    }

    pub(crate) fn lower(&self) {
        let mut bytes = [0u8; 64];
        // SAFETY: the buffer is as long as is said.
        while unsafe { libc::read(self.read.as_raw_fd(), bytes.as_mut_ptr().cast(), bytes.len()) }
            == bytes.len() as isize
        {}
    }

    pub(crate) fn register(&self, registry: &mio::Registry, token: mio::Token) -> io::Result<()> {
        registry.register(&mut mio::unix::SourceFd(&self.descriptor()), token, mio::Interest::READABLE)
    }
}
