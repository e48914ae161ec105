//! WebSockets: frames, and both sides' handshakes.

use std::ops::Range;

use super::input::Input;
use crate::url::Url;
use crate::websocket::handshake::{
    ClientHandshake, Limits, Origins, Protocols, RequestHeaders, ServerHandshake,
};
use crate::websocket::{Kind, MessageSink, Receiver, Side};

#[derive(Debug, PartialEq, Eq)]
enum Found {
    Message(Kind, Vec<u8>),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    Close(Option<u16>, String),
    Violation(u16),
}

#[derive(Default)]
struct Recorder(Vec<Found>);

impl MessageSink for Recorder {
    fn message_in_place(&mut self, kind: Kind, range: Range<usize>, payload: &[u8]) {
        assert_eq!(range.len(), payload.len());
        self.0.push(Found::Message(kind, payload.to_vec()));
    }

    fn message_owned(&mut self, kind: Kind, payload: Vec<u8>) {
        self.0.push(Found::Message(kind, payload));
    }

    fn ping(&mut self, payload: &[u8]) {
        self.0.push(Found::Ping(payload.to_vec()));
    }

    fn pong(&mut self, payload: &[u8]) {
        self.0.push(Found::Pong(payload.to_vec()));
    }

    fn close(&mut self, code: Option<u16>, reason: &str) {
        self.0.push(Found::Close(code, reason.to_owned()));
    }
}

fn receive(side: Side, limit: usize, pieces: &[&[u8]]) -> Vec<Found> {
    let mut receiver = Receiver::new(side);
    let mut recorder = Recorder::default();
    let mut came = 0;
    for piece in pieces {
        let mut bytes = piece.to_vec();
        came += bytes.len();
        match receiver.receive(&mut bytes, limit, &mut recorder) {
            Ok(taken) => assert_eq!(taken, piece.len()),
            Err(violation) => recorder.0.push(Found::Violation(violation.code())),
        }
        // A control frame may stand behind the message that it interrupts.
        assert!(receiver.partial() <= came.min(limit + 125 + 16), "no more is kept than came");
    }
    recorder.0
}

/// However frames are cut, they mean the same; nothing is larger than the limit; texts are texts.
pub(super) fn frames(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let side = if input.flag() { Side::Server } else { Side::Client };
    let limit = usize::from(input.word());
    let pieces = input.pieces();
    let whole = pieces.concat();
    let found = receive(side, limit, &pieces);
    for event in &found {
        match event {
            Found::Message(kind, payload) => {
                assert!(payload.len() <= limit);
                assert!(*kind == Kind::Binary || std::str::from_utf8(payload).is_ok());
            }
            Found::Ping(payload) | Found::Pong(payload) => assert!(payload.len() <= 125),
            Found::Close(_, reason) => assert!(reason.len() <= 123),
            Found::Violation(code) => assert!([1002, 1007, 1009].contains(code), "{code}"),
        }
    }
    let ends = |event: &Found| matches!(event, Found::Close(..) | Found::Violation(_));
    let end = found.iter().position(ends);
    assert!(end.is_none_or(|end| end + 1 == found.len()), "nothing follows the end");
    assert_eq!(found, receive(side, limit, &[&whole]));
    let single: Vec<&[u8]> = whole.chunks(1).collect();
    assert_eq!(found, receive(side, limit, &single));
}

/// What a server makes of a request: its answer, and how much of the bytes was the request.
fn answer(pieces: &[&[u8]]) -> Option<(bool, Vec<u8>, usize)> {
    let mut handshake = ServerHandshake::default();
    let mut out = Vec::new();
    let mut before = 0;
    for piece in pieces {
        let accepted = match handshake.receive(piece, &Limits::default()) {
            Ok(None) => {
                before += piece.len();
                continue;
            }
            Ok(Some((request, taken))) => {
                assert!(taken <= piece.len());
                before += taken;
                request.accept(&Origins::default(), &Protocols::default(), &mut out)
            }
            Err(refusal) => Err(refusal),
        };
        return Some(match accepted {
            Ok(_) => (true, out, before),
            Err(refusal) => {
                refusal.write(&mut out);
                let text = String::from_utf8_lossy(&out);
                assert!(text.starts_with("HTTP/1.1 ") && text.contains("\r\n\r\n"), "{text}");
                let _ = handshake.plain_request();
                (false, out, 0)
            }
        });
    }
    None
}

/// However a request is cut, it means the same. (A refusal need not wait for all of it.)
pub(super) fn request(bytes: &[u8]) {
    let pieces = Input::new(bytes).pieces();
    let whole = pieces.concat();
    let single: Vec<&[u8]> = whole.chunks(1).collect();
    let outcome = answer(&[&whole]);
    for cut in [pieces, single] {
        match (&outcome, answer(&cut)) {
            (Some((true, ..)), again) => assert_eq!(outcome, again),
            (Some((false, ..)), again) => assert!(matches!(again, Some((false, ..)))),
            (None, again) => assert_eq!(again, None),
        }
    }
}

/// What a client makes of an answer. Where the key's proof belongs stands `{accept}`, since it is another each time.
fn verdict(url: &Url, text: &[u8], cuts: &[usize]) -> Option<Result<String, ()>> {
    let mut request = Vec::new();
    let protocols = Protocols::parse("game.v2, game.v1").unwrap_or_default();
    let headers = RequestHeaders::default();
    let mut handshake = ClientHandshake::start(url, 80, false, &protocols, &headers, &mut request);
    let answered = fill_in_proof(&request, text);
    let mut rest = &answered[..];
    for cut in cuts.iter().copied().chain([usize::MAX]) {
        let (piece, behind) = rest.split_at(cut.min(rest.len()));
        rest = behind;
        match handshake.receive(piece, &Limits::default()) {
            Ok(None) => {}
            Ok(Some((opened, taken))) => {
                assert!(taken <= piece.len());
                return Some(Ok(opened.protocol.into()));
            }
            Err(error) => {
                assert!(!error.to_string().is_empty());
                return Some(Err(()));
            }
        }
    }
    None
}

fn fill_in_proof(request: &[u8], text: &[u8]) -> Vec<u8> {
    const PLACE: &[u8] = b"{accept}";
    let Some(at) = text.windows(PLACE.len()).position(|window| window == PLACE) else { return text.to_vec() };
    let request = String::from_utf8_lossy(request);
    let (_, key) = request.split_once("Sec-WebSocket-Key: ").expect("a request has a key");
    let key = key.split("\r\n").next().unwrap_or_default();
    let proof = tungstenite::handshake::derive_accept_key(key.as_bytes());
    [&text[..at], proof.as_bytes(), &text[at + PLACE.len()..]].concat()
}

/// However an answer is cut, it means the same.
pub(super) fn response(bytes: &[u8]) {
    let pieces = Input::new(bytes).pieces();
    let text = pieces.concat();
    let Ok(url) = Url::parse("ws://localhost/") else { unreachable!("this is a URL") };
    let cuts: Vec<usize> = pieces.iter().map(|piece| piece.len()).collect();
    let outcome = verdict(&url, &text, &[]);
    assert_eq!(outcome, verdict(&url, &text, &cuts));
    assert_eq!(outcome, verdict(&url, &text, &vec![1; text.len() + 64]));
}
