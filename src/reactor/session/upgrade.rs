//! The way from HTTP to WebSocket, for either end.

use std::sync::Arc;

use crate::error::{Code, Error, Result};
use crate::options::Texts;
use crate::websocket::handshake::{Limits, Refusal, ServerHandshake, StatusCode};

use crate::command::WebSocketRequest;
use crate::socket::{About, Socket};

pub(crate) enum Upgrade {
    Server { handshake: ServerHandshake, server: Arc<Socket>, texts: Arc<Texts> },
    Client(WebSocketRequest),
}

impl Upgrade {
    pub(crate) fn server(server: &Arc<Socket>) -> Self {
        let texts = Arc::clone(&server.host.lock().settings.texts);
        Self::Server { handshake: ServerHandshake::default(), server: Arc::clone(server), texts }
    }

    /// The client asks first.
    pub(crate) fn begin(&mut self, out: &mut Vec<u8>) {
        if let Self::Client(request) = self {
            out.append(&mut request.bytes);
            request.bytes = Vec::new();
        }
    }

    /// Takes what was received. When the other end has agreed, says how many of these bytes
    /// belonged to that. A server's refusal is in `out`.
    pub(crate) fn receive(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> Result<Option<(About, usize)>> {
        let limits = Limits::default();
        match self {
            Self::Server { handshake, server, texts } => {
                let (origins, protocols) = (&texts.websocket_origins, &texts.websocket_protocol);
                let accepted = handshake.receive(bytes, &limits).and_then(|request| match request {
                    None => Ok(None),
                    Some(_) if server.clients.as_ref().is_some_and(|clients| clients.is_full()) => {
                        Err(Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "the server is full"))
                    }
                    Some((request, taken)) => {
                        request.accept(origins, protocols, out).map(|accepted| Some((accepted, taken)))
                    }
                });
                let accepted = accepted.map_err(|refusal| {
                    refusal.write(out);
                    let full = refusal.status == StatusCode::SERVICE_UNAVAILABLE;
                    Error::new(if full { Code::Limit } else { Code::Handshake }, refusal.to_string())
                })?;
                Ok(accepted.map(|(accepted, taken)| {
                    let about = About {
                        path: accepted.path,
                        query: accepted.query,
                        origin: accepted.origin,
                        protocol: accepted.protocol,
                        encrypted: false,
                    };
                    (about, taken)
                }))
            }
            Self::Client(request) => {
                let opened = request
                    .handshake
                    .receive(bytes, &limits)
                    .map_err(|error| Error::new(Code::Handshake, error.to_string()))?;
                Ok(opened.map(|(opened, taken)| {
                    let about = About {
                        path: std::mem::take(&mut request.path),
                        query: std::mem::take(&mut request.query),
                        origin: Box::default(),
                        protocol: opened.protocol,
                        encrypted: false,
                    };
                    (about, taken)
                }))
            }
        }
    }
}
