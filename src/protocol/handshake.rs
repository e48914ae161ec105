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

/// How far some received bytes match a step of the handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Match {
    /// The step is there in whole and takes this many bytes; what follows are packets.
    Whole(usize),
    /// So far it is right.
    Partial,
    /// The peer speaks something else.
    Wrong,
}

fn compare(bytes: &[u8], fixed: &[u8], size: usize) -> Match {
    let known = bytes.len().min(fixed.len());
    if bytes[..known] != fixed[..known] {
        Match::Wrong
    } else if bytes.len() < size {
        Match::Partial
    } else {
        Match::Whole(size)
    }
}

/// Looks for step 1 at the beginning of `bytes`.
pub fn match_greeting(bytes: &[u8]) -> Match {
    compare(bytes, &GREETING, GREETING.len())
}

/// Looks for step 2 at the beginning of `bytes`.
pub fn match_answer(bytes: &[u8]) -> Match {
    compare(bytes, &ANSWER_START, ANSWER_SIZE)
}

/// Looks for step 3 at the beginning of `bytes`.
pub fn match_confirmation(bytes: &[u8]) -> Match {
    compare(bytes, &CONFIRMATION, CONFIRMATION.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_of_the_wire_document() {
        let step_2 = [0xbe, 0xba, 0xfe, 0xca, 0x0b, 0xb0, 0xad, 0xde, 0x10, 0, 0, 0, 0, 0, 0, 0];
        assert_eq!(answer(0), step_2);
        assert_eq!(match_answer(&answer(0xFFFF_FFFF)), Match::Whole(16));
        assert_eq!(match_greeting(b"GM:Studio-Connect\0more"), Match::Whole(18));
        assert_eq!(match_confirmation(&CONFIRMATION), Match::Whole(12));
    }

    #[test]
    fn prefixes_are_partial_and_a_wrong_byte_is_noticed_at_once() {
        for (step, matches) in [
            (&GREETING[..], match_greeting as fn(&[u8]) -> Match),
            (&answer(7)[..], match_answer),
            (&CONFIRMATION[..], match_confirmation),
        ] {
            for cut in 0..step.len() {
                assert_eq!(matches(&step[..cut]), Match::Partial);
            }
            for wrong in 0..12 {
                let mut bytes = step[..=wrong].to_vec();
                bytes[wrong] ^= 1;
                assert_eq!(matches(&bytes), Match::Wrong);
            }
        }
    }
}
