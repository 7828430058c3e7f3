//! The rows of the tables that the view shows.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Result;
use fleet_sim::account::observed::{LevelRow, ProblemRow};
use fleet_sim::fleet::Fleet;
use fleet_sim::fleet::probes::of_buoy;
use serde::Deserialize;
use tokio::sync::watch;
use tooling::tables::Tables;

/// Time between two looks at the tables.
const LOOK: Duration = Duration::from_secs(1);

/// One look at the tables.
#[derive(Debug, Clone, Default)]
pub struct State {
    /// Newest reading per buoy, in the order of the probes.
    pub buoys: Vec<(String, Vec<Option<Newest>>)>,
    /// Levels by id.
    pub levels: BTreeMap<String, LevelRow>,
    /// Problems that are not resolved.
    pub open: Vec<ProblemRow>,
    /// Problems that are.
    pub resolved: usize,
    /// Quarantined messages by reason.
    pub quarantined: BTreeMap<String, u64>,
}

/// The newest reading of a series.
#[derive(Debug, Clone, Deserialize)]
pub struct Newest {
    /// The calibrated value.
    pub value: f64,
    /// Its quality.
    pub quality: String,
}

#[derive(Deserialize)]
struct Reason {
    reason: String,
}

/// Looks at the tables again and again; ends only with an error.
///
/// # Errors
/// When a table cannot be read.
pub async fn watch_tables(tables: Tables, fleet: Fleet, guest: String, state: watch::Sender<State>) -> Result<()> {
    let mut buoys: Vec<String> = fleet.buoys.iter().map(|buoy| buoy.id.clone()).collect();
    buoys.push(guest);
    let codes: Vec<&str> = of_buoy(0).iter().map(|probe| probe.code).collect();
    let mut pace = tokio::time::interval(LOOK);
    pace.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        pace.tick().await;
        let mut seen = State::default();
        for buoy in &buoys {
            let mut newest = Vec::new();
            for code in &codes {
                newest.push(tables.newest::<Newest>(&format!("{buoy}#{code}")).await?);
            }
            seen.buoys.push((buoy.clone(), newest));
        }
        let levels: Vec<LevelRow> = tables.all("Levels").await?;
        seen.levels = levels.into_iter().map(|row| (row.id.clone(), row)).collect();
        let problems: Vec<ProblemRow> = tables.all("Problems").await?;
        let (resolved, mut open): (Vec<_>, Vec<_>) =
            problems.into_iter().partition(|problem| problem.problem_status == "RESOLVED");
        open.sort_by(|one, other| one.problem_id.cmp(&other.problem_id));
        (seen.resolved, seen.open) = (resolved.len(), open);
        for row in tables.all::<Reason>("Quarantine").await? {
            *seen.quarantined.entry(row.reason).or_default() += 1;
        }
        state.send_replace(seen);
    }
}
