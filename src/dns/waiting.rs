//! Names that datagrams wait for.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;

use crate::clock::Millis;
use crate::command::{Command, Id};
use crate::error::Result;
use crate::mailbox::Mailbox;

use super::cache::{Known, NameCache};
use super::resolver;
use super::route::routable_first;
use crate::address::AddressFamilies;

/// How long a socket's queue waits for a name, so that its datagrams leave in the order sent. After
/// that those for other peers overtake: a name that takes long does not stop a game.
const HOLD_MILLIS: Millis = 200;

pub(crate) struct PendingLookups {
    names: &'static NameCache,
    mailbox: &'static Mailbox,
    under_way: HashMap<Arc<str>, Lookup>,
}

struct Lookup {
    hold_until: Millis,
    /// Endpoints with datagrams for the name.
    waiting: Vec<Id>,
}

impl PendingLookups {
    pub(crate) fn new(names: &'static NameCache, mailbox: &'static Mailbox) -> Self {
        Self { names, mailbox, under_way: HashMap::new() }
    }

    pub(crate) fn find(&self, name: &str, families: AddressFamilies) -> Known {
        self.names.find(name, families)
    }

    /// Sending to an address says that there is no route: another one of the name it belongs to.
    pub(crate) fn instead_of(&self, address: SocketAddr, families: AddressFamilies) -> Option<SocketAddr> {
        self.names.instead_of(address, families)
    }

    /// An endpoint's next datagram is for a name that is not known: has it looked up. Returns until
    /// when the queue is to wait for it; `None` if others may overtake.
    pub(crate) fn hold(&mut self, name: &str, endpoint: Id, now: Millis) -> Option<Millis> {
        if !self.under_way.contains_key(name) {
            let name: Arc<str> = name.into();
            let lookup = Lookup { hold_until: now + HOLD_MILLIS, waiting: Vec::new() };
            self.under_way.insert(Arc::clone(&name), lookup);
            self.ask(name);
        }
        let lookup = self.under_way.get_mut(name)?;
        if !lookup.waiting.contains(&endpoint) {
            lookup.waiting.push(endpoint);
        }
        (lookup.hold_until > now).then_some(lookup.hold_until)
    }

    /// Asks again for a name whose address is in use and old.
    pub(crate) fn refresh(&mut self, name: Arc<str>) {
        if !self.under_way.contains_key(&name) {
            self.ask(name);
        }
    }

    fn ask(&self, name: Arc<str>) {
        let mailbox = self.mailbox;
        let asked = Arc::clone(&name);
        let answer = move |found: Result<Vec<SocketAddr>>| {
            let addresses = found.map(routable_first);
            mailbox.command(Command::NameKnown { name: asked, addresses });
        };
        resolver::look_up(&name, Box::new(answer));
    }

    /// An answer has come: returns who waited for it.
    pub(crate) fn answered(&mut self, name: &str, addresses: Result<Vec<SocketAddr>>) -> Vec<Id> {
        self.names.learn(name, addresses);
        self.under_way.remove(name).map(|lookup| lookup.waiting).unwrap_or_default()
    }
}
