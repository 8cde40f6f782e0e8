//! What each way of choosing tokens promises.

#![allow(clippy::unwrap_used)] // what fails here is the test

use std::collections::BTreeMap;

use lt_generate::{
    Beam, EarlyStopping, Generator, Length, Sampling, Scores, Settings, Strategy, TableModel,
    Written,
};
use proptest::prelude::*;

/// A score between −3 and 3 that looks random.
fn score(seed: u64, before: Option<u32>, last: u32, next: u32) -> f32 {
    let before = before.map_or(99, u64::from);
    let place = (before * 100 + u64::from(last)) * 100 + u64::from(next);
    3.0 * lt_laws::sample::numbers(seed ^ place << 20).nth(3).unwrap()
}

fn table(vocabulary: usize, seed: u64) -> TableModel<impl Fn(Option<u32>, u32, u32) -> f32> {
    TableModel::new(vocabulary, move |before, last, next| score(seed, before, last, next))
}

fn settings(strategy: Strategy, tokens: usize) -> Settings {
    let maximum = Length::New(tokens);
    Settings { strategy, maximum, scores: Scores::OfChosen, ..Settings::default() }
}

/// The words of the chapter's tree; their numbers are the tokens.
const WORDS: [&str; 8] = ["The", "old", "sea", "moon", "house", "road", "rises", "shines"];

/// After "The": old 0.5, sea 0.4, moon 0.1. After "old": house 0.4, road 0.3, the rest less. After
/// "sea": rises 0.9.
fn tree() -> TableModel<impl Fn(Option<u32>, u32, u32) -> f32> {
    TableModel::new(WORDS.len(), |_, last, next| {
        let share = match (WORDS[last as usize], WORDS[next as usize]) {
            ("The", "old") => 0.5,
            ("The", "sea") | ("old", "house") => 0.4,
            ("old", "road" | "moon") => 0.3,
            ("sea", "rises") => 0.9,
            ("The", "moon") | ("sea", "shines") => 0.1,
            ("moon", _) => 0.125,
            _ => 0.0_f32,
        };
        share.ln()
    })
}

/// The words behind the prompt, and their probability.
fn said(written: &Written) -> (String, f32) {
    let words: Vec<&str> = written.new_ids().iter().map(|&id| WORDS[id as usize]).collect();
    (words.join(" "), written.log_probabilities.iter().sum::<f32>().exp())
}

#[test]
fn greedy_search_finds_a_fifth_and_two_beams_find_more_than_a_third() {
    let model = tree();
    let find = |strategy| {
        let generator = Generator::new(&model, settings(strategy, 2)).unwrap();
        said(&generator.generate(&[[0]]).unwrap()[0])
    };
    let (words, probability) = find(Strategy::Greedy);
    assert_eq!(words, "old house");
    assert!((probability - 0.5 * 0.4).abs() < 1e-6);
    let (words, probability) = find(Strategy::Beam(Beam { beams: 2, ..Beam::default() }));
    assert_eq!(words, "sea rises");
    assert!((probability - 0.4 * 0.9).abs() < 1e-6);
}

/// All texts of `tokens` tokens, or fewer that end with token `end`, with the sum of their
/// logarithms, by brute force.
fn all_texts(seed: u64, (vocabulary, end, tokens): (u32, u32, usize)) -> Vec<(Vec<u32>, f64)> {
    let (mut open, mut done) = (vec![(vec![0_u32], 0.0_f64)], Vec::new());
    for step in 1..=tokens {
        for (ids, sum) in std::mem::take(&mut open) {
            let before = ids.len().checked_sub(2).map(|place| ids[place]);
            let last = *ids.last().unwrap();
            let scores: Vec<f64> =
                (0..vocabulary).map(|next| f64::from(score(seed, before, last, next))).collect();
            let total = scores.iter().map(|x| x.exp()).sum::<f64>().ln();
            for (next, score) in (0..).zip(&scores) {
                let text = (ids.iter().copied().chain([next]).collect(), sum + score - total);
                if next == end || step == tokens { done.push(text) } else { open.push(text) }
            }
        }
    }
    done
}

/// As many beams as there are texts to carry: nothing is lost. The vocabulary limits the beams, so
/// that texts have two tokens here.
#[test]
fn beams_as_wide_as_the_vocabulary_find_what_brute_force_finds() {
    for (seed, vocabulary) in (0..60).flat_map(|seed| [(seed, 4), (seed, 6)]) {
        for length_penalty in [0.0, 1.0, -0.5, 2.0] {
            let model = table(vocabulary as usize, seed);
            let beam = Beam {
                beams: vocabulary as usize,
                length_penalty,
                early_stopping: EarlyStopping::WhenNothingCanImprove,
                best: 1,
            };
            let settings = Settings { end_tokens: vec![1], ..settings(Strategy::Beam(beam), 2) };
            let generator = Generator::new(&model, settings).unwrap();
            let written = generator.generate(&[[0]]).unwrap();
            let worth = |(ids, sum): &(Vec<u32>, f64)| {
                sum / ((ids.len() - 1) as f64).powf(length_penalty.into())
            };
            let texts = all_texts(seed, (vocabulary, 1, 2));
            let best = texts.iter().max_by(|a, b| worth(a).total_cmp(&worth(b))).unwrap();
            assert_eq!(written[0].ids, best.0, "seed {seed}, penalty {length_penalty}");
            assert!((f64::from(written[0].score.unwrap()) - worth(best)).abs() < 1e-5);
        }
    }
}

#[test]
fn more_beams_find_no_less_on_the_whole() {
    let found = |beams| -> f32 {
        let beam = Beam { beams, length_penalty: 0.0, ..Beam::default() };
        let score = |seed| {
            let model = table(9, seed);
            let generator = Generator::new(&model, settings(Strategy::Beam(beam), 8)).unwrap();
            generator.generate(&[[0]]).unwrap()[0].score.unwrap()
        };
        (0..50).map(score).sum()
    };
    let sums = [1, 2, 4, 8].map(found);
    assert!(sums.is_sorted(), "{sums:?}");
}

/// The n-th best text is no better than the one before it, and none comes twice.
#[test]
fn the_best_texts_come_in_order_and_once() {
    for seed in 0..40 {
        let model = table(7, seed);
        let beam = Beam { beams: 5, best: 5, ..Beam::default() };
        let settings = Settings { end_tokens: vec![2, 3], ..settings(Strategy::Beam(beam), 6) };
        let written = Generator::new(&model, settings).unwrap().generate(&[[0]]).unwrap();
        assert_eq!(written.len(), 5);
        assert!(written.windows(2).all(|pair| pair[0].score >= pair[1].score));
        let texts: std::collections::BTreeSet<_> = written.iter().map(|text| &text.ids).collect();
        assert_eq!(texts.len(), 5);
    }
}

proptest! {
    #[test]
    fn one_beam_is_greedy(seed in any::<u64>(), penalty in 1.0_f32..2.0, length in 0..12_usize) {
        let model = table(8, seed);
        let common = |strategy| Settings {
            repetition_penalty: Some(penalty), end_tokens: vec![5], ..settings(strategy, length)
        };
        let run = |strategy| {
            Generator::new(&model, common(strategy)).unwrap().generate(&[[0, 3]]).unwrap()
        };
        let beam = run(Strategy::Beam(Beam { beams: 1, ..Beam::default() }));
        prop_assert_eq!(&beam[0].ids, &run(Strategy::Greedy)[0].ids);
        let sum: f32 = beam[0].log_probabilities.iter().sum();
        let tokens = beam[0].new_ids().len().max(1) as f32;
        prop_assert!((beam[0].score.unwrap() - sum / tokens).abs() < 1e-5);
    }

    #[test]
    fn a_low_temperature_is_greedy(seed in any::<u64>(), cold in prop::sample::select(vec![1e-4_f32, 1e-38])) {
        let model = table(8, seed);
        let sampling = Sampling { temperature: cold, ..Sampling::default() };
        let run = |strategy| {
            let settings = Settings { seed, ..settings(strategy, 10) };
            Generator::new(&model, settings).unwrap().generate(&[[0, 3]]).unwrap()
        };
        prop_assert_eq!(&run(Strategy::Sample(sampling))[0].ids, &run(Strategy::Greedy)[0].ids);
    }
}

/// χ² of what was counted against what is expected: below its mean plus six standard deviations.
fn fits(counts: &[f64], expected: &[f64]) -> bool {
    let cells = expected.iter().filter(|&&e| e > 0.0).count() as f64 - 1.0;
    let terms = counts.iter().zip(expected);
    if terms.clone().any(|(&count, &expected)| expected == 0.0 && count > 0.0) {
        return false;
    }
    let terms = terms.filter(|(_, expected)| **expected > 0.0);
    let square: f64 = terms.map(|(count, expected)| (count - expected).powi(2) / expected).sum();
    square < cells + 6.0 * (2.0 * cells).sqrt()
}

/// How often each token is drawn behind one prompt, over many seeds, and how often it should be.
#[test]
fn tokens_are_drawn_as_often_as_their_probabilities_say() {
    let model =
        TableModel::new(6, |_, _, next| [0.1_f32, 0.3, 0.05, 0.25, 0.2, 0.1][next as usize].ln());
    let draws = 20_000;
    let cases: [(Sampling, [f64; 6]); 4] = [
        (Sampling::default(), [0.1, 0.3, 0.05, 0.25, 0.2, 0.1]),
        (
            Sampling { top_k: Some(3), ..Sampling::default() },
            [0.0, 0.4, 0.0, 1.0 / 3.0, 4.0 / 15.0, 0.0],
        ),
        (
            Sampling { top_p: Some(0.5), ..Sampling::default() },
            [0.0, 6.0 / 11.0, 0.0, 5.0 / 11.0, 0.0, 0.0],
        ),
        (
            // Squares: 1, 9, 0.25, 6.25, 4, 1 of 21.5; at least 0.3 · 9 of them.
            Sampling { temperature: 0.5, min_p: Some(0.3), ..Sampling::default() },
            [0.0, 9.0 / 19.25, 0.0, 6.25 / 19.25, 4.0 / 19.25, 0.0],
        ),
    ];
    for (sampling, probabilities) in cases {
        let settings = settings(Strategy::Sample(sampling), 1);
        let written =
            Generator::new(&model, settings).unwrap().generate(&vec![[0]; draws]).unwrap();
        let mut counts = [0.0; 6];
        written.iter().for_each(|text| counts[text.ids[1] as usize] += 1.0);
        let expected = probabilities.map(|p| p * draws as f64);
        assert!(fits(&counts, &expected), "{sampling:?}: {counts:?}, expected {expected:?}");
        // What is reported is the logarithm of the probability that it was drawn with.
        for text in written.iter().take(50) {
            let expected = probabilities[text.ids[1] as usize].ln();
            assert!((f64::from(text.log_probabilities[0]) - expected).abs() < 1e-5);
        }
    }
}

/// Texts of three tokens behind one prompt, with a draft model: as often as without it.
#[test]
fn a_draft_model_changes_no_distribution() {
    let (model, draft) = (table(5, 1), table(5, 2));
    let sampling = Sampling { temperature: 1.3, top_k: Some(4), ..Sampling::default() };
    let draws = 30_000;
    let texts = |drafted: bool| {
        let settings =
            Settings { repetition_penalty: Some(1.2), ..settings(Strategy::Sample(sampling), 3) };
        let generator = Generator::new(&model, settings).unwrap();
        let prompts = vec![[2, 0]; draws];
        let written = if drafted {
            generator.with_draft(&draft, 2).unwrap().generate(&prompts).unwrap()
        } else {
            generator.generate(&prompts).unwrap()
        };
        let mut counts: BTreeMap<Vec<u32>, (f64, f64)> = BTreeMap::new();
        for text in written {
            let probability = f64::from(text.log_probabilities.iter().sum::<f32>().exp());
            let entry = counts.entry(text.ids).or_insert((0.0, probability * draws as f64));
            entry.0 += 1.0;
        }
        counts
    };
    for drafted in [false, true] {
        let counts = texts(drafted);
        let (mut got, mut expected) = (Vec::new(), Vec::new());
        for (count, probable) in counts.into_values().filter(|(_, probable)| *probable > 10.0) {
            got.push(count);
            expected.push(probable);
        }
        assert!(got.len() > 20);
        assert!(fits(&got, &expected), "drafted: {drafted}, {got:?}, expected {expected:?}");
    }
}

proptest! {
    #[test]
    fn greedy_search_with_a_draft_model_finds_the_same(
        seeds in any::<(u64, u64)>(), lookahead in 1..6_usize, length in 0..14_usize,
    ) {
        // The draft model is right about half of the time.
        let model = table(6, seeds.0);
        let other = table(6, seeds.1);
        let prompts = [vec![0], vec![1, 2, 3], vec![5, 5]];
        for (draft, name) in [(&model, "itself"), (&table(6, seeds.0), "its equal")] {
            let settings = Settings {
                end_tokens: vec![4], no_repeat_ngram: Some(3), minimum: Length::New(length.min(3)),
                ..settings(Strategy::Greedy, length)
            };
            let generator = Generator::new(&model, settings).unwrap();
            let alone = generator.generate(&prompts).unwrap();
            let drafted = generator.clone().with_draft(draft, lookahead).unwrap();
            prop_assert_eq!(&drafted.generate(&prompts).unwrap(), &alone, "{}", name);
            let drafted = generator.with_draft(&other, lookahead).unwrap();
            prop_assert_eq!(&drafted.generate(&prompts).unwrap(), &alone);
        }
    }

    #[test]
    fn a_text_does_not_depend_on_its_batch(seed in any::<u64>(), kind in 0..4_usize) {
        let (model, draft) = (table(7, seed), table(7, seed ^ 1));
        let strategy = match kind {
            0 => Strategy::Greedy,
            3 => Strategy::Beam(Beam { beams: 3, ..Beam::default() }),
            _ => Strategy::Sample(Sampling { top_p: Some(0.9), ..Sampling::default() }),
        };
        let run = |prompts: &[Vec<u32>], seed: u64| {
            let settings = Settings { seed, end_tokens: vec![4], ..settings(strategy, 9) };
            let generator = Generator::new(&model, settings).unwrap();
            let written = match kind {
                2 => generator.with_draft(&draft, 3).unwrap().generate(prompts),
                _ => generator.generate(prompts),
            };
            written.unwrap()
        };
        let prompts = [vec![0], vec![3, 1, 2, 6], vec![5, 5], vec![6]];
        for (number, written) in run(&prompts, 40).into_iter().enumerate() {
            let alone = run(&prompts[number..=number], 40 + number as u64).remove(0);
            prop_assert_eq!(written, Written { sequence: number, ..alone });
        }
    }
}
