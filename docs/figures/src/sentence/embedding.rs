//! The rows that are looked up for a piece, and their sum.

use anyhow::{Result, ensure};
use lt_model::EmbeddingParts;
use ndarray::Array2;

use super::numbers::{code, cosine, decimals, first, same_bits};
use super::page::Page;
use crate::example::{Example, OTHER};

const COLUMNS: usize = 4;

pub(super) fn write(page: &mut Page) -> Result<()> {
    let (example, other) = (Example::new()?, Example::of(OTHER)?);
    let parts = example.parts()?;
    let (bank, id) = (example.place("bank")?, example.encoding.ids[example.place("bank")?]);
    let sum = sum(&parts);
    let shown = |name: String, rows: &Array2<f32>| {
        let numbers = first(rows.row(bank), COLUMNS).into_iter();
        [name].into_iter().chain(numbers).chain(["…".to_owned()]).collect::<Vec<_>>()
    };
    page.say(&format!(
        "“bank” is piece {id}, stands at position {bank} and belongs to segment 0. So three rows are looked up, of \
         {} columns each, and added. The first {COLUMNS} columns (all numbers of these sections are rounded, so the last \
         digit of a sum may be one off):",
        sum.ncols()
    ));
    page.table(
        &["row", "0", "1", "2", "3", "…"],
        &[
            shown(format!("{id} of the word pieces"), &parts.token),
            shown(format!("{bank} of the positions"), &parts.position),
            shown("0 of the segments".to_owned(), &parts.segment),
            shown("their sum".to_owned(), &sum),
        ],
    );

    let place = other.place("bank")?;
    ensure!(place == bank && other.encoding.ids[place] == id, "another piece, or another place");
    let rows = (sum.slice(ndarray::s![bank..=bank, ..]), self::sum(&other.parts()?));
    let other_row = rows.1.slice(ndarray::s![bank..=bank, ..]);
    ensure!(same_bits(rows.0, other_row), "“bank” is another row in the other sentence");
    let tokens = example.tokens();
    let the: Vec<usize> = (0..tokens.len()).filter(|&at| tokens[at] == "the").collect();
    let (a, b) = (sum.row(the[0]), sum.row(the[1]));
    ensure!(parts.token.row(the[0]) == parts.token.row(the[1]), "“the” has two rows");
    ensure!(cosine(a, b) < 0.99, "the positions change nothing");
    page.say(&format!(
        "In {} “bank” stands at the same position, so its sum is the same, to the bit: nothing has looked at the other \
         words yet. “the” stands at positions {} and {} of our sentence. Its row of word pieces is one, its two sums \
         differ: their cosine, the product of the rows divided by both lengths, is {}, and 1 would be the same direction.",
        code(OTHER),
        the[0],
        the[1],
        decimals(cosine(a, b), 2)
    ));
    let normed = &example.trace()?.hidden_states[0];
    page.see(&format!(
        "the second part of `lt tour \"The bank of the river is steep.\"`, with the length of each row, and with the \
         cosine of the two “the” behind the norm, {}",
        decimals(cosine(normed.row(the[0]), normed.row(the[1])), 2)
    ));
    Ok(())
}

/// What the norm is given, in the order in which the library adds.
pub(super) fn sum(parts: &EmbeddingParts) -> Array2<f32> {
    &parts.token + &parts.segment + &parts.position
}
