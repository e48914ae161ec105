//! Datagrams by the batch: `recvmmsg`, `sendmmsg`, and segmentation by the kernel.

use std::io;
use std::mem::MaybeUninit;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::os::fd::{AsRawFd, RawFd};

use mio::net::UdpSocket;

use super::arrived::{Arrived, canonical};

/// Datagrams one call receives at the most.
const SLOTS: usize = 64;
/// The fewest offered to a call; more as soon as that many have arrived.
const FEWEST: usize = 8;
/// Room a slot may have in the caller's memory; what is larger is continued in the overflow.
const WIDEST: usize = 2048;
/// No datagram is larger than this.
const OVERFLOW: usize = 1 << 16;
/// Slots become narrower after this many calls that needed only half their width.
const PATIENCE: u32 = 16;

/// Receives datagrams into memory of the caller's, each into a slot of its own. The slots are as
/// wide as datagrams have lately been, so that they lie close together.
pub(crate) struct DatagramReader {
    width: usize,
    offered: usize,
    narrow_calls: u32,
    /// The ends of datagrams that are longer than a slot; pages are touched only by those.
    overflow: Vec<u8>,
    arrived: Vec<Arrived>,
}

impl Default for DatagramReader {
    fn default() -> Self {
        Self {
            width: 512,
            offered: FEWEST,
            narrow_calls: 0,
            overflow: Vec::new(),
            arrived: Vec::with_capacity(SLOTS),
        }
    }
}

impl DatagramReader {
    /// Receives what there is, up to a batch. True if there may be more.
    pub(crate) fn receive(&mut self, io: &UdpSocket, room: &mut [u8]) -> io::Result<bool> {
        self.arrived.clear();
        if self.overflow.is_empty() {
            self.overflow = vec![0; SLOTS * OVERFLOW];
        }
        let width = self.width;
        let offered = self.offered.min(room.len() / width);
        let mut iovecs = [const { MaybeUninit::<[libc::iovec; 2]>::uninit() }; SLOTS];
        let mut names = [const { MaybeUninit::<libc::sockaddr_in6>::uninit() }; SLOTS];
        let mut headers = [const { MaybeUninit::<libc::mmsghdr>::uninit() }; SLOTS];
        let mut controls = [const { MaybeUninit::<Destination>::uninit() }; SLOTS];
        let slots = room.chunks_exact_mut(width).zip(self.overflow.chunks_exact_mut(OVERFLOW));
        for (index, (slot, overflow)) in slots.take(offered).enumerate() {
            let iovec = iovecs[index].write([
                libc::iovec { iov_base: slot.as_mut_ptr().cast(), iov_len: width },
                libc::iovec { iov_base: overflow.as_mut_ptr().cast(), iov_len: OVERFLOW },
            ]);
            // SAFETY: all-zero bytes are a valid msghdr: null pointers and zero lengths.
            let mut header: libc::msghdr = unsafe { MaybeUninit::zeroed().assume_init() };
            header.msg_name = names[index].as_mut_ptr().cast();
            header.msg_namelen = size_of::<libc::sockaddr_in6>() as libc::socklen_t;
            header.msg_iov = iovec.as_mut_ptr();
            header.msg_iovlen = 2;
            header.msg_control = controls[index].write([0; 5]).as_mut_ptr().cast();
            header.msg_controllen = size_of::<Destination>() as _;
            headers[index].write(libc::mmsghdr { msg_hdr: header, msg_len: 0 });
        }
        // SAFETY: the first `offered` headers are initialised; they point to names and iovecs on
        // this stack and to slots of `room` and `overflow`, which nobody else touches meanwhile.
        let received = unsafe {
            libc::recvmmsg(
                io.as_raw_fd(),
                headers.as_mut_ptr().cast(),
                offered as libc::c_uint,
                libc::MSG_DONTWAIT as _,
                std::ptr::null_mut(),
            )
        };
        if received < 0 {
            return Err(io::Error::last_os_error());
        }
        let received = received as usize;
        let mut longest = 0;
        for index in 0..received {
            // SAFETY: the kernel has filled in the first `received` headers and their names.
            let (size, from, to) = unsafe {
                let header = headers[index].assume_init_ref();
                let name = (header.msg_hdr.msg_namelen > 0).then(|| read_name(names[index].as_ptr()));
                (header.msg_len as usize, name.flatten(), read_destination(&header.msg_hdr))
            };
            let Some(from) = from else { continue };
            longest = longest.max(size);
            let kept = size.min(width);
            self.arrived.push(Arrived {
                from: canonical(from),
                to,
                start: index * width,
                size,
                kept,
                overflow: index * OVERFLOW,
            });
        }
        self.adapt(received, longest);
        Ok(received == offered)
    }

    /// What the last call received, in order.
    pub(crate) fn arrived(&self) -> &[Arrived] {
        &self.arrived
    }

    /// The end of a datagram that did not fit into its slot.
    pub(crate) fn overflow(&self, datagram: &Arrived) -> &[u8] {
        &self.overflow[datagram.overflow..][..datagram.size - datagram.kept]
    }

    /// Moves the datagrams together if their slots are mostly empty.
    pub(crate) fn pack(&mut self, room: &mut [u8]) {
        let used: usize = self.arrived.iter().map(|datagram| datagram.kept).sum();
        let Some(last) = self.arrived.last() else { return };
        if 2 * used >= last.start + last.kept {
            return;
        }
        let mut end = 0;
        for datagram in &mut self.arrived {
            room.copy_within(datagram.start..datagram.start + datagram.kept, end);
            datagram.start = end;
            end += datagram.kept;
        }
    }

    fn adapt(&mut self, received: usize, longest: usize) {
        if received == self.offered {
            self.offered = (2 * self.offered).min(SLOTS);
        } else if received < self.offered / 4 {
            self.offered = (self.offered / 2).max(FEWEST);
        }
        let wanted = longest.next_multiple_of(64).clamp(64, WIDEST);
        if wanted > self.width {
            self.width = wanted;
            self.narrow_calls = 0;
        } else if 2 * wanted <= self.width {
            self.narrow_calls += 1;
            if self.narrow_calls >= PATIENCE {
                self.width = wanted;
                self.narrow_calls = 0;
            }
        } else {
            self.narrow_calls = 0;
        }
    }
}

/// # Safety
///
/// `name` points to an address that the kernel has written.
unsafe fn read_name(name: *const libc::sockaddr_in6) -> Option<SocketAddr> {
    // SAFETY: every address begins with its family, and the kernel writes as much of it as the
    // family has; sockaddr_in is the smaller one and no stricter in its alignment.
    unsafe {
        match i32::from((*name).sin6_family) {
            libc::AF_INET => {
                let name = &*name.cast::<libc::sockaddr_in>();
                let ip = Ipv4Addr::from(u32::from_be(name.sin_addr.s_addr));
                Some(SocketAddrV4::new(ip, u16::from_be(name.sin_port)).into())
            }
            libc::AF_INET6 => {
                let name = &*name;
                let ip = Ipv6Addr::from(name.sin6_addr.s6_addr);
                Some(SocketAddrV6::new(ip, u16::from_be(name.sin6_port), 0, name.sin6_scope_id).into())
            }
            _ => None,
        }
    }
}

/// Room for the address that a datagram came to.
type Destination = [u64; 5];

/// Room for the ancillary data of a message: an address, and the size of segments.
type Control = [u64; 12];

/// Has the system tell to which address each datagram came, where there may be several.
pub(crate) fn tell_destinations(socket: &socket2::Socket, ipv6: bool) {
    let on: libc::c_int = 1;
    let (level, option) = if ipv6 {
        (libc::IPPROTO_IPV6, libc::IPV6_RECVPKTINFO)
    } else {
        (libc::IPPROTO_IP, libc::IP_PKTINFO)
    };
    // SAFETY: both options take an int, which is read during the call. Without them the system chooses
    // the address of answers by itself.
    unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            level,
            option,
            (&raw const on).cast(),
            size_of::<libc::c_int>() as libc::socklen_t,
        )
    };
}

/// # Safety
///
/// The kernel has filled in the header and the ancillary data it points to.
unsafe fn read_destination(header: &libc::msghdr) -> Option<Ipv6Addr> {
    // SAFETY: CMSG_FIRSTHDR and CMSG_NXTHDR stay within what the kernel has written; each kind of data
    // is as large as its struct, and read without asking for alignment.
    unsafe {
        let mut control = libc::CMSG_FIRSTHDR(header);
        while !control.is_null() {
            match ((*control).cmsg_level, (*control).cmsg_type) {
                (libc::IPPROTO_IPV6, libc::IPV6_PKTINFO) => {
                    let info: libc::in6_pktinfo = std::ptr::read_unaligned(libc::CMSG_DATA(control).cast());
                    return Some(Ipv6Addr::from(info.ipi6_addr.s6_addr));
                }
                (libc::IPPROTO_IP, libc::IP_PKTINFO) => {
                    let info: libc::in_pktinfo = std::ptr::read_unaligned(libc::CMSG_DATA(control).cast());
                    return Some(Ipv4Addr::from(u32::from_be(info.ipi_addr.s_addr)).to_ipv6_mapped());
                }
                _ => control = libc::CMSG_NXTHDR(header, control),
            }
        }
    }
    None
}

/// Messages one call sends at the most.
const MESSAGES: usize = 64;
/// Datagrams in all of them together.
const PIECES: usize = 256;
/// Datagrams that one message is cut into by the kernel, and the bytes they may have: what fits
/// every path, since segments are never fragmented.
const SEGMENTS: usize = 64;
const SEGMENT: usize = 1200;
/// The bytes of such a message, well below what an IP packet can hold.
const SEGMENTED: usize = 60_000;

/// Sends datagrams, several for the same peer as one that the kernel cuts up.
#[derive(Debug)]
pub(crate) struct DatagramWriter {
    segments: bool,
}

impl Default for DatagramWriter {
    fn default() -> Self {
        Self { segments: true }
    }
}

impl DatagramWriter {
    /// Sends datagrams until there are no more, the system takes no more, or a call's worth has
    /// left; returns how many have. An error is that of the first. `ipv6` says that the socket's
    /// own addresses are IPv6; `source` the address to send from, unless the system is to choose.
    pub(crate) fn send<'a>(
        &mut self,
        io: &UdpSocket,
        ipv6: bool,
        source: impl Fn(SocketAddr) -> Option<IpAddr>,
        datagrams: impl Iterator<Item = (SocketAddr, &'a [u8])> + Clone,
    ) -> io::Result<usize> {
        loop {
            match send_batch(io.as_raw_fd(), ipv6, self.segments, &source, datagrams.clone()) {
                // Segmentation needs checksums by the device and a path that takes whole segments.
                Err(error)
                    if self.segments && matches!(error.raw_os_error(), Some(libc::EIO | libc::EINVAL)) =>
                {
                    self.segments = false;
                }
                // Or a path whose MTU is below a segment's: what is too large for it goes in fragments.
                Err(error) if self.segments && error.raw_os_error() == Some(libc::EMSGSIZE) => {
                    return send_batch(io.as_raw_fd(), ipv6, false, &source, datagrams);
                }
                result => return result,
            }
        }
    }
}

fn send_batch<'a>(
    fd: RawFd,
    ipv6: bool,
    segments: bool,
    source: impl Fn(SocketAddr) -> Option<IpAddr>,
    datagrams: impl Iterator<Item = (SocketAddr, &'a [u8])>,
) -> io::Result<usize> {
    let mut iovecs = [const { MaybeUninit::<libc::iovec>::uninit() }; PIECES];
    let mut names = [const { MaybeUninit::<libc::sockaddr_in6>::uninit() }; MESSAGES];
    let mut controls = [const { MaybeUninit::<Control>::uninit() }; MESSAGES];
    let mut headers = [const { MaybeUninit::<libc::mmsghdr>::uninit() }; MESSAGES];
    let mut counts = [0_u16; MESSAGES];
    let mut datagrams = datagrams.peekable();
    let (mut messages, mut pieces) = (0, 0);
    while messages < MESSAGES && pieces < PIECES {
        let Some((to, first)) = datagrams.next() else { break };
        let begin = pieces;
        let mut total = first.len();
        let mut last = first.len();
        iovecs[pieces]
            .write(libc::iovec { iov_base: first.as_ptr().cast_mut().cast(), iov_len: first.len() });
        pieces += 1;
        if segments && (1..=SEGMENT).contains(&first.len()) {
            while pieces < PIECES
                && pieces - begin < SEGMENTS
                && last == first.len()
                && let Some((_, next)) = datagrams.next_if(|&(also, next)| {
                    also == to && (1..=first.len()).contains(&next.len()) && total + next.len() <= SEGMENTED
                })
            {
                last = next.len();
                total += last;
                iovecs[pieces]
                    .write(libc::iovec { iov_base: next.as_ptr().cast_mut().cast(), iov_len: last });
                pieces += 1;
            }
        }
        let count = pieces - begin;
        // SAFETY: all-zero bytes are a valid msghdr: null pointers and zero lengths.
        let mut header: libc::msghdr = unsafe { MaybeUninit::zeroed().assume_init() };
        header.msg_namelen = write_name(&mut names[messages], to, ipv6);
        header.msg_name = names[messages].as_mut_ptr().cast();
        header.msg_iov = iovecs[begin..pieces].as_mut_ptr().cast();
        header.msg_iovlen = count as _;
        let from = source(to);
        if count > 1 || from.is_some() {
            let segment = (count > 1).then_some(first.len() as u16);
            write_control(&mut header, &mut controls[messages], segment, from, ipv6);
        }
        headers[messages].write(libc::mmsghdr { msg_hdr: header, msg_len: 0 });
        counts[messages] = count as u16;
        messages += 1;
    }
    if messages == 0 {
        return Ok(0);
    }
    // SAFETY: the first `messages` headers are initialised and point to names, iovecs and control
    // data on this stack; the datagrams outlive the call, which only reads them.
    let sent = unsafe {
        let flags = libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL;
        libc::sendmmsg(fd, headers.as_mut_ptr().cast(), messages as libc::c_uint, flags as _)
    };
    if sent < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(counts[..sent as usize].iter().map(|&count| usize::from(count)).sum())
}

/// Puts into a message's ancillary data the size of its segments, and the address to send it from.
fn write_control(
    header: &mut libc::msghdr,
    control: &mut MaybeUninit<Control>,
    segment: Option<u16>,
    from: Option<IpAddr>,
    ipv6: bool,
) {
    // So that what lies between the data is defined.
    header.msg_control = control.write([0; 12]).as_mut_ptr().cast();
    header.msg_controllen = size_of::<Control>() as _;
    let mut used = 0;
    let mut put = |level: libc::c_int, kind: libc::c_int, bytes: &[u8]| {
        // SAFETY: the room is larger than both kinds of data together; the header of each begins where
        // the space of the one before it ends.
        unsafe {
            let at = header.msg_control.cast::<u8>().add(used).cast::<libc::cmsghdr>();
            (*at).cmsg_level = level;
            (*at).cmsg_type = kind;
            (*at).cmsg_len = libc::CMSG_LEN(bytes.len() as _) as _;
            std::ptr::copy_nonoverlapping(bytes.as_ptr(), libc::CMSG_DATA(at), bytes.len());
            used += libc::CMSG_SPACE(bytes.len() as _) as usize;
        }
    };
    if let Some(size) = segment {
        put(libc::SOL_UDP, libc::UDP_SEGMENT, &size.to_ne_bytes());
    }
    // The structs' other members, which number interfaces, are 0: any.
    match (from, ipv6) {
        (Some(IpAddr::V4(ip)), false) => {
            let mut info = [0; size_of::<libc::in_pktinfo>()];
            info[4..8].copy_from_slice(&ip.octets());
            put(libc::IPPROTO_IP, libc::IP_PKTINFO, &info);
        }
        (Some(ip), _) => {
            let ip = match ip {
                IpAddr::V4(ip) => ip.to_ipv6_mapped(),
                IpAddr::V6(ip) => ip,
            };
            let mut info = [0; size_of::<libc::in6_pktinfo>()];
            info[..16].copy_from_slice(&ip.octets());
            put(libc::IPPROTO_IPV6, libc::IPV6_PKTINFO, &info);
        }
        (None, _) => {}
    }
    header.msg_controllen = used as _;
}

fn write_name(name: &mut MaybeUninit<libc::sockaddr_in6>, to: SocketAddr, ipv6: bool) -> libc::socklen_t {
    // SAFETY: all-zero bytes are a valid address of no family, and sockaddr_in is the smaller one.
    unsafe {
        let name = name.write(MaybeUninit::zeroed().assume_init());
        match (to.ip(), ipv6) {
            (IpAddr::V4(ip), false) => {
                let name = &mut *(&raw mut *name).cast::<libc::sockaddr_in>();
                name.sin_family = libc::AF_INET as libc::sa_family_t;
                name.sin_port = to.port().to_be();
                name.sin_addr.s_addr = u32::from(ip).to_be();
                size_of::<libc::sockaddr_in>() as libc::socklen_t
            }
            (ip, _) => {
                let (ip, zone) = match (ip, to) {
                    (IpAddr::V4(ip), _) => (ip.to_ipv6_mapped(), 0),
                    (IpAddr::V6(ip), SocketAddr::V6(to)) => (ip, to.scope_id()),
                    (IpAddr::V6(ip), SocketAddr::V4(_)) => (ip, 0),
                };
                name.sin6_family = libc::AF_INET6 as libc::sa_family_t;
                name.sin6_port = to.port().to_be();
                name.sin6_addr.s6_addr = ip.octets();
                name.sin6_scope_id = zone;
                size_of::<libc::sockaddr_in6>() as libc::socklen_t
            }
        }
    }
}

/// Datagrams that the kernel has dropped because the socket's buffer was full, where it tells.
pub(crate) fn kernel_drops(io: &UdpSocket) -> Option<u32> {
    /// Linux's number on all its usual architectures.
    const SO_MEMINFO: libc::c_int = 55;
    /// The place of the drops in what it gives.
    const DROPS: usize = 8;
    let mut info = [0_u32; DROPS + 1];
    let mut length = size_of_val(&info) as libc::socklen_t;
    // SAFETY: the kernel writes at most `length` bytes into `info`.
    let done = unsafe {
        libc::getsockopt(
            io.as_raw_fd(),
            libc::SOL_SOCKET,
            SO_MEMINFO,
            info.as_mut_ptr().cast(),
            &raw mut length,
        )
    };
    (done == 0 && length as usize == size_of_val(&info)).then_some(info[DROPS])
}
