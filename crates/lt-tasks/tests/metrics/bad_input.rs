//! What cannot be measured is an error that says why, and the edges of what can.

use lt_tasks::metrics::{
    AnswerRules, Average, MetricError, Reading, Scheme, Score, accuracy, entities, entity_scores,
    exact_match, pearson, per_class, precision_recall_f1, spearman, token_f1,
};

const NOTHING: [&str; 0] = [];
const UNEQUAL: MetricError = MetricError::Lengths { gold: 2, predicted: 1 };

#[test]
fn lists_of_different_length_are_an_error_everywhere() {
    let (two, one) = (["O", "O"], ["O"]);
    assert_eq!(accuracy(&two, &one), Err(UNEQUAL));
    assert_eq!(precision_recall_f1(&two, &one, Average::Macro), Err(UNEQUAL));
    assert_eq!(per_class(&two, &one), Err(UNEQUAL));
    assert_eq!(entity_scores(&[two, two], &[two], Reading::Lenient), Err(UNEQUAL));
    assert_eq!(exact_match(&[[""], [""]], &one, AnswerRules::Squad), Err(UNEQUAL));
    assert_eq!(token_f1(&[[""], [""]], &one, AnswerRules::Cmrc), Err(UNEQUAL));
    assert_eq!(pearson(&[1.0, 2.0], &[1.0]), Err(UNEQUAL));
    assert_eq!(spearman(&[1.0, 2.0], &[1.0]), Err(UNEQUAL));
    assert_eq!(UNEQUAL.to_string(), "2 right ones, but 1 predicted: expected as many");
}

#[test]
fn nothing_at_all_is_an_error_everywhere() {
    let (no_lists, no_numbers): ([[&str; 1]; 0], [f64; 0]) = ([], []);
    assert_eq!(accuracy(&NOTHING, &NOTHING), Err(MetricError::Empty));
    assert_eq!(precision_recall_f1(&NOTHING, &NOTHING, Average::Micro), Err(MetricError::Empty));
    assert_eq!(per_class(&NOTHING, &NOTHING), Err(MetricError::Empty));
    assert_eq!(entity_scores(&no_lists, &no_lists, Reading::Lenient), Err(MetricError::Empty));
    assert_eq!(exact_match(&no_lists, &NOTHING, AnswerRules::Squad), Err(MetricError::Empty));
    assert_eq!(token_f1(&no_lists, &NOTHING, AnswerRules::Squad), Err(MetricError::Empty));
    assert_eq!(pearson(&no_numbers, &no_numbers), Err(MetricError::Empty));
    assert_eq!(spearman(&no_numbers, &no_numbers), Err(MetricError::Empty));
}

#[test]
fn a_sequence_of_another_length_is_named() {
    let (gold, predicted) = (vec![vec!["O"], vec!["O", "O"]], vec![vec!["O"], vec!["O"]]);
    let error = entity_scores(&gold, &predicted, Reading::Lenient).unwrap_err();
    assert_eq!(error, MetricError::Sequence { number: 1, source: Box::new(UNEQUAL) });
    assert_eq!(error.to_string(), "sequence 1, counted from 0");
}

#[test]
fn a_tag_that_the_reading_does_not_know_is_an_error() {
    let (lenient, iob1, iob2, bioes) = (
        Reading::Lenient,
        Reading::Strict(Scheme::Iob1),
        Reading::Strict(Scheme::Iob2),
        Reading::Strict(Scheme::Bioes),
    );
    for tag in ["", "-", "-PER", "PER", "LABEL_1", "O-PER", "OO", "b-PER", "B PER", "人"] {
        for reading in [lenient, iob1, iob2, bioes] {
            assert!(entities(&["O", tag], reading).is_err(), "{tag} {reading:?}");
        }
    }
    for tag in ["E-PER", "S-PER"] {
        assert!(entities(&[tag], lenient).is_ok());
        assert!(entities(&[tag], bioes).is_ok());
        assert!(entities(&[tag], iob1).is_err());
        assert!(entities(&[tag], iob2).is_err());
    }
    assert_eq!(
        entities(&["O", "E-PER"], iob2).unwrap_err().to_string(),
        "the tag \"E-PER\" at 1, counted from 0: expected O, or one of BI and a type, as in B-PER"
    );
    let error = entity_scores(&[["O"]], &[["PER"]], lenient).unwrap_err();
    assert!(matches!(error, MetricError::Sequence { number: 0, .. }));
}

#[test]
fn nothing_to_find_and_nothing_found_scores_0_and_not_nan() {
    let scores = entity_scores(&[["O", "O"]], &[["O", "O"]], Reading::Lenient).unwrap();
    assert!(scores.per_type.is_empty());
    for average in [scores.micro_average, scores.macro_average, scores.weighted_average] {
        assert_eq!(average, Score::default());
    }
    let absent = precision_recall_f1(&["a"], &["a"], Average::Binary(&"b")).unwrap();
    assert_eq!(absent, Score::default());
}

#[test]
fn what_cannot_be_correlated_is_an_error_and_not_nan() {
    for correlation in [pearson::<f64, f64>, spearman::<f64, f64>] {
        for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            let at = |side, place| Err(MetricError::NotFinite { side, place });
            assert_eq!(correlation(&[1.0, bad], &[1.0, 2.0]), at("gold", 1));
            assert_eq!(correlation(&[1.0, 2.0], &[bad, 2.0]), at("predicted", 0));
        }
        // The mean of three times 0.1 is not 0.1.
        let constant = |side| Err(MetricError::Constant { side });
        assert_eq!(correlation(&[0.1, 0.1, 0.1], &[1.0, 2.0, 3.0]), constant("gold"));
        assert_eq!(correlation(&[1.0, 2.0], &[0.0, -0.0]), constant("predicted"));
        assert_eq!(correlation(&[1.0], &[1.0]), constant("gold"));
    }
}

#[test]
fn the_largest_and_the_smallest_numbers_correlate() {
    let (most, least) = (f64::MAX, f64::from_bits(1));
    for numbers in [[-most, most, 0.0], [most, most / 2.0, most], [0.0, least, least]] {
        let itself = pearson(&numbers, &numbers).unwrap();
        assert!((itself - 1.0).abs() < 1e-15, "{numbers:?}: {itself}");
    }
}

#[test]
fn similarities_may_be_of_either_precision() {
    let gold = [0.0_f64, 1.0, 2.0];
    assert_eq!(spearman(&gold, &[0.1_f32, 0.2, 0.3]), spearman(&gold, &[0.1, 0.2, 0.3]));
}
