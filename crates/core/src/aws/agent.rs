//! Who the functions say they are to the stores of readings and levels, which each message asks. The SDK composes its `User-Agent` anew for each request, of the system, the language and all
//! features in use, and once more as `x-amz-user-agent`, which is signed: a twentieth of a level report's processor time. A word
//! tells as much to whoever reads CloudTrail.

use aws_runtime::user_agent::UserAgentInterceptor;
use aws_sdk_dynamodb::config::interceptors::{
    BeforeSerializationInterceptorContextRef, BeforeTransmitInterceptorContextMut,
};
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;
use aws_smithy_runtime_api::client::interceptors::disable_interceptor;

/// What each request says.
const AGENT: &str = concat!("weir/", env!("CARGO_PKG_VERSION"));

/// Says [`AGENT`] instead of what the SDK would.
#[derive(Debug)]
pub(super) struct Agent;

impl Intercept for Agent {
    fn name(&self) -> &'static str {
        "Agent"
    }

    fn read_before_execution(
        &self,
        _: &BeforeSerializationInterceptorContextRef<'_>,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        config.interceptor_state().store_put(disable_interceptor::<UserAgentInterceptor>("a word does"));
        Ok(())
    }

    fn modify_before_transmit(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        // No part of the signature.
        context.request_mut().headers_mut().insert("user-agent", AGENT);
        Ok(())
    }
}
