//! What a proxy says, before anything else or in a request.

use std::net::SocketAddr;

use crate::proxy::{Client, Header, Step, Trusted, client};

/// Reads as a connection does: never more than is certain to be the header's. Returns what it says and its length.
fn read(bytes: &[u8], most: usize) -> Result<Option<(Option<SocketAddr>, usize)>, ()> {
    let mut header = Header::default();
    let mut at = 0;
    loop {
        match header.step() {
            Err(_) => return Err(()),
            Ok(Step::Done(address)) => return Ok(Some((address, at))),
            Ok(Step::Read(count)) => {
                assert!(count > 0, "a header that is not whole needs something");
                let end = (at + count.min(most)).min(bytes.len());
                if end == at {
                    return Ok(None);
                }
                header.push(&bytes[at..end]);
                at = end;
            }
        }
    }
}

/// However the header comes, it means the same, ends at the same byte, and what is behind it is not looked at.
pub(super) fn header(bytes: &[u8]) {
    let outcome = read(bytes, usize::MAX);
    assert_eq!(outcome, read(bytes, 1));
    assert_eq!(outcome, read(bytes, 7));
    if let Ok(Some((_, length))) = outcome {
        assert!(length <= 16 + 4096);
        assert_eq!(outcome, read(&bytes[..length], usize::MAX));
        let mut longer = bytes[..length].to_vec();
        longer.extend_from_slice(b"\0\xff\r\n\r\n");
        assert_eq!(outcome, read(&longer, usize::MAX));
    }
}

/// Lines of `Forwarded` (with a '+' before them) and of `X-Forwarded-For`: whoever is found is no proxy, unless all
/// are; and a line that a proxy adds on the right decides, whatever the client has written before.
pub(super) fn forwarded(bytes: &[u8]) {
    let Ok(trusted) = Trusted::parse("10.0.0.0/8,::1") else { return };
    let text = String::from_utf8_lossy(bytes);
    let lines = |mark: char| text.lines().filter_map(move |line| line.strip_prefix(mark)).collect::<Vec<_>>();
    let (standard, older) = (lines('+'), lines('-'));
    let find =
        |standard: &[&str], older: &[&str]| client(standard.iter().copied(), older.iter().copied(), &trusted);
    let found = find(&standard, &older);
    if let Ok(Client::Behind(Some(proxy))) = found {
        assert!(trusted.contains(proxy.ip()));
    }
    let player: SocketAddr = ([192, 0, 2, 7], 0).into();
    let (mut standard, mut older) = (standard, older);
    standard.push("for=192.0.2.7");
    older.push("192.0.2.7, 10.0.0.1");
    assert_eq!(find(&standard, &[]), Ok(Client::At(player)));
    assert_eq!(find(&[], &older), Ok(Client::At(player)));
    assert_eq!(find(&standard, &older), Ok(Client::At(player)));
}
