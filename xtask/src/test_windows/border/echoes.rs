//! gmcat on both sides: what one sends the other echoes, over every transport.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{PATIENCE, Result, Side, port_in};
use crate::machine::{Tool, provide};

const OPENSSL: Tool = Tool::new("openssl", "openssl");
/// As gmcat calls them.
const TRANSPORTS: [&str; 5] = ["tcp", "udp", "rudp", "ws", "wss"];
/// The size of what is echoed besides short texts: many datagrams, records of TLS and frames.
const LARGE: usize = 300_000;
/// The largest plain datagram here: what UDP may lose it does not lose on one machine.
const DATAGRAM: usize = 8_000;
/// The longest that a server lives if nobody ends it.
const LIMIT_MS: &str = "60000";

/// A server's certificate with its key, trusted by being named.
pub struct Certificate {
    chain: PathBuf,
    key: PathBuf,
    folder: PathBuf,
}

impl Certificate {
    pub fn make(folder: &Path) -> Result<Self> {
        provide(&[OPENSSL], &[])?;
        fs::create_dir_all(folder)?;
        let (chain, key) = (folder.join("server.pem"), folder.join("server.key"));
        let mut make = Command::new(OPENSSL.program);
        make.args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]);
        make.args(["-subj", "/CN=border", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2"]);
        make.arg("-keyout").arg(&key).arg("-out").arg(&chain);
        let made = make.output()?;
        if !made.status.success() {
            return Err(format!("openssl: {}", String::from_utf8_lossy(&made.stderr)).into());
        }
        Ok(Self { chain, key, folder: folder.to_owned() })
    }
}

pub fn over_every_transport(at: &Side<'_>, from: &Side<'_>, certificate: &Certificate) -> Result<String> {
    let title = format!("{} gmcat echoes {}'s", at.name, from.name);
    println!("\n{title}:");
    for transport in TRANSPORTS {
        echo(transport, at, from, certificate)
            .map_err(|error| format!("{title} over {transport}: {error}"))?;
    }
    Ok(format!("{title}: {}", TRANSPORTS.join(", ")))
}

fn echo(transport: &str, at: &Side<'_>, from: &Side<'_>, certificate: &Certificate) -> Result<()> {
    let size = if transport == "udp" { DATAGRAM } else { LARGE };
    let file = certificate.folder.join("large");
    fs::write(&file, (0..size).map(|at| ((at * at) >> 7) as u8).collect::<Vec<u8>>())?;
    let recording = certificate.folder.join(format!("{transport}-to-{}.txt", at.name));
    let _ = fs::remove_file(&recording);

    let address = format!("{transport}://127.0.0.1:0");
    let (chain, key) = (at.path(&certificate.chain), at.path(&certificate.key));
    let mut words =
        vec!["listen", &address, "--echo", "--once", "--time", "none", "--format", "hex", "--for", LIMIT_MS];
    if transport == "wss" {
        words.extend(["--certificate", &chain, "--key", &key]);
    }
    let mut server = at.start("server", "gmcat", &words, is_event)?;
    let port = port_in(&server.wait_for_line("listening ", PATIENCE)?);

    let address = format!("{transport}://127.0.0.1:{port}");
    let (file, trusted, record) = (from.path(&file), from.path(&certificate.chain), from.path(&recording));
    let mut words = vec!["connect", &address, "--text", "first", "--file", &file, "--text", "last"];
    words.extend(["--count", "3", "--stdin", "none", "--time", "none", "--format", "hex"]);
    words.extend(["--record", &record, "--wait", LIMIT_MS]);
    if transport == "wss" {
        words.extend(["--ca", &trusted]);
    }
    let mut client = from.start("client", "gmcat", &words, is_event)?;
    client.wait_for_end(PATIENCE)?;
    if transport != "udp" {
        // With plain datagrams nobody leaves.
        server.wait_for_end(PATIENCE)?;
    }
    came_back(&fs::read_to_string(&recording)?, size)
}

/// What gmcat says besides packets.
fn is_event(line: &str) -> bool {
    line.len() < 200
}

/// Whether a recording has every packet sent also as one received.
fn came_back(recording: &str, size: usize) -> Result<()> {
    let packets = |direction: &str| {
        let mut all: Vec<_> = recording.lines().filter_map(|line| line.split_once(direction)).collect();
        all.sort_by_key(|(_, hex)| *hex);
        all.into_iter().map(|(_, hex)| hex).collect::<Vec<_>>()
    };
    let (sent, came) = (packets(" 1 > "), packets(" 1 < "));
    if sent.len() != 3 || !sent.iter().any(|hex| hex.len() == 2 * size) {
        return Err(format!("{} packets were sent, not the three wanted", sent.len()).into());
    }
    if sent == came { Ok(()) } else { Err("what came back is not what was sent".into()) }
}
