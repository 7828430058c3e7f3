//! The ten probes of a buoy: their names, the numbers of their electronics, and their calibrations.

use serde_json::{Value, json};

use super::curve::Curve;

/// A probe.
#[derive(Debug, Clone)]
pub struct Probe {
    /// Sensor code.
    pub code: &'static str,
    /// Display name.
    pub name: &'static str,
    /// Unit of the calibrated value.
    pub unit: &'static str,
    /// Physically possible values.
    pub limits: (f64, f64),
    /// The calibration as sent to the API, without version and date; `None` for a probe that is not calibrated.
    pub model: Option<Value>,
    /// The raw numbers.
    pub curve: Curve,
}

/// The probes of the buoy with this number. Every buoy has different calibrations.
pub fn of_buoy(number: usize) -> Vec<Probe> {
    let own = number as f64;
    let curve = |mean, swing, peak, noise, drift| Curve { mean, swing, peak, noise, drift };
    let probe =
        |code, name, unit, limits, model: Value, curve| Probe { code, name, unit, limits, model: Some(model), curve };
    let mut probes = vec![
        probe(
            "ch4",
            "Methane",
            "µmol/L",
            (0.0, 500.0),
            json!({"model": "piecewise", "points": [[0.2, 0], [0.4, 12.5], [0.8, 60], [1.6, 240]], "outside": "extend", "round": 2, "clamp": [0, 500]}),
            curve(0.45 + 0.05 * own, 0.12, 5.0, 0.01, 0.002),
        ),
        probe(
            "co2",
            "Carbon dioxide",
            "ppm",
            (0.0, 5000.0),
            json!({"model": "linear", "slope": 1250, "intercept": -500.0 - 20.0 * own, "round": 1}),
            curve(1.1, 0.3, 6.0, 0.02, 0.0),
        ),
        probe(
            "cond",
            "Conductivity",
            "µS/cm",
            (0.0, 5000.0),
            json!({"model": "two_point", "raw": [84.0 + own, 1413], "reference": [80, 1400], "round": 1}),
            curve(640.0, 25.0, 14.0, 3.0, 0.5),
        ),
        // Oxygen peaks in the afternoon, because plants produce it in the light, and is lowest before sunrise.
        probe(
            "do",
            "Dissolved oxygen",
            "mg/L",
            (0.0, 25.0),
            json!({"model": "two_point", "raw": [0.02, 0.91 + 0.01 * own], "reference": [0, 8.26], "round": 2}),
            curve(0.95, 0.25, 16.0, 0.01, -0.004),
        ),
        probe(
            "flw",
            "Current",
            "m/s",
            (0.0, 5.0),
            json!({"model": "piecewise", "points": [[0, 0], [120, 0.5], [260, 1.2], [500, 2]], "outside": "clamp", "round": 3}),
            curve(150.0, 60.0, 20.0, 8.0, 0.0),
        ),
        probe(
            "lvl",
            "Water level",
            "m",
            (-2.0, 20.0),
            json!({"model": "linear", "slope": 0.0102, "intercept": -0.35, "round": 3}),
            curve(310.0, 12.0, 11.0, 0.8, 0.0),
        ),
        probe(
            "ph",
            "pH",
            "pH",
            (0.0, 14.0),
            json!({"model": "linear", "slope": -0.0169, "intercept": 7.0 + 0.05 * own, "round": 2, "clamp": [0, 14], "valid": [0, 14]}),
            curve(-38.0, 14.0, 4.0, 1.2, 0.3),
        ),
        probe(
            "tmp",
            "Temperature",
            "°C",
            (-5.0, 45.0),
            json!({"model": "identity", "round": 2}),
            curve(14.5 + own, 2.6, 15.5, 0.05, 0.0),
        ),
        // The peak at noon lies above the valid range, so the quality changes over the day.
        probe(
            "tds",
            "Dissolved solids",
            "mg/L",
            (0.0, 2000.0),
            json!({"model": "linear", "slope": 0.5, "intercept": 0, "round": 1, "valid": [0, 330]}),
            curve(640.0, 40.0, 13.0, 2.0, 0.5),
        ),
        probe(
            "tbd",
            "Turbidity",
            "NTU",
            (0.0, 4000.0),
            json!({"model": "piecewise", "points": [[0.5, 3000], [2.5, 800], [3.9, 20], [4.2, 0]], "outside": "reject", "round": 1}),
            curve(3.6, 0.25, 2.0, 0.02, -0.005),
        ),
    ];
    if number == 1 {
        // A probe without calibration: its raw numbers are stored and marked.
        probes.iter_mut().filter(|probe| probe.code == "flw").for_each(|probe| probe.model = None);
    }
    probes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_buoy_has_the_ten_codes_and_uses_all_four_models() {
        let probes = of_buoy(0);
        let codes: Vec<_> = probes.iter().map(|probe| probe.code).collect();
        assert_eq!(codes, ["ch4", "co2", "cond", "do", "flw", "lvl", "ph", "tmp", "tds", "tbd"]);
        for model in ["identity", "linear", "two_point", "piecewise"] {
            assert!(
                probes.iter().any(|probe| probe.model.as_ref().is_some_and(|written| written["model"] == model)),
                "{model}"
            );
        }
    }
}
