//! `cargo xtask capacity`: a large fleet and a flood, over the keys of the rows.

use anyhow::Result;
use capacity::{Fleet, simulate, table};

/// Simulates the fleet and prints what it writes where, and what that costs.
///
/// # Errors
/// When a price is missing.
pub fn run(fleet: &Fleet) -> Result<()> {
    print!("{}", table::table(fleet, &simulate(fleet)?)?);
    Ok(())
}
