//! `POST /problems/changes`: several problems at once.

use serde_json::{Value, json};

use super::{World, ids};
use crate::http::ask::{Ask, body, status};

async fn change(world: &World, ask: Ask, wanted: &Value) -> Value {
    let answer = world.ask(ask.json(wanted)).await;
    assert_eq!(status(&answer), 200, "{answer}");
    body(&answer)
}

fn asked() -> Ask {
    Ask::new("POST", "/problems/changes")
}

fn of<'a>(answer: &'a Value, list: &str) -> Vec<&'a str> {
    answer[list].as_array().unwrap().iter().map(|one| one["problem_id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn each_problem_is_changed_or_refused_by_itself() {
    let world = World::operated().await;
    let wanted = json!({"problem_ids": ["0304", "0102", "0203", "0102", "nonsense", "11-silent"], "problem_status": "ACKNOWLEDGED",
        "note": " crew "});
    let answer = change(&world, asked().admin(), &wanted).await;
    assert_eq!(of(&answer, "changed"), ["0102", "11-silent"]);
    assert_eq!(answer["changed"][0], world.get("/problems/0102").await);
    assert_eq!(answer["changed"][0]["note"], "crew");
    // 0203 is acknowledged already, 0304 is over.
    assert_eq!(of(&answer, "refused"), ["0203", "0304", "nonsense"]);
    let refused: Vec<(&str, u64)> = answer["refused"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["type"].as_str().unwrap(), one["status"].as_u64().unwrap()))
        .collect();
    let (transition, unknown) = (("urn:weir:problem:transition", 409), ("urn:weir:problem:not_found", 404));
    assert_eq!(refused, [transition, transition, unknown]);
    assert_eq!(world.get("/problems/0203").await["note"], "seen");
}

#[tokio::test]
async fn problems_out_of_scope_are_refused_as_those_that_do_not_exist() {
    let world = World::operated().await;
    let wanted = json!({"problem_ids": ["0102", "11-silent", "99-silent"], "problem_status": "RESOLVED"});
    let answer = change(&world, asked().user("kloaka-01"), &wanted).await;
    assert_eq!((of(&answer, "changed"), of(&answer, "refused")), (vec!["0102"], vec!["11-silent", "99-silent"]));
    let detail = |index: usize| answer["refused"][index]["detail"].clone();
    assert_eq!(detail(0), detail(1));
    let none = change(&world, asked().user(""), &wanted).await;
    assert_eq!(of(&none, "changed"), [""; 0]);
    assert_eq!(world.get("/problems/11-silent").await["problem_status"], "UNRESOLVED");
}

#[tokio::test]
async fn sent_again_it_changes_nothing_more() {
    let world = World::operated().await;
    let wanted = json!({"problem_ids": ["0102", "11-silent"], "problem_status": "RESOLVED", "note": "done"});
    let first = change(&world, asked().admin(), &wanted).await;
    assert_eq!(of(&first, "changed"), ["0102", "11-silent"]);
    let before = world.get("/problems").await;
    let again = change(&world, asked().admin(), &wanted).await;
    assert_eq!((of(&again, "changed"), of(&again, "refused")), (vec![], vec!["0102", "11-silent"]));
    assert_eq!(world.get("/problems").await, before);
    assert_eq!(ids(&before).len(), 4);
}

#[tokio::test]
async fn a_note_alone_may_be_written_as_often_as_one_likes() {
    let world = World::operated().await;
    let wanted = json!({"problem_ids": ["0102", "0304"], "note": "look at the pump"});
    for _ in 0..2 {
        let answer = change(&world, asked().admin(), &wanted).await;
        assert_eq!((of(&answer, "changed"), of(&answer, "refused")), (vec!["0102", "0304"], vec![]));
    }
    assert_eq!(world.get("/problems/0304").await["note"], "look at the pump");
}
