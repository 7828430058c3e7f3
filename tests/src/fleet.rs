//! The devices of the recorded events, as rows of the tables.

use serde_json::{Value, json};

use crate::engine::Engine;

/// Start of validity of the second calibration of `ph`, in ms since the epoch; the timestamp of `number.late` is earlier.
pub const RECALIBRATED: i64 = 1_794_000_000_000;

impl Engine {
    /// Registers the devices of the recorded events: `buoy-01`, `buoy-02` (disabled), `air-01`, whose `pm25` is corrected with its `hum`,
    /// `kloaka-east` (level 21), `kloaka-west` (level 22, which sends a byte) and `kloaka-off-07` (disabled). `buoy-99` and `kloaka-03` are
    /// deliberately not registered.
    pub fn register(&self) {
        let devices = [
            json!({"id": "buoy-01", "name": "Buoy 1", "location": {"latitude": 48.2, "longitude": 16.4}, "enabled": true,
                "sensors": sensors(), "settings": {}, "version": 1, "created_at": RECALIBRATED}),
            json!({"id": "buoy-02", "enabled": false, "sensors": [{"code": "ph", "unit": "pH", "enabled": true}]}),
            json!({"id": "air-01", "enabled": true, "sensors": air()}),
            json!({"id": "kloaka-east", "enabled": true, "level_id": "21", "sensors": []}),
            json!({"id": "kloaka-west", "enabled": true, "level_id": "22", "level_format": "byte", "sensors": []}),
            json!({"id": "kloaka-off-07", "enabled": false, "sensors": []}),
        ];
        devices.iter().for_each(|device| self.put("devices", device));
        for calibration in [first_ph(), second_ph()] {
            self.put_calibration("buoy-01#ph", &calibration);
        }
    }

    /// Writes one version into the history of a sensor.
    pub fn put_calibration(&self, sensor: &str, calibration: &Value) {
        let mut row = calibration.clone();
        row["sensor"] = sensor.into();
        let number = |name: &str| calibration[name].as_u64().expect("a number");
        row["since"] = format!("{:013}#{:06}", number("valid_from"), number("version")).into();
        self.put("calibrations", &row);
    }

    /// Sets `followed_by` of a flow sensor, as the registry does for junctions and gaps.
    pub fn link(&self, level: &str, followed_by: &[&str]) {
        self.put(
            "devices",
            &json!({"id": format!("flow-{level}"), "enabled": true, "level_id": level, "link": "level",
            "followed_by": followed_by, "sensors": []}),
        );
    }
}

/// raw · 0.0125
pub fn first_ph() -> Value {
    json!({"version": 1, "valid_from": 1_790_000_000_000_i64, "model": "linear", "slope": 0.0125, "intercept": 0})
}

/// raw · 0.01
pub fn second_ph() -> Value {
    json!({"version": 2, "valid_from": RECALIBRATED, "model": "two_point", "raw": [400, 800], "reference": [4, 8], "round": 3,
        "by": "demo", "at": RECALIBRATED})
}

/// Fine dust, corrected for humidity with the US-wide correction of 2021; humidity is between 0 and 1.
fn air() -> Value {
    let (from, formula) = (1_790_000_000_000_i64, "0.524*x - 0.0862*hum + 5.75");
    json!([
        {"code": "pm25", "unit": "µg/m³", "enabled": true, "calibrations": 1, "calibration": {"version": 1,
            "valid_from": from, "model": "expression", "formula": formula, "inputs": {"hum": "hum"}, "round": 2}},
        {"code": "hum", "unit": "%", "enabled": true, "calibrations": 1, "calibration": {"version": 1,
            "valid_from": from, "model": "linear", "slope": 100, "intercept": 0}},
    ])
}

fn sensors() -> Value {
    let from = 1_790_000_000_000_i64;
    json!([
        {"code": "ph", "name": "pH", "unit": "pH", "enabled": true, "limits": {"min": 0, "max": 14}, "calibrations": 2,
            "calibration": second_ph()},
        {"code": "tmp", "unit": "°C", "enabled": true, "calibrations": 1, "calibration": {"version": 1, "valid_from": from,
            "model": "linear", "slope": 0.01, "intercept": 0, "round": 2, "valid": [-5, 40]}},
        {"code": "do", "unit": "mg/L", "enabled": true, "calibrations": 1, "calibration": {"version": 1, "valid_from": from,
            "model": "piecewise", "points": [[0, 0], [1000, 10], [3000, 15]], "outside": "reject"}},
        {"code": "co2", "unit": "ppm", "enabled": true, "calibrations": 1, "calibration": {"version": 1, "valid_from": from,
            "model": "linear", "slope": 1e120, "intercept": 0}},
        {"code": "cond", "unit": "µS/cm", "enabled": true},
        {"code": "tbd", "unit": "NTU", "enabled": false},
    ])
}
