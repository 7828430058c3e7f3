//! What libFuzzer feeds (`tests/fuzz`, run by `cargo xtask fuzz`): bytes from outside, handed to the functions over an engine in the
//! process. A target panics when a function does, when it would have AWS deliver the same bytes for ever, or when it answers 5xx.

use std::sync::Arc;

use aws_smithy_http_client::Builder;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use device::{Device, Parts};
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use weir_core::aws::CalibrationTable;
use weir_core::aws::delivery::Delivery;
use weir_core::aws::device::DeviceTable;
use weir_core::aws::iot::Iot;
use weir_core::aws::iotdataplane::config::{BehaviorVersion, Credentials, Region};
use weir_core::aws::iotdataplane::{Client, Config};
use weir_core::clock::SetClock;
use weir_core::domain::calibration::{Calibration, Inputs};
use weir_core::wire::ModelJson;

use crate::engine::Engine;
use crate::functions::{Functions, NOW};
use crate::wire::{Answer, Request, Wire, answer, through};

mod corpus;

pub use corpus::corpus;

/// A target: what it is called, and what it does with bytes.
pub type Target = (&'static str, fn(&[u8]));

/// Every target.
pub const TARGETS: [Target; 4] = [("message", message), ("record", record), ("request", request), ("formula", formula)];

/// What the routes of `request` begin with; the first byte of the input chooses.
const ROUTES: [(&str, &str); 14] = [
    ("GET", "/devices"),
    ("POST", "/devices"),
    ("GET", "/devices/buoy-01"),
    ("PUT", "/devices/buoy-01"),
    ("PATCH", "/devices/buoy-01"),
    ("GET", "/devices/buoy-01/settings"),
    ("PUT", "/devices/buoy-01/settings"),
    ("PUT", "/devices/buoy-01/sensors/ph"),
    ("GET", "/devices/buoy-01/sensors/ph/calibrations"),
    ("POST", "/devices/buoy-01/sensors/ph/calibrations"),
    ("POST", "/devices/buoy-01/sensors/ph/calibrations/fit"),
    ("POST", "/devices/buoy-01/sensors/ph/recalculate"),
    ("GET", "/devices/"),
    ("DELETE", "/devices/buoy-02"),
];

struct World {
    runtime: Runtime,
    functions: Functions,
    device: Device,
    _engine: Engine,
}

thread_local! {
    static WORLD: World = World::new();
}

impl World {
    fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let engine = runtime.block_on(Engine::start());
        engine.register();
        let functions = Functions::over(&engine);
        let devices = DeviceTable::new(engine.client(), engine.name("devices"));
        let clock = Arc::new(SetClock::new(NOW));
        let device = Device::new(Parts {
            calibrations: CalibrationTable::new(engine.client(), engine.name("calibrations")),
            delivery: Delivery::new(devices.clone(), Iot::new(iot()), clock.clone()),
            devices,
            clock,
        });
        Self { runtime, functions, device, _engine: engine }
    }
}

/// An AWS IoT that takes everything.
#[derive(Debug)]
struct Agrees;

impl Wire for Agrees {
    fn carry(self: Arc<Self>, _: Request) -> futures_util::future::BoxFuture<'static, Answer> {
        Box::pin(async { answer(200, &json!({})) })
    }
}

fn iot() -> Client {
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-central-1"))
        .credentials_provider(Credentials::new("AKIDTEST", "test", None, None, "test"))
        .endpoint_url("http://127.0.0.1:9")
        .http_client(through(Builder::new().build_http(), Arc::new(Agrees)));
    Client::from_conf(config.build())
}

/// The payload of a message on one of four topics, which the first byte chooses.
///
/// # Panics
/// When a function fails.
pub fn message(bytes: &[u8]) {
    let Some((first, payload)) = bytes.split_first() else { return };
    let payload = STANDARD.encode(payload);
    let event = |topic: &str| json!({"payload": payload, "topic": topic, "received_at": NOW.millis()});
    WORLD.with(|world| {
        let done: Result<Value, String> = world.runtime.block_on(async {
            let Functions { calibration, organizer, .. } = &world.functions;
            match first % 4 {
                0 => calibration.handle(event("buoy-01/reading/sensor/ph")).await.map_err(|error| error.to_string()),
                1 => calibration.handle(event("buoy-01/readings")).await.map_err(|error| error.to_string()),
                2 => organizer.handle(event("kloaka_from_device")).await.map_err(|error| error.to_string()),
                _ => organizer.handle(event("v3/app/devices/kloaka-03/up")).await.map_err(|error| error.to_string()),
            }
        });
        assert!(done.is_ok(), "{done:?}");
    });
}

/// The document of one record of the stream, or of a whole event.
///
/// # Panics
/// When a function does.
pub fn record(bytes: &[u8]) {
    let Ok(document) = serde_json::from_slice::<Value>(bytes) else { return };
    WORLD.with(|world| {
        world.runtime.block_on(async {
            let Functions { calibration, organizer, detector, .. } = &world.functions;
            let batch = json!({"Records": [document]});
            for event in [document, batch] {
                assert!(calibration.handle(event.clone()).await.is_ok(), "{event}");
                assert!(organizer.handle(event.clone()).await.is_ok(), "{event}");
                if let Err(error) = detector.handle(event.clone()).await {
                    assert!(matches!(error, problem_detector::CallAgain::NoBatch(_)), "{error}: {event}");
                }
            }
        });
    });
}

/// A request of an administrator: the first byte chooses the route, the first line is its query, the rest its body.
///
/// # Panics
/// When the function answers 5xx.
pub fn request(bytes: &[u8]) {
    let Some((first, rest)) = bytes.split_first() else { return };
    let Some((method, path)) = ROUTES.get(usize::from(*first) % ROUTES.len()) else { return };
    let line = rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
    let (query, body) = (rest.get(..line).unwrap_or_default(), rest.get(line + 1..).unwrap_or_default());
    let claims = json!({"token_use": "id", "sub": "s", "cognito:username": "ada", "cognito:groups": "[admin]"});
    let http = json!({"method": method, "path": path});
    let event = json!({"version": "2.0", "rawPath": path, "rawQueryString": String::from_utf8_lossy(query),
        "headers": {"content-type": "application/json"}, "isBase64Encoded": true, "body": STANDARD.encode(body),
        "requestContext": {"requestId": "fuzz", "stage": "$default", "http": http, "authorizer": {"jwt": {"claims": claims}}}});
    WORLD.with(|world| {
        let answer = world.runtime.block_on(world.device.handle(event)).expect("an answer");
        assert!(answer["statusCode"].as_u64().is_some_and(|status| status < 500), "{answer}");
    });
}

/// A formula, read and worked out; its value is a finite number or a refusal.
///
/// # Panics
/// When a value is not finite.
pub fn formula(bytes: &[u8]) {
    let Ok(formula) = std::str::from_utf8(bytes) else { return };
    let written = json!({"model": "expression", "formula": formula, "inputs": {"t": "tmp"}});
    let Ok(written) = serde_json::from_value::<ModelJson>(written) else { return };
    let Ok((model, options)) = written.parse() else { return };
    let calibration = Calibration { version: 1, valid_from: NOW, model, options };
    let temperature = "tmp".parse().expect("a code");
    for raw in [0.0, 1.0, -1.0, 1e-9, 1e18, 412.0] {
        if let Ok(made) = calibration.apply(raw, Inputs::of(&[(&temperature, 12.5)])) {
            assert!(made.value.is_finite(), "{formula} of {raw} is {}", made.value);
        }
    }
}
