//! The handshake of regular connections: the server greets, the client answers, the server confirms.

/// Step 1, from the server, at once after accepting.
pub const GREETING: [u8; 18] = *b"GM:Studio-Connect\0";

/// Step 3, from the server.
pub const CONFIRMATION: [u8; 12] = [0xAD, 0xBE, 0xAF, 0xDE, 0xEB, 0xBE, 0x0D, 0xF0, 0x0C, 0, 0, 0];

/// Bytes of step 2, from the client. Its fourth word is the game's id, which no server checks.
pub const ANSWER_SIZE: usize = 16;

const ANSWER_START: [u8; 12] = [0xBE, 0xBA, 0xFE, 0xCA, 0x0B, 0xB0, 0xAD, 0xDE, 0x10, 0, 0, 0];

/// Step 2 with a game's id.
pub fn answer(game_id: u32) -> [u8; ANSWER_SIZE] {
    let mut answer = [0; ANSWER_SIZE];
    answer[..12].copy_from_slice(&ANSWER_START);
    answer[12..].copy_from_slice(&game_id.to_le_bytes());
    answer
}

/// One end's part in the handshake: what to send and what must come, in any pieces.
#[derive(Clone, Debug)]
pub struct Handshake {
    step: Step,
    /// The step that is coming in, as far as it came.
    received: [u8; GREETING.len()],
    length: u8,
}

/// The step that must come next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Answer,
    Greeting,
    Confirmation,
}

/// What some received bytes came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// More must come.
    Wait,
    /// A client is to send its [`answer`]; then more must come.
    Answer,
    /// The connection is ready. A server is to send the [`CONFIRMATION`].
    Ready,
}

/// The peer speaks something else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wrong;

impl Handshake {
    /// A server's, which begins by sending the [`GREETING`].
    pub fn server() -> Self {
        Self { step: Step::Answer, received: [0; GREETING.len()], length: 0 }
    }

    /// A client's, which begins by waiting.
    pub fn client() -> Self {
        Self { step: Step::Greeting, ..Self::server() }
    }

    /// Whether this is a server's part.
    pub fn is_server(&self) -> bool {
        self.step == Step::Answer
    }

    /// Whether nothing of the peer's part has come yet.
    pub fn is_untouched(&self) -> bool {
        self.length == 0 && self.step != Step::Confirmation
    }

    /// Takes bytes of the current step from the beginning of `bytes` and returns how many; what is
    /// behind them belongs to the next step or, after [`Progress::Ready`], to packets. A wrong byte
    /// is noticed when it comes, not when the step is over.
    pub fn receive(&mut self, bytes: &[u8]) -> Result<(usize, Progress), Wrong> {
        let (fixed, size): (&[u8], usize) = match self.step {
            Step::Answer => (&ANSWER_START, ANSWER_SIZE),
            Step::Greeting => (&GREETING, GREETING.len()),
            Step::Confirmation => (&CONFIRMATION, CONFIRMATION.len()),
        };
        let had = usize::from(self.length);
        let taken = (size - had).min(bytes.len());
        let has = had + taken;
        self.received[had..has].copy_from_slice(&bytes[..taken]);
        self.length = has as u8;
        let known = has.min(fixed.len());
        if self.received[..known] != fixed[..known] {
            return Err(Wrong);
        }
        if has < size {
            return Ok((taken, Progress::Wait));
        }
        self.length = 0;
        if self.step == Step::Greeting {
            self.step = Step::Confirmation;
            return Ok((taken, Progress::Answer));
        }
        Ok((taken, Progress::Ready))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Receives a stream piece by piece until it is ready; returns what is behind the handshake.
    fn receive<'a>(
        mut handshake: Handshake,
        stream: &'a [u8],
        pieces: &[usize],
    ) -> Result<Option<&'a [u8]>, Wrong> {
        let mut at = 0;
        let mut sizes = pieces.iter().copied().chain(std::iter::repeat(usize::MAX));
        while at < stream.len() {
            let end = at + sizes.next().unwrap_or(usize::MAX).clamp(1, stream.len() - at);
            while at < end {
                let (taken, progress) = handshake.receive(&stream[at..end])?;
                at += taken;
                if progress == Progress::Ready {
                    return Ok(Some(&stream[at..]));
                }
            }
        }
        Ok(None)
    }

    #[test]
    fn either_part_tells_whose_it_is_and_whether_something_has_come() {
        let mut server = Handshake::server();
        assert!(server.is_server() && server.is_untouched());
        assert_eq!(server.receive(&answer(0)[..1]), Ok((1, Progress::Wait)));
        assert!(server.is_server() && !server.is_untouched());
        let mut client = Handshake::client();
        assert!(!client.is_server() && client.is_untouched());
        assert_eq!(client.receive(&GREETING), Ok((GREETING.len(), Progress::Answer)));
        assert!(!client.is_server() && !client.is_untouched());
    }

    #[test]
    fn vectors_of_the_wire_document() {
        let step_2 = [0xbe, 0xba, 0xfe, 0xca, 0x0b, 0xb0, 0xad, 0xde, 0x10, 0, 0, 0, 0, 0, 0, 0];
        assert_eq!(answer(0), step_2);
        assert_eq!(Handshake::server().receive(&step_2), Ok((16, Progress::Ready)));
        let mut client = Handshake::client();
        assert_eq!(client.receive(b"GM:Studio-Connect\0"), Ok((18, Progress::Answer)));
        assert_eq!(client.receive(b"\xad\xbe\xaf\xde\xeb\xbe\x0d\xf0\x0c\0\0\0"), Ok((12, Progress::Ready)));
    }

    proptest! {
        #[test]
        fn any_segmentation_leaves_the_bytes_behind_it(
            game_id in any::<u32>(),
            behind in prop::collection::vec(any::<u8>(), 0..40),
            pieces in prop::collection::vec(1..20_usize, 0..40),
        ) {
            let to_server = [&answer(game_id)[..], &behind].concat();
            prop_assert_eq!(receive(Handshake::server(), &to_server, &pieces), Ok(Some(&behind[..])));
            let to_client = [&GREETING[..], &CONFIRMATION, &behind].concat();
            prop_assert_eq!(receive(Handshake::client(), &to_client, &pieces), Ok(Some(&behind[..])));
        }

        #[test]
        fn a_wrong_byte_is_noticed_at_once(at in 0..12_usize, flip in 1..=255_u8) {
            for (handshake, step) in
                [(Handshake::server(), &answer(7)[..]), (Handshake::client(), &GREETING[..])]
            {
                let mut stream = step[..=at].to_vec();
                prop_assert_eq!(receive(handshake.clone(), &stream, &[]), Ok(None));
                stream[at] ^= flip;
                prop_assert_eq!(receive(handshake, &stream, &[]), Err(Wrong));
            }
        }
    }
}
