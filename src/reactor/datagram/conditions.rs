//! A bad network between a socket and the real one, for tests: whatever the socket sends and
//! receives goes through it.

use std::net::SocketAddr;

use crate::conditioner::{Conditioner, Conditions};

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

    /// Takes over what the network is to be like. Datagrams under way stay so.
    pub(crate) fn set(conditioned: &mut Option<Box<Self>>, (conditions, seed): (Conditions, u64)) {
        match conditioned {
            Some(own) if own.seed == seed => {
                own.inward.set(conditions);
                own.outward.set(conditions);
            }
            _ if conditions == Conditions::default() => {}
            _ => *conditioned = Some(Box::new(Self::new(conditions, seed))),
        }
    }
}
