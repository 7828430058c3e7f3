//! Silent sensors: the sweep finds them when they are due, and a report ends a silence.
//!
//! A sensor is in the index `watched`, or its silence is stored. One transaction changes both, so that neither a killed
//! function nor two of them at once can lose a sensor or report a silence twice.

use std::slice;

use futures_util::{StreamExt, stream};
use weir_aws::level::LevelState;
use weir_aws::problem::{LevelDependency, ProblemRows};
use weir_aws::{Attempts, AwsError, WriteOutcome};
use weir_core::domain::Timestamp;
use weir_core::domain::problem::{SilenceRule, Subject, Verdict, judge_silence};
use weir_core::id::LevelId;
use weir_runtime::Until;

use super::ProblemDetector;
use super::judge::{ATTEMPTS, Judged};

/// Sensors checked concurrently.
pub(super) const CONCURRENT: usize = 10;

/// The result of a sweep, over flow sensors or over devices.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Swept {
    /// Sensors that were due.
    pub looked: usize,
    /// Those of them that turned out to be silent.
    pub silent: usize,
    /// Those of them that could not be judged. The next sweep checks them again.
    pub failed: usize,
    /// Whether there was no time for all of them.
    pub more: bool,
}

impl Swept {
    /// The sum of both.
    pub(super) fn and(self, other: Self) -> Self {
        Self {
            looked: self.looked + other.looked,
            silent: self.silent + other.silent,
            failed: self.failed + other.failed,
            more: self.more || other.more,
        }
    }

    /// Adds the result of one of them: whether it is silent, an error that is logged, or that there was no time.
    pub(super) fn add(&mut self, found: Vec<Option<Result<bool, ()>>>) {
        self.more = found.contains(&None);
        let found: Vec<Result<bool, ()>> = found.into_iter().flatten().collect();
        self.looked += found.len();
        self.silent += found.iter().filter(|found| **found == Ok(true)).count();
        self.failed += found.iter().filter(|found| found.is_err()).count();
    }
}

impl ProblemDetector {
    fn silence_rule(&self, may_open: bool) -> SilenceRule {
        SilenceRule { now: self.clock.now(), silent_after_seconds: self.rules.silent_after_seconds, may_open }
    }

    /// Checks the sensors that are due. A sensor that has reported since is watched again; any other is silent. A
    /// sensor all of whose devices are disabled is not a problem, and is checked again after the same time. What is not
    /// finished at `until` is left to the next sweep.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub(super) async fn sweep(&self, until: Until) -> Result<Swept, AwsError> {
        let rule = self.silence_rule(true);
        let (mut swept, mut page) = (Swept::default(), None);
        loop {
            let due = until.finish(self.levels.due(rule.now, page)).await.transpose()?;
            let Some(due) = due else { return Ok(Swept { more: true, ..swept }) };
            let ids: Vec<LevelId> = due.sensors.iter().map(|(id, _)| id.clone()).collect();
            let rows = until.finish(self.levels.of_ids(&ids)).await.transpose()?;
            let Some(rows) = rows else { return Ok(Swept { more: true, ..swept }) };
            let check = async |(id, state): (LevelId, Result<LevelState, AwsError>)| {
                let found = match state {
                    Ok(state) => until.finish(self.check(&id, state, &rule)).await?,
                    Err(error) => Err(error),
                };
                Some(found.map_err(|error| tracing::error!(sensor = %id, %error, "not known whether it is silent")))
            };
            // `None`: there was no time for the sensor, and it stays in the index for the next sweep.
            swept.add(stream::iter(rows.into_iter().map(check)).buffer_unordered(CONCURRENT).collect().await);
            if swept.more || due.is_last() {
                return Ok(swept);
            }
            page = Some(due);
        }
    }

    /// Checks one sensor, and returns whether it was found silent.
    async fn check(&self, id: &LevelId, state: LevelState, rule: &SilenceRule) -> Result<bool, AwsError> {
        let overdue = |state: &LevelState| state.measurements.last().is_some_and(|last| rule.silent(last));
        let later = rule.due(rule.now).seconds();
        // The index is eventually consistent, and another sweep may have been faster.
        if state.watch.is_none_or(|watch| watch > rule.now.seconds()) {
            return Ok(false);
        }
        if !overdue(&state) {
            let next = state.measurements.last().map_or(later, |last| rule.due(last.at).seconds());
            self.levels.watch(id, state.watch, next).await?;
            return Ok(false);
        }
        let owners = self.devices.of_level(id).await?;
        if !owners.is_empty() && owners.iter().all(|owner| !owner.enabled) {
            self.levels.watch(id, state.watch, later).await?;
            return Ok(false);
        }
        let subject = Subject::Sensor(id.clone());
        let mut attempts = Attempts::new("problems", &subject, ATTEMPTS);
        attempts.next().await?;
        let mut state = state;
        while state.watch.is_some() && overdue(&state) {
            if let Some(judged) = self.judge_sensor(id, &state, rule).await? {
                return Ok(judged == Judged::Written);
            }
            attempts.next().await?;
            // The same request as above: the role needs no further action for this rare case.
            let Some((_, newer)) = self.levels.of_ids(slice::from_ref(id)).await?.pop() else { return Ok(false) };
            state = newer?;
        }
        Ok(false)
    }

    /// Ends the silence of a sensor that has reported; `None` when another writer was faster. A sensor that is watched has
    /// no silence to end.
    pub(super) async fn end_silence(&self, id: &LevelId, rows: &ProblemRows) -> Result<Option<Judged>, AwsError> {
        match rows.level(id)? {
            Some(state) if state.watch.is_none() => self.judge_sensor(id, &state, &self.silence_rule(false)).await,
            Some(_) | None => Ok(Some(Judged::Unchanged)),
        }
    }

    /// Judges a sensor's silence and writes the result; `None` when another writer was faster.
    async fn judge_sensor(
        &self,
        id: &LevelId,
        state: &LevelState,
        rule: &SilenceRule,
    ) -> Result<Option<Judged>, AwsError> {
        let subject = Subject::Sensor(id.clone());
        let stored = self.problems.find(&subject).await?;
        let problem = stored.as_ref().map(|stored| &stored.problem);
        let Some(judged) = judge_silence(problem, &state.measurements, rule) else {
            return Ok(Some(Judged::Unchanged));
        };
        let watch = judged.watch.map(Timestamp::seconds);
        match (&judged.verdict, watch) {
            (Verdict::Unchanged, watch) if watch == state.watch => Ok(Some(Judged::Unchanged)),
            (Verdict::Unchanged, Some(watch)) => {
                let watched = self.levels.watch(id, state.watch, watch).await?;
                Ok((watched == WriteOutcome::Done).then_some(Judged::Unchanged))
            }
            (verdict, watch) => {
                let level = LevelDependency { id, read: state, watch };
                self.write(&subject, stored.as_ref(), verdict, &[level]).await
            }
        }
    }
}
