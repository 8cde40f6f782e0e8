//! How the row of “bank” changes from layer to layer.

use anyhow::{Result, ensure};
use ndarray::Array2;

use super::numbers::{code, cosine, decimals, first, four};
use super::page::Page;
use crate::example::{Example, OTHER};

const COLUMNS: usize = 3;

pub(super) fn write(page: &mut Page) -> Result<()> {
    let (example, other) = (Example::new()?, Example::of(OTHER)?);
    let (bank, river) = (example.place("bank")?, example.place("river")?);
    let states = example.trace()?.hidden_states;
    let others = other.trace()?.hidden_states;
    let cosines: Vec<[f64; 3]> = states
        .iter()
        .zip(&others)
        .map(|(state, other)| {
            let row = state.row(bank);
            [states[0].row(bank), state.row(river), other.row(bank)].map(|with| cosine(row, with))
        })
        .collect();
    for pair in cosines.windows(2) {
        let [before, after] = [pair[0], pair[1]];
        ensure!(after[0] < before[0], "the row turns back to its embedding");
        ensure!(after[1] > before[1], "“bank” turns away from “river”");
        ensure!(after[2] < before[2], "the two banks come closer");
    }
    let (start, end) = (cosines[0], cosines[cosines.len() - 1]);
    ensure!((start[2] - 1.0).abs() < 1e-12, "the two banks differ from the start");
    ensure!(end[2] > end[1], "the banks are less alike than “bank” and “river”");

    let last = states.len() - 1;
    let far = cosine(others[last].row(bank), states[last].row(river));
    ensure!((far - end[1]).abs() < 0.01, "the other “bank” is {far} from “river”, ours {}", end[1]);
    let closer = [0, last].map(|at| between(&states[at]));
    ensure!(closer[1] > closer[0] + 0.2, "the pieces do not come closer: {closer:?}");

    page.say(&format!(
        "The row of “bank” on its way through the {} layers of lt-tiny-bert: its first columns, and its cosine (1 for the \
         same direction) with what the embedding gave, with “river” behind the same layer, and with “bank” in {}:",
        last,
        code(OTHER)
    ));
    let rows: Vec<Vec<String>> = (0..states.len())
        .map(|at| {
            let name = match at.checked_sub(1) {
                None => "embedding".to_owned(),
                Some(layer) => format!("layer {layer}"),
            };
            let numbers = first(states[at].row(bank), COLUMNS).into_iter();
            let cosines = cosines[at].into_iter().map(four);
            [name].into_iter().chain(numbers).chain(["…".to_owned()]).chain(cosines).collect()
        })
        .collect();
    page.table(&["behind", "0", "1", "2", "…", "embedding", "“river”", "the other “bank”"], &rows);
    page.say(&format!(
        "Each layer adds to the row, and none replaces it: the cosine to the start falls step by step, to {}. That to \
         “river” rises from {} to {}; all pieces of the sentence come closer, for each has taken in something of the \
         others. The two banks enter as one row, to the bit, and part from layer to layer, each among its own words. In {} \
         layers of a small model they do not get far: their cosine is still {}, and the other “bank” is as near to our \
         “river” ({}) as our own is.",
        decimals(end[0], 2),
        decimals(start[1], 2),
        decimals(end[1], 2),
        last,
        decimals(end[2], 2),
        decimals(far, 2)
    ));
    page.see("the fourth part of `lt tour \"The bank of the river is steep.\"`, with the means over all pieces");
    Ok(())
}

/// The mean cosine of two different pieces, special ones left out.
fn between(rows: &Array2<f32>) -> f64 {
    let places = 1..rows.nrows() - 1;
    let pairs = places.clone().flat_map(|a| places.clone().map(move |b| (a, b)));
    let cosines = pairs.filter(|(a, b)| a != b).map(|(a, b)| cosine(rows.row(a), rows.row(b)));
    let cosines: Vec<f64> = cosines.collect();
    cosines.iter().sum::<f64>() / cosines.len() as f64
}
