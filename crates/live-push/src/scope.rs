//! Tells the connections of a person that their scope has changed: it takes effect with a new token and a new ticket.

use weir_aws::sockets::Sent;
use weir_core::wire::live::{Message, frame};

use super::LivePush;
use super::change::NewScope;

impl LivePush {
    /// Tells each connection of these people. A connection that is not told gets the new scope at its next renewal.
    pub(super) async fn tell_scopes(&self, scopes: &[NewScope]) {
        for NewScope { sub, devices } in scopes {
            let connections = match self.live.connections_of(sub).await {
                Ok(connections) => connections,
                Err(error) => {
                    tracing::warn!(%error, "somebody is not told of their new scope");
                    continue;
                }
            };
            let text = frame(&[&Message::Scope { devices: devices.clone() }]);
            for id in connections {
                if let Sent::Failed(error) = self.sockets.send(&id, &text).await {
                    tracing::warn!(connection = id, %error, "not told of the new scope");
                }
            }
        }
    }
}
