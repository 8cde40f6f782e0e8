//! Whether two lists of numbers rise and fall together.

use super::error::{MetricError, check_lengths};

/// Pearson's correlation (皮尔逊相关系数): 1 where the points lie on a rising line, −1 on a falling
/// one: r = Σᵢ (xᵢ − x̄)(yᵢ − ȳ) / √(Σᵢ (xᵢ − x̄)² · Σᵢ (yᵢ − ȳ)²).
///
/// Python: `scipy.stats.pearsonr(gold, predicted).statistic`.
///
/// ```
/// use lt_tasks::metrics::pearson;
/// assert!((pearson(&[1.0, 2.0, 3.0], &[10.0, 20.0, 30.0])? - 1.0).abs() < 1e-15);
/// // Means 2 and 2; products 1, 0, 0; squares 2 and 2.
/// assert!((pearson(&[1.0, 2.0, 3.0], &[1.0, 3.0, 2.0])? - 0.5).abs() < 1e-15);
/// # Ok::<(), lt_tasks::metrics::MetricError>(())
/// ```
///
/// # Errors
/// [`MetricError::Lengths`] and [`MetricError::Empty`]; [`MetricError::NotFinite`] for NaN and
/// infinity; [`MetricError::Constant`] if all numbers of one list are the same, as a single one is.
/// (scipy gives NaN there, which a mean over several data sets then spreads.)
pub fn pearson<X, Y>(gold: &[X], predicted: &[Y]) -> Result<f64, MetricError>
where
    X: Copy + Into<f64>,
    Y: Copy + Into<f64>,
{
    let (gold, predicted) = finite(gold, predicted)?;
    Ok(correlation(gold, predicted))
}

/// Spearman's correlation (斯皮尔曼相关系数): Pearson's of the ranks, so that only the order counts:
/// ρ = r(rank x, rank y).
///
/// Equal numbers share the mean of their ranks. For similarities, whose scale means nothing: a
/// model that orders the pairs rightly has 1 (the score of the STS benchmark in
/// [Reimers and Gurevych 2019](https://arxiv.org/abs/1908.10084), section 4).
///
/// Python: `scipy.stats.spearmanr(gold, predicted).statistic`.
///
/// ```
/// use lt_tasks::metrics::spearman;
/// assert!((spearman(&[1.0, 2.0, 3.0], &[1.0, 10.0, 1000.0])? - 1.0).abs() < 1e-15);
/// // Ranks 1, 2, 3 and 1.5, 1.5, 3: products 0.5, 0, 1; squares 2 and 1.5.
/// let rho = spearman(&[1.0, 2.0, 3.0], &[0.1, 0.1, 0.9])?;
/// assert!((rho - 1.5 / 3.0_f64.sqrt()).abs() < 1e-15);
/// # Ok::<(), lt_tasks::metrics::MetricError>(())
/// ```
///
/// # Errors
/// As [`pearson`].
pub fn spearman<X, Y>(gold: &[X], predicted: &[Y]) -> Result<f64, MetricError>
where
    X: Copy + Into<f64>,
    Y: Copy + Into<f64>,
{
    let (gold, predicted) = finite(gold, predicted)?;
    Ok(correlation(ranks(&gold), ranks(&predicted)))
}

/// Both lists as f64, finite and not constant.
fn finite<X, Y>(gold: &[X], predicted: &[Y]) -> Result<(Vec<f64>, Vec<f64>), MetricError>
where
    X: Copy + Into<f64>,
    Y: Copy + Into<f64>,
{
    check_lengths(gold.len(), predicted.len())?;
    Ok((varying("gold", gold)?, varying("predicted", predicted)?))
}

fn varying<X: Copy + Into<f64>>(
    side: &'static str,
    numbers: &[X],
) -> Result<Vec<f64>, MetricError> {
    let numbers: Vec<f64> = numbers.iter().map(|&number| number.into()).collect();
    if let Some(place) = numbers.iter().position(|number| !number.is_finite()) {
        return Err(MetricError::NotFinite { side, place });
    }
    // Asked of the numbers, not of their variance: rounding makes that of 0.1, 0.1, 0.1 not zero.
    if numbers.windows(2).all(|pair| pair[0] == pair[1]) {
        return Err(MetricError::Constant { side });
    }
    Ok(numbers)
}

/// The rank of each number, counted from 1; equal ones have the mean of theirs.
fn ranks(numbers: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..numbers.len()).collect();
    order.sort_by(|&a, &b| numbers[a].total_cmp(&numbers[b]));
    let mut ranks = vec![0.0; numbers.len()];
    let mut before = 0;
    // 0 and −0 lie side by side in the total order, and are equal here.
    for equal in order.chunk_by(|&a, &b| numbers[a] == numbers[b]) {
        // The mean of before + 1, …, before + n.
        let rank = before as f64 + (equal.len() + 1) as f64 / 2.0;
        for &place in equal {
            ranks[place] = rank;
        }
        before += equal.len();
    }
    ranks
}

/// Pearson's formula for finite numbers that are not all the same.
fn correlation(x: Vec<f64>, y: Vec<f64>) -> f64 {
    let (x, y) = (centred(x), centred(y));
    let product = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let r = product(&x, &y) / (product(&x, &x).sqrt() * product(&y, &y).sqrt());
    // Rounding may carry it a little past 1.
    r.clamp(-1.0, 1.0)
}

/// The distance of each number from the mean, in units that keep its square within f64: a power of
/// two, so that nothing is rounded. A correlation does not depend on units.
fn centred(mut numbers: Vec<f64>) -> Vec<f64> {
    let largest = numbers.iter().fold(0.0_f64, |largest, number| largest.max(number.abs()));
    // Halved, as 2⁻¹⁰²³ and 2¹⁰⁷⁴ themselves are beyond the normal numbers.
    let half = -(largest.log2() / 2.0).floor();
    for number in &mut numbers {
        *number = *number * half.exp2() * half.exp2();
    }
    let mean = numbers.iter().sum::<f64>() / numbers.len() as f64;
    for number in &mut numbers {
        *number -= mean;
    }
    numbers
}
