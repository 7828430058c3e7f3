//! Writes to the outbox of a subscription what it has to be told of one problem.

use weir_aws::notice::{Address, Content, Notice, Versioned, Write};
use weir_aws::subscription::StoredSubscription;
use weir_aws::{Attempts, AwsError, WriteOutcome};
use weir_core::domain::Timestamp;
use weir_core::domain::notice::{About, Delivery, MOST_OF_A_PROBLEM, Step, Thread, follow, notice_id, remind, when};
use weir_core::domain::problem::{AlertKey, Problem, Subject};
use weir_core::id::{DeviceId, NoticeId, SubscriptionId};
use weir_core::wire::notice::{NoticeStatus, ToldJson, told};

use super::Notify;

/// Attempts to write into an outbox while others do.
const ATTEMPTS: u32 = 20;

/// Where the outbox of a subscription is.
pub(super) fn address(to: &StoredSubscription) -> Address {
    Address { subscription: to.id.clone(), owner: to.owner.clone() }
}

/// What a digest is, once it is closed.
pub(super) fn digest(to: &Address, until: Timestamp, now: Timestamp) -> Result<Notice, AwsError> {
    Ok(notice(to, id(&to.subscription, &About::Digest(until))?, Content::Digest(until), now))
}

/// What a digest holds of one problem, when it is sent before the rest of the digest.
fn part(to: &Address, until: Timestamp, problem: &str, now: Timestamp) -> Result<Notice, AwsError> {
    let id = id(&to.subscription, &About::Part(until, problem))?;
    Ok(notice(to, id, Content::Part(until, problem.to_owned()), now))
}

fn id(of: &SubscriptionId, about: &About<'_>) -> Result<NoticeId, AwsError> {
    notice_id(of, about).map_err(|bad| AwsError::request("notice id", bad))
}

fn notice(to: &Address, id: NoticeId, content: Content, now: Timestamp) -> Notice {
    Notice {
        id,
        subscription: to.subscription.clone(),
        owner: to.owner.clone(),
        content,
        status: NoticeStatus::Pending,
        created_at: now,
        since: now,
        tried_at: None,
        detail: None,
    }
}

impl Notify {
    /// Tells a subscription what has happened to a problem since the last time; `begun` is when the work began. Returns whether its
    /// outbox has something to send now.
    ///
    /// The thread is read before the problem. So of two processes that write the thread one after the other, the second has
    /// read a problem that is not older, and the thread never goes back in time.
    pub(super) async fn tell(
        &self,
        to: &StoredSubscription,
        subject: &Subject,
        devices: &[DeviceId],
        begun: Timestamp,
    ) -> Result<bool, AwsError> {
        let (address, key) = (address(to), subject.key());
        let mut attempts = Attempts::new("notices", &to.id, ATTEMPTS);
        loop {
            attempts.next().await?;
            let read = self.parts.notices.thread(&to.id, &key).await?;
            let problem = self.parts.problems.find(subject).await?.map(|stored| stored.problem);
            let now = self.now();
            let due = |since: Timestamp| {
                let (mut steps, next) = follow(&read.value, problem.as_ref(), &to.subscription, since, now);
                let (reminder, next) = remind(&next, problem.as_ref(), &to.subscription, now);
                steps.extend(reminder);
                (steps, next)
            };
            let (mut steps, mut next) = due(to.updated_at);
            if !steps.is_empty() {
                match self.who(&to.owner, devices, begun).await {
                    Ok(person) if !person.sees(devices) => return Ok(false),
                    // What happened before the person was given the device is history to them.
                    Ok(person) => (steps, next) = due(to.updated_at.max(person.since)),
                    // Before it is sent, Cognito is asked again until it answers.
                    Err(error) => tracing::warn!(subscription = %to.id, %error, "told without knowing who may see it"),
                }
            }
            if next == read.value {
                return Ok(false);
            }
            let written = if steps.is_empty() {
                let write = Write { thread: Some((&key, &read, next)), ..Write::default() };
                self.parts.notices.write(&address, write, now).await?.into()
            } else {
                let alert_note = self.alert_note(subject).await?;
                let news = News { to, subject, problem: problem.as_ref(), steps, alert_note, now };
                self.put(&address, &read, next, &news).await?
            };
            match written {
                Written::Done(send) => return Ok(send),
                Written::Overtaken => {}
            }
        }
    }

    /// The note of the alert that a problem is about, while there is that alert.
    async fn alert_note(&self, subject: &Subject) -> Result<Option<String>, AwsError> {
        let Subject::Alert(AlertKey { device, sensor, alert }) = subject else { return Ok(None) };
        let device = self.parts.devices.get(device).await?;
        let alerts = device.as_ref().and_then(|device| device.sensor(sensor)).map(|sensor| &sensor.alerts);
        let alert = alerts.and_then(|alerts| alerts.iter().find(|known| known.id == *alert));
        Ok(alert.map(|alert| alert.note.clone()).filter(|note| !note.is_empty()))
    }

    /// Writes the steps into the outbox.
    async fn put(
        &self,
        address: &Address,
        read: &Versioned<Thread>,
        mut thread: Thread,
        news: &News<'_>,
    ) -> Result<Written, AwsError> {
        let before = self.parts.notices.queue(&address.subscription).await?;
        let (key, now) = (news.subject.key(), news.now);
        let mut queue = before.value.clone();
        let (mut notices, mut held, mut parts) = (Vec::new(), Vec::new(), Vec::new());
        // More than may be sent at once of a problem come together, so that how things are now does not wait behind how they were.
        let together = if news.steps.len() > MOST_OF_A_PROBLEM { news.steps.len() } else { 1 };
        for steps in news.steps.chunks(together) {
            let Some(last) = steps.last() else { continue };
            let (delivery, pace, window) =
                when(&news.to.subscription, last.severity, &queue.pace, &thread.window, thread.held_until, now);
            (queue.pace, thread.window) = (pace, window);
            // What is told now comes after every digest that is due, and after what is held back of the same problem for later.
            for until in queue.due_digests(now) {
                let digest = digest(address, until, now)?;
                queue.close(until, digest.id.clone(), now);
                notices.push(digest);
            }
            let overtaken = thread.held_until.filter(|until| *until > now && queue.digests.contains(until));
            if let Some(until) = overtaken.filter(|until| delivery.is_before(*until)) {
                let part = part(address, until, &key, now)?;
                queue.part(until, part.id.clone(), now);
                notices.push(part);
                parts.push((until, key.as_str()));
            }
            let mut told = steps.iter().map(|step| news.told(step)).collect::<Result<Vec<_>, _>>()?;
            thread.held_until = match delivery {
                Delivery::Held(until) => Some(until),
                Delivery::Now => None,
            };
            match (delivery, told.pop()) {
                (Delivery::Now, Some(one)) if told.is_empty() => {
                    let notice = notice(address, one.id.clone(), Content::Told(Box::new(one)), now);
                    queue.pending.push(notice.id.clone());
                    notices.push(notice);
                }
                (Delivery::Now, last) => {
                    let at = queue.pace.open(now);
                    let digest = digest(address, at, now)?;
                    queue.digests.insert(at);
                    queue.close(at, digest.id.clone(), now);
                    notices.push(digest);
                    held.extend(told.into_iter().chain(last).map(|told| (at, told)));
                }
                (Delivery::Held(until), last) => {
                    queue.digests.insert(until);
                    held.extend(told.into_iter().chain(last).map(|told| (until, told)));
                }
            }
        }
        let sends = !queue.pending.is_empty();
        let write = Write {
            queue: Some((&before, queue)),
            thread: Some((&key, read, thread)),
            notices,
            held,
            parts,
            ..Write::default()
        };
        Ok(match self.parts.notices.write(address, write, now).await? {
            WriteOutcome::Done => Written::Done(sends),
            WriteOutcome::Overtaken => Written::Overtaken,
        })
    }
}

/// How a write ended.
enum Written {
    /// Written; whether something can be sent.
    Done(bool),
    Overtaken,
}

impl From<WriteOutcome> for Written {
    fn from(outcome: WriteOutcome) -> Self {
        match outcome {
            WriteOutcome::Done => Self::Done(false),
            WriteOutcome::Overtaken => Self::Overtaken,
        }
    }
}

/// What is to be told.
struct News<'a> {
    to: &'a StoredSubscription,
    subject: &'a Subject,
    problem: Option<&'a Problem>,
    steps: Vec<Step>,
    alert_note: Option<String>,
    now: Timestamp,
}

impl News<'_> {
    fn told(&self, step: &Step) -> Result<ToldJson, AwsError> {
        let key = self.subject.key();
        let about = About::Transition {
            problem: &key,
            episode: step.episode,
            began: step.began,
            transition: step.transition,
            number: step.number,
        };
        let (id, problem) = (id(&self.to.id, &about)?, told(self.subject, self.problem, step, self.now));
        let alert_note = self.alert_note.clone();
        Ok(ToldJson { id, transition: step.transition.into(), at: self.now, problem, alert_note })
    }
}

impl Notify {
    /// Nobody is to be reminded of this problem any more. Does nothing when somebody has written the thread meanwhile.
    pub(super) async fn forget_reminder(&self, of: &Address, problem: &str) -> Result<(), AwsError> {
        let read = self.parts.notices.thread(&of.subscription, problem).await?;
        if read.value.remind_at.is_none() {
            return Ok(());
        }
        let thread = Thread { remind_at: None, ..read.value.clone() };
        let write = Write { thread: Some((problem, &read, thread)), ..Write::default() };
        self.parts.notices.write(of, write, self.now()).await.map(drop)
    }
}
