//! The OpenAPI document of the whole API: what each function says of its routes, put together.

use device::Device;
use flow::Flow;
use quarantine::Quarantine;
use serde_json::Value;
use weir_core::http::openapi;

/// What every function behind the API says, as `GET /openapi.json` serves it.
pub fn whole() -> Value {
    let mut said = Device::document();
    let others = [Flow::document(), Quarantine::document()];
    for other in others {
        said.merge(other);
    }
    openapi(said)
}
