//! The queue of events between the reactors, which publish whole batches, and the host, which
//! collects them: one at a time or all that wait.

use std::collections::VecDeque;
use std::ffi::c_void;
use std::io;
use std::sync::OnceLock;
use std::time::Instant;

use crate::error::{Code, Error, Result, catch_defects};
use crate::placement::{MOST_REACTORS, ReactorIndex};
use crate::socket::Handle;
use crate::sync::atomic::{
    AtomicU32, AtomicU64, AtomicUsize, Ordering::Relaxed, Ordering::Release, Ordering::SeqCst, fence,
};
use crate::sync::{Condvar, Mutex, MutexGuard};
use crate::sys;

use super::NetworkEvent;
use super::batch::{Batch, Collected, Entry, Load, Source, What};

/// Batches that may wait as they are; beyond that the host lags behind, and they keep no memory they do not need.
const LOOSE_BATCHES: usize = 8;
/// So many may wait before small ones are packed into the one before them: a host that collects once a frame then
/// finds what many turns have brought side by side.
const LOOSE_SMALL_BATCHES: usize = 2;
/// These are batches below this many bytes.
const PACKED_BELOW: usize = 16 << 10;
/// No more is packed into a batch that holds this many bytes: it stays within families of its offsets,
/// and what it costs is given back in pieces.
const PACKED_UP_TO: usize = 1 << 20;
/// Empty batches kept for the next turns.
const SPARE_BATCHES: usize = 2;

/// Who collects events: what the queue has to ask or tell while it delivers them.
pub(crate) trait Collector {
    /// How many sockets the host has destroyed so far.
    fn destroyed(&self) -> u64;

    fn exists(&self, socket: Handle) -> bool;

    /// How often the host has set a socket's own pointer.
    fn users(&self) -> u64 {
        0
    }

    /// The host's own pointer of a socket.
    fn user(&self, _socket: Handle) -> *mut c_void {
        std::ptr::null_mut()
    }

    /// Events of these sockets are delivered soon.
    fn fetch_ahead(&self, _sockets: impl Iterator<Item = Handle>) {}

    /// An event without bytes is about to be delivered. Returns the socket if it is to go once the
    /// program polls again.
    fn collected(&self, source: &Source, what: What) -> Option<Handle>;

    /// The program polls again after a client's disconnect.
    fn left(&self, socket: Handle);

    /// The program will probably answer several events of this socket.
    fn expect_answers(&self, _socket: Handle) {}

    fn answers_ended(&self) {}

    /// Nothing is left to answer.
    fn caught_up(&self) {}

    /// These reactors wait for collected events.
    fn wake_reactors(&self, waiting: impl Iterator<Item = ReactorIndex>);
}

pub(crate) struct EventQueue {
    state: Mutex<State>,
    available: Condvar,
    /// Readable while events wait, once the host has asked for that.
    flag: OnceLock<sys::Flag>,
    /// Events in `State::ready` not yet delivered.
    ready: AtomicUsize,
    /// Events that a `network_poll` under way has taken and not yet delivered.
    delivering: AtomicUsize,
    /// The reactors, as bits, that have stopped reading something and want to hear of collected events.
    starving: AtomicU64,
    /// What all published events weigh that the host has not collected; changes with `state` locked.
    cost: AtomicU64,
    link_events: AtomicU32,
}

struct State {
    ready: VecDeque<Batch>,
    /// The next entry of the first ready batch.
    next: usize,
    ahead: Ahead,
    /// Batches that events already handed out point into.
    spent: Vec<Batch>,
    spare: Vec<Batch>,
    /// Sources of collected events, whose cost the reactor that is their place here has not yet taken back.
    collected: [Vec<Vec<Source>>; MOST_REACTORS],
    /// A thread is inside `network_poll`.
    polling: bool,
    sleepers: u32,
    /// The descriptor says that events wait.
    shown: bool,
    /// Servers' clients whose disconnect events the last poll delivered.
    leaving: Vec<Handle>,
    /// What `network_event_real` and its siblings look at.
    current: Option<NetworkEvent>,
}

impl EventQueue {
    pub(crate) const fn new() -> Self {
        Self {
            state: Mutex::new(State {
                ready: VecDeque::new(),
                next: 0,
                ahead: Ahead(0),
                spent: Vec::new(),
                spare: Vec::new(),
                collected: [const { Vec::new() }; MOST_REACTORS],
                polling: false,
                sleepers: 0,
                shown: false,
                leaving: Vec::new(),
                current: None,
            }),
            available: Condvar::new(),
            flag: OnceLock::new(),
            ready: AtomicUsize::new(0),
            delivering: AtomicUsize::new(0),
            starving: AtomicU64::new(0),
            cost: AtomicU64::new(0),
            link_events: AtomicU32::new(0),
        }
    }

    /// Events the host has not yet collected.
    #[inline]
    pub(crate) fn waiting(&self) -> usize {
        self.ready.load(SeqCst) + self.delivering.load(Relaxed)
    }

    /// Whether the host can collect an event now.
    pub(crate) fn is_ready(&self) -> bool {
        self.ready.load(SeqCst) > 0
    }

    /// What all published events weigh that the host has not collected.
    #[inline]
    pub(crate) fn load(&self) -> Load {
        Load { cost: self.cost.load(Relaxed), link_events: self.link_events.load(Relaxed) }
    }

    /// Hands a turn's events to the host and leaves an empty batch in their place. Returns the
    /// sources of events of the same reactor collected since the last call.
    pub(crate) fn publish(&self, batch: &mut Batch) -> Vec<Vec<Source>> {
        let is_small = batch.bytes() < PACKED_BELOW;
        if !is_small && self.ready.load(Relaxed) > 0 && self.state.lock().ready.len() >= LOOSE_BATCHES {
            batch.shrink();
        }
        let reactor = batch.reactor;
        let mut state = self.state.lock();
        self.ready.store(self.ready.load(Relaxed) + batch.len(), SeqCst);
        self.change_load(|load| load.add(batch.load()));
        // The first batch is being delivered from; its memory must not move.
        let packed = is_small && state.ready.len() >= LOOSE_SMALL_BATCHES;
        match state.ready.back_mut() {
            Some(last) if packed && last.bytes() < PACKED_UP_TO => last.append(batch),
            _ => {
                let mut empty = state.spare.pop().unwrap_or_default();
                empty.take_unused_room(batch);
                state.ready.push_back(std::mem::replace(batch, empty));
                batch.reactor = reactor;
            }
        }
        self.show(&mut state);
        if state.sleepers > 0 {
            self.available.notify_all();
        }
        std::mem::take(&mut state.collected[reactor.get()])
    }

    /// For whoever has `state` locked.
    fn change_load(&self, change: impl FnOnce(&mut Load)) {
        let mut load = self.load();
        change(&mut load);
        self.cost.store(load.cost, Relaxed);
        self.link_events.store(load.link_events, Relaxed);
    }

    /// Sources of a reactor's events collected since the last call.
    pub(crate) fn take_collected(&self, reactor: ReactorIndex) -> Vec<Vec<Source>> {
        std::mem::take(&mut self.state.lock().collected[reactor.get()])
    }

    /// Asks that the reactor be woken when events are collected, its own or others': they count together.
    pub(crate) fn set_starving(&self, reactor: ReactorIndex, starving: bool) {
        if starving {
            self.starving.fetch_or(reactor.bit(), SeqCst);
        } else {
            self.starving.fetch_and(!reactor.bit(), SeqCst);
        }
    }

    /// The next event, or none if nothing waits or another thread is inside `network_poll`.
    pub(crate) fn next(&self, host: &impl Collector) -> Option<NetworkEvent> {
        let mut state = self.begin(host)?;
        let event = self.step(&mut state, host);
        if event.is_none() {
            drop(state);
            host.caught_up();
        }
        event
    }

    /// As [`EventQueue::next`], and the event becomes the one that the accessors read.
    pub(crate) fn next_current(&self, host: &impl Collector) -> Option<NetworkEvent> {
        let mut state = self.begin(host)?;
        state.current = self.step(&mut state, host);
        let event = state.current;
        drop(state);
        if event.is_none() {
            host.caught_up();
        }
        event
    }

    /// Lets `read` look at the current event while nobody can invalidate it.
    pub(crate) fn with_current<T>(&self, read: impl FnOnce(Option<&NetworkEvent>) -> T) -> T {
        read(self.state.lock().current.as_ref())
    }

    /// Calls `deliver` for each event that waits now; returns how many there were.
    ///
    /// Defects of ours are caught one by one, and never around `deliver`: an exception that leaves the
    /// host's callback passes through here to the host. The events it kept from being delivered wait on.
    pub(crate) fn drain(
        &self,
        host: &impl Collector,
        mut deliver: impl FnMut(&NetworkEvent),
    ) -> Result<usize> {
        let Some(mut round) = catch_defects(|| Ok(self.begin_round(host)))? else { return Ok(0) };
        let mut delivered = 0;
        while catch_defects(|| Ok(round.advance()))? {
            delivered += 1;
            deliver(&round.event);
        }
        catch_defects(|| {
            drop(round);
            host.caught_up();
            Ok(delivered)
        })
    }

    /// Takes all that waits, unless nothing does or another thread is inside `network_poll`.
    fn begin_round<'a, C: Collector>(&'a self, host: &'a C) -> Option<Round<'a, C>> {
        let mut state = self.begin(host)?;
        let next = std::mem::take(&mut state.next);
        let ahead = std::mem::take(&mut state.ahead);
        let batches = std::mem::take(&mut state.ready);
        if batches.is_empty() {
            drop(state);
            host.caught_up();
            return None;
        }
        let left = self.ready.swap(0, SeqCst);
        self.show(&mut state);
        self.delivering.store(left, Relaxed);
        state.polling = true;
        drop(state);
        let spent = Vec::with_capacity(batches.len());
        Some(Round {
            queue: self,
            host,
            batches,
            next,
            ahead,
            left,
            spent,
            leaving: Vec::new(),
            event: NetworkEvent::EMPTY,
            run: NO_RUN,
            users: 0,
        })
    }

    /// Ends the wait of whoever waits to be interrupted.
    pub(crate) fn interrupt(&self) {
        let _state = self.state.lock();
        self.available.notify_all();
    }

    /// A descriptor that is readable while events wait; it stays for the whole life of the process.
    pub(crate) fn descriptor(&self) -> Result<i32> {
        let state = &mut *self.state.lock();
        if self.flag.get().is_none() {
            let made = sys::Flag::new().map_err(|error| match error.kind() {
                io::ErrorKind::Unsupported => {
                    Error::new(Code::NotSupported, "this system has no descriptor that tells of events")
                }
                _ => Error::from_io("cannot make a descriptor", &error),
            })?;
            let _ = self.flag.set(made);
        }
        self.show(state);
        Ok(self.flag.get().map_or(-1, sys::Flag::descriptor))
    }

    /// Brings the descriptor in step with whether events wait.
    #[inline]
    fn show(&self, state: &mut State) {
        if let Some(flag) = self.flag.get() {
            let is_ready = self.ready.load(Relaxed) > 0;
            match (is_ready, std::mem::replace(&mut state.shown, is_ready)) {
                (true, false) => flag.raise(),
                (false, true) => flag.lower(),
                _ => {}
            }
        }
    }

    /// Sleeps until an event waits, `interrupted` says so or `deadline` is over; whether an event waits.
    pub(crate) fn wait(&self, deadline: Option<Instant>, interrupted: impl Fn() -> bool) -> bool {
        let mut state = self.state.lock();
        while self.ready.load(Relaxed) == 0 && !interrupted() {
            state.sleepers += 1;
            let timed_out = match deadline {
                None => {
                    self.available.wait(&mut state);
                    false
                }
                Some(deadline) => self.available.wait_until(&mut state, deadline).timed_out(),
            };
            state.sleepers -= 1;
            if timed_out {
                break;
            }
        }
        self.ready.load(Relaxed) > 0
    }

    /// Payload bytes of the uncollected data events of one socket, of a server's clients, or of all.
    pub(crate) fn waiting_bytes(&self, of: Option<Handle>) -> u64 {
        let state = self.state.lock();
        let mut bytes = 0;
        let mut next = state.next;
        for batch in &state.ready {
            for &entry in &batch.entries()[next..] {
                let source = batch.source(entry);
                if of.is_none_or(|socket| [source.socket, source.server].contains(&socket)) {
                    bytes += batch.payload(entry).len() as u64;
                }
            }
            next = 0;
        }
        bytes
    }

    /// Drops all events; for the end of the library's life.
    pub(crate) fn clear(&self) {
        let mut state = self.state.lock();
        self.ready.store(0, SeqCst);
        self.show(&mut state);
        state.ready.clear();
        state.next = 0;
        state.ahead = Ahead(0);
        state.spent.clear();
        state.spare.clear();
        state.collected.iter_mut().for_each(Vec::clear);
        self.change_load(|load| *load = Load::default());
        state.leaving.clear();
        state.current = None;
        self.starving.store(0, SeqCst);
        self.available.notify_all();
    }

    /// The program asks for the next event: what only the last one needed can go.
    fn begin(&self, host: &impl Collector) -> Option<MutexGuard<'_, State>> {
        let mut state = self.state.lock();
        if state.polling {
            return None;
        }
        state.current = None;
        if !state.spent.is_empty() {
            let State { spent, spare, .. } = &mut *state;
            for mut batch in spent.drain(..) {
                if spare.len() < SPARE_BATCHES {
                    batch.clear();
                    spare.push(batch);
                }
            }
        }
        for gone in state.leaving.drain(..) {
            host.left(gone);
        }
        Some(state)
    }

    fn step(&self, state: &mut State, host: &impl Collector) -> Option<NetworkEvent> {
        loop {
            let batch = state.ready.front()?;
            let mut event = None;
            if state.next < batch.len() {
                let entry = batch.entry(state.next);
                state.next += 1;
                self.ready.store(self.ready.load(Relaxed) - 1, Release);
                state.ahead.reach(host, batch, entry);
                if is_deliverable(host, batch, entry, &mut state.leaving) {
                    describe(host, batch, entry, event.insert(NetworkEvent::EMPTY));
                }
            }
            if state.next == batch.len()
                && let Some(mut batch) = state.ready.pop_front()
            {
                state.next = 0;
                state.ahead = Ahead(0);
                let collected = batch.take_collected();
                state.spent.push(batch);
                self.show(state);
                self.give_back(state, host, collected);
            }
            if event.is_some() {
                return event;
            }
        }
    }

    fn give_back(&self, state: &mut State, host: &impl Collector, collected: Collected) {
        self.change_load(|load| load.remove(collected.load));
        match collected.reactor {
            Some(reactor) => state.collected[reactor.get()].push(collected.sources),
            None => {
                for run in collected.sources.chunk_by(|one, next| one.reactor == next.reactor) {
                    state.collected[run[0].reactor.get()].push(run.to_vec());
                }
            }
        }
        // With the one in `pause`: either this sees that a reactor starves, or the reactor sees
        // that nothing waits.
        fence(SeqCst);
        let starving = self.starving.load(SeqCst);
        if starving != 0 {
            host.wake_reactors(ReactorIndex::in_set(starving));
        }
    }
}

/// Up to which source of the first batch the sockets were fetched ahead.
#[derive(Clone, Copy, Default)]
struct Ahead(u32);

impl Ahead {
    /// So many sources at once, and always more than so many ahead.
    const SOURCES: u32 = 16;

    /// An event is about to be delivered.
    #[inline]
    fn reach(&mut self, host: &impl Collector, batch: &Batch, entry: Entry) {
        if entry.source + Self::SOURCES > self.0 {
            self.fetch(host, batch, entry.source + 1);
        }
    }

    fn fetch(&mut self, host: &impl Collector, batch: &Batch, next: u32) {
        let sources = batch.sources();
        let first = sources.len().min(self.0.max(next) as usize);
        let end = sources.len().min(first + Self::SOURCES as usize);
        if first < end {
            self.0 = end as u32;
            host.fetch_ahead(sources[first..end].iter().map(|source| source.socket));
        }
    }
}

/// A `network_poll` under way. However it ends, others may poll again after it, and what it has not
/// delivered waits for them.
struct Round<'a, C: Collector> {
    queue: &'a EventQueue,
    host: &'a C,
    /// What is yet to be delivered, from the entry `next` of the first batch on: `left` events.
    batches: VecDeque<Batch>,
    next: usize,
    ahead: Ahead,
    left: usize,
    spent: Vec<Batch>,
    leaving: Vec<Handle>,
    event: NetworkEvent,
    /// The source in the first batch that `event` was described from, data of which only the payload
    /// has to be described anew.
    run: u32,
    /// [`Collector::users`] when it was described.
    users: u64,
}

/// No event was described from the first batch.
const NO_RUN: u32 = u32::MAX;

impl<C: Collector> Round<'_, C> {
    /// Makes `event` the next one to deliver; false if none is left.
    #[inline]
    fn advance(&mut self) -> bool {
        // What a read brought is all of one socket: only the payload is described anew.
        if let Some(batch) = self.batches.front()
            && let Some(&following) = batch.entries().get(self.next)
            && following.source == self.run
            && let What::Data { message_type, .. } = following.what
            && self.host.destroyed() == batch.destroyed_before
            && self.host.users() == self.users
        {
            self.next += 1;
            self.left -= 1;
            self.queue.delivering.store(self.left, Relaxed);
            batch.describe_next(&mut self.event, following, message_type);
            return true;
        }
        self.describe_next()
    }

    fn describe_next(&mut self) -> bool {
        let Round { queue, host, batches, next, ahead, left, spent, leaving, event, run, users } = self;
        while let Some(batch) = batches.front_mut() {
            *run = NO_RUN;
            while let Some(&entry) = batch.entries().get(*next) {
                *next += 1;
                *left -= 1;
                queue.delivering.store(*left, Relaxed);
                *users = host.users();
                ahead.reach(*host, batch, entry);
                if !is_deliverable(*host, batch, entry, leaving) {
                    continue;
                }
                expect_answers(*host, batch, *next);
                describe(*host, batch, entry, event);
                if matches!(entry.what, What::Data { .. } | What::Large { .. }) {
                    *run = entry.source;
                }
                return true;
            }
            *next = 0;
            *ahead = Ahead(0);
            let collected = batch.take_collected();
            spent.extend(batches.pop_front());
            queue.give_back(&mut queue.state.lock(), *host, collected);
        }
        false
    }
}

impl<C: Collector> Drop for Round<'_, C> {
    fn drop(&mut self) {
        self.host.answers_ended();
        let mut state = self.queue.state.lock();
        state.spent.append(&mut self.spent);
        state.leaving.append(&mut self.leaving);
        state.polling = false;
        self.queue.delivering.store(0, Relaxed);
        if self.batches.is_empty() {
            return;
        }
        self.batches.append(&mut state.ready);
        std::mem::swap(&mut state.ready, &mut self.batches);
        state.next = self.next;
        state.ahead = self.ahead;
        self.queue.ready.store(self.queue.ready.load(Relaxed) + self.left, SeqCst);
        self.queue.show(&mut state);
        if state.sleepers > 0 {
            self.queue.available.notify_all();
        }
    }
}

/// Has the socket of the event before `next` at hand, if so many of the same read follow that it pays.
#[inline]
fn expect_answers(host: &impl Collector, batch: &Batch, next: usize) {
    const WORTH_IT: usize = 3;
    let first = next.saturating_sub(1);
    if let Some(run) = batch.entries().get(first..next + WORTH_IT)
        && run.iter().all(|entry| entry.source == run[0].source)
    {
        host.expect_answers(batch.source(run[0]).socket);
    }
}

/// Whether the event's socket was not destroyed since. If so, the host's view of the connection moves
/// on with it.
#[inline]
fn is_deliverable(host: &impl Collector, batch: &Batch, entry: Entry, leaving: &mut Vec<Handle>) -> bool {
    let source = batch.source(entry);
    if host.destroyed() != batch.destroyed_before && !host.exists(source.socket) {
        return false;
    }
    if !matches!(entry.what, What::Data { .. } | What::Large { .. }) {
        leaving.extend(host.collected(source, entry.what));
    }
    true
}

/// Makes `event` the event in C's form.
#[inline]
fn describe(host: &impl Collector, batch: &Batch, entry: Entry, event: &mut NetworkEvent) {
    batch.describe(entry, event);
    if host.users() > 0 {
        event.user = host.user(batch.source(entry).socket);
    }
}

#[cfg(test)]
mod tests {
    use super::super::batch::Origin;
    use super::*;

    #[test]
    fn batches_of_a_host_that_lags_behind_are_packed_up_to_a_size() {
        const SIZE: usize = PACKED_BELOW - 1;
        const TURNS: usize = 1000;
        let origin =
            Origin { socket: Handle(1), server: Handle::NONE, token: 0, serial: 1, ip: "127.0.0.1", port: 1 };
        let queue = EventQueue::new();
        let mut batch = Batch::default();
        for _ in 0..TURNS {
            batch.room();
            let (_, mut sink) = batch.received(SIZE, origin);
            sink.data(0, 0, SIZE);
            sink.finish();
            queue.publish(&mut batch);
        }
        assert_eq!(queue.waiting_bytes(None), (TURNS * SIZE) as u64);
        let state = queue.state.lock();
        assert!(state.ready.iter().all(|batch| batch.bytes() <= PACKED_UP_TO + PACKED_BELOW));
        assert!(state.ready.len() < TURNS / 10);
    }
}
