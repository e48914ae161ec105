//! fastwebsockets.

use fastwebsockets::upgrade::{UpgradeFut, upgrade};
use fastwebsockets::{FragmentCollector, Frame, OpCode, Payload, WebSocketError};
use http_body_util::Empty;
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

pub async fn echo(stream: TcpStream) -> hyper::Result<()> {
    http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(accept)).with_upgrades().await
}

async fn accept(mut request: Request<Incoming>) -> Result<Response<Empty<Bytes>>, WebSocketError> {
    let (response, socket) = upgrade(&mut request)?;
    tokio::spawn(async { drop(echo_messages(socket).await) });
    Ok(response)
}

async fn echo_messages(socket: UpgradeFut) -> Result<(), WebSocketError> {
    let mut socket = FragmentCollector::new(socket.await?);
    loop {
        let frame = socket.read_frame().await?;
        match frame.opcode {
            OpCode::Close => return Ok(()),
            // A frame sent on as it came would keep its mask, which a server's must not have.
            OpCode::Text | OpCode::Binary => {
                let payload = Payload::Borrowed(&frame.payload);
                socket.write_frame(Frame::new(true, frame.opcode, None, payload)).await?;
            }
            _ => {}
        }
    }
}
