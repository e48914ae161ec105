//! How a peer can break the protocol.

use super::close_code::{INVALID_DATA, PROTOCOL_ERROR, TOO_BIG};

/// How a peer broke the protocol. Nothing more can be received from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Violation {
    Compressed,
    ReservedBit,
    ReservedOpcode,
    LengthNotShortest,
    LengthHighestBit,
    ClientUnmasked,
    ServerMasked,
    ControlFragmented,
    ControlTooLong,
    MessageInsideMessage,
    ContinuationOfNothing,
    HalfACloseCode,
    BadCloseCode,
    CloseReasonNotUtf8,
    TextNotUtf8,
    TooBig,
}

impl Violation {
    /// The status code for our close frame.
    #[must_use]
    pub fn code(self) -> u16 {
        self.details().0
    }

    /// The section of RFC 6455 that was broken.
    #[cfg(test)]
    pub fn section(self) -> &'static str {
        self.details().1
    }

    /// What happened, for a person.
    #[cfg(test)]
    pub fn reason(self) -> &'static str {
        self.details().2
    }

    #[rustfmt::skip]
    const fn details(self) -> (u16, &'static str, &'static str) {
        match self {
            Self::Compressed => (PROTOCOL_ERROR, "5.2", "a frame is marked as compressed, but no compression was agreed on"),
            Self::ReservedBit => (PROTOCOL_ERROR, "5.2", "a frame has a reserved bit set"),
            Self::ReservedOpcode => (PROTOCOL_ERROR, "5.2", "a frame has a reserved opcode"),
            Self::LengthNotShortest => (PROTOCOL_ERROR, "5.2", "a frame's length is not in its shortest form"),
            Self::LengthHighestBit => (PROTOCOL_ERROR, "5.2", "a frame's length has its highest bit set"),
            Self::ClientUnmasked => (PROTOCOL_ERROR, "5.1", "a client sent a frame that is not masked"),
            Self::ServerMasked => (PROTOCOL_ERROR, "5.1", "a server sent a masked frame"),
            Self::ControlFragmented => (PROTOCOL_ERROR, "5.5", "a control frame is fragmented"),
            Self::ControlTooLong => (PROTOCOL_ERROR, "5.5", "a control frame is longer than 125 bytes"),
            Self::MessageInsideMessage => (PROTOCOL_ERROR, "5.4", "a message began before the last one was complete"),
            Self::ContinuationOfNothing => (PROTOCOL_ERROR, "5.4", "a message is continued that never began"),
            Self::HalfACloseCode => (PROTOCOL_ERROR, "5.5.1", "a close frame holds half a status code"),
            Self::BadCloseCode => (PROTOCOL_ERROR, "7.4", "a close frame holds a status code that may not be sent"),
            Self::CloseReasonNotUtf8 => (INVALID_DATA, "5.5.1", "the reason in a close frame is not valid UTF-8"),
            Self::TextNotUtf8 => (INVALID_DATA, "8.1", "a text message is not valid UTF-8"),
            Self::TooBig => (TOO_BIG, "7.4.1", "a message is larger than the message size limit"),
        }
    }
}

impl std::fmt::Display for Violation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (_, section, reason) = self.details();
        write!(f, "{reason} (RFC 6455, section {section})")
    }
}

impl std::error::Error for Violation {}
