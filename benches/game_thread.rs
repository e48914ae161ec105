//! What the library costs the game's own thread: `cargo bench --bench game_thread`.
//!
//! A server has 1 000 connected clients. Measured are a burst of one packet to each of them, in a loop of
//! sends and as one send to the server's group, per packet; and collecting 1 000 waiting data events with
//! one `network_poll`. The I/O thread works beside it, as it does in a game. What counts is the processor's
//! time of the calling thread alone, where the system tells it: on a busy machine the I/O thread, once
//! woken, takes the processor from it.

use std::ffi::{c_char, c_void};
use std::hint::black_box;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use stepwire::abi::*;

const CLIENTS: usize = 1_000;
const PAYLOAD: [u8; 64] = [7; 64];
const HEADER: usize = 12;

/// A larger one: a snapshot of a world.
const SNAPSHOT: [u8; 512] = [7; 512];

/// A server with its clients' handles, and the clients' ends as plain sockets.
struct Crowd {
    server: f64,
    handles: Vec<f64>,
    peers: Vec<TcpStream>,
}

/// How long this thread has had a processor.
#[cfg(unix)]
fn thread_time() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the call writes the struct it is given and nothing else.
    let failed = unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut time) };
    assert_eq!(failed, 0, "the system knows the clock");
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

#[cfg(not(unix))]
fn thread_time() -> Duration {
    use std::sync::OnceLock;
    static BEGAN: OnceLock<Instant> = OnceLock::new();
    BEGAN.get_or_init(Instant::now).elapsed()
}

unsafe extern "C-unwind" fn note_connects(event: *const NetworkEvent, handles: *mut c_void) {
    // SAFETY: network_poll passes a valid event and the vector given to it below.
    unsafe {
        if (*event).r#type == f64::from(network_type_connect) {
            (*handles.cast::<Vec<f64>>()).push((*event).socket);
        }
    }
}

unsafe extern "C-unwind" fn look(event: *const NetworkEvent, bytes: *mut c_void) {
    // SAFETY: network_poll passes a valid event and the counter given to it below.
    unsafe { *bytes.cast::<f64>() += black_box((*event).size) };
}

fn gather() -> Crowd {
    // SAFETY: the string is a literal with a NUL.
    unsafe {
        network_set_config_string(
            f64::from(network_config_bind_address),
            -1.0,
            c"127.0.0.1".as_ptr().cast::<c_char>(),
        )
    };
    let server = network_create_server(f64::from(network_socket_tcp), 0.0, CLIENTS as f64);
    let port = network_get_port(server) as u16;
    let mut handles = Vec::new();
    let mut peers = Vec::new();
    while peers.len() < CLIENTS {
        let mut peer = TcpStream::connect(("127.0.0.1", port)).expect("the server listens");
        peer.write_all(&stepwire::protocol::handshake::answer(0)).expect("the handshake");
        peer.read_exact(&mut [0; 18 + 12]).expect("the handshake");
        peers.push(peer);
    }
    let deadline = Instant::now() + Duration::from_secs(10);
    while handles.len() < CLIENTS && Instant::now() < deadline {
        network_wait(100.0);
        // SAFETY: the callback takes the vector passed with it.
        unsafe { network_poll(Some(note_connects), (&raw mut handles).cast()) };
    }
    assert_eq!(handles.len(), CLIENTS, "all clients connect");
    Crowd { server, handles, peers }
}

fn send_to_each(crowd: &mut Crowd, payload: &[u8]) -> Duration {
    let begin = thread_time();
    for &handle in &crowd.handles {
        // SAFETY: the buffer has as many bytes as is said.
        let sent = unsafe { network_send_packet(handle, payload.as_ptr().cast(), payload.len() as f64) };
        assert_eq!(sent, (HEADER + payload.len()) as f64);
    }
    let elapsed = thread_time() - begin;
    receive(crowd, HEADER + payload.len());
    elapsed
}

fn send_to_group(crowd: &mut Crowd, payload: &[u8]) -> Duration {
    let begin = thread_time();
    // SAFETY: the buffer has as many bytes as is said.
    let took = unsafe {
        network_group_send_packet(crowd.server, payload.as_ptr().cast(), payload.len() as f64, -1.0)
    };
    let elapsed = thread_time() - begin;
    assert_eq!(took, CLIENTS as f64);
    receive(crowd, HEADER + payload.len());
    elapsed
}

fn receive(crowd: &mut Crowd, size: usize) {
    let mut packet = vec![0; size];
    for peer in &mut crowd.peers {
        peer.read_exact(&mut packet).expect("the packet arrives");
    }
}

fn collect_from_all(crowd: &mut Crowd) -> Duration {
    let packet = [&stepwire::protocol::packet::header(PAYLOAD.len() as u32)[..], &PAYLOAD].concat();
    for peer in &mut crowd.peers {
        peer.write_all(&packet).expect("the peer sends");
    }
    let deadline = Instant::now() + Duration::from_secs(10);
    // SAFETY: the key is a literal with a NUL.
    while unsafe { network_get_stat(-1.0, c"events".as_ptr()) } < CLIENTS as f64 {
        assert!(Instant::now() < deadline, "all packets arrive");
        std::thread::yield_now();
    }
    let mut bytes = 0.0_f64;
    let begin = thread_time();
    // SAFETY: the callback takes the counter passed with it.
    let events = unsafe { network_poll(Some(look), (&raw mut bytes).cast()) };
    let elapsed = thread_time() - begin;
    assert_eq!((events, bytes), (CLIENTS as f64, (CLIENTS * PAYLOAD.len()) as f64));
    elapsed
}

fn game_thread(criterion: &mut Criterion) {
    let mut crowd = gather();
    let mut group = criterion.benchmark_group("game thread, 1000 connections");
    group.sample_size(20);
    group.throughput(Throughput::Elements(CLIENTS as u64));
    group.bench_function("network_send_packet of 64 bytes to each", |bencher| {
        bencher.iter_custom(|rounds| (0..rounds).map(|_| send_to_each(&mut crowd, &PAYLOAD)).sum());
    });
    group.bench_function("network_send_packet of 512 bytes to each", |bencher| {
        bencher.iter_custom(|rounds| (0..rounds).map(|_| send_to_each(&mut crowd, &SNAPSHOT)).sum());
    });
    group.bench_function("network_group_send_packet of 64 bytes to all", |bencher| {
        bencher.iter_custom(|rounds| (0..rounds).map(|_| send_to_group(&mut crowd, &PAYLOAD)).sum());
    });
    group.bench_function("network_group_send_packet of 512 bytes to all", |bencher| {
        bencher.iter_custom(|rounds| (0..rounds).map(|_| send_to_group(&mut crowd, &SNAPSHOT)).sum());
    });
    group.bench_function("network_poll of 1000 waiting events", |bencher| {
        bencher.iter_custom(|rounds| (0..rounds).map(|_| collect_from_all(&mut crowd)).sum());
    });
    group.finish();
    network_shutdown();
}

criterion_group!(benches, game_thread);
criterion_main!(benches);
