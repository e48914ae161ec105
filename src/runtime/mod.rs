//! Who runs the reactors' turns: threads of ours, or with manual I/O, where there is one reactor, the
//! host's own polls and waits.

mod threads;

use std::cell::Cell;
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed, Ordering::SeqCst};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use crate::command::Waiter;
use crate::context::{CONTEXT, Context};
use crate::error::{Code, Error, Result, catch_defects};
use crate::event::NetworkEvent;
use crate::log;
use crate::options::Options;
use crate::placement::{self, ReactorIndex};
use crate::reactor::Reactor;
use crate::socket::{Handle, set_total_limit};
use crate::sys;

use threads::{FLUSH, IoThread};

static RUNTIME: Mutex<Runtime> = Mutex::new(Runtime::Off);
/// Whether `RUNTIME` is other than `Off`; lets calls that must not block skip its lock.
static STARTED: AtomicBool = AtomicBool::new(false);
static MANUAL: AtomicBool = AtomicBool::new(false);
/// This process was forked from one in which the library ran: its threads are not here, and its
/// descriptors are the parent's too.
static FORKED: AtomicBool = AtomicBool::new(false);
/// A shutdown is under way: waits with manual I/O make room for it.
static CLOSING: AtomicBool = AtomicBool::new(false);

/// How long after its timeout a connect that blocks still waits to be told of its end.
const CONNECT_GRACE: Duration = Duration::from_secs(2);
/// With manual I/O, how often a thread that waits looks whether it must take over the turns.
const TAKE_OVER: Duration = Duration::from_millis(5);

enum Runtime {
    Off,
    On {
        first: First,
        /// Those of the other reactors, in order.
        others: Vec<IoThread>,
    },
}

/// The first reactor, and who runs its turns.
enum First {
    /// The host.
    Manual(Box<Reactor>),
    Thread(IoThread),
}

impl First {
    fn start(reactor: Box<Reactor>) -> Result<Self> {
        if MANUAL.load(SeqCst) {
            return Ok(Self::Manual(reactor));
        }
        IoThread::start(reactor).map(Self::Thread)
    }

    fn stop(self) {
        if let Self::Thread(thread) = self {
            drop(thread.stop());
        }
    }
}

fn new_reactor(index: ReactorIndex) -> Result<Box<Reactor>> {
    Reactor::new(&CONTEXT, index).map(Box::new)
}

fn stop_all(threads: &mut Vec<IoThread>) {
    threads.drain(..).for_each(|thread| drop(thread.stop()));
}

/// Starts threads until there are `count` reactors, the first one included. Those it has started go again
/// if one cannot be.
fn start_others(others: &mut Vec<IoThread>, count: usize) -> Result<()> {
    let before = others.len();
    for index in ReactorIndex::first(count).skip(1 + before) {
        match new_reactor(index).and_then(IoThread::start) {
            Ok(thread) => others.push(thread),
            Err(error) => {
                stop_all(&mut others.split_off(before));
                return Err(error);
            }
        }
    }
    Ok(())
}

thread_local! {
    static IN_CALLBACK: Cell<bool> = const { Cell::new(false) };
}

/// Marks the thread as inside `network_poll`, however that ends.
struct InCallback;

impl InCallback {
    fn enter() -> Self {
        IN_CALLBACK.set(true);
        Self
    }
}

impl Drop for InCallback {
    fn drop(&mut self) {
        IN_CALLBACK.set(false);
    }
}

/// Fails inside a callback of `network_poll`, where nothing may block.
pub(crate) fn check_may_block() -> Result<()> {
    if IN_CALLBACK.get() {
        return Err(Error::new(Code::Busy, "not from inside a callback of network_poll"));
    }
    Ok(())
}

/// Sees to it that somebody runs turns. For sockets to be called when they are in the registry, so
/// that a shutdown at the same time either takes them along or has ended before.
pub(crate) fn start() -> Result<()> {
    if STARTED.load(SeqCst) {
        return Ok(());
    }
    let mut runtime = RUNTIME.lock();
    if matches!(*runtime, Runtime::Off) {
        log::prepare();
        static WATCHED: Once = Once::new();
        WATCHED.call_once(|| sys::in_forked_children(note_fork));
        let first = First::start(new_reactor(ReactorIndex::FIRST)?)?;
        let mut others = Vec::new();
        if let Err(error) = start_others(&mut others, placement::reactors()) {
            first.stop();
            return Err(error);
        }
        *runtime = Runtime::On { first, others };
        STARTED.store(true, SeqCst);
    }
    Ok(())
}

/// In a child that was just forked, where only this thread goes on: nothing but a store is safe here.
extern "C" fn note_fork() {
    if STARTED.load(SeqCst) {
        FORKED.store(true, SeqCst);
    }
}

/// Fails in a child that was forked while the library ran.
#[inline]
pub(crate) fn check_not_forked() -> Result<()> {
    if FORKED.load(Relaxed) { Err(forked()) } else { Ok(()) }
}

#[cold]
fn forked() -> Error {
    Error::new(
        Code::Failed,
        "this process was forked while the library ran in its parent, and cannot use it: fork before the \
         first socket, or after network_shutdown, or call exec",
    )
}

/// `network_config_manual_io`.
pub(crate) fn set_manual_io(manual: bool) -> Result<()> {
    let busy = || Error::new(Code::Busy, "manual I/O can be changed only while no socket exists");
    if MANUAL.load(SeqCst) == manual {
        return Ok(());
    }
    let mut runtime = RUNTIME.try_lock().ok_or_else(busy)?;
    if CONTEXT.registry.len() > 0 {
        return Err(busy());
    }
    if manual && placement::reactors() > 1 {
        return Err(not_with_manual_io());
    }
    // Connections that are still closing go on under the new regime.
    let (reactor, mut others) = match std::mem::replace(&mut *runtime, Runtime::Off) {
        Runtime::Off => (None, Vec::new()),
        Runtime::On { first: First::Manual(reactor), others } => (Some(reactor), others),
        Runtime::On { first: First::Thread(thread), others } => (thread.stop(), others),
    };
    MANUAL.store(manual, SeqCst);
    STARTED.store(false, SeqCst);
    let Some(reactor) = reactor else {
        stop_all(&mut others);
        return Ok(());
    };
    match First::start(reactor) {
        Ok(first) => {
            *runtime = Runtime::On { first, others };
            STARTED.store(true, SeqCst);
            Ok(())
        }
        Err(error) => {
            stop_all(&mut others);
            Err(error)
        }
    }
}

/// `network_config_io_threads`.
pub(crate) fn set_io_threads(count: usize) -> Result<()> {
    let busy =
        || Error::new(Code::Busy, "the number of I/O threads can be changed only while no socket exists");
    if placement::reactors() == count {
        return Ok(());
    }
    let mut runtime = RUNTIME.try_lock().ok_or_else(busy)?;
    if CONTEXT.registry.len() > 0 {
        return Err(busy());
    }
    if MANUAL.load(SeqCst) {
        return Err(not_with_manual_io());
    }
    // First, since the next socket may be placed on one of them. Those that are too many sleep from now on,
    // once what still closes there has closed.
    if let Runtime::On { others, .. } = &mut *runtime {
        start_others(others, count)?;
    }
    let changed = CONTEXT.registry.while_empty(|| placement::set_reactors(count));
    if changed { Ok(()) } else { Err(busy()) }
}

fn not_with_manual_io() -> Error {
    Error::new(Code::NotSupported, "with manual I/O there are no I/O threads, and so not several")
}

/// With manual I/O, one turn. False if there is none to do here: another thread is in one.
fn turn(most: Duration) -> bool {
    match RUNTIME.try_lock().as_deref_mut() {
        Some(Runtime::On { first: First::Manual(reactor), .. }) => {
            // A shutdown waits for the lock that is held here.
            let most = || Some(if CLOSING.load(SeqCst) { Duration::ZERO } else { most });
            reactor.turn(most, true);
            true
        }
        _ => false,
    }
}

/// The next event, after a turn if none waits and turns are the host's.
pub(crate) fn next_event(take: impl Fn(&Context) -> Option<NetworkEvent>) -> Result<Option<NetworkEvent>> {
    check_may_block()?;
    if let Some(event) = take(&CONTEXT) {
        return Ok(Some(event));
    }
    if MANUAL.load(SeqCst) && turn(Duration::ZERO) {
        return Ok(take(&CONTEXT));
    }
    Ok(None)
}

/// `network_poll`. What leaves `deliver` passes through.
pub(crate) fn drain_events(mut deliver: impl FnMut(&NetworkEvent)) -> Result<usize> {
    check_may_block()?;
    let mut drain = || {
        let _inside = InCallback::enter();
        CONTEXT.events.drain(&CONTEXT, &mut deliver)
    };
    let delivered = drain()?;
    if delivered == 0 && MANUAL.load(SeqCst) && catch_defects(|| Ok(turn(Duration::ZERO)))? {
        return drain();
    }
    Ok(delivered)
}

/// `network_wait`.
pub(crate) fn wait(timeout: Duration) -> Result<bool> {
    check_may_block()?;
    let deadline = Instant::now() + timeout;
    CONTEXT.mailboxes.burst_ended();
    // Also without a socket: it is the reactor that hears `network_wake`.
    start()?;
    if !MANUAL.load(SeqCst) {
        return Ok(CONTEXT.events.wait(Some(deadline), || CONTEXT.wake.take()));
    }
    loop {
        if CONTEXT.events.is_ready() {
            return Ok(true);
        }
        if CONTEXT.wake.take() {
            return Ok(false);
        }
        let left = deadline.saturating_duration_since(Instant::now());
        if !turn(left) && !left.is_zero() {
            CONTEXT.events.wait(Some(Instant::now() + left.min(TAKE_OVER)), || false);
        }
        if left.is_zero() || CLOSING.load(SeqCst) {
            return Ok(CONTEXT.events.is_ready());
        }
    }
}

/// `network_wake`. On systems with signals it takes no lock.
pub(crate) fn wake() {
    CONTEXT.wake.ask();
    if cfg!(windows) {
        CONTEXT.events.interrupt();
        CONTEXT.mailboxes.of(ReactorIndex::FIRST).notify();
    }
}

/// `network_get_descriptor`.
pub(crate) fn descriptor() -> Result<i32> {
    CONTEXT.events.descriptor()
}

/// Blocks until the connect of a socket has ended.
pub(crate) fn await_connect(waiter: &Waiter, socket: Handle, timeout_ms: u32) -> Result<()> {
    const LOOK_UP: Duration = Duration::from_millis(100);
    let give_up = Instant::now() + Duration::from_millis(timeout_ms.into()) + CONNECT_GRACE;
    loop {
        // A shutdown may have come before anybody saw the command: then nobody ends it.
        let destroyed = !CONTEXT.registry.contains(socket);
        if let Some(outcome) = waiter.take() {
            return outcome;
        }
        if destroyed {
            return Err(Waiter::destroyed());
        }
        if Instant::now() >= give_up {
            return Err(Error::new(
                Code::Timeout,
                "the connect did not end in time: is the I/O thread running?",
            ));
        }
        if !MANUAL.load(SeqCst) {
            waiter.wait(LOOK_UP);
        } else if !turn(LOOK_UP) {
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

/// `network_shutdown`.
pub(crate) fn shutdown() -> Result<()> {
    check_may_block()?;
    CLOSING.store(true, SeqCst);
    let sockets = CONTEXT.registry.remove_all(|| {});
    sockets.iter().for_each(|socket| socket.retire());
    CONTEXT.command_destroy(sockets, None);
    CONTEXT.destroyed.fetch_add(1, SeqCst);
    let mut runtime = RUNTIME.lock();
    match std::mem::replace(&mut *runtime, Runtime::Off) {
        Runtime::Off => {}
        Runtime::On { first, mut others } => {
            match first {
                First::Thread(thread) => others.push(thread),
                First::Manual(mut reactor) => {
                    let by = Instant::now() + FLUSH;
                    reactor.turn(|| Some(Duration::ZERO), true);
                    while !reactor.is_empty() && Instant::now() < by {
                        reactor.turn(|| Some(by.saturating_duration_since(Instant::now())), true);
                    }
                }
            }
            others.iter().for_each(IoThread::finish);
            others.into_iter().for_each(IoThread::join);
        }
    }
    STARTED.store(false, SeqCst);
    MANUAL.store(false, SeqCst);
    // Sockets that were made meanwhile and found the reactors running; later ones start new ones.
    let made_meanwhile = CONTEXT.registry.remove_all(|| placement::set_reactors(1));
    made_meanwhile.iter().for_each(|socket| socket.retire());
    CONTEXT.mailboxes.end();
    CONTEXT.events.clear();
    CONTEXT.names.clear();
    let defaults = Options::default();
    set_total_limit(defaults.total_send_limit);
    CONTEXT.with_options(|options| *options = defaults);
    log::set_level(log::DEFAULT_LEVEL);
    CLOSING.store(false, SeqCst);
    Ok(())
}
