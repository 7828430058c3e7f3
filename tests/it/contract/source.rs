//! Reads the sources of the crates: which of them are functions, and which environment variables each of them reads.

use std::collections::BTreeSet;
use std::fs::{read_dir, read_to_string};
use std::path::{Path, PathBuf};

use weir_runtime::{Environment, Function};

/// The root of the repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests live in the repository").to_owned()
}

/// The crates that are functions: their `main.rs` runs one. `hello` is only measured.
pub fn functions(root: &Path) -> Vec<String> {
    let crates = read_dir(root.join("crates")).expect("crates is there").map(|entry| entry.unwrap().path());
    let mut names: Vec<_> = crates
        .filter(|path| read_to_string(path.join("src/main.rs")).is_ok_and(|main| main.contains("weir_runtime::run::<")))
        .map(|path| path.file_name().unwrap().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

/// What the logs of every function read.
const LOG_LEVEL: &str = "LOG_LEVEL";

/// The variables of the template that a function reads, whichever time-series store the stack has.
pub fn variables(function: &str) -> Vec<String> {
    let read = match function {
        "alert" => read_by::<alert::Alert>,
        "calibration" => read_by::<calibration::Calibration>,
        "certificate" => read_by::<certificate::Certificate>,
        "cognito-add-update-delete-user" => read_by::<cognito_add_update_delete_user::ChangeUser>,
        "cognito-get-role" => read_by::<cognito_get_role::GetRole>,
        "cognito-get-users-info" => read_by::<cognito_get_users_info::UsersInfo>,
        "command" => read_by::<command::Command>,
        "device" => read_by::<device::Device>,
        "event" => read_by::<event::Events>,
        "flow" => read_by::<flow::Flow>,
        "health" => read_by::<health::Health>,
        "job" => read_by::<job::Job>,
        "live" => read_by::<live::Live>,
        "live-push" => read_by::<live_push::LivePush>,
        "notify" => read_by::<notify::Notify>,
        "organizer" => read_by::<organizer::Organizer>,
        "problem-detector" => read_by::<problem_detector::ProblemDetector>,
        "provision" => read_by::<provision::Provision>,
        "quarantine" => read_by::<quarantine::Quarantine>,
        "reading" => read_by::<reading::Reading>,
        "recalculation" => read_by::<recalculation::Recalculation>,
        "site" => read_by::<site::Site>,
        "twin" => read_by::<twin::Twin>,
        "subscription" => read_by::<subscription::SubscriptionApi>,
        "user" => read_by::<user::User>,
        other => panic!("tests/it/contract/source.rs does not know the function {other}"),
    };
    let names = ["dynamodb", "timestream"].into_iter().flat_map(read).chain([LOG_LEVEL]);
    names.map(str::to_owned).collect::<BTreeSet<_>>().into_iter().collect()
}

/// The variables that the function's settings ask for, with everything set that has no default.
fn read_by<F: Function>(store: &str) -> BTreeSet<&'static str> {
    use weir_runtime::Settings;
    let mut variables = vec![("TIME_SERIES_STORE", store)];
    loop {
        let environment = Environment::of(variables.clone());
        match F::Settings::read(&environment) {
            Ok(_) => return environment.names_read(),
            Err(weir_runtime::SettingsError::Missing(name)) => variables.push((name, "any")),
            Err(error) => panic!("{error}"),
        }
    }
}
