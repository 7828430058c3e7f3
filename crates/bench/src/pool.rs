//! The user pool: the people in the recorded requests.

use std::sync::{Arc, LazyLock};

use serde_json::Value;
use weir_tests::pool::{Recorded, person};

/// The user pool.
pub static PEOPLE: LazyLock<People> = LazyLock::new(|| {
    let ann = person(1, "ann", &["admin"], "");
    let bob = person(2, "bob", &["user"], "buoy-01 kloaka-03");
    People(Recorded::of(vec![ann, bob, person(3, "cleo", &["admin"], "")]))
});

/// The people, with recorded answers about them.
pub struct People(Arc<Recorded>);

impl People {
    /// Cognito's answer to a request: the status, and the body.
    pub fn answers(&self, operation: &str, body: &Value) -> (String, Value) {
        let (status, answer) = self.0.answers(operation, body);
        (status.to_string(), answer)
    }
}
