//! What a broker sends, as operations. It may come in pieces of any size; what is announced is never allocated up front.

/// The longest line: INFO, which lists the brokers of a cluster.
const LONGEST_INFO: usize = 64 * 1024;
/// The longest line of another kind; brokers themselves allow 4 KiB.
const LONGEST_LINE: usize = 8 * 1024;
/// The largest message that is kept, headers included: what `cluster_publish` takes, and room for headers.
pub(crate) const LARGEST_MESSAGE: usize = 512 * 1024 + 4 * 1024;
/// The most that a broker may announce at all; its own limit is at most 64 MiB.
const MOST_ANNOUNCED: usize = 128 * 1024 * 1024;

/// Something the broker has said.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Operation {
    /// The JSON behind INFO.
    Info(Vec<u8>),
    Message(Message),
    /// A message that was too large, and is gone.
    Oversized,
    Ping,
    Pong,
    Ok,
    Error(String),
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Message {
    pub(crate) subject: String,
    /// The subscription it came for.
    pub(crate) subscription: u64,
    pub(crate) reply: Option<String>,
    /// The number in the headers' first line: 503 means that nobody was there to answer.
    pub(crate) status: Option<u16>,
    /// The sender's id, if its headers name one.
    pub(crate) from: String,
    pub(crate) payload: Vec<u8>,
}

/// The broker has said something that is not its protocol. What comes after has no meaning.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Violation(pub(crate) &'static str);

#[derive(Debug, Default)]
pub(crate) struct Parser {
    state: State,
    /// The line, or the message, as far as it has come.
    gathered: Vec<u8>,
}

#[derive(Debug, Default)]
enum State {
    #[default]
    Line,
    Body {
        message: Message,
        headers: usize,
        total: usize,
    },
    /// So many bytes of a message that is too large, its line end included.
    Skipping(usize),
}

impl Parser {
    /// Takes what has come and calls `each` for every operation that is complete with it.
    pub(crate) fn feed(
        &mut self,
        mut bytes: &[u8],
        mut each: impl FnMut(Operation),
    ) -> Result<(), Violation> {
        while !bytes.is_empty() {
            let (used, operation) = match &self.state {
                State::Line => self.line(bytes)?,
                State::Body { .. } => self.body(bytes)?,
                State::Skipping(left) => {
                    let used = bytes.len().min(*left);
                    let left = *left - used;
                    self.state = if left == 0 { State::Line } else { State::Skipping(left) };
                    (used, (left == 0).then_some(Operation::Oversized))
                }
            };
            bytes = &bytes[used..];
            if let Some(operation) = operation {
                each(operation);
            }
        }
        Ok(())
    }

    fn line(&mut self, bytes: &[u8]) -> Result<(usize, Option<Operation>), Violation> {
        let end = bytes.iter().position(|&byte| byte == b'\n');
        let used = end.map_or(bytes.len(), |end| end + 1);
        self.gathered.extend_from_slice(&bytes[..used.min(LONGEST_INFO + 1)]);
        let most = if is_info(&self.gathered) { LONGEST_INFO } else { LONGEST_LINE };
        if self.gathered.len() > most {
            return Err(Violation("a line of the broker is too long"));
        }
        if end.is_none() {
            return Ok((used, None));
        }
        let line = std::mem::take(&mut self.gathered);
        let line = line.strip_suffix(b"\r\n").or(line.strip_suffix(b"\n")).unwrap_or(&line);
        self.operation(line).map(|operation| (used, operation))
    }

    fn operation(&mut self, line: &[u8]) -> Result<Option<Operation>, Violation> {
        if is_info(line) {
            return Ok(Some(Operation::Info(line[4..].trim_ascii().to_vec())));
        }
        let line = std::str::from_utf8(line).map_err(|_| Violation("a line of the broker is not UTF-8"))?;
        let (name, rest) = line.split_once([' ', '\t']).unwrap_or((line, ""));
        match name.to_ascii_uppercase().as_str() {
            "MSG" => self.begin_message(rest, false),
            "HMSG" => self.begin_message(rest, true),
            "PING" => Ok(Some(Operation::Ping)),
            "PONG" => Ok(Some(Operation::Pong)),
            "+OK" => Ok(Some(Operation::Ok)),
            "-ERR" => Ok(Some(Operation::Error(rest.trim().trim_matches('\'').to_owned()))),
            _ => Err(Violation("the broker says something that is not NATS")),
        }
    }

    /// `subject subscription [reply] [headers] total`
    fn begin_message(&mut self, rest: &str, has_headers: bool) -> Result<Option<Operation>, Violation> {
        const WRONG: Violation = Violation("the broker announces a message that makes no sense");
        let words: Vec<&str> = rest.split_ascii_whitespace().take(6).collect();
        let numbers = if has_headers { 2 } else { 1 };
        let (reply, sizes) = match words.len().checked_sub(2 + numbers) {
            Some(0) => (None, &words[2..]),
            Some(1) => (Some(words[2].to_owned()), &words[3..]),
            _ => return Err(WRONG),
        };
        let size =
            |text: &str| text.parse::<usize>().ok().filter(|&size| size <= MOST_ANNOUNCED).ok_or(WRONG);
        let total = size(sizes[numbers - 1])?;
        let headers = if has_headers { size(sizes[0])? } else { 0 };
        if headers > total {
            return Err(WRONG);
        }
        if total > LARGEST_MESSAGE {
            self.state = State::Skipping(total + 2);
            return Ok(None);
        }
        let subscription = words[1].parse().map_err(|_| WRONG)?;
        let message = Message { subject: words[0].to_owned(), subscription, reply, ..Message::default() };
        self.state = State::Body { message, headers, total };
        Ok(None)
    }

    fn body(&mut self, bytes: &[u8]) -> Result<(usize, Option<Operation>), Violation> {
        let State::Body { message, headers, total } = &mut self.state else { return Ok((0, None)) };
        let used = bytes.len().min(*total + 2 - self.gathered.len());
        self.gathered.extend_from_slice(&bytes[..used]);
        if self.gathered.len() < *total + 2 {
            return Ok((used, None));
        }
        if !self.gathered.ends_with(b"\r\n") {
            return Err(Violation("a message of the broker does not end where it should"));
        }
        let mut message = std::mem::take(message);
        let (head, payload) = self.gathered[..*total].split_at(*headers);
        read_headers(head, &mut message);
        message.payload = payload.to_vec();
        self.gathered = Vec::new();
        self.state = State::Line;
        Ok((used, Some(Operation::Message(message))))
    }
}

fn is_info(line: &[u8]) -> bool {
    line.len() > 4 && line[..4].eq_ignore_ascii_case(b"INFO") && matches!(line[4], b' ' | b'\t')
}

/// Takes from the headers what matters; whatever else is in them, or is broken, is of no interest.
fn read_headers(head: &[u8], message: &mut Message) {
    let Ok(head) = std::str::from_utf8(head) else { return };
    let mut lines = head.split("\r\n");
    let status = lines.next().and_then(|line| line.strip_prefix("NATS/1.0"));
    message.status = status.and_then(|rest| rest.split_ascii_whitespace().next()?.parse().ok());
    for (name, value) in lines.filter_map(|line| line.split_once(':')) {
        if name.trim().eq_ignore_ascii_case(super::write::FROM) {
            message.from = value.trim().to_owned();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(bytes: &[u8]) -> Result<Vec<Operation>, Violation> {
        let mut found = Vec::new();
        Parser::default().feed(bytes, |operation| found.push(operation)).map(|()| found)
    }

    fn message(subject: &str, payload: &[u8]) -> Message {
        Message { subject: subject.into(), subscription: 7, payload: payload.into(), ..Message::default() }
    }

    #[test]
    fn reads_what_brokers_say() {
        let said = b"INFO {\"a\":1} \r\n+OK\r\nPING\r\npong\r\nMSG a.b 7 5\r\nhe\r\no\r\nMSG a.b 7 in.box 0\r\n\r\n-ERR 'No'\r\n";
        let expected = [
            Operation::Info(b"{\"a\":1}".to_vec()),
            Operation::Ok,
            Operation::Ping,
            Operation::Pong,
            Operation::Message(message("a.b", b"he\r\no")),
            Operation::Message(Message { reply: Some("in.box".into()), ..message("a.b", b"") }),
            Operation::Error("No".into()),
        ];
        assert_eq!(parse(said), Ok(expected.to_vec()));
    }

    #[test]
    fn reads_headers() {
        let said = b"HMSG in.1 7 16 16\r\nNATS/1.0 503\r\n\r\n\r\nHMSG t 7 in.2 29 31\r\nNATS/1.0\r\nsw-from:  ab-1 \r\n\r\nhi\r\n";
        let expected = [
            Operation::Message(Message { status: Some(503), ..message("in.1", b"") }),
            Operation::Message(Message {
                reply: Some("in.2".into()),
                from: "ab-1".into(),
                ..message("t", b"hi")
            }),
        ];
        assert_eq!(parse(said), Ok(expected.to_vec()));
    }

    #[test]
    fn what_is_too_large_is_left_out_and_the_stream_goes_on() {
        let size = LARGEST_MESSAGE + 1;
        let mut said = format!("MSG a 7 {size}\r\n").into_bytes();
        said.extend(vec![b'x'; size]);
        said.extend(b"\r\nPING\r\n");
        assert_eq!(parse(&said), Ok(vec![Operation::Oversized, Operation::Ping]));
    }

    #[test]
    fn what_is_not_the_protocol_is_an_error() {
        let long = [b"PING ".as_slice(), &vec![b'x'; LONGEST_LINE]].concat();
        let long_info = [b"INFO ".as_slice(), &vec![b'x'; LONGEST_INFO]].concat();
        for wrong in [
            b"HTTP/1.1 400 Bad Request\r\n".as_slice(),
            b"\r\n",
            b"MSG a 7\r\n",
            b"MSG a x 1\r\n",
            b"MSG a 7 -1\r\n",
            b"MSG a 7 999999999999\r\n",
            b"MSG a 7 b c 1\r\n",
            b"HMSG a 7 9 8\r\n",
            b"MSG a 7 1\r\nxyz",
            b"MSG \xff 7 1\r\n",
            &long,
            &long_info,
        ] {
            assert!(parse(wrong).is_err(), "{}", String::from_utf8_lossy(wrong));
        }
    }

    proptest! {
        #[test]
        fn pieces_make_no_difference(cuts in proptest::collection::vec(0_usize..120, 0..8)) {
            let said = b"INFO {}\r\nHMSG t 7 in.2 27 29\r\nNATS/1.0\r\nSw-From: ab-1\r\n\r\nhi\r\nMSG a.b 7 5\r\nhe\r\no\r\nPING\r\n";
            let said = &said[..];
            let mut cuts: Vec<_> = cuts.into_iter().map(|cut| cut.min(said.len())).collect();
            cuts.extend([0, said.len()]);
            cuts.sort_unstable();
            let mut parser = Parser::default();
            let mut found = Vec::new();
            for pair in cuts.windows(2) {
                prop_assert!(parser.feed(&said[pair[0]..pair[1]], |operation| found.push(operation)).is_ok());
            }
            prop_assert_eq!(Ok(found), parse(said));
        }

        #[test]
        fn no_bytes_break_it(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _ = parse(&bytes);
        }

        #[test]
        fn no_words_break_it(words in proptest::collection::vec("(MSG|HMSG|INFO|PING|-ERR| |\r\n|[0-9]{1,4}|a\\.b|.)", 0..60)) {
            let _ = parse(words.concat().as_bytes());
        }
    }
}
