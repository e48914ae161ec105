//! The I/O threads: each runs the turns of one reactor.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use crate::command::{Command, Stop};
use crate::context::CONTEXT;
use crate::error::{Error, Result};
use crate::placement::ReactorIndex;
use crate::reactor::Reactor;
use crate::sys;

/// How long `network_shutdown` may take to flush.
pub(super) const FLUSH: Duration = Duration::from_millis(2_100);

pub(super) struct IoThread {
    index: ReactorIndex,
    handle: JoinHandle<Box<Reactor>>,
}

impl IoThread {
    /// Lets a thread run the turns.
    pub(super) fn start(reactor: Box<Reactor>) -> Result<Self> {
        let index = reactor.index();
        let name = match index {
            ReactorIndex::FIRST => "stepwire-io".to_owned(),
            other => format!("stepwire-io-{}", other.get()),
        };
        let started = sys::start_thread(|| Builder::new().name(name).spawn(move || run(reactor)));
        let handle = started.map_err(|error| Error::from_io("cannot start an I/O thread", &error))?;
        Ok(Self { index, handle })
    }

    /// Ends the thread and returns what it ran; nothing if a panic has ended that.
    pub(super) fn stop(self) -> Option<Box<Reactor>> {
        self.ask(Stop::Now);
        self.handle.join().ok()
    }

    /// Asks the thread to end when all is flushed.
    pub(super) fn finish(&self) {
        self.ask(Stop::WhenFlushed);
    }

    /// Waits until it has.
    pub(super) fn join(self) {
        // It returns the reactor, which ends here; a panic in it has ended it already.
        drop(self.handle.join());
    }

    fn ask(&self, stop: Stop) {
        CONTEXT.command(self.index, Command::Stop(stop));
    }
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
