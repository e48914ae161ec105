//! A connection that a proxy has passed on: who it is from stands before everything else.

use std::io;

use crate::address::PeerName;
use crate::clock::Millis;
use crate::command::Id;
use crate::error::{Code, Error, Result};
use crate::proxy::{Header, Step};
use crate::reactor::turn::Turn;

use super::Stream;

impl Stream {
    /// The header is to come first, before that time.
    pub(crate) fn expect_proxy(&mut self, deadline: Millis) {
        let aside = self.aside();
        aside.proxy = Some(Box::default());
        aside.deadline = deadline;
    }

    /// Reads the header and not a byte more; whether it is whole. The connection begins with that.
    pub(super) fn read_proxy(&mut self, id: Id, turn: &mut Turn) -> Result<bool> {
        let Some(mut header) = self.aside().proxy.take() else { return Ok(true) };
        let from = loop {
            match header.step() {
                Err(_) => return self.still_expects(header, Err(no_header())),
                Ok(Step::Done(from)) => break from,
                Ok(Step::Read(most)) => {
                    let room = turn.batch.room();
                    let most = most.min(room.len());
                    match self.transport.read(&mut room[..most]) {
                        Ok(0) => {
                            let why = "it was closed before its header of the PROXY protocol was whole";
                            return self.still_expects(header, Err(Error::new(Code::Closed, why)));
                        }
                        Ok(size) => {
                            header.push(&room[..size]);
                            turn.holds(&mut self.share, header.memory() as u64);
                        }
                        Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                            return self.still_expects(header, Ok(false));
                        }
                        Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                        Err(error) => {
                            let error = self.transport.failure(&error);
                            return self.still_expects(header, Err(error));
                        }
                    }
                }
            }
        };
        if let Some(from) = from {
            self.aside().ip = Some(PeerName::new(&from));
            self.port = from.port();
        }
        if let (Some(admission), Some(ip)) = (&self.admission, self.ip().and_then(PeerName::ip)) {
            // Another proxy of ours may have passed it on to this one.
            self.forwarded = admission.believes_headers_of(ip);
            if !self.forwarded {
                self.counted = admission.take_address(ip, turn.now)?;
            }
        }
        self.begin(id, turn)?;
        Ok(true)
    }

    /// A connection in this state counts for no address yet.
    fn still_expects(&mut self, header: Box<Header>, result: Result<bool>) -> Result<bool> {
        self.aside().proxy = Some(header);
        result
    }
}

/// Counted as refused: who is trusted to send the header did not.
fn no_header() -> Error {
    Error::new(Code::Limit, "it did not begin with a header of the PROXY protocol")
}
