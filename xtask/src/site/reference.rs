//! The reference, made from `include/api.json`: functions by their groups, options, events, errors, the cluster.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::Value;

use super::Result;

pub struct Page {
    pub path: String,
    pub title: String,
    pub text: String,
    /// The page of the project that this one stands for.
    pub instead_of: Option<&'static str>,
}

const OPTIONS: &str = "reference/options.md";
const ERRORS: &str = "reference/errors.md";
const COUNTERS: &str = "reference/counters.md";
const CLUSTER: &str = "reference/cluster.md";

pub fn pages(root: &Path) -> Result<Vec<Page>> {
    let api: Value = serde_json::from_str(&fs::read_to_string(root.join(xtask::api::PATH))?)?;
    let (stepwire, cluster) = (&api["stepwire"], &api["cluster"]);
    let names = Names::new(stepwire, cluster);
    let mut pages = Vec::new();
    let mut add = |path: &str, title: &str, text: String, instead_of| {
        let text = names.linked(path, &format!("# {title}\n\n{text}"));
        pages.push(Page { path: path.to_owned(), title: title.to_owned(), text, instead_of });
    };
    for group in list(&stepwire["groups"]) {
        let (name, title) = (text(&group["name"]), text(&group["title"]));
        let in_group = |kind: &str| {
            list(&stepwire[kind]).iter().filter(|row| row["group"] == group["name"]).collect::<Vec<_>>()
        };
        match name {
            "options" => add(OPTIONS, title, options(stepwire), None),
            "errors" => add(ERRORS, title, errors(stepwire), None),
            _ => {
                let constants = in_group("constants");
                let mut page: String = in_group("functions").iter().map(|row| function(row)).collect();
                page += &in_group("callbacks").iter().map(|row| callback(row)).collect::<String>();
                page += &in_group("structs").iter().map(|row| structure(row)).collect::<String>();
                if !constants.is_empty() {
                    page += &format!("## Constants\n\n{}", table_of_constants(&constants));
                }
                add(&format!("reference/{name}.md"), title, page, None);
            }
        }
    }
    add(COUNTERS, "Counters and event keys", counters(stepwire), Some("docs/reference.md"));
    let mut page = String::from("Of `stepwire_cluster.h`; [what it is for](../scaling.md).\n\n");
    page += &list(&cluster["functions"]).iter().map(function).collect::<String>();
    page += &list(&cluster["structs"]).iter().map(structure).collect::<String>();
    let constants: Vec<_> = list(&cluster["constants"]).iter().collect();
    page += &format!("## Options and events\n\n{}", table_of_constants(&constants));
    add(CLUSTER, "The cluster library", page, None);
    Ok(pages)
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// A paragraph or more, of which nothing is taken for HTML.
fn prose(value: &Value) -> String {
    text(value).replace('<', "&lt;")
}

/// The same in a cell of a table.
fn cell(value: &Value) -> String {
    prose(value).replace("\n\n", "<br>").replace('\n', " ").replace('|', "\\|")
}

/// A heading whose name is the anchor.
fn heading(level: usize, name: &str) -> String {
    format!("{} `{name}`\n\n", "#".repeat(level))
}

fn signature(row: &Value) -> String {
    let arguments: Vec<_> = list(&row["arguments"]).iter().map(declaration).collect();
    let arguments = if arguments.is_empty() { "void".to_owned() } else { arguments.join(", ") };
    format!("({arguments});")
}

/// "const char *url", and where it may be left out "double value2 = 0".
fn declaration(row: &Value) -> String {
    let (kind, name) = (text(&row["type"]), text(&row["name"]));
    let space = if kind.ends_with('*') { "" } else { " " };
    let default = row["default"].as_i64().map_or_else(String::new, |default| format!(" = {default}"));
    format!("{kind}{space}{name}{default}")
}

fn function(row: &Value) -> String {
    let name = text(&row["name"]);
    let returns = text(&row["returns"]);
    let space = if returns.ends_with('*') { "" } else { " " };
    let code = format!("```c\n{returns}{space}{name}{}\n```\n\n", signature(row));
    format!("{}{code}{}\n\n{}", heading(2, name), prose(&row["doc"]), promises(row))
}

fn callback(row: &Value) -> String {
    let name = text(&row["name"]);
    let code = format!("```c\ntypedef {} (*{name}){}\n```\n\n", text(&row["returns"]), signature(row));
    format!("{}{code}{}\n\n", heading(2, name), prose(&row["doc"]))
}

fn promises(row: &Value) -> String {
    match row["promises"].as_str() {
        Some(_) => format!("*The caller promises:* {}\n\n", prose(&row["promises"])),
        None => String::new(),
    }
}

fn structure(row: &Value) -> String {
    let mut page = heading(2, text(&row["name"])) + &prose(&row["doc"]);
    page += "\n\n| member | |\n|---|---|\n";
    for field in list(&row["fields"]) {
        let count = field["count"].as_u64().map_or_else(String::new, |count| format!("[{count}]"));
        page += &format!("| `{}{count}` | {} |\n", declaration(field), cell(&field["doc"]));
    }
    page + "\n"
}

fn table_of_constants(constants: &[&Value]) -> String {
    let mut table = String::from("| constant | number | |\n|---|---|---|\n");
    for row in constants {
        let name = text(&row["name"]);
        table += &format!("| <a id=\"{name}\"></a>`{name}` | {} | {} |\n", row["value"], cell(&row["doc"]));
    }
    table + "\n"
}

fn options(stepwire: &Value) -> String {
    let of_group = list(&stepwire["functions"]).iter().filter(|row| row["group"] == "options");
    let mut page: String = of_group.map(function).collect();
    for option in list(&stepwire["options"]) {
        let constant = text(&option["constant"]);
        let constants = list(&stepwire["constants"]);
        let row = constants.iter().find(|row| row["name"] == option["constant"]).unwrap_or(&Value::Null);
        let call = text(&row["doc"]).lines().next().unwrap_or_default();
        let sockets: Vec<_> = list(&option["sockets"]).iter().map(text).collect();
        let whom = if sockets.is_empty() { "the library".to_owned() } else { sockets.join(", ") };
        page += &heading(2, constant);
        page +=
            &format!("{call}\n\n{}\n\nNumber {}; for {whom}.\n\n", prose(&option["doc"]), option["number"]);
    }
    page
}

fn errors(stepwire: &Value) -> String {
    let mut page = String::from(
        "A call that returns less than 0 has failed with one of these; `network_last_error` has it as a sentence, \
         `network_error_name` as a name. Events of things that went wrong have it in `error`.\n\n\
         | error | number | |\n|---|---|---|\n",
    );
    for row in list(&stepwire["errors"]) {
        let name = text(&row["name"]);
        let sentence = cell(&row["sentence"]);
        page += &format!("| <a id=\"{name}\"></a>`{name}` | {} | {sentence} |\n", row["number"]);
    }
    page
}

fn counters(stepwire: &Value) -> String {
    let mut page = String::from("Of `network_get_stat`:\n\n| key | of | |\n|---|---|---|\n");
    for row in list(&stepwire["stats"]) {
        let key = text(&row["key"]);
        page += &format!("| `{key}` | {} | {} |\n", text(&row["scope"]), cell(&row["doc"]));
    }
    let names = |key: &str| {
        let names = list(&stepwire["event_keys"][key]).iter().map(|name| format!("`{}`", text(name)));
        names.collect::<Vec<_>>().join(", ")
    };
    page + &format!(
        "\nKeys of `network_event_real`: {}. Keys of `network_event_string`: {}. They are the members of `NetworkEvent`.\n",
        names("numbers"),
        names("texts")
    )
}

/// Where each name has its entry.
struct Names(BTreeMap<String, String>);

impl Names {
    fn new(stepwire: &Value, cluster: &Value) -> Self {
        let mut names = BTreeMap::new();
        for kind in ["functions", "callbacks", "structs", "constants"] {
            for row in list(&stepwire[kind]) {
                let group = text(&row["group"]);
                names.insert(text(&row["name"]).to_owned(), format!("reference/{group}.md"));
            }
            for row in list(&cluster[kind]) {
                names.insert(text(&row["name"]).to_owned(), CLUSTER.to_owned());
            }
        }
        Self(names)
    }

    /// The page with a link from each name in code to its entry, but where the entry itself is.
    fn linked(&self, page: &str, text: &str) -> String {
        let mut linked = String::with_capacity(2 * text.len());
        let mut in_block = false;
        for line in text.split_inclusive('\n') {
            in_block ^= line.starts_with("```");
            if in_block || line.starts_with('#') || line.starts_with("```") {
                linked.push_str(line);
                continue;
            }
            for (index, piece) in line.split('`').enumerate() {
                let is_code = index % 2 == 1;
                let is_entry = linked.ends_with("</a>");
                match self.0.get(piece).filter(|_| is_code && !is_entry) {
                    Some(place) => {
                        let place =
                            if place == page { String::new() } else { super::files::relative(page, place) };
                        let anchor = anchor(piece);
                        linked.push_str(&format!("[`{piece}`]({place}#{anchor})"));
                    }
                    None if is_code => linked.push_str(&format!("`{piece}`")),
                    None => linked.push_str(piece),
                }
            }
        }
        linked
    }
}

/// The anchor of an entry: a heading's is in small letters.
fn anchor(name: &str) -> String {
    name.to_lowercase()
}
