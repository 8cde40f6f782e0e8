//! What the exercises on attention are held against.

use lt_attention::{AttentionInput, ScaledDotProduct};
use lt_core::{Mask, Module, Place, Ragged};
use lt_laws::attention::{self as laws, Inputs};
use lt_laws::{Law, softmax};
use ndarray::{Array2, ArrayView2, array};

use super::{Told, Tried, breaks_only, exercises, is, is_caught_by, told};

exercises! { attention:
    One equal_keys [
        "What are the scores, if all keys are the same? And what does softmax make of equal numbers?",
        "Each weight is 1/3.",
    ]
    One seen_under_both [
        "`&` joins masks: a key is seen if both allow it.",
        "The last query sees two keys, the first query one.",
    ]
    Two tokens_that_fit [
        "How many numbers are kept of one token in one layer? Queries are not kept.",
        "A key and a value of `key_heads · width` numbers each, four bytes a number, in every layer.",
    ]
    Two weights [
        "Take the largest score off all of them first: which law needs that?",
        "If the largest score is −∞, there is nothing to look at, and −∞ − (−∞) is NaN.",
    ]
    Two key_head [
        "With 4 heads and 2 heads of keys: 0, 0, 1, 1.",
        "How large is a group?",
    ]
    Three attention [
        "For each query: scores of the keys that are allowed, times 1/√d; softmax; the sum of the values with these weights.",
        "`Place { sequence, query, key }` counts queries and keys within their text, the rows of `query` and `key` count from the beginning of the batch.",
        "A hidden key may hold NaN: leave it out of both sums, do not multiply it by zero. Your `weights` helps.",
    ]
    Two law_that_catches_zero_times_anything [
        "The weight of a hidden key is 0 either way. For which values v is 0·v not 0?",
        "Which law puts such a value behind a mask?",
    ]
    Three wrong_by_definition_alone [
        "The weights may be any numbers that are positive, sum to one, and depend on a query and its keys alone.",
        "Change the scale of the scores.",
    ]
}

fn equal_keys(answer: fn() -> f32) {
    let (query, key) = (array![[0.3]], array![[2.0], [2.0], [2.0]]);
    let value = array![[1.0], [2.0], [6.0]];
    let (one, three) = (Ragged::single(1), Ragged::single(3));
    let input = AttentionInput::new(query.view(), key.view(), value.view(), &one).keys(&three);
    let output = ScaledDotProduct::new(1).and_then(|layer| layer.forward(input));
    let computed = output.map_or(f32::NAN, |output| output[[0, 0]]);
    let answer = answer();
    let close = (answer - computed).abs() < 1e-5;
    assert!(close, "your answer: {answer}, but the layer gives something else");
}

fn seen_under_both(answer: fn() -> [[bool; 3]; 3]) {
    let mask = Mask::causal() & Mask::window(1, 0);
    let seen = |query, key| mask.allows(Place { sequence: 0, query, key });
    let computed = [0, 1, 2].map(|query| [0, 1, 2].map(|key| seen(query, key)));
    is("which keys are seen?", answer(), computed);
}

/// See [`tokens_that_fit`].
const SO_MANY_TOKENS_FIT: Law = Law {
    name: "as many tokens fit as there is room for",
    statement: "bytes(n) ≤ room < bytes(n + 1)",
    tolerance: "none: bytes are counted",
};

fn tokens_that_fit(answer: fn(usize, usize, usize, usize) -> usize) {
    let sizes = (1_usize..5, 1_usize..5, 1_usize..9, 0_usize..20, 0_usize..4);
    SO_MANY_TOKENS_FIT.hold(&told(sizes), |Told((layers, key_heads, width, tokens, more))| {
        // A row of keys and a row of values, in each layer.
        let kept = vec![
            [
                Array2::<f32>::zeros((1, key_heads * width)),
                Array2::zeros((1, key_heads * width))
            ];
            layers
        ];
        let one: usize = kept.iter().flatten().map(|row| row.len() * size_of::<f32>()).sum();
        let room = one * tokens + more.min(one - 1);
        match answer(room, layers, key_heads, width) {
            fit if fit == tokens => Ok(()),
            fit => Err(format!(
                "layers: {layers}, heads of keys: {key_heads}, each of width {width}, bytes: {room}. You say that {fit} \
                 fit, and one token takes {one} bytes"
            )),
        }
    });
}

fn weights(answer: fn(&[f32]) -> Vec<f32>) {
    softmax::all(|scores: ArrayView2<'_, f32>| {
        let rows: Vec<Vec<f32>> = scores.outer_iter().map(|row| answer(&row.to_vec())).collect();
        if let Some(row) = rows.iter().find(|row| row.len() != scores.ncols()) {
            return Err(format!("{} weights for {} scores", row.len(), scores.ncols()));
        }
        let all = Array2::from_shape_vec(scores.dim(), rows.concat());
        all.map_err(|error| error.to_string())
    });
}

/// See [`key_head`].
const GROUPS_ARE_NEIGHBOURS: Law = Law {
    name: "heads that share keys are neighbours",
    statement: "of h heads in g groups, those of a group are neighbours and read its keys",
    tolerance: "none: heads are counted",
};

fn key_head(answer: fn(usize, usize, usize) -> usize) {
    GROUPS_ARE_NEIGHBOURS.hold(&told((1_usize..5, 1_usize..5)), |Told((group, key_heads))| {
        let heads = group * key_heads;
        let read: Vec<_> = (0..heads).map(|head| answer(head, heads, key_heads)).collect();
        let right: Vec<_> = (0..heads).map(|head| head * key_heads / heads).collect();
        if read == right {
            Ok(())
        } else {
            Err(format!(
                "heads: {heads}, of keys: {key_heads}. They read {read:?}, expected {right:?}"
            ))
        }
    });
}

/// An attention, as the laws take it.
type Attention = fn(Inputs<'_>) -> lt_core::Result<Array2<f32>>;

const LAWS: &[Tried<Attention>] = &[
    (&laws::AGREES_WITH_ITS_DEFINITION, |f| laws::agrees_with_its_definition(f)),
    (&laws::OUTPUT_LIES_AMONG_THE_VALUES, |f| laws::output_lies_among_the_values(f)),
    (&laws::ORDER_OF_KEYS_DOES_NOT_MATTER, |f| laws::order_of_keys_does_not_matter(f)),
    (&laws::OUTPUT_FOLLOWS_THE_QUERIES, |f| laws::output_follows_the_queries(f)),
    (&laws::A_HIDDEN_KEY_MAY_HOLD_ANYTHING, |f| laws::a_hidden_key_may_hold_anything(f)),
    (&laws::A_QUERY_WITHOUT_KEYS_GETS_ZEROS, |f| laws::a_query_without_keys_gets_zeros(f)),
    (&laws::MASKS_INTERSECT, |f| laws::masks_intersect(f)),
    (&laws::A_MASK_OF_ANOTHER_BATCH_IS_REFUSED, |f| laws::a_mask_of_another_batch_is_refused(f)),
];

fn attention(answer: Attention) {
    laws::all(answer);
}

/// The line without the mask.
fn zero_times_anything(inputs: Inputs<'_>) -> lt_core::Result<Array2<f32>> {
    let Inputs { query, key, value, queries, keys, mask } = inputs;
    mask.check("attention", queries, keys)?;
    let mut output = Array2::zeros((query.nrows(), value.ncols()));
    let scale = (query.ncols() as f32).sqrt().recip();
    for (sequence, (rows, columns)) in queries.ranges().zip(keys.ranges()).enumerate() {
        for (place, i) in rows.enumerate() {
            let score = |j: usize| {
                let place = Place { sequence, query: place, key: j - columns.start };
                let hidden = !mask.allows(place);
                if hidden { f32::NEG_INFINITY } else { query.row(i).dot(&key.row(j)) * scale }
            };
            let scores: Vec<f32> = columns.clone().map(score).collect();
            let weights = crate::solutions::attention::weights(&scores);
            for (j, weight) in columns.clone().zip(weights) {
                output.row_mut(i).scaled_add(weight, &value.row(j));
            }
        }
    }
    Ok(output)
}

fn law_that_catches_zero_times_anything(answer: fn() -> &'static str) {
    let mutant: Attention = zero_times_anything;
    is_caught_by(answer(), LAWS, &mutant);
}

fn wrong_by_definition_alone(answer: Attention) {
    breaks_only(&laws::AGREES_WITH_ITS_DEFINITION, LAWS, &answer);
}
