//! What a proxy says before anything else.

use std::net::SocketAddr;

use crate::proxy::{Header, Step};

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
