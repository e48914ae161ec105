//! The way from HTTP to WebSocket, for either end.

use std::sync::Arc;

use crate::error::{Code, Error};
use crate::log::{self, Level};
use crate::options::Texts;
use crate::websocket::handshake::{
    Fields, Limits, Method, Refusal, ServerHandshake, StatusCode, allow_pages,
};

use crate::command::WebSocketRequest;
use crate::counters::prometheus;
use crate::socket::{About, Socket};

use super::end::SessionEnd;

/// Asked before a server grants a WebSocket, with the header fields of the request.
pub(crate) type Gate<'a> = &'a mut dyn FnMut(&Fields) -> Result<(), Refusal>;

pub(crate) enum Upgrade {
    Server { handshake: ServerHandshake, server: Arc<Socket>, texts: Arc<Texts> },
    Client(WebSocketRequest),
}

impl Upgrade {
    pub(crate) fn server(server: &Arc<Socket>) -> Self {
        let texts = Arc::clone(&server.host.lock().settings.texts);
        Self::Server { handshake: ServerHandshake::default(), server: Arc::clone(server), texts }
    }

    /// What the part of the other end's request or answer that has come takes of memory.
    pub(crate) fn memory(&self) -> usize {
        match self {
            Self::Server { handshake, .. } => handshake.memory(),
            Self::Client(request) => request.handshake.memory(),
        }
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
    pub(crate) fn receive(
        &mut self,
        bytes: &[u8],
        out: &mut Vec<u8>,
        gate: Gate<'_>,
    ) -> Result<Option<(About, usize)>, SessionEnd> {
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
                        gate(&request.fields)?;
                        let headers = kept(&request.fields, server);
                        let accepted = request.accept(origins, protocols, out)?;
                        Ok(Some((accepted, headers, taken)))
                    }
                });
                let accepted = accepted.map_err(|refusal| {
                    if answer_plainly(handshake, server, texts, out) {
                        return SessionEnd::Answered;
                    }
                    refusal.write(out);
                    let code = match refusal.status {
                        StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => Code::Limit,
                        _ => Code::Handshake,
                    };
                    Error::new(code, refusal.to_string()).into()
                })?;
                Ok(accepted.map(|(accepted, headers, taken)| {
                    let about = About {
                        path: accepted.path,
                        query: accepted.query,
                        origin: accepted.origin,
                        protocol: accepted.protocol,
                        headers,
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
                        headers: Fields::default(),
                        encrypted: false,
                    };
                    (about, taken)
                }))
            }
        }
    }
}

/// What `network_get_string` can tell of the header fields.
fn kept(fields: &Fields, server: &Socket) -> Fields {
    let (kept, all) = fields.keep();
    if !all {
        log::write(
            Level::Connection,
            format_args!(
                "server {}: of a request's header fields only those in the first {} bytes are kept",
                server.handle.0,
                Fields::MOST
            ),
        );
    }
    kept
}

/// Answers a request for one of the paths that the host has named; false if it was none.
fn answer_plainly(handshake: &ServerHandshake, server: &Socket, texts: &Texts, out: &mut Vec<u8>) -> bool {
    let Some(request) = handshake.plain_request() else { return false };
    if request.path == texts.http_health && request.method == Method::Options {
        allow_pages(out);
        return true;
    }
    if request.path == texts.http_health {
        let accepts = server.host.lock().settings.accepting;
        let (status, word) =
            if accepts { (StatusCode::OK, "ok\n") } else { (StatusCode::SERVICE_UNAVAILABLE, "draining\n") };
        request.answer(status, "text/plain; charset=utf-8", true, word, out);
        return true;
    }
    if request.path == texts.http_metrics && request.method != Method::Options {
        let text = prometheus::text();
        request.answer(StatusCode::OK, "text/plain; version=0.0.4; charset=utf-8", false, &text, out);
        return true;
    }
    false
}
