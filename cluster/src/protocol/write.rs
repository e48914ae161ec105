//! What is said to a broker.

use serde_json::json;

/// The header with the sender's id.
pub(crate) const FROM: &str = "Sw-From";

/// Who one is for a broker that asks.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum Credentials {
    #[default]
    None,
    User {
        name: String,
        password: String,
    },
    Token(String),
}

pub(crate) fn connect(to: &mut Vec<u8>, name: &str, credentials: &Credentials, encrypted: bool) {
    let mut options = json!({
        "verbose": false,
        "pedantic": false,
        // What this process publishes it delivers to itself.
        "echo": false,
        "headers": true,
        "no_responders": true,
        "tls_required": encrypted,
        "lang": "stepwire",
        "version": env!("CARGO_PKG_VERSION"),
        "protocol": 1,
        "name": name,
    });
    match credentials {
        Credentials::None => {}
        Credentials::User { name, password } => {
            options["user"] = json!(name);
            options["pass"] = json!(password);
        }
        Credentials::Token(token) => options["auth_token"] = json!(token),
    }
    line(to, &format!("CONNECT {options}"));
}

pub(crate) fn ping(to: &mut Vec<u8>) {
    line(to, "PING");
}

pub(crate) fn pong(to: &mut Vec<u8>) {
    line(to, "PONG");
}

pub(crate) fn subscribe(to: &mut Vec<u8>, subject: &str, subscription: u64) {
    line(to, &format!("SUB {subject} {subscription}"));
}

pub(crate) fn unsubscribe(to: &mut Vec<u8>, subscription: u64) {
    line(to, &format!("UNSUB {subscription}"));
}

pub(crate) fn publish(to: &mut Vec<u8>, subject: &str, reply: Option<&str>, payload: &[u8]) {
    let reply = reply.map_or_else(String::new, |reply| format!("{reply} "));
    line(to, &format!("PUB {subject} {reply}{}", payload.len()));
    to.extend_from_slice(payload);
    to.extend_from_slice(b"\r\n");
}

/// With the sender's id in a header.
pub(crate) fn publish_from(to: &mut Vec<u8>, subject: &str, from: &str, payload: &[u8]) {
    let headers = format!("NATS/1.0\r\n{FROM}: {from}\r\n\r\n");
    line(to, &format!("HPUB {subject} {} {}", headers.len(), headers.len() + payload.len()));
    to.extend_from_slice(headers.as_bytes());
    to.extend_from_slice(payload);
    to.extend_from_slice(b"\r\n");
}

fn line(to: &mut Vec<u8>, text: &str) {
    to.extend_from_slice(text.as_bytes());
    to.extend_from_slice(b"\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_the_protocol() {
        let mut said = Vec::new();
        subscribe(&mut said, "a.>", 3);
        unsubscribe(&mut said, 3);
        publish(&mut said, "a.b", None, b"hi");
        publish(&mut said, "a.b", Some("in.1"), b"");
        publish_from(&mut said, "a.b", "id", b"hi");
        ping(&mut said);
        pong(&mut said);
        let expected = "SUB a.> 3\r\nUNSUB 3\r\nPUB a.b 2\r\nhi\r\nPUB a.b in.1 0\r\n\r\n\
                        HPUB a.b 25 27\r\nNATS/1.0\r\nSw-From: id\r\n\r\nhi\r\nPING\r\nPONG\r\n";
        assert_eq!(String::from_utf8_lossy(&said), expected);
    }

    #[test]
    fn passwords_cannot_break_out() {
        let mut said = Vec::new();
        let credentials = Credentials::User { name: "a".into(), password: "\"\r\nPUB x 0\r\n".into() };
        connect(&mut said, "id", &credentials, false);
        let text = String::from_utf8(said).expect("text");
        assert_eq!(text.matches("\r\n").count(), 1, "{text}");
        assert!(text.contains(r#""pass":"\"\r\nPUB x 0\r\n""#), "{text}");
    }
}
