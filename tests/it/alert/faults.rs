//! A store with all kinds of faults, functions that are killed anywhere, readings that are repeated and reordered: the problems end up the
//! same as without any of this.

use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::sleep;
use weir_aws::device::{Deliver, DeviceTable};
use weir_core::domain::device::{Calibrations, Device, Versions};
use weir_tests::engine::Engine;
use weir_tests::events::event;
use weir_tests::faults::{Faults, LATEST};
use weir_tests::lives::{Lives, Which};
use weir_tests::pump::Pump;

use super::{buoy, low_oxygen, message};
use crate::device::{author, details, device};

/// Seeds that fit into a run of all tests; `FAULT_SEEDS` asks for more.
fn seeds() -> u64 {
    std::env::var("FAULT_SEEDS").ok().and_then(|seeds| seeds.parse().ok()).unwrap_or(40)
}

/// Readings that open and end the alert several times; some come late.
fn readings() -> Vec<(f64, i64)> {
    let values = [6.0, 3.0, 3.5, 4.2, 5.0, 3.9, 6.0, 6.5, 3.0, 2.0, 4.4, 3.9, 4.5, 6.0];
    values.into_iter().zip(-20_i64..).map(|(value, minute)| (value, minute * 60)).collect()
}

async fn registered(engine: &Engine, alerts: &Value) {
    let devices = DeviceTable::new(engine.client(), engine.name("devices"));
    let mut body = buoy(alerts);
    body["report_every"] = 60.into();
    let new = Device::new(device("buoy-01"), details(&body), Calibrations::new(), Versions::default(), author());
    devices.write(&new, Deliver { problems: true, ..Deliver::NOTHING }).await.unwrap();
}

/// Calls until it is taken, as often as AWS and whoever redrives would.
async fn taken(lives: &Lives<'_>, which: Which, event: &Value, rng: &mut fastrand::Rng) {
    while lives.call(which, event.clone()).await.is_err() {
        sleep(Duration::from_millis(rng.u64(100..60_000))).await;
    }
}

/// Plays the readings over a store with faults; in the end these end, and what was given up is driven through again.
async fn play(seed: u64, percent: u8) -> (Vec<Value>, usize) {
    fastrand::seed(seed);
    let (engine, faults) = (Engine::start().await, Faults::of(seed, percent));
    registered(&engine, &json!([low_oxygen(), {"id": "twice", "below": 4, "for": 2}])).await;
    let lives = Lives::over(&engine, Arc::clone(&faults), seed, percent > 0);
    let mut pump = Pump::through(&engine, "AlertReadingsMapping", "readings");
    let mut order = readings();
    let mut rng = fastrand::Rng::with_seed(seed);
    if percent > 0 {
        rng.shuffle(&mut order);
        order.extend(order.clone().into_iter().filter(|_| rng.u8(..4) == 0));
    }
    let over = Cell::new(false);
    let sending = async {
        let mut rng = rng.fork();
        for (value, seconds) in order {
            taken(&lives, Which::Calibration, &message("do", value, seconds), &mut rng).await;
            sleep(Duration::from_millis(rng.u64(..20_000))).await;
        }
        over.set(true);
    };
    let watching = async {
        let mut rng = fastrand::Rng::with_seed(seed + 1);
        while !over.get() {
            sleep(Duration::from_millis(rng.u64(1_000..60_000))).await;
            pump.run(async |event| lives.call(Which::Alert, event).await).await;
            if rng.bool() {
                let _ = lives.call(Which::Detector, event("problem-detector", "sweep")).await;
            }
        }
    };
    tokio::join!(sending, watching);
    // What is still on its way arrives.
    sleep(LATEST).await;
    let happened = lives.happened().killed;
    lives.calm();
    pump.redrive(async |event| lives.call(Which::Alert, event).await).await;
    pump.run(async |event| lives.call(Which::Alert, event).await).await;
    lives.call(Which::Detector, event("problem-detector", "sweep")).await.expect("a sweep");
    assert!(pump.on_failure.is_empty(), "given up without a fault");
    (engine.rows_without("problems", &["revision"]), happened)
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().expect("a runtime")
}

#[test]
fn whatever_a_store_does_the_problems_end_as_without_faults() {
    let (expected, _) = runtime().block_on(play(0, 0));
    let shown: Vec<_> = expected
        .iter()
        .map(|row| format!("{} {} {}", row["problem_id"], row["problem_status"], row["episodes"]))
        .collect();
    assert_eq!(
        shown,
        [r#""buoy-01:do:low-oxygen" "RESOLVED" 3"#, r#""buoy-01:do:twice" "RESOLVED" 2"#],
        "{expected:?}"
    );
    let mut killed = 0;
    for seed in 1..=seeds() {
        let percent = [3, 10, 30, 60][usize::try_from(seed % 4).unwrap_or_default()];
        let (problems, times) = runtime().block_on(play(seed, percent));
        assert_eq!(problems, expected, "seed {seed}, {percent} % faults");
        killed += times;
    }
    assert!(killed > 20, "killed {killed} times");
}
