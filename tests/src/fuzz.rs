//! The targets of libFuzzer (`tests/fuzz`, run by `cargo xtask fuzz`): bytes from outside, passed to the functions with an engine in the
//! process. A target panics when a function does, when AWS would deliver the same bytes for ever, or when a function answers 5xx.

use std::sync::Arc;
use weir_runtime::Function as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use weir_core::domain::calibration::{Calibration, Inputs};
use weir_core::wire::ModelJson;

use crate::engine::Engine;
use crate::functions::{Functions, NOW};

mod api;
mod corpus;

use api::{Api, ROUTES};
pub use corpus::{corpus, dictionary};

/// A target: its name, and the function that handles bytes.
pub type Target = (&'static str, fn(&[u8]));

/// All targets.
pub const TARGETS: [Target; 4] = [("message", message), ("record", record), ("request", request), ("formula", formula)];

struct World {
    runtime: Runtime,
    functions: Arc<Functions>,
    api: Api,
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
        let functions = Arc::new(Functions::over(&engine));
        let api = Api::new(&engine, functions.clone());
        Self { runtime, functions, api, _engine: engine }
    }
}

/// The payload of a message on one of six topics; the first byte selects it.
///
/// # Panics
/// When a function fails.
pub fn message(bytes: &[u8]) {
    let Some((first, payload)) = bytes.split_first() else { return };
    let payload = STANDARD.encode(payload);
    let event = |topic: &str| json!({"payload": payload, "topic": topic, "received_at": NOW.millis()});
    WORLD.with(|world| {
        let done: Result<Value, String> = world.runtime.block_on(async {
            let Functions { calibration, organizer, twin, .. } = world.functions.as_ref();
            match first % 6 {
                0 => calibration.answer(event("buoy-01/reading/sensor/ph")).await.map_err(|error| error.to_string()),
                1 => calibration.answer(event("buoy-01/readings")).await.map_err(|error| error.to_string()),
                2 => organizer.answer(event("kloaka_from_device")).await.map_err(|error| error.to_string()),
                3 => organizer.answer(event("v3/app/devices/kloaka-03/up")).await.map_err(|error| error.to_string()),
                4 => twin.answer(event("$aws/things/buoy-01/shadow/update/documents")).await.map_err(|e| e.to_string()),
                _ => twin.answer(event("$aws/events/presence/connected/buoy-01")).await.map_err(|e| e.to_string()),
            }
        });
        assert!(done.is_ok(), "{done:?}");
    });
}

/// The document of one stream record, or of a whole event.
///
/// # Panics
/// When a function panics or fails unexpectedly.
pub fn record(bytes: &[u8]) {
    let Ok(document) = serde_json::from_slice::<Value>(bytes) else { return };
    WORLD.with(|world| {
        world.runtime.block_on(async {
            let Functions { alert, calibration, organizer, detector, .. } = world.functions.as_ref();
            let batch = json!({"Records": [document]});
            for event in [document, batch] {
                assert!(calibration.answer(event.clone()).await.is_ok(), "{event}");
                assert!(organizer.answer(event.clone()).await.is_ok(), "{event}");
                for answer in [detector.answer(event.clone()).await, alert.answer(event.clone()).await] {
                    let Err(error) = answer else { continue };
                    // Only an event that is not a batch fails as a whole.
                    let known = ["not a batch of a stream", "has no sequence number"];
                    assert!(known.iter().any(|known| error.to_string().contains(known)), "{error}: {event}");
                }
            }
        });
    });
}

/// A recorded request with another query and body: the first two bytes select it, the first line is its query, the rest its body.
///
/// # Panics
/// When the function answers 5xx, except 503 for a change of a user who is still being created, or for the registration of a device whose
/// old certificates are still being removed.
pub fn request(bytes: &[u8]) {
    let Some(([low, high], rest)) = bytes.split_first_chunk() else { return };
    let Some(route) = ROUTES.get(usize::from(u16::from_le_bytes([*low, *high])) % ROUTES.len()) else { return };
    let line = rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
    let (query, body) = (rest.get(..line).unwrap_or_default(), rest.get(line + 1..).unwrap_or_default());
    WORLD.with(|world| {
        let answer = world.runtime.block_on(world.api.ask(route, &String::from_utf8_lossy(query), body));
        let status = answer["statusCode"].as_u64();
        // The recorded pool never contains the user being created, so the creation never completes.
        let adding = status == Some(503) && route.0 == "cognito-add-update-delete-user";
        // The control plane of AWS IoT is simulated with empty answers, so the certificates of a deleted device are never removed.
        let removing = status == Some(503) && route.0 == "device" && route.1["rawPath"] == "/devices";
        let asked = String::from_utf8_lossy(rest);
        assert!(adding || removing || status.is_some_and(|status| status < 500), "{route:?} with {asked}: {answer}");
    });
}

/// A formula, parsed and evaluated; the value has to be finite or a refusal.
///
/// # Panics
/// When a value is not finite.
pub fn formula(bytes: &[u8]) {
    let Ok(formula) = std::str::from_utf8(bytes) else { return };
    let written = json!({"model": "expression", "formula": formula, "inputs": {"t": "tmp"}});
    let Ok(ModelJson { model, options }) = serde_json::from_value(written) else { return };
    let calibration = Calibration { version: 1, valid_from: NOW, model, options };
    let temperature = "tmp".parse().expect("a code");
    for raw in [0.0, 1.0, -1.0, 1e-9, 1e18, 412.0] {
        if let Ok(made) = calibration.apply(raw, Inputs::of(&[(&temperature, 12.5)])) {
            assert!(made.value.is_finite(), "{formula} of {raw} is {}", made.value);
        }
    }
}
