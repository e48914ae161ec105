//! Arguments by a fuzzer's bytes: mostly such that a call does something.

use std::ffi::CStr;

pub struct Script<'a> {
    bytes: &'a [u8],
    /// What calls have returned.
    results: Vec<f64>,
}

const TEXTS: [&CStr; 20] = [
    c"127.0.0.1",
    c"::1",
    c"localhost",
    c"ws://127.0.0.1/path?query",
    c"ws://[::1]:0/",
    c"",
    c" ",
    c"http://x",
    c"127.0.0.1:80",
    c"game.v1, game.v2",
    c"X-Name: value\nY: z",
    c"https://a.example, null",
    c"127.0.0.1, 10.0.0.0/8, ::/0",
    c"/health",
    c"type",
    c"bytes_sent",
    c"ip",
    c"\xff\xfe",
    c"header:Host",
    c"0.0.0.0",
];

const NUMBERS: [f64; 20] = [
    0.0,
    1.0,
    2.0,
    3.0,
    -1.0,
    0.5,
    6.0,
    7.0,
    10.0,
    64.0,
    1000.0,
    65_535.0,
    65_536.0,
    1e9,
    2_147_483_648.0,
    -0.0,
    f64::NAN,
    f64::INFINITY,
    -1e300,
    9_007_199_254_740_993.0,
];

impl<'a> Script<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, results: vec![0.0] }
    }

    pub fn next(&mut self) -> Option<u8> {
        let (&first, rest) = self.bytes.split_first()?;
        self.bytes = rest;
        Some(first)
    }

    pub fn byte(&mut self) -> u8 {
        self.next().unwrap_or(0)
    }

    pub fn text(&mut self) -> &'static CStr {
        TEXTS[usize::from(self.byte()) % TEXTS.len()]
    }

    pub fn number(&mut self) -> f64 {
        let choice = usize::from(self.byte());
        NUMBERS.get(choice % 32).copied().unwrap_or_else(|| (choice % 32) as f64)
    }

    /// Mostly something that a call has returned: a handle or a port.
    pub fn result(&mut self) -> f64 {
        let choice = usize::from(self.byte());
        if choice % 8 == 7 { self.number() } else { self.results[choice % self.results.len()] }
    }

    pub fn keep(&mut self, result: f64) {
        if result >= 0.0 && self.results.len() < 24 {
            self.results.push(result);
        }
    }

    /// Bytes to send, and a size that does not go beyond them unless it is refused for what it is.
    pub fn buffer(&mut self) -> (&'static [u8], f64) {
        static BYTES: [u8; 70_000] = [0xde; 70_000];
        let size = match self.byte() % 12 {
            0 => 0.0,
            1 => 65_507.0,
            2 => 65_508.0,
            3 => -1.0,
            4 => f64::NAN,
            5 => 0.5,
            6 => 1e300,
            7 => 70_000.0,
            _ => f64::from(self.byte()),
        };
        (&BYTES, size)
    }
}

/// A failure has a name, and nothing else is negative.
pub fn check(name: &str, result: f64) {
    if result < 0.0 || result.is_nan() {
        let known = [-99.0].into_iter().chain((1..=16).map(|number| -f64::from(number)));
        assert!(known.into_iter().any(|error| error == result), "{name} returned {result}");
        assert_ne!(result, -99.0, "{name} failed within");
    }
}
