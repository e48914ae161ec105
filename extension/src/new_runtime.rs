//! GameMaker's new runtime (GMRT): it calls extensions by C types, and offers them next to nothing.

use std::ffi::{c_char, c_void};
use std::mem::transmute;
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

/// The first slot of the runtime's table; newer tables have more, which are not needed here.
static OPTION_STRING: AtomicPtr<c_void> = AtomicPtr::new(ptr::null_mut());

/// The runtime introduces itself before it calls anything else. `size` is how many bytes its table has.
///
/// # Safety
///
/// `table` is null, or `size` bytes are readable there.
#[unsafe(no_mangle)]
#[allow(non_snake_case, reason = "the name that the runtime looks up")]
pub unsafe extern "C" fn GMExtensionInitialise(table: *const c_void, size: usize) {
    let there = !table.is_null() && size >= size_of::<*mut c_void>();
    // SAFETY: the first slot is inside the table.
    let slot = if there { unsafe { table.cast::<*mut c_void>().read_unaligned() } } else { ptr::null_mut() };
    OPTION_STRING.store(slot, Ordering::Release);
}

/// The runtime's `ExtOptGetString`, if it has one.
pub(crate) fn option_string()
-> Option<unsafe extern "C-unwind" fn(*const c_char, *const c_char) -> *const c_char> {
    // SAFETY: the table's first slot is this function, or null; a null pointer is None.
    unsafe { transmute(OPTION_STRING.load(Ordering::Acquire)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    // One test, since the table is one for the process.
    #[test]
    fn the_table_ends_where_the_runtime_says() {
        let address = ptr::without_provenance_mut::<c_void>(0x1000);
        let table = [address; 4];
        // SAFETY: the sizes given are those of the array, or less.
        unsafe { GMExtensionInitialise(table.as_ptr().cast(), size_of_val(&table)) };
        assert!(option_string().is_some());
        unsafe { GMExtensionInitialise(table.as_ptr().cast(), size_of::<usize>() - 1) };
        assert!(option_string().is_none());
        unsafe { GMExtensionInitialise(table.as_ptr().cast(), size_of::<usize>()) };
        assert!(option_string().is_some());
        unsafe { GMExtensionInitialise(ptr::null(), 800) };
        assert!(option_string().is_none());
    }
}
