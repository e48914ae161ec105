//! `gamemaker/functions.json`: what GML sees of the library.

use std::fs;
use std::path::Path;

use serde::Deserialize;

use xtask::catalog::options::TABLE;

use super::Result;

/// The whole description.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Description {
    pub extension: String,
    /// What stands before every function's and constant's name in GML.
    pub prefix: String,
    /// What the library exports.
    pub functions: Vec<Function>,
    /// What stands over that in GML.
    pub script: Vec<Function>,
    pub constants: Vec<Constant>,
    pub options: Vec<ExtensionOption>,
    /// What is exported besides, for runners that post events and have no interface table.
    pub legacy: Vec<LegacyFunction>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Function {
    /// Without prefix.
    pub name: String,
    pub summary: String,
    pub arguments: Vec<Argument>,
    pub returns: Returns,
    /// Whether GameMaker has a function `network_` + name.
    #[serde(default)]
    pub built_in: bool,
    /// Whether it is for the package's scripts alone.
    #[serde(default)]
    pub hidden: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Argument {
    pub name: String,
    #[serde(rename = "type")]
    pub kind: Kind,
    /// What an argument that is left out is, in GML.
    pub default: Option<String>,
    pub doc: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Returns {
    #[serde(rename = "type")]
    pub kind: Kind,
    pub doc: String,
}

/// What an argument or a result is.
#[derive(Clone, Copy, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Real,
    String,
    Socket,
    Buffer,
    RealOrString,
    /// Where a buffer's bytes are.
    Address,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Constant {
    /// Without prefix.
    pub name: String,
    pub value: i32,
    pub doc: String,
}

/// An option that developers set in the IDE.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExtensionOption {
    pub name: String,
    pub display: String,
    #[serde(rename = "type")]
    pub kind: OptionKind,
    pub default: String,
    #[serde(default)]
    pub items: Vec<String>,
    pub doc: String,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OptionKind {
    Number,
    String,
    List,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LegacyFunction {
    /// The exported name.
    pub name: String,
    pub summary: String,
    pub arguments: Vec<Kind>,
    pub returns: Kind,
}

impl Description {
    pub fn read(root: &Path) -> Result<Self> {
        let path = root.join("gamemaker/functions.json");
        let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        let mut description: Self =
            serde_json::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))?;
        description.constants.splice(0..0, options());
        Ok(description)
    }

    /// All that can be called by C types alone: what does not take a buffer by its id.
    pub fn plain(&self) -> Vec<LegacyFunction> {
        let takes_buffer =
            |function: &Function| function.arguments.iter().any(|argument| argument.kind == Kind::Buffer);
        let functions = self.functions.iter().filter(|function| !takes_buffer(function));
        let functions = functions.map(|function| LegacyFunction {
            name: self.gml_name(&function.name),
            // The others are explained with GML's functions.
            summary: if function.hidden { function.summary.clone() } else { String::new() },
            arguments: function.arguments.iter().map(|argument| argument.kind).collect(),
            returns: function.returns.kind,
        });
        functions.chain(self.legacy.iter().cloned()).collect()
    }

    /// A function's or constant's name in GML.
    pub fn gml_name(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }
}

/// The options of the library that are for games: their one description is the library's own table.
fn options() -> impl Iterator<Item = Constant> {
    let for_games = TABLE.iter().filter(|row| !row.summary.is_empty());
    for_games.map(|row| Constant {
        name: row.name.trim_start_matches("network_").to_owned(),
        value: row.number,
        doc: row.summary.to_owned(),
    })
}

impl Kind {
    /// The type in Feather's JSDoc.
    pub fn feather(self) -> &'static str {
        match self {
            Self::Real => "Real",
            Self::String => "String",
            Self::Socket => "Id.Socket",
            Self::Buffer => "Id.Buffer",
            Self::RealOrString => "Real,String",
            Self::Address => "Pointer",
        }
    }

    /// The number that `.yy` files have for it.
    pub fn yy(self) -> u8 {
        if matches!(self, Self::String | Self::Address) { 1 } else { 2 }
    }
}

impl Function {
    /// `network_` + name, where GameMaker has it.
    pub fn built_in_name(&self) -> Option<String> {
        self.built_in.then(|| format!("network_{}", self.name))
    }

    /// `name(a, b, [c])`.
    pub fn call(&self, name: &str) -> String {
        let arguments: Vec<String> = self
            .arguments
            .iter()
            .map(|argument| {
                if argument.default.is_some() {
                    format!("[{}]", argument.name)
                } else {
                    argument.name.clone()
                }
            })
            .collect();
        format!("{name}({})", arguments.join(", "))
    }
}
