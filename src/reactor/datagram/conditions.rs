//! A bad network between a socket and the real one, for tests: whatever the socket sends and
//! receives goes through it.

use std::net::SocketAddr;

use crate::conditioner::{Conditioner, Conditions};

use super::Datagrams;

pub(crate) struct Conditioned {
    seed: u64,
    /// What has arrived.
    pub(crate) inward: Conditioner<SocketAddr>,
    /// What is to be sent.
    pub(crate) outward: Conditioner<SocketAddr>,
}

impl Conditioned {
    fn new(conditions: Conditions, seed: u64) -> Self {
        Self {
            seed,
            inward: Conditioner::new(conditions, seed),
            // Another series of random numbers, so that the two directions are independent.
            outward: Conditioner::new(conditions, !seed),
        }
    }

    /// Whether it does nothing any more.
    pub(crate) fn is_idle(&self) -> bool {
        self.inward.conditions() == Conditions::default() && self.inward.is_empty() && self.outward.is_empty()
    }
}

impl Datagrams {
    /// Takes over what the network is to be like. Datagrams under way stay so.
    pub(crate) fn set_conditions(&mut self, (conditions, seed): (Conditions, u64)) {
        match &mut self.conditioned {
            Some(conditioned) if conditioned.seed == seed => {
                conditioned.inward.set(conditions);
                conditioned.outward.set(conditions);
            }
            _ if conditions == Conditions::default() => {}
            _ => self.conditioned = Some(Box::new(Conditioned::new(conditions, seed))),
        }
    }
}
