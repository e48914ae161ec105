//! PEM files as people have them: with a byte order mark, with text around the blocks, with certificates and their key
//! in one file.

const BEGIN: &[u8] = b"-----BEGIN ";
const DASHES: &[u8] = b"-----";

/// One block, from its first dash to its last.
struct Block<'a> {
    label: &'a [u8],
    text: &'a [u8],
}

/// Every block. One that has no end goes to the end of the file: who reads it says what is wrong with it.
fn blocks(file: &[u8]) -> impl Iterator<Item = Block<'_>> {
    let mut rest = file;
    std::iter::from_fn(move || {
        let text = &rest[find(rest, BEGIN)?..];
        let after = &text[BEGIN.len()..];
        let label = &after[..find(after, DASHES)?];
        let end = [b"-----END ", label, DASHES].concat();
        let size = find(text, &end).map_or(text.len(), |at| at + end.len());
        rest = &text[size..];
        Some(Block { label, text: &text[..size] })
    })
}

fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    text.windows(part.len()).position(|window| window == part)
}

/// The certificates of a file, one after the other.
pub(super) fn certificates(file: &[u8]) -> Vec<u8> {
    let mut found = Vec::new();
    for block in blocks(file).filter(|block| block.label == b"CERTIFICATE") {
        found.extend_from_slice(block.text);
        found.push(b'\n');
    }
    found
}

/// What a file has of a key.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Key {
    /// PKCS#8, PKCS#1 or SEC1.
    Plain(Vec<u8>),
    /// With a password.
    Encrypted,
    None,
}

/// The first private key of a file.
pub(super) fn key(file: &[u8]) -> Key {
    let Some(block) = blocks(file).find(|block| block.label.ends_with(b"PRIVATE KEY")) else {
        return Key::None;
    };
    let has_password = block.label.starts_with(b"ENCRYPTED") || find(block.text, b"ENCRYPTED").is_some();
    if has_password { Key::Encrypted } else { Key::Plain([block.text, b"\n"].concat()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: &str = "-----BEGIN CERTIFICATE-----\nAA\n-----END CERTIFICATE-----";
    const SECOND: &str = "-----BEGIN CERTIFICATE-----\r\nBB\r\n-----END CERTIFICATE-----";
    const KEY: &str = "-----BEGIN EC PRIVATE KEY-----\nCC\n-----END EC PRIVATE KEY-----";

    #[test]
    fn blocks_are_found_among_other_things() {
        let parameters = "-----BEGIN EC PARAMETERS-----\nDD\n-----END EC PARAMETERS-----";
        let file =
            format!("\u{feff}{FIRST}\nBag Attributes\n{parameters}\n{KEY}\n{SECOND}\nthe end -----BEGIN ");
        assert_eq!(certificates(file.as_bytes()), format!("{FIRST}\n{SECOND}\n").into_bytes());
        assert_eq!(key(file.as_bytes()), Key::Plain(format!("{KEY}\n").into_bytes()));
    }

    #[test]
    fn what_has_no_key_or_a_password_is_told_apart() {
        assert_eq!(key(FIRST.as_bytes()), Key::None);
        let pkcs8 = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAA\n-----END ENCRYPTED PRIVATE KEY-----";
        assert_eq!(key(pkcs8.as_bytes()), Key::Encrypted);
        let old =
            "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nAA\n-----END RSA PRIVATE KEY-----";
        assert_eq!(key(old.as_bytes()), Key::Encrypted);
    }

    #[test]
    fn a_block_without_an_end_stays_what_it_is() {
        let cut = &FIRST[..FIRST.len() - 3];
        assert_eq!(certificates(cut.as_bytes()), format!("{cut}\n").into_bytes());
    }
}
