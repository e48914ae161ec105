//! The protocol in virtual time: endpoints joined by conditioned links.

mod chaos;
mod congestion;
mod delivery;
mod hostile;
mod latency;
mod memory;
mod mirrors;
mod places;
mod sessions;
mod stalls;
mod vectors;
mod world;
mod wrap;
