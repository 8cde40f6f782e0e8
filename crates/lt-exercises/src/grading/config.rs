//! What the exercises on configurations are held against.

use std::collections::BTreeMap;

use lt_config::{AlbertConfig, BertConfig, LlamaConfig, ModelConfig};
use lt_core::{Module, Ragged, weights};
use lt_laws::proptest::option::weighted;
use lt_laws::proptest::prelude::*;
use lt_laws::proptest::sample::select;
use lt_laws::{Law, sample};
use lt_model::{TextEncoder, TokenIds, Top};
use lt_weights::{Reading, SafetensorsFile, TensorSource};
use serde_json::{Value, json};

use super::{Told, exercises, told};

exercises! { config:
    One bert_large_with_its_pooler [
        "The formula of the chapter with d = 1024, f = 4096 and L = 24; v, p and g are those of the table.",
        "A pooler is one more matrix d × d, with its bias. The heads do not matter.",
    ]
    One same_shapes_another_model [
        "In the first table of *Shapes*, of which fields does no shape follow?",
        "Some of them count in training only. 12 heads of width 32 and 6 heads of width 64 have the same matrices.",
    ]
    Two size [
        "There are two ways to say nothing: no key, and a key with `null`.",
        "`Value::as_u64` gives a number only for whole numbers that are not negative. Then look at the bounds.",
    ]
    Two names_by_id [
        "The map has its keys in the order of texts. What comes before \"2\"?",
        "Parse each id, and put its name into that place of a list that is as long as the map.",
        "As many ids as places: if each has a place, and no place stays empty, nothing is missing and nothing comes twice.",
    ]
    Two widest [
        "Write the count as a function of d, and try 64, 128, 192, …",
        "More than half of a small model are the tables: (v + p + g)·d + 2d.",
    ]
    Two llama_parameters [
        "A matrix `[a, b]` has a·b numbers, and its bias a.",
        "There are four matrices of attention: two with h heads, two with g of them.",
        "The biases are hk + 2·gk + d and 2f + d. Do not forget the gain behind the last layer.",
    ]
    Two wrong_term [
        "By how much is it too large? 11 094 272 − 11 092 992.",
        "1280 is 2·(768 − 128).",
    ]
    Three config_of_shapes [
        "Five sizes are read off the four shapes above. How many layers are there?",
        "A layer has a number in its names: `encoder.layer.10.…`. As texts, 10 comes before 9.",
        "The heads have to divide the width. 12 of them do not always, 1 does.",
    ]
}

fn bert_large_with_its_pooler(answer: fn() -> u64) {
    let (d, f) = (1024, 4096);
    let without = BertConfig {
        hidden_size: d,
        intermediate_size: f,
        num_hidden_layers: 24,
        num_attention_heads: 16,
        ..BertConfig::default()
    };
    let encoder = TextEncoder::zeros(&without.into(), Top::Pooler);
    let computed = encoder.map_or(0, |encoder| lt_core::parameter_count(&encoder));
    let (answer, computed) = (answer(), computed as u64);
    let said = format!("BERT large with its pooler: you say {answer} parameters");
    let is_without = answer.checked_add((d * d + d) as u64) == Some(computed);
    assert!(!is_without, "{said}: these are those without the pooler");
    let is_far = answer.abs_diff(computed) > computed / 100;
    let far = if is_far { "more than a hundredth" } else { "less than a hundredth" };
    let side = if answer < computed { "few" } else { "many" };
    assert!(answer == computed, "{said}: too {side}, by {far}");
}

/// The tensors of a model by name and shape, and what it makes of a text.
type Run = (Vec<(String, Vec<usize>)>, Vec<f32>);

/// A model of this configuration, always with the same numbers.
fn run(config: &BertConfig) -> Result<Run, Box<dyn std::error::Error>> {
    config.validate()?;
    let encoder = sample::filled(TextEncoder::zeros(&config.clone().into(), Top::Nothing)?, 1);
    let shapes = weights(&encoder).into_iter().map(|(name, of)| (name, of.shape().to_vec()));
    let output = encoder.forward(TokenIds::new(&[3, 1, 4, 1], &Ragged::single(4)))?;
    Ok((shapes.collect(), output.last_hidden_state.into_iter().collect()))
}

fn same_shapes_another_model(answer: fn(BertConfig) -> BertConfig) {
    let config = BertConfig {
        vocab_size: 7,
        hidden_size: 8,
        num_attention_heads: 4,
        intermediate_size: 16,
        num_hidden_layers: 2,
        max_position_embeddings: 5,
        ..BertConfig::default()
    };
    let changed = answer(config.clone());
    let [before, after] = [&config, &changed]
        .map(|config| run(config).unwrap_or_else(|why| panic!("no model can be built: {why}")));
    for (before, after) in before.0.iter().zip(&after.0) {
        assert!(before == after, "a shape is another now: {after:?}, before {before:?}");
    }
    assert!(before.0.len() == after.0.len(), "there are more tensors now, or fewer");
    assert!(before.1 != after.1, "with the same numbers both models give the same, to the bit");
}

/// See [`size`].
const A_SIZE_IS_READ: Law = Law {
    name: "a size is read as the library reads it",
    statement: "absent and null are the default, 1 … 2²⁴ is itself, all else is refused",
    tolerance: "none",
};

fn size(answer: fn(Option<&Value>, usize) -> Option<usize>) {
    let others =
        ["null", "0", "16777216", "16777217", "-1", "1.5", "12.0", "1e30", "\"12\"", "[1]"];
    let others = select(others.to_vec()).prop_map(str::to_owned);
    let value = prop_oneof![(1..5000_u32).prop_map(|size| size.to_string()), others];
    A_SIZE_IS_READ.hold(&weighted(0.9, value), |value| {
        let value = value.map(|text| serde_json::from_str::<Value>(&text));
        let value = value.transpose().map_err(|error| error.to_string())?;
        let mut file = json!({"model_type": "bert"});
        if let Some(value) = &value {
            file["intermediate_size"] = value.clone();
        }
        let read = ModelConfig::from_json(&file.to_string()).ok();
        let read = read.map(|config| config.shared().intermediate_size);
        match answer(value.as_ref(), BertConfig::default().intermediate_size) {
            got if got == read => Ok(()),
            got => Err(format!("for {file} you say {got:?}, expected {read:?}")),
        }
    });
}

/// See [`names_by_id`].
const NAMES_ARE_IN_THE_ORDER_OF_THEIR_IDS: Law = Law {
    name: "names are in the order of their ids",
    statement: "name i is id2label[i], for i = 0, 1, 2, … without a gap",
    tolerance: "none",
};

fn names_by_id(answer: fn(&BTreeMap<String, String>) -> Option<Vec<String>>) {
    let other = select(vec!["1", "00", "-1", "first", "", "18446744073709551616"]);
    let cases = (0_usize..14, weighted(0.3, 0_usize..14), weighted(0.3, other));
    NAMES_ARE_IN_THE_ORDER_OF_THEIR_IDS.hold(&cases, |(count, left_out, added)| {
        let ids = (0..count).filter(|&id| Some(id) != left_out).map(|id| id.to_string());
        let ids = ids.chain(added.map(str::to_owned));
        let map: BTreeMap<_, _> = ids.map(|id| (id.clone(), format!("name {id}"))).collect();
        let file = json!({"model_type": "bert", "id2label": &map});
        let read = ModelConfig::from_json(&file.to_string()).ok();
        let read = read.map(|config| config.labels().names().to_vec());
        match answer(&map) {
            got if got == read => Ok(()),
            got => Err(format!("for the ids {:?} you say {got:?}, expected {read:?}", map.keys())),
        }
    });
}

/// See [`widest`].
const THE_WIDEST_FITS: Law = Law {
    name: "the widest model fits, and the next one does not",
    statement: "N(d) ≤ parameters < N(d + 64), and 64 divides d",
    tolerance: "none: parameters are counted",
};

fn widest(answer: fn(u64, usize) -> usize) {
    THE_WIDEST_FITS.hold(&told((0_u64..200_000_000, 1_usize..25)), |Told((parameters, layers))| {
        let count = |width| {
            let (hidden_size, intermediate_size) = (width, 4 * width);
            let default = BertConfig::default();
            let num_hidden_layers = layers;
            BertConfig { hidden_size, intermediate_size, num_hidden_layers, ..default }
                .parameter_count()
        };
        let d = answer(parameters, layers);
        let what = format!("{parameters} parameters, L = {layers}: you say {d}");
        match (count(d), count(d + 64)) {
            _ if !d.is_multiple_of(64) => Err(format!("{what}, no multiple of 64")),
            (needed, _) if needed > parameters => Err(format!("{what}, which takes {needed}")),
            (_, next) if next <= parameters => {
                Err(format!("{what}, but {} takes {next} and would fit", d + 64))
            }
            _ => Ok(()),
        }
    });
}

/// See [`llama_parameters`].
const PARAMETERS_ARE_COUNTED: Law = Law {
    name: "a Llama has as many parameters as its shapes say",
    statement: "your count = LlamaConfig::parameter_count",
    tolerance: "none: parameters are counted",
};

fn llama_parameters(answer: fn(&LlamaConfig) -> u64) {
    let heads = (1_usize..4, 1_usize..4, 1_usize..4);
    let sizes = (1_usize..9, 1_usize..9, 1_usize..9, 1_usize..4);
    PARAMETERS_ARE_COUNTED.hold(
        &told((sizes, heads, any::<[bool; 2]>())),
        |Told((sizes, heads, biases))| {
            let ((v, d, f, layers), (group, g, k)) = (sizes, heads);
            let config = LlamaConfig {
                vocab_size: v,
                hidden_size: d,
                intermediate_size: f,
                num_hidden_layers: layers,
                num_attention_heads: group * g,
                num_key_value_heads: g,
                head_dim: k,
                attention_bias: biases[0],
                mlp_bias: biases[1],
                ..LlamaConfig::default()
            };
            match (answer(&config), config.parameter_count()) {
                (got, expected) if got == expected => Ok(()),
                (got, expected) => Err(format!(
                    "v = {v}, d = {d}, f = {f}, L = {layers}, h = {}, g = {g}, heads of \
                 width {k}, attention_bias {}, mlp_bias {}: you count {got}, expected {expected}",
                    group * g,
                    biases[0],
                    biases[1]
                )),
            }
        },
    );
}

fn wrong_term(answer: fn() -> &'static str) {
    let (hidden_size, intermediate_size) = (768, 3072);
    let config = AlbertConfig {
        hidden_size,
        intermediate_size,
        num_attention_heads: 12,
        ..AlbertConfig::default()
    };
    let (e, d, f) = (config.embedding_size, hidden_size, intermediate_size);
    let layer = 4 * (d * d + d) + (d * f + f) + (f * d + d) + 2 * (2 * d);
    let rows = config.vocab_size + config.max_position_embeddings + config.type_vocab_size;
    let layers = config.num_hidden_groups * config.inner_group_num * layer;
    // As it was written, and as it should be.
    let terms = [
        ("tables", rows * e, rows * e),
        ("norm", 2 * d, 2 * e),
        ("widened", e * d + d, e * d + d),
        ("layers", layers, layers),
    ];
    let named = answer();
    let names = terms.map(|(name, ..)| name);
    assert!(names.contains(&named), "no term is called `{named}`; they are: {}", names.join(", "));
    let sum: usize =
        terms.iter().map(|&(name, is, right)| if name == named { right } else { is }).sum();
    let expected = config.parameter_count();
    assert!(
        sum as u64 == expected,
        "`{named}` is right as it stands: with it alone put right there are {sum} parameters, \
         expected {expected}"
    );
}

/// See [`config_of_shapes`].
const THE_CHECKPOINT_LOADS: Law = Law {
    name: "a checkpoint can be loaded with the configuration of its shapes",
    statement: "the tensors of the model are those of the file, each with its shape",
    tolerance: "none",
};

fn config_of_shapes(answer: fn(&BTreeMap<String, Vec<usize>>) -> BertConfig) {
    let sizes = (1_usize..20, 1_usize..9, 1_usize..4, 1_usize..27, 1_usize..9, 1_usize..13);
    THE_CHECKPOINT_LOADS.hold_for(12, &told(sizes), |Told((v, p, g, d, f, layers))| {
        let said = format!("v = {v}, p = {p}, g = {g}, d = {d}, f = {f}, L = {layers}");
        let config = BertConfig {
            vocab_size: v,
            max_position_embeddings: p,
            type_vocab_size: g,
            hidden_size: d,
            intermediate_size: f,
            num_hidden_layers: layers,
            num_attention_heads: 1,
            ..BertConfig::default()
        };
        let (_file, tensors) = saved(config).map_err(|error| error.to_string())?;
        let shapes =
            tensors.tensors().iter().map(|of| (of.name.clone(), of.shape.clone())).collect();
        let found = answer(&shapes);
        found.validate().map_err(|error| format!("{said}: {error}"))?;
        let (heads, default) = (found.num_attention_heads, BertConfig::default());
        if heads != default.num_attention_heads && d.is_multiple_of(default.num_attention_heads) {
            return Err(format!("{said}: {heads} heads, though the default divides the width"));
        }
        let loaded = TextEncoder::from_source(found.into(), &tensors);
        let first = |error: String| error.lines().take(2).collect::<Vec<_>>().join("\n");
        loaded.map(drop).map_err(|error| format!("{said}: {}", first(error.to_string())))
    });
}

/// A checkpoint of this configuration, as the library writes it, and its file.
fn saved(
    config: BertConfig,
) -> Result<(tempfile::NamedTempFile, SafetensorsFile), Box<dyn std::error::Error>> {
    let file = tempfile::NamedTempFile::new()?;
    TextEncoder::zeros(&config.into(), Top::Nothing)?.save(file.path())?;
    let tensors = SafetensorsFile::open(file.path(), Reading::default())?;
    Ok((file, tensors))
}
