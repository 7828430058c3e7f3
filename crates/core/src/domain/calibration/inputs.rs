//! Inputs: the calibrated values of other sensors that a formula needs.

use std::collections::BTreeSet;

use super::nested::within;
use super::{FieldError, Model};
use crate::id::SensorCode;

/// The calibrated values of the sensors of one device at one instant.
#[derive(Debug, Clone, Copy)]
pub struct Inputs<'a>(&'a [(&'a SensorCode, f64)]);

impl<'a> Inputs<'a> {
    /// No values.
    pub const NONE: Inputs<'static> = Inputs(&[]);

    /// These values, which must be in ascending order of sensors, without duplicates: a value is found by binary search.
    ///
    /// ```
    /// use weir_core::domain::calibration::Inputs;
    ///
    /// let (hum, tmp) = ("hum".parse()?, "tmp".parse()?);
    /// let values = [(&hum, 40.0), (&tmp, 21.5)];
    /// assert_eq!(Inputs::of(&values).value(&tmp), Some(21.5));
    /// # Ok::<(), weir_core::id::BadId>(())
    /// ```
    pub fn of(values: &'a [(&'a SensorCode, f64)]) -> Self {
        Self(values)
    }

    /// The value of this sensor.
    pub fn value(self, of: &SensorCode) -> Option<f64> {
        let place = self.0.binary_search_by(|(sensor, _)| sensor.cmp(&of)).ok()?;
        self.0.get(place).map(|(_, value)| *value)
    }
}

impl Model {
    /// Every input that the model or a nested model needs, with the JSON pointer to it.
    pub fn inputs(&self) -> Vec<(String, &SensorCode)> {
        let field = match self {
            Model::Expression(expression) => return expression.pointers(),
            Model::Chain(_) => "steps",
            Model::Ranges(_) => "ranges",
            Model::Identity
            | Model::Linear(_)
            | Model::TwoPoint(_)
            | Model::Piecewise(_)
            | Model::Polynomial(_)
            | Model::SteinhartHart(_)
            | Model::PlatinumRtd(_) => return Vec::new(),
        };
        let inside = within(self).enumerate().flat_map(|(place, part)| {
            let inputs = part.model.inputs().into_iter();
            inputs.map(move |(pointer, sensor)| (format!("/{field}/{place}{pointer}"), sensor))
        });
        inside.collect()
    }

    /// The sensors that the model or a nested model needs.
    pub fn input_sensors(&self) -> Vec<&SensorCode> {
        match self {
            Model::Expression(expression) => expression.inputs().values().collect(),
            _ => within(self).flat_map(|part| part.model.input_sensors()).collect(),
        }
    }

    /// Whether the model needs any input.
    pub fn asks(&self) -> bool {
        match self {
            Model::Expression(expression) => !expression.inputs().is_empty(),
            _ => within(self).any(|part| part.model.asks()),
        }
    }
}

/// Checks the inputs of `model` as the calibration of `sensor`. `others` returns all models that another sensor of the device
/// has while `model` may be in force: `None` if the device has no such sensor, and no models if it is not calibrated.
///
/// # Errors
/// Inputs that are not sensors of the device, and inputs that depend on `sensor` itself, directly or through others; each
/// with the pointer to it.
pub fn check_inputs<'a>(
    sensor: &SensorCode,
    model: &Model,
    others: impl Fn(&SensorCode) -> Option<Vec<&'a Model>>,
) -> Result<(), Vec<FieldError>> {
    let refuse = |(pointer, input): (String, &SensorCode)| {
        let detail = if input == sensor {
            format!("{sensor} cannot be an input of itself")
        } else if others(input).is_none() {
            format!("the device has no sensor {input}")
        } else if reaches(input, sensor, &others) {
            format!("is circular: {input} itself depends on {sensor}")
        } else {
            return None;
        };
        Some(FieldError::new(pointer, detail))
    };
    let refused: Vec<_> = model.inputs().into_iter().filter_map(refuse).collect();
    if refused.is_empty() { Ok(()) } else { Err(refused) }
}

/// Whether `from` depends on `to`, directly or through others.
fn reaches<'a>(from: &SensorCode, to: &SensorCode, others: &impl Fn(&SensorCode) -> Option<Vec<&'a Model>>) -> bool {
    let mut seen = BTreeSet::new();
    let mut open = vec![from.clone()];
    while let Some(sensor) = open.pop() {
        if sensor == *to {
            return true;
        }
        let models = others(&sensor).unwrap_or_default();
        let inputs = models.into_iter().flat_map(Model::input_sensors);
        open.extend(inputs.filter(|input| !seen.contains(*input)).cloned());
        seen.insert(sensor);
    }
    false
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::{Chain, Expression, Linear, Nested, Options, Range, Ranges};
    use super::*;

    fn code(text: &str) -> SensorCode {
        text.parse().unwrap()
    }

    fn made_of(inputs: &[&str]) -> Model {
        let formula = inputs.iter().fold("x".to_owned(), |formula, input| format!("{formula} + in_{input}"));
        let inputs = inputs.iter().map(|input| (format!("in_{input}"), code(input)));
        Model::Expression(Expression::new(formula, inputs).unwrap())
    }

    /// What is refused when `sensor` is to be made of `inputs` on a device with these sensors.
    fn refused(sensor: &str, model: &Model, device: &[(&str, Option<Model>)]) -> Vec<(String, String)> {
        let mut models: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for (sensor, model) in device {
            models.entry(code(sensor)).or_default().extend(model.as_ref());
        }
        let checked = check_inputs(&code(sensor), model, |input| models.get(input).cloned());
        checked.err().unwrap_or_default().into_iter().map(|invalid| (invalid.pointer, invalid.detail)).collect()
    }

    #[test]
    fn an_input_is_another_sensor_of_the_device() {
        let device = [("pm25", None), ("hum", Some(Model::Identity)), ("tmp", None)];
        assert!(refused("pm25", &made_of(&["hum", "tmp"]), &device).is_empty());
        assert!(refused("pm25", &Model::Identity, &device).is_empty());
        assert_eq!(
            refused("pm25", &made_of(&["hum", "co2"]), &device),
            [("/inputs/in_co2".to_owned(), "the device has no sensor co2".to_owned())]
        );
    }

    #[test]
    fn a_circle_is_refused_however_long() {
        assert!(refused("a", &made_of(&["a"]), &[("a", None)])[0].1.contains("input of itself"));
        let device = [("a", None), ("b", Some(made_of(&["c"]))), ("c", Some(made_of(&["a"]))), ("d", None)];
        let found = refused("a", &made_of(&["d", "b"]), &device);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].0, "/inputs/in_b");
        assert!(found[0].1.contains("circular"), "{found:?}");
    }

    #[test]
    fn a_circle_is_refused_through_any_of_the_versions_of_a_sensor() {
        let device =
            [("a", None), ("b", Some(made_of(&["c"]))), ("b", Some(Model::Identity)), ("c", Some(made_of(&["a"])))];
        assert_eq!(refused("a", &made_of(&["b"]), &device)[0].0, "/inputs/in_b");
    }

    #[test]
    fn a_circle_that_the_table_already_has_does_not_hang_the_check() {
        let device = [("a", None), ("b", Some(made_of(&["c"]))), ("c", Some(made_of(&["b", "c"])))];
        assert!(refused("a", &made_of(&["b"]), &device).is_empty());
    }

    #[test]
    fn inputs_within_ranges_and_chains_are_found_with_their_pointers() {
        let part = |model| Nested { model, options: Options::default() };
        let linear = || part(Model::Linear(Linear::new(1.0, 0.0).unwrap()));
        let chain = Model::Chain(Chain::new(vec![linear(), part(made_of(&["tmp"]))]).unwrap());
        let ranges =
            vec![Range { from: 0.0, to: 1.0, part: linear() }, Range { from: 1.0, to: 2.0, part: part(chain) }];
        let model = Model::Ranges(Ranges::new(ranges).unwrap());
        assert_eq!(model.inputs(), [("/ranges/1/steps/1/inputs/in_tmp".to_owned(), &code("tmp"))]);
        assert_eq!(model.input_sensors(), [&code("tmp")]);
        assert!(model.asks() && !linear().model.asks());
    }
}
