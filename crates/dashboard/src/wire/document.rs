//! Checks the page's types against the API's document: they accept what it allows, and every field that they read is in it.

use std::fmt;

use serde::de::{DeserializeOwned, Deserializer, Visitor};
use serde::forward_to_deserialize_any;
use serde_json::{Map, Value, json};

const DOCUMENT: &str = include_str!("../../../cognito-get-role/openapi.json");

/// Panics unless the type accepts examples of the schema with all fields and with only the required ones, and every field of the type is in
/// the schema.
pub fn holds<T: DeserializeOwned>(schema: &str) {
    let document: Value = serde_json::from_str(DOCUMENT).unwrap();
    let of = json!({"$ref": format!("#/components/schemas/{schema}")});
    for whole in [true, false] {
        let value = example(&document, &of, whole);
        if let Err(error) = serde_json::from_value::<T>(value.clone()) {
            panic!("{schema}: {error}: {value}");
        }
    }
    let known = example(&document, &of, true);
    let foreign: Vec<_> = fields::<T>().iter().filter(|field| known.get(**field).is_none()).collect();
    assert!(foreign.is_empty(), "{schema} has no {foreign:?}");
}

/// An example of a schema; with the optional fields if it is to be `whole`.
fn example(document: &Value, schema: &Value, whole: bool) -> Value {
    if let Some(path) = schema["$ref"].as_str() {
        return example(document, document.pointer(path.trim_start_matches('#')).unwrap(), whole);
    }
    if let Some(given) =
        schema.get("example").or(schema["examples"].get(0)).or(schema["enum"].get(0)).or(schema.get("const"))
    {
        return given.clone();
    }
    let one = ["oneOf", "anyOf"].iter().find_map(|key| schema[*key].as_array());
    if let Some(one) = one {
        return example(document, one.iter().find(|one| one["type"] != "null").unwrap(), whole);
    }
    if let Some(all) = schema["allOf"].as_array() {
        let parts = all.iter().filter_map(|part| example(document, part, whole).as_object().cloned());
        return Value::Object(parts.flatten().collect());
    }
    let kind =
        schema["type"].as_str().or_else(|| schema["type"].as_array()?.iter().find(|kind| **kind != "null")?.as_str());
    match kind {
        Some("object") => {
            let required = |name: &String| {
                schema["required"].as_array().is_some_and(|all| all.iter().any(|one| one == name.as_str()))
            };
            let none = Map::new();
            let fields = schema["properties"].as_object().unwrap_or(&none).iter();
            let wanted = fields.filter(|(name, _)| whole || required(name));
            wanted.map(|(name, field)| (name.clone(), example(document, field, whole))).collect()
        }
        Some("array") => match schema["prefixItems"].as_array() {
            Some(items) => items.iter().map(|item| example(document, item, whole)).collect(),
            None => json!([example(document, &schema["items"], whole)]),
        },
        Some("string") if schema["format"] == "date-time" => json!("2026-11-20T06:24:44.123Z"),
        Some("string") => json!("a"),
        Some("integer") => schema["minimum"].as_i64().unwrap_or(1).into(),
        Some("number") => json!(1.5),
        Some("boolean") => json!(true),
        _ => json!({}),
    }
}

/// The fields that a struct reads.
fn fields<T: DeserializeOwned>() -> &'static [&'static str] {
    let mut found: &'static [&'static str] = &[];
    let _ = T::deserialize(Asked(&mut found));
    found
}

/// A deserializer without content, which records the fields that it is asked for.
struct Asked<'a>(&'a mut &'static [&'static str]);

#[derive(Debug)]
struct Nothing;

impl fmt::Display for Nothing {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("nothing to give")
    }
}

impl std::error::Error for Nothing {}

impl serde::de::Error for Nothing {
    fn custom<M: fmt::Display>(_: M) -> Self {
        Self
    }
}

impl<'de> Deserializer<'de> for Asked<'_> {
    type Error = Nothing;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Nothing> {
        Err(Nothing)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Nothing> {
        *self.0 = fields;
        Err(Nothing)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct newtype_struct seq
        tuple tuple_struct map enum identifier ignored_any
    }
}

#[test]
fn a_field_that_the_document_lacks_is_noticed() {
    #[derive(serde::Deserialize)]
    struct Wrong {
        _ticket: String,
    }
    assert_eq!(fields::<Wrong>(), ["_ticket"]);
    assert!(std::panic::catch_unwind(|| holds::<Wrong>("LiveTicket")).is_err());
}
