//! The user pool: the people whom the recorded requests speak of.

use std::sync::{Arc, LazyLock};

use serde_json::Value;
use weir_tests::pool::{Recorded, person};

/// The pool.
pub static PEOPLE: LazyLock<People> = LazyLock::new(|| {
    let ann = person(1, "ann", &["admin"], "");
    let bob = person(2, "bob", &["user"], "buoy-01 kloaka-03");
    People(Recorded::of(vec![ann, bob, person(3, "cleo", &["admin"], "")]))
});

/// The people, with their answers.
pub struct People(Arc<Recorded>);

impl People {
    /// What Cognito says to a request: the status, and the body.
    pub fn answers(&self, operation: &str, body: &Value) -> (String, Value) {
        let (status, answer) = self.0.answers(operation, body);
        (status.to_string(), answer)
    }
}
