//! Ending a wait of the program from anywhere, a signal handler included.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use crate::sys;

/// Whether the program's wait is to end, and what the reactor sees that by.
pub(crate) struct Wake {
    wanted: AtomicBool,
    flag: OnceLock<sys::Flag>,
}

impl Wake {
    pub(crate) const fn new() -> Self {
        Self { wanted: AtomicBool::new(false), flag: OnceLock::new() }
    }

    /// What the reactor is to watch; it stays for the whole life of the process.
    pub(crate) fn flag(&self) -> Option<&sys::Flag> {
        if self.flag.get().is_none() {
            // Another thread may be faster; then this one's goes.
            let _ = sys::Flag::new().map(|flag| self.flag.set(flag));
        }
        self.flag.get()
    }

    /// Takes no lock and no memory.
    pub(crate) fn ask(&self) {
        self.wanted.store(true, SeqCst);
        if let Some(flag) = self.flag.get() {
            flag.raise();
        }
    }

    /// Whether it was asked for since this was last looked at.
    pub(crate) fn take(&self) -> bool {
        self.wanted.load(SeqCst) && self.wanted.swap(false, SeqCst)
    }
}
