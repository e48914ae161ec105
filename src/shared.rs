//! What the host's calls and the reactor have in common.

use std::sync::atomic::AtomicU64;

use parking_lot::Mutex;

use crate::event::queue::EventQueue;
use crate::names::Names;
use crate::options::Options;
use crate::registry::Registry;
use crate::work::Work;

pub(crate) struct Shared {
    pub(crate) registry: Registry,
    pub(crate) events: EventQueue,
    pub(crate) work: Work,
    pub(crate) options: Mutex<Option<Options>>,
    pub(crate) names: Names,
    /// How many sockets the host has destroyed; see [`crate::event::batch::Batch`].
    pub(crate) destroyed: AtomicU64,
}

impl Shared {
    pub(crate) const fn new() -> Shared {
        Shared {
            registry: Registry::new(),
            events: EventQueue::new(),
            work: Work::new(),
            options: Mutex::new(None),
            names: Names::new(),
            destroyed: AtomicU64::new(0),
        }
    }

    /// Reads or changes the options; they have their defaults until one is set.
    pub(crate) fn with_options<T>(&self, with: impl FnOnce(&mut Options) -> T) -> T {
        with(self.options.lock().get_or_insert_with(Options::default))
    }

    pub(crate) fn options(&self) -> Options {
        self.with_options(|options| options.clone())
    }
}
