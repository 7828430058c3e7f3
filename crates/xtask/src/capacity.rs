//! `cargo xtask capacity` simulates how a large fleet and a flood of messages spread over the keys of the tables.

use anyhow::Result;
use capacity::{Fleet, simulate, table};

/// Simulates the fleet, and prints the load of each table and its cost.
///
/// # Errors
/// When a price is missing.
pub fn run(fleet: &Fleet) -> Result<()> {
    print!("{}", table::table(fleet, &simulate(fleet)?)?);
    Ok(())
}
