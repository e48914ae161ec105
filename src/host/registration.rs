//! What making a socket of any kind comes to.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use crate::context::CONTEXT;
use crate::error::{Code, Error, Result};
use crate::log::{self, Level};
use crate::options::Settings;
use crate::socket::{Family, Socket, SocketRole};
use crate::{runtime, sys};

/// A new socket, and a reactor for it.
pub(crate) fn register(
    role: SocketRole,
    family: Family,
    regular: bool,
    settings: Arc<Settings>,
) -> Result<Arc<Socket>> {
    let socket = CONTEXT.registry.insert(role, family, regular, settings)?;
    runtime::start().inspect_err(|_| drop(CONTEXT.registry.remove(socket.handle)))?;
    Ok(socket)
}

pub(crate) fn bind_failed(port: u16, error: &io::Error) -> Error {
    let what = format!("cannot use port {port}");
    if sys::is_port_taken(error) {
        return Error::new(Code::AddressInUse, format!("{what}: {error}"));
    }
    Error::from_io(&what, error)
}

/// Binds `port` on all addresses of both families, by `bind`, which is told whether the socket is for both. Where there is
/// no IPv6 it is IPv4 alone: the second value says whether it is both. Any other failure is one: a server that
/// silently listened on half of its addresses would be hard to find out about.
pub(crate) fn bind_to_all<T>(
    port: u16,
    bind: impl Fn(IpAddr, bool) -> io::Result<T>,
) -> io::Result<(T, bool)> {
    match bind(Ipv6Addr::UNSPECIFIED.into(), true) {
        Ok(socket) => Ok((socket, true)),
        Err(error) if sys::is_family_missing(&error) => {
            log::write(
                Level::Warning,
                format_args!("port {port} is bound for IPv4 alone: no IPv6 here ({error})"),
            );
            bind(Ipv4Addr::UNSPECIFIED.into(), false).map(|socket| (socket, false))
        }
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What becomes of a bind whose first try, for both families, fails like this.
    #[cfg(unix)]
    fn after(code: i32) -> io::Result<(IpAddr, bool)> {
        bind_to_all(0, |ip, both| if both { Err(io::Error::from_raw_os_error(code)) } else { Ok(ip) })
    }

    #[cfg(unix)]
    #[test]
    fn ipv4_alone_is_for_machines_without_ipv6() {
        assert_eq!(after(libc::EAFNOSUPPORT).unwrap(), (Ipv4Addr::UNSPECIFIED.into(), false));
        for code in [libc::EADDRINUSE, libc::EACCES, libc::ENOBUFS, libc::EMFILE] {
            assert_eq!(after(code).unwrap_err().raw_os_error(), Some(code));
        }
    }
}
