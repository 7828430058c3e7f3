//! `$connect`: a ticket opens a connection, once.

use futures_util::{StreamExt, stream};
use weir_aws::live::Ticket;
use weir_aws::{AwsError, WriteOutcome};
use weir_core::domain::live::Session;

use super::Parts;

/// Maximum concurrent requests whether a connection is still open.
const CONCURRENT: usize = 10;

/// The statuses that API Gateway answers the handshake with.
const OPEN: u16 = 200;
const NO_TICKET: u16 = 401;
const REFUSED: u16 = 403;

impl Parts {
    /// Opens a connection with a ticket: the status of the handshake. A connection beyond the limit is opened as well, because a
    /// browser does not show why a handshake was refused; it gets the error in answer to its first message.
    ///
    /// # Errors
    /// When the table does not answer.
    pub(super) async fn connect(&self, id: &str, ticket: Option<&str>) -> Result<u16, AwsError> {
        let Some(ticket) = ticket.and_then(Ticket::presented) else { return Ok(NO_TICKET) };
        let now = self.clock.now();
        let Some(session) = self.live.redeem(&ticket, now).await? else { return Ok(REFUSED) };
        if session.is_over(now) || session.is_stopped(self.live.stopped_at(&session.sub).await?) {
            return Ok(REFUSED);
        }
        // Before it is counted: what is counted and has no row is left behind.
        self.live.open(id, &session, false).await?;
        if !self.counted(id, &session).await? {
            tracing::info!(sub = session.sub, "one connection too many");
            self.live.open(id, &session, true).await?;
        }
        Ok(OPEN)
    }

    /// Counts the connection, unless the person has too many. Connections that are gone do not count.
    async fn counted(&self, id: &str, session: &Session) -> Result<bool, AwsError> {
        let sub = &session.sub;
        if self.live.count_in(sub, id, self.clock.now()).await? == WriteOutcome::Done {
            return Ok(true);
        }
        let known = self.live.connections_of(sub).await?;
        let gone = async |known: String| (!self.sockets.is_open(&known).await).then_some(known);
        let gone: Vec<Option<String>> = stream::iter(known).map(gone).buffer_unordered(CONCURRENT).collect().await;
        let gone: Vec<String> = gone.into_iter().flatten().collect();
        if gone.is_empty() {
            return Ok(false);
        }
        for id in &gone {
            self.disconnect(id).await?;
        }
        self.live.count_out(sub, &gone).await?;
        Ok(self.live.count_in(sub, id, self.clock.now()).await? == WriteOutcome::Done)
    }
}
