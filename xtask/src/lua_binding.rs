//! The part of bindings/lua/stepwire.lua that says what the header says: its declarations and constants.

use crate::version;

const BEGIN: &str = "-- made from include/stepwire.h by `cargo xtask header`: begin\n";
const END: &str = "-- made from include/stepwire.h: end\n";

/// The binding with that part as the header has it.
pub fn update(binding: &str, header: &str) -> Result<String, String> {
    let (before, rest) = binding.split_once(BEGIN).ok_or("the Lua binding lacks the line where it begins")?;
    let (_, after) = rest.split_once(END).ok_or("the Lua binding lacks the line where it ends")?;
    Ok(format!("{before}{BEGIN}{}{END}{after}", part(header)))
}

fn part(header: &str) -> String {
    let code = code(header);
    let declarations: String = code.iter().filter_map(|line| declaration(line)).collect();
    let constants: String = code.iter().filter_map(|line| constant(line)).collect();
    let abi = version::abi();
    format!(
        "local MADE_FOR = \"{abi}\"\n\nlocal DECLARATIONS = [[\n{declarations}]]\n\nlocal CONSTANTS = {{\n{constants}}}\n"
    )
}

/// A line of C without what C++ has for arguments that are left out.
fn declaration(line: &str) -> Option<String> {
    if line.starts_with('#') {
        return None;
    }
    Some(match line.split_once(" STEPWIRE_DEFAULT(") {
        Some((before, rest)) => format!("{before}{}\n", rest.split_once(')')?.1),
        None => format!("{line}\n"),
    })
}

/// `#define network_something NUMBER` in Lua; macros of other kinds are none.
fn constant(line: &str) -> Option<String> {
    let (name, value) = line.strip_prefix("#define ")?.split_once(' ')?;
    let number: i64 = value.parse().ok()?;
    name.starts_with("network_").then(|| format!("    {name} = {number},\n"))
}

/// The header's lines without comments, further lines of macros, empty lines, and what is for C++ alone.
fn code(header: &str) -> Vec<&str> {
    let (mut inside_comment, mut inside_cpp, mut inside_macro) = (false, false, false);
    let mut is_code = |line: &&str| {
        let text = line.trim();
        if inside_comment || text.starts_with("/*") {
            inside_comment = !text.ends_with("*/");
            return false;
        }
        if inside_cpp || text.starts_with("#ifdef __cplusplus") {
            inside_cpp = !text.starts_with("#endif");
            return false;
        }
        let goes_on = inside_macro;
        inside_macro = text.ends_with('\\');
        !goes_on && !text.is_empty()
    };
    header.lines().filter(|line| is_code(line)).collect()
}
