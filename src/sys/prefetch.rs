//! Memory that will be looked at in a moment.

/// As the caches have it.
#[cfg(target_arch = "x86_64")]
const LINE: usize = 64;

/// Has the processor fetch a value into its cache meanwhile.
#[inline(always)]
#[cfg_attr(
    not(target_arch = "x86_64"),
    allow(unused_variables, reason = "no such instruction without unsafe assembly")
)]
pub(crate) fn prefetch<T>(value: &T) {
    #[cfg(target_arch = "x86_64")]
    for at in (0..size_of::<T>()).step_by(LINE) {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: within the value; and the instruction may be given any address.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(value).cast::<i8>().add(at)) };
    }
}
