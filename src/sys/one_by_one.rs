//! Datagrams one at a time, for systems without calls that take many.

use std::io;
use std::net::{IpAddr, SocketAddr};

use mio::net::UdpSocket;

use super::arrived::{Arrived, canonical};

/// Room that the largest datagram needs.
const LARGEST: usize = 1 << 16;
/// Datagrams received before the caller has a look.
const MOST: usize = 64;

/// Receives datagrams into memory of the caller's, one behind the other.
#[derive(Default)]
pub(crate) struct DatagramReader {
    arrived: Vec<Arrived>,
}

impl DatagramReader {
    /// Receives what there is, up to a batch. True if there may be more.
    pub(crate) fn receive(&mut self, io: &UdpSocket, room: &mut [u8]) -> io::Result<bool> {
        self.arrived.clear();
        let mut start = 0;
        while self.arrived.len() < MOST && room.len() - start >= LARGEST {
            match io.recv_from(&mut room[start..]) {
                Ok((size, from)) => {
                    self.arrived.push(Arrived {
                        from: canonical(from),
                        to: None,
                        start,
                        size,
                        kept: size,
                        overflow: 0,
                    });
                    start += size;
                }
                Err(error) if self.arrived.is_empty() => return Err(error),
                // Whatever it is, the next call meets it again.
                Err(error) => return Ok(error.kind() != io::ErrorKind::WouldBlock),
            }
        }
        Ok(true)
    }

    /// What the last call received, in order.
    pub(crate) fn arrived(&self) -> &[Arrived] {
        &self.arrived
    }

    /// Datagrams always fit.
    pub(crate) fn overflow(&self, _datagram: &Arrived) -> &[u8] {
        &[]
    }

    /// They lie close together already.
    pub(crate) fn pack(&mut self, _room: &mut [u8]) {}
}

/// Sends datagrams.
#[derive(Debug, Default)]
pub(crate) struct DatagramWriter;

impl DatagramWriter {
    /// Sends datagrams until there are no more or the system takes no more; returns how many have
    /// left. An error is that of the first. `ipv6` says that the socket's own addresses are IPv6.
    pub(crate) fn send<'a>(
        &mut self,
        io: &UdpSocket,
        ipv6: bool,
        _source: impl Fn(SocketAddr) -> Option<IpAddr>,
        datagrams: impl Iterator<Item = (SocketAddr, &'a [u8])> + Clone,
    ) -> io::Result<usize> {
        let mut sent = 0;
        for (to, bytes) in datagrams {
            let to = match to {
                SocketAddr::V4(v4) if ipv6 => (v4.ip().to_ipv6_mapped(), v4.port()).into(),
                to => to,
            };
            match io.send_to(bytes, to) {
                Ok(_) => sent += 1,
                Err(error) if sent == 0 => return Err(error),
                Err(_) => break,
            }
        }
        Ok(sent)
    }
}

/// Datagrams that the kernel has dropped because the socket's buffer was full, where it tells.
pub(crate) fn kernel_drops(_io: &UdpSocket) -> Option<u32> {
    None
}

/// Here answers come from whichever address the system chooses.
pub(crate) fn tell_destinations(_socket: &socket2::Socket, _ipv6: bool) {}
