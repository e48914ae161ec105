//! Whether new measurements are worse than committed ones.

use super::{BARE, IO_THREAD, Kind, MANUAL, Measured, Results, Row, Spread};

/// Differences below this say nothing on a machine that does other things.
const TOLERANCE: f64 = 1.10;

/// One line for each figure of ours that got worse. What is compared hardly depends on the machine: processor time
/// and frames beside the bare server's, and memory.
pub fn compare(before: &Results, after: &Results) -> Vec<String> {
    let mut worse = Vec::new();
    for row in &after.rows {
        let Some(old) = before.rows.iter().find(|old| old.is_like(row)) else { continue };
        if let (Some(then), Some(now)) = (enet_to_reliable(old), enet_to_reliable(row))
            && now > then * TOLERANCE
        {
            worse.push(format!("{}: ENet's messages a second to ours {now:.2}, was {then:.2}", title(row)));
        }
        for name in [IO_THREAD, MANUAL] {
            if let (Some(then), Some(now)) = (old.server(name), row.server(name)) {
                let mut note = |what: &str, then: Option<Spread>, now: Option<Spread>| {
                    if let (Some(then), Some(now)) = (then, now)
                        && is_worse(then, now)
                    {
                        worse.push(format!(
                            "{name}, {}: {what} {:.2} ({:.2}-{:.2}), was {:.2} ({:.2}-{:.2})",
                            title(row),
                            now.median,
                            now.lowest,
                            now.highest,
                            then.median,
                            then.lowest,
                            then.highest
                        ));
                    }
                };
                note("processor time to the bare server's", then.ratio, now.ratio);
                note("a frame to the bare server's", frame_ratio(old, then), frame_ratio(row, now));
                note("bytes of memory a connection", then.memory, now.memory);
            }
        }
    }
    worse
}

/// The middle must have gone up, and the best of the new ones be no better than the old middle.
fn is_worse(then: Spread, now: Spread) -> bool {
    now.median > then.median * TOLERANCE && now.lowest > then.median
}

fn frame_ratio(row: &Row, own: &Measured) -> Option<Spread> {
    let (own, bare) = (own.frame_us?, row.server(BARE)?.frame_us?);
    let part = |value: f64| value / bare.median;
    Some(Spread { median: part(own.median), lowest: part(own.lowest), highest: part(own.highest) })
}

/// How many messages a second ENet carries for each of our reliable UDP.
fn enet_to_reliable(row: &Row) -> Option<f64> {
    if row.kind != Kind::Reliable {
        return None;
    }
    Some(row.server("ENet")?.per_second?.median / row.server("stepwire")?.per_second?.median)
}

fn title(row: &Row) -> String {
    format!("{:?} {} {} B {}x{}", row.kind, row.transport, row.size, row.connections, row.depth)
}

#[cfg(test)]
mod tests {
    use super::super::Machine;
    use super::*;

    fn results(ratio: [f64; 3]) -> Results {
        let [lowest, median, highest] = ratio;
        let server = Measured {
            name: MANUAL.into(),
            ratio: Some(Spread { median, lowest, highest }),
            ..Measured::default()
        };
        Results {
            machine: Machine {
                date: String::new(),
                version: String::new(),
                processor: String::new(),
                processors: 2,
                system: String::new(),
                load_before: 0.0,
                load_after: 0.0,
            },
            missing: Vec::new(),
            rows: vec![Row {
                kind: Kind::Echo,
                transport: "TCP".into(),
                connections: 100,
                depth: 1,
                size: 64,
                servers: vec![server],
            }],
        }
    }

    #[test]
    fn what_is_clearly_slower_is_told() {
        let worse = compare(&results([0.9, 1.0, 1.1]), &results([1.05, 1.3, 1.4]));
        assert_eq!(worse.len(), 1, "{worse:?}");
        assert!(worse[0].contains("Echo TCP 64 B 100x1") && worse[0].contains("1.30"), "{worse:?}");
    }

    #[test]
    fn noise_is_not() {
        assert!(compare(&results([0.9, 1.0, 1.1]), &results([0.95, 1.2, 1.4])).is_empty());
        assert!(compare(&results([0.9, 1.0, 1.1]), &results([1.01, 1.05, 1.1])).is_empty());
    }
}
