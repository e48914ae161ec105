//! What every way of reading and writing datagrams has to do.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use mio::net::UdpSocket;

fn socket() -> (UdpSocket, SocketAddr) {
    let socket = std::net::UdpSocket::bind("127.0.0.1:0").expect("a socket");
    socket.set_nonblocking(true).expect("non-blocking");
    let address = socket.local_addr().expect("an address");
    (UdpSocket::from_std(socket), address)
}

macro_rules! exchanges {
    ($name:ident, $way:path) => {
        #[test]
        fn $name() {
            use $way as way;
            let (from, source) = socket();
            let (to, destination) = socket();
            let (mut reader, mut writer) = (way::DatagramReader::default(), way::DatagramWriter::default());
            let mut room = vec![0; 1 << 18];
            // Runs of one size and odd ones, small and large, none at all.
            let sizes = [64, 64, 64, 10, 0, 1_200, 1_200, 700, 1_201, 5_000, 64, 60_000, 2_048, 3];
            for round in 0..40_usize {
                let sent: Vec<Vec<u8>> =
                    sizes.iter().map(|&size| (0..size).map(|at| (at + round) as u8).collect()).collect();
                let mut left = 0;
                while left < sent.len() {
                    let datagrams = sent[left..].iter().map(|bytes| (destination, bytes.as_slice()));
                    left += writer.send(&from, false, |_| None, datagrams).expect("sent");
                }
                let mut received = Vec::new();
                let deadline = Instant::now() + Duration::from_secs(10);
                while received.len() < sent.len() {
                    assert!(Instant::now() < deadline, "{} of {}", received.len(), sent.len());
                    match reader.receive(&to, &mut room) {
                        Ok(_) => {}
                        Err(error) if error.kind() == ErrorKind::WouldBlock => continue,
                        Err(error) => panic!("{error}"),
                    }
                    reader.pack(&mut room);
                    for datagram in reader.arrived() {
                        assert_eq!(datagram.from, source);
                        let mut whole = room[datagram.start..][..datagram.kept].to_vec();
                        whole.extend_from_slice(reader.overflow(datagram));
                        received.push(whole);
                    }
                }
                assert_eq!(received, sent);
                let end = reader.receive(&to, &mut room).expect_err("nothing is left");
                assert_eq!(end.kind(), ErrorKind::WouldBlock);
            }
            assert_eq!(way::kernel_drops(&to).unwrap_or(0), 0);
        }
    };
}

exchanges!(datagrams_one_by_one, super::one_by_one);
#[cfg(any(target_os = "linux", target_os = "android"))]
exchanges!(datagrams_by_the_batch, super::batched);

#[test]
fn mapped_addresses_are_ipv4() {
    let shown = |text: &str| super::canonical(text.parse().expect("an address")).to_string();
    assert_eq!(shown("[::ffff:192.0.2.1]:7"), "192.0.2.1:7");
    assert_eq!(shown("192.0.2.1:7"), "192.0.2.1:7");
    assert_eq!(shown("[2001:db8::1]:7"), "[2001:db8::1]:7");
    assert_eq!(shown("[fe80::1%3]:7"), "[fe80::1%3]:7");
}
