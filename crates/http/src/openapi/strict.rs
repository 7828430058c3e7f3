//! Makes the schemas that are derived from the types as strict as the code: objects made of parts take no other fields, pairs have
//! two items, texts and instants have patterns, and a merge patch says which fields `null` removes.

#![expect(
    clippy::indexing_slicing,
    reason = "a key of a JSON object is made by writing to it; only tests make the document"
)]

use serde_json::{Map, Value, json};

/// RFC 3339 within the years that are accepted; `format` does the rest.
pub(in super::super) const RFC_3339: &str = concat!(
    "(19[7-9][0-9]|[2-9][0-9]{3})-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])",
    "T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([.][0-9]{1,9})?(Z|[+-](0[0-9]|1[0-4]):[0-5][0-9])"
);
/// One line without control characters, at least one character.
const NAME: &str = "^[^\\x00-\\x1f\\x7f-\\x9f]+$";
/// An e-mail address.
const EMAIL: &str = "^[!#-'*-+./0-9=?A-Z^_`a-z{|}~-]{1,64}@[0-9A-Za-z]([0-9A-Za-z-]*[0-9A-Za-z])?([.][0-9A-Za-z]([0-9A-Za-z-]*[0-9A-Za-z])?)*$";
/// A device scope: device ids with a space between two, or `*`.
const SCOPE: &str = "^([*]|([A-Za-z0-9][A-Za-z0-9_-]{0,63}( [A-Za-z0-9][A-Za-z0-9_-]{0,63})*)?)$";
/// Levels of objects and lists in settings, the settings themselves included.
const DEPTH: usize = 5;

/// Makes the schemas of the document as strict as the code.
pub(super) fn close(document: &mut Value) {
    every_object(document, &mut |object| {
        // A tuple has exactly its items.
        if let Some(items) = object.get("prefixItems").and_then(Value::as_array).map(Vec::len) {
            object.insert("minItems".to_owned(), items.into());
        }
    });
    let Some(schemas) = document.pointer_mut("/components/schemas").and_then(Value::as_object_mut) else { return };
    if let Some(instant) = schemas.get_mut("Instant").and_then(Value::as_object_mut) {
        instant.insert("pattern".to_owned(), format!("^{RFC_3339}$").into());
    }
    // Not every document has them.
    if schemas.contains_key("Settings") {
        settings(schemas);
    }
    narrow(schemas);
    models(schemas);
    subscriptions(schemas);
    for (body, patch) in [
        ("DeviceBody", "DevicePatch"),
        ("ProfileBody", "ProfilePatch"),
        ("LocationJson", "LocationPatch"),
        ("SubscriptionBody", "SubscriptionPatch"),
    ] {
        if let Some(schema) = schemas.get(body) {
            let schema = patched(schema.clone());
            schemas.insert(patch.to_owned(), schema);
        }
    }
    pages(schemas);
    created(schemas);
    for (name, example) in examples() {
        if let Some(schema) = schemas.get_mut(name).and_then(Value::as_object_mut) {
            schema.insert("example".to_owned(), example);
        }
    }
    let Some(paths) = document.get_mut("paths").and_then(Value::as_object_mut) else { return };
    for operation in paths.values_mut().filter_map(|item| item.get_mut("patch")) {
        merge_patch(operation);
    }
    let post_device = paths.get_mut("/devices").and_then(|item| item.pointer_mut("/post/requestBody/content"));
    if let Some(media) = post_device.and_then(|content| content.get_mut("application/json")) {
        media["schema"] = json!({"$ref": "#/components/schemas/NewDevice"});
    }
}

/// The derived schema of a page contains that of its items; this refers to the schema of the items instead, which is there as well.
fn pages(schemas: &mut Map<String, Value>) {
    let names: Vec<String> = schemas.keys().filter_map(|name| name.strip_prefix("Page_").map(str::to_owned)).collect();
    for name in names.into_iter().filter(|name| schemas.contains_key(name)).collect::<Vec<_>>() {
        let items =
            schemas.get_mut(&format!("Page_{name}")).and_then(|page| page.pointer_mut("/properties/items/items"));
        if let Some(items) = items {
            *items = json!({"$ref": format!("#/components/schemas/{name}")});
        }
    }
}

/// Bodies that must name their own id: a device that is registered, and a sensor within a device. Where the path has the id, the
/// body may leave it out.
fn created(schemas: &mut Map<String, Value>) {
    let with = |schema: &Value, field: &str, id: &str| {
        let mut schema = schema.clone();
        schema["properties"][field] = json!({"$ref": format!("#/components/schemas/{id}")});
        schema["required"] = json!([field]);
        schema
    };
    if let Some(sensor) = schemas.get("SensorBody").map(|sensor| with(sensor, "code", "SensorCode")) {
        schemas.insert("NewSensor".to_owned(), sensor);
    }
    for body in ["DeviceBody", "DevicePatch"] {
        if let Some(schema) = schemas.get_mut(body).and_then(|schema| schema.pointer_mut("/properties/sensors")) {
            every_object(schema, &mut |object| {
                if object.get("$ref") == Some(&json!("#/components/schemas/SensorBody")) {
                    object.insert("$ref".to_owned(), "#/components/schemas/NewSensor".into());
                }
            });
        }
    }
    if let Some(device) = schemas.get("DeviceBody").map(|device| with(device, "id", "DeviceId")) {
        schemas.insert("NewDevice".to_owned(), device);
    }
}

/// An example for each schema of a body.
fn examples() -> [(&'static str, Value); 20] {
    let device = json!({
        "name": "Buoy 7", "description": "Off the pier.", "location": {"latitude": 48.2, "longitude": 16.4},
        "sensors": [{"code": "ph", "name": "pH", "unit": "pH", "limits": {"min": 0, "max": 14}}], "settings": {"every": 60},
    });
    let mut new_device = device.clone();
    new_device["id"] = "buoy-07".into();
    let profile =
        json!({"name": "Ann", "phone": "+431234567", "organisation": "Weir", "preferences": {"language": "de"}});
    let mut new_profile = profile.clone();
    new_profile["sub"] = "5f1e0000-0000-4000-8000-000000000001".into();
    [
        (
            "SubscriptionBody",
            json!({"channel": {"email": {}}, "filter": {"kinds": ["LIMIT"], "severity": "warning"}, "remind_hours": 24}),
        ),
        ("SubscriptionPatch", json!({"remind_hours": 4, "quiet": null})),
        ("NewDevice", new_device),
        ("DeviceBody", device),
        ("DevicePatch", json!({"name": "Buoy 7", "location": null})),
        ("SensorBody", json!({"name": "pH", "unit": "pH"})),
        ("NewProfile", new_profile),
        ("ProfileBody", profile),
        ("ProfilePatch", json!({"phone": null, "preferences": {"language": "en"}})),
        ("NewUser", json!({"email": "ann@example.com", "role": "user", "devices": "buoy-01"})),
        ("ChangeBody", json!({"devices": "buoy-01 buoy-02"})),
        ("FlowProblemChanges", json!({"problem_ids": ["0102", "0203"], "problem_status": "ACKNOWLEDGED"})),
        ("FlowProblemPatch", json!({"note": "A branch in the tube."})),
        (
            "TryBody",
            json!({"alert": {"id": "low-oxygen", "below": 4, "clear": 4.5, "for": 2}, "from": "2026-11-19T00:00:00Z", "to": "2026-11-20T00:00:00Z"}),
        ),
        ("RecalculationBody", json!({"from": "2026-11-19T00:00:00Z", "to": "2026-11-20T00:00:00Z"})),
        ("ClaimBody", json!({"claim_code": "5BNEN-TQAXB-NENTQ-AXBNE-NTQAXB"})),
        (
            "NewFirmware",
            json!({"version": "1.4.2", "size": 482_304, "sha256": "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"}),
        ),
        ("NewJob", json!({"firmware": "1.4.2", "target": {"devices": ["buoy-01"]}, "rollout_per_minute": 50})),
        ("CommandBody", json!({"name": "dispense", "args": {"ml": 30}, "expires_in": 60})),
        ("ReplayBody", json!({"reason": "unknown_device", "limit": 10})),
    ]
}

/// Replaces what a type cannot express about its fields.
fn narrow(schemas: &mut Map<String, Value>) {
    // From the first year on until 2285: a sort key has room for instants up to November 2286.
    let until_2285 = |first: &str| {
        let pattern = RFC_3339.replacen(
            "(19[7-9][0-9]|[2-9][0-9]{3})",
            &format!("({first}2[01][0-9]{{2}}|22[0-7][0-9]|228[0-5])"),
            1,
        );
        json!({"type": ["string", "null"], "format": "date-time", "pattern": format!("^{pattern}$"), "example": "2026-11-20T00:00:00Z"})
    };
    for (name, pointer, mut narrowed) in [
        ("CalibrationBody", "/allOf/1/properties/valid_from", until_2285("19[7-9][0-9]|")),
        ("DeviceBody", "/properties/history_from", until_2285("")),
    ] {
        if let Some(field) = schemas.get_mut(name).and_then(|schema| schema.pointer_mut(pointer)) {
            let said = field.get("description").or_else(|| field.pointer("/oneOf/0/description")).cloned();
            narrowed["description"] = said.unwrap_or_default();
            *field = narrowed;
        }
    }
    // A user has all of its fields always, and a problem its status: none of these can be removed.
    for (body, removable) in [("ChangeBody", None), ("FlowProblemPatch", Some("note"))] {
        let fields = schemas.get_mut(body).and_then(|schema| schema["properties"].as_object_mut());
        for (_, field) in fields.into_iter().flatten().filter(|(name, _)| removable != Some(name.as_str())) {
            if let Some(kinds) = field["type"].as_array_mut() {
                kinds.retain(|kind| kind != "null");
            }
            if let Some(value) = field.pointer_mut("/oneOf/0").map(Value::take) {
                *field = value;
            }
        }
    }
    for body in ["NewUser", "ChangeBody"] {
        for (field, pattern) in [("/properties/email", EMAIL), ("/properties/devices", SCOPE)] {
            if let Some(field) = schemas.get_mut(body).and_then(|schema| schema.pointer_mut(field)) {
                field["pattern"] = pattern.into();
            }
        }
    }
    if let Some(alert) = schemas.get_mut("Alert") {
        let only = |limit: &str| {
            let others: Map<String, Value> = ["above", "below", "outside"]
                .iter()
                .filter(|other| **other != limit)
                .map(|other| ((*other).to_owned(), json!({"type": "null"})))
                .collect();
            let mut properties = others;
            properties.insert(limit.to_owned(), json!({"not": {"type": "null"}}));
            json!({"required": [limit], "properties": properties})
        };
        alert["oneOf"] = json!([only("above"), only("below"), only("outside")]);
        alert["example"] = json!({"id": "low-oxygen", "below": 4, "clear": 4.5, "for": 2, "severity": "critical"});
    }
    if let Some(change) = schemas.get_mut("ChangeBody") {
        change["dependentRequired"] = json!({"email_verified": ["email"]});
    }
    if let Some(patch) = schemas.get_mut("FlowProblemPatch") {
        patch["minProperties"] = 1.into();
    }
    let kinds = schemas.get_mut("Kind").and_then(|kind| kind["oneOf"].as_array_mut());
    for inputs in kinds.into_iter().flatten().filter_map(|kind| kind.pointer_mut("/properties/inputs")) {
        inputs["propertyNames"] = json!({"pattern": "^[A-Za-z][A-Za-z0-9_]{0,31}$"});
        inputs["additionalProperties"] = json!({"$ref": "#/components/schemas/SensorCode"});
        inputs["maxProperties"] = 16.into();
    }
}

/// Adds the schemas of settings: `Settings` itself, and `Setting1` to `Setting5` for a value with that many levels left. Those with
/// `Patch` at the end of their names are for a merge patch, in which `null` removes a setting.
fn settings(schemas: &mut Map<String, Value>) {
    for (patch, null) in [("", false), ("Patch", true)] {
        let within = |level: usize| json!({"$ref": format!("#/components/schemas/Setting{level}{patch}")});
        let group = |level: usize| json!({"type": "object", "propertyNames": {"pattern": NAME}, "additionalProperties": within(level)});
        for level in 1..=DEPTH {
            let mut kinds = vec!["boolean", "number", "string"];
            kinds.extend(null.then_some("null"));
            let mut any_of = vec![json!({"type": kinds})];
            if level > 1 {
                // A list is replaced as a whole, so nothing is removed from it.
                let item = json!({"$ref": format!("#/components/schemas/Setting{}", level - 1)});
                any_of.extend([json!({"type": "array", "items": item}), group(level - 1)]);
            }
            schemas.insert(format!("Setting{level}{patch}"), json!({"anyOf": any_of}));
        }
        let mut of_sensor = vec![group(DEPTH - 2)];
        let mut of_sensors = json!({
            "type": ["object"], "description": "Settings of each sensor by its code.",
            "propertyNames": {"pattern": "^[a-z][a-z0-9_]{0,31}$"},
        });
        if null {
            of_sensor.push(json!({"type": "null"}));
            of_sensors["type"] = json!(["object", "null"]);
        }
        of_sensors["additionalProperties"] = json!({"anyOf": of_sensor});
        for name in ["Settings", "Preferences", "Arguments"] {
            let mut whole = group(DEPTH);
            let bytes = if name == "Arguments" { "2,048" } else { "4,000" };
            whole["description"] = format!("At most {bytes} bytes as compact JSON, at most 5 levels.").into();
            whole["example"] = json!({"every": 60});
            if name == "Settings" {
                whole["properties"] = json!({"sensors": of_sensors});
            }
            schemas.insert(format!("{name}{patch}"), whole);
        }
    }
}

/// Calibration models: the derived schemas are made of parts, each of which is open to the fields of the others.
fn models(schemas: &mut Map<String, Value>) {
    let (Some(kinds), Some(options)) = (schemas.remove("Kind"), schemas.get("ModelJson").map(own)) else {
        return;
    };
    let kinds = kinds["oneOf"].as_array().cloned().unwrap_or_default();
    for name in ["ModelJson", "RangeJson", "CalibrationBody", "CalibrationJson"] {
        let Some(schema) = schemas.get(name) else { continue };
        let mut parts = vec![options.clone()];
        if name != "ModelJson" {
            parts.push(own(schema));
        }
        let closed: Vec<_> = kinds.iter().map(|kind| closed(kind, &parts)).collect();
        let example = json!({"model": "linear", "slope": 0.01, "intercept": 0, "round": 2});
        let description = schema["description"].clone();
        let mut whole = json!({"description": description, "oneOf": closed});
        if name == "CalibrationBody" {
            whole["example"] = example;
        }
        schemas.insert(name.to_owned(), whole);
    }
    let fit = fits(schemas.get("FitBody"));
    schemas.insert("FitBody".to_owned(), fit);
}

/// A subscription as shown is one object, and not a body that takes no other fields beside others; `enabled` is never `null`.
fn subscriptions(schemas: &mut Map<String, Value>) {
    let Some(body) = schemas.get_mut("SubscriptionBody") else { return };
    if let Some(enabled) = body.pointer_mut("/properties/enabled") {
        enabled["type"] = "boolean".into();
    }
    let body = body.clone();
    let Some(shown) = schemas.get("Subscription") else { return };
    let mut whole = closed(&body, &[own(shown)]);
    whole["description"] = shown["description"].clone();
    schemas.insert("Subscription".to_owned(), whole);
}

/// The fields that a schema adds to a model.
fn own(schema: &Value) -> Value {
    schema.pointer("/allOf/1").cloned().unwrap_or_default()
}

/// One object with the fields of all these and no others.
fn closed(kind: &Value, parts: &[Value]) -> Value {
    let mut whole = json!({"type": "object", "properties": {}, "required": [], "additionalProperties": false});
    for part in std::iter::once(kind).chain(parts) {
        let properties = part["properties"].as_object().cloned().unwrap_or_default();
        let required = part["required"].as_array().cloned().unwrap_or_default();
        if let Some(all) = whole["properties"].as_object_mut() {
            all.extend(properties);
        }
        if let Some(all) = whole["required"].as_array_mut() {
            all.extend(required);
        }
    }
    whole
}

/// The models that can be fitted, each with its own fields.
fn fits(derived: Option<&Value>) -> Value {
    let points = |least: usize| {
        let pair = json!({"type": "array", "prefixItems": [{"type": "number"}, {"type": "number"}], "items": false, "minItems": 2});
        json!({"type": "array", "description": "Reference points: [raw, reference].", "items": pair, "minItems": least, "maxItems": 1000})
    };
    let fit = |models: Value, least: usize, more: Value, required: Value| {
        let mut properties = json!({"model": {"enum": models}, "points": points(least)});
        if let (Some(properties), Value::Object(more)) = (properties.as_object_mut(), more) {
            properties.extend(more);
        }
        json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false})
    };
    let degree = json!({"degree": {"type": "integer", "minimum": 1, "maximum": 9, "description": "The degree of the polynomial."}});
    let outside = json!({"outside": {"enum": ["extend", "clamp", "reject", null], "description": "What the model does beyond its points; `extend` unless given."}});
    json!({
        "description": derived.map(|derived| derived["description"].clone()),
        "example": {"model": "linear", "points": [[0, 1], [10, 6]]},
        "oneOf": [
            fit(json!(["linear", "two_point"]), 2, json!({}), json!(["model", "points"])),
            fit(json!(["steinhart_hart"]), 3, json!({}), json!(["model", "points"])),
            fit(json!(["polynomial"]), 2, degree, json!(["model", "points", "degree"])),
            fit(json!(["piecewise"]), 2, outside, json!(["model", "points"])),
        ],
    })
}

/// A body as a merge patch: no field is required, and `null` removes a field unless it is read-only.
fn patched(mut schema: Value) -> Value {
    if let Some(schema) = schema.as_object_mut() {
        let required = schema.remove("required").unwrap_or_default();
        let stays = |name: &str| required.as_array().is_some_and(|names| names.iter().any(|required| required == name));
        let properties = schema.get_mut("properties").and_then(Value::as_object_mut);
        // A read-only field can only be sent back as it was read, so it cannot be removed; nor can one that has to be there.
        let removed = |(name, property): &(&String, &mut Value)| property["readOnly"] != true && !stays(name.as_str());
        for (_, property) in properties.into_iter().flatten().filter(removed) {
            every_object(property, &mut |object| {
                if let Some(Value::String(target)) = object.get_mut("$ref") {
                    for merged in ["Settings", "Preferences", "LocationJson"] {
                        if target.ends_with(&format!("/{merged}")) {
                            *target = target.replace(merged, &format!("{}Patch", merged.trim_end_matches("Json")));
                        }
                    }
                }
            });
            *property = json!({"anyOf": [property.take(), {"type": "null"}]});
        }
    }
    schema
}

/// An operation that applies a merge patch takes it as plain JSON too.
fn merge_patch(operation: &mut Value) {
    let Some(content) = operation.pointer_mut("/requestBody/content").and_then(Value::as_object_mut) else { return };
    let Some(mut media) = content.get("application/merge-patch+json").cloned() else { return };
    if let Some(Value::String(target)) = media.pointer_mut("/schema/$ref") {
        for name in ["Device", "Profile", "Subscription"] {
            *target = target.replace(&format!("{name}Body"), &format!("{name}Patch"));
        }
    }
    content.insert("application/merge-patch+json".to_owned(), media.clone());
    content.insert("application/json".to_owned(), media);
}

/// Calls `change` with every object in a value.
fn every_object(value: &mut Value, change: &mut impl FnMut(&mut Map<String, Value>)) {
    match value {
        Value::Object(object) => {
            change(object);
            object.values_mut().for_each(|value| every_object(value, change));
        }
        Value::Array(list) => list.iter_mut().for_each(|value| every_object(value, change)),
        _ => {}
    }
}
