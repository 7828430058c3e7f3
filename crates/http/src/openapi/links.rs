//! Which operation can follow which, and where its parameters come from (OpenAPI, "Link Object").

use serde_json::{Map, Value, json};

/// The operations that can follow the answer of an operation with this status, and for each of their parameters the expression that
/// gives its value.
struct Links {
    of: &'static str,
    status: &'static str,
    to: &'static [&'static str],
    parameters: &'static [(&'static str, &'static str)],
}

const fn links(
    of: &'static str,
    status: &'static str,
    to: &'static [&'static str],
    parameters: &'static [(&'static str, &'static str)],
) -> Links {
    Links { of, status, to, parameters }
}

const DEVICE: &[&str] = &[
    "get_device",
    "put_device",
    "patch_device",
    "get_settings",
    "put_settings",
    "get_readings",
    "get_latest",
    "get_device_events",
    "post_command",
    "get_commands",
    "delete_device",
];
const SENSOR: &[&str] =
    &["get_sensor", "post_calibration", "get_calibrations", "post_fit", "post_recalculation", "delete_sensor"];
const OF_SENSOR: &[(&str, &str)] = &[("id", "$request.path.id"), ("code", "$response.body#/code")];
const NEXT: &[(&str, &str)] = &[("next", "$response.body#/next")];

const ALL: &[Links] = &[
    links("post_device", "201", DEVICE, &[("id", "$response.body#/id")]),
    links("get_devices", "200", &["get_device", "get_latest"], &[("id", "$response.body#/items/0/id")]),
    links("get_devices", "200", &["get_devices"], NEXT),
    links(
        "get_device_events",
        "200",
        &["get_device_events"],
        &[("id", "$request.path.id"), ("next", "$response.body#/next")],
    ),
    links("get_events", "200", &["get_events"], NEXT),
    links(
        "get_serials",
        "200",
        &["post_serial_reset", "delete_serial"],
        &[("serial", "$response.body#/items/0/serial")],
    ),
    links("get_serials", "200", &["get_serials"], NEXT),
    links("post_serials", "201", &["post_serial_reset", "delete_serial"], &[("serial", "$response.body#/serial")]),
    links("put_sensor", "200", SENSOR, OF_SENSOR),
    links("put_sensor", "201", SENSOR, OF_SENSOR),
    links(
        "get_calibrations",
        "200",
        &["get_calibrations"],
        &[("id", "$request.path.id"), ("code", "$request.path.code"), ("next", "$response.body#/next")],
    ),
    links(
        "post_recalculation",
        "202",
        &["get_recalculation"],
        &[("id", "$request.path.id"), ("code", "$request.path.code"), ("job", "$response.body#/job")],
    ),
    links(
        "post_command",
        "202",
        &["get_command", "delete_command"],
        &[("id", "$request.path.id"), ("command", "$response.body#/id")],
    ),
    links(
        "get_commands",
        "200",
        &["get_command", "delete_command"],
        &[("id", "$request.path.id"), ("command", "$response.body#/items/0/id")],
    ),
    links("get_commands", "200", &["get_commands"], &[("id", "$request.path.id"), ("next", "$response.body#/next")]),
    links("get_overview", "200", &["get_device", "get_latest"], &[("id", "$response.body#/items/0/id")]),
    links("get_overview", "200", &["get_overview"], NEXT),
    links("post_job", "202", &["get_job", "delete_job"], &[("job", "$response.body#/id")]),
    links("get_jobs", "200", &["get_job", "delete_job"], &[("job", "$response.body#/items/0/id")]),
    links("get_jobs", "200", &["get_jobs"], NEXT),
    links("get_firmware", "200", &["get_firmware"], NEXT),
    links("get_levels", "200", &["get_level"], &[("id", "$response.body#/items/0/id")]),
    links("get_levels", "200", &["get_levels"], NEXT),
    links(
        "get_problems",
        "200",
        &["get_problem", "patch_problem"],
        &[("problem_id", "$response.body#/items/0/problem_id")],
    ),
    links("get_problems", "200", &["get_problems"], NEXT),
    links(
        "get_quarantine",
        "200",
        &["get_entry", "post_replay", "delete_entry"],
        &[("id", "$response.body#/items/0/id")],
    ),
    links("get_quarantine", "200", &["get_quarantine"], NEXT),
    links(
        "post_user",
        "201",
        &["get_user", "put_user", "patch_user", "delete_user"],
        &[("sub", "$response.body#/sub")],
    ),
    links("get_users", "200", &["get_users"], NEXT),
    links(
        "post_subscription",
        "201",
        &["get_subscription", "patch_subscription", "post_test", "delete_subscription"],
        &[("id", "$response.body#/id")],
    ),
    links(
        "get_own_subscriptions",
        "200",
        &["get_subscription", "patch_subscription"],
        &[("id", "$response.body#/items/0/id")],
    ),
    links("get_own_subscriptions", "200", &["get_own_subscriptions"], NEXT),
    links("get_subscriptions", "200", &["get_subscriptions"], NEXT),
    links("get_notices", "200", &["post_retry"], &[("id", "$response.body#/items/0/id")]),
    links("get_notices", "200", &["get_notices"], NEXT),
    links(
        "add_cognito_user",
        "201",
        &["get_cognito_user", "get_role", "change_cognito_user", "delete_cognito_user"],
        &[("username", "$response.body#/username")],
    ),
    links("get_cognito_users", "200", &["get_cognito_users"], NEXT),
];

/// Adds the links to the answers. One that leads nowhere is left out, since a document may have only some of the operations.
pub(super) fn add(paths: &mut Map<String, Value>) {
    let names: Vec<String> =
        operations(paths).filter_map(|one| one["operationId"].as_str().map(str::to_owned)).collect();
    for operation in operations(paths) {
        let of = operation["operationId"].as_str().unwrap_or_default().to_owned();
        for Links { status, to, parameters, .. } in ALL.iter().filter(|links| links.of == of) {
            let Some(response) = operation["responses"].get_mut(*status).and_then(Value::as_object_mut) else {
                continue;
            };
            let all = response.entry("links").or_insert_with(|| json!({}));
            for name in to.iter().filter(|name| names.iter().any(|known| known == *name)) {
                let parameters: Map<String, Value> =
                    parameters.iter().map(|(name, from)| ((*name).to_owned(), (*from).into())).collect();
                all[*name] = json!({"operationId": name, "parameters": parameters});
            }
        }
    }
}

fn operations(paths: &mut Map<String, Value>) -> impl Iterator<Item = &mut Value> {
    let items = paths.values_mut().filter_map(Value::as_object_mut);
    items.flat_map(|item| item.values_mut()).filter(|operation| operation.is_object())
}
