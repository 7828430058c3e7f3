//! What requests to the stores say of who asks.

use std::sync::{Arc, Mutex};

use aws_smithy_http_client::Builder;
use futures_util::future::BoxFuture;
use serde_json::json;
use weir_core::aws::config::{dynamodb, sdk_of};
use weir_core::aws::dynamodb::config::{Credentials, SharedCredentialsProvider};
use weir_core::aws::dynamodb::types::AttributeValue;
use weir_tests::wire::{Answer, Request, Wire, answer, through};

/// Hears what a request says of who asks, in both places where the SDK does.
#[derive(Debug, Default)]
struct Hears(Mutex<Vec<[Option<String>; 2]>>);

impl Wire for Hears {
    fn carry(self: Arc<Self>, request: Request) -> BoxFuture<'static, Answer> {
        let said = ["user-agent", "x-amz-user-agent"].map(|name| request.header(name).map(str::to_owned));
        self.0.lock().unwrap().push(said);
        Box::pin(async { answer(200, &json!({})) })
    }
}

#[tokio::test]
async fn a_request_of_a_function_says_who_asks_in_a_word() {
    let hears = Arc::new(Hears::default());
    let credentials = SharedCredentialsProvider::new(Credentials::new("AKIDTEST", "test", None, None, "test"));
    let sdk = sdk_of("eu-central-1".into(), credentials, Some("http://127.0.0.1:9".into())).unwrap();
    let sdk = sdk.into_builder().http_client(through(Builder::new().build_http(), hears.clone())).build();
    let asked = dynamodb(&sdk).get_item().table_name("devices").key("id", AttributeValue::S("0".into()));
    asked.send().await.unwrap();
    let word = concat!("weir/", env!("CARGO_PKG_VERSION")).to_owned();
    assert_eq!(*hears.0.lock().unwrap(), [[Some(word), None]]);
}
