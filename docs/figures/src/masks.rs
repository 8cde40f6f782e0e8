//! Who may look at whom, under some masks.

use lt_core::{Mask, Place, Ragged};

use crate::drawing::{Area, BOLD, COOL, Drawing, END, INK, MIDDLE, SMALL};

/// So many tokens each panel has.
const TOKENS: usize = 8;
const CELL: f64 = 20.0;
const SIZE: f64 = TOKENS as f64 * CELL;
const STEP: (f64, f64) = (SIZE + 44.0, SIZE + 76.0);

pub(crate) fn draw() -> String {
    let one = Ragged::single(TOKENS);
    let two = Ragged::from_lengths([5, 3]);
    let window = || Mask::window(2, 2);
    let panels = [
        ("causal", "Mask::causal()", Mask::causal(), &one),
        ("two texts, one batch", "Mask::all()", Mask::all(), &two),
        ("window", "Mask::window(2, 2)", window(), &one),
        ("both", "causal & window", Mask::causal() & window(), &one),
    ];
    let label = "Four tables of queries by keys. Causal: the lower left half. Two texts in one batch: two \
                 squares on the diagonal. Window: a band around the diagonal. Causal and window: the lower half \
                 of the band";
    let mut drawing = Drawing::new(2.0 * STEP.0, 2.0 * STEP.1, label);
    for (number, (heading, code, mask, batch)) in panels.into_iter().enumerate() {
        let corner = ((number % 2) as f64 * STEP.0 + 28.0, (number / 2) as f64 * STEP.1 + 46.0);
        drawing.text((corner.0, corner.1 - 30.0), &[BOLD], heading);
        let look = [("font-family", "monospace"), SMALL];
        drawing.text((corner.0, corner.1 + SIZE + 18.0), &look, code);
        panel(&mut drawing, corner, &mask, batch);
    }
    drawing.finish(
        "A row is a query, a column a key; filled: it may look there. Two texts of five and three tokens lie end \
         to end: none looks into the other (blue), and no place is padding.",
    )
}

fn panel(drawing: &mut Drawing, (x, y): (f64, f64), mask: &Mask, batch: &Ragged) {
    let cell = |row: usize, column: usize| {
        let corner = (x + column as f64 * CELL + 1.0, y + row as f64 * CELL + 1.0);
        Area::new(corner, (CELL - 2.0, CELL - 2.0))
    };
    for (sequence, range) in batch.ranges().enumerate() {
        let strong = if sequence == 0 { "0.6" } else { "0.8" };
        let colour = if sequence == 0 { INK } else { COOL };
        for query in 0..range.len() {
            for key in 0..range.len() {
                if mask.allows(Place { sequence, query, key }) {
                    let area = cell(range.start + query, range.start + key);
                    drawing.rect(area, &[("fill", colour), ("fill-opacity", strong)]);
                }
            }
            // Each text counts from 0.
            let row = range.start + query;
            let middle = (row as f64 + 0.5) * CELL;
            let words = query.to_string();
            drawing.text((x - 8.0, y + middle + 4.0), &[END, SMALL], &words);
            drawing.text((x + middle, y - 8.0), &[MIDDLE, SMALL], &words);
        }
    }
    drawing.frame(Area::new((x, y), (SIZE, SIZE)), &[("stroke-opacity", "0.4")]);
}
