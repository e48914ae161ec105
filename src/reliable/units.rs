//! The units that the whole protocol counts in.

/// A point in time or a span of it in microseconds. Points count from any start that the host
/// likes, as long as it is the same for all calls to one endpoint; they never go backwards.
pub type Micros = u64;

/// Chunks that may be in flight to one peer: no chunk is sent whose sequence number is this much
/// above the lowest unacknowledged one, and none is taken from beyond it.
pub(crate) const WINDOW: u64 = 4096;
