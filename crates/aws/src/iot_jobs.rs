//! AWS IoT Jobs: the jobs of the fleet on its side, and the group of things that each of them is for.
//!
//! A job can name at most 100 things, fewer than a fleet has. So each job has a thing group of its own, which is filled before the job
//! is created and removed after it has ended. Every request may be repeated: what exists already counts as done.

use std::time::Duration;

use aws_config::SdkConfig;
use aws_config::timeout::TimeoutConfig;
use aws_sdk_iot::Client;
use aws_sdk_iot::operation::add_thing_to_thing_group::AddThingToThingGroupError;
use aws_sdk_iot::operation::cancel_job::CancelJobError;
use aws_sdk_iot::types::{
    AbortAction, AbortConfig, AbortCriteria, JobExecutionFailureType, JobExecutionStatus, JobExecutionsRolloutConfig,
    PresignedUrlConfig, TargetSelection, TimeoutConfig as InProgress,
};

use crate::AwsError;
use crate::config::variable;
use crate::iot::{NOT_FOUND, status};
use weir_core::domain::Timestamp;
use weir_core::domain::job::{Counts, End, Job, abort_after};
use weir_core::id::{DeviceId, FleetJobId};

/// How long the address of a file that AWS IoT gives a device is valid, in seconds: the maximum.
const ADDRESS_SECONDS: i64 = 3_600;

/// The HTTP status when something exists already.
const CONFLICT: u16 = 409;

/// A job as AWS IoT has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IotJob {
    /// How it has ended; none while it goes on.
    pub end: Option<End>,
    /// The states of its devices.
    pub counts: Counts,
}

/// One device's part of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Execution {
    /// The device.
    pub device: DeviceId,
    /// AWS IoT's word for its state.
    pub status: String,
    /// When it was notified.
    pub queued_at: Option<Timestamp>,
    /// When it began.
    pub started_at: Option<Timestamp>,
    /// When the state last changed.
    pub updated_at: Option<Timestamp>,
}

/// AWS IoT Jobs.
#[derive(Debug, Clone)]
pub struct IotJobs {
    client: Client,
    /// What the names of the groups begin with.
    prefix: String,
    /// The role with which AWS IoT signs the addresses of files.
    role: String,
}

/// A client. All its requests may be repeated.
pub fn client(config: &SdkConfig) -> Client {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(1))
        .operation_attempt_timeout(Duration::from_secs(3))
        .operation_timeout(Duration::from_secs(8));
    let mut own = aws_sdk_iot::config::Builder::from(config).timeout_config(timeouts.build());
    if let Some(url) = variable("AWS_ENDPOINT_URL_IOT") {
        own = own.endpoint_url(url);
    }
    Client::from_conf(own.build())
}

impl IotJobs {
    /// Uses this client, made by [`client`]. The groups are called `<prefix>-job-<id>`.
    pub fn new(client: Client, prefix: impl Into<String>, role: impl Into<String>) -> Self {
        Self { client, prefix: prefix.into(), role: role.into() }
    }

    fn group(&self, id: &FleetJobId) -> String {
        format!("{}-job-{id}", self.prefix)
    }

    /// Creates the group of a job; returns its ARN.
    ///
    /// # Errors
    /// When AWS IoT does not confirm it.
    pub async fn make_group(&self, id: &FleetJobId) -> Result<String, AwsError> {
        let (name, missing) = (self.group(id), || AwsError::request("CreateThingGroup", "made without an ARN"));
        let sent = self.client.create_thing_group().thing_group_name(&name).send().await;
        match sent {
            Ok(made) => made.thing_group_arn.ok_or_else(missing),
            Err(error) if status(&error) == Some(CONFLICT) => {
                let found = self.client.describe_thing_group().thing_group_name(name).send().await;
                let found = found.map_err(|error| AwsError::call("DescribeThingGroup", error))?;
                found.thing_group_arn.ok_or_else(missing)
            }
            Err(error) => Err(AwsError::call("CreateThingGroup", error)),
        }
    }

    /// Puts the thing of a device into the group of a job; false when the device has no thing, or its thing is in ten groups already,
    /// which is as many as AWS IoT allows.
    ///
    /// # Errors
    /// When AWS IoT does not confirm it.
    pub async fn add(&self, id: &FleetJobId, device: &DeviceId) -> Result<bool, AwsError> {
        let add = self.client.add_thing_to_thing_group().thing_group_name(self.group(id)).thing_name(device.as_str());
        let Err(error) = add.send().await else { return Ok(true) };
        match error.as_service_error() {
            // One device that cannot be added must not stop the job for all others.
            Some(AddThingToThingGroupError::InvalidRequestException(refused)) => {
                tracing::warn!(job = %id, %device, %refused, "the device is left out of the job");
                Ok(false)
            }
            _ if status(&error) == Some(NOT_FOUND) => Ok(false),
            _ => Err(AwsError::call("AddThingToThingGroup", error)),
        }
    }

    /// Removes the group of a job, if there is one.
    ///
    /// # Errors
    /// When AWS IoT does not confirm it.
    pub async fn remove_group(&self, id: &FleetJobId) -> Result<(), AwsError> {
        match self.client.delete_thing_group().thing_group_name(self.group(id)).send().await {
            Ok(_) => Ok(()),
            Err(error) if status(&error) == Some(NOT_FOUND) => Ok(()),
            Err(error) => Err(AwsError::call("DeleteThingGroup", error)),
        }
    }

    /// The placeholder in a document that AWS IoT replaces by an address of this file, valid for an hour.
    pub fn address_of(url: &str) -> String {
        format!("${{aws:iot:s3-presigned-url:{url}}}")
    }

    /// Creates the job for its group. A job that exists already stays as it is.
    ///
    /// # Errors
    /// When AWS IoT does not confirm it.
    pub async fn make(&self, job: &Job, group: &str, document: &str) -> Result<(), AwsError> {
        let operation = "CreateJob";
        let order = &job.order;
        let whole = |number: u32| i32::try_from(number).unwrap_or(i32::MAX);
        let criteria = AbortCriteria::builder()
            .action(AbortAction::Cancel)
            .failure_type(JobExecutionFailureType::All)
            .min_number_of_executed_things(whole(abort_after(order.abort_percent, job.devices)))
            .threshold_percentage(f64::from(order.abort_percent))
            .build()
            .map_err(|error| AwsError::request(operation, error))?;
        let abort = AbortConfig::builder().criteria_list(criteria).build();
        let abort = abort.map_err(|error| AwsError::request(operation, error))?;
        let rollout = JobExecutionsRolloutConfig::builder().maximum_per_minute(whole(order.rollout_per_minute)).build();
        let minutes = i64::from(order.timeout_minutes);
        let request = self
            .client
            .create_job()
            .job_id(job.id.as_str())
            .targets(group)
            .target_selection(TargetSelection::Snapshot)
            .document(document)
            .description(format!("Firmware {}", order.firmware))
            .presigned_url_config(
                PresignedUrlConfig::builder().role_arn(&self.role).expires_in_sec(ADDRESS_SECONDS).build(),
            )
            .job_executions_rollout_config(rollout)
            .abort_config(abort)
            .timeout_config(InProgress::builder().in_progress_timeout_in_minutes(minutes).build());
        match request.send().await {
            Ok(_) => Ok(()),
            Err(error) if status(&error) == Some(CONFLICT) => Ok(()),
            Err(error) => Err(AwsError::call(operation, error)),
        }
    }

    /// Cancels the job, also for devices that have begun. A job that has ended, or was never created, is no error.
    ///
    /// # Errors
    /// When AWS IoT does not confirm it.
    pub async fn cancel(&self, id: &FleetJobId) -> Result<(), AwsError> {
        let Err(error) = self.client.cancel_job().job_id(id.as_str()).force(true).send().await else { return Ok(()) };
        match error.as_service_error() {
            // It is no longer in progress.
            Some(CancelJobError::InvalidRequestException(_)) => Ok(()),
            _ if status(&error) == Some(NOT_FOUND) => Ok(()),
            _ => Err(AwsError::call("CancelJob", error)),
        }
    }

    /// The job; `None` when AWS IoT has none.
    ///
    /// # Errors
    /// When AWS IoT does not answer.
    pub async fn find(&self, id: &FleetJobId) -> Result<Option<IotJob>, AwsError> {
        let found = match self.client.describe_job().job_id(id.as_str()).send().await {
            Ok(answer) => answer.job,
            Err(error) if status(&error) == Some(NOT_FOUND) => return Ok(None),
            Err(error) => return Err(AwsError::call("DescribeJob", error)),
        };
        let Some(job) = found else { return Ok(None) };
        let word = job.status().map(|status| status.as_str()).unwrap_or_default();
        let end = End::of(word, job.reason_code(), job.comment());
        let counts = job.job_process_details().map(counts).unwrap_or_default();
        Ok(Some(IotJob { end, counts }))
    }

    /// A page of the devices of a job, those whose state changed last first, and where the next page begins. With `status` only those
    /// in this state. Things whose name is not a device id are left out.
    ///
    /// # Errors
    /// When AWS IoT does not answer.
    pub async fn executions(
        &self,
        id: &FleetJobId,
        status_is: Option<&str>,
        limit: usize,
        after: Option<String>,
    ) -> Result<(Vec<Execution>, Option<String>), AwsError> {
        let request = self
            .client
            .list_job_executions_for_job()
            .job_id(id.as_str())
            .set_status(status_is.map(JobExecutionStatus::from))
            .max_results(i32::try_from(limit).unwrap_or(i32::MAX))
            .set_next_token(after);
        let page = match request.send().await {
            Ok(page) => page,
            Err(error) if status(&error) == Some(NOT_FOUND) => return Ok((Vec::new(), None)),
            Err(error) => return Err(AwsError::call("ListJobExecutionsForJob", error)),
        };
        let executions = page.execution_summaries.unwrap_or_default().into_iter().filter_map(|summary| {
            let arn = summary.thing_arn?;
            let (_, name) = arn.rsplit_once(":thing/")?;
            let state = summary.job_execution_summary?;
            let at = |at: Option<&aws_sdk_iot::primitives::DateTime>| {
                at.and_then(|at| at.to_millis().ok()).map(Timestamp::from_millis)
            };
            Some(Execution {
                device: name.parse().ok()?,
                status: state.status().map(|status| status.as_str().to_owned())?,
                queued_at: at(state.queued_at()),
                started_at: at(state.started_at()),
                updated_at: at(state.last_updated_at()),
            })
        });
        Ok((executions.collect(), page.next_token))
    }
}

fn counts(details: &aws_sdk_iot::types::JobProcessDetails) -> Counts {
    let number = |count: Option<i32>| count.and_then(|count| u64::try_from(count).ok()).unwrap_or(0);
    Counts {
        queued: number(details.number_of_queued_things()),
        in_progress: number(details.number_of_in_progress_things()),
        succeeded: number(details.number_of_succeeded_things()),
        failed: number(details.number_of_failed_things()),
        rejected: number(details.number_of_rejected_things()),
        timed_out: number(details.number_of_timed_out_things()),
        cancelled: number(details.number_of_canceled_things()),
        removed: number(details.number_of_removed_things()),
    }
}
