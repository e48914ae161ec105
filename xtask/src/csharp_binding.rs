//! bindings/csharp/src/Generated.cs: what stepwire.h says, for C#.

use serde_json::Value;

use crate::from_api::{each, range, text};

/// Where it is, below the project's folder.
pub const PATH: &str = "bindings/csharp/src/Generated.cs";

/// Its text, as the description of the ABI (`include/api.json`) has it.
pub fn generate(api: &Value) -> Result<String, String> {
    let stepwire = &api["stepwire"];
    Ok(TEMPLATE
        .replace("@ABI@", text(&api["abi"])?)
        .replace("@CONSTANTS@", &each(&stepwire["constants"], constant)?)
        .replace("@ERRORS@", &each(&stepwire["errors"], error)?)
        .replace("@OPTIONS@", &each(&stepwire["options"], option)?)
        .replace("@EVENT@", &each(&stepwire["structs"][0]["fields"], member)?)
        .replace("@FUNCTIONS@", &each(&stepwire["functions"], function)?))
}

const TEMPLATE: &str = r#"// Made from the same sources as stepwire.h (`cargo xtask header`): do not edit.
using System;
using System.Runtime.InteropServices;

namespace Stepwire
{
    /// <summary>The constants of stepwire.h: <c>Constants.SocketTcp</c> is <c>network_socket_tcp</c>.</summary>
    public static class Constants
    {
@CONSTANTS@    }

    /// <summary>The numbers of errors.</summary>
    public enum ErrorCode
    {
        /// <summary>No error; of disconnects: an orderly close.</summary>
        None = 0,
@ERRORS@    }

    /// <summary>The options: <c>Options.NoDelay</c> is <c>network_config_no_delay</c>.</summary>
    public static class Options
    {
@OPTIONS@    }

    /// <summary>NetworkEvent, member for member.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct NativeEvent
    {
@EVENT@    }

    /// <summary>The functions of stepwire.h. Texts go in as UTF-8 with a NUL at the end; those that come out are the
    /// library's and are never freed. None of them calls back.</summary>
    internal static class Native
    {
        /// <summary>The part of the library's version that must be the same as here.</summary>
        public const string MadeFor = "@ABI@";

#if STEPWIRE_STATIC
        const string Library = "__Internal";
#else
        const string Library = "stepwire";
#endif
@FUNCTIONS@    }
}
"#;

/// "connect_timeout" as C# writes names.
fn pascal_case(name: &str) -> String {
    name.split('_').map(|word| word[..1].to_uppercase() + &word[1..]).collect()
}

/// A comment of C# on what follows.
fn summary(words: &str) -> String {
    let words = words.trim().replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let lines: Vec<_> = words.lines().collect();
    format!("        /// <summary>{}</summary>\n", lines.join("\n        /// "))
}

fn constant(constant: &Value) -> Result<String, String> {
    let name = text(&constant["name"])?;
    let name = name.strip_prefix("network_").ok_or_else(|| format!("{name} is no constant of ours"))?;
    let line = format!("        public const int {} = {};\n", pascal_case(name), constant["value"]);
    // Of options the class of that name tells more.
    let described = !name.starts_with("config_");
    Ok(if described { summary(text(&constant["doc"])?) + &line } else { line })
}

fn error(error: &Value) -> Result<String, String> {
    let name = pascal_case(text(&error["name"])?.trim_start_matches("network_error_"));
    Ok(summary(text(&error["sentence"])?) + &format!("        {name} = {},\n", error["number"]))
}

fn option(option: &Value) -> Result<String, String> {
    let of_type = match text(&option["value"]["kind"])? {
        "action" => "ActionOption",
        "text" | "file" => "TextOption",
        _ => "NumberOption",
    };
    let scope = match text(&option["scope"])? {
        "library" => "Library",
        "socket" => "Socket",
        "socket or default" => "SocketOrDefault",
        other => return Err(format!("options of \"{other}\" are not known")),
    };
    let range = match range(option)? {
        range if range.is_empty() => range,
        range => format!("\n({range})"),
    };
    let words = format!("{}{range}", text(&option["doc"])?);
    let name = pascal_case(text(&option["name"])?);
    Ok(summary(&words)
        + &format!(
            "        public static readonly {of_type} {name} = new {of_type}({}, OptionScope.{scope});\n",
            option["number"]
        ))
}

fn member(member: &Value) -> Result<String, String> {
    let name = text(&member["name"])?;
    let of_type = if text(&member["type"])?.ends_with('*') { "IntPtr" } else { "double" };
    // An array within a struct would have to be marshalled: its elements one by one are the same in memory.
    Ok(match member["count"].as_u64() {
        Some(count) => (0..count).map(|index| format!("        public {of_type} {name}{index};\n")).collect(),
        None => format!("        public {of_type} {name};\n"),
    })
}

/// A declaration; nothing for functions that call back, and those for hosts that know only numbers and strings.
fn function(function: &Value) -> Result<String, String> {
    let name = text(&function["name"])?;
    if name.starts_with("network_event_") {
        return Ok(String::new());
    }
    let mut arguments = Vec::new();
    for argument in function["arguments"].as_array().into_iter().flatten() {
        let of_type = match text(&argument["type"])? {
            "NetworkCallback" => return Ok(String::new()),
            "double" => "double",
            "const char *" => "byte[]",
            "const void *" => "ref byte",
            "void *" => "IntPtr",
            "const double *" => "double[]",
            "double *" => "[Out] double[]",
            "struct NetworkEvent *" => "out NativeEvent",
            other => return Err(format!("{name} has an argument of type {other}, which is not known")),
        };
        // What other languages take for a word of their own.
        let name = match text(&argument["name"])? {
            "event" => "@event",
            name => name,
        };
        arguments.push(format!("{of_type} {name}"));
    }
    let returns = if text(&function["returns"])? == "double" { "double" } else { "IntPtr" };
    Ok(format!(
        "\n        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]\n        \
         public static extern {returns} {name}({});\n",
        arguments.join(", ")
    ))
}
