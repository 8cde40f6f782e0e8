//! Numbers as they are printed, and what is computed from rows.

use anyhow::{Context as _, Result};
use lt_core::{Params, Scratch, Weight, weights};
use lt_kernels::{Product, product};
use ndarray::{Array2, ArrayView1, ArrayView2};

/// With so many decimals, and the sign that formulas have.
pub(crate) fn decimals(x: impl Into<f64>, places: usize) -> String {
    let text = format!("{:.places$}", x.into());
    match text.strip_prefix('-') {
        Some(rest) if rest.contains(|digit: char| ('1'..='9').contains(&digit)) => {
            format!("−{rest}")
        }
        Some(rest) => rest.to_owned(),
        None => text,
    }
}

/// With four decimals.
pub(crate) fn four(x: impl Into<f64>) -> String {
    decimals(x, 4)
}

/// The first numbers of a row, each with four decimals.
pub(crate) fn first(row: ArrayView1<'_, f32>, count: usize) -> Vec<String> {
    row.iter().take(count).map(|&x| four(x)).collect()
}

/// With a space before each three digits, where there are more than four.
pub(crate) fn grouped(number: usize) -> String {
    let digits = number.to_string();
    if digits.len() <= 4 {
        return digits;
    }
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

/// As code: square brackets would otherwise be a link.
pub(crate) fn code(words: &str) -> String {
    format!("`{words}`")
}

/// The sum of the products of two rows.
pub(crate) fn dot(a: ArrayView1<'_, f32>, b: ArrayView1<'_, f32>) -> f64 {
    a.iter().zip(b).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum()
}

/// How long a row is.
pub(crate) fn length(a: ArrayView1<'_, f32>) -> f64 {
    dot(a, a).sqrt()
}

/// How much two rows point the same way.
pub(crate) fn cosine(a: ArrayView1<'_, f32>, b: ArrayView1<'_, f32>) -> f64 {
    dot(a, b) / (length(a) * length(b))
}

/// The mean of a row, and its variance.
pub(crate) fn moments(row: ArrayView1<'_, f32>) -> (f64, f64) {
    let d = row.len() as f64;
    let mean = row.iter().map(|&x| f64::from(x)).sum::<f64>() / d;
    let squares = row.iter().map(|&x| (f64::from(x) - mean) * (f64::from(x) - mean));
    (mean, squares.sum::<f64>() / d)
}

/// The largest difference between two matrices.
pub(crate) fn apart(a: ArrayView2<'_, f32>, b: ArrayView2<'_, f32>) -> f32 {
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

/// Whether two matrices have the same bits.
pub(crate) fn same_bits(a: ArrayView2<'_, f32>, b: ArrayView2<'_, f32>) -> bool {
    a.dim() == b.dim() && a.iter().zip(b).all(|(a, b)| a.to_bits() == b.to_bits())
}

/// A weight of a layer, by its name.
pub(crate) fn weight<'a>(layer: &'a impl Params, name: &str) -> Result<&'a Weight> {
    let found = weights(layer).into_iter().find(|(known, _)| known == name);
    found.map(|(_, weight)| weight).with_context(|| format!("there is no weight {name}"))
}

/// What one of the linear layers within a layer makes of rows.
pub(crate) fn projected(
    layer: &impl Params,
    name: &str,
    x: ArrayView2<'_, f32>,
) -> Result<Array2<f32>> {
    let (matrix, bias) =
        (weight(layer, &format!("{name}.weight"))?, weight(layer, &format!("{name}.bias"))?);
    Ok(product(&Product::new(x, matrix).bias(Some(bias)), &mut Scratch::new()))
}
