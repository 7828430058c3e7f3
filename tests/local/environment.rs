//! The environment file for `cargo lambda watch` and the deployed stack name the same things.

use std::collections::BTreeMap;

use weir_tests::local::Local;

#[test]
fn the_checked_in_environment_names_the_tables_of_the_local_stack() {
    let local = Local::running();
    let text = std::fs::read_to_string(weir_tests::root().join("events/local.env")).unwrap();
    let named: BTreeMap<_, _> =
        text.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once('=')).collect();
    let tables = ["Devices", "Calibrations", "Readings", "Levels", "Problems", "Quarantine", "Users"];
    for table in tables {
        let variable = format!("{}_TABLE", table.to_uppercase());
        assert_eq!(named[variable.as_str()], local.tables.name(table).unwrap(), "{variable}");
    }
    assert_eq!(named["AWS_REGION"], local.stack.region);
}
