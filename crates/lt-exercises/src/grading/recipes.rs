//! What the exercises on recipes are held against.

mod orders;
mod runs;

use lt_core::Weight;
use lt_laws::Law;
use lt_laws::proptest::collection::vec;
use lt_laws::proptest::prelude::*;
use lt_laws::proptest::sample::subsequence;
use lt_recipes::{Clm, ScalingLaw, TrainedSize, Training};
use lt_train::data::{Budget, Drawn, Epochs, InMemory, Order};
use lt_train::{Adapted, LoraSettings};
use serde_json::{Value, json};

use super::{Told, Tried, breaks_only, exercises, is_caught_by, told};
use orders::{law_that_catches_a_generator_with_a_state, wrong_from_the_second_epoch_on};
use runs::{decides_a_bit, evaluations};

exercises! { recipes:
    One steps_of_a_run [
        "What becomes of the examples that are left over at the end of an epoch?",
        "Round up (`div_ceil`), and then multiply.",
    ]
    One decides_a_bit [
        "\"All that decides a bit of the result is in the recipe.\" And all that is in the recipe?",
        "Sums depend on where the brackets are. Which of these says where: threads or shards?",
        "How often a run is saved is in the recipe, and decides no bit; nor does a power cut.",
    ]
    One numbers_of_adapters [
        "How many numbers has A, and how many has B?",
        "r · in and r · out, for each matrix.",
    ]
    Two keys_that_mean_nothing [
        "A table in a table: a function that calls itself.",
        "`as_object` gives the table, if it is one; `known.get(key)` the table to go on with.",
        "`optimizer.warmup` means nothing although `schedule.warmup` does: look only into the same table.",
    ]
    Two evaluations [
        "Keep the best so far, and how many evaluations have passed since.",
        "`loss < best` is false for NaN and where they are equal, as it should be.",
        "Count first, then compare with the patience: the evaluation that ends the run was made.",
    ]
    Two law_that_catches_a_generator_with_a_state [
        "Where is the generator when the program begins again in the third epoch?",
        "Which of the laws has runs that do not begin with epoch 0?",
    ]
    Two wrong_from_the_second_epoch_on [
        "It must depend on the seed, and must not depend on where the run begins.",
        "What did the chapter make an order a function of? Leave one of them out.",
    ]
    Three best_size [
        "If N is given, so is D: `operations / 6 / N`. So there is one number to be found.",
        "By a search: go through N = 10, 10.1, 10.2, … in equal factors, and keep the best. A fiftieth is fine enough.",
        "By a formula: set the derivative to zero: α·A/N^α = β·B/D^β.",
    ]
}

/// See [`steps_of_a_run`].
const STEPS_ARE_COUNTED: Law = Law {
    name: "a run has the steps of its epochs",
    statement: "your steps = Epochs::steps",
    tolerance: "none: steps are counted",
};

fn steps_of_a_run(answer: fn(u64, u64, u64) -> u64) {
    let cases = (1_u64..40, 1_u64..10, 1_u64..4);
    STEPS_ARE_COUNTED.hold(&told(cases), |Told((examples, each, epochs))| {
        let all = InMemory::new(vec![vec![0_u32]; examples as usize]);
        let collate = |drawn: Vec<Drawn<Vec<u32>>>| Ok(drawn.len());
        let run = Epochs::new(all, Budget::examples(each as usize, 1), Order::AsStored, collate);
        let expected = run.map_err(|error| error.to_string())?.steps(epochs);
        let found = answer(examples, each, epochs);
        if found == expected {
            return Ok(());
        }
        Err(format!(
            "examples: {examples}, in a step: {each}, epochs: {epochs}. You say {found}, expected {expected}"
        ))
    });
}

/// See [`numbers_of_adapters`].
const ADAPTERS_ARE_COUNTED: Law = Law {
    name: "a matrix that is adapted has two thin ones",
    statement: "your numbers = parameter_count(Adapted)",
    tolerance: "none: numbers are counted",
};

fn numbers_of_adapters(answer: fn(&[[usize; 2]], usize) -> usize) {
    let sides = (1_usize..9, 1_usize..9).prop_map(|(out, inner)| [out, inner]);
    ADAPTERS_ARE_COUNTED.hold(&told((vec(sides, 1..4), 1_usize..4)), |Told((matrices, rank))| {
        let model: Vec<Weight> = matrices.iter().map(|shape| Weight::zeros(shape)).collect();
        let adapted = Adapted::new(model, &LoraSettings::new(rank, &["*"]));
        let expected = lt_core::parameter_count(&adapted.map_err(|error| error.to_string())?);
        let found = answer(&matrices, rank);
        if found == expected {
            return Ok(());
        }
        Err(format!("the matrices {matrices:?}, r = {rank}. You say {found}, expected {expected}"))
    });
}

/// A recipe with every key.
fn known() -> Value {
    let recipe = json!({
        "out": "run", "seed": 0, "steps": 4, "epochs": 1,
        "model": { "type": "gpt2" },
        "tokenizer": { "from": "words" },
        "data": {
            "files": ["corpus.txt"], "format": "csv", "text": "text", "second": 1, "label": 2,
            "score": 3, "bad_rows": "skip", "longest_row": 1000, "max_length": 64,
            "tokens_per_step": 100, "examples_per_step": 8, "shards": 2, "shuffle": true,
        },
        "optimizer": { "explodes_at": 100.0 },
        "lora": { "rank": 2, "alpha": 2.0 },
        "evaluation": { "files": ["corpus.txt"], "every": 2, "patience": 3 },
    });
    let recipe: Training<Clm> = serde_json::from_value(recipe).expect("a sound recipe");
    serde_json::to_value(recipe).expect("what was read can be written")
}

/// See [`keys_that_mean_nothing`].
const WHAT_MEANS_NOTHING_IS_REFUSED: Law = Law {
    name: "a key that means nothing is named",
    statement: "the recipe is refused with each key that was named, and taken without all of them",
    tolerance: "none: names are compared",
};

fn keys_that_mean_nothing(answer: fn(&Value, &Value) -> Vec<String>) {
    let misspelt = [
        ("sede", json!(1)),
        ("optimiser", json!({ "rate": 3e-5 })),
        ("optimizer.learning_rate", json!(3e-5)),
        ("optimizer.warmup", json!(100)),
        ("data.filse", json!(["more.txt"])),
        ("schedule.rate", json!(1.0)),
        ("lora.targetes", json!(["*"])),
        ("evaluation.evry", json!(10)),
    ];
    let known = known();
    let cases = subsequence(misspelt.to_vec(), 0..=misspelt.len());
    WHAT_MEANS_NOTHING_IS_REFUSED.hold(&cases, |added| {
        let with = |keys: &[(&str, Value)]| {
            let mut recipe = known.clone();
            for (key, value) in keys {
                let (table, key) = key.rsplit_once('.').unwrap_or(("", key));
                let table = if table.is_empty() { &mut recipe } else { &mut recipe[table] };
                table[key] = value.clone();
            }
            recipe
        };
        let is_taken = |recipe| serde_json::from_value::<Training<Clm>>(recipe).is_ok();
        let named = answer(&with(&added), &known);
        let keys: Vec<&str> = added.iter().map(|(key, _)| *key).collect();
        let case = format!("a sound recipe to which {keys:?} was added, and you named {named:?}");
        for name in &named {
            match added.iter().find(|(key, _)| key == name) {
                None => return Err(format!("{case}: `{name}` was not added")),
                Some(one) if is_taken(with(std::slice::from_ref(one))) => {
                    return Err(format!("{case}: with `{name}` alone the recipe is taken"));
                }
                Some(_) => {}
            }
        }
        let is_left = |(key, _): &(&str, Value)| !named.iter().any(|name| name == key);
        let left: Vec<_> = added.into_iter().filter(is_left).collect();
        if is_taken(with(&left)) {
            return Ok(());
        }
        Err(format!("{case}: without those it is still refused"))
    });
}

/// See [`best_size`].
const NO_OTHER_SIZE_IS_BETTER: Law = Law {
    name: "no other size is better",
    statement: "L(N, C/6N) ≤ L(N', C/6N') for N' = 1.02·N and N' = N/1.02",
    tolerance: "none: a fiftieth is more than rounding",
};

fn best_size(answer: fn(&ScalingLaw, f64) -> f64) {
    // The law of the lesson, and others of its form.
    let runs = include_str!("../../../lt-recipes/lessons/scaling/runs.csv");
    let size = |line: &str| {
        let mut numbers = line.split(',').map_while(|number| number.parse().ok());
        Some(TrainedSize {
            parameters: numbers.next()?,
            tokens: numbers.next()?,
            loss: numbers.next()?,
        })
    };
    let sizes: Vec<TrainedSize> = runs.lines().filter_map(size).collect();
    let of_the_lesson = ScalingLaw::fit(&sizes).expect("twelve runs");
    let exponents = (prop::option::of((20_u8..50, 20_u8..50)), 14_i32..26);
    NO_OTHER_SIZE_IS_BETTER.hold(&told(exponents), |Told((exponents, power))| {
        let (mut law, operations) = (of_the_lesson, 10_f64.powi(power));
        if let Some((alpha, beta)) = exponents {
            (law.floor, law.parameter_factor, law.token_factor) = (1.7, 406.4, 410.7);
            law.parameter_exponent = f64::from(alpha) / 100.0;
            law.token_exponent = f64::from(beta) / 100.0;
        }
        let best = answer(&law, operations);
        let loss = |parameters: f64| law.loss(parameters, operations / 6.0 / parameters);
        let case = format!("{law} with {operations:e} operations: N = {best:.4e}");
        if !(best > 0.0 && best.is_finite()) {
            return Err(format!("{case}, expected a number above 0"));
        }
        let better = [1.02, 1.0 / 1.02].map(|factor| factor * best);
        match better.into_iter().find(|other| loss(*other) < loss(best)) {
            None => Ok(()),
            Some(other) => Err(format!(
                "{case} has the loss {:.6}, and N = {other:.4e} has {:.6}",
                loss(best),
                loss(other)
            )),
        }
    });
}
