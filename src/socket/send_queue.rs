//! What a socket has to send. The host's calls append to it under the socket's lock; the reactor takes
//! all of it at once, so that many small sends are one system call.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed, Ordering::SeqCst, fence};

use crate::outgoing::{Outgoing, SharedMessage};
use crate::quota::{self, SharedQuota};

/// What all sockets have to send together. A socket's part counts once it is more than a little: most have
/// hardly anything, for a moment.
static ALL: SharedQuota = SharedQuota::new(1 << 30);
const LITTLE: u32 = 4 << 10;
/// How much of its part a socket that is being written gives back at a time.
const RELEASED_FROM: u32 = 64 << 10;

/// The payload of all sockets together from which on nothing more is taken.
pub(crate) fn set_total_limit(limit: u64) {
    ALL.set_limit(limit);
}

/// Where what reliable UDP keeps until it is acknowledged counts too.
pub(crate) fn total() -> &'static SharedQuota {
    &ALL
}

/// What the reactor has not yet taken.
#[derive(Debug, Default)]
pub(crate) struct SendQueue {
    /// As it goes on the wire; of UDP sockets records of datagrams.
    outgoing: Outgoing,
    /// The reactor has the socket on its list of those with something to send.
    announced: bool,
    /// The host has yet to collect the event that there is room again.
    told_of_room: bool,
}

impl SendQueue {
    /// Whether nothing more is taken. At least one message always is.
    #[inline]
    pub(crate) fn is_full(&self, in_flight: &InFlight, limit: u32) -> bool {
        let (queued, limit) = (self.payload_with(in_flight).into(), limit.into());
        // The second condition bounds what headers and addresses cost when the payloads are tiny.
        quota::is_full(queued, limit) || self.outgoing.own_len() as u64 > 2 * limit + (64 << 10)
    }

    /// A message is about to be refused: whether that is so still, now that the reactor will tell when there
    /// is room. Of a host that has not collected the last such event nothing more is noted.
    #[cold]
    pub(crate) fn refuse(&self, refused: &Refused, in_flight: &InFlight, limit: u32) -> bool {
        let noted = !self.told_of_room && !refused.0.swap(true, Relaxed);
        // The reactor, too, looks here after it has said what it has written: one of both sees the other.
        fence(SeqCst);
        let is_full = self.is_full(in_flight, limit);
        if noted && !is_full {
            refused.0.store(false, Relaxed);
        }
        is_full
    }

    /// Whether the host is to be told that there is room again, half of the limit at least. Asked by the
    /// reactor for a socket that has refused a message; true once.
    pub(crate) fn has_room_again(&mut self, refused: &Refused, in_flight: &InFlight, limit: u32) -> bool {
        let has_room = refused.0.load(Relaxed)
            && self.payload_with(in_flight) <= limit / 2
            && !self.is_full(in_flight, limit);
        if has_room {
            refused.0.store(false, Relaxed);
            self.told_of_room = true;
        }
        has_room
    }

    /// The host has collected the event.
    pub(crate) fn room_collected(&mut self) {
        self.told_of_room = false;
    }

    /// A message was refused because of what others have to send. Whether that was not noted before.
    pub(crate) fn note_refused(&self, refused: &Refused) -> bool {
        !self.told_of_room && !refused.0.swap(true, Relaxed)
    }

    /// Counts a message with so many bytes as part of what all sockets have to send; false if that is too much.
    #[inline]
    pub(crate) fn book(&self, in_flight: &InFlight, payload: usize) -> bool {
        let wanted = self.payload_with(in_flight) + payload as u32;
        wanted <= in_flight.booked().max(LITTLE) || in_flight.book(wanted)
    }

    /// Gives back what was counted of what has left.
    pub(crate) fn settle(&self, in_flight: &InFlight) {
        let left = self.payload_with(in_flight);
        in_flight.keep_booked(if left <= LITTLE { 0 } else { left });
    }

    /// Payload bytes that have not left.
    #[inline]
    pub(crate) fn payload_with(&self, in_flight: &InFlight) -> u32 {
        self.outgoing.payload() + in_flight.get()
    }

    /// Lets `write` append a message with so many bytes of the program's own.
    #[inline(always)]
    pub(crate) fn push<T>(&mut self, payload: usize, write: impl FnOnce(&mut Vec<u8>) -> T) -> T {
        self.outgoing.push(payload, write)
    }

    /// Appends a message that other queues have too.
    #[inline]
    pub(crate) fn push_shared(&mut self, message: &SharedMessage) {
        self.outgoing.push_shared(message);
    }

    /// Whether the reactor has yet to be told that there is something to send. From now on it has been.
    #[inline]
    pub(crate) fn announce(&mut self) -> bool {
        !std::mem::replace(&mut self.announced, true)
    }

    /// Where an empty buffer may be lent to, if there is none.
    #[inline]
    pub(crate) fn buffer(&mut self) -> &mut Outgoing {
        &mut self.outgoing
    }

    /// Exchanges what is queued, if there is anything, for `empty`. What is queued from now on is
    /// announced anew.
    #[inline]
    pub(crate) fn exchange(&mut self, empty: &mut Outgoing) -> bool {
        debug_assert!(empty.is_written());
        self.announced = false;
        let any = !self.outgoing.is_written();
        if any {
            std::mem::swap(&mut self.outgoing, empty);
        }
        any
    }

    /// The same of a UDP socket: lets `take` empty the records, and returns how much of them is payload.
    pub(crate) fn take_records(&mut self, take: impl FnOnce(&mut Vec<u8>)) -> Option<u32> {
        self.announced = false;
        if self.outgoing.is_written() {
            return None;
        }
        let payload = self.outgoing.take_payload();
        take(self.outgoing.own());
        debug_assert!(self.outgoing.is_written());
        Some(payload)
    }

    /// Nothing of it can be sent any more. The memory goes too.
    pub(crate) fn discard(&mut self) {
        self.outgoing = Outgoing::default();
    }

    /// A new connection begins, which the reactor was not told of before.
    pub(crate) fn forget_announcement(&mut self) {
        self.announced = false;
    }
}

/// Payload bytes that the reactor has taken from the queue and not yet written. It alone changes them,
/// without the socket's lock.
#[derive(Debug, Default)]
pub(crate) struct InFlight {
    payload: AtomicU32,
    /// What of the socket counts in that of all; changes while the socket is locked.
    booked: AtomicU32,
}

impl InFlight {
    #[inline]
    pub(crate) fn get(&self) -> u32 {
        self.payload.load(Relaxed)
    }

    #[inline]
    pub(crate) fn set(&self, payload: u32) {
        self.payload.store(payload, Relaxed);
    }

    #[inline]
    fn booked(&self) -> u32 {
        self.booked.load(Relaxed)
    }

    /// Whether it is worth while to give back what was counted of what has left.
    #[inline]
    pub(crate) fn is_overbooked(&self) -> bool {
        let (booked, payload) = (self.booked(), self.get());
        booked > 0 && (payload == 0 || booked - booked.min(payload) >= RELEASED_FROM)
    }

    #[cold]
    fn book(&self, wanted: u32) -> bool {
        let fits = ALL.try_book((wanted - self.booked()).into());
        if fits {
            self.booked.store(wanted, Relaxed);
        }
        fits
    }

    fn keep_booked(&self, most: u32) {
        let booked = self.booked();
        if booked > most {
            self.booked.store(most, Relaxed);
            ALL.release((booked - most).into());
        }
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.keep_booked(0);
    }
}

/// That a message was refused and the host waits for room. Changed under the socket's lock only.
#[derive(Debug, Default)]
pub(crate) struct Refused(AtomicBool);

impl Refused {
    /// For the reactor, after it has written: whether it is worth a look under the lock.
    #[inline]
    pub(crate) fn is_noted(&self) -> bool {
        fence(SeqCst);
        self.0.load(Relaxed)
    }

    /// A new connection begins.
    pub(crate) fn forget(&self) {
        self.0.store(false, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pushed(queue: &mut SendQueue, header: &[u8], payload: &[u8]) {
        queue.push(payload.len(), |bytes| {
            bytes.extend_from_slice(header);
            bytes.extend_from_slice(payload);
        });
    }

    #[test]
    fn one_message_is_taken_whatever_the_limit() {
        let (mut queue, in_flight) = (SendQueue::default(), InFlight::default());
        assert!(!queue.is_full(&in_flight, 1));
        pushed(&mut queue, b"", b"more than one");
        assert!(queue.is_full(&in_flight, 1));
        assert!(!queue.is_full(&in_flight, 14));
    }

    #[test]
    fn what_the_reactor_has_taken_counts_until_it_is_written() {
        let (mut queue, in_flight) = (SendQueue::default(), InFlight::default());
        pushed(&mut queue, b"header", b"1234");
        let mut taken = Outgoing::default();
        assert!(queue.exchange(&mut taken));
        assert_eq!(taken.single_piece(), Some(&b"header1234"[..]));
        in_flight.set(taken.payload_left());
        assert!(queue.is_full(&in_flight, 4));
        in_flight.set(3);
        assert!(!queue.is_full(&in_flight, 4));
    }

    #[test]
    fn empty_messages_are_bounded_by_what_their_headers_cost() {
        let (mut queue, in_flight) = (SendQueue::default(), InFlight::default());
        let mut messages = 0;
        while !queue.is_full(&in_flight, 1) {
            pushed(&mut queue, &[0; 12], b"");
            messages += 1;
        }
        assert!((5_000..6_000).contains(&messages), "{messages}");
    }

    #[test]
    fn what_others_send_too_counts_in_each_queue() {
        let (mut queue, in_flight) = (SendQueue::default(), InFlight::default());
        queue.push_shared(&SharedMessage::new(b"head12".to_vec(), 2));
        assert!(queue.is_full(&in_flight, 2));
        let mut taken = Outgoing::default();
        assert!(queue.exchange(&mut taken));
        assert!(!queue.is_full(&in_flight, 2));
        assert_eq!(taken.payload_left(), 2);
    }

    #[test]
    fn room_is_told_once_for_a_refusal_and_not_before_half_is_free() {
        let (mut queue, in_flight) = (SendQueue::default(), InFlight::default());
        let refused = Refused::default();
        pushed(&mut queue, b"", b"12345678");
        assert!(!queue.has_room_again(&refused, &in_flight, 8));
        assert!(queue.refuse(&refused, &in_flight, 8));
        assert!(queue.refuse(&refused, &in_flight, 8));
        let mut taken = Outgoing::default();
        assert!(queue.exchange(&mut taken));
        in_flight.set(5);
        assert!(refused.is_noted() && !queue.has_room_again(&refused, &in_flight, 8));
        in_flight.set(4);
        assert!(queue.has_room_again(&refused, &in_flight, 8));
        assert!(!refused.is_noted() && !queue.has_room_again(&refused, &in_flight, 8));
    }

    #[test]
    fn refusals_before_the_event_is_collected_bring_no_other() {
        let (mut queue, in_flight) = (SendQueue::default(), InFlight::default());
        let refused = Refused::default();
        in_flight.set(8);
        assert!(queue.refuse(&refused, &in_flight, 8));
        in_flight.set(0);
        assert!(queue.has_room_again(&refused, &in_flight, 8));
        in_flight.set(8);
        assert!(queue.refuse(&refused, &in_flight, 8));
        assert!(!refused.is_noted());
        queue.room_collected();
        assert!(queue.refuse(&refused, &in_flight, 8));
        assert!(refused.is_noted());
    }

    #[test]
    fn what_was_written_while_a_message_was_refused_is_room_for_it() {
        let (queue, in_flight, refused) = (SendQueue::default(), InFlight::default(), Refused::default());
        assert!(!queue.refuse(&refused, &in_flight, 8));
        assert!(!refused.is_noted());
    }

    #[test]
    fn a_burst_is_announced_once() {
        let mut queue = SendQueue::default();
        assert!(queue.announce());
        assert!(!queue.announce());
        assert!(!queue.exchange(&mut Outgoing::default()));
        assert!(queue.announce());
    }
}
