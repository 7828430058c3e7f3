//! Writes to the outbox of a subscription what it has to be told of one problem.

use weir_aws::notice::{Address, Content, Notice, Versioned, Write};
use weir_aws::subscription::StoredSubscription;
use weir_aws::{Attempts, AwsError, WriteOutcome};
use weir_core::domain::Timestamp;
use weir_core::domain::notice::{About, Delivery, Step, Thread, follow, notice_id, remind, when};
use weir_core::domain::problem::{Problem, Subject};
use weir_core::id::{DeviceId, NoticeId};
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
    let id = notice_id(&to.subscription, &About::Digest(until)).map_err(|bad| AwsError::request("notice id", bad))?;
    Ok(notice(to, id, Content::Digest(until), now))
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
    /// Tells a subscription what has happened to a problem since the last time. Returns whether its outbox has something to send now.
    ///
    /// The thread is read before the problem. So of two processes that write the thread one after the other, the second has
    /// read a problem that is not older, and the thread never goes back in time.
    pub(super) async fn tell(
        &self,
        to: &StoredSubscription,
        subject: &Subject,
        devices: &[DeviceId],
    ) -> Result<bool, AwsError> {
        let (address, key) = (address(to), subject.key());
        let mut attempts = Attempts::new("notices", &to.id, ATTEMPTS);
        loop {
            attempts.next().await?;
            let read = self.parts.notices.thread(&to.id, &key).await?;
            let problem = self.parts.problems.find(subject).await?.map(|stored| stored.problem);
            let now = self.now();
            let (mut steps, next) = follow(&read.value, problem.as_ref(), &to.subscription, to.created_at, now);
            let (reminder, next) = remind(&next, problem.as_ref(), &to.subscription, now);
            steps.extend(reminder);
            if next == read.value {
                return Ok(false);
            }
            if !steps.is_empty() && !self.remembered(&to.owner).await?.sees(devices) {
                return Ok(false);
            }
            let written = if steps.is_empty() {
                let write = Write { thread: Some((&key, &read, next)), ..Write::default() };
                self.parts.notices.write(&address, write, now).await?.into()
            } else {
                let news = News { to, subject, problem: problem.as_ref(), steps, now };
                self.put(&address, &read, next, &news).await?
            };
            match written {
                Written::Done(send) => return Ok(send),
                Written::Overtaken => {}
            }
        }
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
        let mut queue = before.value.clone();
        let (mut notices, mut held) = (Vec::new(), Vec::new());
        for step in &news.steps {
            let told = news.told(step)?;
            let (delivery, pace, window) =
                when(&news.to.subscription, step.severity, &queue.pace, thread.window, thread.held_until, news.now);
            (queue.pace, thread.window) = (pace, window);
            // What is sent now comes after everything that a digest has collected and that is due, or is about the same problem.
            let mut closing = queue.due_digests(news.now);
            if delivery == Delivery::Now {
                closing.extend(thread.held_until.filter(|until| *until > news.now && queue.digests.contains(until)));
            }
            for until in closing {
                let digest = digest(address, until, news.now)?;
                queue.close(until, digest.id.clone());
                notices.push(digest);
            }
            let id = told.id.clone();
            match delivery {
                Delivery::Now => {
                    thread.held_until = None;
                    notices.push(notice(address, id.clone(), Content::Told(Box::new(told)), news.now));
                }
                Delivery::Held(until) => {
                    thread.held_until = Some(until);
                    held.push((until, told));
                }
            }
            queue.add(id, delivery);
        }
        let sends = !queue.pending.is_empty();
        let key = news.subject.key();
        let write = Write {
            queue: Some((&before, queue)),
            thread: Some((&key, read, thread)),
            notices,
            held,
            ..Write::default()
        };
        Ok(match self.parts.notices.write(address, write, news.now).await? {
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
        let id = notice_id(&self.to.id, &about).map_err(|bad| AwsError::request("notice id", bad))?;
        let problem = told(self.subject, self.problem, step, self.now);
        Ok(ToldJson { id, transition: step.transition.into(), at: self.now, problem })
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
