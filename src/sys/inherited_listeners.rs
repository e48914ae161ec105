//! Listening sockets that systemd opened before the program began: `LISTEN_FDS` of sd_listen_fds(3). A server
//! created on the port of one takes it over.

use parking_lot::Mutex;
use socket2::{SockAddr, Socket, Type};
use std::io;
use std::os::fd::{FromRawFd, OwnedFd, RawFd};

/// Descriptors begin behind standard input, output and error.
const FIRST: RawFd = 3;

/// Those not yet taken; `None` until the environment was looked at.
static LEFT: Mutex<Option<Vec<RawFd>>> = Mutex::new(None);

/// The listening TCP socket that was passed for this port and address, if there is one. It is given once.
pub(crate) fn take_listener(fits: impl Fn(&std::net::SocketAddr) -> bool) -> Option<Socket> {
    let mut left = LEFT.lock();
    let left = left.get_or_insert_with(passed);
    let at = left.iter().position(|&descriptor| {
        // SAFETY: systemd has opened it for this process, and nobody else here knows of it. It stays open: what
        // borrows it is forgotten.
        let socket = std::mem::ManuallyDrop::new(unsafe { Socket::from_raw_fd(descriptor) });
        is_listener(&socket).unwrap_or(false)
            && socket
                .local_addr()
                .ok()
                .and_then(|address: SockAddr| address.as_socket())
                .is_some_and(|address| fits(&address))
    })?;
    // SAFETY: as above, and it is taken off the list, so that it has this one owner.
    let socket = Socket::from(unsafe { OwnedFd::from_raw_fd(left.swap_remove(at)) });
    (socket.set_cloexec(true).is_ok() && socket.set_nonblocking(true).is_ok()).then_some(socket)
}

fn is_listener(socket: &Socket) -> io::Result<bool> {
    Ok(socket.r#type()? == Type::STREAM && socket.is_listener()?)
}

/// What the environment says was passed to this very process.
fn passed() -> Vec<RawFd> {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u32>().ok());
    if number("LISTEN_PID") != Some(std::process::id()) {
        return Vec::new();
    }
    let count = number("LISTEN_FDS").unwrap_or(0).min(1024) as RawFd;
    (FIRST..FIRST + count).collect()
}
