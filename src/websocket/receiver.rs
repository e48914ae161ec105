//! The receiving half of an open WebSocket: a stream of bytes, cut anywhere, becomes messages.
//!
//! Bytes arrive in a buffer that many connections share. A message that lies in it whole is
//! unmasked where it is and handed over as a range; only one that does not is put together in
//! memory of the connection's own, which grows with the bytes that came, never with a size that
//! was announced, and is gone when the message is.

use std::ops::Range;

use super::close;
use super::frame::{Header, MAX_HEADER, Opcode};
use super::kinds::{Kind, Side};
use super::mask::{self, Key};
use super::utf8::Utf8;
use super::violation::Violation;

/// Takes what a [`Receiver`] finds, in the order in which it was sent.
pub trait MessageSink {
    /// A message that lies whole at `range` of the bytes passed to [`Receiver::receive`];
    /// `payload` is the same bytes.
    fn message_in_place(&mut self, kind: Kind, range: Range<usize>, payload: &[u8]);

    /// A message that came in pieces.
    fn message_owned(&mut self, kind: Kind, payload: Vec<u8>);

    /// To be answered with a pong of the same payload. When several wait, answering the last is
    /// enough (section 5.5.3).
    fn ping(&mut self, payload: &[u8]);

    fn pong(&mut self, payload: &[u8]);

    /// The peer sends nothing more; what it sends nevertheless is ignored.
    fn close(&mut self, code: Option<u16>, reason: &str);

    /// A frame begins. Of short messages that lie whole in the bytes this is not told.
    fn frame(&mut self) {}

    /// Whether what follows must wait: see [`Receiver::receive`].
    fn is_full(&self) -> bool {
        false
    }
}

/// The state of one connection's incoming half.
#[derive(Debug)]
pub struct Receiver {
    /// Between messages there is none: a word does for most connections, most of the time.
    state: Option<Box<State>>,
    role: Side,
}

#[derive(Debug)]
struct State {
    /// The message so far, and behind it the part of a control frame that came so far.
    buffer: Vec<u8>,
    phase: ParseState,
    text: Utf8,
    role: Side,
    /// Set between the fragments of a message.
    fragmented: Option<Kind>,
    /// Messages are of no interest any more: nothing of them is kept or looked into.
    forgets: bool,
}

#[derive(Debug)]
enum ParseState {
    /// At a header, of which `length` bytes came at the end of an earlier piece.
    Header { bytes: [u8; MAX_HEADER], length: u8 },
    /// Inside a payload.
    Payload(Frame),
    /// After a close frame or a violation.
    Ended,
}

impl ParseState {
    const BETWEEN_FRAMES: Self = Self::Header { bytes: [0; MAX_HEADER], length: 0 };
}

/// What is left of the frame that is being received.
#[derive(Clone, Copy, Debug)]
struct Frame {
    remaining: u64,
    /// Turned so that it fits the next byte.
    key: Key,
    content: Content,
    fin: bool,
}

#[derive(Clone, Copy, Debug)]
enum Content {
    Message(Kind),
    Control {
        opcode: Opcode,
        /// How many of its bytes stand at the end of the buffer.
        buffered: u8,
    },
}

impl Receiver {
    #[must_use]
    pub fn new(role: Side) -> Self {
        Self { state: None, role }
    }

    /// Bytes of memory that an unfinished message occupies; 0 when there is none.
    #[must_use]
    pub fn memory(&self) -> usize {
        self.state.as_ref().map_or(0, |state| state.buffer.capacity())
    }

    /// How much there is of a message or a frame that has not come whole; 0 between messages.
    #[must_use]
    pub fn partial(&self) -> usize {
        self.state.as_ref().map_or(0, |state| state.partial())
    }

    /// How many bytes the message that has begun still lacks, or may lack where `limit` alone is known of
    /// its size; 0 between messages.
    #[must_use]
    pub fn missing(&self, limit: usize) -> u64 {
        self.state.as_ref().map_or(0, |state| state.missing(limit))
    }

    /// From now on messages are skipped, the one that has begun to come too; control frames are not.
    pub fn forget_messages(&mut self) {
        self.state.get_or_insert_with(|| Box::new(State::between_messages(self.role))).forget_messages();
    }

    /// Takes `bytes`, in which payloads are unmasked in place, up to the frame after which the sink
    /// says that it is full, and returns how many that were. A message larger than `limit` is a
    /// violation as soon as its size is known. After a violation, as after a close frame, whatever
    /// follows is ignored.
    pub fn receive(
        &mut self,
        bytes: &mut [u8],
        limit: usize,
        sink: &mut impl MessageSink,
    ) -> Result<usize, Violation> {
        let Some(state) = &mut self.state else {
            let mut state = State::between_messages(self.role);
            let result = state.receive(bytes, limit, sink);
            if !state.is_between_messages() {
                self.state = Some(Box::new(state));
            }
            return result;
        };
        let result = state.receive(bytes, limit, sink);
        if state.is_between_messages() {
            self.state = None;
        }
        result
    }
}

impl State {
    fn between_messages(role: Side) -> Self {
        Self {
            buffer: Vec::new(),
            phase: ParseState::BETWEEN_FRAMES,
            text: Utf8::default(),
            role,
            fragmented: None,
            forgets: false,
        }
    }

    /// Whether it is as in the beginning.
    fn is_between_messages(&self) -> bool {
        matches!(self.phase, ParseState::Header { length: 0, .. })
            && self.fragmented.is_none()
            && self.buffer.capacity() == 0
            && !self.forgets
    }

    fn partial(&self) -> usize {
        let of_frame = match self.phase {
            ParseState::Header { length, .. } => usize::from(length),
            ParseState::Payload(_) => 1,
            ParseState::Ended => return 0,
        };
        self.buffer.len() + of_frame + usize::from(self.fragmented.is_some())
    }

    fn missing(&self, limit: usize) -> u64 {
        match self.phase {
            ParseState::Payload(Frame { remaining, fin: true, content: Content::Message(_), .. }) => {
                remaining
            }
            ParseState::Ended => 0,
            ParseState::Header { length: 0, .. } if self.fragmented.is_none() => 0,
            ParseState::Header { .. } if self.fragmented.is_none() => MAX_HEADER as u64,
            _ => limit.saturating_sub(self.buffer.len()).max(1) as u64,
        }
    }

    fn forget_messages(&mut self) {
        self.forgets = true;
        let control = match self.phase {
            ParseState::Payload(Frame { content: Content::Control { buffered, .. }, .. }) => buffered.into(),
            _ => 0,
        };
        self.buffer = self.buffer.split_off(self.buffer.len() - control);
        self.buffer.shrink_to_fit();
    }

    fn receive(
        &mut self,
        bytes: &mut [u8],
        limit: usize,
        sink: &mut impl MessageSink,
    ) -> Result<usize, Violation> {
        let result = self.consume(bytes, limit, sink);
        if result.is_err() {
            self.end();
        }
        result
    }

    fn consume(
        &mut self,
        bytes: &mut [u8],
        limit: usize,
        sink: &mut impl MessageSink,
    ) -> Result<usize, Violation> {
        let mut at = 0;
        while at < bytes.len() && !sink.is_full() {
            let frame = match self.phase {
                ParseState::Header { length, .. } => {
                    if length == 0 && self.fragmented.is_none() && !self.forgets {
                        at = self.short_messages(bytes, at, limit, sink)?;
                        if at == bytes.len() || sink.is_full() {
                            break;
                        }
                    }
                    let rest = &bytes[at..];
                    let header = match length {
                        0 => Header::parse(rest, self.role)?,
                        _ => self.split_header(rest)?,
                    };
                    let Some((header, length)) = header else {
                        self.keep_header(rest);
                        return Ok(bytes.len());
                    };
                    at += length;
                    sink.frame();
                    self.begin(&header, limit)?
                }
                ParseState::Payload(frame) => {
                    self.phase = ParseState::BETWEEN_FRAMES;
                    frame
                }
                ParseState::Ended => return Ok(bytes.len()),
            };
            let available = bytes.len() - at;
            if frame.remaining <= available as u64 && self.is_untouched(&frame) {
                let end = at + frame.remaining as usize;
                let payload = &mut bytes[at..end];
                if self.role == Side::Server {
                    mask::apply(payload, frame.key);
                }
                self.whole_frame(frame, at..end, payload, sink)?;
                at = end;
            } else {
                at += self.part_of_frame(frame, &mut bytes[at..], sink)?;
            }
        }
        Ok(at)
    }

    /// Takes the frames of which there are most in a tight loop, up to the first other one: whole
    /// messages of at most 125 bytes. Returns where that is.
    #[inline]
    fn short_messages(
        &self,
        bytes: &mut [u8],
        mut at: usize,
        limit: usize,
        sink: &mut impl MessageSink,
    ) -> Result<usize, Violation> {
        let masked = self.role == Side::Server;
        let (mask_bit, header_length) = if masked { (0x80, 6) } else { (0, 2) };
        let longest = limit.min(125);
        while let Some(&[first, second]) = bytes.get(at..at + 2) {
            let kind = match first {
                0x81 => Kind::Text,
                0x82 => Kind::Binary,
                _ => break,
            };
            let length = usize::from(second ^ mask_bit);
            let start = at + header_length;
            let end = start + length;
            if length > longest || end > bytes.len() {
                break;
            }
            let (header, payload) = bytes[at..end].split_at_mut(header_length);
            if let [_, _, a, b, c, d] = *header {
                mask::apply(payload, [a, b, c, d]);
            }
            if kind == Kind::Text && std::str::from_utf8(payload).is_err() {
                return Err(Violation::TextNotUtf8);
            }
            sink.message_in_place(kind, start..end, payload);
            at = end;
            if sink.is_full() {
                break;
            }
        }
        Ok(at)
    }

    /// Reads a header that began in an earlier piece, and says how many of its bytes are in this.
    fn split_header(&mut self, bytes: &[u8]) -> Result<Option<(Header, usize)>, Violation> {
        let ParseState::Header { bytes: mut joined, length } = self.phase else {
            return Ok(None);
        };
        let before = usize::from(length);
        let count = bytes.len().min(MAX_HEADER - before);
        joined[before..before + count].copy_from_slice(&bytes[..count]);
        let header = Header::parse(&joined[..before + count], self.role)?;
        if header.is_some() {
            self.phase = ParseState::BETWEEN_FRAMES;
        }
        Ok(header.map(|(header, whole)| (header, whole - before)))
    }

    /// Keeps the start of a header, all that is left of this piece.
    fn keep_header(&mut self, rest: &[u8]) {
        if let ParseState::Header { bytes, length } = &mut self.phase {
            let before = usize::from(*length);
            bytes[before..before + rest.len()].copy_from_slice(rest);
            *length += rest.len() as u8;
        }
    }

    /// Checks a header against the frames before it.
    #[inline]
    fn begin(&self, header: &Header, limit: usize) -> Result<Frame, Violation> {
        let content = match (header.opcode, self.fragmented) {
            (Opcode::Text, None) => Content::Message(Kind::Text),
            (Opcode::Binary, None) => Content::Message(Kind::Binary),
            (Opcode::Continuation, Some(kind)) => Content::Message(kind),
            (Opcode::Text | Opcode::Binary, Some(_)) => {
                return Err(Violation::MessageInsideMessage);
            }
            (Opcode::Continuation, None) => return Err(Violation::ContinuationOfNothing),
            (opcode, _) => Content::Control { opcode, buffered: 0 },
        };
        // Between frames the buffer holds nothing but the fragments of this message.
        if matches!(content, Content::Message(_))
            && header.length > limit.saturating_sub(self.buffer.len()) as u64
        {
            return Err(Violation::TooBig);
        }
        Ok(Frame { remaining: header.length, key: header.mask.unwrap_or_default(), content, fin: header.fin })
    }

    /// Whether what is still to come of the frame is all that its event needs.
    #[inline]
    fn is_untouched(&self, frame: &Frame) -> bool {
        match frame.content {
            Content::Message(_) => frame.fin && self.buffer.is_empty(),
            Content::Control { buffered, .. } => buffered == 0,
        }
    }

    #[inline]
    fn whole_frame(
        &mut self,
        frame: Frame,
        range: Range<usize>,
        payload: &[u8],
        sink: &mut impl MessageSink,
    ) -> Result<(), Violation> {
        match frame.content {
            Content::Message(kind) => {
                self.fragmented = None;
                if self.forgets {
                    return Ok(());
                }
                if kind == Kind::Text && std::str::from_utf8(payload).is_err() {
                    return Err(Violation::TextNotUtf8);
                }
                sink.message_in_place(kind, range, payload);
            }
            Content::Control { opcode, .. } => {
                control(opcode, payload, sink)?;
                if opcode == Opcode::Close {
                    self.end();
                }
            }
        }
        Ok(())
    }

    /// Takes what is there of a frame, and returns how much that was.
    fn part_of_frame(
        &mut self,
        mut frame: Frame,
        bytes: &mut [u8],
        sink: &mut impl MessageSink,
    ) -> Result<usize, Violation> {
        let count = frame.remaining.min(bytes.len() as u64) as usize;
        let part = &mut bytes[..count];
        if self.role == Side::Server {
            mask::apply(part, frame.key);
            frame.key = mask::advance(frame.key, count);
        }
        let is_skipped = self.forgets && matches!(frame.content, Content::Message(_));
        if !is_skipped {
            if matches!(frame.content, Content::Message(Kind::Text)) {
                self.text.push(part).map_err(|_| Violation::TextNotUtf8)?;
            }
            self.append(part, &frame);
        }
        frame.remaining -= count as u64;
        if let Content::Control { buffered, .. } = &mut frame.content {
            *buffered += count as u8;
        }
        if frame.remaining > 0 {
            self.phase = ParseState::Payload(frame);
        } else {
            self.finish_frame(frame, sink)?;
        }
        Ok(count)
    }

    /// Appends to the buffer, which doubles as it grows, but not past a message's known end.
    fn append(&mut self, part: &[u8], frame: &Frame) {
        let length = self.buffer.len();
        let needed = length + part.len();
        if needed > self.buffer.capacity() {
            let end = match frame.content {
                Content::Message(_) if frame.fin => length + frame.remaining as usize,
                _ => usize::MAX,
            };
            let capacity = needed.max(2 * length).min(end);
            self.buffer.reserve_exact(capacity - length);
        }
        self.buffer.extend_from_slice(part);
    }

    fn finish_frame(&mut self, frame: Frame, sink: &mut impl MessageSink) -> Result<(), Violation> {
        match frame.content {
            // None that is skipped: of those nothing is in the buffer, so that `whole_frame` takes their end.
            Content::Message(kind) if frame.fin => {
                self.text.finish().map_err(|_| Violation::TextNotUtf8)?;
                self.fragmented = None;
                sink.message_owned(kind, std::mem::take(&mut self.buffer));
            }
            Content::Message(kind) => self.fragmented = Some(kind),
            Content::Control { opcode, buffered } => {
                let start = self.buffer.len() - usize::from(buffered);
                control(opcode, &self.buffer[start..], sink)?;
                if opcode == Opcode::Close {
                    self.end();
                } else if start == 0 {
                    self.buffer = Vec::new();
                } else {
                    self.buffer.truncate(start);
                }
            }
        }
        Ok(())
    }

    fn end(&mut self) {
        self.phase = ParseState::Ended;
        self.buffer = Vec::new();
    }
}

fn control(opcode: Opcode, payload: &[u8], sink: &mut impl MessageSink) -> Result<(), Violation> {
    match opcode {
        Opcode::Ping => sink.ping(payload),
        Opcode::Pong => sink.pong(payload),
        _ => {
            let (code, reason) = close::parse(payload)?;
            sink.close(code, reason);
        }
    }
    Ok(())
}
