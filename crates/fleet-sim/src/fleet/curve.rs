//! The numbers of a probe over the day: a wave with its peak at a given hour, noise, and a slow drift.

use std::f64::consts::TAU;

/// The raw numbers of one probe.
#[derive(Debug, Clone, Copy)]
pub struct Curve {
    /// Mean over the day.
    pub mean: f64,
    /// Half the difference between the day's highest and lowest.
    pub swing: f64,
    /// Hour of the day with the highest number.
    pub peak: f64,
    /// Standard deviation of the noise.
    pub noise: f64,
    /// Growth per day, as caused by fouling and ageing.
    pub drift: f64,
}

impl Curve {
    /// The number at `hour` (0..24, with fractions) after `days` in the water, rounded to thousandths.
    pub fn at(&self, hour: f64, days: f64, random: &mut fastrand::Rng) -> f64 {
        let wave = self.swing * ((hour - self.peak) / 24.0 * TAU).cos();
        // The sum of twelve uniform numbers is approximately normally distributed.
        let normal = (0..12).map(|_| random.f64()).sum::<f64>() - 6.0;
        let raw = self.mean + wave + self.drift * days + self.noise * normal;
        (raw * 1000.0).round() / 1000.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_day_has_its_peak_where_it_belongs() {
        let curve = Curve { mean: 10.0, swing: 4.0, peak: 15.0, noise: 0.0, drift: 0.5 };
        let mut random = fastrand::Rng::with_seed(1);
        assert_eq!(curve.at(15.0, 0.0, &mut random), 14.0);
        assert_eq!(curve.at(3.0, 0.0, &mut random), 6.0);
        assert_eq!(curve.at(15.0, 2.0, &mut random), 15.0);
    }

    #[test]
    fn the_noise_is_the_seeds_own() {
        let curve = Curve { mean: 10.0, swing: 0.0, peak: 0.0, noise: 0.1, drift: 0.0 };
        let run = |seed| {
            let mut random = fastrand::Rng::with_seed(seed);
            (0..50).map(|_| curve.at(0.0, 0.0, &mut random)).collect::<Vec<_>>()
        };
        assert_eq!(run(7), run(7));
        assert_ne!(run(7), run(8));
        assert!(run(7).iter().all(|raw| (raw - 10.0).abs() < 0.7));
    }
}
