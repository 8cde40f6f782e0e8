//! What holds whatever is sorted, ranked or searched for.

use std::sync::LazyLock;

use lt_tasks::{
    Classified, FillMask, LabelChoice, LoadOptions, Reranker, ScoreFunction, Scratch, SearchIndex,
    TextClassifier, ZeroShot, cosine,
};
use lt_tokenizer::Text;
use ndarray::{Array2, Axis, concatenate, s};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use crate::checkpoint::{inference, masked_lm, one_score, three_labels};

static CLASSIFIER: LazyLock<TextClassifier> = LazyLock::new(|| {
    TextClassifier::from_dir(three_labels().path(), &LoadOptions::default()).unwrap()
});
static ZERO_SHOT: LazyLock<ZeroShot> = LazyLock::new(|| {
    let model = ZeroShot::from_dir(inference().path(), &LoadOptions::default()).unwrap();
    model.with_template("w7 {}").unwrap()
});
static RERANKER: LazyLock<Reranker> =
    LazyLock::new(|| Reranker::from_dir(one_score().path(), &LoadOptions::default()).unwrap());
static FILL_MASK: LazyLock<FillMask> =
    LazyLock::new(|| FillMask::from_dir(masked_lm().path(), &LoadOptions::default()).unwrap());

/// A text of words, of none to more than the models take.
fn text() -> impl Strategy<Value = String> {
    prop::collection::vec(5..49_usize, 0..24)
        .prop_map(|words| words.iter().map(|word| format!("w{word}")).collect::<Vec<_>>().join(" "))
}

fn texts() -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec(text(), 1..12)
}

fn scratch(threads: usize) -> Scratch {
    Scratch::with_threads(lt_kernels::pool(threads).unwrap())
}

/// The scores, by label.
fn bits<'a>(answer: &Classified<'a>) -> Vec<(&'a str, u32)> {
    let mut bits: Vec<_> =
        answer.scores.iter().map(|score| (score.label, score.score.to_bits())).collect();
    bits.sort_unstable();
    bits
}

fn zero_shot<'l>(text: &str, labels: &'l [&str], choice: LabelChoice) -> Classified<'l> {
    ZERO_SHOT.classify(&[text], labels, choice, &mut Scratch::new()).unwrap().remove(0)
}

fn sum(answer: &Classified<'_>) -> f64 {
    answer.scores.iter().map(|score| f64::from(score.score)).sum()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn scores_of_one_label_add_up_to_1_and_company_order_and_threads_change_no_bit(
        texts in texts(), threads in 1..3_usize,
    ) {
        let classify = |texts: &[String], threads| {
            CLASSIFIER.classify(texts, &mut scratch(threads)).unwrap()
        };
        let together = classify(&texts, threads);
        let reversed: Vec<String> = texts.iter().rev().cloned().collect();
        let backwards = classify(&reversed, 1);
        for (number, text) in texts.iter().enumerate() {
            let answer = &together[number];
            prop_assert!((sum(answer) - 1.0).abs() < 1e-6);
            prop_assert_eq!(answer, &backwards[texts.len() - 1 - number]);
            prop_assert_eq!(answer, &classify(std::slice::from_ref(text), 1)[0]);
        }
    }

    #[test]
    fn the_halves_of_a_pair_have_their_places(first in text(), second in text()) {
        let pair = [(first.as_str(), second.as_str()), (second.as_str(), first.as_str())];
        let answers = CLASSIFIER.classify(pair, &mut Scratch::new()).unwrap();
        let alone = CLASSIFIER.classify([Text::Pair(&second, &first)], &mut Scratch::new()).unwrap();
        prop_assert_eq!(&answers[1], &alone[0]);
        // A model that reads only one half, or both as one text, would not see which is which.
        if first != second && first.len() > 2 && second.len() > 2 {
            prop_assert_ne!(bits(&answers[0]), bits(&answers[1]));
        }
    }

    #[test]
    fn any_labels_are_probabilities_and_neither_other_labels_nor_order_change_a_bit(
        text in text(),
        labels in subsequence(vec!["w20", "w21", "w22", "w23 w24", "w25"], 1..5),
    ) {
        let together = zero_shot(&text, &labels, LabelChoice::Any);
        prop_assert!(together.scores.iter().all(|score| (0.0..=1.0).contains(&score.score)));
        let reversed: Vec<&str> = labels.iter().rev().copied().collect();
        prop_assert_eq!(bits(&together), bits(&zero_shot(&text, &reversed, LabelChoice::Any)));
        for label in &labels {
            let label = std::slice::from_ref(label);
            let alone = zero_shot(&text, label, LabelChoice::Any);
            prop_assert!(bits(&together).contains(&bits(&alone)[0]));
            prop_assert_eq!(alone, zero_shot(&text, label, LabelChoice::One));
        }
        if labels.len() > 1 {
            let one = zero_shot(&text, &labels, LabelChoice::One);
            prop_assert!((sum(&one) - 1.0).abs() < 1e-6);
            for score in &one.scores {
                let same = zero_shot(&text, &reversed, LabelChoice::One);
                let same = same.scores.iter().find(|other| other.label == score.label).unwrap();
                prop_assert!((same.score - score.score).abs() < 1e-6);
            }
        }
    }

    #[test]
    fn a_document_has_the_same_score_in_any_company_and_equal_ones_keep_their_order(
        query in text(), documents in texts(),
    ) {
        let twice: Vec<String> = documents.iter().chain(&documents).cloned().collect();
        let ranked = RERANKER.rank(&query, &twice, &mut Scratch::new()).unwrap();
        let in_order = ranked.is_sorted_by(|a, b| {
            a.score > b.score || a.score == b.score && a.index < b.index
        });
        prop_assert!(in_order);
        for hit in &ranked {
            let document = &twice[hit.index..=hit.index];
            let alone = RERANKER.rank(&query, document, &mut Scratch::new()).unwrap();
            prop_assert_eq!(alone[0].score.to_bits(), hit.score.to_bits());
            prop_assert_eq!(alone[0].truncated, hit.truncated);
        }
    }

    #[test]
    fn what_is_found_is_what_sorting_all_cosines_finds(
        (count, width, seed) in (1..60_usize, 1..9_usize, any::<u32>()),
        (asked, top) in (1..4_usize, 0..70_usize),
        blocks in select(vec![1_usize, 200]),
    ) {
        // Small whole numbers, so that many vectors are equally near, and some are zero; the same
        // ones again and again, so that there are several blocks of them.
        let number = |row: usize, column: usize| {
            let mixed = (row as u32).wrapping_mul(2_654_435_761)
                ^ (column as u32).wrapping_mul(40_503) ^ seed;
            (mixed.wrapping_mul(2_246_822_519) >> 13) % 3
        };
        let part = Array2::from_shape_fn((count, width), |(i, j)| number(i, j) as f32 - 1.0);
        let vectors = concatenate(Axis(0), &vec![part.view(); blocks]).unwrap();
        let queries = Array2::from_shape_fn((asked, width), |(i, j)| number(i + 99, j) as f32 - 1.0);
        let index = SearchIndex::new(vectors).unwrap();
        let found = index.nearest(queries.view(), top, &mut scratch(2)).unwrap();
        prop_assert_eq!(found.len(), asked);
        let all = cosine(&concatenate(Axis(0), &[queries.view(), part.view()]).unwrap());
        for (query, hits) in found.iter().enumerate() {
            let cosines = all.slice(s![query, asked..]);
            let mut sorted: Vec<(usize, f32)> =
                (0..count * blocks).map(|row| (row, cosines[row % count])).collect();
            sorted.sort_by(|a, b| b.1.total_cmp(&a.1)); // stable: equal ones keep their order
            sorted.truncate(top);
            let hits: Vec<(usize, f32)> = hits.iter().map(|hit| (hit.index, hit.score)).collect();
            prop_assert_eq!(hits, sorted);
        }
    }

    #[test]
    fn each_sigmoid_is_a_probability_and_softmax_keeps_the_order(
        logits in prop::collection::vec(-50.0_f32..50.0, 1..9),
    ) {
        let row = Array2::from_shape_vec((1, logits.len()), logits.clone()).unwrap();
        let apply = |function: ScoreFunction| {
            let mut scores = row.clone();
            function.apply(&mut scores);
            scores.row(0).to_vec()
        };
        prop_assert!(apply(ScoreFunction::Sigmoid).iter().all(|p| (0.0..=1.0).contains(p)));
        let shares = apply(ScoreFunction::Softmax);
        let total: f64 = shares.iter().map(|p| f64::from(*p)).sum();
        prop_assert!((total - 1.0).abs() < 1e-6);
        for (a, b) in logits.iter().zip(&shares) {
            for (c, d) in logits.iter().zip(&shares) {
                prop_assert!(a <= c && b <= d || a >= c && b >= d);
            }
        }
        prop_assert_eq!(apply(ScoreFunction::Raw), logits);
    }

    #[test]
    fn masks_are_filled_alike_alone_and_together(count in 1..20_usize, word in 5..51_usize) {
        let texts: Vec<String> = (0..count)
            .map(|n| format!("w{word} {}", "[MASK] w9 ".repeat(1 + n % 6)))
            .collect();
        let together = FILL_MASK.fill_all(&texts, 3, &mut scratch(2)).unwrap();
        for (text, masks) in texts.iter().zip(&together) {
            prop_assert_eq!(masks.len(), text.matches("[MASK]").count());
            prop_assert_eq!(masks, &FILL_MASK.fill(text, 3, &mut Scratch::new()).unwrap());
        }
    }
}

/// More vectors than are compared at a time, no two of them equally near, in no order.
#[test]
fn the_nearest_of_many_are_found_wherever_they_lie() {
    let mut state = 1_u32;
    let mut number = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / 16_777_216.0 - 0.5
    };
    let vectors = Array2::from_shape_fn((15_000, 3), |_| number());
    let query = ndarray::array![[0.3_f32, -0.2, 0.1]];
    let cosine = |row: ndarray::ArrayView1<'_, f32>| -> f64 {
        let dot = |a: ndarray::ArrayView1<'_, f32>, b: ndarray::ArrayView1<'_, f32>| -> f64 {
            a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum()
        };
        dot(row, query.row(0)) / (dot(row, row) * dot(query.row(0), query.row(0))).sqrt()
    };
    let cosines: Vec<f64> = vectors.outer_iter().map(cosine).collect();
    let index = SearchIndex::new(vectors).unwrap();
    for top in [1, 50, 6000] {
        let hits = index.nearest(query.view(), top, &mut Scratch::new()).unwrap().remove(0);
        let mut sorted = cosines.clone();
        sorted.sort_by(|a, b| b.total_cmp(a));
        assert_eq!(hits.len(), top);
        for (hit, expected) in hits.iter().zip(&sorted) {
            assert!((f64::from(hit.score) - expected).abs() < 1e-6);
            assert!((cosines[hit.index] - expected).abs() < 1e-6);
        }
    }
}

#[test]
fn mutants_of_these_laws_are_caught() {
    // Scores that depend on the other candidates: softmax over all of them.
    let labels = ["w20", "w21"];
    let mutant = zero_shot("w9 w10", &labels, LabelChoice::One);
    let alone = zero_shot("w9 w10", &labels[..1], LabelChoice::Any);
    assert!(!bits(&mutant).contains(&bits(&alone)[0]));
    // A search that forgets to normalise finds the longest vector, not the nearest.
    let vectors = ndarray::array![[1.0, 0.0], [9.0, 9.0]];
    let by_product = vectors.dot(&ndarray::array![1.0, 0.0]);
    assert!(by_product[1] > by_product[0]);
    let index = SearchIndex::new(vectors).unwrap();
    let query = ndarray::array![[1.0, 0.0]];
    let hits = index.nearest(query.view(), 1, &mut Scratch::new()).unwrap();
    assert_eq!(hits[0][0].index, 0);
}
