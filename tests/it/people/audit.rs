//! The log of admins' actions: the query in docs/people.md finds exactly these lines, and none contains a secret.

use std::io::Write;
use std::sync::{Arc, LazyLock, Mutex};
use weir_runtime::Function as _;

use serde_json::{Value, json};
use tracing::subscriber::DefaultGuard;
use tracing::{Dispatch, Level};
use weir_runtime::telemetry::lines;
use weir_tests::root;

use super::{ANN, BOB, World};
use crate::http::ask::{Ask, status};

/// What was written to the log.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Log {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }

    fn lines(&self) -> Vec<Value> {
        self.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

/// The query in docs/people.md: its conditions, and the fields that it shows.
fn query() -> (Vec<(String, String)>, Vec<String>) {
    let page = std::fs::read_to_string(root().join("docs/people.md")).unwrap();
    let query = page
        .split("```")
        .find(|block| block.contains("filter kind = \"audit\""))
        .expect("docs/people.md has the query");
    let of = |command: &str| {
        let lines = query.lines().map(|line| line.trim_start_matches(['|', ' ']));
        lines.filter_map(|line| line.strip_prefix(command).map(str::to_owned)).next().expect("a command of the query")
    };
    let filter = of("filter ");
    let conditions = filter.split(" and ").map(|condition| {
        let (field, value) = condition.split_once(" = ").expect("a condition");
        (field.trim().to_owned(), value.trim().trim_matches('"').to_owned())
    });
    let fields = of("fields ").split(',').map(|field| field.trim().to_owned()).collect();
    (conditions.collect(), fields)
}

/// What a line's level is worth is remembered for the whole process, so two who listen at once would disturb each other.
static ONE_AT_A_TIME: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// Another listener. Whether a line is wanted is asked once in a process, by whichever test writes it first; while there is
/// but one listener, only that test's own is asked.
static ANOTHER: LazyLock<Dispatch> = LazyLock::new(|| Dispatch::new(lines(Level::ERROR, std::io::sink)));

/// What is written from here on in this test.
fn listen(level: Level) -> (Log, DefaultGuard) {
    LazyLock::force(&ANOTHER);
    let log = Log::default();
    let writer = log.clone();
    let guard = tracing::subscriber::set_default(lines(level, move || writer.clone()));
    (log, guard)
}

/// What none of the passwords that are sent here may show of itself.
const SECRETS: [&str; 2] = ["Correct-Horse", "123456789012"];

async fn changed(level: Level) -> Log {
    let _alone = ONE_AT_A_TIME.lock().await;
    let (log, _guard) = listen(level);
    let world = World::new().await;
    let password = json!({"value": "Correct-Horse-7"});
    let add = json!({"email": "new@example.com", "role": "user", "devices": "buoy-01", "password": password});
    let change = json!({"devices": "buoy-09", "password": {"value": "Correct-Horse-8", "permanent": true}});
    for (method, path, body, expected) in [
        ("POST", "/cognito/users", Some(add), 201),
        // Recorded people do not change, so the devices of before are those of after: the password tells that it happened.
        ("PATCH", &format!("/cognito/users/{BOB}"), Some(change), 200),
        ("PATCH", &format!("/cognito/users/{ANN}"), Some(json!({"role": "user"})), 409),
        ("DELETE", &format!("/cognito/users/{BOB}"), None, 204),
    ] {
        let ask = Ask::new(method, path).admin();
        let ask = body.map_or(ask.clone(), |body| ask.json(&body));
        assert_eq!(status(&world.change().answer(ask.event()).await.unwrap()), expected, "{method} {path}");
    }
    // A password in the wrong place, or of the wrong kind, is refused in words that do not repeat it.
    let mut wrong = json!({"email": "new@example.com", "role": "user"});
    for password in [json!("Correct-Horse-9"), json!({"value": 123_456_789_012_u64}), json!([123_456_789_012_u64])] {
        wrong["password"] = password.clone();
        let patch = json!({"password": password});
        for (method, path, body) in
            [("POST", "/cognito/users".to_owned(), &wrong), ("PATCH", format!("/cognito/users/{BOB}"), &patch)]
        {
            let answer = world.change().answer(Ask::new(method, &path).admin().json(body).event()).await.unwrap();
            assert_eq!(status(&answer), 422, "{answer}");
            assert!(SECRETS.iter().all(|secret| !answer.to_string().contains(secret)), "{answer}");
        }
    }
    let ask = Ask::new("PUT", &format!("/users/{BOB}")).admin().json(&json!({"name": "Robert"}));
    // Buried with Bob a moment ago, so refused, and not in the log.
    assert_eq!(status(&world.user().answer(ask.event()).await.unwrap()), 404);
    world.profile(ANN, &json!({"name": "Ann", "phone": "+431"})).await;
    let ask = Ask::new("PUT", &format!("/users/{ANN}")).admin().json(&json!({"name": "Anna", "phone": "+431"}));
    assert_eq!(status(&world.user().answer(ask.event()).await.unwrap()), 200);
    log
}

#[tokio::test]
async fn the_query_for_the_log_of_changes_finds_every_change_and_nothing_else() {
    let log = changed(Level::INFO).await;
    let (conditions, fields) = query();
    let picked: Vec<Value> = log
        .lines()
        .into_iter()
        .filter(|line| conditions.iter().all(|(field, value)| line[field] == value.as_str()))
        .collect();
    let told: Vec<_> = picked.iter().map(|line| line["action"].as_str().unwrap()).collect();
    assert_eq!(told, ["user.add", "user.change", "user.delete", "profile.change"]);
    for line in &picked {
        for field in fields.iter().filter(|field| *field != "@timestamp") {
            assert!(line[field.as_str()].is_string(), "{field} is missing: {line}");
        }
        assert_eq!((line["actor"].as_str(), line["actor_sub"].as_str()), (Some("ada@example.org"), Some(ANN)));
        assert_eq!(line["level"], "INFO", "Lambda reads the level");
    }
    assert_eq!((picked[0]["whom"].as_str(), picked[2]["whom"].as_str()), (Some("new@example.com"), Some(BOB)));
    let of = |line: &Value, field: &str| serde_json::from_str::<Value>(line[field].as_str().unwrap()).unwrap();
    assert_eq!(of(&picked[0], "after")["role"], "user");
    assert_eq!(of(&picked[1], "after"), json!({"password": "permanent"}));
    assert_eq!(of(&picked[2], "before")["email"], "bob@example.com");
    let changed = (of(&picked[3], "before")["name"].clone(), of(&picked[3], "after")["name"].clone());
    assert_eq!(changed, (json!("Ann"), json!("Anna")));
    assert!(of(&picked[3], "before").get("phone").is_none(), "what does not differ is not told");
}

#[tokio::test(start_paused = true)]
async fn a_change_that_is_done_is_in_the_log_even_when_nobody_can_be_asked_how_it_ended() {
    let _alone = ONE_AT_A_TIME.lock().await;
    let (log, _guard) = listen(Level::INFO);
    let world = World::new().await;
    // The caller and the person are found, and then the pool is silent.
    for passes in [2, 0, 0] {
        world.pool.refuse_after(passes, "AdminGetUser", 500, "InternalErrorException", "internal");
    }
    let ask = Ask::new("PATCH", &format!("/cognito/users/{BOB}")).admin().json(&json!({"devices": "buoy-09"}));
    assert_eq!(status(&world.change().answer(ask.event()).await.unwrap()), 503);
    let audits: Vec<_> = log.lines().into_iter().filter(|line| line["kind"] == "audit").collect();
    let outcomes: Vec<_> = audits.iter().map(|line| line["outcome"].as_str().unwrap()).collect();
    assert_eq!(outcomes, ["begun", "done"], "{}", log.text());
    assert_eq!(
        (&audits[1]["before"], &audits[1]["after"]),
        (&json!(r#"{"devices":"buoy-01"}"#), &json!(r#"{"devices":"buoy-09"}"#))
    );
}

#[tokio::test]
async fn the_log_of_changes_is_written_at_every_level_and_tells_no_password() {
    for level in [Level::ERROR, Level::TRACE] {
        let log = changed(level).await;
        let audits =
            log.lines().into_iter().filter(|line| line["kind"] == "audit" && line["outcome"] == "done").count();
        assert_eq!(audits, 4, "{level}");
        assert!(level == Level::TRACE || log.lines().iter().all(|line| line["kind"] == "audit"), "{}", log.text());
        let refused = log.lines().into_iter().filter(|line| line["message"] == "refused").collect::<Vec<_>>();
        assert!(level == Level::ERROR || refused.iter().any(|line| line["fields"] == "/password"), "{refused:?}");
        for secret in SECRETS {
            assert!(!log.text().contains(secret), "{level}: {}", log.text());
        }
    }
}
