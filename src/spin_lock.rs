//! A lock for sections that mostly are a few instructions, as those of a send. Longer ones (a large
//! message, a holder that was preempted) are waited for asleep.
//!
//! Letting go is a plain store. That of a lock which has to look for sleepers is a locked instruction,
//! and on x86 such a one waits until all stores before it have reached the cache: here those of the
//! message just copied, which costs as much as the rest of a send.

use std::time::Duration;

use lock_api::{GuardNoSend, RawMutex};

use crate::sync::atomic::{AtomicBool, Ordering::Acquire, Ordering::Relaxed, Ordering::Release};
use crate::sync::hint::spin_loop;
use crate::sync::thread;

pub(crate) type SpinLock<T> = lock_api::Mutex<RawSpinLock, T>;
pub(crate) type SpinLockGuard<'a, T> = lock_api::MutexGuard<'a, RawSpinLock, T>;

/// Looks at a lock that is held before the thread makes room for others: longer than a short message's
/// copy takes.
const SPINS: u32 = 100;
/// Then so many times only for those that can run at once.
const YIELDS: u32 = 10;
/// Then for so long: whoever holds the lock may have a lower priority.
const NAP: Duration = Duration::from_micros(50);

pub(crate) struct RawSpinLock {
    held: AtomicBool,
}

impl RawSpinLock {
    #[cold]
    fn wait(&self) {
        let mut rounds = 0;
        loop {
            for _ in 0..SPINS {
                if !self.held.load(Relaxed) && !self.held.swap(true, Acquire) {
                    return;
                }
                spin_loop();
            }
            if rounds < YIELDS {
                rounds += 1;
                thread::yield_now();
            } else {
                thread::sleep(NAP);
            }
        }
    }
}

// SAFETY: `lock` and a successful `try_lock` return only after this thread has changed `held` from
// false to true, and nobody but the holder changes it back. Acquire and Release order what is done
// under the lock.
unsafe impl RawMutex for RawSpinLock {
    #[allow(clippy::declare_interior_mutable_const, reason = "the trait asks for a constant to begin with")]
    const INIT: Self = Self { held: AtomicBool::new(false) };

    type GuardMarker = GuardNoSend;

    #[inline]
    fn lock(&self) {
        if self.held.swap(true, Acquire) {
            self.wait();
        }
    }

    #[inline]
    fn try_lock(&self) -> bool {
        !self.held.swap(true, Acquire)
    }

    #[inline]
    unsafe fn unlock(&self) {
        self.held.store(false, Release);
    }
}

#[cfg(test)]
mod tests {
    #[cfg(unix)]
    use std::time::Instant;

    use super::*;

    #[test]
    fn one_at_a_time() {
        const THREADS: usize = 4;
        const ROUNDS: usize = 10_000;
        let counts = SpinLock::new((0, 0));
        thread::scope(|scope| {
            for _ in 0..THREADS {
                scope.spawn(|| {
                    for _ in 0..ROUNDS {
                        let mut counts = counts.lock();
                        let (first, second) = *counts;
                        assert_eq!(first, second);
                        counts.0 = first + 1;
                        counts.1 = second + 1;
                    }
                });
            }
        });
        assert_eq!(*counts.lock(), (THREADS * ROUNDS, THREADS * ROUNDS));
    }

    #[test]
    fn who_waits_for_long_gets_it_in_the_end() {
        let lock = SpinLock::new(1);
        let mut held = lock.lock();
        assert!(lock.try_lock().is_none());
        thread::scope(|scope| {
            let waiting = scope.spawn(|| *lock.lock());
            // Long enough for all kinds of waiting, whenever the thread begins.
            thread::sleep(10 * NAP);
            *held = 2;
            drop(held);
            assert_eq!(waiting.join().ok(), Some(2));
        });
    }

    /// Whoever holds the lock may have been preempted, for want of this very processor.
    #[cfg(unix)]
    #[test]
    fn who_waits_for_long_leaves_the_processor_to_others() {
        const HELD: Duration = Duration::from_millis(100);
        let lock = SpinLock::new(());
        let is_waiting = AtomicBool::new(false);
        let held = lock.lock();
        let (used, waited) = thread::scope(|scope| {
            let waiting = scope.spawn(|| {
                let (began, before) = (Instant::now(), processor_time());
                is_waiting.store(true, Relaxed);
                drop(lock.lock());
                (processor_time() - before, began.elapsed())
            });
            while !is_waiting.load(Relaxed) {
                thread::yield_now();
            }
            thread::sleep(HELD);
            drop(held);
            waiting.join().expect("it gets the lock")
        });
        assert!(waited >= HELD && used < waited / 2, "{used:?} of {waited:?}");
    }

    /// What this thread has used.
    #[cfg(unix)]
    fn processor_time() -> Duration {
        let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        // SAFETY: the time is written to where it may be.
        assert_eq!(unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) }, 0);
        Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
    }
}
