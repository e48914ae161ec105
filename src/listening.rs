//! The descriptor a server listens on, which the host's calls close and open again while the reactor may be
//! accepting.

use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, Shutdown, SocketAddr};

use mio::net::{TcpListener, TcpStream};
use mio::{Interest, Registry, Token};
use parking_lot::Mutex;
use socket2::SockRef;

use crate::sys;

/// Where a server listens.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    /// All addresses if none.
    pub(crate) ip: Option<IpAddr>,
    pub(crate) port: u16,
    /// Other sockets may listen there too.
    pub(crate) shared: bool,
    /// Another process has opened the socket and may pass it on to a successor: it is never shut down.
    pub(crate) inherited: bool,
}

/// A listening socket that either side may close.
#[derive(Debug)]
pub(crate) struct Listening {
    pub(crate) place: Place,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    io: Option<TcpListener>,
    /// The reactor's poll knows `io`.
    watched: bool,
    /// An inherited socket while nobody is accepted.
    parked: Option<TcpListener>,
    /// Who had come when the port was closed, and was not accepted yet.
    waiting: VecDeque<(TcpStream, SocketAddr)>,
    /// The server is destroyed: nobody listens here again.
    ended: bool,
}

impl Listening {
    pub(crate) fn new(io: TcpListener, place: Place) -> Self {
        Self { place, state: Mutex::new(State { io: Some(io), ..State::default() }) }
    }

    /// Has the poll watch it, if there is something that it does not watch yet.
    pub(crate) fn register(&self, registry: &Registry, token: Token) -> io::Result<()> {
        let mut state = self.state.lock();
        if state.watched {
            return Ok(());
        }
        if let Some(io) = state.io.as_mut() {
            registry.register(io, token, Interest::READABLE)?;
            state.watched = true;
        }
        Ok(())
    }

    /// Once it is closed nobody waits there any more.
    pub(crate) fn accept(&self) -> io::Result<(TcpStream, SocketAddr)> {
        let mut state = self.state.lock();
        if let Some(came_before) = state.waiting.pop_front() {
            return Ok(came_before);
        }
        match state.io.as_ref() {
            Some(io) => sys::accept(io).map_err(|error| {
                let in_vain = sys::is_descriptor_limit(&error) && !sys::somebody_waits(io);
                if in_vain { io::ErrorKind::WouldBlock.into() } else { error }
            }),
            None => Err(io::ErrorKind::WouldBlock.into()),
        }
    }

    pub(crate) fn is_open(&self) -> bool {
        self.state.lock().io.is_some()
    }

    /// Closes the port; who had come before is still accepted.
    pub(crate) fn pause(&self) {
        let mut state = self.state.lock();
        let State { io, waiting, watched, parked, .. } = &mut *state;
        let Some(open) = io.take() else { return };
        if self.place.inherited {
            // Who comes now waits for whoever accepts next, be it a successor.
            *parked = Some(open);
            return;
        }
        while let Ok(came_before) = sys::accept(&open) {
            waiting.push_back(came_before);
        }
        *watched = false;
        stop(&open);
    }

    /// Accepts again from an inherited socket; false if there is none.
    pub(crate) fn unpark(&self) -> bool {
        let mut state = self.state.lock();
        state.io = state.parked.take();
        state.io.is_some()
    }

    /// Listens again, unless the server was destroyed in the meantime.
    pub(crate) fn resume(&self, io: TcpListener) {
        let mut state = self.state.lock();
        if !state.ended && state.io.is_none() {
            state.io = Some(io);
        }
    }

    /// Gives the port back, now.
    pub(crate) fn close(&self) {
        let mut state = self.state.lock();
        state.ended = true;
        state.waiting.clear();
        state.parked = None;
        if let Some(io) = state.io.take()
            && !self.place.inherited
        {
            stop(&io);
        }
    }
}

/// Nobody can connect any more, also where a forked process holds the descriptor, too.
fn stop(io: &TcpListener) {
    let _ = SockRef::from(io).shutdown(Shutdown::Both);
}
