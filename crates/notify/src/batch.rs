//! A batch of the stream of problems: which subscriptions it concerns.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt, stream};
use weir_aws::AwsError;
use weir_aws::subscription::StoredSubscription;
use weir_core::domain::problem::Subject;
use weir_core::id::DeviceId;
use weir_runtime::event::Record;
use weir_runtime::{Event, Response, Retry, Until};

use super::Notify;

/// Subscriptions that are handled concurrently.
pub(super) const CONCURRENT: usize = 8;

/// What a record is about.
fn subject(record: aws_lambda_events::dynamodb::EventRecord) -> Result<Subject, String> {
    let keys = serde_json::to_value(record.change.keys).map_err(|error| error.to_string())?;
    let problem_id = keys.pointer("/problem_id/S").and_then(|id| id.as_str());
    let problem_id = problem_id.ok_or_else(|| "a record without `problem_id`".to_owned())?;
    Subject::parse(problem_id).ok_or_else(|| format!("{problem_id:?} is no problem"))
}

impl Notify {
    /// Tells what has happened to the problems of a batch. A record says only which problem has changed.
    pub(super) async fn batch(&self, event: &Event, until: Until) -> Result<Response, Retry> {
        let records = event.stream_records().ok_or_else(|| Retry::new("the event is not a batch of a stream"))??;
        let mut changed: BTreeMap<Subject, Vec<String>> = BTreeMap::new();
        let mut unread = Vec::new();
        for Record { id: sequence, decoded } in records {
            match decoded.and_then(subject) {
                Ok(subject) => changed.entry(subject).or_default().push(sequence),
                // After the retries of the mapping it is in the on-failure queue.
                Err(detail) => {
                    tracing::error!(sequence, detail, "a stream record cannot be decoded");
                    unread.push(sequence);
                }
            }
        }
        if changed.is_empty() {
            return Ok(Response::failed_records(unread));
        }
        let Some(done) = until.finish(self.told(changed.keys().cloned().collect())).await else {
            return Err(Retry::out_of_time());
        };
        let (failed, touched) = done?;
        // What is in an outbox is sent by the schedule if not now.
        let sending = stream::iter(&touched).for_each_concurrent(CONCURRENT, |address| async {
            if let Err(error) = self.deliver(address, until).await {
                tracing::warn!(subscription = %address.subscription, %error, "an outbox could not be sent");
            }
        });
        if until.finish(sending).await.is_none() {
            tracing::warn!("out of time: the schedule sends the rest");
        }
        let failed = failed.into_iter().flat_map(|subject| changed.remove(&subject).unwrap_or_default());
        Ok(Response::failed_records(failed.chain(unread).collect::<Vec<_>>()))
    }

    /// Writes to the outboxes what has to be told of these problems; returns the problems for which that failed, and the outboxes with
    /// something to send.
    async fn told(
        &self,
        subjects: BTreeSet<Subject>,
    ) -> Result<(BTreeSet<Subject>, BTreeSet<weir_aws::notice::Address>), AwsError> {
        let begun = self.now();
        let active = self.parts.subscriptions.active().await?;
        let (mut failed, mut touched) = (BTreeSet::new(), BTreeSet::new());
        if active.is_empty() {
            return Ok((failed, touched));
        }
        let mut of_devices: BTreeMap<Subject, Vec<DeviceId>> = BTreeMap::new();
        for subject in subjects {
            match self.devices_of(&subject).await {
                Ok(devices) => drop(of_devices.insert(subject, devices)),
                Err(error) => {
                    tracing::warn!(problem = %subject, %error, "the devices of a problem are not known");
                    failed.insert(subject);
                }
            }
        }
        // One after the other within a subscription, since they share its outbox.
        let tell = async |to: &StoredSubscription| {
            let mut outcomes = Vec::new();
            for (subject, devices) in &of_devices {
                if to.subscription.filter.matches_device(devices.iter()) {
                    outcomes.push((subject.clone(), self.tell(to, subject, devices, begun).await));
                }
            }
            (to.clone(), outcomes)
        };
        let mut all = stream::iter(&active).map(tell).buffer_unordered(CONCURRENT);
        while let Some((to, outcomes)) = all.next().await {
            for (subject, outcome) in outcomes {
                match outcome {
                    Ok(true) => drop(touched.insert(super::tell::address(&to))),
                    Ok(false) => {}
                    Err(error) => {
                        tracing::warn!(problem = %subject, subscription = %to.id, %error, "not told");
                        failed.insert(subject);
                    }
                }
            }
        }
        Ok((failed, touched))
    }

    /// The devices that a problem is about: for a flow sensor those registered with its `level_id`, for a pair those of both sensors.
    pub(super) async fn devices_of(&self, subject: &Subject) -> Result<Vec<DeviceId>, AwsError> {
        if let Some(device) = subject.device() {
            return Ok(vec![device.clone()]);
        }
        let mut devices = Vec::new();
        for level in subject.levels() {
            devices.extend(self.parts.devices.of_level(level).await?.into_iter().map(|owner| owner.device));
        }
        Ok(devices)
    }
}
