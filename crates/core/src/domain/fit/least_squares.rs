//! Linear least squares by singular value decomposition, which loses no digits by squaring the matrix and shows whether the
//! data determine the result (G. H. Golub, C. Reinsch, Numer. Math. 14 (1970) 403).

use nalgebra::{DMatrix, DVector, SVD};

/// Maximum condition number. Above it the points do not determine the coefficients: a change in the eighth digit of a reference
/// would change the first digit of a coefficient.
const WORST_CONDITION: f64 = 1e8;
/// Maximum steps of the decomposition, which usually takes a few per column.
const STEPS: usize = 10_000;

/// The x that minimises ‖A·x − b‖, where A has the columns `basis(row)` for every row. `None` when the rows do not
/// determine it.
pub(super) fn solve<const N: usize>(rows: &[[f64; N]], right: &[f64]) -> Option<Vec<f64>> {
    dynamic(rows.len(), N, |row, column| rows.get(row).and_then(|row| row.get(column)).copied(), right)
}

/// The same for rows whose length is known only at run time.
pub(super) fn dynamic(
    rows: usize,
    columns: usize,
    at: impl Fn(usize, usize) -> Option<f64>,
    right: &[f64],
) -> Option<Vec<f64>> {
    let mut matrix = DMatrix::from_fn(rows, columns, |row, column| at(row, column).unwrap_or_default());
    // Columns of one length: the condition then tells about the points and not about the units.
    let lengths: Vec<f64> = matrix.column_iter().map(|column| column.norm()).collect();
    for (mut column, length) in matrix.column_iter_mut().zip(&lengths) {
        column /= *length;
    }
    if !matrix.iter().all(|number| number.is_finite()) {
        return None;
    }
    let svd = SVD::try_new(matrix, true, true, f64::EPSILON, STEPS)?;
    let least = svd.singular_values.min();
    if least.is_nan() || svd.singular_values.max() > WORST_CONDITION * least {
        return None;
    }
    let solution = svd.solve(&DVector::from_column_slice(right), 0.0).ok()?;
    Some(solution.iter().zip(lengths).map(|(number, length)| number / length).collect())
}
