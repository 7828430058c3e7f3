//! The function `subscription` on a real engine.

mod access;
mod events;
mod routes;

use std::sync::Arc;

use ::subscription::{Parts, SubscriptionApi};
use serde_json::Value;
use weir_aws::notice::{Address, Content, Notice, Write};
use weir_aws::subscription::{StoredSubscription, UnsubscribeToken};
use weir_core::domain::notice::Queue;
use weir_core::id::{NoticeId, SubscriptionId};
use weir_core::wire::notice::NoticeStatus;
use weir_runtime::Function as _;
use weir_tests::functions::Functions;
use weir_tests::lambda::Lambda;

use crate::http::ask::Ask;
use crate::notify::{ANN, World as Notified, function};

/// The subscription of the recorded events.
pub const ID: &str = "3f0c6a7e9b1d4c58a2e67f9013b5d8c4";

/// The function, and one that tells.
pub struct World {
    pub notified: Notified,
    pub lambda: Lambda,
}

impl World {
    pub async fn new() -> Self {
        let notified = Notified::new().await;
        let notify = Arc::new(function(&notified.over(), notified.alert.functions.clock.clone()));
        let lambda = Lambda::over(Arc::new(Functions::over(&notified.alert.engine))).and_notify(notify);
        Self { notified, lambda }
    }

    /// With a subscription of Ann by webhook that has the id of the recorded events, and of its notices one that failed and one
    /// that was sent.
    pub async fn recorded() -> Self {
        let world = Self::new().await;
        let stored = world.notified.subscribe_as(ANN, world.id(), &world.notified.hook()).await;
        world.has(&stored, "7dcf887bbe815f8e3047ff2c84bd7c3c", NoticeStatus::Failed).await;
        world.has(&stored, &"0".repeat(32), NoticeStatus::Sent).await;
        world
    }

    pub fn id(&self) -> SubscriptionId {
        ID.parse().unwrap()
    }

    /// The subscription has a notice in this state.
    pub async fn has(&self, stored: &StoredSubscription, hash: &str, status: NoticeStatus) {
        let (now, notices) = (self.notified.now(), self.notified.notices());
        let id: NoticeId = format!("{}-{hash}", stored.id).parse().unwrap();
        let notice = Notice {
            id,
            subscription: stored.id.clone(),
            owner: stored.owner.clone(),
            content: Content::Digest(now),
            status,
            created_at: now,
            since: now,
            tried_at: None,
            detail: Some("the receiver has answered 500".to_owned()),
        };
        let to = Address { subscription: stored.id.clone(), owner: stored.owner.clone() };
        let queue = notices.queue(&stored.id).await.unwrap();
        let write = Write { queue: Some((&queue, Queue::default())), notices: vec![notice], ..Write::default() };
        notices.write(&to, write, now).await.unwrap();
    }

    pub fn api(&self) -> SubscriptionApi {
        self.api_with(true)
    }

    pub fn api_with(&self, email: bool) -> SubscriptionApi {
        SubscriptionApi::new(Parts {
            subscriptions: self.notified.subscriptions(),
            notices: self.notified.notices(),
            events: self.notified.alert.engine.events(),
            invoker: self.lambda.invoker(),
            notify: "notify".to_owned(),
            email,
            loopback: true,
            clock: self.notified.alert.functions.clock.clone(),
        })
    }

    pub async fn ask(&self, ask: Ask) -> Value {
        self.api().answer(ask.event()).await.unwrap()
    }

    /// The path of the link in an e-mail of this subscription.
    pub fn link(&self, stored: &StoredSubscription) -> String {
        let token = stored.secret.as_ref().unwrap().unsubscribe_token(&stored.owner, &stored.id).unwrap();
        assert!(UnsubscribeToken::parse(&token).is_some());
        format!("/unsubscribe/{token}")
    }
}
