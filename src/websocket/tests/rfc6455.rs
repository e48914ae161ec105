//! Cases of RFC 6455, each with the section that decides it.

use super::super::Kind;
use super::super::frame::Opcode::{self, Binary, Close, Continuation, Ping, Pong, Text};
use super::super::mask;
use super::{Event, KEY, LIMIT, Side, frame_for, receive};

struct Case {
    section: &'static str,
    name: &'static str,
    frames: Vec<Vec<u8>>,
    events: Vec<Event>,
}

fn case<const N: usize, const M: usize>(
    section: &'static str,
    name: &'static str,
    frames: [Vec<u8>; N],
    events: [Event; M],
) -> Case {
    Case { section, name, frames: frames.into(), events: events.into() }
}

fn fin(opcode: Opcode, payload: impl AsRef<[u8]>) -> Vec<u8> {
    frame_for(Side::Server, true, opcode, payload.as_ref())
}

fn part(opcode: Opcode, payload: impl AsRef<[u8]>) -> Vec<u8> {
    frame_for(Side::Server, false, opcode, payload.as_ref())
}

/// A masked frame with a first byte of one's own.
fn with_first(first: u8, payload: impl AsRef<[u8]>) -> Vec<u8> {
    let mut frame = fin(Binary, payload);
    frame[0] = first;
    frame
}

/// A masked frame with its length bytes given.
fn with_length(length: &[u8], payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![0x82, 0x80 | length[0]];
    frame.extend_from_slice(&length[1..]);
    frame.extend_from_slice(&KEY);
    mask::append(&mut frame, payload, KEY);
    frame
}

fn closing(code: u16, reason: &[u8]) -> Vec<u8> {
    fin(Close, [&code.to_be_bytes(), reason].concat())
}

fn violation(section: &'static str) -> Event {
    Event::violation(1002, section)
}

fn not_utf8(section: &'static str) -> Event {
    Event::violation(1007, section)
}

fn check(cases: &[Case]) {
    for case in cases {
        let label = format!("{} ({})", case.name, case.section);
        let stream = case.frames.concat();
        let whole = receive(Side::Server, &[&stream], LIMIT);
        assert_eq!(whole, case.events, "{label}");
        let bytes: Vec<&[u8]> = stream.chunks(1).collect();
        let bytewise = receive(Side::Server, &bytes, LIMIT);
        assert_eq!(bytewise, case.events, "{label}, byte by byte");
        if let Some(Event::Violation { section, .. }) = case.events.last() {
            assert_eq!(*section, case.section, "{label}");
        }
    }
}

#[test]
fn framing() {
    let of = |length: usize| vec![b'*'; length];
    let mut cases = vec![
        case("5.6", "text", [fin(Text, "Hallo äöü")], [Event::text("Hallo äöü")]),
        case("5.6", "binary", [fin(Binary, [0, 255])], [Event::binary(&[0, 255])]),
        case("5.6", "empty text", [fin(Text, "")], [Event::text("")]),
        case("5.6", "empty binary", [fin(Binary, "")], [Event::binary(&[])]),
        case(
            "5.2",
            "several frames at once",
            [fin(Text, "a"), fin(Binary, "b"), fin(Text, "c")],
            [Event::text("a"), Event::binary(b"b"), Event::text("c")],
        ),
        case("5.2", "16 bits for a length of 7", [with_length(&[126, 0, 125], &of(125))], [violation("5.2")]),
        case(
            "5.2",
            "64 bits for a length of 16",
            [with_length(&[127, 0, 0, 0, 0, 0, 0, 0xff, 0xff], &[])],
            [violation("5.2")],
        ),
        case(
            "5.2",
            "highest bit of a 64-bit length",
            [with_length(&[127, 0x80, 0, 0, 0, 0, 1, 0, 0], &[])],
            [violation("5.2")],
        ),
        case(
            "5.1",
            "a client that does not mask",
            [frame_for(Side::Client, true, Text, b"plain")],
            [violation("5.1")],
        ),
        case(
            "5.1",
            "a client that masks only its first frame",
            [fin(Text, "a"), frame_for(Side::Client, true, Text, b"b")],
            [Event::text("a"), violation("5.1")],
        ),
    ];
    for length in [1, 124, 125, 126, 127, 128, 65_535, 65_536, 65_537, 300_000] {
        let frames = [fin(Binary, of(length))];
        cases.push(case("5.2", "length", frames, [Event::binary(&of(length))]));
    }
    check(&cases);
}

#[test]
fn a_server_must_not_mask() {
    let masked = fin(Text, "masked");
    assert_eq!(receive(Side::Client, &[&masked], LIMIT), [violation("5.1")]);
    let plain = frame_for(Side::Client, true, Text, b"plain");
    assert_eq!(receive(Side::Client, &[&plain], LIMIT), [Event::text("plain")]);
}

#[test]
fn reserved_bits_and_opcodes() {
    let mut cases = Vec::new();
    for bits in 1..8 {
        for opcode in [0x1, 0x2, 0x8, 0x9, 0xa] {
            let first = 0x80 | bits << 4 | opcode;
            let frames = [fin(Text, "before"), with_first(first, "x"), fin(Text, "y")];
            let events = [Event::text("before"), violation("5.2")];
            cases.push(case("5.2", "reserved bits", frames, events));
        }
    }
    for opcode in (0x3..=0x7).chain(0xb..=0xf) {
        for payload in ["", "x"] {
            let frames = [fin(Text, "before"), with_first(0x80 | opcode, payload), fin(Ping, "")];
            let events = [Event::text("before"), violation("5.2")];
            cases.push(case("5.2", "reserved opcode", frames, events));
        }
    }
    check(&cases);
}

#[test]
fn a_compressed_frame_is_called_that_and_no_other() {
    struct Deaf;
    impl super::MessageSink for Deaf {
        fn message_in_place(&mut self, _: Kind, _: std::ops::Range<usize>, _: &[u8]) {}
        fn message_owned(&mut self, _: Kind, _: Vec<u8>) {}
        fn ping(&mut self, _: &[u8]) {}
        fn pong(&mut self, _: &[u8]) {}
        fn close(&mut self, _: Option<u16>, _: &str) {}
    }
    for (first, name) in [(0xc1, "compressed"), (0xf1, "compressed"), (0xa1, "reserved"), (0x91, "reserved")]
    {
        let mut frame = with_first(first, "deflated");
        let result = super::Receiver::new(Side::Server).receive(&mut frame, LIMIT, &mut Deaf);
        let violation = result.expect_err("a bit that is reserved");
        assert!(violation.reason().contains(name), "{violation}");
        assert!(violation.to_string().ends_with("(RFC 6455, section 5.2)"));
    }
}

#[test]
fn control_frames() {
    let full = [0xfe; 125];
    check(&[
        case("5.5.2", "ping", [fin(Ping, "")], [Event::Ping(vec![])]),
        case("5.5.2", "ping with a full payload", [fin(Ping, full)], [Event::Ping(full.into())]),
        case("5.5.3", "pong nobody asked for", [fin(Pong, "x")], [Event::Pong(b"x".into())]),
        case(
            "5.5.2",
            "ten pings",
            std::array::from_fn::<_, 10, _>(|n| fin(Ping, [n as u8])),
            std::array::from_fn::<_, 10, _>(|n| Event::Ping(vec![n as u8])),
        ),
        case("5.5", "ping of 126 bytes", [fin(Ping, [0; 126])], [violation("5.5")]),
        case("5.5", "close of 126 bytes", [closing(1000, &[b'*'; 124])], [violation("5.5")]),
        case("5.5", "ping with a 64-bit length", [fin(Ping, vec![0; 70_000])], [violation("5.5")]),
        case("5.5", "fragmented ping", [part(Ping, "x")], [violation("5.5")]),
        case("5.5", "fragmented pong", [part(Pong, "x")], [violation("5.5")]),
        case("5.5", "fragmented close", [part(Close, "")], [violation("5.5")]),
    ]);
}

#[test]
fn fragmentation() {
    check(&[
        case(
            "5.4",
            "two fragments",
            [part(Text, "frag"), fin(Continuation, "ment")],
            [Event::text("fragment")],
        ),
        case(
            "5.4",
            "empty fragments",
            [part(Binary, ""), part(Continuation, ""), fin(Continuation, "")],
            [Event::binary(b"")],
        ),
        case(
            "5.4",
            "all of it in the last fragment",
            [part(Text, ""), part(Continuation, ""), fin(Continuation, "é")],
            [Event::text("é")],
        ),
        case(
            "5.4",
            "control frames between fragments",
            [
                part(Text, "a"),
                fin(Ping, "1"),
                part(Continuation, "b"),
                fin(Pong, "2"),
                fin(Continuation, "c"),
                fin(Binary, "next"),
            ],
            [Event::Ping(b"1".into()), Event::Pong(b"2".into()), Event::text("abc"), Event::binary(b"next")],
        ),
        case(
            "5.4",
            "close between fragments",
            [part(Text, "a"), closing(1001, b""), fin(Continuation, "b")],
            [Event::Close(Some(1001), String::new())],
        ),
        case("5.4", "continuation of nothing", [fin(Continuation, "x")], [violation("5.4")]),
        case("5.4", "unfinished continuation of nothing", [part(Continuation, "x")], [violation("5.4")]),
        case(
            "5.4",
            "continuation after a complete message",
            [part(Text, "a"), fin(Continuation, "b"), fin(Continuation, "c")],
            [Event::text("ab"), violation("5.4")],
        ),
        case("5.4", "a message inside another", [part(Text, "a"), fin(Text, "b")], [violation("5.4")]),
        case(
            "5.4",
            "a fragmented message inside another",
            [part(Binary, "a"), fin(Ping, ""), part(Binary, "b")],
            [Event::Ping(vec![]), violation("5.4")],
        ),
    ]);
}

#[test]
fn utf8() {
    let text = "κόσμε 😀".as_bytes();
    let mut cases = vec![
        case("8.1", "binary need not be UTF-8", [fin(Binary, [0xff, 0xfe])], [Event::binary(&[0xff, 0xfe])]),
        case(
            "8.1",
            "a fragment may end inside a character if the next completes it",
            [part(Text, [0xc3]), fin(Ping, ""), fin(Continuation, [0xb6])],
            [Event::Ping(vec![]), Event::text("ö")],
        ),
        case(
            "8.1",
            "a character cut off by the end",
            [part(Text, "a"), fin(Continuation, [0xc3])],
            [not_utf8("8.1")],
        ),
        case(
            "8.1",
            "a character cut off by the end, empty last fragment",
            [part(Text, [0xf0, 0x9f]), fin(Continuation, "")],
            [not_utf8("8.1")],
        ),
        case(
            "8.1",
            "fails in the fragment, not at the message's end",
            [part(Text, [b'a', 0xff]), fin(Ping, "too late")],
            [not_utf8("8.1")],
        ),
    ];
    for invalid in [
        &[0x80][..],
        &[0xc0, 0x80],
        &[0xed, 0xa0, 0x80],
        &[0xf4, 0x90, 0x80, 0x80],
        &[0xf8, 0x88, 0x80, 0x80, 0x80],
        &[0xfe],
        &[0xce, 0xba, 0xe1, 0xbd],
    ] {
        let frames = [fin(Text, invalid)];
        cases.push(case("8.1", "invalid", frames, [not_utf8("8.1")]));
    }
    for split in 0..=text.len() {
        let (left, right) = text.split_at(split);
        let frames = [part(Text, left), fin(Continuation, right)];
        cases.push(case("8.1", "split", frames, [Event::text("κόσμε 😀")]));
    }
    check(&cases);
}

/// Section 8.1 with section 7.1.7: the rest of the frame need not come before the failure.
#[test]
fn invalid_text_fails_before_its_frame_is_complete() {
    let frame = fin(Text, b"abc\xf4\x90 and much more");
    // Six bytes of header, three letters, and the two bytes that cannot be right.
    let pieces: Vec<&[u8]> = frame[..11].chunks(1).collect();
    assert_eq!(receive(Side::Server, &pieces[..10], LIMIT), []);
    assert_eq!(receive(Side::Server, &pieces, LIMIT), [not_utf8("8.1")]);
    assert_eq!(receive(Side::Server, &[&frame[..11]], LIMIT), [not_utf8("8.1")]);
}

#[test]
fn close_frames() {
    let event = |code: u16, reason: &str| Event::Close(Some(code), reason.to_owned());
    let longest = "é".repeat(61);
    let mut cases = vec![
        case("5.5.1", "without a status", [fin(Close, "")], [Event::Close(None, String::new())]),
        case("5.5.1", "with a reason", [closing(1000, "tschüß".as_bytes())], [event(1000, "tschüß")]),
        case(
            "5.5.1",
            "with the longest reason",
            [closing(1000, longest.as_bytes())],
            [event(1000, &longest)],
        ),
        case("5.5.1", "half a status", [fin(Close, [3])], [violation("5.5.1")]),
        case(
            "5.5.1",
            "a reason that is not UTF-8",
            [closing(1000, &[0xce, 0xba, 0xe1, 0xbd])],
            [not_utf8("5.5.1")],
        ),
        case(
            "5.5.1",
            "what follows is ignored",
            [
                closing(1000, b""),
                fin(Text, "late"),
                fin(Ping, ""),
                closing(1001, b""),
                with_first(0xff, "garbage"),
            ],
            [event(1000, "")],
        ),
    ];
    for code in [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012] {
        cases.push(case("7.4.1", "code", [closing(code, b"")], [event(code, "")]));
    }
    for code in [3000, 3999, 4000, 4999] {
        cases.push(case("7.4.2", "code", [closing(code, b"")], [event(code, "")]));
    }
    for code in [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000] {
        let frames = [closing(code, b"no")];
        cases.push(case("7.4", "bad code", frames, [violation("7.4")]));
    }
    check(&cases);
}

/// Section 7.4.1, code 1009: refused when its size is announced, before it is sent.
#[test]
fn limits() {
    let too_big = [Event::violation(1009, "7.4.1")];
    let limited = |frames: &[Vec<u8>]| receive(Side::Server, &[&frames.concat()], 100);

    let fits = fin(Binary, [0; 100]);
    assert_eq!(limited(&[fits]), [Event::binary(&[0; 100])]);
    let larger = fin(Binary, [0; 101]);
    assert_eq!(limited(&[larger[..6].to_vec()]), too_big);
    assert_eq!(limited(&[larger]), too_big);
    let announced = with_length(&[127, 0x7f, 255, 255, 255, 255, 255, 255, 255], &[]);
    assert_eq!(limited(&[announced]), too_big);

    let half = [0; 50];
    assert_eq!(
        limited(&[part(Binary, half), fin(Ping, [1; 120]), fin(Continuation, half)]),
        [Event::Ping(vec![1; 120]), Event::binary(&[0; 100])]
    );
    let one_more = [part(Binary, half), part(Continuation, half), fin(Continuation, "x")];
    assert_eq!(limited(&one_more), too_big);
}
