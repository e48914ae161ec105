//! What a C header of the project declares, read back from its text: cbindgen's form, with a comment before
//! everything.

/// An argument of a function or a member of a struct.
#[derive(Debug, PartialEq, Eq)]
pub struct Variable {
    pub name: String,
    /// In C, without the name: "const char *".
    pub c_type: String,
    /// How many of them one after the other, where it is an array.
    pub count: Option<usize>,
    /// What it is where a call leaves it out.
    pub default: Option<i64>,
    pub doc: String,
}

/// What stands after a comment.
#[derive(Debug, PartialEq, Eq)]
pub enum Code {
    Constant { value: i64 },
    Struct { members: Vec<Variable> },
    Callback { returns: String, arguments: Vec<Variable> },
    Function { returns: String, arguments: Vec<Variable> },
}

/// Something with a name and a comment.
#[derive(Debug, PartialEq, Eq)]
pub struct Declaration {
    pub name: String,
    /// The comment, without what says the group and what the caller promises.
    pub doc: String,
    /// The group of the documentation, if the header has groups.
    pub group: Option<String>,
    /// Of functions: what the caller promises about pointers.
    pub promises: Option<String>,
    pub code: Code,
}

/// What a header declares.
#[derive(Debug, Default)]
pub struct Header {
    /// Names and titles of the groups.
    pub groups: Vec<(String, String)>,
    pub declarations: Vec<Declaration>,
}

/// Reads a header. What has no comment is no declaration; macros in capitals and macros with arguments are none.
pub fn read(header: &str) -> Result<Header, String> {
    let mut found = Header::default();
    let mut lines = header.lines().peekable();
    // The manual at the top of the file is about no declaration.
    lines.by_ref().find(|line| line.starts_with("#ifndef "));
    while let Some(comment) = next_comment(&mut lines) {
        if let Some((name, title)) = comment.strip_prefix("@defgroup ").and_then(|rest| rest.split_once(' '))
        {
            found.groups.push((name.to_owned(), title.to_owned()));
            continue;
        }
        let first = *lines.peek().ok_or("a comment about nothing at the end")?;
        if let Some((name, code)) = declared(first, &mut lines)? {
            found.declarations.push(declaration(name, &comment, code));
        }
    }
    Ok(found)
}

type Lines<'a, 'b> = &'a mut std::iter::Peekable<std::str::Lines<'b>>;

/// The text of the next comment of documentation.
fn next_comment(lines: Lines<'_, '_>) -> Option<String> {
    let first = lines.find(|line| line.trim_start().starts_with("/**"))?;
    Some(comment(first, lines))
}

/// The text of the comment that begins with this line.
fn comment(first: &str, lines: Lines<'_, '_>) -> String {
    let first = first.trim().trim_start_matches("/**");
    if let Some(text) = first.strip_suffix("*/") {
        return text.trim().to_owned();
    }
    let inside = lines.by_ref().map(str::trim).take_while(|line| *line != "*/");
    let inside = inside.map(|line| line.strip_prefix('*').unwrap_or(line));
    let text: Vec<_> = inside.map(|line| line.strip_prefix(' ').unwrap_or(line)).collect();
    text.join("\n").trim().to_owned()
}

fn declaration(name: String, comment: &str, code: Code) -> Declaration {
    let (group, doc) = match comment.strip_prefix("@ingroup ").and_then(|rest| rest.split_once('\n')) {
        Some((group, doc)) => (Some(group.to_owned()), doc),
        None => (None, comment),
    };
    let (doc, promises) = match doc.split_once("@par What the caller promises\n") {
        Some((doc, promises)) => (doc, Some(promises.trim().to_owned())),
        None => (doc, None),
    };
    Declaration { name, doc: doc.trim().to_owned(), group, promises, code }
}

/// The name and the code of what begins with the line `first`, if it is something to call or to use.
fn declared(first: &str, lines: Lines<'_, '_>) -> Result<Option<(String, Code)>, String> {
    if let Some(define) = first.strip_prefix("#define ") {
        let (name, value) = define.split_once(' ').unwrap_or((define, ""));
        return Ok(match value.parse() {
            Ok(value) if !name.starts_with(|first: char| first.is_uppercase()) => {
                Some((name.to_owned(), Code::Constant { value }))
            }
            _ => None,
        });
    }
    if let Some(name) = first.strip_prefix("typedef struct ").and_then(|rest| rest.strip_suffix(" {")) {
        lines.next();
        return Ok(Some((name.to_owned(), Code::Struct { members: members(lines)? })));
    }
    let code = statement(lines)?;
    let (before, arguments) = code.split_once('(').ok_or_else(|| format!("no function: {code}"))?;
    if let Some(returns) = before.strip_prefix("typedef ") {
        let (name, arguments) = arguments.split_once(")(").ok_or_else(|| format!("no type: {code}"))?;
        let callback =
            Code::Callback { returns: returns.trim().to_owned(), arguments: arguments_of(arguments)? };
        return Ok(Some((name.trim_start_matches('*').to_owned(), callback)));
    }
    let Variable { name, c_type: returns, .. } = variable(before)?;
    Ok(Some((name, Code::Function { returns, arguments: arguments_of(arguments)? })))
}

/// The lines up to the next semicolon as one, without it.
fn statement(lines: Lines<'_, '_>) -> Result<String, String> {
    let mut words = Vec::new();
    for line in lines {
        words.extend(line.split_whitespace());
        if line.ends_with(';') {
            return Ok(words.join(" ").trim_end_matches(';').to_owned());
        }
    }
    Err(format!("no end: {}", words.join(" ")))
}

fn members(lines: Lines<'_, '_>) -> Result<Vec<Variable>, String> {
    let mut found = Vec::new();
    while lines.peek().is_some_and(|line| !line.starts_with('}')) {
        let doc = next_comment(lines).ok_or("a member without a comment")?;
        found.push(Variable { doc, ..variable(&statement(lines)?)? });
    }
    Ok(found)
}

/// The arguments between the parentheses, of which the closing one is still there.
fn arguments_of(list: &str) -> Result<Vec<Variable>, String> {
    let list = list.trim_end().strip_suffix(')').ok_or_else(|| format!("no end: {list}"))?;
    if list == "void" { Ok(Vec::new()) } else { list.split(',').map(variable).collect() }
}

/// `const char *ip`, `double reserved[6]`, `double value2 STEPWIRE_DEFAULT(0)`.
fn variable(text: &str) -> Result<Variable, String> {
    let wrong = || format!("no variable: {text}");
    let (text, default) = match text.trim().split_once(" STEPWIRE_DEFAULT(") {
        Some((text, value)) => (text, Some(value.trim_end_matches(')').parse().map_err(|_| wrong())?)),
        None => (text.trim(), None),
    };
    let (text, count) = match text.split_once('[') {
        Some((text, count)) => (text, Some(count.trim_end_matches(']').parse().map_err(|_| wrong())?)),
        None => (text, None),
    };
    let at = text.rfind([' ', '*']).ok_or_else(wrong)? + 1;
    let (c_type, name) = (text[..at].trim().to_owned(), text[at..].to_owned());
    if name.is_empty() {
        return Err(wrong());
    }
    Ok(Variable { name, c_type, count, default, doc: String::new() })
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "/**\n * A manual.\n */\n#ifndef X_H\n/** @defgroup events Events */\n\
        /** The version. */\n#define STEPWIRE_VERSION_MAJOR 0\n\
        /**\n * @ingroup events\n * One\n * number.\n */\n#define network_type_up -5\n\
        /**\n * What happened.\n */\ntypedef struct Event {\n    /**\n     * Its type.\n     */\n    double type;\n    \
        /**\n     * Bytes.\n     */\n    const uint8_t *buffer;\n    /**\n     * 0.\n     */\n    double reserved[6];\n} Event;\n\
        /**\n * Called.\n */\ntypedef void (*Callback)(const struct Event *event, void *user);\n\
        /**\n * Does it.\n *\n *     code\n *\n * @par What the caller promises\n * Much.\n */\n\
        const char *network_do(double one,\n                      const void *two STEPWIRE_DEFAULT(0));\n\
        /**\n * Nothing.\n */\ndouble network_none(void);\n\
        /** A macro. */\n#define network_do(...) \\\n    something\n#endif\n";

    #[test]
    fn a_header_is_read_as_it_is_written() {
        let header = read(HEADER).unwrap();
        assert_eq!(header.groups, [("events".to_owned(), "Events".to_owned())]);
        let names: Vec<_> = header.declarations.iter().map(|found| found.name.as_str()).collect();
        assert_eq!(names, ["network_type_up", "Event", "Callback", "network_do", "network_none"]);

        let [constant, event, callback, function, none] = &header.declarations[..] else { panic!() };
        assert_eq!((constant.group.as_deref(), constant.doc.as_str()), (Some("events"), "One\nnumber."));
        assert_eq!(constant.code, Code::Constant { value: -5 });

        let Code::Struct { members } = &event.code else { panic!("{event:?}") };
        let members: Vec<_> = members.iter().map(|m| (&*m.c_type, &*m.name, m.count, &*m.doc)).collect();
        assert_eq!(
            members,
            [
                ("double", "type", None, "Its type."),
                ("const uint8_t *", "buffer", None, "Bytes."),
                ("double", "reserved", Some(6), "0.")
            ]
        );

        let Code::Callback { returns, arguments } = &callback.code else { panic!("{callback:?}") };
        assert_eq!((returns.as_str(), &*arguments[0].c_type), ("void", "const struct Event *"));

        assert_eq!(function.doc, "Does it.\n\n    code");
        assert_eq!(function.promises.as_deref(), Some("Much."));
        let Code::Function { returns, arguments } = &function.code else { panic!("{function:?}") };
        assert_eq!((returns.as_str(), arguments.len(), arguments[1].default), ("const char *", 2, Some(0)));
        assert_eq!(none.code, Code::Function { returns: "double".into(), arguments: Vec::new() });
    }

    #[test]
    fn what_is_no_declaration_is_a_failure() {
        for code in
            ["double network_do(double);\n", "double network_do(double one)\n", "double no_function;\n"]
        {
            let result = read(&format!("#ifndef X_H\n/**\n * Text.\n */\n{code}"));
            assert!(result.is_err(), "{code}: {result:?}");
        }
    }
}
