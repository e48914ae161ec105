use super::*;
use proptest::prelude::*;

const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
/// What section 1.3 of RFC 6455 derives from it.
const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

fn receive(request: &str) -> Result<Option<(Request, usize)>, Refusal> {
    ServerHandshake::default().receive(request.as_bytes(), &Limits::default())
}

fn refusal(request: &str) -> Refusal {
    match receive(request) {
        Err(refusal) => refusal,
        Ok(request) => panic!("not refused: {request:?}"),
    }
}

/// The lines of a right request.
fn lines() -> Vec<String> {
    let lines = format!(
        "GET /chat?room=1 HTTP/1.1\n\
         Host: server.example.com\n\
         Upgrade: websocket\n\
         Connection: Upgrade\n\
         Sec-WebSocket-Key: {KEY}\n\
         Origin: http://example.com\n\
         Sec-WebSocket-Protocol: chat, superchat\n\
         Sec-WebSocket-Version: 13"
    );
    lines.lines().map(str::to_owned).collect()
}

fn joined(lines: &[String]) -> String {
    lines.join("\r\n") + "\r\n\r\n"
}

/// A right request, but for the line that begins like `line`, which takes its place.
fn with(line: &str) -> String {
    let name = line.split_inclusive([':', ' ']).next().unwrap();
    let mut lines = lines();
    lines.retain(|line| !line.starts_with(name));
    let at = if name == "GET " { 0 } else { lines.len() };
    lines.insert(at, line.to_owned());
    joined(&lines)
}

fn without(name: &str) -> String {
    let mut lines = lines();
    lines.retain(|line| !line.starts_with(name));
    joined(&lines)
}

fn and(line: &str) -> String {
    let mut lines = lines();
    lines.push(line.to_owned());
    joined(&lines)
}

#[test]
fn the_example_of_the_rfc() {
    let text = joined(&lines());
    let (request, consumed) = receive(&text).unwrap().unwrap();
    assert_eq!(consumed, text.len());
    assert_eq!(request.path, "/chat");
    assert_eq!(request.query, "room=1");
    assert_eq!(request.host, "server.example.com");
    assert_eq!(request.origin.as_deref(), Some("http://example.com"));
    assert_eq!(request.protocols, ["chat", "superchat"]);

    let mut out = Vec::new();
    let ours = Protocols::parse("superchat").unwrap();
    let accepted = request.accept(&Origins::default(), &ours, &mut out);
    assert_eq!(
        String::from_utf8(out).unwrap(),
        format!(
            "HTTP/1.1 101 Switching Protocols\r\n\
             Upgrade: websocket\r\n\
             Connection: Upgrade\r\n\
             Sec-WebSocket-Accept: {ACCEPT}\r\n\
             Sec-WebSocket-Protocol: superchat\r\n\r\n"
        )
    );
    assert_eq!(
        accepted,
        Ok(Accepted {
            path: "/chat".into(),
            query: "room=1".into(),
            origin: "http://example.com".into(),
            protocol: "superchat".into(),
        })
    );
}

#[test]
fn what_other_clients_write_is_accepted() {
    for request in [
        with("Connection: keep-alive, Upgrade"),
        with("Connection: keep-alive\r\nConnection: upgrade"),
        with("Upgrade: WebSocket"),
        with("GET / HTTP/1.1"),
        with("GET /ä HTTP/1.1"),
        with("GET ws://server.example.com/chat HTTP/1.1"),
        and("Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits"),
        and("Content-Length: 0"),
        and("Cookie: a=b; c=d"),
        without("Origin"),
        without("Sec-WebSocket-Protocol"),
        joined(&lines()).replace("\r\n", "\n"),
        joined(&lines())
            .to_ascii_lowercase()
            .replace("get /chat?room=1 http", "GET / HTTP")
            .replace(&KEY.to_ascii_lowercase(), KEY),
        format!("\r\n{}", joined(&lines())),
    ] {
        let result = receive(&request);
        assert!(matches!(result, Ok(Some(_))), "{request}{result:?}");
    }
}

/// Browsers with many cookies behind proxies that add their own lines.
#[test]
fn large_heads_are_accepted() {
    let cookies = format!("Cookie: {}", "c=0123456789; ".repeat(1_000));
    let more = format!("{cookies}\r\n{}", ["X-Forwarded-For: 192.0.2.1"; 150].join("\r\n"));
    assert!(matches!(receive(&and(&more)), Ok(Some(_))));
}

#[test]
fn refusals() {
    let header = |length| format!("X: {}", "x".repeat(length));
    for (request, status, reason) in [
        ("\x16\x03\x01\x02".into(), 400, "TLS"),
        ("\x01\x02".into(), 400, "does not speak HTTP"),
        ("GET /\0".into(), 400, "control character"),
        ("GET /\r\n\r\n".into(), 400, "malformed"),
        ("hello there\r\n\r\n".into(), 400, "malformed"),
        ("PRI * HTTP/2.0\r\n\r\n".into(), 400, "malformed"),
        ("GET / HTTP/1.1\r\nno colon\r\n\r\n".into(), 400, "malformed"),
        (with("GET /chat HTTP/1.0"), 505, "HTTP/1.1"),
        (with("GET * HTTP/1.1"), 400, "begin with '/'"),
        (joined(&lines()).replacen("GET", "POST", 1), 405, "GET"),
        ("GET / HTTP/1.1\r\nHost: h\r\n\r\n".into(), 426, "no page here"),
        (with("Upgrade: h2c"), 426, "no page here"),
        (without("Connection"), 400, "Connection"),
        (with("Connection: keep-alive"), 400, "Connection"),
        (without("Sec-WebSocket-Version"), 400, "Version is missing"),
        (with("Sec-WebSocket-Version: 8"), 426, "version 13"),
        (without("Sec-WebSocket-Key"), 400, "Key is missing"),
        (with("Sec-WebSocket-Key: short"), 400, "Key is missing or wrong"),
        (with("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25j****"), 400, "wrong"),
        (and(&format!("Sec-WebSocket-Key: {KEY}")), 400, "repeated"),
        (without("Host"), 400, "Host"),
        (and("Host: other"), 400, "repeated"),
        (and("Origin: http://other"), 400, "repeated"),
        (with("Origin: http://ä"), 400, "not ASCII"),
        (with("Sec-WebSocket-Protocol: a b"), 400, "Protocol"),
        (and("Content-Length: 5"), 400, "no body"),
        (and("Transfer-Encoding: chunked"), 400, "no body"),
        (and(&header(32 * 1024)), 431, "too long"),
        (and(&[header(1).as_str(); 200].join("\r\n")), 431, "too many"),
        (and(&[header(1).as_str(); 400].join("\r\n")), 431, "too many"),
    ] {
        let refusal = refusal(&request);
        assert_eq!(refusal.status, status, "{request}{refusal}");
        assert!(refusal.reason.contains(reason), "{request}{refusal}");
    }
}

#[test]
fn an_endless_head_is_refused_at_the_limit() {
    let limits = Limits { bytes: 1000, ..Limits::default() };
    let mut handshake = ServerHandshake::default();
    let start = b"GET / HTTP/1.1\r\n";
    assert_eq!(handshake.receive(start, &limits), Ok(None));
    for _ in start.len()..limits.bytes {
        assert_eq!(handshake.receive(b"x", &limits), Ok(None));
    }
    let refusal = handshake.receive(b"x", &limits).unwrap_err();
    assert_eq!(refusal.status, 431);
    assert!(handshake.head.bytes().len() <= limits.bytes);
    assert!(handshake.memory() >= limits.bytes);
}

#[test]
fn the_limit_of_header_lines_is_exact() {
    let text = joined(&lines());
    let lines = lines().len() - 1;
    for (headers, fits) in [(lines + 1, true), (lines, true), (lines - 1, false)] {
        let limits = Limits { headers, ..Limits::default() };
        let result = ServerHandshake::default().receive(text.as_bytes(), &limits);
        assert_eq!(
            result.map(|request| request.is_some()).map_err(|refusal| refusal.status.as_u16()),
            if fits { Ok(true) } else { Err(431) }
        );
    }
}

#[test]
fn what_is_asked_for_instead_of_a_websocket_is_known_once_that_is_refused() {
    let mut handshake = ServerHandshake::default();
    let text = b"GET /health HTTP/1.1\r\nHost: h\r\n\r\n";
    assert!(handshake.receive(text, &Limits::default()).is_err());
    assert_eq!(handshake.plain_request().expect("a request").path, "/health");
}

#[test]
fn foreign_origins() {
    let ours = Origins::parse("http://example.com").unwrap();
    let accept = |text: &str| {
        let (request, _) = receive(text).unwrap().unwrap();
        let mut out = Vec::new();
        let result = request.accept(&ours, &Protocols::default(), &mut out);
        assert_eq!(result.is_ok(), !out.is_empty());
        result
    };
    assert!(accept(&joined(&lines())).is_ok());
    assert!(accept(&without("Origin")).is_ok());
    let refusal = accept(&with("Origin: http://evil.example")).unwrap_err();
    assert_eq!(refusal.status, 403);
    assert_eq!(
        refusal.to_string(),
        "pages from http://evil.example may not connect to this server (403 Forbidden)"
    );
}

#[test]
fn subprotocols() {
    for (offered, ours, chosen) in [
        ("chat", "chat", "chat"),
        ("chat, superchat", "superchat, chat", "superchat"),
        ("a\r\nSec-WebSocket-Protocol: b", "b", "b"),
        ("chat", "", ""),
        ("chat", "game", ""),
    ] {
        let text = with(&format!("Sec-WebSocket-Protocol: {offered}"));
        let (request, _) = receive(&text).unwrap().unwrap();
        let mut out = Vec::new();
        let ours = Protocols::parse(ours).unwrap();
        let accepted = request.accept(&Origins::default(), &ours, &mut out).unwrap();
        assert_eq!(&*accepted.protocol, chosen);
        let answer = String::from_utf8(out).unwrap();
        assert_eq!(answer.contains("Sec-WebSocket-Protocol"), !chosen.is_empty());
    }
    // None offered: none chosen, and the client is welcome all the same.
    let (request, _) = receive(&without("Sec-WebSocket-Protocol")).unwrap().unwrap();
    let ours = Protocols::parse("chat").unwrap();
    let accepted = request.accept(&Origins::default(), &ours, &mut Vec::new());
    assert_eq!(&*accepted.unwrap().protocol, "");
}

#[test]
fn a_refusal_is_an_http_response() {
    for (request, expected) in [
        ("GET / HTTP/1.1\r\nHost: h\r\n\r\n", "Upgrade: websocket\r\nSec-WebSocket-Version: 13"),
        ("POST / HTTP/1.1\r\nHost: h\r\n\r\n", "Allow: GET"),
        ("GET / HTTP/1.1\r\nx\r\n\r\n", "Connection: close"),
    ] {
        let refusal = refusal(request);
        let mut out = Vec::new();
        refusal.write(&mut out);
        let text = String::from_utf8(out).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with(&format!("HTTP/1.1 {}", refusal.status)), "{text}");
        assert!(head.contains(expected), "{text}");
        assert!(head.contains(&format!("Content-Length: {}", body.len())), "{text}");
        assert_eq!(body.trim_end(), refusal.reason);
    }
}

proptest! {
    #[test]
    fn wherever_it_is_cut_the_request_is_the_same(
        cuts in proptest::collection::vec(0..400usize, 0..8),
        rest in proptest::collection::vec(any::<u8>(), 0..20),
    ) {
        let text = joined(&lines());
        let stream = [text.as_bytes(), &rest].concat();
        let (expected, _) = receive(&text).unwrap().unwrap();

        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(stream.len())).collect();
        cuts.extend([0, stream.len()]);
        cuts.sort_unstable();
        let mut handshake = ServerHandshake::default();
        let mut found = None;
        for cut in cuts.windows(2) {
            let piece = &stream[cut[0]..cut[1]];
            if let Some((request, consumed)) = handshake.receive(piece, &Limits::default()).unwrap() {
                found = Some((request, cut[0] + consumed));
                break;
            }
        }
        prop_assert_eq!(found, Some((expected, text.len())));
    }

    #[test]
    fn noise_is_survived(
        noise in prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..300),
            // Lines that end, or nearly, in every way.
            proptest::collection::vec(proptest::sample::select(&b"X:y \r\n\r\n\t"[..]), 0..30),
        ],
        request in any::<bool>(),
    ) {
        let start = if request { "GET / HTTP/1.1\r\n" } else { "" };
        let bytes = [start.as_bytes(), &noise].concat();
        _ = ServerHandshake::default().receive(&bytes, &Limits::default());
    }
}
