//! The test vectors of `docs/reliable-udp.md`.

use std::collections::BTreeMap;

use crate::reliable::is_reliable;
use crate::reliable::wire::{self, Ack, Body, Control, Datagram, Part, Proof, Unreadable, Writer};

const DOCUMENT: &str = include_str!("../../../docs/reliable-udp.md");

const INITIATOR: u64 = 0x0807_0605_0403_0201;
const ANSWERER: u64 = 0x1817_1615_1413_1211;
const STAMP: u32 = 0x2423_2221;
const INITIATOR_INCARNATION: u32 = 0x3433_3231;
const ANSWERER_INCARNATION: u32 = 0x4443_4241;

const NOTHING: Ack<'_> = Ack { largest: 0, delay: 0, bitmap: &[] };

const FIRST: Ack<'_> = Ack { largest: 1, delay: 0, bitmap: &[] };

/// The lines of a fenced block, by their names.
fn block(name: &str) -> BTreeMap<&'static str, Vec<u8>> {
    let (_, rest) = DOCUMENT.split_once(&format!("```{name}\n")).unwrap();
    let (lines, _) = rest.split_once("```").unwrap();
    lines
        .lines()
        .map(|line| {
            let mut words = line.split_whitespace();
            let name = words.next().unwrap();
            let byte = |word| u8::from_str_radix(word, 16).unwrap();
            (name, words.map(byte).collect())
        })
        .collect()
}

fn control(control: Control) -> Vec<u8> {
    let mut bytes = [0xaa; 64];
    let len = control.write(&mut bytes);
    bytes[..len].to_vec()
}

/// A datagram with a body: a confirm, if there is a proof, or data.
fn body(
    token: u64,
    proof: Option<Proof>,
    number: u32,
    ack: Ack<'_>,
    chunks: &[(u64, Part, &[u8])],
) -> Vec<u8> {
    let mut bytes = [0xaa; 256];
    let mut writer = match proof {
        Some(proof) => Writer::confirm(&mut bytes, token, proof),
        None => Writer::data(&mut bytes, token),
    };
    writer.ack(number, ack);
    for &(sequence, part, payload) in chunks {
        assert!(writer.fits(sequence, payload.len()));
        writer.chunk(sequence, part, payload.len()).copy_from_slice(payload);
    }
    let len = writer.len();
    bytes[..len].to_vec()
}

fn proof(gave_up: bool) -> Proof {
    Proof { token: INITIATOR, stamp: STAMP, incarnation: INITIATOR_INCARNATION, gave_up }
}

fn written() -> BTreeMap<&'static str, Vec<u8>> {
    use Part::{First, Last, Middle, Whole};
    let reset = |gave_up| Control::Reset { token: ANSWERER, incarnation: ANSWERER_INCARNATION, gave_up };
    BTreeMap::from([
        ("hello", control(Control::Hello { token: INITIATOR })),
        (
            "welcome",
            control(Control::Welcome {
                token: INITIATOR,
                grant: ANSWERER,
                stamp: STAMP,
                incarnation: ANSWERER_INCARNATION,
            }),
        ),
        ("confirm-hello", body(ANSWERER, Some(proof(false)), 1, NOTHING, &[(0, Whole, b"hello")])),
        ("confirm-gave-up", body(ANSWERER, Some(proof(true)), 1, NOTHING, &[(0, Whole, b"")])),
        ("data-ack", body(INITIATOR, None, 0, Ack { delay: 64, ..FIRST }, &[])),
        (
            "data-ack-gaps",
            body(INITIATOR, None, 0, Ack { largest: 13, delay: u16::MAX, bitmap: &[0x05, 0x80] }, &[]),
        ),
        ("data-two", body(ANSWERER, None, 2, FIRST, &[(1, Whole, b"hi"), (2, Whole, b"")])),
        (
            "data-fragments",
            body(
                ANSWERER,
                None,
                u32::MAX,
                NOTHING,
                &[((1 << 32) - 2, First, b"a"), ((1 << 32) - 1, Middle, b"b"), (1 << 32, Last, b"c")],
            ),
        ),
        ("data-apart", body(ANSWERER, None, 3, FIRST, &[(7, Whole, b"a"), (9, Whole, b"b")])),
        ("reset", control(reset(false))),
        ("reset-gave-up", control(reset(true))),
        ("close-too-big", control(Control::Close { token: INITIATOR, code: 2 })),
    ])
}

#[test]
fn what_is_written_is_what_the_document_says() {
    assert_eq!(block("vectors"), written());
}

fn chunks(body: &Body<'_>) -> Vec<(u32, Part, Vec<u8>)> {
    body.chunks().map(|chunk| (chunk.sequence, chunk.part, chunk.payload.to_vec())).collect()
}

#[test]
fn what_is_read_is_what_the_document_says() {
    let vectors = block("vectors");
    for bytes in vectors.values() {
        assert!(is_reliable(bytes));
    }
    let read = |name: &str| wire::parse(&vectors[name]).unwrap();
    assert_eq!(read("hello"), Datagram::Hello { token: INITIATOR });
    assert_eq!(
        read("welcome"),
        Datagram::Welcome {
            token: INITIATOR,
            grant: ANSWERER,
            stamp: STAMP,
            incarnation: ANSWERER_INCARNATION,
        }
    );
    for (name, gave_up, payload) in [("confirm-hello", false, &b"hello"[..]), ("confirm-gave-up", true, b"")]
    {
        let Datagram::Confirm { token, proof: shown, body } = read(name) else {
            panic!("{name}");
        };
        assert_eq!((token, shown), (ANSWERER, proof(gave_up)));
        assert_eq!((body.number, body.ack), (1, NOTHING));
        assert_eq!(chunks(&body), [(0, Part::Whole, payload.to_vec())]);
    }
    let data = |name: &str| match read(name) {
        Datagram::Data { token, body } => (token, body),
        other => panic!("{name}: {other:?}"),
    };
    let (token, body) = data("data-ack");
    assert_eq!((token, body.ack), (INITIATOR, Ack { delay: 64, ..FIRST }));
    assert!(!body.has_chunks());
    let (_, body) = data("data-ack-gaps");
    assert_eq!(body.ack.bitmap, [0x05, 0x80]);
    assert_eq!((body.ack.largest, body.ack.delay), (13, u16::MAX));
    let (token, body) = data("data-two");
    assert_eq!((token, body.number), (ANSWERER, 2));
    let expected = [(1, Part::Whole, b"hi".to_vec()), (2, Part::Whole, vec![])];
    assert_eq!(chunks(&body), expected);
    let (_, body) = data("data-fragments");
    let expected = [
        (u32::MAX - 1, Part::First, b"a".to_vec()),
        (u32::MAX, Part::Middle, b"b".to_vec()),
        (0, Part::Last, b"c".to_vec()),
    ];
    assert_eq!((body.number, chunks(&body)), (u32::MAX, expected.to_vec()));
    let (_, body) = data("data-apart");
    let expected = [(7, Part::Whole, b"a".to_vec()), (9, Part::Whole, b"b".to_vec())];
    assert_eq!(chunks(&body), expected);
    for (name, gave_up) in [("reset", false), ("reset-gave-up", true)] {
        let reset = Datagram::Reset { token: ANSWERER, incarnation: ANSWERER_INCARNATION, gave_up };
        assert_eq!(read(name), reset);
    }
    let close = Datagram::Close { token: INITIATOR, code: 2 };
    assert_eq!(read("close-too-big"), close);
}

#[test]
fn what_the_document_rejects_is_rejected() {
    let rejected = block("rejected");
    assert_eq!(rejected.len(), 9);
    for (name, bytes) in rejected {
        let error = wire::parse(&bytes).unwrap_err();
        let version = name == "version-2";
        assert_eq!(error == Unreadable::Version, version, "{name}");
        let plain = ["short-hello", "other-magic", "kind-7"].contains(&name);
        assert_eq!(is_reliable(&bytes), !plain, "{name}");
    }
}
