//! Ending a wait of the program from anywhere, a signal handler included.

use std::io;
use std::sync::OnceLock;

use crate::sync::atomic::{AtomicBool, Ordering::SeqCst};
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

    /// What the reactor is to watch; it stays for the whole life of the process. Not every system has such a thing.
    pub(crate) fn flag(&self) -> io::Result<Option<&sys::Flag>> {
        if self.flag.get().is_none() {
            match sys::Flag::new() {
                // Another thread may be faster; then this one's goes.
                Ok(flag) => drop(self.flag.set(flag)),
                Err(error) if error.kind() == io::ErrorKind::Unsupported => {}
                Err(error) => return Err(error),
            }
        }
        Ok(self.flag.get())
    }

    /// The reactor has seen the flag.
    pub(crate) fn lower(&self) {
        if let Some(flag) = self.flag.get() {
            flag.lower();
        }
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
