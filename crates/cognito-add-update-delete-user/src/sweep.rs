//! The sweep: profiles whose user has deleted themselves in Cognito are replaced by a tombstone, and the admins are counted.
//!
//! Anybody with an access token may call Cognito's `DeleteUser`, which knows neither the profile nor the last admin. A run
//! checks a bounded number of profiles and remembers where it stopped; the next run goes on there. Every step may be
//! repeated, so the next run completes one that was killed anywhere.

use futures_util::{StreamExt, TryStreamExt, stream};
use serde_json::{Value, json};
use weir_aws::AwsError;
use weir_aws::people::{Account, MAX_PAGE, PoolError};
use weir_core::domain::access::Role;
use weir_core::domain::people::Person;
use weir_core::domain::people::guard::can_replace_admin;
use weir_core::domain::people::orphan::{is_believable, is_settled};
use weir_core::domain::people::profile::ProfileRecord;
use weir_core::id::{Sub, Username};
use weir_http::Audit;
use weir_runtime::telemetry::metric;
use weir_runtime::{Retry, Until};

use super::{Parts, event};

/// Profiles of one page.
const PAGE: usize = 50;
/// Maximum pages of one run: 200 profiles an hour are 4,800 a day.
const PAGES: usize = 4;
/// Maximum number of concurrent requests to Cognito.
const CONCURRENT: usize = 8;
/// Maximum pages of admins that are counted.
const ADMIN_PAGES: usize = 10;

/// The name of the sweep in the audit log.
const NAME: &str = "cognito-add-update-delete-user";

/// The result of a run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Swept {
    /// How many admins can sign in.
    pub admins: usize,
    /// How many profiles were checked.
    pub checked: usize,
    /// How many of them were removed.
    pub orphans: usize,
}

/// Why a run failed.
#[derive(Debug, thiserror::Error)]
pub(super) enum SweepError {
    #[error(transparent)]
    Aws(#[from] AwsError),
    #[error(transparent)]
    Pool(#[from] PoolError),
    #[error("{0} of {PAGE} profiles have no user: none is removed, because the user pool seems to be another one")]
    Unbelievable(usize),
}

impl From<SweepError> for Retry {
    fn from(error: SweepError) -> Self {
        Self::new(error)
    }
}

impl Parts {
    /// Counts the admins, and checks the next profiles. Profiles for which there is no time are left to the next run.
    ///
    /// # Errors
    /// When Cognito or DynamoDB does not answer, or too many profiles have no user.
    pub(super) async fn sweep(&self, until: Until) -> Result<Swept, SweepError> {
        let out_of_time = || AwsError::OutOfTime("sweep");
        let admins = until.finish(self.count_admins()).await.ok_or_else(out_of_time)??;
        let mut swept = Swept { admins, ..Swept::default() };
        for _ in 0..PAGES {
            let Some(page) = until.finish(self.sweep_page()).await else { break };
            let page = match page {
                Ok(page) => page,
                Err(error) => {
                    // The count of the admins must not be lost with the profiles.
                    metric::people(swept.admins, swept.orphans, self.clock.now());
                    return Err(error);
                }
            };
            swept.checked += page.checked;
            swept.orphans += page.orphans;
            if !page.more {
                break;
            }
        }
        metric::people(swept.admins, swept.orphans, self.clock.now());
        Ok(swept)
    }

    /// The admins who can sign in with a password of their own, at most 600.
    async fn count_admins(&self) -> Result<usize, PoolError> {
        let (mut count, mut next) = (0, None);
        for _ in 0..ADMIN_PAGES {
            let (members, further) = self.pool.members(Role::Admin, MAX_PAGE, next).await?;
            let admins = members.into_iter().filter(|member| member.creating.is_none());
            count += admins
                .map(|Account { person, .. }| Person { role: Some(Role::Admin), ..person })
                .filter(can_replace_admin)
                .count();
            next = further;
            if next.is_none() {
                break;
            }
        }
        Ok(count)
    }

    /// Checks the page of profiles after the one that was checked last.
    async fn sweep_page(&self) -> Result<Page, SweepError> {
        let after = self.profiles.sweep_position().await?;
        let (records, last) = self.profiles.list(PAGE, after).await?;
        let checked = records.len();
        let now = self.clock.now();
        let settled = records.into_iter().filter(|record| is_settled(record, now)).collect::<Vec<_>>();
        let orphans = self.orphans(&settled).await?;
        if !is_believable(orphans.len()) {
            return Err(SweepError::Unbelievable(orphans.len()));
        }
        for sub in &orphans {
            let audit = Audit::by_itself(NAME, "profile.orphan", sub);
            audit.begin(&json!({}));
            let events = [event::orphan(sub, now)];
            let buried = self.profiles.write_tombstone(sub, now, self.events.with(&events)).await;
            buried.inspect_err(|_| audit.interrupted(&Value::Null))?;
            audit.done(&Value::Null, &Value::Null);
        }
        // Only now: a run that is killed before begins with this page again.
        self.profiles.set_sweep_position(last.as_ref()).await?;
        Ok(Page { checked, orphans: orphans.len(), more: last.is_some() })
    }

    /// The users of these profiles who are not in the pool.
    async fn orphans(&self, records: &[ProfileRecord]) -> Result<Vec<Sub>, PoolError> {
        let checks: Vec<_> = records.iter().map(|record| self.orphan(&record.sub)).collect();
        let found: Vec<_> = stream::iter(checks).buffered(CONCURRENT).try_collect().await?;
        Ok(found.into_iter().flatten().collect())
    }

    async fn orphan(&self, sub: &Sub) -> Result<Option<Sub>, PoolError> {
        // In this pool the user name is the `sub`. One that is no user name cannot be in the pool.
        let Ok(username) = sub.as_str().parse::<Username>() else { return Ok(Some(sub.clone())) };
        let account = self.pool.account(&username).await?;
        Ok(account.is_none().then(|| sub.clone()))
    }
}

/// A page that was checked.
struct Page {
    checked: usize,
    orphans: usize,
    more: bool,
}
