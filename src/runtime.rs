//! Who runs the reactor's turns: a thread of ours, or with manual I/O the host's own polls and waits.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed, Ordering::SeqCst};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use crate::command::{Command, Stop, Waiter};
use crate::context::{CONTEXT, Context};
use crate::error::{Code, Error, Result, catch_defects};
use crate::event::NetworkEvent;
use crate::log;
use crate::options::Options;
use crate::placement::ReactorIndex;
use crate::reactor::Reactor;
use crate::socket::{Handle, set_total_limit};
use crate::sys;

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
/// How long `network_shutdown` may take to flush.
const FLUSH: Duration = Duration::from_millis(2_100);
/// With manual I/O, how often a thread that waits looks whether it must take over the turns.
const TAKE_OVER: Duration = Duration::from_millis(5);

enum Runtime {
    Off,
    Manual(Box<Reactor>),
    Thread(JoinHandle<Box<Reactor>>),
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
        let reactor = Box::new(Reactor::new(&CONTEXT, ReactorIndex::FIRST)?);
        *runtime = if MANUAL.load(SeqCst) { Runtime::Manual(reactor) } else { run_in_thread(reactor)? };
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

fn run_in_thread(reactor: Box<Reactor>) -> Result<Runtime> {
    let started = sys::start_thread(|| {
        std::thread::Builder::new().name("stepwire-io".into()).spawn(move || run(reactor))
    });
    started.map(Runtime::Thread).map_err(|error| Error::from_io("cannot start the I/O thread", &error))
}

fn run(mut reactor: Box<Reactor>) -> Box<Reactor> {
    let mut flushed_by: Option<Instant> = None;
    loop {
        let most = flushed_by.map(|by| by.saturating_duration_since(Instant::now()));
        // Endpoints catch their own panics; this keeps the thread alive through one elsewhere.
        let _ = catch_unwind(AssertUnwindSafe(|| reactor.turn(|| most, false)));
        match reactor.take_stop() {
            Some(Stop::Now) => return reactor,
            Some(Stop::WhenFlushed) => flushed_by = Some(Instant::now() + FLUSH),
            None => {}
        }
        if flushed_by.is_some_and(|by| reactor.is_empty() || Instant::now() >= by) {
            return reactor;
        }
    }
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
    // Connections that are still closing go on under the new regime.
    let reactor = match std::mem::replace(&mut *runtime, Runtime::Off) {
        Runtime::Off => None,
        Runtime::Manual(reactor) => Some(reactor),
        Runtime::Thread(thread) => {
            CONTEXT.command(ReactorIndex::FIRST, Command::Stop(Stop::Now));
            thread.join().ok()
        }
    };
    MANUAL.store(manual, SeqCst);
    STARTED.store(false, SeqCst);
    if let Some(reactor) = reactor {
        *runtime = if manual { Runtime::Manual(reactor) } else { run_in_thread(reactor)? };
        STARTED.store(true, SeqCst);
    }
    Ok(())
}

/// With manual I/O, one turn. False if there is none to do here: another thread is in one.
fn turn(most: Duration) -> bool {
    match RUNTIME.try_lock().as_deref_mut() {
        Some(Runtime::Manual(reactor)) => {
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
    let sockets = CONTEXT.registry.remove_all();
    sockets.iter().for_each(|socket| socket.retire());
    CONTEXT.command_destroy(sockets, None);
    CONTEXT.destroyed.fetch_add(1, SeqCst);
    let mut runtime = RUNTIME.lock();
    match std::mem::replace(&mut *runtime, Runtime::Off) {
        Runtime::Off => {}
        Runtime::Manual(mut reactor) => {
            let by = Instant::now() + FLUSH;
            reactor.turn(|| Some(Duration::ZERO), true);
            while !reactor.is_empty() && Instant::now() < by {
                reactor.turn(|| Some(by.saturating_duration_since(Instant::now())), true);
            }
        }
        Runtime::Thread(thread) => {
            CONTEXT.command(ReactorIndex::FIRST, Command::Stop(Stop::WhenFlushed));
            // It returns the reactor, which ends here; a panic in it has ended it already.
            drop(thread.join());
        }
    }
    STARTED.store(false, SeqCst);
    MANUAL.store(false, SeqCst);
    // Sockets that were made meanwhile and found the reactor running; later ones start a new one.
    CONTEXT.registry.remove_all().iter().for_each(|socket| socket.retire());
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
