//! A WebSocket that a proxy has passed on: who it is from stands in its request.

use std::net::SocketAddr;
use std::sync::Arc;

use crate::address::PeerName;
use crate::admission::{Admission, Counted};
use crate::clock::Millis;
use crate::proxy::{self, Client, Unreliable};
use crate::websocket::handshake::{Fields, Refusal, StatusCode};

/// A connection at the moment of its request.
pub(super) struct Forwarding<'a> {
    pub(super) admission: Option<&'a Arc<Admission>>,
    pub(super) ip: Option<&'a mut PeerName>,
    pub(super) port: &'a mut u16,
    pub(super) counted: &'a mut Counted,
    pub(super) forwarded: &'a mut bool,
    pub(super) now: Millis,
}

impl Forwarding<'_> {
    /// Finds out whom a trusted proxy speaks for, by the header fields of the request, and counts the
    /// connection among those of that address. One from elsewhere is counted already, and what it says of
    /// itself makes no difference.
    pub(super) fn pass(&mut self, fields: &Fields) -> Result<(), Refusal> {
        let Some(admission) = self.admission.filter(|_| *self.forwarded) else { return Ok(()) };
        let found =
            proxy::client(fields.values("Forwarded"), fields.values("X-Forwarded-For"), &admission.proxies());
        match found {
            Ok(Client::At(address) | Client::Behind(Some(address))) => self.is_from(&address),
            Ok(Client::Behind(None)) => {}
            Err(Unreliable::Malformed) => {
                return Err(bad(
                    "Forwarded or X-Forwarded-For is malformed where a trusted proxy has written it",
                ));
            }
            Err(Unreliable::Contradiction) => {
                return Err(bad("Forwarded and X-Forwarded-For name different clients: \
                     have the proxy delete the one that it does not write"));
            }
        }
        if let Some(ip) = self.ip.as_ref().and_then(|ip| ip.ip()) {
            let taken = admission.take_address(ip, self.now);
            *self.counted =
                taken.map_err(|over| Refusal::new(StatusCode::TOO_MANY_REQUESTS, over.to_string()))?;
        }
        *self.forwarded = false;
        Ok(())
    }

    fn is_from(&mut self, address: &SocketAddr) {
        if let Some(ip) = &mut self.ip {
            **ip = PeerName::new(address);
        }
        *self.port = address.port();
    }
}

fn bad(why: &str) -> Refusal {
    Refusal::new(StatusCode::BAD_REQUEST, why)
}
