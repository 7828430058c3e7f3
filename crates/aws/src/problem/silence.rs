//! Silences: ended by the report that the stream brings, found by the sweep among the sensors whose time has come.
//!
//! A sensor is in the index `watched`, or its silence is written: both change in one transaction, so neither a killed
//! function nor two of them at once lose a sensor or report it twice.

use futures_util::{StreamExt, stream};

use super::super::AwsError;
use super::super::device::DeviceTable;
use super::super::level::LevelState;
use super::{ATTEMPTS, Judged, Known, ProblemTable, Stored, TABLE, first_revision};
use weir_core::domain::Timestamp;
use weir_core::domain::problem::{Listening, Subject, Verdict, hear};
use weir_core::id::LevelId;
use weir_runtime::Until;

/// So many sensors are looked at at once.
const AT_ONCE: usize = 10;

/// What a sweep found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Swept {
    /// So many sensors' time had come.
    pub looked: usize,
    /// So many of them turned out to be silent.
    pub silent: usize,
    /// So many could not be judged, and are looked at again.
    pub failed: usize,
    /// Whether there was no time for all of them.
    pub more: bool,
}

impl ProblemTable {
    /// Looks at the sensors whose time has come: who has reported since is watched on, who has not is silent. A sensor
    /// all of whose devices are switched off is no problem, and looked at again after the same time. Whoever has no answer
    /// when the time is over is left to the next sweep.
    ///
    /// # Errors
    /// When it cannot be found out whose time has come.
    pub async fn sweep(
        &self,
        devices: &DeviceTable,
        silent_after_seconds: i64,
        now: Timestamp,
        until: Until,
    ) -> Result<Swept, AwsError> {
        let listening = Listening { now, silent_after_seconds, may_open: true };
        let (mut swept, mut page) = (Swept::default(), None);
        loop {
            let due = until.finish(self.levels.due(now, page)).await.transpose()?;
            let Some(due) = due else { return Ok(Swept { more: true, ..swept }) };
            let ids: Vec<LevelId> = due.sensors.iter().map(|(id, _)| id.clone()).collect();
            let rows = until.finish(self.levels.of_ids(&ids)).await.transpose()?;
            let Some(rows) = rows else { return Ok(Swept { more: true, ..swept }) };
            let look = async |(id, state): (LevelId, Result<LevelState, AwsError>)| {
                let found = match state {
                    Ok(state) => until.finish(self.look(devices, &id, state, &listening)).await?,
                    Err(error) => Err(error),
                };
                Some(found.map_err(|error| tracing::error!(sensor = %id, %error, "not known whether it is silent")))
            };
            // Whom there was no time for is left out, and stays in the index for the next sweep.
            let found: Vec<Option<Result<bool, ()>>> =
                stream::iter(rows.into_iter().map(look)).buffer_unordered(AT_ONCE).collect().await;
            swept.more = found.contains(&None);
            let found: Vec<Result<bool, ()>> = found.into_iter().flatten().collect();
            swept.looked += found.len();
            swept.silent += found.iter().filter(|found| **found == Ok(true)).count();
            swept.failed += found.iter().filter(|found| found.is_err()).count();
            if swept.more || due.is_last() {
                return Ok(swept);
            }
            page = Some(due);
        }
    }

    /// Looks at one sensor; whether it was found silent.
    async fn look(
        &self,
        devices: &DeviceTable,
        id: &LevelId,
        state: LevelState,
        listening: &Listening,
    ) -> Result<bool, AwsError> {
        let overdue = |state: &LevelState| state.measurements.last().is_some_and(|last| listening.silent(last));
        let later = listening.due(listening.now).seconds();
        // The index may show what was, and somebody else may be faster.
        if state.watch.is_none_or(|watch| watch > listening.now.seconds()) {
            return Ok(false);
        }
        if !overdue(&state) {
            let last = state.measurements.last().map(|last| listening.due(last.at).seconds());
            self.levels.watch(id, state.watch, last.unwrap_or(later)).await?;
            return Ok(false);
        }
        let owners = devices.of_level(id).await?;
        if !owners.is_empty() && owners.iter().all(|owner| !owner.enabled) {
            self.levels.watch(id, state.watch, later).await?;
            return Ok(false);
        }
        let mut state = Some(state);
        for _ in 0..ATTEMPTS {
            let Some(now) = state.filter(|state| state.watch.is_some() && overdue(state)) else { return Ok(false) };
            if let Some(judged) = self.hear(id, &now, listening).await? {
                return Ok(judged == Judged::Written);
            }
            // By the request the sweep makes anyway: the role needs no other action for this rare case.
            let mut rows = self.levels.of_ids(std::slice::from_ref(id)).await?;
            state = rows.pop().map(|(_, state)| state).transpose()?;
        }
        Err(AwsError::Contended { table: TABLE, key: Subject::Sensor(id.clone()).key() })
    }

    /// Hears a sensor that has reported: one that is watched can have no silence to end.
    pub(super) async fn hear_again(
        &self,
        id: &LevelId,
        listening: &Listening,
        known: &Known,
    ) -> Result<Option<Judged>, AwsError> {
        match known.level(id)? {
            Some(state) if state.watch.is_none() => self.hear(id, &state, listening).await,
            Some(_) | None => Ok(Some(Judged::Unchanged)),
        }
    }

    /// Judges a sensor's silence and writes what follows; `None` when something has changed since it was read.
    async fn hear(&self, id: &LevelId, state: &LevelState, listening: &Listening) -> Result<Option<Judged>, AwsError> {
        let subject = Subject::Sensor(id.clone());
        let stored: Option<Stored> = self.find(&subject).await?;
        let problem = stored.as_ref().map(|stored| &stored.problem);
        let Some(heard) = hear(problem, &state.measurements, listening) else { return Ok(Some(Judged::Unchanged)) };
        let watch = heard.watch.map(Timestamp::seconds);
        match (&heard.verdict, watch) {
            (Verdict::Unchanged, watch) if watch == state.watch => Ok(Some(Judged::Unchanged)),
            (Verdict::Unchanged, Some(watch)) => {
                let watched = self.levels.watch(id, state.watch, watch).await?;
                Ok(watched.then_some(Judged::Unchanged))
            }
            _ => {
                let level = self.levels.watching(id, state, watch);
                self.write(&subject, stored.as_ref(), heard.verdict, first_revision([state]), [level]).await
            }
        }
    }
}
