use super::*;
use proptest::prelude::*;

fn name(name: &str) -> Host {
    Host::Name(name.to_owned())
}

fn v6(address: &str, zone: &str) -> Host {
    Host::V6 { address: address.parse().unwrap(), zone: zone.to_owned() }
}

/// A host name of so many bytes, of which no label is too long.
fn name_of(length: usize) -> String {
    let labels = "a".repeat(63) + ".";
    labels.repeat(length / labels.len()) + &"b".repeat(length % labels.len())
}

#[test]
fn websocket_urls() {
    let v4 = Host::V4([192, 134, 0, 1].into());
    let long_name = name_of(253);
    // URL, host, encrypted on a ws socket, port with argument 0, target
    let cases = [
        ("game.example", name("game.example"), false, 80, "/"),
        ("ws://game.example", name("game.example"), false, 80, "/"),
        ("wss://game.example", name("game.example"), true, 443, "/"),
        ("WSS://Game.Example/", name("Game.Example"), true, 443, "/"),
        ("localhost:6510", name("localhost"), false, 6510, "/"),
        ("192.134.0.1", v4.clone(), false, 80, "/"),
        ("ws://192.134.0.1:1/x", v4.clone(), false, 1, "/x"),
        ("wss://192.134.0.1:80", v4, true, 80, "/"),
        ("ws://h/a/b?c=d&e", name("h"), false, 80, "/a/b?c=d&e"),
        ("ws://h?q", name("h"), false, 80, "/?q"),
        ("h?q=ws://x/y:1@z", name("h"), false, 80, "/?q=ws://x/y:1@z"),
        ("ws://h/a#part", name("h"), false, 80, "/a"),
        ("ws://h#part?x", name("h"), false, 80, "/"),
        ("ws://h:8080?q#f", name("h"), false, 8080, "/?q"),
        ("ws://h/a b/ö\"", name("h"), false, 80, "/a%20b/%C3%B6%22"),
        ("ws://h/%41%zz", name("h"), false, 80, "/%41%zz"),
        ("ws://h//x", name("h"), false, 80, "//x"),
        ("[::1]", v6("::1", ""), false, 80, "/"),
        ("wss://[2001:db8::7]:9/x", v6("2001:db8::7", ""), true, 9, "/x"),
        ("ws://[fe80::1%eth0]:9", v6("fe80::1", "eth0"), false, 9, "/"),
        ("ws://[fe80::1%25eth0]", v6("fe80::1", "eth0"), false, 80, "/"),
        ("ws://[fe80::1%3]", v6("fe80::1", "3"), false, 80, "/"),
        ("ws://[fe80::1%25]", v6("fe80::1", "25"), false, 80, "/"),
        ("  ws://h/x\r\n", name("h"), false, 80, "/x"),
        ("my_server.local.", name("my_server.local."), false, 80, "/"),
        (long_name.as_str(), name(&long_name), false, 80, "/"),
        (&format!("{long_name}."), name(&format!("{long_name}.")), false, 80, "/"),
    ];
    for (text, host, encrypted, port, target) in cases {
        let url = Url::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(url.host(), &host, "{text}");
        assert_eq!(url.is_encrypted(false), encrypted, "{text}");
        assert_eq!(url.port(0, encrypted), port, "{text}");
        assert_eq!(url.target(), target, "{text}");
    }
}

#[test]
fn the_socket_and_the_port_argument_win() {
    let plain = Url::parse("ws://h:8000").unwrap();
    assert!(plain.is_encrypted(true));
    assert_eq!(plain.port(0, true), 8000);
    assert_eq!(plain.port(9000, true), 9000);
    let bare = Url::parse("h").unwrap();
    assert_eq!(bare.port(0, false), 80);
    assert_eq!(bare.port(0, true), 443);
    assert_eq!(bare.port(6510, true), 6510);
}

#[test]
fn the_host_header_has_neither_default_port_nor_zone() {
    let header = |text, port, encrypted| Url::parse(text).unwrap().authority(port, encrypted);
    assert_eq!(header("h", 80, false), "h");
    assert_eq!(header("h", 80, true), "h:80");
    assert_eq!(header("h", 443, true), "h");
    assert_eq!(header("h", 6510, false), "h:6510");
    assert_eq!(header("127.0.0.1", 6510, false), "127.0.0.1:6510");
    assert_eq!(header("[fe80::1%eth0]", 6510, false), "[fe80::1]:6510");
    assert_eq!(header("[::1]", 80, false), "[::1]");
}

#[test]
fn wrong_urls_say_what_is_wrong() {
    let long = "a".repeat(64);
    for (text, reason) in [
        ("", "empty"),
        (" \n", "empty"),
        ("ws://", "host is missing"),
        ("ws:///x", "host is missing"),
        (":80", "host is missing"),
        ("http://h", "begins with ws://, not"),
        ("https://h", "begins with wss://, not"),
        ("ftp://h", "not ftp://"),
        ("ws://user:pw@h/", "Authorization"),
        ("user@h", "Authorization"),
        ("h:", "port after the ':'"),
        ("h:0", "not a port"),
        ("h:65536", "not a port"),
        ("h:+80", "not a port"),
        ("h:8x", "not a port"),
        ("h:-1/x", "not a port"),
        ("::1", "brackets"),
        ("ws://fe80::1%eth0/", "brackets"),
        ("ws://h:80:80", "brackets"),
        ("[::1", "']'"),
        ("[::1]x", "only a port"),
        ("[127.0.0.1]", "not an IPv6"),
        ("[]", "not an IPv6"),
        ("[::1%]", "zone after"),
        ("[::1%a b]", "network interface"),
        ("300.1.1.1", "not an IPv4"),
        ("1.2.3", "not an IPv4"),
        ("a..b", "not a host name"),
        (".", "not a host name"),
        ("a b", "not a host name"),
        ("h%41", "not a host name"),
        (&long, "not a host name"),
        (&name_of(254), "not a host name"),
        (&name_of(255), "not a host name"),
        ("bücher.example", "xn--"),
        ("ws:\\\\h", "'\\'"),
        ("h\\x", "'\\'"),
        ("ws://h/x\r\nEvil: 1", "control character"),
        ("ws://h/\0", "control character"),
    ] {
        let error = Url::parse(text).expect_err(text).to_string();
        assert!(error.contains(reason), "{text:?}: {error}");
    }
}

#[test]
fn plain_hosts() {
    let v4 = Host::V4([10, 0, 0, 7].into());
    for (text, host, port) in [
        ("10.0.0.7", v4.clone(), None),
        ("10.0.0.7:6510", v4, Some(6510)),
        ("localhost", name("localhost"), None),
        ("h.example:1", name("h.example"), Some(1)),
        ("::1", v6("::1", ""), None),
        ("::ffff:10.0.0.7", v6("::ffff:10.0.0.7", ""), None),
        ("fe80::1%eth0", v6("fe80::1", "eth0"), None),
        ("fe80::1%251", v6("fe80::1", "251"), None),
        ("[::1]", v6("::1", ""), None),
        ("[fe80::1%eth0]:7", v6("fe80::1", "eth0"), Some(7)),
    ] {
        assert_eq!(parse_host(text), Ok((host, port)), "{text}");
    }
    for (text, reason) in [
        ("", "empty"),
        ("ws://h", "without ws://"),
        ("h/x", "without a path"),
        ("h?x", "without a path"),
        ("u@h", "without a path"),
        ("1:2:3", "not an IPv6"),
        ("fe80::1%", "zone after"),
        ("h\n.example", "control character"),
    ] {
        let error = parse_host(text).expect_err(text).to_string();
        assert!(error.contains(reason), "{text:?}: {error}");
    }
}

#[test]
fn as_the_resolver_takes_them() {
    for text in ["game.example", "10.0.0.7", "2001:db8::7", "fe80::1%eth0"] {
        assert_eq!(parse_host(text).unwrap().0.to_string(), text);
    }
}

proptest! {
    /// Whatever is accepted goes into a request line as it is.
    #[test]
    fn nothing_unsafe_gets_through(text in "(ws://)?[a-z0-9.\\[\\]:%]{0,8}[/?#]?.{0,12}") {
        if let Ok(url) = Url::parse(&text) {
            prop_assert!(url.target().starts_with('/'));
            prop_assert!(url.target().bytes().all(|byte| byte.is_ascii_graphic()));
            let authority = url.authority(1, false);
            prop_assert!(authority.bytes().all(|byte| byte.is_ascii_graphic()));
            prop_assert!(!authority.contains(['/', '@', '%']));
        }
    }

    #[test]
    fn what_was_parsed_is_parsed_the_same_again(
        text in "[a-z]{1,5}(\\.[a-z]{1,4})?(:[1-9][0-9]{0,3})?(/[a-z %]{0,5})?(\\?[a-z=]{0,5})?",
    ) {
        let url = Url::parse(&text).unwrap();
        let again = format!("ws://{}{}", url.authority(url.port(0, false), false), url.target());
        let again = Url::parse(&again).unwrap();
        prop_assert_eq!(again.host(), url.host());
        prop_assert_eq!(again.port(0, false), url.port(0, false));
        prop_assert_eq!(again.target(), url.target());
    }
}
