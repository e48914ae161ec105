//! UDP over a link with an MTU of 1500 bytes: two network namespaces joined by a pair of virtual
//! interfaces. Skipped with a message where that is not permitted.

#![cfg(target_os = "linux")]

#[path = "udp/host.rs"]
#[allow(dead_code)]
mod host;

use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use host::{Host, PATIENCE, in_both_modes, ok};
use stepwire::abi::*;

const PORT: u16 = 6_510;
const NEAR: [&str; 2] = ["192.0.2.1", "2001:db8::1"];
const FAR: [&str; 2] = ["192.0.2.2", "2001:db8::2"];
const SIZES: [usize; 5] = [1_400, 1_473, 5_000, 60_000, 65_507];

/// Two namespaces with a link between them; they go when this goes.
struct Link {
    near: String,
    far: String,
}

impl Link {
    fn new() -> Result<Self, String> {
        let id = std::process::id();
        let link = Self { near: format!("stepwire-{id}-near"), far: format!("stepwire-{id}-far") };
        for name in [&link.near, &link.far] {
            ip(&["netns", "add", name])?;
        }
        let ends = [(&link.near, NEAR), (&link.far, FAR)];
        ip(&[
            "-n", &link.near, "link", "add", "link0", "mtu", "1500", "type", "veth", "peer", "name", "link0",
            "mtu", "1500", "netns", &link.far,
        ])?;
        for (name, [four, six]) in ends {
            ip(&["-n", name, "addr", "add", &format!("{four}/24"), "dev", "link0"])?;
            ip(&["-n", name, "addr", "add", &format!("{six}/64"), "dev", "link0", "nodad"])?;
            ip(&["-n", name, "link", "set", "lo", "up"])?;
            ip(&["-n", name, "link", "set", "link0", "up"])?;
        }
        Ok(link)
    }

    /// Runs one of the tests below in a namespace.
    fn run(&self, namespace: &str, test: &str) -> Child {
        let own = std::env::current_exe().expect("the test's own program");
        Command::new("ip")
            .args(["netns", "exec", namespace])
            .arg(own)
            .args(["--exact", test, "--ignored", "--nocapture"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("started")
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        for name in [&self.near, &self.far] {
            let _ = ip(&["netns", "del", name]);
        }
    }
}

fn ip(arguments: &[&str]) -> Result<(), String> {
    let done = Command::new("ip").args(arguments).output().map_err(|error| error.to_string())?;
    if done.status.success() {
        return Ok(());
    }
    Err(format!("ip {}: {}", arguments.join(" "), String::from_utf8_lossy(&done.stderr).trim()))
}

#[test]
fn datagrams_larger_than_the_link_cross_it() {
    let link = match Link::new() {
        Ok(link) => link,
        Err(why) => {
            eprintln!("skipped: {why}");
            return;
        }
    };
    let mut far = link.run(&link.far, "far_end");
    let near = link.run(&link.near, "near_end").wait_with_output().expect("ended");
    far.kill().expect("killed");
    let far = far.wait_with_output().expect("ended");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(
        near.status.success() && text(&near.stdout).contains("1 passed"),
        "near end:\n{}{}\nfar end:\n{}{}",
        text(&near.stdout),
        text(&near.stderr),
        text(&far.stdout),
        text(&far.stderr),
    );
}

/// Sends back what comes, until it is killed.
#[test]
#[ignore = "run by the test above, in a namespace"]
fn far_end() {
    let host = Host::begin();
    let server = ok(network_create_server_raw(network_socket_udp.into(), PORT.into(), 0.0));
    let began = Instant::now();
    while began.elapsed() < 6 * PATIENCE {
        ok(network_wait(100.0));
        while let Some(event) = host.poll() {
            host.send_raw(server, event.from(), &event.bytes);
        }
    }
}

#[test]
#[ignore = "run by the test above, in a namespace"]
fn near_end() {
    in_both_modes(|host| {
        let socket = host.socket();
        for far in FAR {
            let far = SocketAddr::new(far.parse().expect("an address"), PORT);
            for size in SIZES {
                let sent: Vec<u8> = (0..size).map(|at| (at % 251) as u8).collect();
                // The other end may not be up yet, and the first datagrams wait for its link address.
                let mut answer = None;
                let mut last = None;
                host.until(|| {
                    if last.is_none_or(|last: Instant| last.elapsed().as_millis() > 200) {
                        host.send_raw(socket, far, &sent);
                        last = Some(Instant::now());
                    }
                    answer = host.poll().filter(|event| event.bytes.len() == size);
                    answer.is_some()
                });
                let answer = answer.expect("the condition");
                assert_eq!(answer.from(), far);
                assert!(answer.bytes == sent, "{size} bytes to {far}");
            }
        }
    });
}
