//! Google's own kind of schema as a JSON schema.
//!
//! It is `OpenAPI`'s of old: types in capitals, `nullable` beside them, long numbers as texts. What
//! it does not know is left as it is.

use serde_json::{Map, Value, json, value::RawValue, value::to_raw_value};

use crate::dialect::BadAsk;

pub(super) fn read(schema: &RawValue) -> Result<Box<RawValue>, BadAsk> {
    let schema: Value = serde_json::from_str(schema.get())?;
    Ok(to_raw_value(&translated(schema))?)
}

fn translated(schema: Value) -> Value {
    let Value::Object(fields) = schema else { return schema };
    let mut written = Map::new();
    let mut nullable = false;
    let mut order = Vec::new();
    for (name, value) in fields {
        let (name, value) = match (camel_case(&name), value) {
            ("nullable", value) => {
                nullable = value == true;
                continue;
            }
            ("propertyOrdering", Value::Array(names)) => {
                order = names;
                continue;
            }
            // What every enumeration is.
            ("format", value) if value == "enum" => continue,
            ("type", Value::String(word)) => ("type", word.to_ascii_lowercase().into()),
            ("example", value) => ("examples", json!([value])),
            (name @ ("items" | "additionalProperties"), value) => (name, translated(value)),
            ("anyOf", Value::Array(list)) => ("anyOf", list.into_iter().map(translated).collect()),
            ("properties", Value::Object(list)) => {
                let list = list.into_iter().map(|(name, it)| (name, translated(it)));
                ("properties", Value::Object(list.collect()))
            }
            (name, Value::String(text)) if is_count(name) => {
                (name, text.parse::<u64>().map_or_else(|_| text.into(), Value::from))
            }
            (name, value) => (name, value),
        };
        written.insert(name.to_owned(), value);
    }
    if let Some(Value::Object(properties)) = written.get_mut("properties") {
        sort(properties, &order);
    }
    if nullable {
        allow_null(&mut written);
    }
    written.into()
}

fn camel_case(name: &str) -> &str {
    match name {
        "any_of" => "anyOf",
        "max_items" => "maxItems",
        "min_items" => "minItems",
        "max_length" => "maxLength",
        "min_length" => "minLength",
        "max_properties" => "maxProperties",
        "min_properties" => "minProperties",
        "property_ordering" => "propertyOrdering",
        "additional_properties" => "additionalProperties",
        _ => name,
    }
}

fn is_count(name: &str) -> bool {
    ["maxItems", "minItems", "maxLength", "minLength", "maxProperties", "minProperties"]
        .contains(&name)
}

/// Models write arguments in the order of the properties.
fn sort(properties: &mut Map<String, Value>, order: &[Value]) {
    let place = |name: &str| order.iter().position(|it| it == name).unwrap_or(order.len());
    let mut list: Vec<(String, Value)> = std::mem::take(properties).into_iter().collect();
    list.sort_by_key(|(name, _)| place(name));
    properties.extend(list);
}

fn allow_null(schema: &mut Map<String, Value>) {
    if let Some(Value::Array(values)) = schema.get_mut("enum") {
        values.push(Value::Null);
    }
    if let Some(Value::Array(kinds)) = schema.get_mut("anyOf") {
        kinds.push(json!({ "type": "null" }));
    } else if let Some(kind) = schema.get_mut("type") {
        *kind = json!([kind.take(), "null"]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schema_of_google_becomes_one_of_json() {
        let google = json!({
            "type": "OBJECT",
            "properties": {
                "b": { "type": "STRING", "format": "enum", "enum": ["x", "y"], "nullable": true },
                "a": { "type": "ARRAY", "items": { "type": "INTEGER" }, "minItems": "2", "max_items": 3 },
                "c": { "any_of": [{ "type": "NUMBER" }, { "type": "BOOLEAN" }], "nullable": true },
                "type": { "type": "STRING", "nullable": false, "example": "e" },
            },
            "propertyOrdering": ["type", "a"],
            "required": ["a"],
        });
        let expected = json!({
            "type": "object",
            "properties": {
                "type": { "type": "string", "examples": ["e"] },
                "a": { "type": "array", "items": { "type": "integer" }, "minItems": 2, "maxItems": 3 },
                "b": { "type": ["string", "null"], "enum": ["x", "y", null] },
                "c": { "anyOf": [{ "type": "number" }, { "type": "boolean" }, { "type": "null" }] },
            },
            "required": ["a"],
        });
        let read = read(&to_raw_value(&google).unwrap()).unwrap();
        assert_eq!(read.get(), expected.to_string());
    }
}
