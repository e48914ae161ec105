//! Memory that will be looked at in a moment.

/// As the caches have it.
const LINE: usize = 64;

/// Has the processor fetch a value into its cache meanwhile.
#[inline(always)]
pub(crate) fn prefetch<T>(value: &T) {
    let start = std::ptr::from_ref(value).cast::<u8>();
    for at in (0..size_of::<T>()).step_by(LINE) {
        fetch(start.wrapping_add(at));
    }
    // It may begin anywhere in a line, and then ends in one more.
    fetch(start.wrapping_add(size_of::<T>().saturating_sub(1)));
}

/// The same for the memory from there on that a small message needs: a vector's may be empty yet.
#[inline(always)]
pub(crate) fn prefetch_memory(bytes: &[u8]) {
    fetch(bytes.as_ptr());
    fetch(bytes.as_ptr().wrapping_add(LINE));
}

#[inline(always)]
#[cfg_attr(
    not(target_arch = "x86_64"),
    allow(unused_variables, reason = "no such instruction without unsafe assembly")
)]
fn fetch(address: *const u8) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: the instruction may be given any address.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(address.cast::<i8>()) };
    }
}
