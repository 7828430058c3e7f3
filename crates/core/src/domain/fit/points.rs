//! The range of the raw numbers of a fit, which have to differ.

use super::unfit::{Shape, Unfit};

/// The lowest and the highest raw number.
pub(super) struct Span {
    pub lowest: f64,
    pub highest: f64,
}

impl Span {
    /// The range of `points`, which need at least `needed` different raw numbers for the model.
    pub fn of(points: &[(f64, f64)], needed: usize, shape: Shape) -> Result<Self, Unfit> {
        let mut raws: Vec<f64> = points.iter().map(|(raw, _)| *raw).collect();
        raws.sort_by(f64::total_cmp);
        raws.dedup();
        let (Some(lowest), Some(highest)) = (raws.first(), raws.last()) else {
            return Err(Unfit::NoPoints);
        };
        if raws.len() == 1 && points.len() > 1 {
            return Err(Unfit::Same { raw: *lowest });
        }
        if raws.len() < needed {
            return Err(Unfit::TooFew { shape, needed, found: raws.len() });
        }
        Ok(Self { lowest: *lowest, highest: *highest })
    }

    /// The difference between the highest and the lowest raw number.
    pub fn width(&self) -> f64 {
        self.highest - self.lowest
    }

    /// The raw number on the scale from −1 (the lowest) to 1 (the highest).
    pub fn scaled(&self, raw: f64) -> f64 {
        (raw - self.middle()) / self.half()
    }

    pub fn middle(&self) -> f64 {
        self.lowest + self.half()
    }

    pub fn half(&self) -> f64 {
        self.width() / 2.0
    }
}
