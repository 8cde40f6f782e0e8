//! Whole models: what is held against a forward pass, a backward pass, and the laws.

use std::error::Error;
use std::panic::{AssertUnwindSafe, catch_unwind};

use lt_config::BertConfig;
use lt_core::{Backward, Params, Path, Ragged, Scratch, Train, Weight, zeros_like};
use lt_embedding::PredictAt;
use lt_laws::proptest::collection::vec;
use lt_laws::proptest::prelude::{Strategy, any};
use lt_laws::sample::{self, filled};
use lt_laws::{Law, same_bits};
use lt_model::{CausalLm, Decoder, TextEncoder, TokenIds};
use lt_weights::{ReadError, TensorInfo, TensorSource};
use ndarray::{Array2, ArrayView2};

use super::{close, parameter, saved, small, small_bert, small_gpt};
use crate::model::Holds;

/// See [`tied_gradient`].
const A_TIED_TABLE_GETS_BOTH: Law = Law {
    name: "a tied table gets both gradients",
    statement: "dE = (d logits)ᵀ·T + Σ over the tokens t of word i of de_t, in row i",
    tolerance: "1e-4 of the largest number",
};

type TiedGradient =
    fn(&[u32], ArrayView2<'_, f32>, ArrayView2<'_, f32>, ArrayView2<'_, f32>) -> Array2<f32>;

pub(super) fn tied_gradient(answer: TiedGradient) {
    const TABLE: &str = "encoder.embeddings.token.weight";
    A_TIED_TABLE_GETS_BOTH.hold(&(vec(0_u32..5, 1..6), any::<u64>()), |(ids, seed)| {
        let tied = filled(small_gpt(5, Decoder::Tied), seed);
        // Its twin, which has the same numbers twice: there the two gradients come apart.
        let mut twin = small_gpt(5, Decoder::Own);
        twin.visit_mut(&mut Path::new(), &mut |name, weight| {
            *weight = parameter(&tied, if name == "head" { TABLE } else { name });
        });
        let (batch, rows) = (Ragged::single(ids.len()), (0..ids.len() as u32).collect::<Vec<_>>());
        let d_logits = sample::rows(ids.len(), 5, seed ^ 1);
        let gradient = |model: &CausalLm| -> lt_core::Result<CausalLm> {
            let input = PredictAt::new(TokenIds::new(&ids, &batch), &rows)?;
            let (_, cache) = model.forward_cached(input, &mut Train::default())?;
            let mut grads = zeros_like(model);
            model.backward(input, &cache, &d_logits, &mut grads, &mut Scratch::new())?;
            Ok(grads)
        };
        let text = TokenIds::new(&ids, &batch);
        let compared =
            tied.encoder().hidden(text, &mut Scratch::new()).map_err(|e| e.to_string())?;
        let apart = gradient(&twin).map_err(|e| e.to_string())?;
        let together = gradient(&tied).map_err(|e| e.to_string())?;
        // The row of a position got what its one token got.
        let positions = parameter(&apart, "encoder.embeddings.position.table.weight");
        let positions = dense(&positions);
        let embedded = positions.slice(ndarray::s![..ids.len(), ..]);
        let got = answer(&ids, embedded, compared.view(), d_logits.view());
        let what = format!("the gradient of the table for the text {ids:?} (a row for each word)");
        close(&what, &got, &dense(&parameter(&together, TABLE)))
    });
}

fn dense(weight: &Weight) -> Array2<f32> {
    let shape = (weight.shape()[0], weight.shape()[1]);
    Array2::from_shape_vec(shape, weight.to_f32()).expect("a matrix")
}

/// See [`bert`].
const A_MODEL_IS_ITS_PARTS: Law = Law {
    name: "a model is its parts, one after the other",
    statement: "H⁰ = norm(word + position + segment), Hˡ = layer l of Hˡ⁻¹",
    tolerance: "1e-4 of the largest number",
};

type Bert =
    fn(&dyn TensorSource, &BertConfig, &[u32], &Ragged) -> Result<Vec<Array2<f32>>, Box<dyn Error>>;

pub(super) fn bert(answer: Bert) {
    let (model, config) = (small_bert(), small());
    let source = saved(&model);
    A_MODEL_IS_ITS_PARTS.hold_for(16, &vec(vec(0_u32..9, 1..5), 1..3), |texts| {
        let (ids, batch) = Ragged::concatenate(&texts);
        let input = TokenIds::new(&ids, &batch);
        let trace = model.trace(input, &mut Scratch::new()).map_err(|e| e.to_string())?;
        let states = answer(&source, &config, &ids, &batch).map_err(|e| format!("refused: {e}"))?;
        for (layer, expected) in trace.hidden_states.iter().enumerate() {
            let Some(got) = states.get(layer) else {
                let count = states.len();
                return Err(format!("{count} matrices, expected 3: H⁰, H¹ and H² of two layers"));
            };
            let what =
                ["H⁰, the embeddings", "H¹, behind the first layer", "H², behind the second"];
            close(what[layer], got, expected)?;
        }
        Ok(())
    });
}

/// A checkpoint as it is read with a map in which query and key have changed places.
struct Exchanged<S>(S);

fn exchanged(name: &str) -> String {
    if name.contains(".query.") {
        name.replace(".query.", ".key.")
    } else {
        name.replace(".key.", ".query.")
    }
}

impl<S: TensorSource> TensorSource for Exchanged<S> {
    fn tensors(&self) -> &[TensorInfo] {
        self.0.tensors()
    }

    fn weight(&self, name: &str) -> Result<Weight, ReadError> {
        self.0.weight(&exchanged(name))
    }
}

pub(super) fn with_query_and_key_exchanged(answer: fn() -> Holds) {
    let answer = answer();
    let (model, holds) = (small_bert(), |test: &dyn Fn()| catch_unwind(AssertUnwindSafe(test)));
    let load = |from| TextEncoder::from_source(small().into(), &Exchanged(from));
    let loaded = load(saved(&model)).map(|loaded| loaded.model);
    let Ok(wrong) = &loaded else { panic!("it does not load") };
    let save = |model: &TextEncoder| {
        let mut turned = model.clone();
        turned.visit_mut(&mut Path::new(), &mut |name, weight| {
            *weight = parameter(model, &exchanged(name));
        });
        saved(&turned)
    };
    let (text, three) = ([2, 7, 3], Ragged::single(3));
    let run = |model: &TextEncoder| {
        model.hidden(TokenIds::new(&text, &three), &mut Scratch::new()).expect("ids that it knows")
    };
    let tried = [
        ("loads", answer.loads, loaded.is_ok()),
        (
            "saved_loads_to_the_same_bits",
            answer.saved_loads_to_the_same_bits,
            load(save(&model)).is_ok_and(|loaded| loaded.model == model),
        ),
        (
            "same_ids_have_the_same_bits",
            answer.same_ids_have_the_same_bits,
            holds(&|| same_ids(|ids, texts| hidden(wrong, ids, texts))).is_ok(),
        ),
        (
            "computes_what_pytorch_computes",
            answer.computes_what_pytorch_computes,
            run(wrong) == run(&model),
        ),
    ];
    for (name, answer, found) in tried {
        assert!(answer == found, "`{name}`: you say {answer}; tried, it is otherwise");
    }
}

fn hidden(model: &TextEncoder, ids: &[u32], texts: &Ragged) -> lt_core::Result<Array2<f32>> {
    model.hidden(TokenIds::new(ids, texts), &mut Scratch::new())
}

fn same_ids(run: impl Fn(&[u32], &Ragged) -> lt_core::Result<Array2<f32>>) {
    same_bits::same_ids_same_bits(9, 6, &run, |ids, texts, _| run(ids, texts));
}

/// See [`wrong_in_company`].
const RIGHT_WHEN_ALONE: Law = Law {
    name: "a text that is alone comes out right",
    statement: "f(x) = model(x) for one text; a batch gives a row for each token",
    tolerance: "none: compared by bits",
};

type Run = fn(&TextEncoder, &[u32], &Ragged) -> lt_core::Result<Array2<f32>>;

pub(super) fn wrong_in_company(answer: Run) {
    let model = small_bert();
    RIGHT_WHEN_ALONE.hold(&vec(vec(0_u32..9, 1..7).no_shrink(), 1..4), |texts| {
        let (ids, batch) = Ragged::concatenate(&texts);
        let got = answer(&model, &ids, &batch).map_err(|e| format!("it was refused: {e}"))?;
        if got.dim() != (ids.len(), 4) {
            let (shape, tokens) = (got.shape(), ids.len());
            return Err(format!(
                "{shape:?} for a batch of {tokens} tokens, expected [{tokens}, 4]"
            ));
        }
        let right = hidden(&model, &ids, &batch).map_err(|e| e.to_string())?;
        if texts.len() == 1 && got != right {
            return Err(format!("the text {ids:?} alone has other bits than the model gives it"));
        }
        Ok(())
    });
    let caught = catch_unwind(AssertUnwindSafe(|| {
        lt_laws::catches(&same_bits::SAME_IDS_SAME_BITS, || {
            same_ids(|ids, texts| answer(&model, ids, texts));
        });
    }));
    assert!(
        caught.is_ok(),
        "nothing is wrong yet: the law `{}` finds each text the same in a batch as alone",
        same_bits::SAME_IDS_SAME_BITS.name
    );
}
