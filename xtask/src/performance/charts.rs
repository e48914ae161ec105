//! Plots of how cost grows with the number of connections: SVG by hand, logarithmic both ways.

use std::fmt::Write as _;

use super::{Kind, Measured, Results, Spread};

const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 360.0;
const LEFT: f64 = 70.0;
const RIGHT: f64 = 190.0;
const TOP: f64 = 40.0;
const BOTTOM: f64 = 45.0;

/// Told apart by those who see no difference of red and green, too.
const COLOURS: [&str; 6] = ["#000000", "#0072b2", "#56b4e9", "#d55e00", "#009e73", "#cc79a7"];

struct Plot {
    file: &'static str,
    title: &'static str,
    value: fn(&Measured) -> Option<Spread>,
}

const PLOTS: [Plot; 4] = [
    Plot {
        file: "performance-throughput.svg",
        title: "messages a second",
        value: |server| server.per_second,
    },
    Plot {
        file: "performance-latency.svg",
        title: "99th percentile of round trips, µs",
        value: |server| server.p99_us,
    },
    Plot {
        file: "performance-cpu.svg",
        title: "processor time for each message, ns",
        value: |server| server.cpu_ns,
    },
    Plot {
        file: "performance-memory.svg",
        title: "memory for each connection, bytes",
        value: |server| server.memory,
    },
];

struct Line {
    name: String,
    /// Connections and value.
    points: Vec<(f64, f64)>,
}

/// The files and their contents.
pub fn plots(results: &Results) -> Vec<(&'static str, String)> {
    PLOTS.iter().map(|plot| (plot.file, draw(plot.title, &lines(results, plot.value)))).collect()
}

fn lines(results: &Results, value: fn(&Measured) -> Option<Spread>) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    for row in results.rows.iter().filter(|row| row.kind == Kind::Growth) {
        for server in &row.servers {
            let Some(spread) = value(server).filter(|spread| spread.median > 0.0) else { continue };
            let point = (row.connections as f64, spread.median);
            match lines.iter_mut().find(|line| line.name == server.name) {
                Some(line) => line.points.push(point),
                None => lines.push(Line { name: server.name.clone(), points: vec![point] }),
            }
        }
    }
    lines
}

/// A range in powers of ten that has all values.
fn decades(values: impl Iterator<Item = f64>) -> (i32, i32) {
    let (mut low, mut high) = (i32::MAX, i32::MIN);
    for value in values {
        low = low.min(value.log10().floor() as i32);
        high = high.max(value.log10().ceil() as i32);
    }
    if low > high { (0, 1) } else { (low, high.max(low + 1)) }
}

fn draw(title: &str, lines: &[Line]) -> String {
    let points = || lines.iter().flat_map(|line| &line.points);
    let across = decades(points().map(|point| point.0));
    let up = decades(points().map(|point| point.1));
    let place =
        |value: f64, (low, high): (i32, i32)| (value.log10() - f64::from(low)) / f64::from(high - low);
    let x = |value: f64| LEFT + place(value, across) * (WIDTH - LEFT - RIGHT);
    let y = |value: f64| HEIGHT - BOTTOM - place(value, up) * (HEIGHT - TOP - BOTTOM);
    let (right, bottom) = (WIDTH - RIGHT, HEIGHT - BOTTOM);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"#ffffff\"/>\n\
         <text x=\"{LEFT}\" y=\"22\" font-size=\"15\">{title}</text>\n"
    );
    for decade in across.0..=across.1 {
        let (value, at) = (10f64.powi(decade), x(10f64.powi(decade)));
        let _ = writeln!(svg, "<path d=\"M{at:.1} {TOP}V{bottom}\" stroke=\"#dddddd\"/>");
        let _ = writeln!(
            svg,
            "<text x=\"{at:.1}\" y=\"{}\" text-anchor=\"middle\">{value}</text>",
            bottom + 16.0
        );
    }
    for decade in up.0..=up.1 {
        let (value, at) = (10f64.powi(decade), y(10f64.powi(decade)));
        let _ = writeln!(svg, "<path d=\"M{LEFT} {at:.1}H{right}\" stroke=\"#dddddd\"/>");
        let _ = writeln!(
            svg,
            "<text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{value}</text>",
            LEFT - 6.0,
            at + 4.0
        );
    }
    let _ = writeln!(
        svg,
        "<text x=\"{:.1}\" y=\"{}\" text-anchor=\"middle\">connections</text>",
        f64::midpoint(LEFT, right),
        HEIGHT - 8.0
    );
    for (index, line) in lines.iter().enumerate() {
        let colour = COLOURS[index % COLOURS.len()];
        let path: Vec<String> =
            line.points.iter().map(|point| format!("{:.1} {:.1}", x(point.0), y(point.1))).collect();
        let _ = writeln!(
            svg,
            "<path d=\"M{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>",
            path.join("L")
        );
        for point in &line.points {
            let _ = writeln!(
                svg,
                "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"3\" fill=\"{colour}\"/>",
                x(point.0),
                y(point.1)
            );
        }
        let at = TOP + 14.0 + 20.0 * index as f64;
        let _ = writeln!(
            svg,
            "<path d=\"M{} {at}h20\" stroke=\"{colour}\" stroke-width=\"2\"/><text x=\"{}\" y=\"{}\">{}</text>",
            right + 12.0,
            right + 38.0,
            at + 4.0,
            line.name
        );
    }
    svg.push_str("</svg>\n");
    svg
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_has_all_values() {
        assert_eq!(decades([10.0, 10_000.0].into_iter()), (1, 4));
        assert_eq!(decades([150.0].into_iter()), (2, 3));
        assert_eq!(decades(std::iter::empty()), (0, 1));
    }

    #[test]
    fn each_server_has_its_line() {
        let line = |name: &str, last| Line { name: name.into(), points: vec![(10.0, 100.0), (100.0, last)] };
        let svg = draw("cost", &[line("one", 200.0), line("two", 900.0)]);
        assert_eq!(svg.matches("stroke-width=\"2\"/>\n").count(), 2);
        assert!(svg.contains(">one</text>") && svg.contains(">two</text>") && svg.ends_with("</svg>\n"));
    }
}
