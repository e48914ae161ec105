//! Close frames (RFC 6455, sections 5.5.1 and 7.4).

use super::frame::{MAX_CONTROL_PAYLOAD, Opcode, write_frame};
use super::mask::Key;
use super::violation::Violation;

/// The longest reason: what a control frame has room for beside the code.
pub const MAX_CLOSE_REASON: usize = MAX_CONTROL_PAYLOAD - size_of::<u16>();

/// Whether a close frame may carry this code: those of the RFC and of IANA's registry that are
/// not for local use only (1004, 1005, 1006, 1015), and the ranges for libraries and programs.
#[must_use]
pub fn is_valid(code: u16) -> bool {
    matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999)
}

/// Takes a close frame's payload apart.
pub(crate) fn parse(payload: &[u8]) -> Result<(Option<u16>, &str), Violation> {
    let [high, low, reason @ ..] = payload else {
        return match payload {
            [] => Ok((None, "")),
            _ => Err(Violation::HalfACloseCode),
        };
    };
    let code = u16::from_be_bytes([*high, *low]);
    if !is_valid(code) {
        return Err(Violation::BadCloseCode);
    }
    let reason = std::str::from_utf8(reason).map_err(|_| Violation::CloseReasonNotUtf8)?;
    Ok((Some(code), reason))
}

/// Appends a close frame to `out`. Without a code there is no reason either; a reason that does
/// not fit is cut at a character.
pub fn write_close(out: &mut Vec<u8>, code: Option<u16>, reason: &str, mask: Option<Key>) {
    let Some(code) = code else {
        write_frame(out, Opcode::Close, [], mask);
        return;
    };
    let mut end = reason.len().min(MAX_CLOSE_REASON);
    while !reason.is_char_boundary(end) {
        end -= 1;
    }
    let payload = [&code.to_be_bytes(), &reason.as_bytes()[..end]];
    write_frame(out, Opcode::Close, payload, mask);
}

/// A close frame in words. Control characters in the peer's reason, which may be NUL, are replaced.
#[must_use]
pub fn describe(code: Option<u16>, reason: &str) -> String {
    let Some(code) = code else {
        return "the peer closed the WebSocket without saying why".to_owned();
    };
    let meaning = match code {
        1000 => " (normal)",
        1001 => " (going away)",
        1002 => " (protocol error)",
        1003 => " (data it cannot accept)",
        1007 => " (invalid data)",
        1008 => " (policy violation)",
        1009 => " (message too big)",
        1010 => " (extension required)",
        1011 => " (internal error)",
        1012 => " (restarting)",
        1013 => " (try again later)",
        1014 => " (bad gateway)",
        _ => "",
    };
    let reason = reason.replace(char::is_control, "\u{fffd}");
    let separator = if reason.is_empty() { "" } else { ": " };
    format!("the peer closed the WebSocket with code {code}{meaning}{separator}{reason}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes() {
        for good in [1000, 1001, 1002, 1003, 1007, 1010, 1011, 1014, 3000, 3999, 4000, 4999] {
            assert!(is_valid(good), "{good}");
        }
        for bad in [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535] {
            assert!(!is_valid(bad), "{bad}");
        }
    }

    #[test]
    fn a_long_reason_is_cut_at_a_character() {
        for fill in 118..=125 {
            let reason = format!("{}😀end", "x".repeat(fill));
            let mut out = Vec::new();
            write_close(&mut out, Some(4000), &reason, None);
            assert!(out.len() <= 2 + MAX_CONTROL_PAYLOAD);
            let (code, received) = parse(&out[2..]).unwrap();
            assert_eq!(code, Some(4000));
            assert!(reason.starts_with(received));
            assert!(received.len() >= 123 - 3);
        }
    }

    #[test]
    fn every_registered_code_has_a_meaning() {
        for code in (0..3000).filter(|&code| is_valid(code)) {
            assert!(describe(Some(code), "").ends_with(')'), "{code}");
        }
    }

    #[test]
    fn in_words() {
        assert_eq!(
            describe(Some(1008), "no cheats"),
            "the peer closed the WebSocket with code 1008 (policy violation): no cheats"
        );
        assert!(describe(Some(4000), "a\0b").ends_with("code 4000: a\u{fffd}b"));
        assert_eq!(describe(Some(4001), ""), "the peer closed the WebSocket with code 4001");
        assert_eq!(describe(None, ""), "the peer closed the WebSocket without saying why");
    }
}
