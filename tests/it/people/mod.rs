//! The functions of people: `user` on a real engine, and the three of Cognito on recorded answers.

mod access;
mod audit;
mod events;
mod lists;
mod profiles;
mod refusals;

use std::sync::Arc;
use weir_runtime::Function as _;

use cognito_add_update_delete_user::ChangeUser;
use cognito_get_role::GetRole;
use cognito_get_users_info::UsersInfo;
use serde_json::{Value, json};
use weir_aws::device::Write;
use weir_aws::people::Lock;
use weir_aws::profile::ProfileTable;
use weir_core::domain::Timestamp;
use weir_core::domain::people::profile::Record;
use weir_core::id::Sub;
use weir_core::wire::profile::ProfileBody;
use weir_runtime::clock::SetClock;
use weir_tests::engine::Engine;
use weir_tests::pool::{Recorded, disabled, invited, marked, person};

/// When these tests take place.
pub const NOW: Timestamp = Timestamp::from_millis(1_795_155_884_123);
pub const ANN: &str = "5f1e0000-0000-4000-8000-000000000001";
pub const BOB: &str = "5f1e0000-0000-4000-8000-000000000002";
pub const CYD: &str = "5f1e0000-0000-4000-8000-000000000003";
pub const EVE: &str = "5f1e0000-0000-4000-8000-000000000005";
pub const GUS: &str = "5f1e0000-0000-4000-8000-000000000007";

/// Profiles, and a pool beside them.
pub struct World {
    pub engine: Engine,
    pub pool: Arc<Recorded>,
    pub clock: Arc<SetClock>,
}

impl World {
    /// Whom the recorded events speak of: Ann, the only admin with a password of her own, Hal, another who was given a
    /// temporary one while he was signed in, and Ida, one who was disabled meanwhile; Bob, who sees `buoy-01` and has a
    /// profile in its second version; Cyd, who is disabled and whose profile was deleted; Eve in no group and without a
    /// profile; Dan, who is being added, and Fay, whose adding was killed; and Gus, who is gone.
    pub async fn new() -> Self {
        let people = vec![
            person(1, "ann", &["admin", "user"], ""),
            person(2, "bob", &["user"], "buoy-01"),
            disabled(person(3, "cyd", &["user"], "*")),
            marked(person(4, "dan", &[], ""), "token 1795155900000"),
            person(5, "eve", &["viewers"], ""),
            marked(person(6, "fay", &["user"], ""), "token 1795155880000"),
            invited(person(8, "hal", &["admin"], "")),
            disabled(person(9, "ida", &["admin"], "")),
        ];
        let clock = Arc::new(SetClock::new(NOW));
        let world = Self { engine: Engine::start().await, pool: Recorded::of(people), clock };
        let bob =
            world.profile(BOB, &json!({"name": "Bob", "phone": "+431234567", "preferences": {"language": "de"}})).await;
        let changed = bob.rewritten(bob.profile.clone(), "bob@example.com".into(), NOW);
        assert_eq!(world.profiles().write(&changed).await.unwrap(), Write::Done);
        let cyd = world.profile(CYD, &json!({"name": "Cyd"})).await;
        assert_eq!(world.profiles().remove(&cyd).await.unwrap(), Write::Done);
        world.profiles().bury(&sub(GUS), NOW).await.unwrap();
        world
    }

    pub fn profiles(&self) -> ProfileTable {
        ProfileTable::new(self.engine.client(), self.engine.name("users"))
    }

    /// Writes a first profile.
    pub async fn profile(&self, id: &str, body: &Value) -> Record {
        let profile = serde_json::from_value::<ProfileBody>(body.clone()).unwrap().profile().unwrap();
        let record = Record::new(sub(id), profile, 0, "ann@example.com".into(), NOW);
        assert_eq!(self.profiles().write(&record).await.unwrap(), Write::Done);
        record
    }

    pub fn user(&self) -> user::User {
        user::User::new(user::Parts { profiles: self.profiles(), clock: self.clock.clone() })
    }

    pub fn change(&self) -> ChangeUser {
        let lock = Lock::new(self.engine.client(), self.engine.name("users"), self.clock.clone());
        ChangeUser::new(cognito_add_update_delete_user::Parts {
            pool: self.pool.pool(),
            profiles: self.profiles(),
            lock,
            clock: self.clock.clone(),
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
