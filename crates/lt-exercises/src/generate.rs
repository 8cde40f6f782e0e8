//! Chapter: generate. `cargo xtask grade generate`
//!
//! A score (logit) of −∞, `f32::NEG_INFINITY`, means that the token is forbidden.

/// ★ Forbid all tokens but those of a list.
///
/// `logits` are the scores of the tokens 0, 1, 2 …; ids in the list that are not among them are
/// passed over. Of the scores 1, 2, 3 the list 2, 0, 9 leaves 1, −∞, 3. Held by "a filter forbids or
/// leaves alone".
pub fn allow_only(allowed: &[u32], logits: &mut [f32]) {
    todo!()
}

/// ★★ Keep the nucleus (top-p): the fewest likeliest tokens that have at least the probability p
/// together. Forbid the others. At least one stays, however small p is.
///
/// With the probabilities 0.5, 0.3, 0.2 and p = 0.7 the first two stay, with p = 0.5 the first.
/// Scores are logarithms up to a number that all have in common; some may be −∞. Held by the laws
/// of filters, and by "the fewest that have the mass p are left".
pub fn nucleus(p: f32, logits: &mut [f32]) {
    todo!()
}

/// ★★ In the tree of *The idea*, sampling says "The old house" in 0.20 of all cases, and "The sea
/// rises" in 0.36. A low temperature makes the likely likelier, and near 0 it is always "The old
/// house".
///
/// Return the temperature at which both are drawn equally often, to within one in a hundred. Three
/// words may follow "The", three "old", and two "sea". You may let the program look for it. Held
/// by the processor `Temperature`.
pub fn temperature_of_equal_chances() -> f32 {
    todo!()
}

/// ★★ A draft model proposes `lookahead` tokens in a round. The model takes each of them with the
/// probability β, 0 < β < 1, as long as it took those before it; then it writes one token of its own.
///
/// Return how many tokens a round writes on average. With β = 0.5 and one token it is 1.5. Held by
/// a generator with a draft, which is counted: [`TableModel::passes`](lt_generate::TableModel::passes).
pub fn tokens_per_round(beta: f64, lookahead: u32) -> f64 {
    todo!()
}

/// ★★★ Speculative decoding, one token: a draft model drew `proposal` from its distribution q, and
/// the model has the distribution p. Return the token that is written.
///
/// `acceptance` and `chance` are random numbers from 0 to 1, 1 excluded. The first decides whether
/// the proposal is taken; where it is not, the second draws the token that takes its place. To draw
/// from shares, go through the tokens and stop at the first where the shares so far are more than
/// `chance` of their sum.
///
/// Held by what counts: if proposals are drawn from q, what is written has the distribution p.
pub fn take(proposal: usize, p: &[f64], q: &[f64], acceptance: f64, chance: f64) -> usize {
    todo!()
}

/// ★★★ Beam search: write `tokens` tokens behind the prompt, and return the likeliest text that is
/// found, prompt included.
///
/// `next(text)` gives ln p of each token that may follow a text. Carry `beams` texts, lengthen each
/// by every token, and keep the likeliest of all. Nothing ends a text early, so that all have one
/// length, and lengths need no penalty. Held by a generator with as many beams.
pub fn beam_search(
    next: &dyn Fn(&[u32]) -> Vec<f32>,
    prompt: &[u32],
    beams: usize,
    tokens: usize,
) -> Vec<u32> {
    todo!()
}

/// ★★ Break it: a temperature that only divides.
///
/// ```text
/// logit = logit / temperature;        // was: (logit − maximum) / temperature
/// ```
///
/// A softmax does not see what is taken off from all scores. And yet a law of scores catches it:
/// return its name, as in `lt_laws::logits::DIFFERENCES_ARE_DIVIDED.name`.
pub fn law_that_catches_a_bare_division() -> &'static str {
    todo!()
}

/// ★★★ Break it: write a top-p filter that keeps the mass and keeps the wrong tokens. The laws "a
/// filter forbids or leaves alone" and "the fewest that have the mass p are left" must let it pass;
/// only "a filter keeps the order, and the best" may find it.
///
/// What is left has at least the probability p together, and less without its least likely token.
pub fn wrong_by_order_alone(p: f32, logits: &mut [f32]) {
    todo!()
}
