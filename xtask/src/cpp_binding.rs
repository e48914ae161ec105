//! include/stepwire/abi.hpp: what stepwire.h says, for C++ without macros.

use serde_json::Value;

use crate::from_api::{each, range, text};

/// Where it is, below the project's folder.
pub const PATH: &str = "include/stepwire/abi.hpp";

/// Its text, as the description of the ABI (`include/api.json`) has it.
pub fn generate(api: &Value) -> Result<String, String> {
    let stepwire = &api["stepwire"];
    let text = TEMPLATE
        .replace("@VERSION@", text(&api["version"])?)
        .replace("@CONSTANTS@", &each(&stepwire["constants"], constant)?)
        .replace("@ERRORS@", &each(&stepwire["errors"], error)?)
        .replace("@OPTIONS@", &each(&stepwire["options"], option)?)
        .replace("@EVENT@", &each(&stepwire["structs"][0]["fields"], member)?)
        .replace("@FUNCTIONS@", &each(&stepwire["functions"], function)?);
    Ok(text)
}

const TEMPLATE: &str = r#"/** @file abi.hpp
 *  @brief The constants, options and functions of stepwire.h, without its macros. Part of stepwire.hpp.
 *
 *  Made from the same sources as stepwire.h (`cargo xtask header`): do not edit. */
#ifndef STEPWIRE_ABI_HPP
#define STEPWIRE_ABI_HPP

#include <cstdint>

/** stepwire.h describes it, and may be included as well. */
struct NetworkEvent;

namespace stepwire {

/** The version of this header, as stepwire::version() has it for the library. */
inline constexpr const char *header_version = "@VERSION@";

/** stepwire.h's constants: network::socket_tcp is network_socket_tcp. */
namespace network {
@CONSTANTS@}  // namespace network

/** The numbers of errors. */
enum class error_code : int {
    /** No error; of disconnects: an orderly close. */
    none = 0,
@ERRORS@};

/** What an option belongs to: the library as a whole, one socket, or one socket and the default for later ones. */
enum class scope { library, socket, socket_or_default };

/** What an option takes: a number (0 or 1 for what is off or on), text, or nothing. */
enum class takes { number, text, nothing };

/** An option, by its number; its type says how it can be set. */
template <scope Scope, takes Takes>
struct option {
    int number;
};

/** The options: options::no_delay is network_config_no_delay. */
namespace options {
@OPTIONS@}  // namespace options

/** The functions of stepwire.h, which are the global ones of the same names. */
namespace c {

/** NetworkEvent, member for member. */
struct network_event {
@EVENT@};

extern "C" {
@FUNCTIONS@}

}  // namespace c
}  // namespace stepwire

#endif
"#;

/// A comment on what follows, in lines that begin at the same column.
fn comment(words: &str, indent: &str) -> String {
    let lines: Vec<_> = words.trim().lines().collect();
    match lines[..] {
        [line] => format!("{indent}/** {line} */\n"),
        _ => format!("{indent}/** {} */\n", lines.join(&format!("\n{indent} *  "))),
    }
}

fn constant(constant: &Value) -> Result<String, String> {
    let name = text(&constant["name"])?;
    let name = name.strip_prefix("network_").ok_or_else(|| format!("{name} is no constant of ours"))?;
    let line = format!("inline constexpr int {name} = {};\n", constant["value"]);
    // Of options the namespace of that name tells more.
    let described = !name.starts_with("config_");
    Ok(if described { comment(text(&constant["doc"])?, "") + &line } else { line })
}

fn error(error: &Value) -> Result<String, String> {
    let name = text(&error["name"])?.trim_start_matches("network_error_");
    Ok(comment(text(&error["sentence"])?, "    ") + &format!("    {name} = {},\n", error["number"]))
}

fn option(option: &Value) -> Result<String, String> {
    let takes = match text(&option["value"]["kind"])? {
        "action" => "nothing",
        "text" | "file" => "text",
        _ => "number",
    };
    let scope = match text(&option["scope"])? {
        "library" => "library",
        "socket" => "socket",
        "socket or default" => "socket_or_default",
        other => return Err(format!("options of \"{other}\" are not known")),
    };
    let range = match range(option)? {
        range if range.is_empty() => range,
        range => format!("\n({range})"),
    };
    let words = format!("{}{range}", text(&option["doc"])?);
    let (name, number) = (text(&option["name"])?, &option["number"]);
    Ok(comment(&words, "")
        + &format!("inline constexpr option<scope::{scope}, takes::{takes}> {name}{{{number}}};\n"))
}

fn member(member: &Value) -> Result<String, String> {
    let c_type = text(&member["type"])?.replace("uint8_t", "std::uint8_t");
    let separator = if c_type.ends_with('*') { "" } else { " " };
    let count = member["count"].as_u64().map_or_else(String::new, |count| format!("[{count}]"));
    Ok(format!("    {c_type}{separator}{}{count};\n", text(&member["name"])?))
}

/// A declaration without what the global one has for arguments that are left out. Functions that call back are left to
/// stepwire.h.
fn function(function: &Value) -> Result<String, String> {
    let mut arguments = Vec::new();
    for argument in function["arguments"].as_array().into_iter().flatten() {
        let c_type = text(&argument["type"])?;
        if c_type == "NetworkCallback" {
            return Ok(String::new());
        }
        let c_type = c_type.replace("struct NetworkEvent", "::NetworkEvent");
        let separator = if c_type.ends_with('*') { "" } else { " " };
        arguments.push(format!("{c_type}{separator}{}", text(&argument["name"])?));
    }
    let returns = text(&function["returns"])?;
    let separator = if returns.ends_with('*') { "" } else { " " };
    Ok(format!("{returns}{separator}{}({});\n", text(&function["name"])?, arguments.join(", ")))
}
