//! Who a subscription belongs to, and what that person may see.

use std::sync::PoisonError;

use weir_aws::AwsError;
use weir_aws::people::PoolError;
use weir_aws::profile::StoredProfile;
use weir_core::domain::Timestamp;
use weir_core::domain::access::Scope;
use weir_core::domain::people::Person;
use weir_core::domain::settings::Setting;
use weir_core::id::{DeviceId, Sub, Username};

use super::Notify;
use super::words::Language;

/// How long the scope of a person is cached, in milliseconds, for deciding what goes into an outbox. Before something is sent to the
/// person, it is read again.
const REMEMBERED_MS: i64 = 60_000;

/// A person, with what the user pool and the profile say.
#[derive(Debug, Clone)]
pub(super) struct Known {
    /// What the person may see; nothing for one who is disabled or deleted.
    pub scope: Scope,
    /// The address to which e-mails go, if it is verified.
    pub address: Option<String>,
    /// Whether the person exists and may sign in.
    pub active: bool,
    /// When something about the person was last changed, such as the devices they may see.
    pub since: Timestamp,
}

impl Known {
    fn of(person: Option<Person>) -> Self {
        let Some(person) = person.filter(|person| person.enabled) else {
            return Self { scope: Scope::NOTHING, address: None, active: false, since: Timestamp::from_millis(0) };
        };
        let address = person.email.filter(|_| person.email_verified);
        let scope = Scope::of(person.role, &person.devices);
        Self { scope, address, active: true, since: person.updated_at }
    }

    /// Whether the person may see a problem of one of these devices.
    pub fn sees(&self, devices: &[DeviceId]) -> bool {
        match &self.scope {
            Scope::All => true,
            scope => devices.iter().any(|device| scope.sees(device)),
        }
    }
}

impl Notify {
    /// What is known of a person now.
    pub(super) async fn ask(&self, sub: &Sub) -> Result<Known, AwsError> {
        let username: Username = sub.as_str().parse().map_err(|bad| AwsError::request("AdminGetUser", bad))?;
        let now = self.now();
        let person = self.parts.pool.find(&username).await.map_err(|error| match error {
            PoolError::Aws(error) => error,
            other => AwsError::request("AdminGetUser", other),
        })?;
        let known = Known::of(person);
        let mut people = self.people.lock().unwrap_or_else(PoisonError::into_inner);
        people.retain(|_, (asked, _)| now.millis_since(*asked) < REMEMBERED_MS);
        people.insert(sub.clone(), (now, known.clone()));
        Ok(known)
    }

    /// What is known of a person, or was a moment ago. That they may see none of these devices is believed only if it was asked after
    /// `begun`: the right to see one may have been given since. So whoever may see nothing of a batch costs one question for each batch.
    pub(super) async fn who(&self, sub: &Sub, devices: &[DeviceId], begun: Timestamp) -> Result<Known, AwsError> {
        let now = self.now();
        let known = {
            let people = self.people.lock().unwrap_or_else(PoisonError::into_inner);
            people
                .get(sub)
                .filter(|(asked, _)| now.millis_since(*asked) < REMEMBERED_MS)
                .filter(|(asked, known)| *asked >= begun || known.sees(devices))
                .map(|(_, known)| known.clone())
        };
        match known {
            Some(known) => Ok(known),
            None => self.ask(sub).await,
        }
    }

    /// The language of a person's profile; English unless it says otherwise.
    pub(super) async fn language(&self, sub: &Sub) -> Result<Language, AwsError> {
        let StoredProfile::Present(record) = self.parts.profiles.find(sub).await? else { return Ok(Language::English) };
        Ok(match record.profile.preferences.get("language") {
            Some(Setting::Text(language)) => Language::of(language),
            _ => Language::English,
        })
    }
}
