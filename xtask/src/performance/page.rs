//! The measurements as tables: of `docs/performance.md`, of README.md and of the terminal.

use std::fmt::Write as _;

use super::{BARE, IO_THREAD, Kind, MANUAL, Measured, Results, Row, Spread};

/// Puts what was made between the lines that mark its place.
pub fn insert(text: &str, place: &str, made: &str) -> Result<String, String> {
    let (begin, end) = (format!("<!-- {place}: begin -->\n"), format!("<!-- {place}: end -->"));
    let (before, rest) = text.split_once(&begin).ok_or_else(|| format!("there is no place for {place}"))?;
    let (_, after) = rest.split_once(&end).ok_or_else(|| format!("the place for {place} has no end"))?;
    Ok(format!("{before}{begin}{made}{end}{after}"))
}

/// The few lines that README.md shows.
pub fn readme_table(results: &Results) -> String {
    let mut text = format!(
        "Processor time for each message beside that of a bare epoll server in the same run ({}, {}; medians):\n\n",
        results.machine.processor, results.machine.date
    );
    let cells = [(100, 1), (1000, 1), (100, 16), (1000, 16)];
    text.push_str(
        "| | 100, one in flight | 1 000, one | 100, sixteen | 1 000, sixteen |\n|---|---|---|---|---|\n",
    );
    for (transport, size, words) in [
        ("TCP", 64, "TCP, 64 bytes"),
        ("WebSocket", 64, "WebSocket, 64 bytes"),
        ("WebSocket", 16384, "WebSocket, 16 KiB"),
    ] {
        for (name, way) in [(MANUAL, "manual I/O"), (IO_THREAD, "I/O thread")] {
            let ratios = cells.map(|(connections, depth)| {
                find(results, Kind::Echo, transport, connections, depth, size)
                    .and_then(|row| row.server(name)?.ratio)
                    .map_or_else(String::new, |ratio| format!("{:.2}", ratio.median))
            });
            let _ = writeln!(text, "| {words}, {way} | {} |", ratios.join(" | "));
        }
    }
    text.push('\n');
    text.push_str(&readme_sentences(results));
    text
}

fn readme_sentences(results: &Results) -> String {
    let mut sentences = Vec::new();
    if let Some(row) = find(results, Kind::FanOut, "TCP", 1000, 1, 64)
        && let Some(own) = row.server(IO_THREAD)
        && let (Some(ratio), Some(thread)) = (own.ratio, own.game_thread_ns)
    {
        sentences.push(format!(
            "One 64-byte packet to a group of 1 000 costs {:.2} times the processor time of a bare loop of `send`, {:.0} ns a member of it on the game's thread.",
            ratio.median, thread.median
        ));
    }
    if let Some(row) = find(results, Kind::Frame, "TCP", 1000, 60, 64)
        && let (Some(own), Some(bare)) = (
            row.server(IO_THREAD).and_then(|own| own.frame_us),
            row.server(BARE).and_then(|bare| bare.frame_us),
        )
    {
        sentences.push(format!(
            "A frame with 1 000 players, each sending one packet and getting one, costs the game's thread {:.0} µs; with calls of its own on 1 000 sockets {:.0} µs.",
            own.median, bare.median
        ));
    }
    let memory = |transport| {
        find(results, Kind::Idle, transport, 10_000, 1, 64).and_then(|row| row.server(IO_THREAD)?.memory)
    };
    if let (Some(tcp), Some(websocket)) = (memory("TCP"), memory("WebSocket")) {
        sentences.push(format!(
            "An idle TCP connection takes {:.0} bytes of resident memory, an idle WebSocket {:.0}.",
            tcp.median, websocket.median
        ));
    }
    sentences.iter().fold(String::new(), |text, sentence| text + sentence + "\n")
}

fn find<'a>(
    results: &'a Results,
    kind: Kind,
    transport: &str,
    connections: usize,
    depth: usize,
    size: usize,
) -> Option<&'a Row> {
    results.rows.iter().find(|row| {
        (row.kind, row.transport.as_str(), row.connections, row.depth, row.size)
            == (kind, transport, connections, depth, size)
    })
}

/// All tables of the page, with the machine before them and what is missing.
pub fn page_tables(results: &Results) -> String {
    let machine = &results.machine;
    let mut text = format!(
        "Measured on {} with stepwire {}: {}, {} processors, {}. Load average before the run {:.2}, after it {:.2}.\n",
        machine.date,
        machine.version,
        machine.processor,
        machine.processors,
        machine.system,
        machine.load_before,
        machine.load_after
    );
    for missing in &results.missing {
        let _ = writeln!(text, "\nMissing: {} ({}).", missing.what, missing.why);
    }
    for (kind, heading) in HEADINGS {
        let rows: Vec<&Row> = results.rows.iter().filter(|row| row.kind == kind).collect();
        if !rows.is_empty() {
            let _ = write!(text, "\n### {heading}\n");
            for row in rows {
                let _ = write!(text, "\n{}", table(row));
            }
        }
    }
    text
}

/// The same for a terminal.
pub fn terminal_table(row: &Row) -> String {
    table(row)
}

const HEADINGS: [(Kind, &str); 10] = [
    (Kind::Echo, "Echo"),
    (Kind::FanOut, "One message to many"),
    (Kind::Frame, "The frame's bill"),
    (Kind::Growth, "How cost grows"),
    (Kind::Lone, "A lone round trip"),
    (Kind::Accept, "Accepting"),
    (Kind::Idle, "Idle connections"),
    (Kind::Reliable, "Reliable UDP on loopback"),
    (Kind::ReliableOverLink, "Reliable UDP over 20 ms and 5 % loss each way"),
    (Kind::ReliableBesideLarge, "Reliable UDP over that beside messages of 1 MiB"),
];

type Column = (&'static str, usize, fn(&Measured) -> Option<Spread>);

const COLUMNS: [Column; 9] = [
    ("CPU to bare", 2, |server| server.ratio),
    ("CPU ns", 0, |server| server.cpu_ns),
    ("game's thread ns", 0, |server| server.game_thread_ns),
    ("a second", 0, |server| server.per_second),
    ("p50 µs", 0, |server| server.p50_us),
    ("p99 µs", 0, |server| server.p99_us),
    ("frame µs", 0, |server| server.frame_us),
    ("frame p99 µs", 0, |server| server.frame_p99_us),
    ("bytes a connection", 0, |server| server.memory),
];

fn table(row: &Row) -> String {
    let columns: Vec<Column> = COLUMNS
        .into_iter()
        .filter(|(_, _, value)| row.servers.iter().any(|server| value(server).is_some()))
        .collect();
    let names: Vec<&str> = columns.iter().map(|(name, _, _)| *name).collect();
    let mut text = format!("| {} | {} |\n", title(row), names.join(" | "));
    let _ = writeln!(text, "|---|{}", "---|".repeat(columns.len()));
    for server in &row.servers {
        let cells: Vec<String> =
            columns.iter().map(|(_, decimals, value)| cell(value(server), *decimals)).collect();
        let _ = writeln!(text, "| {} | {} |", server.name, cells.join(" | "));
    }
    text
}

fn title(row: &Row) -> String {
    let size = if row.size >= 1024 { format!("{} KiB", row.size / 1024) } else { format!("{} B", row.size) };
    let connections = thousands(row.connections as f64, 0);
    match row.kind {
        Kind::Echo | Kind::Growth | Kind::Reliable => {
            format!("{} {size}, {connections} x {} in flight", row.transport, row.depth)
        }
        Kind::FanOut => format!("{} {size} to {connections}", row.transport),
        Kind::Frame | Kind::ReliableOverLink | Kind::ReliableBesideLarge => {
            format!("{} {size}, {connections} x {} a second", row.transport, row.depth)
        }
        Kind::Lone => format!("{} {size}", row.transport),
        Kind::Accept => format!("{} connections", row.transport),
        Kind::Idle => format!("{}, {connections} connections", row.transport),
    }
}

fn cell(spread: Option<Spread>, decimals: usize) -> String {
    spread.map_or_else(String::new, |spread| {
        let [median, lowest, highest] =
            [spread.median, spread.lowest, spread.highest].map(|value| thousands(value, decimals));
        if lowest == highest { median } else { format!("{median} ({lowest}-{highest})") }
    })
}

/// A number with its thousands apart.
fn thousands(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    let (whole, rest) = text.split_at(text.find('.').unwrap_or(text.len()));
    let mut apart = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index) % 3 == 0 && whole.len() > 3 {
            apart.push(' ');
        }
        apart.push(digit);
    }
    apart + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_apart() {
        assert_eq!(thousands(1_234_567.0, 0), "1 234 567");
        assert_eq!(thousands(123.456, 2), "123.46");
        assert_eq!(thousands(1000.0, 0), "1 000");
    }

    #[test]
    fn what_is_made_takes_the_place_of_what_was_there() {
        let text = "a\n<!-- x: begin -->\nold\n<!-- x: end -->\nb\n";
        let made = insert(text, "x", "new\n").unwrap();
        assert_eq!(made, "a\n<!-- x: begin -->\nnew\n<!-- x: end -->\nb\n");
        assert!(insert(text, "y", "").is_err());
    }
}
