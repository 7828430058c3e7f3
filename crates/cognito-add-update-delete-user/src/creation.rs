//! Creating a user is all or nothing. The first call creates the user with a flag; the profile, the password and, last, the
//! group follow; the last call removes the flag. Flagged users are in no list, and a token of such a user carries the flag
//! and gives no role. When a step fails, the creation is undone. When the function is killed, the flagged user remains, and
//! the next request that adds the same address removes it first.

use weir_aws::AwsError;
use weir_aws::people::{Account, NewAccount, PoolError};
use weir_core::domain::people::Person;
use weir_core::domain::people::creation::CreationFlag;
use weir_core::domain::people::profile::ProfileRecord;
use weir_core::id::Username;
use weir_http::{ApiError, Caller, ErrorKind};

use super::Parts;
use super::body::NewUser;
use super::event;

/// Maximum number of attempts, each of which may remove an incomplete user.
const ATTEMPTS: usize = 3;

impl Parts {
    /// Creates the user while no other request adds the same address.
    pub(super) async fn create(&self, new: &NewUser, caller: &Caller) -> Result<Person, ApiError> {
        let lease = self.lock.take_address(&new.email).await?;
        let created = self.create_locked(new, caller).await;
        lease.release().await;
        created
    }

    async fn create_locked(&self, new: &NewUser, caller: &Caller) -> Result<Person, ApiError> {
        self.require_active_admin(caller).await?;
        let flag = CreationFlag::new(weir_aws::token(), self.clock.now());
        let created = self.create_flagged(new, &flag).await?;
        if let Err(error) = self.complete(&created, new, &caller.name(), &flag).await {
            self.undo(&created, &flag).await?;
            // Another request has removed the user, whom it took for incomplete.
            let removed = error.kind() == ErrorKind::NotFound;
            return Err(if removed { ApiError::unavailable(format!("{} is gone", created.username)) } else { error });
        }
        // Read again as the steps have left it. The user is complete, so a failure here is not one of the creation.
        let complete = self.pool.find(&created.username).await.ok().flatten();
        Ok(complete.unwrap_or(Person { role: Some(new.role), ..created }))
    }

    /// Creates the user with the flag.
    async fn create_flagged(&self, new: &NewUser, flag: &CreationFlag) -> Result<Person, ApiError> {
        // Users who will get an invitation or a permanent password need no first one from us: Cognito generates it.
        let temporary = new.password.as_ref().filter(|password| !password.permanent);
        let account = NewAccount {
            email: new.email.clone(),
            devices: new.devices.clone(),
            temporary_password: temporary.map(|password| password.value.clone()),
        };
        for _ in 0..ATTEMPTS {
            let error = match self.pool.create(&account, flag).await {
                Ok(account) => return Ok(account.person),
                Err(error) => error,
            };
            match error {
                // Possibly created by an earlier attempt of this request, whose answer was lost.
                PoolError::Exists => {
                    if let Some(person) = self.own_or_removed(&new.email, flag).await? {
                        return Ok(person);
                    }
                }
                error if error.is_refusal() => return Err(error.into()),
                error => {
                    // It is unknown whether the user was created. If so, it has this flag.
                    if let Ok(Some(Account { person, creating: Some(found), .. })) = self.by_email(&new.email).await
                        && found.is_same_creation(flag)
                    {
                        self.undo(&person, &found).await?;
                    }
                    return Err(error.into());
                }
            }
        }
        Err(AwsError::Contended { table: "user pool", key: new.email.clone() }.into())
    }

    /// Looks up the user with the address: returns one with this flag, and `None` when there is none (any more). A complete
    /// user is an error; an incomplete one whose flag has expired is removed.
    async fn own_or_removed(&self, email: &str, flag: &CreationFlag) -> Result<Option<Person>, ApiError> {
        match self.by_email(email).await? {
            None => Ok(None),
            Some(Account { person, creating: Some(found), .. }) if found.is_same_creation(flag) => Ok(Some(person)),
            Some(Account { creating: None, .. }) => Err(PoolError::Exists.into()),
            Some(Account { person, creating: Some(found), .. }) if found.is_expired(self.clock.now()) => {
                tracing::warn!(whom = %person.sub, "an incomplete user is removed");
                self.undo(&person, &found).await?;
                Ok(None)
            }
            Some(_) => Err(ApiError::unavailable(format!("{email} is being added by another request"))),
        }
    }

    async fn by_email(&self, email: &str) -> Result<Option<Account>, ApiError> {
        let username: Username = email.parse().map_err(|_| ApiError::not_found())?;
        Ok(self.pool.account(&username).await?)
    }

    /// Takes all further steps of the creation.
    async fn complete(&self, person: &Person, new: &NewUser, by: &str, flag: &CreationFlag) -> Result<(), ApiError> {
        let (username, now) = (&person.username, self.clock.now());
        let record = ProfileRecord::new(person.sub.clone(), new.profile.clone(), 0, by.to_owned(), now);
        let events = [event::added(&person.sub, flag, new, by)];
        self.profiles.write_with(&record, self.events.with(&events)).await?;
        match &new.password {
            Some(password) if password.permanent => self.pool.set_password(username, password).await?,
            Some(_) => {}
            None => self.pool.invite(&new.email).await?,
        }
        // The group comes last, so that an incomplete user has rights for as short as possible.
        self.pool.join(username, new.role).await?;
        if flag.is_expired(self.clock.now()) {
            return Err(ApiError::unavailable(format!("adding {username} took too long")));
        }
        let Err(error) = self.pool.remove_creation_flag(username).await else { return Ok(()) };
        // The flag may have been removed nevertheless; then the user is complete.
        match self.pool.account(username).await {
            Ok(Some(Account { creating: None, .. })) => Ok(()),
            _ => Err(error.into()),
        }
    }

    /// Removes an incomplete user. The profile goes first, and with it the event that tells of the creation: while the user
    /// exists, the next request knows that something is left to remove.
    async fn undo(&self, person: &Person, flag: &CreationFlag) -> Result<(), ApiError> {
        let event = event::of_creation(&person.sub, flag);
        self.profiles.delete_row(&person.sub, &self.events, &event).await?;
        Ok(self.pool.delete(&person.username).await?)
    }
}
