//! Arguments as C passes them, parsed and never cast.

use std::ffi::{CStr, c_char, c_void};

use crate::error::{Code, Error, Result};
use crate::node::LARGEST_PAYLOAD;

/// A whole number from `least` to `most`, which is below where doubles have gaps.
pub(super) fn integer(what: &str, value: f64, least: u64, most: u64) -> Result<u64> {
    // The cast saturates and takes NaN for 0.
    let whole = value as u64;
    if whole as f64 == value && (least..=most).contains(&whole) {
        Ok(whole)
    } else {
        Err(Error::bad_argument(format!("{what} must be a whole number from {least} to {most}, not {value}")))
    }
}

/// A handle: whatever cannot be one is a bad handle, not a bad argument.
pub(super) fn handle(what: &str, value: f64) -> Result<u64> {
    integer(what, value, 0, 1 << 53).map_err(|_| Error::bad_handle(what))
}

/// A string of the caller's.
///
/// # Safety
///
/// `text` is NULL or points to a NUL-terminated string that stays as it is for `'a`.
pub(super) unsafe fn string<'a>(what: &str, text: *const c_char) -> Result<&'a str> {
    if text.is_null() {
        return Err(Error::bad_argument(format!("{what} is NULL")));
    }
    // SAFETY: not NULL; the rest is the caller's promise.
    let text = unsafe { CStr::from_ptr(text) };
    text.to_str().map_err(|_| Error::bad_argument(format!("{what} is not UTF-8")))
}

/// How many bytes a buffer has.
pub(super) fn size(value: f64) -> Result<usize> {
    integer("a size", value, 0, isize::MAX as u64 >> 11).map(|size| size as usize)
}

/// A message of the caller's.
///
/// # Safety
///
/// `buffer` points to `size` bytes that stay as they are for `'a`, or is NULL.
pub(super) unsafe fn bytes<'a>(buffer: *const c_void, size: f64) -> Result<&'a [u8]> {
    let size = self::size(size)?;
    if size > LARGEST_PAYLOAD {
        return Err(Error::new(Code::TOO_BIG, format!("a message has at most {LARGEST_PAYLOAD} bytes")));
    }
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
    fn only_whole_numbers_in_range_are_taken() {
        assert_eq!(integer("it", 0.0, 0, 9), Ok(0));
        assert_eq!(integer("it", 9.0, 0, 9), Ok(9));
        for wrong in [-1.0, 0.5, 10.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e300] {
            assert!(integer("it", wrong, 0, 9).is_err(), "{wrong}");
        }
    }
}
