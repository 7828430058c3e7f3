//! The functions for people: `user` on a real engine, and the three for Cognito on recorded answers.

mod access;
mod audit;
pub mod claims;
mod events;
mod interrupted;
mod lists;
mod mfa;
mod profiles;
mod refusals;
mod sessions;
mod sweep;
mod throttled;

use std::sync::Arc;
use weir_runtime::Function as _;

use cognito_add_update_delete_user::{ChangeUser, Lock, Mfa};
use cognito_get_role::GetRole;
use cognito_get_users_info::UsersInfo;
use serde_json::{Value, json};
use weir_aws::WriteOutcome;
use weir_aws::device::DeviceTable;
use weir_aws::event::WithEvents;
use weir_aws::live::LiveTable;
use weir_aws::profile::ProfileTable;
use weir_core::domain::Timestamp;
use weir_core::domain::people::profile::ProfileRecord;
use weir_core::id::Sub;
use weir_core::wire::profile::ProfileBody;
use weir_runtime::clock::SetClock;
use weir_tests::engine::Engine;
use weir_tests::pool::{Recorded, creating, disabled, invited, person};

/// When these tests take place.
pub const NOW: Timestamp = Timestamp::from_millis(1_795_155_884_123);
pub const ANN: &str = "5f1e0000-0000-4000-8000-000000000001";
pub const BOB: &str = "5f1e0000-0000-4000-8000-000000000002";
pub const CYD: &str = "5f1e0000-0000-4000-8000-000000000003";
pub const EVE: &str = "5f1e0000-0000-4000-8000-000000000005";
pub const GUS: &str = "5f1e0000-0000-4000-8000-000000000007";

/// The profiles and the user pool.
pub struct World {
    pub engine: Engine,
    pub pool: Arc<Recorded>,
    pub clock: Arc<SetClock>,
}

impl World {
    /// The users in the recorded events. Ann: the only admin with a permanent password. Hal: an admin who was given a temporary
    /// password while he was signed in. Ida: an admin who was disabled meanwhile. Bob: sees `buoy-01` and has a profile in
    /// version 2. Cyd: disabled, with a deleted profile. Eve: in no group, without a profile. Dan: being created. Fay: being
    /// created, interrupted. Gus: deleted.
    pub async fn new() -> Self {
        let people = vec![
            person(1, "ann", &["admin", "user"], ""),
            person(2, "bob", &["user"], "buoy-01"),
            disabled(person(3, "cyd", &["user"], "*")),
            creating(person(4, "dan", &[], ""), "token 1795155900000"),
            person(5, "eve", &["viewers"], ""),
            creating(person(6, "fay", &["user"], ""), "token 1795155880000"),
            invited(person(8, "hal", &["admin"], "")),
            disabled(person(9, "ida", &["admin"], "")),
        ];
        let clock = Arc::new(SetClock::new(NOW));
        let world = Self { engine: Engine::start().await, pool: Recorded::of(people), clock };
        let bob =
            world.profile(BOB, &json!({"name": "Bob", "phone": "+431234567", "preferences": {"language": "de"}})).await;
        let changed = bob.rewritten(bob.profile.clone(), "bob@example.com".into(), NOW);
        assert_eq!(world.profiles().write(&changed).await.unwrap(), WriteOutcome::Done);
        let cyd = world.profile(CYD, &json!({"name": "Cyd"})).await;
        assert_eq!(world.profiles().remove(&cyd, WithEvents::NONE).await.unwrap(), WriteOutcome::Done);
        world.profiles().write_tombstone(&sub(GUS), NOW, WithEvents::NONE).await.unwrap();
        claims::arrange(&world);
        world
    }

    pub fn profiles(&self) -> ProfileTable {
        ProfileTable::new(self.engine.client(), self.engine.name("users"))
    }

    /// Writes a first profile.
    pub async fn profile(&self, id: &str, body: &Value) -> ProfileRecord {
        let profile = serde_json::from_value::<ProfileBody>(body.clone()).unwrap().profile().unwrap();
        let record = ProfileRecord::new(sub(id), profile, 0, "ann@example.com".into(), NOW);
        assert_eq!(self.profiles().write(&record).await.unwrap(), WriteOutcome::Done);
        record
    }

    pub fn user(&self) -> user::User {
        user::User::new(user::Parts {
            profiles: self.profiles(),
            events: self.engine.events(),
            clock: self.clock.clone(),
        })
    }

    pub fn change(&self) -> ChangeUser {
        self.change_with(Mfa::Optional)
    }

    /// The same, with or without the need for one-time codes.
    pub fn change_with(&self, mfa: Mfa) -> ChangeUser {
        let lock = Lock::new(self.profiles(), self.clock.clone());
        ChangeUser::new(cognito_add_update_delete_user::Parts {
            pool: self.pool.pool(),
            profiles: self.profiles(),
            events: self.engine.events(),
            devices: DeviceTable::new(self.engine.client(), self.engine.name("devices")),
            live: LiveTable::new(self.engine.client(), self.engine.name("live")),
            lock,
            clock: self.clock.clone(),
            mfa,
        })
    }

    /// Hands the event to a function of that name.
    pub async fn handle(&self, function: &str, event: Value) -> Value {
        match function {
            "user" => self.user().answer(event).await.unwrap(),
            "cognito-get-users-info" => UsersInfo::new(self.pool.pool()).answer(event).await.unwrap(),
            "cognito-get-role" => GetRole::new(self.pool.pool()).answer(event).await.unwrap(),
            "cognito-add-update-delete-user" => self.change().answer(event).await.unwrap(),
            other => panic!("{other} is none of these functions"),
        }
    }
}

pub fn sub(text: &str) -> Sub {
    text.parse().unwrap()
}
