//! An outbox under a lease, and the changes that its sender makes to it.

use weir_aws::notice::{Address, Notice, Versioned, Write};
use weir_aws::{Attempts, AwsError, WriteOutcome};
use weir_core::domain::Timestamp;
use weir_core::domain::notice::{LEASE_SECONDS, Next, Queue};

use super::Notify;

/// Attempts to change an outbox while others add something.
const ATTEMPTS: u32 = 20;

/// An outbox with a lease.
#[derive(Debug)]
pub(super) struct Outbox {
    pub of: Address,
    pub queue: Versioned<Queue>,
    lease: Timestamp,
}

impl Notify {
    /// Takes the outbox; `None` when there is nothing to send, or somebody else has it.
    pub(super) async fn take(&self, of: &Address) -> Result<Option<Outbox>, AwsError> {
        let mut attempts = Attempts::new("notices", &of.subscription, ATTEMPTS);
        loop {
            attempts.next().await?;
            let now = self.now();
            let read = self.parts.notices.queue(&of.subscription).await?;
            if !read.value.is_free(now) || read.value.next(now) == Next::Wait {
                return Ok(None);
            }
            let lease = now.plus_seconds(LEASE_SECONDS);
            let queue = Queue { lease_until: Some(lease), ..read.value.clone() };
            let write = Write { queue: Some((&read, queue.clone())), ..Write::default() };
            if self.parts.notices.write(of, write, now).await? == WriteOutcome::Done {
                let queue = Versioned { value: queue, version: read.version + 1 };
                return Ok(Some(Outbox { of: of.clone(), queue, lease }));
            }
        }
    }

    /// Changes the outbox, and writes these notices with it. False when the lease was lost: then somebody else sends.
    pub(super) async fn change(
        &self,
        outbox: &mut Outbox,
        change: impl Fn(&mut Queue),
        notices: &[Notice],
    ) -> Result<bool, AwsError> {
        let mut attempts = Attempts::new("notices", &outbox.of.subscription, ATTEMPTS);
        loop {
            attempts.next().await?;
            let mut queue = outbox.queue.value.clone();
            change(&mut queue);
            let write =
                Write { queue: Some((&outbox.queue, queue.clone())), notices: notices.to_vec(), ..Write::default() };
            if self.parts.notices.write(&outbox.of, write, self.now()).await? == WriteOutcome::Done {
                outbox.queue = Versioned { value: queue, version: outbox.queue.version + 1 };
                return Ok(true);
            }
            // Something was added.
            outbox.queue = self.parts.notices.queue(&outbox.of.subscription).await?;
            if outbox.queue.value.lease_until != Some(outbox.lease) {
                return Ok(false);
            }
        }
    }
}
