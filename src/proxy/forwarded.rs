//! Whom proxies forward an HTTP request for, by the lines of its head: `Forwarded` (RFC 7239) and the older
//! `X-Forwarded-For`. Each proxy adds, on the right, from whom it has the request. So the list is read from
//! the right, and only as far as those who wrote it are trusted: what stands further left may have been
//! invented by the one who is found.

use std::net::{IpAddr, SocketAddr};

use super::trusted::Trusted;

/// Who is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Client {
    /// The first that is no trusted proxy, or the leftmost of all; port 0 where it is not told.
    At(SocketAddr),
    /// The last trusted proxy on the way does not tell: it stands for whoever is behind it. `None` is the one
    /// that the request came from.
    Behind(Option<SocketAddr>),
}

/// The head cannot be relied upon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unreliable {
    /// What a trusted proxy is said to have written is no such list.
    Malformed,
    /// The two headers name different clients: one of them may be the client's own, which the proxies have
    /// let through.
    Contradiction,
}

/// Finds the client by the values of the lines of both headers, in their order in the head.
pub(crate) fn client<'h>(
    forwarded: impl DoubleEndedIterator<Item = &'h str>,
    x_forwarded_for: impl DoubleEndedIterator<Item = &'h str>,
    trusted: &Trusted,
) -> Result<Client, Unreliable> {
    let standard = walk(forwarded, elements, trusted)?;
    let older = walk(x_forwarded_for, |line| Some(line.split(',').map(node).collect()), trusted)?;
    match (standard, older) {
        (None, None) => Ok(Client::Behind(None)),
        (Some(client), None) | (None, Some(client)) => Ok(client),
        (Some(one), Some(other)) if one.ip() == other.ip() => Ok(one),
        (Some(_), Some(_)) => Err(Unreliable::Contradiction),
    }
}

impl Client {
    fn ip(self) -> Option<IpAddr> {
        match self {
            Self::At(address) | Self::Behind(Some(address)) => Some(address.ip()),
            Self::Behind(None) => None,
        }
    }
}

/// What one proxy tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Node {
    Address(SocketAddr),
    /// `unknown`, a name that the proxy has made up, or nothing.
    Hidden,
    /// An empty element of a list, which is none.
    Nothing,
    Malformed,
}

/// `read` makes a line into its elements; none if it is malformed as a whole.
fn walk<'h>(
    lines: impl DoubleEndedIterator<Item = &'h str>,
    read: impl Fn(&'h str) -> Option<Vec<Node>>,
    trusted: &Trusted,
) -> Result<Option<Client>, Unreliable> {
    let mut last = None;
    for line in lines.rev() {
        for node in read(line).ok_or(Unreliable::Malformed)?.into_iter().rev() {
            match node {
                Node::Address(address) if trusted.contains(address.ip()) => last = Some(address),
                Node::Address(address) => return Ok(Some(Client::At(address))),
                Node::Hidden => return Ok(Some(Client::Behind(last))),
                Node::Nothing => {}
                Node::Malformed => return Err(Unreliable::Malformed),
            }
        }
    }
    Ok(last.map(Client::At))
}

/// The elements of a `Forwarded` line, each as its parameter `for` has it.
fn elements(line: &str) -> Option<Vec<Node>> {
    let mut rest = line;
    let mut elements = Vec::new();
    loop {
        let (element, more) = element(rest)?;
        elements.push(element);
        match more {
            Some(more) => rest = more,
            None => return Some(elements),
        }
    }
}

/// The first element of a list, and what follows its comma.
fn element(list: &str) -> Option<(Node, Option<&str>)> {
    let mut rest = list;
    let mut found = None;
    let mut any = false;
    loop {
        rest = rest.trim_start_matches(BLANK);
        let next = match rest.chars().next() {
            // Parameters may be empty, as elements may.
            None | Some(',' | ';') => rest,
            Some(_) => {
                any = true;
                let (name, value) = rest.split_once('=')?;
                let (value, next) = value_of(value)?;
                if name.is_empty() || !name.bytes().all(is_token_byte) {
                    return None;
                }
                if name.eq_ignore_ascii_case("for") && found.replace(node(&value)).is_some() {
                    return None;
                }
                next.trim_start_matches(BLANK)
            }
        };
        match next.chars().next() {
            Some(';') => rest = &next[1..],
            end => {
                let node = found.unwrap_or(if any { Node::Hidden } else { Node::Nothing });
                return match end {
                    None => Some((node, None)),
                    Some(',') => Some((node, Some(&next[1..]))),
                    Some(_) => None,
                };
            }
        }
    }
}

const BLANK: [char; 2] = [' ', '\t'];

/// The value that a text begins with, and what follows it. Addresses that should stand in quotes are taken
/// without, too.
fn value_of(text: &str) -> Option<(String, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find(|char| !is_bare(char)).unwrap_or(text.len());
        return (end > 0).then(|| (text[..end].to_owned(), &text[end..]));
    };
    let mut value = String::new();
    let mut chars = quoted.char_indices();
    while let Some((at, char)) = chars.next() {
        match char {
            '"' => return Some((value, &quoted[at + 1..])),
            '\\' => value.push(chars.next()?.1),
            char => value.push(char),
        }
    }
    None
}

fn is_bare(char: char) -> bool {
    u8::try_from(char).is_ok_and(|byte| is_token_byte(byte) || b":[]".contains(&byte))
}

fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// An address with or without a port, IPv6 in brackets or (without a port) not.
fn node(text: &str) -> Node {
    let text = text.trim_matches(BLANK);
    if text.is_empty() {
        return Node::Nothing;
    }
    let address = |ip: IpAddr, port: u16| Node::Address(SocketAddr::new(ip.to_canonical(), port));
    if let Ok(ip) = text.parse() {
        return address(ip, 0);
    }
    let (name, port) = match text.strip_prefix('[').map(|rest| rest.split_once(']')) {
        Some(Some((inner, ""))) => (inner, None),
        Some(Some((inner, port))) => match port.strip_prefix(':') {
            Some(port) => (inner, Some(port)),
            None => return Node::Malformed,
        },
        Some(None) => return Node::Malformed,
        None => text.split_once(':').map_or((text, None), |(name, port)| (name, Some(port))),
    };
    let Some(port) = port.map_or(Some(0), port_of) else { return Node::Malformed };
    let is_bracketed = text.starts_with('[');
    match name.parse::<IpAddr>() {
        Ok(ip) if ip.is_ipv6() == is_bracketed => address(ip, port),
        Err(_) if !is_bracketed && (name.eq_ignore_ascii_case("unknown") || is_made_up(name)) => Node::Hidden,
        _ => Node::Malformed,
    }
}

/// A port, or 0 for one that the proxy has made up.
fn port_of(text: &str) -> Option<u16> {
    if is_made_up(text) {
        return Some(0);
    }
    let is_number = (1..=5).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| is_number)
}

/// An obfuscated identifier: of no meaning to anybody else.
fn is_made_up(text: &str) -> bool {
    text.strip_prefix('_').is_some_and(|rest| {
        !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn trusted() -> Trusted {
        Trusted::parse("10.0.0.0/8,2001:db8:1::/48,127.0.0.1").expect("a list")
    }

    fn standard(lines: &[&str]) -> Result<Client, Unreliable> {
        client(lines.iter().copied(), [].into_iter(), &trusted())
    }

    fn older(lines: &[&str]) -> Result<Client, Unreliable> {
        client([].into_iter(), lines.iter().copied(), &trusted())
    }

    fn at(text: &str) -> Result<Client, Unreliable> {
        Ok(Client::At(text.parse().expect("an address")))
    }

    #[test]
    fn the_rightmost_that_is_no_proxy_of_ours() {
        for lines in [
            &["192.0.2.7"][..],
            &["1.1.1.1, 192.0.2.7"],
            &["1.1.1.1, 192.0.2.7, 10.0.0.9"],
            &["1.1.1.1", "192.0.2.7", "10.0.0.9,10.0.0.8"],
            &["anything at all, 192.0.2.7"],
            &["\"", "192.0.2.7,,"],
            &[" ::ffff:192.0.2.7 ", ""],
        ] {
            assert_eq!(older(lines), at("192.0.2.7:0"), "{lines:?}");
        }
        for lines in [
            &["for=192.0.2.7"][..],
            &["FOR=1.1.1.1, For=\"192.0.2.7\";proto=https;by=10.0.0.1 , for=10.0.0.9"],
            &["for=\"1.1.1.1", "for=192.0.2.7", "for=10.0.0.9"],
            &["for=x;;, ;proto=http;for=192.0.2.7;host=\"a\\\"b,c\""],
            &["for=\"\\192.0.2.7\","],
        ] {
            assert_eq!(standard(lines), at("192.0.2.7:0"), "{lines:?}");
        }
    }

    #[test]
    fn if_all_are_ours_the_leftmost_is_who_asks() {
        assert_eq!(older(&["10.0.0.3, 10.0.0.2"]), at("10.0.0.3:0"));
        assert_eq!(standard(&["for=10.0.0.3", "for=127.0.0.1"]), at("10.0.0.3:0"));
        assert_eq!(older(&[]), Ok(Client::Behind(None)));
        assert_eq!(older(&["", " , "]), Ok(Client::Behind(None)));
    }

    #[test]
    fn ports_and_ipv6() {
        for (text, expected) in [
            ("192.0.2.7:4711", "192.0.2.7:4711"),
            ("2001:db8::7", "[2001:db8::7]:0"),
            ("[2001:db8::7]", "[2001:db8::7]:0"),
            ("[2001:db8::7]:443", "[2001:db8::7]:443"),
            ("[::ffff:192.0.2.7]:1", "192.0.2.7:1"),
            ("192.0.2.7:_secret", "192.0.2.7:0"),
        ] {
            assert_eq!(older(&[text]), at(expected), "{text}");
            assert_eq!(standard(&[&format!("for=\"{text}\"")]), at(expected), "{text}");
            // Not by the book, but often seen.
            assert_eq!(standard(&[&format!("for={text};proto=http")]), at(expected), "{text}");
        }
    }

    #[test]
    fn who_is_hidden_is_the_proxy_that_hides_him() {
        let hiding = Client::Behind(Some("10.0.0.9:0".parse().expect("an address")));
        for lines in
            [&["for=_hidden, for=10.0.0.9"][..], &["for=unknown,for=10.0.0.9"], &["proto=http, for=10.0.0.9"]]
        {
            assert_eq!(standard(lines), Ok(hiding), "{lines:?}");
        }
        assert_eq!(standard(&["for=1.1.1.1, for=Unknown"]), Ok(Client::Behind(None)));
        assert_eq!(older(&["1.1.1.1, unknown, 10.0.0.9"]), Ok(hiding));
    }

    #[test]
    fn what_a_proxy_cannot_have_written_is_refused() {
        for text in [
            "localhost",
            "1.2.3",
            "1.2.3.4:",
            "1.2.3.4:65536",
            "1.2.3.4:+1",
            "[1.2.3.4]",
            "[::1",
            "[::1]x",
            "::1%eth0",
            "_",
            "1.2.3.4 5.6.7.8",
            "[_x]",
            "1.2.3.4:1:2",
        ] {
            assert_eq!(older(&[text]), Err(Unreliable::Malformed), "{text}");
            assert_eq!(standard(&[&format!("for=\"{text}\"")]), Err(Unreliable::Malformed), "{text}");
        }
        for line in [
            // The quote might swallow what the proxy has added.
            "for=\"1.1.1.1, for=192.0.2.7",
            "for=\"1.1.1.1\\",
            "for",
            "for=",
            "=1.1.1.1",
            "for=1.1.1.1 for=1.1.1.1",
            "for=1.1.1.1;for=1.1.1.1",
            "f r=1.1.1.1",
            "for=\"1.1.1.1\"x",
        ] {
            assert_eq!(standard(&[line]), Err(Unreliable::Malformed), "{line}");
        }
    }

    #[test]
    fn two_headers_have_to_agree() {
        let both = |one: &str, other: &str| client([one].into_iter(), [other].into_iter(), &trusted());
        assert_eq!(both("for=\"192.0.2.7:1\"", "1.1.1.1, 192.0.2.7"), at("192.0.2.7:1"));
        assert_eq!(both("for=192.0.2.7", "192.0.2.8"), Err(Unreliable::Contradiction));
        assert_eq!(both("for=_x", "192.0.2.8"), Err(Unreliable::Contradiction));
    }

    /// What clients may have written before a proxy added its part.
    fn scribble() -> impl Strategy<Value = String> {
        proptest::collection::vec(
            prop_oneof![
                Just("for=".to_owned()),
                Just("\"".to_owned()),
                Just(",".to_owned()),
                Just(";".to_owned()),
                Just("\\".to_owned()),
                Just("10.0.0.1".to_owned()),
                Just("[::1]:5".to_owned()),
                Just("_x".to_owned()),
                Just("=".to_owned()),
                "[ -~]{0,6}",
                "\\PC{0,4}",
            ],
            0..12,
        )
        .prop_map(|parts| parts.concat())
    }

    proptest! {
        #[test]
        fn nobody_can_name_himself(before in scribble(), on_a_line_of_its_own in any::<bool>()) {
            let real = at("192.0.2.7:0");
            let lines = |added: &str| match on_a_line_of_its_own {
                true => vec![before.clone(), added.to_owned()],
                false => vec![format!("{before}, {added}")],
            };
            let own = lines("192.0.2.7");
            prop_assert_eq!(older(&own.iter().map(String::as_str).collect::<Vec<_>>()), real);
            let own = lines("for=192.0.2.7");
            let found = standard(&own.iter().map(String::as_str).collect::<Vec<_>>());
            // Refused at the most, where both stand on one line.
            prop_assert!(found == real || (found == Err(Unreliable::Malformed) && !on_a_line_of_its_own), "{:?}", found);
        }

        #[test]
        fn every_address_is_read_back(ip in any::<IpAddr>(), port in 1_u16.., quoted in any::<bool>()) {
            prop_assume!(!trusted().contains(ip));
            let address = SocketAddr::new(ip.to_canonical(), port);
            prop_assert_eq!(older(&[&address.to_string()]), Ok(Client::At(address)));
            let line = if quoted { format!("for=\"{address}\"") } else { format!("by=x;for={address}") };
            prop_assert_eq!(standard(&[&line]), Ok(Client::At(address)));
            prop_assert_eq!(older(&[&ip.to_string()]), Ok(Client::At(SocketAddr::new(ip.to_canonical(), 0))));
        }
    }
}
