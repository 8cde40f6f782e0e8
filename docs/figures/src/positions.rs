//! Positions that are computed, and positions that were learned.

use anyhow::{Context as _, Result, ensure};
use lt_embedding::sinusoidal_table;
use ndarray::{Array2, ArrayView2, Axis, s};

use crate::drawing::{Area, BOLD, Cells, Drawing, END, MIDDLE, SIGNED, SMALL};

const POSITIONS: usize = 64;
const COLUMNS: usize = 48;
/// The position to which the others are compared.
const FROM: usize = 32;

/// Where the maps and the curves lie.
const LEFT: f64 = 40.0;
const TOP: f64 = 34.0;
const MAP: (f64, f64) = (216.0, 256.0);
const STEP: f64 = 238.0;
const CURVES: f64 = TOP + MAP.1 + 58.0;
const CURVE: f64 = 110.0;

pub(crate) fn draw() -> Result<String> {
    let computed = sinusoidal_table(POSITIONS, COLUMNS)?;
    let model = lt_tiny_bert::model()?;
    let embeddings = model.encoder().embeddings();
    let learned = embeddings.position().context("BERT has positions")?.table().weight().to_f32();
    let d = embeddings.token().width();
    let learned = Array2::from_shape_vec((learned.len() / d, d), learned)?;
    let learned = learned.slice(s![..POSITIONS, ..]);

    let label = "Two heat maps of 64 positions by 48 columns: waves that get longer from column to column, \
                 and learned numbers in which no order is seen. Below, the cosine of position 32 to each \
                 other: both have their peak at 32 and fall off to both sides";
    let mut drawing = Drawing::new(LEFT + STEP + MAP.0 + 4.0, CURVES + CURVE + 40.0, label);
    for position in [0, 16, 32, 48, 63] {
        let y = TOP + (position as f64 + 0.5) / POSITIONS as f64 * MAP.1 + 4.0;
        drawing.text((LEFT - 6.0, y), &[END, SMALL], &position.to_string());
    }
    drawing.text((LEFT, TOP + MAP.1 + 16.0), &[SMALL], "column 0");
    drawing.text((LEFT + MAP.0, TOP + MAP.1 + 16.0), &[END, SMALL], "47");
    let peaks = cosines(learned);
    let peaks = peaks.windows(3).filter(|near| near[1] > near[0] && near[1] > near[2]).count();
    ensure!((9..=12).contains(&peaks), "the wave of the learned table has {peaks} peaks");
    let strongest = strength(learned.slice(s![.., ..COLUMNS]));
    let headings = ["computed: sine and cosine", "learned: lt-tiny-bert"];
    let tables = [(computed.matrix(), 1.0), (learned, strongest)];
    for (number, (heading, (table, strongest))) in headings.into_iter().zip(tables).enumerate() {
        let x = LEFT + number as f64 * STEP;
        let area = Area::new((x, TOP), MAP);
        drawing.text((area.middle().0, TOP - 10.0), &[MIDDLE, BOLD], heading);
        let shown = table.slice(s![.., ..COLUMNS]);
        drawing.cells(area, shown, Cells { strongest, ..SIGNED });
        drawing.frame(area, &[("stroke-opacity", "0.3")]);
        curve(&mut drawing, Area::new((x, CURVES), (MAP.0, CURVE)), number == 0, &cosines(table));
    }
    Ok(drawing.finish(
        "Above, the two tables, orange above 0 and blue below: the computed one is a wave in each column, the \
         learned one, of which 48 of 384 columns are shown, tells the eye little. Below, how alike each position \
         is to position 32: both have their peak there, and the learned one, which nobody told so, has found a \
         wave some six positions long.",
    ))
}

/// A strength at which few cells are cut off: twice the root of the mean square.
fn strength(numbers: ArrayView2<'_, f32>) -> f32 {
    let squares: f32 = numbers.iter().map(|number| number * number).sum();
    2.0 * (squares / numbers.len() as f32).sqrt()
}

/// Of each row to the row of [`FROM`].
fn cosines(table: ArrayView2<'_, f32>) -> Vec<f64> {
    let from = table.row(FROM);
    let length = |row: ndarray::ArrayView1<'_, f32>| f64::from(row.dot(&row)).sqrt();
    let rows = table.axis_iter(Axis(0));
    rows.map(|row| f64::from(row.dot(&from)) / (length(row) * length(from))).collect()
}

/// Cosines as a line over positions, from −0.5 to 1.
fn curve(drawing: &mut Drawing, area: Area, labelled: bool, cosines: &[f64]) {
    let Area { x, y, width, height } = area;
    let place = |cosine: f64| y + (1.0 - cosine) / 1.5 * height;
    for (cosine, words) in [(1.0, "1"), (0.5, "0.5"), (0.0, "0"), (-0.5, "−0.5")] {
        let at = place(cosine);
        let strong = if cosine == 0.0 { "0.5" } else { "0.2" };
        drawing.line((x, at), (x + width, at), &[("stroke-opacity", strong)]);
        if labelled {
            drawing.text((x - 6.0, at + 4.0), &[END, SMALL], words);
        }
    }
    let across = |position: usize| x + (position as f64 + 0.5) / POSITIONS as f64 * width;
    for position in [0, 16, 32, 48, 63] {
        let at = (across(position), y + height + 16.0);
        drawing.text(at, &[MIDDLE, SMALL], &position.to_string());
    }
    if labelled {
        drawing.text((x, y - 10.0), &[BOLD], "cosine to position 32");
    }
    let points: Vec<(f64, f64)> =
        cosines.iter().enumerate().map(|(at, &cosine)| (across(at), place(cosine))).collect();
    drawing.path(&points, &[("stroke-width", "1.8"), ("stroke-linejoin", "round")]);
}
