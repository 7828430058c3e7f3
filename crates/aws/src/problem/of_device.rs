//! The problems of a device: of its alerts, and of its silence. The index `devices` has their keys.

use super::super::row::s;
use super::super::{Attempts, AwsError, WriteOutcome};
use super::{ProblemTable, StoredProblem};
use weir_core::domain::Timestamp;
use weir_core::domain::problem::{Status, Subject, removed};
use weir_core::id::DeviceId;

/// Attempts to end a problem while others write it.
const ATTEMPTS: u32 = 20;

impl ProblemTable {
    /// The problems of a device's alerts and of its silence, open and resolved ones. Very recent ones may be
    /// missing.
    ///
    /// # Errors
    /// When DynamoDB does not answer, or a row is corrupt.
    pub async fn of_device(&self, device: &DeviceId) -> Result<Vec<(Subject, StoredProblem)>, AwsError> {
        let mut pages = self
            .client
            .query()
            .table_name(&self.name)
            .index_name("devices")
            .key_condition_expression("#d = :d")
            .expression_attribute_names("#d", "device")
            .expression_attribute_values(":d", s(device.as_str()))
            .into_paginator()
            .items()
            .send();
        let mut subjects = Vec::new();
        while let Some(item) = pages.next().await {
            let item = item.map_err(|error| AwsError::call("Query problems devices", error))?;
            subjects.extend(item.get("problem_id").and_then(|id| Subject::parse(id.as_s().ok()?)));
        }
        self.of_subjects(subjects).await
    }

    /// Ends the open problems of a device for which `reason` is false; returns how many there were.
    ///
    /// # Errors
    /// When DynamoDB does not answer or does not take it.
    pub async fn end_without_reason(
        &self,
        device: &DeviceId,
        reason: impl Fn(&Subject) -> bool,
        now: Timestamp,
    ) -> Result<usize, AwsError> {
        let mut ended = 0;
        for (subject, stored) in self.of_device(device).await? {
            if stored.problem.status() == Status::Resolved || reason(&subject) {
                continue;
            }
            let (mut attempts, mut known) = (Attempts::new("problems", &subject, ATTEMPTS), Some(stored));
            while let Some(stored) = known {
                attempts.next().await?;
                let Some(changed) = removed(stored.problem.clone(), now) else { break };
                if self.change(&subject, &stored, &changed).await? == WriteOutcome::Done {
                    ended += 1;
                    break;
                }
                // The same request as above: no role needs a further action for this rare case.
                known = self.of_subjects([subject.clone()]).await?.pop().map(|(_, stored)| stored);
            }
        }
        Ok(ended)
    }
}
