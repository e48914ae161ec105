use super::super::{Origins, ServerHandshake};
use super::*;
use proptest::prelude::*;
use tungstenite::handshake::client::Response as TheirResponse;
use tungstenite::handshake::machine::TryParse;

fn start_with(url: &str, protocols: &str, headers: &str) -> (ClientHandshake, String) {
    let url = Url::parse(url).unwrap();
    let encrypted = url.is_encrypted(false);
    let mut out = Vec::new();
    let handshake = ClientHandshake::start(
        &url,
        url.port(0, encrypted),
        encrypted,
        &Protocols::parse(protocols).unwrap(),
        &RequestHeaders::parse(headers).unwrap(),
        &mut out,
    );
    (handshake, String::from_utf8(out).unwrap())
}

fn start() -> ClientHandshake {
    start_with("ws://game.example/", "chat, superchat", "").0
}

/// A right answer to `handshake`, with more header lines.
fn answer(handshake: &ClientHandshake, more: &str) -> String {
    let key = &handshake.accept_key;
    format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {key}\r\n{more}\r\n"
    )
}

fn receive(handshake: &mut ClientHandshake, answer: &str) -> Result<Option<(Opened, usize)>, HandshakeError> {
    handshake.receive(answer.as_bytes(), &Limits::default())
}

fn error(answer: &str) -> String {
    receive(&mut start(), answer).unwrap_err().to_string()
}

#[test]
fn the_request() {
    let (_, request) = start_with("wss://game.example:8443/lobby?id=7", "v2, v1", "Authorization: Bearer x");
    let mut lines: Vec<&str> = request.split("\r\n").collect();
    let key = lines.iter().position(|line| line.starts_with("Sec-WebSocket-Key: "));
    let key = lines.remove(key.unwrap());
    assert_eq!(key.len(), "Sec-WebSocket-Key: ".len() + 24);
    assert_eq!(
        lines,
        [
            "GET /lobby?id=7 HTTP/1.1",
            "Host: game.example:8443",
            "Upgrade: websocket",
            "Connection: Upgrade",
            "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Protocol: v2, v1",
            "Authorization: Bearer x",
            "",
            "",
        ]
    );
    let (_, plain) = start_with("[::1]:80", "", "");
    assert!(plain.contains("\r\nHost: [::1]\r\n"));
    assert!(!plain.contains("Protocol"));
}

#[test]
fn every_request_has_another_key() {
    assert_ne!(start().accept_key, start().accept_key);
}

#[test]
fn a_right_answer_wherever_it_is_cut() {
    let handshake = start();
    let head = answer(&handshake, "Sec-WebSocket-Protocol: superchat\r\n");
    let stream = format!("{head}\u{1}frames");
    for split in 0..head.len() {
        let mut handshake = ClientHandshake {
            head: Head::default(),
            accept_key: handshake.accept_key.clone(),
            protocols: handshake.protocols.clone(),
        };
        let (left, right) = stream.split_at(split);
        assert_eq!(receive(&mut handshake, left), Ok(None));
        assert!(handshake.memory() >= left.len());
        let (opened, consumed) = receive(&mut handshake, right).unwrap().unwrap();
        assert_eq!(consumed, head.len() - split);
        assert_eq!(&*opened.protocol, "superchat");
    }
}

#[test]
fn what_other_servers_write_is_accepted() {
    for change in [
        |text: String| text.replace("Upgrade: websocket", "upgrade: WebSocket"),
        |text: String| text.replace("Connection: Upgrade", "Connection: keep-alive, upgrade"),
        |text: String| text.replace("Accept: ", "Accept:   "),
        |text: String| text.replace("101 Switching Protocols", "101 Web Socket Protocol Handshake"),
        |text: String| text.replace("\r\n", "\n"),
        |text: String| format!("HTTP/1.1 100 Continue\r\n\r\n{text}"),
        |text: String| format!("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n{text}"),
    ] {
        let mut handshake = start();
        let text = change(answer(&handshake, "Server: x\r\n"));
        let (opened, consumed) = receive(&mut handshake, &text).unwrap().unwrap();
        assert_eq!(consumed, text.len(), "{text}");
        assert_eq!(&*opened.protocol, "", "{text}");
    }
}

#[test]
fn wrong_agreements() {
    for (from, to, reason) in [
        ("Upgrade: websocket\r\n", "", "Upgrade: websocket"),
        ("websocket", "h2c", "Upgrade: websocket"),
        ("Connection: Upgrade\r\n", "", "Connection: Upgrade"),
        ("Connection: Upgrade", "Connection: close", "Connection: Upgrade"),
        ("Sec-WebSocket-Accept: ", "X: ", "Accept"),
        ("Accept: ", "Accept: x", "Accept"),
        ("More: x", "Sec-WebSocket-Extensions: permessage-deflate", "extension"),
        ("More: x", "Sec-WebSocket-Protocol: other", "did not offer"),
        ("More: x", "Sec-WebSocket-Protocol: CHAT", "did not offer"),
        ("More: x", "Sec-WebSocket-Protocol: chat, superchat", "did not offer"),
        ("More: x", "Sec-WebSocket-Protocol: chat\r\nSec-WebSocket-Protocol: chat", "more than one"),
    ] {
        let mut handshake = start();
        let text = answer(&handshake, "More: x\r\n").replace(from, to);
        let error = receive(&mut handshake, &text).expect_err(&text).to_string();
        assert!(error.contains(reason), "{text}{error}");
    }
}

#[test]
fn an_answer_to_another_request_is_refused() {
    let text = answer(&start(), "");
    assert!(error(&text).contains("Sec-WebSocket-Accept"));
}

#[test]
fn statuses_in_words() {
    for (status, reason) in [
        ("200 OK", "web server without a WebSocket"),
        ("301 Moved Permanently", "redirects to another address (301 Moved Permanently)"),
        ("400 Bad Request", "wrong one"),
        ("401 Unauthorized", "login"),
        ("403 Forbidden", "origin"),
        ("404 Not Found", "404 Not Found instead of opening a WebSocket: there is nothing"),
        ("426 Upgrade Required", "another protocol"),
        ("418 I'm a teapot", "does not agree"),
        ("500 Internal Server Error", "broken"),
        ("503 Service Unavailable", "busy"),
        ("799 Odd", "does not agree"),
    ] {
        let error = error(&format!("HTTP/1.1 {status}\r\nServer: x\r\n\r\n<html>"));
        assert!(error.contains(reason), "{error}");
    }
    let redirect = error("HTTP/1.1 302 Found\r\nLocation: wss://other.example/\r\n\r\n");
    assert!(redirect.contains("redirects to wss://other.example/ (302 Found)"));
}

#[test]
fn what_is_no_http() {
    for (answer, reason) in [
        ("GM:Studio-Connect\0", "GameMaker TCP server"),
        ("\x15\x03\x01\0\x02\x02\x46", "wss://"),
        ("SSH-2.0-x\r\n", "does not speak HTTP"),
        ("H\0", "does not speak HTTP"),
        ("HTTP/1.1 \x01", "control character"),
        ("HTTP/1.0 200 OK\r\n\r\n", "HTTP/1.0"),
        ("HTTP/x\r\n\r\n", "malformed"),
        ("HTTP/1.1 101 x\r\nno colon\r\n\r\n", "malformed"),
    ] {
        let error = error(answer);
        assert!(error.contains(reason), "{answer:?}: {error}");
    }
    let endless = format!("HTTP/1.1 200 OK\r\nX: {}", "x".repeat(33_000));
    assert!(error(&endless).contains("too long"));
    let many = format!("HTTP/1.1 101 x\r\n{}\r\n", "X: y\r\n".repeat(201));
    assert!(error(&many).contains("too many"));
}

#[test]
fn the_limit_of_header_lines_is_exact() {
    for (headers, fits) in [(5, true), (4, true), (3, false)] {
        let mut handshake = start();
        let text = answer(&handshake, "Server: x\r\n");
        let result = handshake.receive(text.as_bytes(), &Limits { headers, ..Limits::default() });
        assert_eq!(result.is_ok(), fits, "{result:?}");
    }
}

#[test]
fn both_sides_agree() {
    let (mut client, request) = start_with("ws://localhost:6510/a%20b?c", "b, a", "Origin: null");
    let (request, _) =
        ServerHandshake::default().receive(request.as_bytes(), &Limits::default()).unwrap().unwrap();
    assert_eq!(request.host, "localhost:6510");
    let mut out = Vec::new();
    let accepted =
        request.accept(&Origins::parse("null").unwrap(), &Protocols::parse("a").unwrap(), &mut out).unwrap();
    assert_eq!((&*accepted.path, &*accepted.query), ("/a%20b", "c"));
    let (opened, consumed) = client.receive(&out, &Limits::default()).unwrap().unwrap();
    assert_eq!(consumed, out.len());
    assert_eq!(&*opened.protocol, "a");
}

/// tungstenite's server takes our request, and our server tungstenite's.
#[test]
fn tungstenite_agrees() {
    use tungstenite::client::IntoClientRequest;
    use tungstenite::handshake::{client::generate_request, server};

    let (client, request) = start_with("ws://localhost:6510/x", "chat", "X-Y: z");
    let (length, theirs) = server::Request::try_parse(request.as_bytes()).unwrap().unwrap();
    assert_eq!(length, request.len());
    let response = server::create_response(&theirs).unwrap();
    let accept_key = &response.headers()["Sec-WebSocket-Accept"];
    assert_eq!(accept_key, client.accept_key.as_str());

    let theirs = "ws://localhost:6510/x?y".into_client_request().unwrap();
    let (request, key) = generate_request(theirs).unwrap();
    let (request, consumed) =
        ServerHandshake::default().receive(&request, &Limits::default()).unwrap().unwrap();
    assert!(consumed > 0);
    let mut out = Vec::new();
    request.accept(&Origins::default(), &Protocols::default(), &mut out).unwrap();
    let (length, response) = TheirResponse::try_parse(&out).unwrap().unwrap();
    assert_eq!(length, out.len());
    assert_eq!(response.headers()["Sec-WebSocket-Accept"], derive_accept_key(key.as_bytes()).as_str());
}

proptest! {
    /// Lines that end, or nearly, in every way.
    #[test]
    fn noise_is_survived(
        status in proptest::sample::select(
            &["HTTP/1.1 101", "HTTP/1.1 101 x\r\n", "HTTP/1.1 100 x\n", "HTTP/"][..],
        ),
        noise in proptest::collection::vec(proptest::sample::select(&b"X:y \r\n\r\n\t"[..]), 0..30),
    ) {
        let bytes = [status.as_bytes(), &noise].concat();
        _ = start().receive(&bytes, &Limits::default());
    }
}
