//! Commands and addresses for calling the local cloud, to be copied.

use std::path::Path;

use anyhow::Result;
use tooling::certificate::Identity;
use tooling::people::{People, Person};
use tooling::place;
use tooling::stack::Stack;

use crate::sign_in::SignedIn;

/// One command or address.
#[derive(Debug, Clone)]
pub struct Address {
    /// What it is for.
    pub purpose: &'static str,
    /// What to type, in the root of the repository.
    pub command: String,
}

/// The dashboard, and the people who can sign in there.
///
/// # Errors
/// When the template lacks an output.
pub fn dashboard(stack: &Stack, people: &People) -> Result<Vec<Address>> {
    let People { admin, user } = people;
    let person = |person: &Person| format!("{}  {}", person.email, person.password);
    Ok(vec![
        Address { purpose: "the dashboard", command: stack.output("DashboardUrl")?.to_owned() },
        Address { purpose: "sign in there as an administrator", command: person(admin) },
        Address { purpose: "or as a user who sees two buoys and a dispenser", command: person(user) },
    ])
}

/// The command that updates the dispenser to this version.
///
/// # Errors
/// When the template lacks an output.
pub fn update(stack: &Stack, signed_in: &SignedIn, version: &str) -> Result<Address> {
    let root = place::root()?;
    let admin = signed_in.admin.strip_prefix(&root).unwrap_or(&signed_in.admin).display().to_string();
    let api = stack.output("ApiUrl")?;
    let command = format!(
        "curl -s -H @{admin} -H content-type:application/json -d '{{\"firmware\":\"{version}\",\"target\":{{\"devices\":[\"dispenser-123\"]}}}}' {api}/fleet/jobs"
    );
    Ok(Address { purpose: "new firmware for the dispenser, as an administrator", command })
}

/// The commands for this stack. `guest` is a device for the person who watches, `environment` the file with the keys.
///
/// # Errors
/// When the template lacks an output.
pub fn lines(stack: &Stack, guest: &Identity, signed_in: &SignedIn, environment: &Path) -> Result<Vec<Address>> {
    let root = place::root()?;
    let shown = |file: &Path| file.strip_prefix(&root).unwrap_or(file).display().to_string();
    let (keys, levels) = (shown(environment), stack.output("LevelsTableName")?);
    let publish = format!(
        "mosquitto_pub -h 127.0.0.1 -p {} --cafile {} --cert {} --key {} -q 1 -i {} -t {}/reading/sensor/ph -m '{{\"value\":-40}}'",
        stack.mqtt_port,
        shown(&stack.ca),
        shown(&guest.certificate),
        shown(&guest.key),
        guest.name,
        guest.name
    );
    let api = stack.output("ApiUrl")?;
    let (admin, user) = (shown(&signed_in.admin), shown(&signed_in.user));
    Ok(vec![
        Address {
            purpose: "HTTP API, as an administrator",
            command: format!(
                "curl -s -H @{admin} -H content-type:application/json -d '{{\"id\":\"mine\",\"sensors\":[{{\"code\":\"ph\"}}]}}' {api}/devices"
            ),
        },
        Address {
            purpose: "HTTP API, as a user who sees two buoys and a dispenser",
            command: format!(
                "curl -s -H @{user} -X PUT -H content-type:application/json -d '{{\"every\":30}}' {api}/devices/buoy-01/settings"
            ),
        },
        Address {
            purpose: "a command, as that user",
            command: format!(
                "curl -s -H @{user} -H content-type:application/json -d '{{\"name\":\"dispense\",\"args\":{{\"ml\":30}}}}' {api}/devices/dispenser-123/commands"
            ),
        },
        Address {
            purpose: "what became of the commands",
            command: format!("curl -s -H @{user} {api}/devices/dispenser-123/commands?limit=3"),
        },
        Address {
            purpose: "settings of the dispenser",
            command: format!(
                "curl -s -H @{user} -X PUT -H content-type:application/json -d '{{\"led\":true,\"led_ring\":{{\"count\":12,\"color\":\"#ff0000\"}},\"dispense_time_ms\":900}}' {api}/devices/dispenser-123/settings"
            ),
        },
        Address {
            purpose: "any AWS service",
            command: format!("env $(cat {keys}) aws dynamodb scan --table-name {levels}"),
        },
        Address {
            purpose: "the same without the AWS CLI",
            command: format!(
                "(. {keys}; curl -s --aws-sigv4 aws:amz:$AWS_REGION:dynamodb --user $AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY -H x-amz-target:DynamoDB_20120810.Scan -H content-type:application/x-amz-json-1.0 -d '{{\"TableName\":\"{levels}\"}}' $AWS_ENDPOINT_URL)"
            ),
        },
        Address { purpose: "MQTT, with a buoy of your own", command: publish },
        Address {
            purpose: "what changes, live",
            command: "cargo xtask watch device/buoy-01 device/dispenser-123 problems".to_owned(),
        },
        Address { purpose: "a function", command: "cargo xtask invoke calibration number".to_owned() },
    ])
}
