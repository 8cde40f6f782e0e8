//! Same text, same bits: what comes out for a sequence does not depend on its neighbours in the
//! batch, on their order, on the threads, nor on which way through the code was taken.
//!
//! Results are compared by `to_bits`. A closure may return one row per token, or one per sequence
//! (a pooled vector).

mod threads;

use std::fmt;

use lt_core::{Ragged, Scratch};
use ndarray::{Array2, s};
use proptest::prelude::*;

use crate::rows::{reordered, same_bits};
use crate::strategies::{batch_of_rows, masks, orders};
use crate::{Batch, IntoRows, Law, Verdict};
pub use threads::{threads, used_scratch};

/// The laws of this module.
pub const LAWS: [&Law; 2] = [&SAME_ROWS_SAME_BITS, &SAME_IDS_SAME_BITS];

/// One way to compute what others compute too: a name and a closure.
pub struct Way<'a> {
    name: &'static str,
    run: Box<Run<'a>>,
}

type Run<'a> = dyn Fn(Batch<'_>) -> Result<Array2<f32>, String> + 'a;

impl<'a> Way<'a> {
    /// The way of this name.
    #[must_use]
    pub fn new<R: IntoRows>(name: &'static str, run: impl Fn(Batch<'_>) -> R + 'a) -> Self {
        Self { name, run: Box::new(move |batch| run(batch).into_rows()) }
    }
}

impl fmt::Debug for Way<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Way({})", self.name)
    }
}

/// See [`same_rows_same_bits`].
pub const SAME_ROWS_SAME_BITS: Law = Law {
    name: "same rows, same bits",
    statement: "f(…, X, …) at X = f(X): alone, batched, reordered, on every path, any threads",
    tolerance: "none: compared by to_bits",
};

/// What comes out for a sequence of rows has the same bits alone, in a batch, and in a batch in
/// another order; by `forward`, and by `forward_in` with an empty scratch, with a used one, and
/// with two threads.
///
/// # Panics
/// If the law is broken.
#[track_caller]
pub fn same_rows_same_bits<R: IntoRows, S: IntoRows>(
    width: usize,
    forward: impl Fn(Batch<'_>) -> R,
    forward_in: impl Fn(Batch<'_>, &mut Scratch) -> S,
) {
    let with = |scratch: fn() -> Scratch| {
        let forward_in = &forward_in;
        move |batch: Batch<'_>| forward_in(batch, &mut scratch())
    };
    let ways = [
        Way::new("forward", forward),
        Way::new("forward_in", with(Scratch::new)),
        Way::new("forward_in with a used scratch", with(used_scratch)),
        Way::new("forward_in with two threads", with(|| Scratch::with_threads(threads(2)))),
    ];
    same_rows_in_every_way(width, &ways);
}

/// As [`same_rows_same_bits`], for any ways of computing the same.
///
/// # Panics
/// If the law is broken.
#[track_caller]
pub fn same_rows_in_every_way(width: usize, ways: &[Way<'_>]) {
    let cases =
        (batch_of_rows(width), orders(), masks()).prop_map(|((batch, rows), order, masks)| {
            let order = order.of(batch.len());
            (batch, rows, order, masks.by_position())
        });
    SAME_ROWS_SAME_BITS.hold(&cases, |(whole, all, order, mask)| {
        let lengths: Vec<usize> = whole.ranges().map(|range| range.len()).collect();
        let paths = ways.iter().map(|way| {
            let run = |picked: &[usize]| {
                let starts: Vec<_> = whole.ranges().collect();
                let order: Vec<usize> = picked.iter().flat_map(|&i| starts[i].clone()).collect();
                let rows = reordered(all.view(), &order);
                let batch = Ragged::from_lengths(picked.iter().map(|&i| lengths[i]));
                (way.run)(Batch { rows: rows.view(), sequences: &batch, mask: &mask })
            };
            (way.name, run)
        });
        agree(&lengths, &order, &paths.collect::<Vec<_>>())
    });
}

/// See [`same_ids_same_bits`].
pub const SAME_IDS_SAME_BITS: Law = Law {
    name: "same ids, same bits",
    statement: "f(…, x, …) at x = f(x): alone, batched, reordered, on every path, any threads",
    tolerance: "none: compared by to_bits",
};

/// As [`same_rows_same_bits`], for a model: it takes ids below `vocabulary`, in sequences of at
/// most `longest`.
///
/// # Panics
/// If the law is broken.
#[track_caller]
pub fn same_ids_same_bits<R: IntoRows, S: IntoRows>(
    vocabulary: u32,
    longest: usize,
    forward: impl Fn(&[u32], &Ragged) -> R,
    forward_in: impl Fn(&[u32], &Ragged, &mut Scratch) -> S,
) {
    let sequence = proptest::collection::vec(0..vocabulary.max(1), 1..=longest.clamp(1, 300));
    let cases = (proptest::collection::vec(sequence, 1..=4), orders());
    let cases = cases.prop_map(|(sequences, order)| {
        let order = order.of(sequences.len());
        (sequences, order)
    });
    SAME_IDS_SAME_BITS.hold(&cases, |(sequences, order)| {
        let lengths: Vec<usize> = sequences.iter().map(Vec::len).collect();
        let batch = |picked: &[usize]| {
            let picked: Vec<&[u32]> = picked.iter().map(|&i| sequences[i].as_slice()).collect();
            Ragged::concatenate(&picked)
        };
        type Path<'a> = Box<dyn Fn(&[usize]) -> Result<Array2<f32>, String> + 'a>;
        let with = |scratch: fn() -> Scratch| -> Path<'_> {
            let (batch, forward_in) = (&batch, &forward_in);
            Box::new(move |picked| {
                let (ids, batch) = batch(picked);
                forward_in(&ids, &batch, &mut scratch()).into_rows()
            })
        };
        let plain: Path<'_> = Box::new(|picked| {
            let (ids, batch) = batch(picked);
            forward(&ids, &batch).into_rows()
        });
        let paths = [
            ("forward", plain),
            ("forward_in", with(Scratch::new)),
            ("forward_in with a used scratch", with(used_scratch)),
            ("forward_in with two threads", with(|| Scratch::with_threads(threads(2)))),
        ];
        agree(&lengths, &order, &paths)
    });
}

/// Whether each path gives each sequence the bits that the first path gives it alone. A path takes
/// the numbers of the sequences that its batch shall hold.
fn agree<P: Fn(&[usize]) -> Result<Array2<f32>, String>>(
    lengths: &[usize],
    order: &[usize],
    paths: &[(&str, P)],
) -> Verdict {
    let run = |(name, path): &(&str, P), picked: &[usize]| {
        let result = path(picked).map_err(|error| format!("{name} refused it: {error}"))?;
        let picked: Vec<usize> = picked.iter().map(|&i| lengths[i]).collect();
        cut(name, &result, &picked)
    };
    let Some(first) = paths.first() else { return Err("there is no way to compute it".into()) };
    let count = lengths.len();
    let mut alone = Vec::with_capacity(count);
    for i in 0..count {
        alone.extend(run(first, &[i])?);
    }
    let straight: Vec<usize> = (0..count).collect();
    for path in paths {
        let singles = (0..count).map(|i| ("alone", vec![i]));
        let batches = [("in a batch", straight.clone()), ("reordered", order.to_vec())];
        for (how, picked) in singles.chain(batches) {
            for (&i, got) in picked.iter().zip(run(path, &picked)?) {
                if got.dim() != alone[i].dim() {
                    return Err(format!("{}, {how}: sequence {i} has another shape", path.0));
                }
                for (row, (got, expected)) in
                    got.outer_iter().zip(alone[i].outer_iter()).enumerate()
                {
                    let what = format!("{}, {how}: row {row} of sequence {i}", path.0);
                    same_bits(&what, got, expected)?;
                }
            }
        }
    }
    Ok(())
}

/// The rows of each sequence: one per token, or one.
fn cut(name: &str, result: &Array2<f32>, lengths: &[usize]) -> Result<Vec<Array2<f32>>, String> {
    let tokens: usize = lengths.iter().sum();
    let per_sequence: Vec<usize> = if result.nrows() == tokens {
        lengths.to_vec()
    } else if result.nrows() == lengths.len() {
        vec![1; lengths.len()]
    } else {
        let (count, rows) = (lengths.len(), result.nrows());
        return Err(format!("{name}: {rows} rows for {tokens} tokens in {count} sequences"));
    };
    let batch = Ragged::from_lengths(per_sequence);
    Ok(batch.ranges().map(|range| result.slice(s![range, ..]).to_owned()).collect())
}
