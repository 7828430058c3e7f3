//! The registry's table: no write overwrites another, lists are sorted by key, and the read that messages need.

use std::sync::Arc;

use serde_json::{Value, json};
use weir_aws::WriteOutcome;
use weir_aws::device::{DeviceFilter, DeviceTable, Registration};
use weir_core::domain::device::{Calibrations, DeviceDetails, Versions};
use weir_tests::faults::{Fault, Faults};
use weir_tests::wire::Ledger;

use super::{World, author, details, device};

fn everything() -> Value {
    json!({
        "name": "Buoy 1", "description": "at the pier", "location": {"latitude": 48.2, "longitude": -16.4},
        "enabled": true, "history_from": "2019-04-07T00:00:00.000Z", "level_id": "01", "followed_by": ["03", "21"],
        "level_format": "byte", "report_every": 60,
        "sensors": [
            {"code": "ph", "name": "pH", "unit": "pH", "limits": {"min": 0, "max": 14}, "alerts": [
                {"id": "sour", "below": 6.5, "clear": 7.25, "for": 2, "severity": "critical", "note": "lime"},
                {"id": "odd", "outside": [5, 9], "enabled": false}]},
            {"code": "do", "enabled": false}
        ],
        "settings": {"every": 60, "rate": 0.1, "deep": {"list": [1, "x", {"y": true}]}, "sensors": {"ph": {"gain": 2}}}
    })
}

#[tokio::test]
async fn a_device_is_read_as_it_was_written_and_messages_see_the_same() {
    let world = World::new().await;
    assert_eq!(world.create("b", &everything()).await, WriteOutcome::Done);
    let stored = world.read("b").await;
    assert_eq!(stored.details, details(&everything()));
    assert_eq!((stored.versions, stored.updated_by.as_str()), (Versions { device: 1, settings: 1 }, "ann@example.com"));
    assert_eq!(world.devices().get(&device("b")).await.unwrap(), Some(stored));
    assert_eq!(world.devices().topology().await.unwrap().following(&"01".parse().unwrap()).len(), 2);
}

#[tokio::test]
async fn removed_fields_are_removed_from_the_row_too() {
    // Without `..`: a new field that can be left out has to be in `everything`.
    let DeviceDetails {
        name: _,
        description: _,
        location: Some(_),
        enabled: _,
        history_from: Some(_),
        level_id: Some(_),
        followed_by: Some(_),
        level_format: Some(_),
        report_every: Some(_),
        sensors: _,
        settings: _,
    } = details(&everything())
    else {
        panic!("`everything` lacks a field")
    };
    let world = World::new().await;
    world.create("b", &everything()).await;
    let changed = world.read("b").await.with_details(details(&json!({})), Calibrations::new(), author());
    assert_eq!(world.devices().write(&changed, weir_aws::device::Deliver::SETTINGS).await.unwrap(), WriteOutcome::Done);
    assert_eq!(world.read("b").await.details, details(&json!({})));
    let row = world.engine.row("devices");
    for gone in ["history_from", "level_id", "followed_by", "level_format", "report_every", "link", "tube", "location"]
    {
        assert!(row.get(gone).is_none(), "{gone} is still there: {row}");
    }
}

#[tokio::test]
async fn a_write_for_an_older_version_changes_nothing() {
    let world = World::new().await;
    world.create("b", &everything()).await;
    let (first, second) = (world.read("b").await, world.read("b").await);
    let renamed = |name: &str| DeviceDetails { name: name.into(), ..details(&everything()) };
    let first = first.with_details(renamed("first"), Calibrations::new(), author());
    let second = second.with_details(renamed("second"), Calibrations::new(), author());
    assert_eq!(world.devices().write(&first, weir_aws::device::Deliver::NOTHING).await.unwrap(), WriteOutcome::Done);
    assert_eq!(
        world.devices().write(&second, weir_aws::device::Deliver::NOTHING).await.unwrap(),
        WriteOutcome::Overtaken
    );
    assert_eq!(world.create("b", &json!({})).await, WriteOutcome::Overtaken, "registering never overwrites");
    assert_eq!(world.read("b").await, first);
}

#[tokio::test(start_paused = true)]
async fn a_write_whose_answer_was_lost_is_recognised_when_it_is_repeated() {
    let world = World::new().await;
    let lost = Faults::only(7, 100, &[Fault::TimeoutAfter]);
    let table = DeviceTable::new(world.engine.client_over(lost.clone()), world.engine.name("devices"));
    // Every answer is lost until the SDK has no tries left: then nobody knows.
    let stored = weir_core::domain::device::Device::new(
        device("b"),
        details(&everything()),
        Calibrations::new(),
        Versions::default(),
        author(),
    );
    assert!(table.write(&stored, weir_aws::device::Deliver::SETTINGS).await.is_err());
    assert_eq!(world.read("b").await, stored);
    // Only the first answer is lost: the SDK sends it again, and finds its own write.
    let mut found = 0;
    for seed in 0..40 {
        let world = World::new().await;
        let lost = Faults::only(seed, 50, &[Fault::TimeoutAfter]);
        let table = DeviceTable::new(world.engine.client_over(lost.clone()), world.engine.name("devices"));
        if let Ok(written) = table.write(&stored, weir_aws::device::Deliver::SETTINGS).await {
            assert_eq!(written, WriteOutcome::Done, "seed {seed}");
            found += usize::from(!lost.met().is_empty());
        }
    }
    assert!(found > 3, "the answer was lost and found again only {found} times");
}

#[tokio::test]
async fn a_deleted_device_leaves_its_versions_and_nothing_that_is_visible() {
    let world = World::new().await;
    world.create("b", &everything()).await;
    world.remove("b").await;
    assert_eq!(world.devices().get(&device("b")).await.unwrap(), None);
    let before = Versions { device: 2, settings: 2 };
    assert_eq!(world.devices().find(&device("b")).await.unwrap(), Registration::Deleted(before));
    assert_eq!(world.devices().find(&device("c")).await.unwrap(), Registration::None);
    assert_eq!(world.devices().list(&DeviceFilter::default(), 10, None).await.unwrap(), (vec![], None));
    assert!(world.devices().topology().await.unwrap() == Default::default());
    let row = world.engine.row("devices");
    let mut names: Vec<_> = row.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort();
    let kept = [
        "certificates",
        "deleted_at",
        "due",
        "id",
        "pending",
        "settings_version",
        "updated_at",
        "updated_by",
        "version",
        "watch",
        "watched",
        "written",
    ];
    assert_eq!(names, kept);
    assert_eq!(world.create("b", &everything()).await, WriteOutcome::Done);
    assert_eq!(world.read("b").await.versions, Versions { device: 3, settings: 3 });
    assert!(world.engine.row("devices").get("deleted_at").is_none());
}

async fn walk(world: &World, filter: &DeviceFilter, limit: usize) -> Vec<Vec<String>> {
    let (mut pages, mut after) = (Vec::new(), None);
    loop {
        let (devices, next) = world.devices().list(filter, limit, after).await.unwrap();
        pages.push(devices.into_iter().map(|(_, device)| device.id.to_string()).collect());
        after = next;
        if after.is_none() {
            return pages;
        }
    }
}

#[tokio::test]
async fn lists_go_by_key_through_every_filter() {
    let world = World::new().await;
    for (id, enabled, level) in [
        ("a", true, None),
        ("b", false, Some("02")),
        ("c", true, Some("01")),
        ("d", true, Some("11")),
        ("e", false, None),
        ("f", true, Some("02")),
        ("g", false, Some("01")),
    ] {
        world.create(id, &json!({"enabled": enabled, "level_id": level})).await;
    }
    let all = |enabled, tube: Option<&str>| DeviceFilter { enabled, tube: tube.map(str::to_owned) };
    for (filter, expected) in [
        (all(None, None), vec!["a", "c", "d", "f", "b", "e", "g"]),
        (all(Some(true), None), vec!["a", "c", "d", "f"]),
        (all(Some(false), None), vec!["b", "e", "g"]),
        (all(None, Some("0")), vec!["c", "f", "g", "b"]),
        (all(Some(false), Some("0")), vec!["g", "b"]),
        (all(Some(true), Some("1")), vec!["d"]),
        (all(None, Some("9")), vec![]),
    ] {
        for limit in 1..=8 {
            let pages = walk(&world, &filter, limit).await;
            assert_eq!(pages.concat(), expected, "{filter:?} by {limit}");
            assert_eq!(pages.len(), expected.len().div_ceil(limit).max(1), "{filter:?} by {limit}: no empty page");
        }
    }
}

#[tokio::test]
async fn a_page_reads_the_devices_that_it_shows_and_no_other() {
    let world = World::new().await;
    for number in 0..30 {
        world
            .create(&format!("d{number:02}"), &json!({"enabled": number % 3 == 0, "level_id": format!("0{number}")}))
            .await;
    }
    let ledger = Arc::new(Ledger::default());
    let table = DeviceTable::new(world.engine.client_over(ledger.clone()), world.engine.name("devices"));
    for filter in [
        DeviceFilter { enabled: Some(false), tube: None },
        DeviceFilter { enabled: Some(false), tube: Some("0".into()) },
    ] {
        let (devices, next) = table.list(&filter, 5, None).await.unwrap();
        assert!(devices.len() == 5 && next.is_some());
        let asked = ledger.take();
        let operations: Vec<_> = asked.iter().map(|(operation, _)| operation.as_str()).collect();
        assert_eq!(operations, ["Query", "BatchGetItem"]);
        assert_eq!(asked[0].1["Limit"], 6, "one key more tells whether there is a next page");
        assert!(asked[0].1.get("FilterExpression").is_none());
        assert_eq!(asked[1].1["RequestItems"][world.engine.name("devices")]["Keys"].as_array().unwrap().len(), 5);
    }
}
