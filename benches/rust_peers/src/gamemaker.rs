//! GameMaker's packets on tokio's streams.

use std::io::{Error, ErrorKind, Result};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const HELLO: &[u8] = b"GM:Studio-Connect\0";
const WELCOME: [u32; 3] = [0xDEAF_BEAD, 0xF00D_BEEB, 12];
const ANSWER: usize = 16;
const HEADER: usize = 12;
const MAGIC: u32 = 0xDEAD_C0DE;
const LARGEST: usize = 1 << 20;

/// All whole packets of one read go back with one write.
pub async fn echo(mut stream: TcpStream) -> Result<()> {
    stream.write_all(HELLO).await?;
    stream.read_exact(&mut [0; ANSWER]).await?;
    stream.write_all(&WELCOME.map(u32::to_le_bytes).concat()).await?;
    let mut bytes = Vec::with_capacity(4096);
    loop {
        if stream.read_buf(&mut bytes).await? == 0 {
            return Ok(());
        }
        let whole = whole_packets(&bytes)?;
        stream.write_all(&bytes[..whole]).await?;
        bytes.drain(..whole);
        bytes.reserve(4096);
    }
}

fn whole_packets(bytes: &[u8]) -> Result<usize> {
    let mut whole = 0;
    while let Some(header) = bytes[whole..].first_chunk::<HEADER>() {
        let word =
            |at: usize| u32::from_le_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
        let size = word(8) as usize;
        if word(0) != MAGIC || size > LARGEST {
            return Err(Error::from(ErrorKind::InvalidData));
        }
        if bytes.len() < whole + HEADER + size {
            break;
        }
        whole += HEADER + size;
    }
    Ok(whole)
}
