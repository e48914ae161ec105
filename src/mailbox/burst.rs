//! Sends to many sockets, of which each reactor hears once.

use std::sync::atomic::Ordering::Relaxed;

use crate::socket::{HostSide, Socket};

use super::single::Mailbox;

/// Sends to many sockets. When it goes, the reactors hear of all of them.
pub(crate) struct Burst<'a> {
    mailboxes: &'a [Mailbox],
    /// For the first reactor: often it is the only one, and then there is no list of lists.
    first: Share,
    /// For the others, by their numbers.
    others: Vec<Share>,
    /// The host is likely to send more in a moment.
    goes_on: bool,
}

/// What one reactor is told.
#[derive(Default)]
struct Share {
    tokens: Vec<u32>,
}

impl Share {
    fn begin(mailbox: &Mailbox, sockets: usize) -> Self {
        let mut tokens = mailbox.dirty.lock().lend_list();
        tokens.reserve(sockets);
        Self { tokens }
    }

    fn end(&mut self, mailbox: &Mailbox, goes_on: bool) {
        let any = !self.tokens.is_empty();
        mailbox.dirty.lock().put_on(std::mem::take(&mut self.tokens));
        if any {
            mailbox.signal_sends(|| goes_on);
        }
    }
}

impl<'a> Burst<'a> {
    pub(super) fn begin(mailboxes: &'a [Mailbox], sockets: usize, goes_on: bool) -> Self {
        // They are spread evenly, more or less.
        let each = sockets.div_ceil(mailboxes.len().max(1));
        let mut shares = mailboxes.iter().map(|mailbox| Share::begin(mailbox, each));
        let first = shares.next().unwrap_or_default();
        Self { first, others: shares.collect(), mailboxes, goes_on }
    }

    /// Something is about to be appended to a socket's send queue.
    #[inline]
    pub(crate) fn announce(&mut self, socket: &Socket, host: &mut HostSide) {
        if !host.queue.announce() {
            return;
        }
        let share = match socket.reactor().get().checked_sub(1) {
            None => Some(&mut self.first),
            Some(other) => self.others.get_mut(other),
        };
        // Without a share it was destroyed so long ago that its reactor is no longer in use.
        let Some(share) = share else { return };
        share.tokens.push(socket.token.load(Relaxed));
    }
}

impl Drop for Burst<'_> {
    fn drop(&mut self) {
        let shares = std::iter::once(&mut self.first).chain(&mut self.others);
        for (mailbox, share) in self.mailboxes.iter().zip(shares) {
            share.end(mailbox, self.goes_on);
        }
    }
}
