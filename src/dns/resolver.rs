//! Names to addresses, off the caller's thread: a small pool of threads that grows while lookups
//! wait and shrinks when idle. Requests for a name that is being looked up share that lookup, so
//! that one dead name holds up one thread at the most.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::{Condvar, Mutex};

use crate::error::{Code, Error, Result};
use crate::sys;

/// A lookup that hangs holds a thread, and the system gives up after many seconds: there are enough of
/// them that dead names do not hold up the others.
const MOST_THREADS: usize = 256;
const IDLE_THREAD: Duration = Duration::from_secs(10);

/// Takes the addresses (port 0) in the system's order of preference, never an empty list.
pub(crate) type Answer = Box<dyn FnOnce(Result<Vec<SocketAddr>>) + Send>;

static POOL: Pool = Pool { state: Mutex::new(None), more: Condvar::new() };

struct Pool {
    state: Mutex<Option<Lookups>>,
    more: Condvar,
}

#[derive(Default)]
struct Lookups {
    /// Names to look up next.
    names: VecDeque<Arc<str>>,
    /// Who waits for each name, whether it is queued or under way.
    waiting: HashMap<Arc<str>, Vec<Answer>>,
    threads: usize,
    idle: usize,
}

/// Looks `name` up and calls `answer` on another thread. The lookup cannot be cancelled; nobody
/// ever waits for these threads.
pub(crate) fn look_up(name: &str, answer: Answer) {
    let mut guard = POOL.state.lock();
    let lookups = guard.get_or_insert_with(Lookups::default);
    if let Some(waiting) = lookups.waiting.get_mut(name) {
        waiting.push(answer);
        return;
    }
    let name: Arc<str> = name.into();
    lookups.waiting.insert(Arc::clone(&name), vec![answer]);
    lookups.names.push_back(name);
    if lookups.idle >= lookups.names.len() || lookups.threads == MOST_THREADS {
        POOL.more.notify_one();
        return;
    }
    let started = sys::start_thread(|| {
        std::thread::Builder::new().name("stepwire-resolve".into()).stack_size(512 << 10).spawn(run)
    });
    match started {
        Ok(_) => lookups.threads += 1,
        Err(error) if lookups.threads == 0 => {
            let unanswered: Vec<_> =
                lookups.names.drain(..).filter_map(|name| lookups.waiting.remove(&name)).collect();
            drop(guard);
            let error = Error::from_io("cannot start a thread to resolve names", &error);
            for answer in unanswered.into_iter().flatten() {
                answer(Err(error.clone()));
            }
        }
        // A busy thread will get to it.
        Err(_) => {}
    }
}

fn run() {
    let mut guard = POOL.state.lock();
    loop {
        let lookups = guard.get_or_insert_with(Lookups::default);
        let Some(name) = lookups.names.pop_front() else {
            lookups.idle += 1;
            let timed_out = POOL.more.wait_for(&mut guard, IDLE_THREAD).timed_out();
            let lookups = guard.get_or_insert_with(Lookups::default);
            lookups.idle -= 1;
            if timed_out && lookups.names.is_empty() {
                lookups.threads -= 1;
                return;
            }
            continue;
        };
        drop(guard);
        let result = look_up_now(&name);
        guard = POOL.state.lock();
        let answers = guard.as_mut().and_then(|lookups| lookups.waiting.remove(&name)).unwrap_or_default();
        drop(guard);
        for answer in answers {
            answer(result.clone());
        }
        guard = POOL.state.lock();
    }
}

/// Asks the system; blocks for as long as that takes.
pub(crate) fn look_up_now(name: &str) -> Result<Vec<SocketAddr>> {
    let failed = |why: &dyn std::fmt::Display| {
        Error::new(Code::Resolve, format!("the name \"{name}\" has no address: {why}"))
    };
    let found: io::Result<Vec<SocketAddr>> = (name, 0).to_socket_addrs().map(Iterator::collect);
    let mut addresses = Vec::new();
    for address in found.map_err(|error| failed(&error))? {
        if !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    if addresses.is_empty() { Err(failed(&"the answer was empty")) } else { Ok(addresses) }
}
