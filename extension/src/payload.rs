//! Copying an event's payload to where the game wants it.

use std::ffi::{CStr, c_void};
use std::ptr;

use stepwire::abi::NetworkEvent;

/// Copies up to `size` bytes from `offset` on; of events that are no data there are none. Returns how
/// many there were.
///
/// # Safety
/// `destination` is null or has room for `size` bytes, and the library was not polled since the event.
pub(crate) unsafe fn read(
    event: &NetworkEvent,
    destination: *mut c_void,
    offset: f64,
    size: f64,
) -> Result<f64, &'static CStr> {
    let (Some(offset), Some(size)) = (whole(offset), whole(size)) else {
        return Err(c"offset and size must be whole numbers from 0 on");
    };
    if destination.is_null() && size > 0 {
        return Err(c"the destination is NULL");
    }
    let available = event.size as u64;
    let copied = size.min(available.saturating_sub(offset));
    if copied > 0 {
        // SAFETY: the payload has so many bytes behind the offset; the caller promises room for `size`
        // bytes, which do not overlap it.
        unsafe {
            let from = event.buffer.add(offset as usize);
            ptr::copy_nonoverlapping(from, destination.cast::<u8>(), copied as usize);
        }
    }
    Ok(copied as f64)
}

/// A number that can count bytes: whole, and where doubles have no gaps.
pub(crate) fn whole(value: f64) -> Option<u64> {
    const MOST: f64 = ((1_u64 << 53) - 1) as f64;
    ((0.0..=MOST).contains(&value) && value.fract() == 0.0).then_some(value as u64)
}
