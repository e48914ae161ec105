//! The log: lines about what is refused, given up, held back, fallen back from and caught, kept until
//! the host fetches them, and on request written to standard error.
//!
//! A line below the level costs one load. Lines are made outside the lock, which is held for a moment.

use std::collections::VecDeque;
use std::fmt;
use std::panic::PanicHookInfo;
use std::sync::Once;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use parking_lot::Mutex;

use crate::sys;

/// How much a line matters; the numbers are those of `network_config_log_level`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(crate) enum Level {
    /// Defects, and what keeps a server from serving.
    Error = 1,
    Warning = 2,
    /// What happens to connections.
    Connection = 3,
    Detail = 4,
}

/// The level that `network_config_log_level` has until it is set.
pub(crate) const DEFAULT_LEVEL: u8 = Level::Warning as u8;
/// Lines kept; of more the oldest go, and are counted.
const MOST_LINES: usize = 1024;
/// Bytes of a line's text: peers have a say in it.
const LONGEST_TEXT: usize = 1000;
/// What can happen many times a second is told once in this time.
const SELDOM: Duration = Duration::from_secs(1);

/// Lines up to this level are made.
static THRESHOLD: AtomicU8 = AtomicU8::new(NOT_YET_KNOWN);
/// Lines up to this level are kept for the host.
static KEPT_LEVEL: AtomicU8 = AtomicU8::new(DEFAULT_LEVEL);
/// Lines up to this level go to standard error: `STEPWIRE_LOG`.
static STDERR_LEVEL: AtomicU8 = AtomicU8::new(0);
/// The environment was not looked at yet.
const NOT_YET_KNOWN: u8 = u8::MAX;

static LINES: Mutex<Lines> = Mutex::new(Lines { kept: VecDeque::new(), lost: 0 });

struct Lines {
    kept: VecDeque<String>,
    /// How many had to go since one was fetched last.
    lost: u64,
}

/// Whether lines of this level are wanted by anybody.
#[inline]
pub(crate) fn is_on(level: Level) -> bool {
    let threshold = THRESHOLD.load(Relaxed);
    if threshold == NOT_YET_KNOWN {
        prepare();
        return level as u8 <= THRESHOLD.load(Relaxed);
    }
    level as u8 <= threshold
}

/// Adds a line, if its level is wanted.
pub(crate) fn write(level: Level, text: fmt::Arguments<'_>) {
    if is_on(level) {
        add(level, &text.to_string());
    }
}

/// Tells what happens often once in a while.
pub(crate) struct Seldom {
    /// Milliseconds of the process's clock, plus one, when it was told last; 0 if it never was.
    told: AtomicU64,
}

impl Seldom {
    pub(crate) const fn new() -> Self {
        Self { told: AtomicU64::new(0) }
    }

    /// As [`write()`], unless another such line came within the last second.
    pub(crate) fn write(&self, level: Level, text: fmt::Arguments<'_>) {
        if !is_on(level) {
            return;
        }
        let now = since_epoch().as_millis() as u64;
        let told = self.told.load(Relaxed);
        // A clock that was set back tells again.
        let recently = told <= now && now - told < SELDOM.as_millis() as u64;
        if !recently && self.told.compare_exchange(told, now, Relaxed, Relaxed).is_ok() {
            add(level, &text.to_string());
        }
    }
}

#[cold]
fn add(level: Level, text: &str) {
    let line = format!("{} {} {}", level as u8, Timestamp(since_epoch()), Printable(text));
    if level as u8 <= STDERR_LEVEL.load(Relaxed) {
        sys::write_to_stderr(format!("stepwire: {line}\n").as_bytes());
    }
    if level as u8 <= KEPT_LEVEL.load(Relaxed) {
        LINES.lock().push(line);
    }
}

/// The oldest line that was not fetched yet.
pub(crate) fn next() -> Option<String> {
    LINES.lock().pop()
}

impl Lines {
    fn push(&mut self, line: String) {
        if self.kept.len() == MOST_LINES {
            self.kept.pop_front();
            self.lost += 1;
        }
        self.kept.push_back(line);
    }

    fn pop(&mut self) -> Option<String> {
        match std::mem::take(&mut self.lost) {
            0 => self.kept.pop_front(),
            lost => {
                let level = Level::Warning as u8;
                let now = Timestamp(since_epoch());
                Some(format!("{level} {now} {lost} older lines were not fetched in time and are gone"))
            }
        }
    }
}

/// `network_config_log_level`.
pub(crate) fn set_level(level: u8) {
    prepare();
    KEPT_LEVEL.store(level, Relaxed);
    THRESHOLD.store(level.max(STDERR_LEVEL.load(Relaxed)), Relaxed);
}

/// Looks at the environment and takes over panics of our own; once.
pub(crate) fn prepare() {
    static PREPARED: Once = Once::new();
    PREPARED.call_once(|| {
        let wanted = std::env::var("STEPWIRE_LOG").ok().and_then(|level| level.trim().parse::<u8>().ok());
        let stderr = wanted.unwrap_or(0).min(Level::Detail as u8);
        STDERR_LEVEL.store(stderr, Relaxed);
        THRESHOLD.store(stderr.max(KEPT_LEVEL.load(Relaxed)), Relaxed);
        take_over_panics();
    });
}

/// Panics of ours are caught where they happen; what they have to say belongs here and not into the
/// game's standard error. Those of others go where they went before.
fn take_over_panics() {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if is_ours(panic) {
            let text = message(panic).unwrap_or("no message");
            let place = panic.location().map(ToString::to_string).unwrap_or_default();
            write(Level::Error, format_args!("a defect in stepwire was caught: {text} ({place})"));
        } else {
            before(panic);
        }
    }));
}

/// Whether the panic happened in our code: in one of our threads, or in one of our files, which is
/// also what the library functions say that are to blame their caller. Asking that only here costs
/// the calls of the host nothing.
fn is_ours(panic: &PanicHookInfo<'_>) -> bool {
    let sources = file!().trim_end_matches("log.rs");
    std::thread::current().name().is_some_and(|name| name.starts_with("stepwire-"))
        || panic.location().is_some_and(|location| location.file().starts_with(sources))
}

fn message<'a>(panic: &'a PanicHookInfo<'_>) -> Option<&'a str> {
    let payload = panic.payload();
    payload.downcast_ref::<&str>().copied().or_else(|| payload.downcast_ref::<String>().map(String::as_str))
}

fn since_epoch() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// Time since 1970 as "2026-11-25T12:00:00.000Z".
struct Timestamp(Duration);

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        let (year, month, day) = date(seconds / 86_400);
        let (hour, minute, second) = (seconds / 3_600 % 24, seconds / 60 % 60, seconds % 60);
        let millis = self.0.subsec_millis();
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z")
    }
}

/// Year, month and day of the Gregorian calendar, `days` after the first of January 1970. It counts
/// in years that begin in March, so that a leap day is the last of its year.
fn date(days: u64) -> (u64, u64, u64) {
    const DAYS_PER_400_YEARS: u64 = 146_097;
    const FROM_MARCH_OF_YEAR_0: u64 = 719_468;
    let days = days + FROM_MARCH_OF_YEAR_0;
    let (era, day) = (days / DAYS_PER_400_YEARS, days % DAYS_PER_400_YEARS);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day_of_month = day - (153 * month + 2) / 5 + 1;
    let (month, next_year) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    (400 * era + year + next_year, month, day_of_month)
}

/// A text in one line, without control characters, and not longer than a line may be.
struct Printable<'a>(&'a str);

impl fmt::Display for Printable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use fmt::Write;
        let mut left = LONGEST_TEXT;
        for c in self.0.chars() {
            left = match left.checked_sub(c.len_utf8()) {
                Some(left) => left,
                None => return f.write_str("..."),
            };
            f.write_char(if c.is_control() { ' ' } else { c })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_as_text() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_399, "2000-02-28T23:59:59.000Z"),
            (951_782_400, "2000-02-29T00:00:00.000Z"),
            (951_868_800, "2000-03-01T00:00:00.000Z"),
            (1_709_164_800, "2024-02-29T00:00:00.000Z"),
            (1_735_689_599, "2024-12-31T23:59:59.000Z"),
            (1_764_072_000, "2025-11-25T12:00:00.000Z"),
            (4_107_542_400, "2100-03-01T00:00:00.000Z"),
        ] {
            assert_eq!(Timestamp(Duration::from_secs(seconds)).to_string(), text);
        }
        assert!(Timestamp(Duration::from_millis(1_007)).to_string().ends_with(":01.007Z"));
    }

    #[test]
    fn the_oldest_lines_give_way_and_are_counted() {
        let mut lines = Lines { kept: VecDeque::new(), lost: 0 };
        for number in 0..MOST_LINES + 3 {
            lines.push(number.to_string());
        }
        assert_eq!(lines.kept.len(), MOST_LINES);
        assert!(lines.pop().unwrap().ends_with("Z 3 older lines were not fetched in time and are gone"));
        for number in 3..MOST_LINES + 3 {
            assert_eq!(lines.pop(), Some(number.to_string()));
        }
        assert_eq!(lines.pop(), None);
    }

    #[test]
    fn a_text_of_a_peer_is_one_line_of_bounded_length() {
        assert_eq!(Printable("a\nb\0c\u{1b}[1m").to_string(), "a b c [1m");
        let long = Printable(&"ä".repeat(LONGEST_TEXT)).to_string();
        assert_eq!(long.len(), LONGEST_TEXT + "...".len());
    }

    #[test]
    fn a_panic_of_ours_is_a_line() {
        prepare();
        let caught = std::panic::catch_unwind(|| panic!("the panic of this test"));
        assert!(caught.is_err());
        let found = LINES.lock().kept.iter().any(|line| {
            line.starts_with("1 ")
                && line.contains("a defect in stepwire was caught: the panic of this test (")
        });
        assert!(found);
    }
}
