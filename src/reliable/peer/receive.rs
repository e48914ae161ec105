//! What a peer sends in a session.

use super::state::Peer;
use crate::reliable::event::{EventSink, LossReason};
use crate::reliable::reassembly::Delivery;
use crate::reliable::sent::NeverSent;
use crate::reliable::units::Micros;
use crate::reliable::wire::{Ack, Body};

impl Peer {
    /// Takes what came in the present session. False if it acknowledges what was never sent: then
    /// nothing of it is taken. An error ends the session.
    ///
    /// With `reading` off, messages are left for later, but the peer is told that we are here.
    pub(crate) fn receive<S: EventSink + ?Sized>(
        &mut self,
        body: &Body<'_>,
        now: Micros,
        reading: bool,
        to: &mut Delivery<'_, S>,
    ) -> Result<bool, LossReason> {
        if self.acknowledged(&body.ack, now).is_err() {
            return Ok(false);
        }
        self.heard(now);
        if !body.has_chunks() {
            return Ok(true);
        }
        let number = self.received.expand(body.number);
        let Some(number) = number.filter(|&n| reading && !self.received.contains(n)) else {
            self.received.acknowledge_soon(now);
            return Ok(true);
        };
        let mut taken = true;
        for chunk in body.chunks() {
            taken &= self.reassembly.take(&chunk, to)?;
        }
        if to.delivered {
            self.known = true;
            self.useful_at = now;
        }
        if taken {
            self.received.record(number, now);
        } else {
            self.received.acknowledge_soon(now);
        }
        Ok(true)
    }

    fn acknowledged(&mut self, ack: &Ack<'_>, now: Micros) -> Result<(), NeverSent> {
        let in_flight = self.sent.in_flight();
        let send_buffer = &mut self.send_buffer;
        let progress =
            self.sent.acknowledge(ack, now, |first, count| send_buffer.acknowledge(first, count))?;
        if let Some((rtt, delay)) = progress.rtt {
            self.rtt.sample(rtt, delay);
        }
        if progress.bytes == 0 {
            return Ok(());
        }
        self.useful_at = now;
        self.received.told(progress.told);
        if progress.mistaken {
            self.congestion.mistaken();
        }
        let limited = self.held_back || 2 * in_flight >= self.congestion.window();
        self.congestion.acknowledged(progress.bytes, progress.sent_at, now, &self.rtt, limited);
        self.backoff = 0;
        self.probes = 0;
        self.detect_losses(now);
        let waits = self.sent.in_flight() > 0 || self.send_buffer.has_in_flight();
        self.timeout_from = waits.then_some(now);
        if self.send_buffer.is_empty() {
            self.busy_since = None;
        }
        Ok(())
    }

    pub(crate) fn detect_losses(&mut self, now: Micros) {
        let send_buffer = &mut self.send_buffer;
        let lost = |number, first, count| send_buffer.lose(number, first, count);
        let latest = self.sent.detect_losses(now, &self.rtt, lost);
        if let Some(sent_at) = latest {
            self.congestion.lost(sent_at, now);
        }
    }
}
