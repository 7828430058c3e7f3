//! Access to topics, by caller.

use super::{ADMIN, Pumps, USER, Who, World, errors, of_type};

/// A user who sees other devices.
const FOREIGN: Who = Who { devices: "buoy-02", ..USER };
/// A user who sees every device, and is no admin.
const EVERYTHING: Who = Who { devices: "*", ..USER };
/// A user who sees none.
const NONE: Who = Who { devices: "", ..USER };

#[tokio::test(start_paused = true)]
async fn every_caller_watches_what_the_table_says_and_no_more() {
    let topics = ["device/buoy-01", "device/buoy-99", "tube/2", "tube/0", "problems", "quarantine"];
    for (who, seen) in [
        (NONE, [false, false, false, false, true, false]),
        (FOREIGN, [false, false, false, false, true, false]),
        (USER, [true, false, true, false, true, false]),
        (EVERYTHING, [true, false, true, true, true, false]),
        (ADMIN, [true, false, true, true, true, true]),
    ] {
        let world = World::new().await;
        world.open("c1", who).await;
        for (topic, seen) in topics.iter().zip(seen) {
            let told = world.subscribe("c1", &[topic]).await;
            let refused = if seen { vec![] } else { vec![("not_found".to_owned(), vec![(*topic).to_owned()])] };
            assert_eq!(errors(&told), refused, "{who:?} {topic}: {told:?}");
            assert_eq!(of_type(&told, "snapshot").len(), usize::from(seen), "{who:?} {topic}: {told:?}");
        }
        let watched = world.engine.rows("live").into_iter().filter(|row| row["row"] == "c1").count();
        assert_eq!(watched, seen.iter().filter(|seen| **seen).count(), "{who:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn of_a_tube_and_of_problems_a_user_is_told_what_concerns_their_sensors() {
    let world = World::new().await;
    for (id, who) in [("own", USER), ("all", ADMIN), ("none", NONE)] {
        world.open(id, Who { sub: id, ..who }).await;
        let snapshots = world.subscribe(id, &["tube/2", "problems"]).await;
        assert_eq!(of_type(&snapshots, "snapshot").len(), if id == "none" { 1 } else { 2 }, "{snapshots:?}");
    }
    let (mut pumps, push) = (Pumps::of(&world), world.push());
    // 21 is the user's; a problem between 21 and 22 concerns it, one between 22 and 23 does not.
    for (id, filling) in [("21", 100), ("22", 50), ("23", 0)] {
        world.report(id, filling, -10).await;
    }
    weir_tests::pump::Pump::of(&world.engine)
        .run(async |event| weir_runtime::Function::answer(&world.functions.detector, event).await)
        .await;
    pumps.run(&push).await;
    let mut told: Vec<(String, String)> = Vec::new();
    for (to, text) in world.gateway.frames() {
        let frame: serde_json::Value = serde_json::from_str(&text).unwrap();
        for message in frame["messages"].as_array().unwrap() {
            let id = message["id"].as_str().or(message["problem_id"].as_str()).unwrap().to_owned();
            told.push((to.clone(), id));
        }
    }
    told.sort();
    told.dedup();
    let of = |to: &str| told.iter().filter(|(who, _)| who == to).map(|(_, id)| id.as_str()).collect::<Vec<_>>();
    assert_eq!(of("own"), ["21", "2122"]);
    assert_eq!(of("all"), ["21", "2122", "22", "2223", "23"]);
    assert_eq!(of("none"), Vec::<&str>::new());
    let own = world.subscribe("own", &["tube/2", "problems"]).await;
    let snapshots = of_type(&own, "snapshot");
    assert_eq!(snapshots[0]["levels"][0]["id"], "21");
    assert_eq!(snapshots[0]["levels"].as_array().unwrap().len(), 1);
    assert_eq!(snapshots[1]["problems"][0]["problem_id"], "2122");
    assert_eq!(snapshots[1]["problems"].as_array().unwrap().len(), 1);
}
