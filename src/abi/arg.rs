//! Arguments as C passes them, parsed and never cast.

use std::ffi::{CStr, c_char, c_void};

use crate::error::{Error, Result};
use crate::socket::{Family, Handle};

/// The largest whole number that arguments are read as; beyond it doubles have gaps.
const MOST: u64 = (1 << 53) - 1;

/// The number as 32 bits, if it is a whole one that fits. On the hot path of every send, and cheaper
/// than a saturating cast: adding 2^52 leaves the number in the low bits of the double.
#[inline]
fn small(value: f64) -> Option<u32> {
    const SHIFT: f64 = (1_u64 << 52) as f64;
    let low = (value + SHIFT).to_bits() as u32;
    // Nothing else survives the way back: not NaN, not fractions, not numbers out of range.
    (f64::from(low) == value).then_some(low)
}

/// A handle: any number that cannot be one is a bad handle, not a bad argument.
#[inline]
pub(crate) fn handle(value: f64) -> Result<Handle> {
    match small(value) {
        Some(handle) if handle < Handle::END => Ok(Handle(handle)),
        _ => Err(Error::bad_handle()),
    }
}

/// A handle, or -1 for the default of sockets to come.
pub(crate) fn handle_or_default(value: f64) -> Result<Option<Handle>> {
    if value == -1.0 { Ok(None) } else { handle(value).map(Some) }
}

/// A whole number from `least` to `most`.
#[inline]
pub(crate) fn integer(what: &str, value: f64, least: u64, most: u64) -> Result<u64> {
    let whole = small(value).map(u64::from).or_else(|| {
        // The cast saturates and takes NaN for 0; `most` is below where doubles have gaps.
        let large = value as u64;
        (large as f64 == value).then_some(large)
    });
    whole.filter(|whole| (least..=most).contains(whole)).ok_or_else(|| out_of_range(what, value, least, most))
}

#[cold]
fn out_of_range(what: &str, value: f64, least: u64, most: u64) -> Error {
    Error::bad_argument(format!("{what} must be a whole number from {least} to {most}, not {value}"))
}

pub(crate) fn port(value: f64) -> Result<u16> {
    integer("a port", value, 0, u64::from(u16::MAX)).map(|port| port as u16)
}

pub(crate) fn flag(what: &str, value: f64) -> Result<bool> {
    integer(what, value, 0, 1).map(|flag| flag == 1)
}

/// A number from 0 to 100, as a share of 1.
pub(crate) fn percentage(what: &str, value: f64) -> Result<f64> {
    if (0.0..=100.0).contains(&value) {
        Ok(value / 100.0)
    } else {
        Err(Error::bad_argument(format!("{what} must be a percentage from 0 to 100, not {value}")))
    }
}

pub(crate) fn family(value: f64) -> Result<Family> {
    let wrong = || Error::bad_argument(format!("{value} is not one of the network_socket_* constants"));
    match integer("a socket type", value, 0, 7).map_err(|_| wrong())? {
        0 => Ok(Family::Tcp),
        1 => Ok(Family::Udp),
        2 => Ok(Family::Bluetooth),
        6 => Ok(Family::WebSocket),
        7 => Ok(Family::SecureWebSocket),
        _ => Err(wrong()),
    }
}

/// A string of the caller's.
///
/// # Safety
///
/// `text` is NULL or points to a NUL-terminated string that stays as it is for `'a`.
pub(crate) unsafe fn string<'a>(what: &str, text: *const c_char) -> Result<&'a str> {
    if text.is_null() {
        return Err(Error::bad_argument(format!("{what} is NULL")));
    }
    // SAFETY: not NULL; the rest is the caller's promise.
    let text = unsafe { CStr::from_ptr(text) };
    text.to_str().map_err(|_| Error::bad_argument(format!("{what} is not UTF-8")))
}

/// How many bytes a buffer has, as far as the number makes sense; whether so many may be sent is
/// for the call to say.
#[inline]
pub(crate) fn size(value: f64) -> Result<usize> {
    let size = integer("a size", value, 0, MOST)?;
    usize::try_from(size).map_err(|_| Error::bad_argument("the size is larger than memory"))
}

/// A buffer of the caller's.
///
/// # Safety
///
/// `buffer` points to `size` bytes that stay as they are for `'a`, or is NULL; `size` is at most
/// `isize::MAX`.
#[inline]
pub(crate) unsafe fn bytes<'a>(buffer: *const c_void, size: usize) -> Result<&'a [u8]> {
    if buffer.is_null() {
        return if size == 0 { Ok(&[]) } else { Err(Error::bad_argument("the buffer is NULL")) };
    }
    // SAFETY: not NULL; the rest is the caller's promise.
    Ok(unsafe { std::slice::from_raw_parts(buffer.cast(), size) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_numbers_in_range_are_small() {
        for whole in [0, 1, 12, 65_535, Handle::END - 1, Handle::END, u32::MAX] {
            assert_eq!(small(f64::from(whole)), Some(whole));
        }
        for other in [
            -1.0,
            0.5,
            1.000_000_1,
            4_294_967_295.5,
            4_294_967_296.0,
            4_503_599_627_370_496.0,
            1e300,
            -1e300,
            f64::MIN_POSITIVE,
            f64::NAN,
            f64::INFINITY,
            f64::NEG_INFINITY,
        ] {
            assert_eq!(small(other), None, "{other}");
        }
        assert_eq!(small(-0.0), Some(0));
    }
}
