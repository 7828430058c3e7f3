//! The difference of two JSON documents: for each JSON pointer (RFC 6901) that differs, the values before and after.
//!
//! Objects are compared name by name. A list is one value: AWS IoT replaces a list in a shadow as a whole, and so does Weir in
//! settings.

use serde_json::{Map, Value};

use crate::domain::same::same;
use crate::domain::settings::pointed;

/// A value that differs between two documents.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldChange {
    /// Where: a JSON pointer (RFC 6901); empty for the document itself.
    pub pointer: String,
    /// The value in the first document; `None` where it has none.
    pub before: Option<Value>,
    /// The value in the second document; `None` where it has none.
    pub after: Option<Value>,
}

impl FieldChange {
    /// The size as JSON, in bytes, without what is the same for every change.
    pub(super) fn bytes(&self) -> usize {
        let size = |value: &Option<Value>| value.as_ref().map_or(0, |value| value.to_string().len());
        // A control character in a name becomes six bytes.
        let pointer: usize = self.pointer.chars().map(|c| if c.is_control() { 6 } else { c.len_utf8() + 1 }).sum();
        pointer + size(&self.before) + size(&self.after)
    }
}

/// The differences, in the order of the names. Numbers are compared by value: AWS IoT writes `10.0` as `10`.
///
/// ```
/// use serde_json::json;
/// use weir_core::domain::event::{FieldChange, diff};
///
/// let changes = diff(&json!({"led": true, "ring": {"count": 3}}), &json!({"led": true, "ring": {"count": 8}}));
/// assert_eq!(changes, [FieldChange { pointer: "/ring/count".into(), before: Some(json!(3)), after: Some(json!(8)) }]);
/// ```
pub fn diff(before: &Value, after: &Value) -> Vec<FieldChange> {
    let mut changes = Vec::new();
    compare(before, after, "", &mut changes);
    changes
}

fn compare(before: &Value, after: &Value, at: &str, changes: &mut Vec<FieldChange>) {
    let (Value::Object(one), Value::Object(other)) = (before, after) else {
        if !same(before, after) {
            let (before, after) = (Some(before.clone()), Some(after.clone()));
            changes.push(FieldChange { pointer: at.to_owned(), before, after });
        }
        return;
    };
    let added = other.keys().filter(|name| !one.contains_key(*name));
    let mut names: Vec<&String> = one.keys().chain(added).collect();
    names.sort();
    for name in names {
        let at = format!("{at}/{}", pointed(name));
        match (one.get(name), other.get(name)) {
            (Some(one), Some(other)) => compare(one, other, &at, changes),
            (before, after) => {
                changes.push(FieldChange { pointer: at, before: before.cloned(), after: after.cloned() });
            }
        }
    }
}

/// The document after these changes. A change whose parent does not exist is skipped.
pub fn applied(mut document: Value, changes: &[FieldChange]) -> Value {
    for change in changes {
        apply(&mut document, change);
    }
    document
}

fn apply(document: &mut Value, FieldChange { pointer, after, .. }: &FieldChange) {
    let Some((parent, name)) = pointer.rsplit_once('/') else {
        *document = after.clone().unwrap_or_default();
        return;
    };
    let name = name.replace("~1", "/").replace("~0", "~");
    let Some(parent) = document.pointer_mut(parent).and_then(Value::as_object_mut) else { return };
    put(parent, name, after.clone());
}

fn put(object: &mut Map<String, Value>, name: String, value: Option<Value>) {
    match value {
        Some(value) => object.insert(name, value),
        None => object.remove(&name),
    };
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn document() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            (-3_i64..3).prop_map(Value::from),
            prop_oneof![Just(1.0), Just(0.5), Just(-0.0)].prop_map(Value::from),
            "[a/~ ]{0,2}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 4, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
                // Few names, so that two documents share some; among them those that a pointer has to escape.
                proptest::collection::btree_map("[ab/~]{0,2}", inner, 0..4)
                    .prop_map(|object| Value::from(object.into_iter().collect::<Map<_, _>>())),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn what_differs_applied_to_the_first_document_gives_the_second(one in document(), other in document()) {
            let changes = diff(&one, &other);
            let result = applied(one.clone(), &changes);
            prop_assert!(same(&result, &other), "{one} and {other}: {changes:?} gives {result}");
            // Backwards as well.
            let back: Vec<_> = changes.iter().map(|FieldChange { pointer, before, after }| FieldChange {
                pointer: pointer.clone(), before: after.clone(), after: before.clone(),
            }).collect();
            prop_assert!(same(&applied(other.clone(), &back), &one));
            prop_assert_eq!(changes.is_empty(), same(&one, &other));
        }

        #[test]
        fn every_change_tells_what_was_there(one in document(), other in document()) {
            for FieldChange { pointer, before, after } in diff(&one, &other) {
                prop_assert_eq!(one.pointer(&pointer), before.as_ref());
                prop_assert_eq!(other.pointer(&pointer), after.as_ref());
            }
        }
    }

    #[test]
    fn a_document_that_is_the_same_in_other_words_changes_nothing() {
        let (one, other) = (json!({"a": 10.0, "b": [1, {"c": 2.0}]}), json!({"b": [1.0, {"c": 2}], "a": 10}));
        assert_eq!(diff(&one, &other), []);
    }

    #[test]
    fn a_list_is_one_value_and_an_absent_name_differs_from_null() {
        let change = |pointer: &str, before, after| FieldChange { pointer: pointer.into(), before, after };
        let (one, other) = (json!({"l": [1, 2], "n": null, "o": {"x": 1}}), json!({"l": [1, 3], "o": {}, "p/q~": {}}));
        let expected = [
            change("/l", Some(json!([1, 2])), Some(json!([1, 3]))),
            change("/n", Some(json!(null)), None),
            change("/o/x", Some(json!(1)), None),
            change("/p~1q~0", None, Some(json!({}))),
        ];
        assert_eq!(diff(&one, &other), expected);
    }
}
