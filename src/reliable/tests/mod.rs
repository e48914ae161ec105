//! The protocol in virtual time: endpoints joined by conditioned links.

mod delivery;
mod latency;
mod world;
