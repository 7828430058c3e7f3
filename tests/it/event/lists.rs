//! The pages of the log are those of the sorted list, for any distribution over the partitions and any filter.

use fastrand::Rng;
use weir_aws::event::{EventFilter, EventPosition};
use weir_core::domain::Timestamp;
use weir_core::domain::event::{Event, Kind};
use weir_core::id::DeviceId;
use weir_tests::engine::Engine;
use weir_tests::functions::NOW;

const KINDS: [Kind; 3] = [Kind::Settings, Kind::Connected, Kind::People];

fn at(seconds: i64) -> Timestamp {
    NOW.plus_seconds(seconds)
}

/// Many events of three devices and of none, several of one instant.
async fn written(seed: u64) -> (Engine, Vec<Event>) {
    let (engine, mut rng) = (Engine::start().await, Rng::with_seed(seed));
    let mut all = Vec::new();
    for number in 0..70 {
        let device: Option<DeviceId> = ["a", "b", "c", ""][rng.usize(0..4)].parse().ok();
        let kind = KINDS[rng.usize(0..3)];
        all.push(Event::new(device, kind, &number, at(rng.i64(0..60))));
    }
    engine.events().put_all(&all).await.unwrap();
    all.sort_by_key(|event| {
        let device = event.device.as_ref().map_or("-", DeviceId::as_str);
        std::cmp::Reverse((event.at, device.to_owned(), event.id.to_string()))
    });
    (engine, all)
}

/// All pages of a list, one after the other.
async fn pages(read: impl AsyncFn(Option<EventPosition>) -> (Vec<Event>, Option<EventPosition>)) -> Vec<Event> {
    let (mut shown, mut after) = (Vec::new(), None);
    loop {
        let (events, next) = read(after).await;
        shown.extend(events);
        after = next;
        if after.is_none() {
            return shown;
        }
    }
}

#[tokio::test]
async fn pages_of_events_are_the_sorted_list_under_any_size_and_filter() {
    let seed = 1;
    {
        let (engine, all) = written(seed).await;
        let table = engine.events();
        for filter in [
            EventFilter::default(),
            EventFilter { kinds: [Kind::Connected, Kind::People].into(), ..EventFilter::default() },
            EventFilter { from: Some(at(10)), to: Some(at(40)), ..EventFilter::default() },
            EventFilter { kinds: [Kind::Job].into(), ..EventFilter::default() },
            EventFilter { from: Some(at(40)), to: Some(at(40)), ..EventFilter::default() },
        ] {
            let selected = |event: &&Event| {
                (filter.kinds.is_empty() || filter.kinds.contains(&event.kind))
                    && filter.from.is_none_or(|from| event.at >= from)
                    && filter.to.is_none_or(|to| event.at < to)
            };
            for limit in [3, 20, 200] {
                let whole = pages(async |after| table.list(&filter, limit, after).await.unwrap()).await;
                let expected: Vec<_> = all.iter().filter(selected).cloned().collect();
                assert_eq!(whole, expected, "{filter:?} by {limit}");
                for device in [Some("a".parse().unwrap()), None] {
                    let device: Option<&DeviceId> = device.as_ref();
                    let read = async |after| table.of_device(device, &filter, limit, after).await.unwrap();
                    let of: Vec<_> = expected.iter().filter(|event| event.device.as_ref() == device).cloned().collect();
                    assert_eq!(pages(read).await, of, "{device:?} {filter:?} by {limit}");
                }
            }
        }
    }
}

#[tokio::test]
async fn an_event_that_is_written_again_is_left_as_it_is() {
    let engine = Engine::start().await;
    let event = Event::new("a".parse().ok(), Kind::Settings, &7, NOW).by("ann");
    assert!(engine.events().put(&event).await.unwrap());
    let before = engine.rows("events");
    assert!(!engine.events().put(&event.clone().by("bob")).await.unwrap());
    assert_eq!(engine.rows("events"), before);
    // Another of the same device and instant is another row.
    assert!(engine.events().put(&Event::new("a".parse().ok(), Kind::Settings, &8, NOW)).await.unwrap());
    assert_eq!(engine.rows("events").len(), 2);
}
