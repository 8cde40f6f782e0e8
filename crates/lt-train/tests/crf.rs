//! The conditional random field is what its definition says: all rows of tags are tried.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use lt_laws::sample::{filled, rows};
use lt_train::Crf;
use lt_train::lt_core::{Params, Path, Ragged, weights, zeros_like};
use ndarray::{Array2, ArrayView2, s};

fn crf(k: usize, seed: u64) -> Crf {
    filled(Crf::zeros(k).unwrap(), seed)
}

/// All rows of n tags out of k.
fn all(k: usize, n: usize) -> Vec<Vec<usize>> {
    let code = |code: usize| (0..n).map(|t| code / k.pow(t as u32) % k).collect();
    (0..k.pow(n as u32)).map(code).collect()
}

/// The score of one row of tags, as the definition has it.
fn score(crf: &Crf, emissions: ArrayView2<'_, f32>, tags: &[usize]) -> f64 {
    let w = weights(crf);
    let (start, transitions, end) = (w[0].1.f32(), w[1].1.matrix(), w[2].1.f32());
    let mut score = f64::from(start[tags[0]]) + f64::from(end[tags[tags.len() - 1]]);
    for (t, &tag) in tags.iter().enumerate() {
        score += f64::from(emissions[[t, tag]]);
        if t > 0 {
            score += f64::from(transitions[[tags[t - 1], tag]]);
        }
    }
    score
}

fn loss(crf: &Crf, emissions: &Array2<f32>, batch: &Ragged, labels: &[u32]) -> f64 {
    crf.loss(emissions.view(), batch, labels, 1.0, &mut crf.clone()).unwrap().sum
}

#[test]
fn the_probability_is_that_of_all_rows_of_tags_tried_out() {
    for (k, lengths) in [(2, vec![1, 4]), (3, vec![5]), (4, vec![3, 0, 2])] {
        let (crf, batch) = (crf(k, 3), Ragged::from_lengths(lengths));
        let emissions = rows(batch.tokens(), k, 4) * 2.0;
        let labels: Vec<u32> = (0..batch.tokens()).map(|t| (t * 7 % k) as u32).collect();
        let mut expected = 0.0;
        for range in batch.ranges().filter(|range| !range.is_empty()) {
            let part = emissions.slice(s![range.clone(), ..]);
            let total: f64 =
                all(k, range.len()).iter().map(|tags| score(&crf, part, tags).exp()).sum();
            let right: Vec<usize> = labels[range].iter().map(|&tag| tag as usize).collect();
            expected += total.ln() - score(&crf, part, &right);
        }
        let got = loss(&crf, &emissions, &batch, &labels);
        assert!((got - expected).abs() < 1e-9, "{got}, not {expected}");
    }
}

#[test]
fn the_tags_that_are_decoded_are_the_best_of_all() {
    for seed in 0..20 {
        let (k, n) = (3, 5);
        let (crf, emissions) = (crf(k, seed), rows(n, k, seed + 50));
        let decoded = crf.decode(emissions.view(), &Ragged::single(n)).unwrap();
        let decoded: Vec<usize> = decoded.iter().map(|&tag| tag as usize).collect();
        let of = |tags: &[usize]| score(&crf, emissions.view(), tags);
        let best = all(k, n).into_iter().reduce(|a, b| if of(&b) > of(&a) { b } else { a });
        assert_eq!(Some(decoded), best);
    }
}

#[test]
fn the_gradients_are_the_slopes_of_the_loss() {
    let (crf, batch) = (crf(3, 1), Ragged::from_lengths([4, 1, 3]));
    let emissions = rows(8, 3, 2);
    let labels = [0, 2, 1, 1, 0, 2, 2, 0];
    let mut grads = zeros_like(&crf);
    let scale = 0.5;
    let found = crf.loss(emissions.view(), &batch, &labels, scale, &mut grads).unwrap();
    assert_eq!(found.labels, 3);
    let h = 1e-2_f32;
    for ((row, column), &got) in found.gradient.indexed_iter() {
        let [above, below] = [h, -h].map(|h| {
            let mut moved = emissions.clone();
            moved[[row, column]] += h;
            loss(&crf, &moved, &batch, &labels)
        });
        let slope = (above - below) / f64::from(2.0 * h);
        assert!((slope - f64::from(got)).abs() < 1e-4, "{row}, {column}: {got}, not {slope}");
    }
    for ((number, (name, grad)), len) in weights(&grads).iter().enumerate().zip([3, 9, 3]) {
        for place in 0..len {
            let [above, below] = [h, -h].map(|h| {
                let (mut moved, mut at) = (crf.clone(), 0);
                moved.visit_mut(&mut Path::new(), &mut |_, weight| {
                    if at == number {
                        weight.make_mut()[place] += h;
                    }
                    at += 1;
                });
                loss(&moved, &emissions, &batch, &labels)
            });
            let slope = f64::from(scale) * (above - below) / f64::from(2.0 * h);
            let got = f64::from(grad.f32()[place]);
            assert!((slope - got).abs() < 1e-4, "{name}[{place}]: {got}, not {slope}");
        }
    }
}

#[test]
fn a_batch_is_its_sequences_to_the_bit_and_gradients_are_added() {
    let (crf, batch) = (crf(4, 8), Ragged::from_lengths([3, 2]));
    let emissions = rows(5, 4, 9);
    let labels = [0, 1, 2, 3, 3];
    let mut once = zeros_like(&crf);
    let together = crf.loss(emissions.view(), &batch, &labels, 1.0, &mut once).unwrap();
    for range in batch.ranges() {
        let part = emissions.slice(s![range.clone(), ..]);
        let (single, labels) = (Ragged::single(range.len()), &labels[range.clone()]);
        let alone = crf.loss(part, &single, labels, 1.0, &mut zeros_like(&crf)).unwrap();
        assert_eq!(alone.gradient, together.gradient.slice(s![range, ..]));
    }
    let mut twice = once.clone();
    crf.loss(emissions.view(), &batch, &labels, 1.0, &mut twice).unwrap();
    for ((_, once), (_, twice)) in weights(&once).iter().zip(weights(&twice)) {
        assert!(once.f32().iter().zip(twice.f32()).all(|(once, twice)| 2.0 * once == *twice));
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    let (crf, batch) = (crf(3, 1), Ragged::single(2));
    let refused = |rows: Array2<f32>, labels: &[u32]| {
        crf.loss(rows.view(), &batch, labels, 1.0, &mut zeros_like(&crf)).unwrap_err().to_string()
    };
    assert!(refused(rows(2, 4, 1), &[0, 0]).contains("expected [2, 3], got [2, 4]"));
    assert!(refused(rows(2, 3, 1), &[0]).contains("expected [2], got [1]"));
    assert!(refused(rows(2, 3, 1), &[0, 3]).contains("label 3 at row 1"));
    assert!(crf.decode(rows(3, 3, 1).view(), &batch).is_err());
    assert!(Crf::zeros(0).is_err());
}
