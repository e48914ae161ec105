//! What the servers of a cluster say to each other, in the payloads of messages: a version, what it is, and fields.
//! Others may send anything; whatever is not exactly this is no message.

use crate::protocol::subject::{LONGEST_WORD, is_word};

const VERSION: u8 = 1;
/// The longest text a host may give to a room, and its own address, in bytes.
pub(crate) const LONGEST_DATA: usize = 1024;
pub(crate) const LONGEST_ADDRESS: usize = 256;
const LONGEST_TICKET: usize = 64;
/// The most rooms that one server offers in one answer.
pub(crate) const MOST_ROOMS: usize = 32;

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Say {
    /// To all who have rooms of a kind: which of them have a place?
    AskRooms,
    /// The answer: the server, and its rooms' number, taken places, places.
    Rooms { server: String, rooms: Vec<Offered> },
    /// To a room's server: keep me a place.
    Keep { room: u64 },
    /// The answer, also to `Create`: a place is kept.
    Kept(Seat),
    /// The answer if there is none.
    Refused,
    /// To the room's server: the place that was kept is not needed.
    Release { room: u64, ticket: String },
    /// To all who would open rooms of a kind.
    AskOffers,
    /// The answer.
    Offer { server: String, load: f64 },
    /// To one of them: open a room.
    Create { kind: String, data: String },
    /// To a player's server: where is that?
    Where,
    /// To a player's server: give him this.
    Deliver { from: String, payload: Vec<u8> },
    /// The answer to both.
    Here { server: String, address: String },
    /// To a player's other servers: he is here, since then. `entering`: he has just come.
    Entered { server: String, since: u64, entering: bool },
    /// The answer of one where he is since later than that; `fresh`: for no more than moments. `to` is who has said that
    /// he is there, and `entered` since when, if he had just come; else 0.
    Held { server: String, since: u64, fresh: bool, to: String, entered: u64 },
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Offered {
    pub(crate) room: u64,
    pub(crate) taken: u32,
    pub(crate) places: u32,
}

/// A place that is kept in a room.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Seat {
    pub(crate) server: String,
    pub(crate) room: u64,
    pub(crate) kind: String,
    pub(crate) address: String,
    pub(crate) ticket: String,
    pub(crate) players: u32,
    pub(crate) places: u32,
    pub(crate) data: String,
}

/// A room's name, unique in the cluster.
pub(crate) fn room_name(kind: &str, server: &str, room: u64) -> String {
    format!("{kind}.{server}-{room}")
}

/// Kind, server and number in a room's name.
pub(crate) fn parse_room_name(name: &str) -> Option<(&str, &str, u64)> {
    let (kind, rest) = name.split_once('.')?;
    let (server, room) = rest.rsplit_once('-')?;
    (is_word(kind) && is_word(server)).then_some(())?;
    Some((kind, server, room.parse().ok()?))
}

impl Say {
    pub(crate) fn write(&self) -> Vec<u8> {
        let mut to = Writer(vec![VERSION]);
        match self {
            Self::AskRooms => to.tag(1),
            Self::Rooms { server, rooms } => {
                to.tag(2);
                to.text(server);
                to.number(rooms.len() as u64);
                for room in rooms {
                    to.number(room.room);
                    to.number(room.taken.into());
                    to.number(room.places.into());
                }
            }
            Self::Keep { room } => {
                to.tag(3);
                to.number(*room);
            }
            Self::Kept(seat) => {
                to.tag(4);
                to.text(&seat.server);
                to.number(seat.room);
                to.text(&seat.kind);
                to.text(&seat.address);
                to.text(&seat.ticket);
                to.number(seat.players.into());
                to.number(seat.places.into());
                to.text(&seat.data);
            }
            Self::Refused => to.tag(5),
            Self::Release { room, ticket } => {
                to.tag(6);
                to.number(*room);
                to.text(ticket);
            }
            Self::AskOffers => to.tag(7),
            Self::Offer { server, load } => {
                to.tag(8);
                to.text(server);
                to.number(load.to_bits());
            }
            Self::Create { kind, data } => {
                to.tag(9);
                to.text(kind);
                to.text(data);
            }
            Self::Where => to.tag(10),
            Self::Deliver { from, payload } => {
                to.tag(11);
                to.text(from);
                to.0.extend_from_slice(payload);
            }
            Self::Here { server, address } => {
                to.tag(12);
                to.text(server);
                to.text(address);
            }
            Self::Entered { server, since, entering } => {
                to.tag(13);
                to.text(server);
                to.number(*since);
                to.number((*entering).into());
            }
            Self::Held { server, since, fresh, to: claimant, entered } => {
                to.tag(14);
                to.text(server);
                to.number(*since);
                to.number((*fresh).into());
                to.text(claimant);
                to.number(*entered);
            }
        }
        to.0
    }

    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let mut from = Reader(bytes);
        if from.byte()? != VERSION {
            return None;
        }
        let say = match from.byte()? {
            1 => Self::AskRooms,
            2 => {
                let server = from.word()?;
                let count = from.number()?;
                if count > MOST_ROOMS as u64 {
                    return None;
                }
                let rooms = (0..count).map(|_| {
                    Some(Offered { room: from.number()?, taken: from.small()?, places: from.small()? })
                });
                let rooms = rooms.collect::<Option<_>>()?;
                Self::Rooms { server, rooms }
            }
            3 => Self::Keep { room: from.number()? },
            4 => Self::Kept(Seat {
                server: from.word()?,
                room: from.number()?,
                kind: from.word()?,
                address: from.text(LONGEST_ADDRESS)?,
                ticket: from.text(LONGEST_TICKET)?,
                players: from.small()?,
                places: from.small()?,
                data: from.text(LONGEST_DATA)?,
            }),
            5 => Self::Refused,
            6 => Self::Release { room: from.number()?, ticket: from.text(LONGEST_TICKET)? },
            7 => Self::AskOffers,
            8 => {
                let (server, load) = (from.word()?, f64::from_bits(from.number()?));
                (0.0..=1.0).contains(&load).then_some(Self::Offer { server, load })?
            }
            9 => Self::Create { kind: from.word()?, data: from.text(LONGEST_DATA)? },
            10 => Self::Where,
            11 => {
                let (server, payload) = (from.word()?, std::mem::take(&mut from.0).to_vec());
                Self::Deliver { from: server, payload }
            }
            12 => Self::Here { server: from.word()?, address: from.text(LONGEST_ADDRESS)? },
            13 => Self::Entered { server: from.word()?, since: from.number()?, entering: from.flag()? },
            14 => Self::Held {
                server: from.word()?,
                since: from.number()?,
                fresh: from.flag()?,
                to: from.word()?,
                entered: from.number()?,
            },
            _ => return None,
        };
        from.0.is_empty().then_some(say)
    }
}

struct Writer(Vec<u8>);

impl Writer {
    fn tag(&mut self, tag: u8) {
        self.0.push(tag);
    }

    fn number(&mut self, number: u64) {
        self.0.extend_from_slice(&number.to_le_bytes());
    }

    /// All texts are far shorter than the two bytes of their length allow.
    fn text(&mut self, text: &str) {
        let length = u16::try_from(text.len()).unwrap_or(0);
        self.0.extend_from_slice(&length.to_le_bytes());
        self.0.extend_from_slice(&text.as_bytes()[..length.into()]);
    }
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn byte(&mut self) -> Option<u8> {
        self.take(1).map(|bytes| bytes[0])
    }

    fn number(&mut self) -> Option<u64> {
        Some(u64::from_le_bytes(self.take(8)?.try_into().ok()?))
    }

    fn flag(&mut self) -> Option<bool> {
        self.number().filter(|&flag| flag <= 1).map(|flag| flag == 1)
    }

    fn small(&mut self) -> Option<u32> {
        self.number()?.try_into().ok()
    }

    /// UTF-8 without control characters, which would not survive the way through C.
    fn text(&mut self, longest: usize) -> Option<String> {
        let length = u16::from_le_bytes(self.take(2)?.try_into().ok()?);
        if usize::from(length) > longest {
            return None;
        }
        let text = std::str::from_utf8(self.take(length.into())?).ok()?;
        (!text.contains('\0')).then(|| text.to_owned())
    }

    fn word(&mut self) -> Option<String> {
        self.text(LONGEST_WORD).filter(|word| is_word(word))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn examples() -> Vec<Say> {
        let server = || "ab12".to_owned();
        let offered = Offered { room: 7, taken: 3, places: 16 };
        let seat = Seat {
            server: server(),
            room: 7,
            kind: "arena".into(),
            address: "eu3.example:6510".into(),
            ticket: "t".into(),
            players: 3,
            places: 16,
            data: "map=ice".into(),
        };
        vec![
            Say::AskRooms,
            Say::Rooms { server: server(), rooms: vec![offered; MOST_ROOMS] },
            Say::Rooms { server: server(), rooms: vec![] },
            Say::Keep { room: u64::MAX },
            Say::Kept(seat),
            Say::Refused,
            Say::Release { room: 7, ticket: "t".into() },
            Say::AskOffers,
            Say::Offer { server: server(), load: 0.25 },
            Say::Create { kind: "arena".into(), data: String::new() },
            Say::Where,
            Say::Deliver { from: server(), payload: vec![0, 255] },
            Say::Here { server: server(), address: String::new() },
            Say::Entered { server: server(), since: 5, entering: true },
            Say::Held { server: server(), since: 5, fresh: true, to: "cd".into(), entered: 4 },
        ]
    }

    #[test]
    fn what_is_written_can_be_read() {
        for say in examples() {
            assert_eq!(Say::read(&say.write()), Some(say));
        }
    }

    #[test]
    fn what_is_too_short_or_too_long_is_no_message() {
        for say in examples() {
            let bytes = say.write();
            for end in 0..bytes.len() {
                let cut = Say::read(&bytes[..end]);
                assert!(cut.is_none() || matches!(cut, Some(Say::Deliver { .. })), "{say:?} cut to {end}");
            }
            let longer = [&bytes[..], b"x"].concat();
            assert!(Say::read(&longer).is_none() || matches!(say, Say::Deliver { .. }), "{say:?}");
        }
    }

    #[test]
    fn what_is_out_of_bounds_is_no_message() {
        let server = || "ab12".to_owned();
        for wrong in [
            Say::Offer { server: server(), load: f64::NAN },
            Say::Offer { server: server(), load: 1.5 },
            Say::Offer { server: "a.b".into(), load: 0.5 },
            Say::Offer { server: ">".into(), load: 0.5 },
            Say::Offer { server: String::new(), load: 0.5 },
            Say::Offer { server: "a".repeat(LONGEST_WORD + 1), load: 0.5 },
            Say::Here { server: server(), address: "a".repeat(LONGEST_ADDRESS + 1) },
            Say::Here { server: server(), address: "a\0b".into() },
            Say::Create { kind: "a b".into(), data: String::new() },
            Say::Create { kind: "a".into(), data: "x".repeat(LONGEST_DATA + 1) },
            Say::Rooms {
                server: server(),
                rooms: vec![Offered { room: 1, taken: 0, places: 1 }; MOST_ROOMS + 1],
            },
        ] {
            assert_eq!(Say::read(&wrong.write()), None, "{wrong:?}");
        }
    }

    #[test]
    fn names_of_rooms_have_their_parts() {
        assert_eq!(parse_room_name(&room_name("arena", "x7-f3", 12)), Some(("arena", "x7-f3", 12)));
        for wrong in
            ["", "arena", "arena.x7f3", "arena.x7f3-", "arena.-1", "a.b.c-1", "arena.x*-1", "a b.c-1", ".c-1"]
        {
            assert_eq!(parse_room_name(wrong), None, "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_break_it(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Say::read(&bytes);
        }

        #[test]
        fn no_changed_byte_breaks_it(which in 0..15_usize, at in any::<proptest::sample::Index>(), byte in any::<u8>()) {
            let mut bytes = examples()[which].write();
            let at = at.index(bytes.len());
            bytes[at] = byte;
            if let Some(say) = Say::read(&bytes) {
                // Whatever it is now, it is within bounds.
                prop_assert_eq!(Say::read(&say.write()), Some(say));
            }
        }
    }
}
