//! Mistakes of the chapter on tasks.

use lt_core::Scratch;
use lt_model::CausalLm;
use lt_tasks::{FillMask, TaskError};

use crate::solutions::tasks::windows;

/// A mean is a mean, weighted or not.
pub(crate) fn order_does_not_matter() -> [bool; 6] {
    [true, false, true, true, true, false]
}

/// All at once.
pub(crate) fn fill_one_by_one(model: &FillMask, text: &str) -> Result<String, TaskError> {
    let mut text = text.to_owned();
    for guesses in model.fill(&text, 1, &mut Scratch::new())? {
        text = text.replacen(model.mask_token(), &guesses[0].token, 1);
    }
    Ok(text)
}

/// The second has no entity at all when it is read strictly.
pub(crate) fn same_and_not_the_same() -> [Vec<&'static str>; 2] {
    [vec!["B-PER", "O", "B-LOC"], vec!["I-PER", "O", "I-LOC"]]
}

/// From left to right, each time the likeliest that may follow.
pub(crate) fn likeliest_tags(probabilities: &[Vec<f32>], tags: &[&str]) -> Vec<usize> {
    let mut path: Vec<usize> = Vec::new();
    for row in probabilities {
        let before = path.last().map_or("O", |&tag| tags[tag]);
        let may_follow = |tag: &usize| {
            let kind = tags[*tag].strip_prefix("I-");
            kind.is_none_or(|kind| before.get(2..) == Some(kind))
        };
        let allowed = (0..tags.len()).filter(may_follow);
        path.extend(allowed.max_by(|&a, &b| row[a].total_cmp(&row[b])));
    }
    path
}

/// The mean of a label's scores: a rare word pulls its label down.
pub(crate) fn label_scores(logits: &[f32], words: &[Vec<usize>]) -> Vec<f32> {
    let mean = |label: &Vec<usize>| {
        label.iter().map(|&word| logits[word]).sum::<f32>() / label.len() as f32
    };
    let means: Vec<f32> = words.iter().map(mean).collect();
    let each: Vec<Vec<usize>> = (0..means.len()).map(|label| vec![label]).collect();
    crate::solutions::tasks::label_scores(&means, &each)
}

/// As if the text had no end.
pub(crate) fn pieces(tokens: usize, longest: usize) -> usize {
    tokens * longest
}

/// One token more, and the id is there all the same.
pub(crate) fn text_past_the_watch() -> &'static str {
    "END!"
}

/// The mean of the windows' means: a window with one new token weighs as much as a full one.
pub(crate) fn perplexity(
    model: &CausalLm,
    ids: &[u32],
    length: usize,
    stride: usize,
) -> lt_core::Result<f64> {
    let means: Vec<f64> = windows(model, ids, length, stride)?
        .into_iter()
        .filter(|(_, tokens)| *tokens > 0)
        .map(|(sum, tokens)| sum / tokens as f64)
        .collect();
    Ok((means.iter().sum::<f64>() / means.len() as f64).exp())
}
