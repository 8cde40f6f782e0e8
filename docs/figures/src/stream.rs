//! The residual stream: each piece's row from sublayer to sublayer.

use anyhow::{Context as _, Result, ensure};
use lt_core::Module as _;
use lt_encoder::{Encoder, HiddenStates, NormPlacement};
use ndarray::{Array2, ArrayView1};

use crate::drawing::{BOLD, COOL, Drawing, END, INK, MIDDLE, SMALL, WARM};
use crate::example::Example;

/// Where the panels lie.
const LEFT: f64 = 36.0;
const PANEL: (f64, f64) = (400.0, 170.0);
const TOPS: [f64; 2] = [56.0, 276.0];
/// Where the panel of lengths ends.
const LONGEST: f64 = 30.0;
/// The pieces that have a line of their own look, by their place in the sentence.
const MARKED: [(usize, &str); 3] = [(0, INK), (2, WARM), (5, COOL)];

pub(crate) fn draw() -> Result<String> {
    let example = Example::new()?;
    let stages = stages(&example)?;
    let first = &stages[0];
    let lengths: Vec<Vec<f64>> = of_each(&stages, |_, row| length(row));
    let cosines: Vec<Vec<f64>> = of_each(&stages, |at, row| {
        let from = first.row(at);
        f64::from(row.dot(&from)) / (length(row) * length(from))
    });
    let longest = lengths.iter().flatten().fold(0.0_f64, |most, &length| most.max(length));
    ensure!(longest < LONGEST, "the panel ends at {LONGEST}, and a row is {longest} long");
    for (before, after) in stages.iter().zip(&stages[1..]) {
        for (a, b) in before.rows().into_iter().zip(after.rows()) {
            let cosine = f64::from(a.dot(&b)) / (length(a) * length(b));
            ensure!(cosine > 0.5, "a step replaces a row: the cosine is {cosine}");
        }
    }
    let marks = marks(&example);
    let label = "Two panels of lines, one line for each piece of the sentence, from the embedding through six \
                 sublayers: above, the lengths of the rows; below, their cosines to the embedding's output, \
                 which fall from 1";
    let mut drawing = Drawing::new(LEFT + PANEL.0 + 40.0, TOPS[1] + PANEL.1 + 52.0, label);
    legend(&mut drawing, &marks);
    let above = Panel { heading: "length of the row", top: TOPS[0], to: LONGEST, ticks: 3 };
    above.draw(&mut drawing, &lengths, &marks);
    // What a norm makes of every row, as long as its gains are 1.
    let whole = above.height((first.ncols() as f64).sqrt());
    let dashed = [("stroke-dasharray", "5 4"), ("stroke-opacity", "0.8")];
    drawing.line((LEFT, whole), (LEFT + PANEL.0, whole), &dashed);
    drawing.text((LEFT + PANEL.0 + 6.0, whole + 4.0), &[SMALL], &format!("√{}", first.ncols()));
    let heading = "cosine to the output of the embedding";
    let below = Panel { heading, top: TOPS[1], to: 1.0, ticks: 4 };
    below.draw(&mut drawing, &cosines, &marks);
    stage_names(&mut drawing);
    Ok(drawing.finish(
        "A line for each piece of the sentence in lt-tiny-bert: the direction turns away from the word's own \
         vector step by step, and no step replaces it. Behind a norm without gains and biases every row \
         would be √384 long (dashed): that [CLS] is longer and shorter by turns is their doing.",
    ))
}

/// The rows behind the embedding and behind each sublayer.
fn stages(example: &Example) -> Result<Vec<Array2<f32>>> {
    let trace = example.trace()?;
    let encoder = example.model.encoder().layers().encoder();
    let encoder: &Encoder = encoder.context("BERT is an encoder")?;
    let mut stages = vec![trace.hidden_states[0].clone()];
    for (layer, whole) in encoder.layers().iter().zip(&trace.hidden_states[1..]) {
        ensure!(layer.placement() == NormPlacement::Post, "BERT's norms stand behind the sums");
        let x = stages.last().context("the embedding")?;
        let states = HiddenStates::new(x.view(), &example.batch);
        let sum = layer.attention().forward(states)? + x;
        let norm = layer.attention_norm().context("BERT has both norms")?;
        let a = norm.forward(sum.view())?;
        let sum = layer.feed_forward().forward(a.view())? + &a;
        let y = layer.feed_forward_norm().forward(sum.view())?;
        let off = (&y - whole).iter().fold(0.0_f32, |most, it| most.max(it.abs()));
        ensure!(off < 1e-4, "in parts the layer gives something else: {off} off");
        stages.extend([a, y]);
    }
    Ok(stages)
}

/// A number for each piece (outer) behind each stage (inner).
fn of_each(
    stages: &[Array2<f32>],
    number: impl Fn(usize, ArrayView1<'_, f32>) -> f64,
) -> Vec<Vec<f64>> {
    let pieces = 0..stages[0].nrows();
    pieces.map(|at| stages.iter().map(|rows| number(at, rows.row(at))).collect()).collect()
}

fn length(row: ArrayView1<'_, f32>) -> f64 {
    f64::from(row.dot(&row)).sqrt()
}

fn across(stage: usize) -> f64 {
    LEFT + stage as f64 / 6.0 * PANEL.0
}

/// The pieces whose lines are told apart: the name, the place in the sentence and the colour.
fn marks(example: &Example) -> Vec<(&str, usize, &'static str)> {
    MARKED.iter().map(|&(at, colour)| (example.tokens()[at].as_str(), at, colour)).collect()
}

fn legend(drawing: &mut Drawing, marks: &[(&str, usize, &str)]) {
    let mut x = LEFT;
    let marked = marks.iter().map(|&(name, _, colour)| (name, colour, "1", "2.4"));
    for (name, colour, strong, width) in marked.chain([("the others", INK, "0.4", "1.2")]) {
        let look = [("stroke", colour), ("stroke-opacity", strong), ("stroke-width", width)];
        drawing.line((x, 10.0), (x + 22.0, 10.0), &look);
        drawing.text((x + 28.0, 14.0), &[], name);
        x += 92.0;
    }
}

/// Lines over the stages, from 0 up.
struct Panel {
    heading: &'static str,
    top: f64,
    to: f64,
    ticks: u32,
}

impl Panel {
    fn height(&self, value: f64) -> f64 {
        self.top + PANEL.1 * (1.0 - value / self.to)
    }

    fn draw(&self, drawing: &mut Drawing, lines: &[Vec<f64>], marks: &[(&str, usize, &str)]) {
        drawing.text((LEFT, self.top - 12.0), &[BOLD], self.heading);
        for tick in 0..=self.ticks {
            let value = self.to * f64::from(tick) / f64::from(self.ticks);
            let y = self.height(value);
            drawing.line((LEFT, y), (LEFT + PANEL.0, y), &[("stroke-opacity", "0.2")]);
            drawing.text((LEFT - 6.0, y + 4.0), &[END, SMALL], &value.to_string());
        }
        let mark = |at: usize| marks.iter().find(|(_, marked, _)| *marked == at);
        let mut order: Vec<usize> = (0..lines.len()).collect();
        order.sort_by_key(|&at| mark(at).is_some()); // the marked ones lie on top
        for at in order {
            let points: Vec<(f64, f64)> = lines[at]
                .iter()
                .enumerate()
                .map(|(stage, &value)| (across(stage), self.height(value)))
                .collect();
            let (colour, strong, width) =
                mark(at).map_or((INK, "0.4", "1.2"), |(_, _, colour)| (*colour, "1", "2.4"));
            let look = [("stroke", colour), ("stroke-opacity", strong), ("stroke-width", width)];
            drawing.path(&points, &look);
        }
    }
}

fn stage_names(drawing: &mut Drawing) {
    let y = TOPS[1] + PANEL.1 + 18.0;
    for stage in 0..=6 {
        let name = match stage {
            0 => "embedding",
            stage if stage % 2 == 1 => "attention",
            _ => "feed-forward",
        };
        drawing.text((across(stage), y), &[MIDDLE, SMALL], name);
    }
    for layer in 0..3 {
        let (from, to) = (across(2 * layer + 1) - 28.0, across(2 * layer + 2) + 28.0);
        drawing.line((from, y + 7.0), (to, y + 7.0), &[("stroke-opacity", "0.5")]);
        let words = format!("layer {layer}");
        drawing.text(((from + to) / 2.0, y + 21.0), &[MIDDLE, SMALL], &words);
    }
}
