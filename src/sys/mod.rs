//! What is particular to an operating system: the same names for each, nothing else of the crate
//! asks which system it runs on.
//!
//! | item | what it hides |
//! |---|---|
//! | [`DRAINED_BY_SHORT_READ`] | whether a short read re-arms readiness (epoll, kqueue) or only "would block" does (Windows) |
//! | [`is_descriptor_limit`] | the error numbers of "no more descriptors" |
//! | [`raise_descriptor_limit`] | `RLIMIT_NOFILE` |
//! | [`start_thread`] | the signal mask a new thread inherits; a library that is unloaded under it |
//! | [`bind_listener`], [`reserve_port`], [`share_outgoing_port`], [`keep_datagram_port`], [`share_datagram_port`], [`share_port`] | `SO_REUSEADDR`, `SO_REUSEPORT` or `SO_EXCLUSIVEADDRUSE` |
//! | [`DATAGRAM_PORTS_OVERLAP`] | ports that are exclusive once and for all |
//! | [`write_to_stderr`] | the SIGPIPE of a standard error that nobody reads |
//! | [`in_forked_children`] | `pthread_atfork` |
//! | [`CONNECTION_REFUSED`] | an error number |
//! | [`choose_port_on_connect`] | `IP_BIND_ADDRESS_NO_PORT` |
//! | [`is_port_taken`] | the error numbers of "somebody has it" |
//! | [`is_family_missing`] | the error numbers of "there is no IPv6 here" |
//! | [`Flag`] | descriptors that say something by being readable |
//! | `take_listener` | sockets that systemd has opened |
//! | [`accept`] | connections that were reset before they were accepted |
//! | [`prepare_stream`] | `SO_NOSIGPIPE`, handles that child processes inherit |
//! | [`one_write`] | a system that takes any amount at once |
//! | [`write_pieces`] | the SIGPIPE of a gathered write; a system that takes any amount at once |
//! | [`PreciseTimers`] | timeouts that are rounded up to 15.6 ms |
//! | [`is_connect_pending`] | how a non-blocking connect says "not yet" |
//! | [`interface_index`], [`interface_name`] | the zones of link-local IPv6 addresses |
//! | [`round_trip_micros`] | `TCP_INFO` |
//! | [`prepare_datagrams`] | fragmentation allowed, and no errors of earlier datagrams on Windows |
//! | [`DatagramReader`], [`DatagramWriter`] | `recvmmsg`, `sendmmsg` and `UDP_SEGMENT`, or one datagram at a time |
//! | [`tell_destinations`] | `IPV6_RECVPKTINFO`, `IP_PKTINFO` |
//! | [`kernel_drops`] | `SO_MEMINFO` |
//! | [`prefetch()`], [`prefetch_memory`] | an instruction of the processor |
//! | [`set_keepalive`] | `TCP_KEEPIDLE`, `TCP_KEEPINTVL`, `TCP_USER_TIMEOUT` |

#[cfg(target_os = "linux")]
mod inherited_listeners;
#[cfg(target_os = "linux")]
pub(crate) use inherited_listeners::take_listener;

mod prefetch;
pub(crate) use prefetch::{prefetch, prefetch_memory};

mod arrived;
pub(crate) use arrived::{Arrived, canonical};

#[cfg(unix)]
mod unix;
#[cfg(unix)]
pub(crate) use unix::*;

#[cfg(windows)]
mod windows;
#[cfg(windows)]
pub(crate) use windows::*;

#[cfg(any(target_os = "linux", target_os = "android"))]
mod batched;
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) use batched::*;

#[cfg(any(test, not(any(target_os = "linux", target_os = "android"))))]
#[cfg_attr(test, allow(dead_code, reason = "compiled with the tests everywhere, so that it cannot rot"))]
mod one_by_one;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(crate) use one_by_one::*;

#[cfg(test)]
mod datagram_tests;
