//! Status codes of close frames (RFC 6455, section 7.4.1) that are sent from here.

pub const NORMAL: u16 = 1000;
pub const GOING_AWAY: u16 = 1001;
pub const PROTOCOL_ERROR: u16 = 1002;
pub const INVALID_DATA: u16 = 1007;
pub const TOO_BIG: u16 = 1009;

/// Of a close frame without a code; never sent.
pub const NONE: u16 = 1005;
/// Where no close frame came; never sent.
pub const ABNORMAL: u16 = 1006;
