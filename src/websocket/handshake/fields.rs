//! The header fields of a request as they came, for whoever asks later: one piece of memory.

use super::headers::is_token;

/// Field after field as "Name: value" and a line's end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fields(Box<str>);

impl Fields {
    /// Bytes that are kept of one request.
    pub const MOST: usize = 8 * 1024;

    pub(crate) fn of(lines: &[httparse::Header<'_>]) -> Self {
        let mut text = String::new();
        for line in lines {
            let value = String::from_utf8_lossy(line.value);
            text.extend([line.name, ": ", value.trim_matches([' ', '\t']), "\n"]);
        }
        Self(text.into())
    }

    /// The values of a name, whatever its case, in their order.
    pub fn values<'f>(&'f self, name: &'f str) -> impl DoubleEndedIterator<Item = &'f str> {
        self.lines().filter(move |(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// The value of a name, whatever its case, several as one list; empty if there is none. `None` if it
    /// cannot be a name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<String> {
        let separator = if name.eq_ignore_ascii_case("Cookie") { "; " } else { ", " };
        is_token(name).then(|| self.values(name).collect::<Vec<_>>().join(separator))
    }

    /// What is worth keeping: not the key, which is of no use to anybody, and of the rest whole fields in
    /// their order, no more than [`MOST`](Self::MOST) bytes. Whether that is all.
    #[must_use]
    pub fn keep(&self) -> (Self, bool) {
        let mut kept = String::new();
        let mut all = true;
        for (name, value) in self.lines() {
            if name.eq_ignore_ascii_case("Sec-WebSocket-Key") {
                continue;
            }
            if kept.len() + name.len() + value.len() + 3 <= Self::MOST {
                kept.extend([name, ": ", value, "\n"]);
            } else {
                all = false;
            }
        }
        (Self(kept.into()), all)
    }

    fn lines(&self) -> impl DoubleEndedIterator<Item = (&str, &str)> {
        self.0.split_terminator('\n').filter_map(|line| line.split_once(": "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(lines: &[(&str, &[u8])]) -> Fields {
        let lines: Vec<_> = lines.iter().map(|&(name, value)| httparse::Header { name, value }).collect();
        Fields::of(&lines)
    }

    #[test]
    fn by_name_in_any_case_and_as_they_came() {
        let fields = fields(&[
            ("Host", b"game.example:8080"),
            ("COOKIE", b"a=1"),
            ("X-Empty", b""),
            ("x-twice", b" one: 1 "),
            ("cookie", b"b=2"),
            ("X-Twice", "zwöi".as_bytes()),
            ("X-Latin", b"\xe4"),
        ]);
        for (name, value) in [
            ("host", "game.example:8080"),
            ("Cookie", "a=1; b=2"),
            ("X-TWICE", "one: 1, zwöi"),
            ("x-empty", ""),
            ("x-none", ""),
            ("x-latin", "\u{fffd}"),
        ] {
            assert_eq!(fields.get(name).as_deref(), Some(value), "{name}");
        }
        for wrong in ["", "two words", "x:", "x\n"] {
            assert_eq!(fields.get(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn no_more_than_so_much_is_kept() {
        // With what is around them three fields are 8 KiB to the byte.
        let long = vec![b'x'; 8 * 1024 - 14];
        let of = |second: &[u8]| {
            fields(&[("Sec-WebSocket-Key", b"k"), ("A", &long), ("B", second), ("C", b"")]).keep()
        };
        let (kept, all) = of(b"12");
        assert!(all);
        assert_eq!(kept.get("sec-websocket-key").as_deref(), Some(""));
        assert_eq!(kept.get("b").as_deref(), Some("12"));
        let (kept, all) = of(b"123");
        assert!(!all);
        assert_eq!(kept.get("b").as_deref(), Some("123"));
        let (kept, all) = of(b"1234567");
        assert!(!all);
        assert_eq!(kept.get("b").as_deref(), Some(""));
        assert_eq!(kept.get("a").map(|value| value.len()), Some(long.len()));
    }
}
