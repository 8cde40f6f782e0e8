//! What the embeddings add up: token, position, segment.

use anyhow::Result;
use lt_model::EmbeddingParts;
use ndarray::{Array2, s};

use crate::drawing::{Area, BOLD, Cells, Drawing, END, INK, MIDDLE, SIGNED, SMALL};
use crate::example::Example;

/// So many columns of the 384 are shown.
const COLUMNS: usize = 16;
const CELL: (f64, f64) = (6.0, 17.0);
/// Where the first strip begins, and from one to the next.
const LEFT: f64 = 46.0;
const TOP: f64 = 42.0;
const STEP: f64 = COLUMNS as f64 * CELL.0 + 20.0;
/// The number that is drawn the strongest.
const STRONGEST: f32 = 0.15;
/// The piece and the column whose numbers are written out.
const WRITTEN: (usize, usize) = (2, 0);

pub(crate) fn draw() -> Result<String> {
    let example = Example::new()?;
    let EmbeddingParts { token, segment, position, .. } = example.parts()?;
    let sum = &token + &position + &segment;
    let strips = [
        ("word piece", "", &token),
        ("position", "+", &position),
        ("segment", "+", &segment),
        ("sum", "=", &sum),
    ];
    let rows = example.tokens().len();
    let bottom = TOP + rows as f64 * CELL.1;
    let label = "Four strips of coloured cells, a row for each piece of the sentence: its vector by id, by \
                 position and by segment, and their sum";
    let mut drawing = Drawing::new(LEFT + 4.0 * STEP - 18.0, bottom + 64.0, label);
    for (row, token) in example.tokens().iter().enumerate() {
        let y = TOP + (row as f64 + 0.5) * CELL.1 + 4.0;
        drawing.text((LEFT - 6.0, y), &[END], token);
    }
    for (number, (heading, sign, numbers)) in strips.into_iter().enumerate() {
        let x = LEFT + number as f64 * STEP;
        let area = Area::new((x, TOP), (COLUMNS as f64 * CELL.0, rows as f64 * CELL.1));
        drawing.text((area.middle().0, TOP - 10.0), &[MIDDLE, BOLD], heading);
        if !sign.is_empty() {
            let look = [MIDDLE, ("font-size", "18")];
            drawing.text((x - 10.0, area.middle().1 + 6.0), &look, sign);
        }
        let shown = numbers.slice(s![.., ..COLUMNS]);
        drawing.cells(area, shown, Cells { strongest: STRONGEST, gap: 0.0, ..SIGNED });
        drawing.frame(area, &[("stroke-opacity", "0.3")]);
        written(&mut drawing, (x, bottom), (sign, numbers));
    }
    scale(&mut drawing);
    Ok(drawing.finish(&format!(
        "The first {COLUMNS} of {} columns, for each piece of the sentence; below, the numbers of “{}” in \
         the first column. Both “the” have one row by their ids and two by their positions.",
        sum.ncols(),
        example.tokens()[WRITTEN.0]
    )))
}

/// A number of the strip, below its column, with a mark around the cell.
fn written(drawing: &mut Drawing, (x, bottom): (f64, f64), (sign, numbers): (&str, &Array2<f32>)) {
    let (row, column) = WRITTEN;
    let corner = (x + column as f64 * CELL.0, TOP + row as f64 * CELL.1);
    drawing.frame(Area::new(corner, CELL), &[("stroke-opacity", "1"), ("stroke-width", "1.5")]);
    let number = format!("{:.3}", numbers[[row, column]]).replace('-', "−");
    drawing.text((x, bottom + 18.0), &[], &number);
    if !sign.is_empty() {
        drawing.text((x - 10.0, bottom + 18.0), &[MIDDLE], sign);
    }
}

/// What the colours mean.
fn scale(drawing: &mut Drawing) {
    let steps = Array2::from_shape_fn((1, 21), |(_, column)| (column as f32 - 10.0) / 10.0);
    let y = TOP + 10.0 * CELL.1 + 34.0;
    let area = Area::new((LEFT + STEP, y), (2.0 * STEP - 20.0, 10.0));
    drawing.cells(area, steps.view(), SIGNED);
    let look = [("stroke", INK), ("stroke-opacity", "0.3")];
    drawing.rect(area, &[look[0], look[1], ("fill", "none")]);
    let below = y + 23.0;
    for (place, words) in [(0.0, -STRONGEST), (0.5, 0.0), (1.0, STRONGEST)] {
        let words = words.to_string().replace('-', "−");
        drawing.text((area.x + place * area.width, below), &[MIDDLE, SMALL], &words);
    }
}
