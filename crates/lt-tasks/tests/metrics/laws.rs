//! What holds whatever is measured.

use lt_tasks::metrics::{
    AnswerRules, Average, Reading, Scheme, Score, Span, accuracy, entities, entity_scores,
    exact_match, pearson, per_class, precision_recall_f1, spearman, token_f1,
};
use proptest::prelude::*;
use proptest::sample::select;

const READINGS: [Reading; 4] = [
    Reading::Lenient,
    Reading::Strict(Scheme::Iob1),
    Reading::Strict(Scheme::Iob2),
    Reading::Strict(Scheme::Bioes),
];
const RULES: [AnswerRules; 2] = [AnswerRules::Squad, AnswerRules::Cmrc];

/// Two lists of the same length.
fn pairs<T: std::fmt::Debug>(
    one: impl Strategy<Value = T>,
    other: impl Strategy<Value = T>,
) -> impl Strategy<Value = (Vec<T>, Vec<T>)> {
    prop::collection::vec((one, other), 1..30).prop_map(|pairs| pairs.into_iter().unzip())
}

/// A tag that every reading knows.
fn tag() -> impl Strategy<Value = &'static str> {
    select(vec!["O", "B-A", "I-A", "B-B", "I-B", "B-B-x", "I", "B"])
}

/// Spans from the first to the last that do not overlap, and how many tokens there are.
fn spans() -> impl Strategy<Value = (Vec<Span>, usize)> {
    let span = (0..3_usize, 1..4_usize, select(vec!["A", "B", "C-d"]));
    prop::collection::vec(span, 0..8).prop_map(|parts| {
        let mut next = 0;
        let mut spans = Vec::new();
        for (gap, length, label) in parts {
            let start = next + gap;
            next = start + length;
            spans.push(Span { label: label.to_owned(), start, end: next });
        }
        (spans, next + 1)
    })
}

/// The tags of spans.
fn tags(spans: &[Span], length: usize, scheme: Scheme) -> Vec<String> {
    let mut tags = vec!["O".to_owned(); length];
    let mut before: Option<&Span> = None;
    for span in spans {
        let touches =
            before.is_some_and(|before| before.end == span.start && before.label == span.label);
        let length = span.end - span.start;
        for (place, tag) in tags[span.start..span.end].iter_mut().enumerate() {
            let (first, last) = (place == 0, place + 1 == length);
            let letter = match scheme {
                Scheme::Bioes if first && last => 'S',
                Scheme::Bioes if last => 'E',
                Scheme::Iob1 if first && !touches => 'I',
                _ if first => 'B',
                _ => 'I',
            };
            *tag = format!("{letter}-{}", span.label);
        }
        before = Some(span);
    }
    tags
}

fn in_unit(score: Score) -> bool {
    [score.precision, score.recall, score.f1].iter().all(|part| (0.0..=1.0).contains(part))
}

/// What is the same when precision and recall change places.
fn swapped(score: Score) -> (f64, f64, f64) {
    (score.recall, score.precision, score.f1)
}

fn parts(score: Score) -> (f64, f64, f64) {
    (score.precision, score.recall, score.f1)
}

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-12
}

proptest! {
    #[test]
    fn scores_lie_between_0_and_1_and_right_predictions_have_1(
        (gold, predicted) in pairs(0..4_u8, 0..4_u8),
    ) {
        for average in [Average::Binary(&0), Average::Micro, Average::Macro, Average::Weighted] {
            prop_assert!(in_unit(precision_recall_f1(&gold, &predicted, average).unwrap()));
        }
        for average in [Average::Micro, Average::Macro, Average::Weighted] {
            let perfect = precision_recall_f1(&gold, &gold, average).unwrap();
            prop_assert_eq!(parts(perfect), (1.0, 1.0, 1.0));
        }
    }

    #[test]
    fn changing_sides_swaps_precision_and_recall_and_leaves_f1(
        (gold, predicted) in pairs(0..4_u8, 0..4_u8),
    ) {
        for average in [Average::Binary(&0), Average::Micro, Average::Macro] {
            let there = precision_recall_f1(&gold, &predicted, average).unwrap();
            let back = precision_recall_f1(&predicted, &gold, average).unwrap();
            prop_assert_eq!(parts(there), swapped(back));
        }
        prop_assert_eq!(accuracy(&gold, &predicted), accuracy(&predicted, &gold));
    }

    #[test]
    fn micro_f1_and_weighted_recall_are_the_accuracy(
        (gold, predicted) in pairs(0..4_u8, 0..4_u8),
    ) {
        let accuracy = accuracy(&gold, &predicted).unwrap();
        let micro = precision_recall_f1(&gold, &predicted, Average::Micro).unwrap();
        prop_assert_eq!(parts(micro), (accuracy, accuracy, accuracy));
        let weighted = precision_recall_f1(&gold, &predicted, Average::Weighted).unwrap();
        prop_assert!(near(weighted.recall, accuracy));
        let support: usize =
            per_class(&gold, &predicted).unwrap().values().map(|class| class.support).sum();
        prop_assert_eq!(support, gold.len());
    }

    #[test]
    fn entities_never_overlap_and_lie_within_their_sequence(
        tags in prop::collection::vec(tag(), 0..30),
    ) {
        for reading in READINGS {
            let mut next = 0;
            for span in entities(&tags, reading).unwrap() {
                prop_assert!(next <= span.start && span.start < span.end, "{:?}", reading);
                next = span.end;
            }
            prop_assert!(next <= tags.len());
        }
    }

    #[test]
    fn leniently_every_tag_but_o_is_in_an_entity(tags in prop::collection::vec(tag(), 0..30)) {
        let spans = entities(&tags, Reading::Lenient).unwrap();
        let covered: usize = spans.iter().map(|span| span.end - span.start).sum();
        prop_assert_eq!(covered, tags.iter().filter(|tag| **tag != "O").count());
    }

    #[test]
    fn entities_written_in_a_scheme_are_read_again_strictly_and_leniently(
        (spans, length) in spans(),
    ) {
        for scheme in [Scheme::Iob1, Scheme::Iob2, Scheme::Bioes] {
            let tags = tags(&spans, length, scheme);
            prop_assert_eq!(&entities(&tags, Reading::Strict(scheme)).unwrap(), &spans);
            prop_assert_eq!(&entities(&tags, Reading::Lenient).unwrap(), &spans);
        }
    }

    #[test]
    fn what_was_read_from_any_tags_is_read_again_from_iob2(
        tags_of_a_model in prop::collection::vec(tag(), 0..30),
    ) {
        for reading in READINGS {
            let spans = entities(&tags_of_a_model, reading).unwrap();
            let written = tags(&spans, tags_of_a_model.len(), Scheme::Iob2);
            let iob2 = Reading::Strict(Scheme::Iob2);
            prop_assert_eq!(entities(&written, iob2).unwrap(), spans);
        }
    }

    #[test]
    fn any_text_as_a_tag_is_an_entity_or_an_error_but_no_panic(
        tags in prop::collection::vec("[BIESO人]?-?.{0,2}", 0..6),
    ) {
        for reading in READINGS {
            let _ = entities(&tags, reading);
        }
    }

    #[test]
    fn entity_scores_lie_between_0_and_1_and_f1_is_symmetric(
        (gold, predicted) in pairs(tag(), tag()),
    ) {
        for reading in READINGS {
            let there = entity_scores(&[&gold], &[&predicted], reading).unwrap();
            let back = entity_scores(&[&predicted], &[&gold], reading).unwrap();
            prop_assert!(there.per_type.values().all(|&score| in_unit(score)));
            prop_assert!(in_unit(there.weighted_average));
            prop_assert_eq!(parts(there.micro_average), swapped(back.micro_average));
            prop_assert_eq!(parts(there.macro_average), swapped(back.macro_average));
        }
    }

    #[test]
    fn an_answer_scores_between_its_exact_match_and_1(
        gold in prop::collection::vec("(the |a |cat|狗|，|\\.| |\u{1f}|É){0,6}", 0..4),
        predicted in "(the |a |cat|狗|，|\\.| |\u{1f}|É){0,6}",
    ) {
        for rules in RULES {
            let exact = exact_match(&[&gold], &[&predicted], rules).unwrap();
            let f1 = token_f1(&[&gold], &[&predicted], rules).unwrap();
            prop_assert!(exact <= f1 && f1 <= 1.0, "{:?}: {} and {}", rules, exact, f1);
        }
    }

    #[test]
    fn any_two_answers_have_the_same_f1_either_way(one in any::<String>(), other in ".{0,9}") {
        for rules in RULES {
            let f1 = |gold: &str, predicted: &str| token_f1(&[[gold]], &[predicted], rules);
            prop_assert_eq!(f1(&one, &other), f1(&other, &one));
            prop_assert_eq!(f1(&one, &one), Ok(1.0));
        }
    }

    #[test]
    fn spearman_knows_only_the_order((x, y) in pairs(-50..50_i32, -50..50_i32)) {
        let monotone: Vec<f64> = x.iter().map(|&x| f64::from(x).powi(3) + 7.0).collect();
        let falling: Vec<f64> = x.iter().map(|&x| -f64::from(x)).collect();
        match spearman(&x, &y) {
            Ok(rho) => {
                prop_assert!((-1.0..=1.0).contains(&rho));
                prop_assert_eq!(spearman(&monotone, &y), Ok(rho));
                prop_assert!(near(spearman(&falling, &y).unwrap(), -rho));
                prop_assert!(near(spearman(&y, &x).unwrap(), rho));
            }
            Err(_) => prop_assert!(spearman(&monotone, &y).is_err()),
        }
    }

    #[test]
    fn pearson_knows_no_units((x, y) in pairs(-50..50_i32, -50..50_i32), shift in -9..9_i32) {
        let scaled: Vec<f64> = x.iter().map(|&x| 3.0 * f64::from(x + shift)).collect();
        if let Ok(r) = pearson(&x, &y) {
            prop_assert!(near(pearson(&scaled, &y).unwrap(), r));
            prop_assert!(near(pearson(&x, &x).unwrap(), 1.0));
        }
    }

    #[test]
    fn any_numbers_correlate_within_1_or_not_at_all(
        (x, y) in pairs(any::<f64>(), any::<f64>()),
    ) {
        for correlation in [pearson::<f64, f64>, spearman::<f64, f64>] {
            if let Ok(r) = correlation(&x, &y) {
                prop_assert!((-1.0..=1.0).contains(&r));
            }
        }
    }
}
