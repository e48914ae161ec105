//! The JSON dialect of GameMaker's project files: trailing commas, and a layout of its own.

use serde_json::{Map, Value};

use super::Result;

/// Writes a resource as the IDE does: two levels of lines, and the rest compact.
pub fn to_string(value: &Value) -> String {
    let mut text = String::new();
    match value {
        Value::Object(members) => {
            text.push_str("{\n");
            for (key, value) in members {
                text.push_str(&format!("  {}:", quoted(key)));
                second_level(value, &mut text);
                text.push_str(",\n");
            }
            text.push('}');
        }
        _ => compact(value, &mut text),
    }
    text
}

fn second_level(value: &Value, text: &mut String) {
    match value {
        Value::Array(items) if !items.is_empty() => {
            text.push_str("[\n");
            for item in items {
                text.push_str("    ");
                compact(item, text);
                text.push_str(",\n");
            }
            text.push_str("  ]");
        }
        Value::Object(members) if !members.is_empty() => {
            text.push_str("{\n");
            for (key, value) in members {
                text.push_str(&format!("    {}:", quoted(key)));
                compact(value, text);
                text.push_str(",\n");
            }
            text.push_str("  }");
        }
        _ => compact(value, text),
    }
}

fn compact(value: &Value, text: &mut String) {
    match value {
        Value::Array(items) if items.iter().any(Value::is_object) => {
            text.push_str("[\n");
            for item in items {
                text.push_str("        ");
                compact(item, text);
                text.push_str(",\n");
            }
            text.push_str("      ]");
        }
        Value::Array(items) => {
            text.push('[');
            for item in items {
                compact(item, text);
                text.push(',');
            }
            text.push(']');
        }
        Value::Object(members) => {
            text.push('{');
            for (key, value) in members {
                text.push_str(&quoted(key));
                text.push(':');
                compact(value, text);
                text.push(',');
            }
            text.push('}');
        }
        scalar => text.push_str(&scalar.to_string()),
    }
}

fn quoted(key: &str) -> String {
    Value::from(key).to_string()
}

/// In the IDE's order: by name, whatever the case.
pub fn sorted(members: Map<String, Value>) -> Value {
    let mut members: Vec<_> = members.into_iter().collect();
    members.sort_by_cached_key(|(key, _)| key.to_lowercase());
    Value::Object(members.into_iter().collect())
}

/// Reads a project file, whatever wrote it.
pub fn parse(text: &str) -> Result<Value> {
    Ok(serde_json::from_str(&without_trailing_commas(text))?)
}

fn without_trailing_commas(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut in_string = false;
    let mut escaped = false;
    for character in text.chars() {
        if in_string {
            in_string = escaped || character != '"';
            escaped = !escaped && character == '\\';
        } else if character == '"' {
            in_string = true;
        } else if matches!(character, ']' | '}') {
            let end = plain.trim_end().len();
            if plain[..end].ends_with(',') {
                plain.truncate(end - 1);
            }
        }
        plain.push(character);
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_written_is_read_back() {
        let value = json!({
            "name": "a \"b\", ]",
            "list": [{"deep": [{"x": 1}, {"x": [1, 2]}]}],
            "empty": [], "none": {}, "parent": {"name": "p"}, "big": 113_497_714_299_118_u64,
        });
        let text = to_string(&value);
        assert!(text.contains(",\n}"), "{text}");
        assert_eq!(parse(&text).unwrap(), value);
    }

    #[test]
    fn a_comma_in_a_text_stays() {
        assert_eq!(parse(r#"{"a":"x,]","b":"\",}",}"#).unwrap(), json!({"a": "x,]", "b": "\",}"}));
    }
}
