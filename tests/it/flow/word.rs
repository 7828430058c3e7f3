//! A person's word against the reports, through the stream as the template filters it.

use serde_json::json;
use weir_runtime::Function as _;
use weir_tests::functions::NOW;
use weir_tests::pump::Pump;

use super::World;

#[tokio::test]
async fn a_report_that_says_the_same_again_contradicts_a_persons_word() {
    let world = World::new().await;
    let mut pump = Pump::of(&world.engine);
    let detector = &world.functions.detector;
    world.report("01", 100, -1000).await;
    // So many that the organizer relies on the row that it remembers.
    for seconds in -940..-900 {
        world.report("02", 50, seconds).await;
        pump.run(async |event| detector.answer(event).await).await;
    }
    let woken = pump.calls.len();
    world.patch("0102", &json!({"problem_status": "RESOLVED"})).await;
    pump.run(async |event| detector.answer(event).await).await;
    assert_eq!(pump.calls.len(), woken, "a person's word is no report");
    world.report("02", 50, -400).await;
    pump.run(async |event| detector.answer(event).await).await;
    let again = world.get("/problems/0102").await;
    assert_eq!((&again["problem_status"], &again["episodes"]), (&json!("UNRESOLVED"), &json!(2)));
    assert_eq!(again["problem_time"], NOW.seconds() - 400);
    world.report("02", 50, -300).await;
    pump.run(async |event| detector.answer(event).await).await;
    assert_eq!(pump.calls.len(), woken + 1, "and the one after that is a repeat again");
}
