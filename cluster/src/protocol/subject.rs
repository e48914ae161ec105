//! Subjects: words between dots, and patterns of them.

/// The longest topic or pattern, in bytes.
pub(crate) const LONGEST_TOPIC: usize = 256;
/// The longest name of a player, in bytes.
pub(crate) const LONGEST_PLAYER: usize = 128;
/// The longest word of our own: a room's kind, an application, a server's id.
pub(crate) const LONGEST_WORD: usize = 64;

/// Whether one may publish to it: words without white space and wildcards between dots.
pub(crate) fn is_topic(text: &str) -> bool {
    is_pattern(text) && !text.split('.').any(is_wildcard)
}

/// Whether one may subscribe to it: `*` stands for one word, `>` at the end for one or more.
pub(crate) fn is_pattern(text: &str) -> bool {
    let plain = |word: &str| !word.is_empty() && !word.chars().any(|c| c.is_whitespace() || c.is_control());
    let rest_is_last = |words: &str| !words.split('.').rev().skip(1).any(|word| word == ">");
    // A star within a word is only a star, for brokers too.
    text.len() <= LONGEST_TOPIC && text.split('.').all(plain) && rest_is_last(text)
}

fn is_wildcard(word: &str) -> bool {
    matches!(word, "*" | ">")
}

/// Whether it is one word of letters, digits, `-` and `_`.
pub(crate) fn is_word(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    !text.is_empty() && text.len() <= LONGEST_WORD && text.bytes().all(plain)
}

/// Any text as one word; different texts become different words.
pub(crate) fn word_of(text: &str) -> String {
    let mut word = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_') {
            word.push(char::from(byte));
        } else {
            word.push_str(&format!("={byte:02X}"));
        }
    }
    word
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn knows_topics_and_patterns() {
        for topic in ["chat", "chat.global", "zone.7.x-_!", "zähler.ä", "a*b"] {
            assert!(is_topic(topic) && is_pattern(topic), "{topic}");
        }
        for pattern in ["*", ">", "zone.*", "zone.*.x", "zone.>"] {
            assert!(!is_topic(pattern) && is_pattern(pattern), "{pattern}");
        }
        let long = "x".repeat(LONGEST_TOPIC + 1);
        for neither in ["", ".", "a.", ".a", "a..b", "a b", "a\tb", "a\r\nPUB", "a\u{a0}b", "a.>.b", &long] {
            assert!(!is_topic(neither) && !is_pattern(neither), "{neither:?}");
        }
    }

    proptest! {
        #[test]
        fn every_text_becomes_a_word_of_its_own(one in ".{0,20}", other in ".{0,20}") {
            let (word, another) = (word_of(&one), word_of(&other));
            prop_assert!(one.is_empty() || is_topic(&word) && !word.contains('.'));
            prop_assert_eq!(word == another, one == other);
        }
    }
}
