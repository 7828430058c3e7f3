//! Who may watch what: the same as over HTTP.

use weir_aws::AwsError;
use weir_aws::device::Registration;
use weir_core::domain::access::{Role, Scope};
use weir_core::domain::live::{Session, Topic, Visible};

use super::Parts;

impl Parts {
    /// What the person sees of the topic; `None` when it is nothing, or there is no such topic.
    ///
    /// # Errors
    /// When a table does not answer.
    pub(super) async fn visible(&self, session: &Session, topic: &Topic) -> Result<Option<Visible>, AwsError> {
        let scope = Scope::of(Some(session.role), &session.devices);
        match (topic, scope) {
            (Topic::Device(id), scope) => {
                if !scope.sees(id) {
                    return Ok(None);
                }
                let registered = matches!(self.devices.find(id).await?, Registration::Device(_));
                Ok(registered.then_some(Visible::All))
            }
            (Topic::Tube(_) | Topic::Problems, Scope::All) => Ok(Some(Visible::All)),
            (Topic::Tube(tube), Scope::Devices(devices)) => {
                let mut levels = self.devices.levels_of(&devices).await?;
                levels.retain(|level| level.as_str().starts_with(tube.as_str()));
                Ok(Some(Visible::Levels(levels)).filter(|visible| !visible.is_nothing()))
            }
            (Topic::Problems, Scope::Devices(devices)) => {
                Ok(Some(Visible::Levels(self.devices.levels_of(&devices).await?)))
            }
            (Topic::Quarantine, _) => Ok((session.role == Role::Admin).then_some(Visible::All)),
        }
    }
}
