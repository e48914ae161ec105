//! The runner's interface table, and safe-to-find access to the slots that are used.

use std::ffi::{c_char, c_int, c_void};
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

use super::rvalue::RValue;

/// Slots of the newest known table. Older runners have 98 or 99, in the same order.
const SLOT_COUNT: usize = 100;

static TABLE: [AtomicPtr<c_void>; SLOT_COUNT] = [const { AtomicPtr::new(ptr::null_mut()) }; SLOT_COUNT];

/// The runner introduces itself before it calls anything else. The part of the table that it says
/// it has is copied; what is beyond is missing.
///
/// # Safety
/// `table` is null, or `size` bytes are readable there.
// `size_t` has another name where it is another type.
#[cfg_attr(
    all(not(windows), target_pointer_width = "64"),
    unsafe(export_name = "_Z21YYExtensionInitialisePK17YYRunnerInterfacem")
)]
#[cfg_attr(
    all(not(windows), target_pointer_width = "32"),
    unsafe(export_name = "_Z21YYExtensionInitialisePK17YYRunnerInterfacej")
)]
#[cfg_attr(
    all(windows, target_pointer_width = "64"),
    unsafe(export_name = "?YYExtensionInitialise@@YAXPEBUYYRunnerInterface@@_K@Z")
)]
#[cfg_attr(
    all(windows, not(target_pointer_width = "64")),
    expect(dead_code, reason = "runners with such a table have 64 bits there")
)]
unsafe extern "C-unwind" fn extension_initialise(table: *const c_void, size: usize) {
    let available = if table.is_null() { 0 } else { size / size_of::<*mut c_void>() };
    for (index, slot) in TABLE.iter().enumerate() {
        let function = if index < available {
            // SAFETY: the caller has `available` whole slots at `table`.
            unsafe { table.cast::<*mut c_void>().add(index).read_unaligned() }
        } else {
            ptr::null_mut()
        };
        slot.store(function, Ordering::Release);
    }
}

/// A slot of the table: where it is, and what it is called in messages.
#[derive(Clone, Copy)]
pub(crate) struct Slot {
    index: usize,
    pub(crate) name: &'static str,
}

impl Slot {
    pub(crate) fn is_missing(self) -> bool {
        self.pointer().is_null()
    }

    fn pointer(self) -> *mut c_void {
        TABLE[self.index].load(Ordering::Acquire)
    }
}

/// Declares a constant per slot and a function that gives it its C type. `C-unwind`, since any of
/// them may throw.
macro_rules! slots {
    ($($constant:ident $accessor:ident = $index:literal $name:literal: ($($parameters:tt)*) $(-> $result:ty)?;)*) => {
        $(
            pub(crate) const $constant: Slot = Slot { index: $index, name: $name };

            #[doc = concat!("The runner's `", $name, "`, if it has one.")]
            pub(crate) fn $accessor() -> Option<unsafe extern "C-unwind" fn($($parameters)*) $(-> $result)?> {
                // SAFETY: the runner's table has this function, or null, in this slot; a null
                // pointer is None.
                unsafe { std::mem::transmute($constant.pointer()) }
            }
        )*
        #[cfg(test)]
        const USED: &[Slot] = &[$($constant),*];
    };
}

slots! {
    CONSOLE console = 0 "DebugConsoleOutput": (*const c_char, ...);
    ERROR error = 3 "YYError": (*const c_char, ...);
    FREE free = 6 "YYFree": (*const c_void);
    GET_BOOL get_bool = 8 "YYGetBool": (*const RValue, c_int) -> bool;
    GET_INT32 get_int32 = 11 "YYGetInt32": (*const RValue, c_int) -> i32;
    GET_STRING get_string = 16 "YYGetString": (*const RValue, c_int) -> *const c_char;
    CREATE_STRING create_string = 28 "YYCreateString": (*mut RValue, *const c_char);
    POST_EVENT post_event = 45 "CreateAsyncEventWithDSMap": (c_int, c_int);
    POST_EVENT_AND_BUFFER post_event_and_buffer = 46 "CreateAsyncEventWithDSMapAndBuffer": (c_int, c_int, c_int);
    CREATE_MAP create_map = 47 "CreateDsMap": (c_int, ...) -> c_int;
    MAP_ADD_DOUBLE map_add_double = 48 "DsMapAddDouble": (c_int, *const c_char, f64) -> bool;
    MAP_ADD_STRING map_add_string = 49 "DsMapAddString": (c_int, *const c_char, *const c_char) -> bool;
    BUFFER_CONTENT buffer_content = 51 "BufferGetContent": (c_int, *mut *mut c_void, *mut c_int) -> bool;
    BUFFER_WRITE buffer_write = 52 "BufferWriteContent": (c_int, c_int, *const c_void, c_int, bool, bool) -> c_int;
    CREATE_BUFFER create_buffer = 53 "CreateBuffer": (c_int, c_int, c_int) -> c_int;
    BUNDLE_FILE_EXISTS bundle_file_exists = 61 "BundleFileExists": (*const c_char) -> bool;
    BUNDLE_FILE_NAME bundle_file_name = 62 "BundleFileName": (*mut c_char, c_int, *const c_char) -> bool;
    OPTION_STRING option_string = 95 "extOptGetString": (*const c_char, *const c_char) -> *const c_char;
}

#[cfg(test)]
mod tests {
    use super::*;

    // One test, since the table is one for the process.
    #[test]
    fn the_table_ends_where_the_runner_says() {
        let address = ptr::without_provenance_mut::<c_void>(0x1000);
        let table = [address; SLOT_COUNT];
        let whole = size_of_val(&table);
        // SAFETY: the sizes given are those of the array, or less.
        unsafe { extension_initialise(table.as_ptr().cast(), whole) };
        assert!(USED.iter().all(|slot| !slot.is_missing()));

        // A torn last slot does not count.
        let up_to_create_buffer = (CREATE_BUFFER.index + 1) * size_of::<*mut c_void>();
        unsafe { extension_initialise(table.as_ptr().cast(), up_to_create_buffer - 1) };
        assert!(CREATE_BUFFER.is_missing());
        assert!(!BUFFER_WRITE.is_missing());

        unsafe { extension_initialise(table.as_ptr().cast(), up_to_create_buffer) };
        assert!(!CREATE_BUFFER.is_missing());
        assert!(OPTION_STRING.is_missing() && option_string().is_none());

        // A longer table than is known is no harm, a null one has nothing.
        unsafe { extension_initialise(ptr::null(), whole) };
        assert!(USED.iter().all(|slot| slot.is_missing()));
    }
}
