//! The spin lock.

use std::sync::Arc;

use super::explore;
use crate::spin_lock::SpinLock;
use crate::sync::thread;

const THREADS: usize = 3;
const ROUNDS: usize = 2;

#[test]
fn nobody_holds_it_beside_another() {
    explore(|| {
        let counts = Arc::new(SpinLock::new((0, 0)));
        let work = |counts: Arc<SpinLock<(usize, usize)>>| {
            for round in 0..ROUNDS {
                let mut counts = match round {
                    0 => counts.lock(),
                    // Whoever only tries gets it in the end, too.
                    _ => loop {
                        match counts.try_lock() {
                            Some(counts) => break counts,
                            None => thread::yield_now(),
                        }
                    },
                };
                let before = *counts;
                assert_eq!(before.0, before.1, "another is in the middle of it");
                counts.0 += 1;
                thread::yield_now();
                counts.1 += 1;
            }
        };
        let threads = (0..THREADS).map(|_| {
            let counts = Arc::clone(&counts);
            thread::spawn(move || work(counts))
        });
        for thread in threads.collect::<Vec<_>>() {
            thread.join().unwrap();
        }
        assert_eq!(*counts.lock(), (THREADS * ROUNDS, THREADS * ROUNDS));
    });
}
