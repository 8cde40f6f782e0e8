//! One distribution of the next token, and what temperature and filters leave of it.

use anyhow::{Context as _, Result, ensure};
use lt_core::{Module as _, Ragged};
use lt_generate::processors::{MinP, Temperature, TopK, TopP};
use lt_generate::{Buffers, LogitsProcessor, Prefix};
use lt_kernels::math::exp_f64;
use lt_model::TokenIds;
use lt_tokenizer::{Limit, Specials, Tokenizer};

use crate::drawing::{Area, BOLD, Drawing, END, FAINT, INK, SMALL, WARM};

const BEGINNING: &str = "It was a fine";
/// So many tokens have a bar of their own.
const NAMED: usize = 12;

const LEFT: f64 = 68.0;
const TOP: f64 = 66.0;
const ROW: f64 = 20.0;
const STEP: f64 = 84.0;
/// The longest bar.
const BAR: f64 = 48.0;

/// What changes the scores; nothing: they stay as they are.
type Filter = Option<Box<dyn LogitsProcessor>>;

pub(crate) fn draw() -> Result<String> {
    let tokenizer = lt_tiny_gpt::tokenizer()?;
    let (ids, scores) = scores(&tokenizer)?;
    let panels: [(&str, &str, Filter); 5] = [
        ("as it is", "", None),
        ("temperature", "0.5", Some(Box::new(Temperature::new(0.5)?))),
        ("top-k", "5", Some(Box::new(TopK::new(5)?))),
        ("top-p", "0.9", Some(Box::new(TopP::new(0.9)?))),
        ("min-p", "0.1", Some(Box::new(MinP::new(0.1)?))),
    ];
    let order = order(&scores);
    let others = mass(&order[NAMED..], &probabilities(&scores));
    ensure!(others > 0.5, "the others are drawn {others} of the time");
    let label = "Five columns of bars for the twelve likeliest next tokens and the sum of all others: the \
                 distribution of a model, and what temperature 0.5, top-k 5, top-p 0.9 and min-p 0.1 make of it";
    let bottom = TOP + NAMED as f64 * ROW;
    let mut drawing = Drawing::new(LEFT + 5.0 * STEP, bottom + 58.0, label);
    for (row, &id) in order[..NAMED].iter().enumerate() {
        let word = tokenizer.decode(&[id as u32], Specials::Keep)?;
        let y = TOP + (row as f64 + 0.5) * ROW + 4.0;
        drawing.text((LEFT - 8.0, y), &[END], word.trim());
    }
    drawing.text((LEFT - 8.0, bottom + 26.0), &[END], "all others");
    let panels = panels.map(|(heading, setting, processor)| {
        let mut left = scores.clone();
        if let Some(processor) = processor {
            processor.process(Prefix::new(&ids, ids.len()), &mut left, &mut Buffers::default());
        }
        (heading, setting, left)
    });
    // What the longest grey bar stands for: all panels have one scale, so that they can be compared.
    let largest = panels.iter().map(|(_, _, left)| probabilities(left)[order[0]]);
    let most = (largest.fold(0.0, f64::max) * 10.0).ceil() / 10.0;
    for (number, (heading, setting, left)) in panels.into_iter().enumerate() {
        let x = LEFT + number as f64 * STEP;
        let kept = left.iter().filter(|score| **score > f32::NEG_INFINITY).count();
        drawing.text((x, 16.0), &[BOLD], heading);
        drawing.text((x, 31.0), &[BOLD], setting);
        drawing.text((x, 50.0), &[SMALL, FAINT], &format!("{kept} tokens"));
        panel(&mut drawing, (x, most), &order, &probabilities(&left));
    }
    Ok(drawing.finish(&format!(
        "What lt-tiny-gpt expects behind “{BEGINNING}”, in percent. The tokens without a bar of their own, hardly likely each, \
         would be drawn more often than not; a temperature below 1 makes them rarer and forbids none, and the \
         filters keep a number of tokens, a mass, or what has a tenth of the best one's probability. The grey \
         bars go to {:.0} %, the orange ones to 100 %.",
        most * 100.0
    )))
}

/// The ids of the beginning, and the scores of what may follow.
fn scores(tokenizer: &Tokenizer) -> Result<(Vec<u32>, Vec<f32>)> {
    let ids = tokenizer.encode(BEGINNING, Limit::None)?.ids;
    let batch = Ragged::single(ids.len());
    let scores = lt_tiny_gpt::model()?.forward(TokenIds::new(&ids, &batch))?;
    let last = scores.outer_iter().next_back().context("a row for each token")?.to_vec();
    Ok((ids, last))
}

/// The ids, the likeliest first.
pub(crate) fn order(scores: &[f32]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]).then(a.cmp(&b)));
    order
}

/// Softmax, with functions that give the same bits everywhere.
pub(crate) fn probabilities(scores: &[f32]) -> Vec<f64> {
    let largest = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let power = |&score: &f32| match score {
        f32::NEG_INFINITY => 0.0, // forbidden
        score => exp_f64(f64::from(score) - f64::from(largest)),
    };
    let powers: Vec<f64> = scores.iter().map(power).collect();
    let sum: f64 = powers.iter().sum();
    powers.into_iter().map(|power| power / sum).collect()
}

/// What these tokens have together.
fn mass(ids: &[usize], probabilities: &[f64]) -> f64 {
    ids.iter().map(|&id| probabilities[id]).sum()
}

fn panel(drawing: &mut Drawing, (x, most): (f64, f64), order: &[usize], probabilities: &[f64]) {
    let bottom = TOP + NAMED as f64 * ROW;
    drawing.line((x, TOP - 2.0), (x, bottom + 36.0), &[("stroke-opacity", "0.4")]);
    let named = &order[..NAMED];
    for (row, &id) in named.iter().enumerate() {
        let y = TOP + row as f64 * ROW;
        bar(drawing, (x, y), probabilities[id], (INK, "0.45", most));
    }
    let others = mass(&order[NAMED..], probabilities);
    bar(drawing, (x, bottom + 12.0), others, (WARM, "0.7", 1.0));
}

/// A bar and its number; `most` is what the longest stands for.
fn bar(
    drawing: &mut Drawing,
    (x, y): (f64, f64),
    probability: f64,
    (colour, opacity, most): (&str, &str, f64),
) {
    let width = probability / most * BAR;
    if width >= 0.1 {
        let area = Area::new((x, y + 3.0), (width, ROW - 6.0));
        drawing.rect(area, &[("fill", colour), ("fill-opacity", opacity)]);
    }
    let words = match probability {
        0.0 => "–".to_owned(),
        probability => format!("{:.1}", probability * 100.0),
    };
    drawing.text((x + width + 5.0, y + ROW / 2.0 + 4.0), &[], &words);
}
