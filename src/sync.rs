//! What threads share and wait by, from one place: atomics, locks, and the call that wakes a reactor. So `src/models` can
//! run the same code under a scheduler that tries one order of the threads' steps after the other.

#[cfg(not(shuttle))]
pub(crate) use of_the_system::*;
#[cfg(shuttle)]
pub(crate) use scheduled::*;

#[cfg(not(shuttle))]
mod of_the_system {
    pub(crate) use mio::Waker;
    pub(crate) use parking_lot::{Condvar, Mutex, MutexGuard, RwLock, RwLockReadGuard};
    pub(crate) use std::sync::atomic;
    pub(crate) use std::{hint, thread};
}

/// The same by the scheduler's own means, of which each step is one that it chooses.
#[cfg(shuttle)]
mod scheduled {
    use std::io;
    use std::time::Instant;

    use shuttle::sync as std_like;

    pub(crate) use shuttle::sync::atomic;
    pub(crate) use shuttle::{hint, thread};
    pub(crate) use shuttle_parking_lot::{Mutex, MutexGuard, RwLock, RwLockReadGuard};

    /// Of parking_lot's shape. Nobody's patience ends: who would be woken by the time alone sleeps for ever, which the
    /// scheduler reports.
    pub(crate) struct Condvar {
        /// How often it was told so far.
        told: std_like::Mutex<u64>,
        changed: std_like::Condvar,
    }

    pub(crate) struct WaitResult;

    impl WaitResult {
        pub(crate) fn timed_out(&self) -> bool {
            false
        }
    }

    impl Condvar {
        pub(crate) const fn new() -> Self {
            Self { told: std_like::Mutex::new(0), changed: std_like::Condvar::new() }
        }

        pub(crate) fn wait<T>(&self, guard: &mut MutexGuard<'_, T>) {
            let before = *self.told.lock().unwrap();
            MutexGuard::unlocked(guard, || {
                let told = self.told.lock().unwrap();
                drop(self.changed.wait_while(told, |told| *told == before).unwrap());
            });
        }

        pub(crate) fn wait_until<T>(&self, guard: &mut MutexGuard<'_, T>, _deadline: Instant) -> WaitResult {
            self.wait(guard);
            WaitResult
        }

        pub(crate) fn notify_all(&self) {
            *self.told.lock().unwrap() += 1;
            self.changed.notify_all();
        }
    }

    /// A poll that nothing but the waker ends.
    pub(crate) struct Waker {
        raised: std_like::Mutex<bool>,
        changed: std_like::Condvar,
    }

    impl Waker {
        pub(crate) fn new(_registry: &mio::Registry, _token: mio::Token) -> io::Result<Self> {
            Ok(Self::lowered())
        }

        pub(crate) fn lowered() -> Self {
            Self { raised: std_like::Mutex::new(false), changed: std_like::Condvar::new() }
        }

        pub(crate) fn wake(&self) -> io::Result<()> {
            *self.raised.lock().unwrap() = true;
            self.changed.notify_all();
            Ok(())
        }

        /// Sleeps until somebody wakes, or has since this was last asked.
        pub(crate) fn sleep(&self) {
            let raised = self.raised.lock().unwrap();
            *self.changed.wait_while(raised, |raised| !*raised).unwrap() = false;
        }

        /// The same without sleeping.
        pub(crate) fn look(&self) {
            *self.raised.lock().unwrap() = false;
        }
    }
}
