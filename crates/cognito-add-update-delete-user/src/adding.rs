//! Adding is all or nothing. The user is made with a mark, gets everything, the group last, and only then loses the mark.
//! Until then they are in no list, and the token of one who signs in carries the mark and gives no role. What goes wrong is
//! undone; what was killed on its way keeps the mark, and whoever adds the same address again clears it away first.

use weir_aws::AwsError;
use weir_aws::people::{Account, PoolError, Wish};
use weir_core::domain::people::Person;
use weir_core::domain::people::mark::Mark;
use weir_core::domain::people::profile::Record;
use weir_core::id::Username;
use weir_http::{ApiError, Caller, ErrorKind};

use super::Parts;
use super::body::Adding;

/// So often somebody's remains are cleared away.
const ATTEMPTS: usize = 3;

impl Parts {
    /// Adds the person, while nobody else adds the same address.
    pub(super) async fn add(&self, adding: &Adding, caller: &Caller) -> Result<Person, ApiError> {
        let held = self.lock.take_address(&adding.email).await?;
        let added = self.add_alone(adding, caller).await;
        held.give_back().await;
        added
    }

    async fn add_alone(&self, adding: &Adding, caller: &Caller) -> Result<Person, ApiError> {
        self.still_rules(caller).await?;
        let mark = self.pool.mark(self.clock.now());
        let made = self.make(adding, &mark).await?;
        if let Err(problem) = self.complete(&made, adding, &caller.name(), &mark).await {
            self.undo(&made).await?;
            let gone = problem.kind() == ErrorKind::NotFound;
            // Somebody has cleared away what they took for remains.
            return Err(if gone { ApiError::unavailable(format!("{} is gone", made.username)) } else { problem });
        }
        // As the steps have left them. They are whole, so this is not what adding them could fail on.
        let whole = self.pool.find(&made.username).await.ok().flatten();
        Ok(whole.unwrap_or(Person { role: adding.role, ..made }))
    }

    /// Makes the marked user.
    async fn make(&self, adding: &Adding, mark: &Mark) -> Result<Person, ApiError> {
        // Whoever has an invitation coming, or a password of their own, never learns a first one: Cognito makes one up.
        let first = adding.password.as_ref().filter(|password| !password.permanent);
        let wish = Wish {
            email: adding.email.clone(),
            devices: adding.devices.clone(),
            temporary: first.map(|password| password.value.clone()),
        };
        for _ in 0..ATTEMPTS {
            let error = match self.pool.create(&wish, mark).await {
                Ok(account) => return Ok(account.person),
                Err(error) => error,
            };
            match error {
                // It may be the one that was just made, by a request whose answer was lost.
                PoolError::Exists => {
                    if let Some(person) = self.claimed(&adding.email, mark).await? {
                        return Ok(person);
                    }
                }
                error if error.is_refusal() => return Err(error.into()),
                error => {
                    // Nobody knows whether the user is made. If so, it has this mark.
                    if let Ok(Some(Account { person, adding: Some(found) })) = self.by_email(&adding.email).await
                        && found.is(mark)
                    {
                        self.undo(&person).await?;
                    }
                    return Err(error.into());
                }
            }
        }
        Err(AwsError::Contended { table: "user pool", key: adding.email.clone() }.into())
    }

    /// The user with that address when they carry this mark; none when there is no such user (any more). A whole one is
    /// there already; a half-made one whom nobody works on any more is cleared away.
    async fn claimed(&self, email: &str, mark: &Mark) -> Result<Option<Person>, ApiError> {
        match self.by_email(email).await? {
            None => Ok(None),
            Some(Account { person, adding: Some(found) }) if found.is(mark) => Ok(Some(person)),
            Some(Account { adding: None, .. }) => Err(PoolError::Exists.into()),
            Some(Account { person, adding: Some(found) }) if found.ran_out(self.clock.now()) => {
                tracing::warn!(whom = %person.sub, "a half-made user is cleared away");
                self.undo(&person).await?;
                Ok(None)
            }
            Some(_) => Err(ApiError::unavailable(format!("{email} is being added by somebody else"))),
        }
    }

    async fn by_email(&self, email: &str) -> Result<Option<Account>, ApiError> {
        let username: Username = email.parse().map_err(|_| ApiError::not_found())?;
        Ok(self.pool.account(&username).await?)
    }

    /// Everything that makes a whole user of the marked one.
    async fn complete(&self, person: &Person, adding: &Adding, by: &str, mark: &Mark) -> Result<(), ApiError> {
        let (username, now) = (&person.username, self.clock.now());
        self.profiles.write(&Record::new(person.sub.clone(), adding.profile.clone(), 0, by.to_owned(), now)).await?;
        match &adding.password {
            Some(password) if password.permanent => self.pool.set_password(username, password).await?,
            Some(_) => {}
            None => self.pool.invite(&adding.email).await?,
        }
        // Last of all that gives rights, so that a half-made user has none for long.
        self.pool.join(username, adding.role).await?;
        if mark.ran_out(self.clock.now()) {
            return Err(ApiError::unavailable(format!("adding {username} took too long")));
        }
        let Err(error) = self.pool.unmark(username).await else { return Ok(()) };
        // It may be done all the same, and then the user is whole.
        match self.pool.account(username).await {
            Ok(Some(Account { adding: None, .. })) => Ok(()),
            _ => Err(error.into()),
        }
    }

    /// Takes a half-made user back, the profile first: as long as the user is there, it is known that something is left.
    async fn undo(&self, person: &Person) -> Result<(), ApiError> {
        self.profiles.forget(&person.sub).await?;
        Ok(self.pool.delete(person).await?)
    }
}
