//! What the pieces of the sentence look at, in one head.

use anyhow::{Result, ensure};

use crate::drawing::{Area, BOLD, Cells, Drawing, END, MIDDLE, SMALL, WARM};
use crate::example::Example;

/// Both counted from 0. In this head “bank” finds “river”: what a piece means decides, not where
/// it stands.
pub(crate) const LAYER: usize = 0;
pub(crate) const HEAD: usize = 4;

const LEFT: f64 = 62.0;
const TOP: f64 = 52.0;
const CELL: (f64, f64) = (43.0, 28.0);

pub(crate) fn draw() -> Result<String> {
    let example = Example::new()?;
    let weights = example.head(LAYER, HEAD)?;
    let tokens = example.tokens();
    let n = tokens.len();
    let size = (n as f64 * CELL.0, n as f64 * CELL.1);
    let (bank, river) = (2, 5);
    ensure!(weights[[bank, river]] > 0.5, "“bank” looks elsewhere: choose another head");
    let label = format!(
        "A table of attention weights, pieces that look by pieces that are looked at; “bank” gives {:.0} % of \
         its attention to “river”",
        weights[[bank, river]] * 100.0
    );
    let mut drawing = Drawing::new(LEFT + size.0 + 2.0, TOP + size.1 + 6.0, &label);
    drawing.text((LEFT, 16.0), &[BOLD], "key: what is looked at");
    drawing.text((0.0, TOP - 10.0), &[BOLD], "query");
    let area = Area::new((LEFT, TOP), size);
    // Numbers are written on the cells, so not even the strongest hides the ground.
    let how = Cells { colours: [WARM; 2], strongest: 1.0, opacity: 0.9, gap: 0.0 };
    drawing.cells(area, weights.view(), how);
    drawing.frame(area, &[("stroke-opacity", "0.3")]);
    for (at, token) in tokens.iter().enumerate() {
        let x = LEFT + (at as f64 + 0.5) * CELL.0;
        let y = TOP + (at as f64 + 0.5) * CELL.1 + 4.0;
        drawing.text((x, TOP - 10.0), &[MIDDLE], token);
        drawing.text((LEFT - 8.0, y), &[END], token);
    }
    for ((row, column), weight) in weights.indexed_iter() {
        let x = LEFT + (column as f64 + 0.5) * CELL.0;
        let y = TOP + (row as f64 + 0.5) * CELL.1 + 4.0;
        let percent = (weight * 100.0).round();
        let faint = if percent < 10.0 { "0.65" } else { "1" };
        drawing.text((x, y), &[MIDDLE, SMALL, ("fill-opacity", faint)], &percent.to_string());
    }
    Ok(drawing.finish(&format!(
        "Head {HEAD} of layer {LAYER} (both from 0) of lt-tiny-bert, in percent: each row adds up to 100. “bank” \
         gives more than half of its attention to “river”; “the” before it and “steep” look there, too; others \
         give most to [CLS], or a little to all.",
    )))
}
