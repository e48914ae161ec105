//! The structure of `src`, held against the table in `docs/architecture.md`: imports run from a floor
//! to those below it, and no files import each other in a circle.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Modules as paths of names below the crate, and the file each one is in.
type Modules = BTreeMap<Vec<String>, PathBuf>;

/// A file imports another; the path by which it names it.
struct Import {
    from: PathBuf,
    to: PathBuf,
    path: String,
}

#[test]
fn no_room_imports_one_above_it() {
    let floors = floors();
    let mut wrong = Vec::new();
    for import in imports() {
        let (from, to) = (room(&import.from), room(&import.to));
        if from == to {
            continue;
        }
        let floor = |room: &str| {
            *floors.get(room).unwrap_or_else(|| panic!("docs/architecture.md gives no floor to src/{room}"))
        };
        if floor(&from) <= floor(&to) {
            wrong.push(format!("{} imports {}", import.from.display(), import.path));
        }
    }
    assert!(wrong.is_empty(), "imports that do not run down a floor:\n{}", wrong.join("\n"));
}

#[test]
fn the_extension_knows_the_c_functions_alone() {
    let mut used = 0;
    for entry in fs::read_dir(root().join("extension/src")).expect("the extension's sources") {
        let file = entry.expect("an entry").path();
        let code = without_tests(&fs::read_to_string(&file).expect("a source file"));
        for (at, _) in code.match_indices("stepwire::") {
            let path = &code[at..];
            assert!(
                path.starts_with("stepwire::abi::"),
                "{}: {}",
                file.display(),
                &path[..path.len().min(40)]
            );
            used += 1;
        }
    }
    assert!(used > 5, "{used}");
}

#[test]
fn the_table_names_the_rooms_that_are_there() {
    let known: BTreeSet<String> = floors().into_keys().collect();
    let there: BTreeSet<String> =
        modules().into_keys().filter(|path| path.len() == 1).map(|mut path| path.remove(0)).collect();
    assert_eq!(known, there);
}

#[test]
fn no_files_import_each_other_in_a_circle() {
    let mut reached: BTreeMap<PathBuf, BTreeSet<PathBuf>> = BTreeMap::new();
    for import in imports() {
        reached.entry(import.from).or_default().insert(import.to);
    }
    // Whatever can be reached from what is reached, until nothing more is found.
    loop {
        let mut grown = reached.clone();
        for (from, tos) in &reached {
            let beyond = tos.iter().filter_map(|to| reached.get(to)).flatten().cloned();
            grown.entry(from.clone()).or_default().extend(beyond);
        }
        if grown == reached {
            break;
        }
        reached = grown;
    }
    let circle: Vec<_> =
        reached.iter().filter(|(from, tos)| tos.contains(*from)).map(|(from, _)| from.display()).collect();
    assert!(circle.is_empty(), "files that import each other in a circle: {circle:?}");
}

/// The floor of every room, by the table: the first row is the top.
fn floors() -> BTreeMap<String, usize> {
    let page = fs::read_to_string(root().join("docs/architecture.md")).expect("docs/architecture.md");
    let table = page.split("<!-- floors: begin -->").nth(1).expect("the table of floors");
    let table = table.split("<!-- floors: end -->").next().expect("its end");
    let rows = table.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| floor"));
    let rows: Vec<&str> = rows.collect();
    let mut floors = BTreeMap::new();
    for (index, row) in rows.iter().enumerate() {
        let rooms = row.split('|').nth(2).expect("a column of rooms");
        for room in rooms.split('`').skip(1).step_by(2) {
            let before = floors.insert(room.to_owned(), rows.len() - index);
            assert!(before.is_none(), "{room} stands on two floors");
        }
    }
    floors
}

/// The first name below the crate: a folder or a file of `src`.
fn room(file: &Path) -> String {
    let first = file.components().next().expect("a path below src");
    first.as_os_str().to_string_lossy().trim_end_matches(".rs").to_owned()
}

fn imports() -> Vec<Import> {
    let modules = modules();
    let mut found = Vec::new();
    for (module, file) in &modules {
        let code = without_tests(&fs::read_to_string(root().join("src").join(file)).expect("a source file"));
        for path in paths(&code) {
            let Some(to) = resolve(&path, module, &modules) else { continue };
            if to != *file {
                found.push(Import { from: file.clone(), to, path });
            }
        }
    }
    found
}

fn modules() -> Modules {
    fn walk(folder: &Path, module: &[String], modules: &mut Modules) {
        for entry in fs::read_dir(root().join("src").join(folder)).expect("a folder of src") {
            let name = entry.expect("an entry").file_name().to_string_lossy().into_owned();
            let path = folder.join(&name);
            let mut module = module.to_vec();
            if let Some(stem) = name.strip_suffix(".rs") {
                // `mod.rs` is its folder; what serves tests alone is no part of the structure.
                if stem == "lib" || stem == "tests" {
                    continue;
                }
                if stem != "mod" {
                    module.push(stem.to_owned());
                }
                modules.insert(module, path);
            } else if name != "tests" {
                module.push(name);
                walk(&path, &module, modules);
            }
        }
    }
    let mut modules = Modules::new();
    walk(Path::new(""), &[], &mut modules);
    modules
}

/// The code without comments and test modules, which stand at the end of a file.
fn without_tests(code: &str) -> String {
    let code = code.split("\n#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let lines = code.lines().map(|line| line.split("//").next().unwrap_or_default());
    lines.collect::<Vec<_>>().join("\n")
}

/// Every path that begins with `crate`, `super` or `self`, and what `use` takes from a child, with
/// the names in braces written out.
fn paths(code: &str) -> Vec<String> {
    let mut found = Vec::new();
    for statement in code.split(';') {
        let statement = statement.trim_start();
        let line_start = statement.rfind("\nuse ").or_else(|| statement.rfind("\npub(crate) use "));
        let line_start = line_start.or_else(|| statement.rfind("\npub use ")).map_or(0, |at| at + 1);
        let tail = &statement[line_start..];
        let tail = tail.strip_prefix("pub(crate) ").or(tail.strip_prefix("pub ")).unwrap_or(tail);
        if let Some(tree) = tail.strip_prefix("use ") {
            let tree = tree.replace(" as ", "::");
            expand("", &tree.split_whitespace().collect::<String>(), &mut found);
        }
    }
    for start in ["crate::", "super::"] {
        for (at, _) in code.match_indices(start) {
            if code[..at].ends_with(|before: char| before.is_alphanumeric() || "_:".contains(before)) {
                continue;
            }
            let rest = &code[at..];
            let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':'));
            found.push(rest[..end.unwrap_or(rest.len())].trim_end_matches(':').to_owned());
        }
    }
    found
}

/// Writes a tree of `use` out: `a::{b, c::d}` is `a::b` and `a::c::d`.
fn expand(prefix: &str, tree: &str, found: &mut Vec<String>) {
    let Some((head, braces)) = tree.split_once('{') else {
        found.push(format!("{prefix}{tree}"));
        return;
    };
    let inner = braces.strip_suffix('}').unwrap_or(braces);
    let (mut depth, mut start) = (0, 0);
    for (at, letter) in inner.char_indices().chain([(inner.len(), ',')]) {
        match letter {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                if start < at {
                    expand(&format!("{prefix}{head}"), &inner[start..at], found);
                }
                start = at + 1;
            }
            _ => {}
        }
    }
}

/// The file that a path leads into: that of the longest module it names.
fn resolve(path: &str, module: &[String], modules: &Modules) -> Option<PathBuf> {
    let mut at: Vec<String> = Vec::new();
    let mut names = path.split("::").filter(|name| !name.is_empty()).peekable();
    match *names.peek()? {
        "crate" => {
            names.next();
        }
        "self" => {
            names.next();
            at = module.to_vec();
        }
        "super" => {
            at = module.to_vec();
            while names.next_if_eq(&"super").is_some() {
                at.pop();
            }
        }
        // A child of this module, or another crate.
        child => {
            at = module.to_vec();
            at.push(child.to_owned());
            modules.get(&at)?;
            at.pop();
        }
    }
    for name in names {
        at.push(name.to_owned());
        if !modules.contains_key(&at) {
            at.pop();
            break;
        }
    }
    modules.get(&at).cloned()
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}
