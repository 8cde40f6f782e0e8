//! What the exercises on generation are held against.

use lt_generate::processors::Temperature;
use lt_generate::{
    Beam, Buffers, Generator, Length, LogitsProcessor, Prefix, Sampling, Settings, Strategy,
    TableModel,
};
use lt_laws::logits;
use lt_laws::proptest::collection::vec;
use lt_laws::proptest::prelude::{Strategy as _, any};
use lt_laws::{Law, sample};

use super::{Tried, breaks_only, exercises, is_caught_by};

exercises! { generate:
    One allow_only [
        "What does a forbidden token have for a score? And what must happen to the score of an allowed one?",
        "Go through the scores with their ids; where the id is not in the list, the score becomes `f32::NEG_INFINITY`.",
    ]
    Two nucleus [
        "Softmax, then a list of ids with the likeliest first, then add up.",
        "The token with which the sum reaches p belongs to the nucleus: without it the mass is less than p.",
        "Forbid a token if those before it have p already, and there is one before it.",
    ]
    Two temperature_of_equal_chances [
        "Dividing a logarithm by T takes the probability to the power 1/T. What must be done to the three of them then?",
        "0.5ᵃ/(0.5ᵃ + 0.4ᵃ + 0.1ᵃ) · 0.4ᵃ/(0.4ᵃ + 2·0.3ᵃ) with a = 1/T is the one. Write the other, and halve between 0 and 1.",
    ]
    Two tokens_per_round [
        "With which probability is the second proposal written? The third?",
        "The model's own token is written in every round. So 1 + β + β² + …",
    ]
    Three take [
        "It is taken with probability min(1, p/q), so if `acceptance` is below that.",
        "Drawing from p where it was refused gives too much to what is proposed often. What does each token lack, after proposals that were taken: q·min(1, p/q) = min(q, p)?",
        "Draw from the shares max(0, p − q).",
    ]
    Three beam_search [
        "Begin with one text, the prompt, and ln p = 0.",
        "In each step there are beams · v candidates. They are compared by the sum of all their logarithms.",
        "Sort the candidates of all beams together, and keep the first `beams`.",
    ]
    Two law_that_catches_a_bare_division [
        "The differences are right. What can go wrong with a number that is divided by something small?",
        "3·10⁹ / 10⁻³⁰ is more than an f32 holds.",
    ]
    Three wrong_by_order_alone [
        "The law of the mass does not say which tokens make it up.",
        "Take tokens in any other order than by their probability, until they have p.",
        "Then what you took first may be too much: as long as the rest has p without the least likely one, that one goes.",
    ]
}

/// See [`allow_only`].
const ONLY_THE_LIST_IS_LEFT: Law = Law {
    name: "only the list is left",
    statement: "yᵢ = xᵢ if i is in the list, else yᵢ = −∞",
    tolerance: "none",
};

fn allow_only(answer: fn(&[u32], &mut [f32])) {
    let scores = vec(-3_i8..4, 1..5);
    ONLY_THE_LIST_IS_LEFT.hold(&(vec(0_u32..6, 0..4), scores), |(list, scores)| {
        let before: Vec<f32> = scores.into_iter().map(f32::from).collect();
        let mut after = before.clone();
        answer(&list, &mut after);
        for (id, (&x, y)) in (0_u32..).zip(before.iter().zip(after)) {
            let expected = if list.contains(&id) { x } else { f32::NEG_INFINITY };
            if y != expected {
                return Err(format!(
                    "of the scores {before:?} and the list {list:?}: score {id} becomes {y}, expected {expected}"
                ));
            }
        }
        Ok(())
    });
    logits::a_filter_forbids_or_leaves_alone(|scores| answer(&[0, 3, 4, 9], scores));
}

/// A filter with its p.
type Filter = fn(f32, &mut [f32]);

const FILTER_LAWS: &[Tried<Filter>] = &[
    (&logits::A_FILTER_FORBIDS_OR_LEAVES_ALONE, |filter| {
        logits::a_filter_forbids_or_leaves_alone(|scores| filter(0.7, scores));
    }),
    (&logits::THE_NUCLEUS_IS_LEFT, |filter| logits::the_nucleus_is_left(filter)),
    (&logits::THE_BETTER_STAY, |filter| logits::the_better_stay(|scores| filter(0.7, scores))),
];

fn nucleus(answer: Filter) {
    FILTER_LAWS.iter().for_each(|(_, hold)| hold(&answer));
    logits::the_better_stay(|scores| answer(1e-9, scores)); // one stays
}

fn temperature_of_equal_chances(answer: fn() -> f32) {
    let t = answer();
    let temperature = Temperature::new(t).unwrap_or_else(|error| panic!("{error}"));
    let share = |shares: &[f32], chosen: usize| {
        let mut row: Vec<f32> = shares.iter().map(|share| share.ln()).collect();
        temperature.process(Prefix::new(&[0], 1), &mut row, &mut Buffers::default());
        let mut row = ndarray::Array2::from_shape_vec((1, row.len()), row).expect("one row");
        lt_kernels::softmax(row.view_mut());
        row[[0, chosen]]
    };
    let step = |chosen| share(&[0.5, 0.4, 0.1], chosen);
    let (house, rises) = (step(0) * share(&[0.4, 0.3, 0.3], 0), step(1) * share(&[0.9, 0.1], 0));
    assert!(
        (house - rises).abs() <= 0.02 * house.max(rises),
        "at T = {t}, \"The old house\" is drawn with probability {house:.4}, \"The sea rises\" with {rises:.4}"
    );
}

fn tokens_per_round(answer: fn(f64, u32) -> f64) {
    const TOKENS: usize = 3000;
    for (first, lookahead) in [(0.9_f32, 1), (0.7, 2), (0.7, 4), (0.55, 8)] {
        // Of two tokens, alike to the model, the draft likes the first better: β = Σ min(p, q).
        let beta = 1.5 - f64::from(first);
        let model = TableModel::new(2, |_, _, _| 0.0);
        let draft = TableModel::new(
            2,
            move |_, _, next| {
                if next == 0 { first.ln() } else { (1.0 - first).ln() }
            },
        );
        let settings = Settings {
            strategy: Strategy::Sample(Sampling::default()),
            maximum: Length::New(TOKENS),
            ..Settings::default()
        };
        let generator =
            Generator::new(&model, settings).and_then(|it| it.with_draft(&draft, lookahead));
        generator.and_then(|it| it.generate(&[[0_u32]])).unwrap_or_else(|error| panic!("{error}"));
        let counted = TOKENS as f64 / model.passes() as f64;
        let answer = answer(beta, lookahead as u32);
        assert!(
            (answer / counted - 1.0).abs() < 0.07,
            "with β = {beta:.2} and {lookahead} proposals a round: you say {answer:.3} tokens, counted are {counted:.3}"
        );
    }
}

/// See [`take`].
const WHAT_IS_WRITTEN_IS_OF_THE_MODEL: Law = Law {
    name: "what is written has the model's distribution",
    statement: "Σ over proposals w of q(w) · P(x is written | w) = p(x)",
    tolerance: "0.03: random numbers are tried in 40 steps",
};

fn take(answer: fn(usize, &[f64], &[f64], f64, f64) -> usize) {
    let weights = || {
        vec(0_u8..5, 3).prop_map(|mut weights| {
            weights[0] += 1; // they cannot all be 0
            let sum: u8 = weights.iter().sum();
            weights
                .into_iter()
                .map(|weight| f64::from(weight) / f64::from(sum))
                .collect::<Vec<f64>>()
        })
    };
    WHAT_IS_WRITTEN_IS_OF_THE_MODEL.hold(&(weights(), weights()), |(p, q)| {
        let steps = || (0..40).map(|step| (f64::from(step) + 0.5) / 40.0);
        let mut written = [0.0; 3];
        for proposal in (0..3).filter(|&id| q[id] > 0.0) {
            for acceptance in steps() {
                for chance in steps() {
                    match written.get_mut(answer(proposal, &p, &q, acceptance, chance)) {
                        Some(share) => *share += q[proposal] / 1600.0,
                        None => return Err("a token that there is not".to_owned()),
                    }
                }
            }
        }
        match (0..3).find(|&id| (written[id] - p[id]).abs() > 0.03) {
            None => Ok(()),
            Some(id) => Err(format!(
                "with p = {p:.2?} and q = {q:.2?}, token {id} is written in {:.2} of all cases, expected {:.2}",
                written[id], p[id]
            )),
        }
    });
}

/// See [`beam_search`].
const BEAMS_FIND_THE_SAME: Law = Law {
    name: "as many beams find the same text",
    statement: "your text = Generator with Beam { beams, .. }",
    tolerance: "1e-4 of ln p",
};

/// The words of the model that beams search in.
const WORDS: usize = 4;

type BeamSearch = fn(&dyn Fn(&[u32]) -> Vec<f32>, &[u32], usize, usize) -> Vec<u32>;

fn beam_search(answer: BeamSearch) {
    let cases = (1_usize..=WORDS, 1_usize..5, any::<u64>().no_shrink());
    BEAMS_FIND_THE_SAME.hold(&cases, |(beams, tokens, seed)| {
        let table: Vec<f32> = sample::numbers(seed).take((WORDS + 1) * WORDS * WORDS).collect();
        let score = |before: Option<u32>, last: u32, next: u32| {
            let before = before.map_or(WORDS, |before| before as usize);
            3.0 * table[(before * WORDS + last as usize) * WORDS + next as usize]
        };
        let next = |text: &[u32]| -> Vec<f32> {
            let [before @ .., last] = text else { return vec![f32::NEG_INFINITY; WORDS] };
            let row: Vec<f32> =
                (0..WORDS as u32).map(|next| score(before.last().copied(), *last, next)).collect();
            let sum: f32 = row.iter().map(|score| score.exp()).sum();
            row.iter().map(|score| score - sum.ln()).collect()
        };
        let beam = Beam { beams, ..Beam::default() };
        let maximum = Length::New(tokens);
        let settings = Settings { strategy: Strategy::Beam(beam), maximum, ..Settings::default() };
        let model = TableModel::new(WORDS, score);
        let found = Generator::new(&model, settings)
            .and_then(|generator| generator.generate(&[[0]]))
            .map_err(|error| error.to_string())?;
        let (text, found) = (answer(&next, &[0], beams, tokens), &found[0].ids);
        if text.len() != found.len() || text[0] != 0 || text.iter().any(|&id| id as usize >= WORDS) {
            return Err(format!("{text:?} is no text of 0 and {tokens} tokens below {WORDS}"));
        }
        let log = |text: &[u32]| -> f32 {
            (1..text.len()).map(|end| next(&text[..end])[text[end] as usize]).sum()
        };
        let (yours, theirs) = (log(&text), log(found));
        if (yours - theirs).abs() <= 1e-4 {
            return Ok(());
        }
        let more = if yours > theirs { ": so you looked at more than beams do" } else { "" };
        Err(format!(
            "beams: {beams}, tokens: {tokens}. You find {text:?} with ln p = {yours:.3}, the search finds {found:?} with {theirs:.3}{more}"
        ))
    });
}

const TEMPERATURE_LAWS: &[Tried<Filter>] = &[
    (&logits::DIFFERENCES_ARE_DIVIDED, |divide| logits::differences_are_divided(divide)),
    (&logits::A_LOW_TEMPERATURE_IS_GREEDY, |divide| logits::a_low_temperature_is_greedy(divide)),
    (&logits::THE_BETTER_STAY, |divide| logits::the_better_stay(|scores| divide(0.3, scores))),
];

fn law_that_catches_a_bare_division(answer: fn() -> &'static str) {
    let mutant: Filter = |t, scores| scores.iter_mut().for_each(|score| *score /= t);
    is_caught_by(answer(), TEMPERATURE_LAWS, &mutant);
}

fn wrong_by_order_alone(answer: Filter) {
    breaks_only(&logits::THE_BETTER_STAY, FILTER_LAWS, &answer);
}
