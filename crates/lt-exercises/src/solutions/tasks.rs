//! Solutions of the chapter on tasks.

use lt_core::{Module, Ragged, Scratch};
use lt_model::{CausalLm, TokenIds};
use lt_tasks::{FillMask, TaskError};

/// Sums and maxima do not see the order. What counts by the place does: the first, the last, and
/// the mean that weighs by it.
pub(crate) fn order_does_not_matter() -> [bool; 6] {
    [true, false, true, true, false, false]
}

/// The surest word first: it is known then to the others.
pub(crate) fn fill_one_by_one(model: &FillMask, text: &str) -> Result<String, TaskError> {
    let mut text = text.to_owned();
    while text.contains(model.mask_token()) {
        let masks = model.fill(&text, 1, &mut Scratch::new())?;
        let guesses = masks.iter().map(|guesses| &guesses[0]);
        let (mut number, mut surest) = (0, &masks[0][0]);
        for (mask, guess) in guesses.enumerate() {
            if guess.score > surest.score {
                (number, surest) = (mask, guess);
            }
        }
        let (at, mask) = text.match_indices(model.mask_token()).nth(number).unwrap_or_default();
        let range = at..at + mask.len();
        text.replace_range(range, &surest.token);
    }
    Ok(text)
}

/// Read leniently, an `I-` without a beginning begins an entity; read strictly, it is none.
pub(crate) fn same_and_not_the_same() -> [Vec<&'static str>; 2] {
    [vec!["B-PER", "O", "I-LOC"], vec!["I-PER", "O", "B-LOC"]]
}

/// For each tag the likeliest sequence that ends with it: all that the next token has to know.
pub(crate) fn likeliest_tags(probabilities: &[Vec<f32>], tags: &[&str]) -> Vec<usize> {
    let follows = |before: Option<usize>, tag: usize| match tags[tag].strip_prefix("I-") {
        None => true,
        Some(kind) => before.is_some_and(|before| tags[before].get(2..) == Some(kind)),
    };
    // ln p, and the tags, of the best that ends with each tag.
    let mut best: Vec<(f64, Vec<usize>)> = vec![(0.0, Vec::new())];
    for row in probabilities {
        let ending = |tag: usize| {
            let log = f64::from(row[tag]).ln();
            let before = best.iter().filter(|(_, path)| follows(path.last().copied(), tag));
            let (sum, path) = before.max_by(|a, b| a.0.total_cmp(&b.0))?;
            Some((sum + log, [&path[..], &[tag]].concat()))
        };
        best = (0..tags.len()).filter_map(ending).collect();
    }
    let likeliest = best.into_iter().max_by(|a, b| a.0.total_cmp(&b.0));
    likeliest.map(|(_, path)| path).unwrap_or_default()
}

/// Probabilities are added, not scores: one more word is one more way to be right. The largest score
/// is taken off first.
pub(crate) fn label_scores(logits: &[f32], words: &[Vec<usize>]) -> Vec<f32> {
    let of_words = words.iter().flatten().map(|&word| logits[word]);
    let top = of_words.fold(f32::NEG_INFINITY, f32::max);
    let share = |label: &Vec<usize>| label.iter().map(|&word| (logits[word] - top).exp()).sum();
    let shares: Vec<f32> = words.iter().map(share).collect();
    let sum: f32 = shares.iter().sum();
    shares.into_iter().map(|share| share / sum).collect()
}

/// From each token as many as there are up to the end of the text, but no more than `longest`.
pub(crate) fn pieces(tokens: usize, longest: usize) -> usize {
    (0..tokens).map(|first| longest.min(tokens - first)).sum()
}

/// `! E` comes before `E N`: the E is taken, and what is left is N D.
pub(crate) fn text_past_the_watch() -> &'static str {
    "!END"
}

/// All tokens weigh alike, in whichever window they are: sums first, one division at the end.
pub(crate) fn perplexity(
    model: &CausalLm,
    ids: &[u32],
    length: usize,
    stride: usize,
) -> lt_core::Result<f64> {
    let (sum, count) = windows(model, ids, length, stride)?
        .into_iter()
        .fold((0.0, 0), |(sum, count), (of_window, tokens)| (sum + of_window, count + tokens));
    Ok((sum / count as f64).exp())
}

/// Of each window the sum of −ln p of what is new in it, and how many tokens that is.
pub(crate) fn windows(
    model: &CausalLm,
    ids: &[u32],
    length: usize,
    stride: usize,
) -> lt_core::Result<Vec<(f64, usize)>> {
    let (mut windows, mut begin, mut done) = (Vec::new(), 0, 0);
    while done < ids.len() {
        let end = ids.len().min(begin + length);
        let window = &ids[begin..end];
        let scores = model.forward(TokenIds::new(window, &Ragged::single(window.len())))?;
        let new = done.max(begin + 1)..end; // the first of a window is foretold by nobody
        let surprise = |place: usize| {
            let row = scores.row(place - 1 - begin); // of the token before it
            let sum: f64 = row.iter().map(|&score| f64::from(score).exp()).sum();
            sum.ln() - f64::from(row[ids[place] as usize])
        };
        windows.push((new.clone().map(surprise).sum(), new.len()));
        done = end;
        begin += stride;
    }
    Ok(windows)
}
