//! Clients of both planes of AWS IoT at an address, with a single attempt per request and over a wire.

use std::sync::Arc;

use aws_smithy_runtime_api::client::http::SharedHttpClient;

use tooling::cloud::Key;

use crate::wire::{Wire, through};

macro_rules! plane {
    ($(#[$doc:meta])* $name:ident, $sdk:ident) => {
        $(#[$doc])*
        pub fn $name(url: &str, key: &Key, http: SharedHttpClient, wire: Arc<dyn Wire>) -> $sdk::Client {
            use $sdk::config::retry::RetryConfig;
            use $sdk::config::timeout::TimeoutConfig;
            use $sdk::config::{BehaviorVersion, Credentials, Region};
            let config = $sdk::Config::builder()
                .behavior_version(BehaviorVersion::latest())
                .region(Region::new("eu-central-1"))
                .credentials_provider(Credentials::new(&key.id, &key.secret, None, None, "test"))
                .endpoint_url(url)
                .http_client(through(http, wire))
                .retry_config(RetryConfig::disabled())
                .timeout_config(TimeoutConfig::disabled());
            $sdk::Client::from_conf(config.build())
        }
    };
}

plane!(
    /// For things and certificates.
    control_plane, aws_sdk_iot
);
plane!(
    /// For messages and shadows.
    data_plane, aws_sdk_iotdataplane
);
