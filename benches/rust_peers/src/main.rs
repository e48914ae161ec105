//! Servers that `cargo xtask bench` measures beside ours: `rust-peers tokio|tokio-websockets|fastwebsockets echo`.
//!
//! They echo, on one thread, and print "port N". Each is written as its library's own examples are.

mod fast;
mod gamemaker;
mod strict;

use std::error::Error;

use tokio::net::TcpListener;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result<()> {
    let library = std::env::args().nth(1).unwrap_or_default();
    tokio::runtime::Builder::new_current_thread().enable_io().build()?.block_on(serve(&library))
}

async fn serve(library: &str) -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("port {}", listener.local_addr()?.port());
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        // A client that ends is no news here: only who is measured is connected.
        match library {
            "tokio" => drop(tokio::spawn(async { drop(gamemaker::echo(stream).await) })),
            "tokio-websockets" => drop(tokio::spawn(async { drop(strict::echo(stream).await) })),
            "fastwebsockets" => drop(tokio::spawn(async { drop(fast::echo(stream).await) })),
            _ => return Err("usage: rust-peers tokio|tokio-websockets|fastwebsockets echo".into()),
        }
    }
}
