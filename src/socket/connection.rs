//! The state of a connection as the host may use it, and everything that changes it. It changes in step
//! with the events the host collects: a connection can be sent to from the moment the host has seen the
//! connect until it has seen the disconnect.

use crate::error::{Code, Error, Result};

#[derive(Debug)]
pub(crate) struct Connection {
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// A client that never connected, or whose connect failed.
    Idle,
    /// From the call of connect until the host has seen how it ended.
    Connecting,
    Open,
    /// Broken, but the host has not yet collected the disconnect event.
    Lost,
    /// The host has seen the disconnect event.
    Closed,
    /// A server.
    Listening,
    /// A UDP socket, which has none.
    Connectionless,
    /// The host has destroyed the socket. Who had looked it up before must not queue anything more, and
    /// nothing leads out of this.
    Destroyed,
}

impl Connection {
    /// A client's, before it connects.
    pub(crate) const IDLE: Self = Self { state: State::Idle };
    /// One that a server has accepted.
    pub(crate) const ACCEPTED: Self = Self { state: State::Open };
    /// A server's own.
    pub(crate) const LISTENING: Self = Self { state: State::Listening };
    /// A UDP socket's.
    pub(crate) const NONE: Self = Self { state: State::Connectionless };

    // ---- what it allows ----------------------------------------------------------------------

    #[inline]
    pub(crate) fn check_can_send(&self) -> Result<()> {
        if self.state == State::Open { Ok(()) } else { Err(self.cannot_send()) }
    }

    #[cold]
    fn cannot_send(&self) -> Error {
        match self.state {
            State::Listening => {
                Error::wrong_kind("a server has nobody to send to; send to one of its clients")
            }
            State::Connectionless => Error::wrong_kind("a UDP socket sends with network_send_udp"),
            State::Destroyed => Error::bad_handle(),
            State::Lost | State::Closed => Error::new(Code::Closed, "the connection is closed"),
            State::Idle | State::Connecting | State::Open => {
                Error::new(Code::NotConnected, "the socket is not connected")
            }
        }
    }

    /// Whether what the host sends now has a chance to leave.
    pub(crate) fn is_of_use(&self) -> bool {
        matches!(self.state, State::Open | State::Connectionless)
    }

    /// Whether the host may use the socket at all: it may have destroyed it since it looked it up.
    #[inline]
    pub(crate) fn check_not_destroyed(&self) -> Result<()> {
        if self.state == State::Destroyed { Err(Error::bad_handle()) } else { Ok(()) }
    }

    // ---- what changes it ---------------------------------------------------------------------

    /// The host calls one of the connect functions.
    pub(crate) fn begin_connect(&mut self) -> Result<()> {
        match self.state {
            State::Idle | State::Closed => {
                self.state = State::Connecting;
                Ok(())
            }
            State::Connecting => Err(Error::new(Code::Busy, "the socket is already connecting")),
            State::Open | State::Lost => Err(Error::new(Code::Busy, "the socket is already connected")),
            State::Connectionless => Err(Error::wrong_kind("a UDP socket does not connect")),
            State::Listening => Err(Error::wrong_kind("a server cannot connect")),
            State::Destroyed => Err(Error::bad_handle()),
        }
    }

    /// The host learns that its connect has succeeded.
    pub(crate) fn connect_succeeded(&mut self) {
        self.step(State::Connecting, State::Open);
    }

    /// The host learns that its connect has failed.
    pub(crate) fn connect_failed(&mut self) {
        self.step(State::Connecting, State::Idle);
    }

    /// The connection is broken: nothing more can be sent, though the host does not know yet.
    pub(crate) fn lost(&mut self) {
        self.step(State::Open, State::Lost);
    }

    /// The host collects the disconnect event.
    pub(crate) fn disconnect_collected(&mut self) {
        if self.state != State::Destroyed {
            self.state = State::Closed;
        }
    }

    /// The host destroys the socket.
    pub(crate) fn destroyed(&mut self) {
        self.state = State::Destroyed;
    }

    fn step(&mut self, from: State, to: State) {
        if self.state == from {
            self.state = to;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connected() -> Connection {
        let mut connection = Connection::IDLE;
        assert!(connection.begin_connect().is_ok());
        connection.connect_succeeded();
        connection
    }

    fn code(result: Result<()>) -> Option<Code> {
        result.err().map(|error| error.code)
    }

    #[test]
    fn a_client_can_send_between_the_two_events() {
        let mut connection = Connection::IDLE;
        assert_eq!(code(connection.check_can_send()), Some(Code::NotConnected));
        assert!(connection.begin_connect().is_ok());
        assert_eq!(code(connection.check_can_send()), Some(Code::NotConnected));
        connection.connect_succeeded();
        assert!(connection.check_can_send().is_ok());
        connection.disconnect_collected();
        assert_eq!(code(connection.check_can_send()), Some(Code::Closed));
    }

    #[test]
    fn a_client_connects_anew_only_when_it_has_seen_the_end() {
        let mut connection = connected();
        assert_eq!(code(connection.begin_connect()), Some(Code::Busy));
        connection.lost();
        assert_eq!(code(connection.begin_connect()), Some(Code::Busy));
        assert_eq!(code(connection.check_can_send()), Some(Code::Closed));
        connection.disconnect_collected();
        assert!(connection.begin_connect().is_ok());
        connection.connect_failed();
        assert!(connection.begin_connect().is_ok());
    }

    #[test]
    fn nothing_leads_back_from_destroyed() {
        let mut connection = connected();
        connection.destroyed();
        connection.connect_succeeded();
        connection.connect_failed();
        connection.lost();
        connection.disconnect_collected();
        assert_eq!(code(connection.check_not_destroyed()), Some(Code::BadHandle));
        assert_eq!(code(connection.check_can_send()), Some(Code::BadHandle));
        assert_eq!(code(connection.begin_connect()), Some(Code::BadHandle));
    }

    #[test]
    fn servers_and_udp_sockets_have_no_connection() {
        for mut connection in [Connection::LISTENING, Connection::NONE] {
            assert_eq!(code(connection.check_can_send()), Some(Code::WrongKind));
            assert_eq!(code(connection.begin_connect()), Some(Code::WrongKind));
            assert!(connection.check_not_destroyed().is_ok());
        }
    }
}
