//! The load of a million devices and a flood on partitions: none that everybody shares is hot.

use capacity::fleet::PARTITION;
use capacity::store::Whose;
use capacity::table::hot;
use capacity::{Fleet, Store, simulate};
use weir_tests::root;
use weir_tests::template::Template;

#[test]
fn no_partition_that_everybody_writes_to_takes_a_thousand_units_in_a_second() {
    // The whole fleet, and a sweep; every second is like the one before, so a few are enough.
    let figures = simulate(&Fleet { seconds: 5, ..Fleet::default() }).unwrap();
    let hot = hot(&figures);
    assert!(hot.is_empty(), "more than {PARTITION} units: {hot:?}");
    // The flood is as large as it can be: of the quarantine and of readings the tables are full.
    assert!(figures.entries_offered > 200_000.0 && figures.readings_offered > 1_000_000.0, "{figures:?}");
    let full = figures.flood.total[&Store::Quarantine] / f64::from(figures.flood.seconds);
    assert!((3_990.0..4_010.0).contains(&full), "{full} entries a second");
    for store in Store::ALL.iter().filter(|store| store.whose() == Whose::All) {
        assert!(figures.flood.hottest.contains_key(store), "nothing writes to {store:?}");
    }
}

#[test]
fn everything_in_the_template_is_counted_and_the_numbers_are_its_parameters() {
    let template = Template::read(&root());
    let mut declared = Vec::new();
    for table in template.resources("AWS::DynamoDB::Table").values() {
        let name = table["TableName"]["Fn::Sub"].as_str().unwrap().rsplit('-').next().unwrap();
        // Who opens a page writes to it, and no device: docs/live.md has what it costs.
        if name == "live" {
            continue;
        }
        declared.push((name.to_owned(), String::new()));
        for index in table["GlobalSecondaryIndexes"].as_array().into_iter().flatten() {
            declared.push((name.to_owned(), index["IndexName"].as_str().unwrap().to_owned()));
        }
    }
    let mut counted: Vec<_> =
        Store::ALL.iter().map(|store| (store.table().to_owned(), store.index().to_owned())).collect();
    declared.sort();
    counted.sort();
    assert_eq!(counted, declared);
    let fleet = Fleet::default();
    let default = |name: &str| template.section("Parameters")[name]["Default"].clone();
    assert_eq!(default("QuarantineWrites"), fleet.quarantine_writes);
    assert_eq!(default("ApiRateLimit"), fleet.api_rate);
    assert_eq!(default("SilentAfterSeconds"), fleet.silent_after);
}

#[test]
fn the_same_seed_gives_the_same_figures_and_a_larger_quarantine_a_hot_partition() {
    let small = Fleet { devices: 2_000, ..Fleet::default() };
    let (one, other) = (simulate(&small).unwrap(), simulate(&small).unwrap());
    assert_eq!((one.fleet.hottest, one.flood.total), (other.fleet.hottest, other.flood.total));
    let unbounded = Fleet { quarantine_writes: 12_000, ..small };
    let found = hot(&simulate(&unbounded).unwrap());
    assert!(found.iter().any(|(store, _)| *store == Store::QuarantineListed), "{found:?}");
}
