//! The derivatives of whole models against their forward passes.
#![cfg(feature = "train")]
#![allow(clippy::unwrap_used)] // what fails here is the test

use lt_config::{
    AlbertConfig, BertConfig, ElectraConfig, Gemma3TextConfig, Gpt2Config, Labels, LayerType,
    ModernBertConfig,
};
use lt_core::{Backward, Module, Ragged, Train, Values, zeros_like};
use lt_laws::gradient::{self, Subject};
use lt_laws::sample::filled;
use lt_model::{
    CausalLm, Decoder, MaskedLm, PredictAt, QuestionAnswering, ReplacedTokens, SequenceClassifier,
    TextEncoder, TokenClassifier, TokenIds, Top,
};

const IDS: [u32; 5] = [2, 1, 4, 3, 0];
/// A token of each text, and of the second two: words that all differ, so that no parameter of
/// attention is left with hardly a gradient.
const ROWS: [u32; 3] = [1, 2, 4];

fn two_and_three() -> Ragged {
    Ragged::from_lengths([2, 3])
}

fn bert() -> BertConfig {
    BertConfig {
        vocab_size: 5,
        hidden_size: 4,
        num_hidden_layers: 1,
        num_attention_heads: 2,
        intermediate_size: 3,
        max_position_embeddings: 4,
        type_vocab_size: 1,
        layer_norm_eps: 0.1,
        hidden_dropout_prob: 0.0,
        attention_probs_dropout_prob: 0.0,
        labels: Labels::numbered(3),
        ..BertConfig::default()
    }
}

/// One layer that runs twice, behind tables of another width.
fn albert() -> AlbertConfig {
    AlbertConfig {
        vocab_size: 5,
        embedding_size: 7,
        hidden_size: 4,
        num_hidden_layers: 2,
        num_attention_heads: 2,
        intermediate_size: 3,
        inner_group_num: 1,
        max_position_embeddings: 4,
        type_vocab_size: 1,
        layer_norm_eps: 0.1,
        classifier_dropout_prob: 0.0,
        ..AlbertConfig::default()
    }
}

/// Tables of another width than the layers.
fn electra() -> ElectraConfig {
    ElectraConfig {
        vocab_size: 5,
        embedding_size: 7,
        hidden_size: 4,
        num_hidden_layers: 1,
        num_attention_heads: 2,
        intermediate_size: 3,
        max_position_embeddings: 4,
        type_vocab_size: 1,
        layer_norm_eps: 0.1,
        hidden_dropout_prob: 0.0,
        attention_probs_dropout_prob: 0.0,
        ..ElectraConfig::default()
    }
}

fn modernbert() -> ModernBertConfig {
    ModernBertConfig {
        vocab_size: 5,
        hidden_size: 4,
        num_attention_heads: 2,
        intermediate_size: 3,
        layer_types: vec![LayerType::Full, LayerType::Sliding],
        local_attention: 2,
        norm_eps: 0.1,
        pad_token_id: None,
        labels: Labels::numbered(3),
        ..ModernBertConfig::default()
    }
}

fn gpt2() -> Gpt2Config {
    Gpt2Config {
        vocab_size: 5,
        n_embd: 4,
        n_layer: 1,
        n_head: 2,
        n_inner: Some(3),
        n_positions: 4,
        layer_norm_epsilon: 0.1,
        resid_pdrop: 0.0,
        embd_pdrop: 0.0,
        attn_pdrop: 0.0,
        ..Gpt2Config::default()
    }
}

/// Capped logits, four norms, scaled embeddings.
fn gemma() -> Gemma3TextConfig {
    Gemma3TextConfig {
        vocab_size: 5,
        hidden_size: 4,
        num_attention_heads: 2,
        num_key_value_heads: 1,
        head_dim: 2,
        intermediate_size: 3,
        layer_types: vec![LayerType::Sliding, LayerType::Full],
        sliding_window: Some(2),
        rms_norm_eps: 0.1,
        final_logit_softcapping: Some(5.0),
        pad_token_id: None,
        bos_token_id: None,
        eos_token_id: vec![],
        ..Gemma3TextConfig::default()
    }
}

/// A model that predicts at some rows.
macro_rules! at_rows {
    ($name:ident: $Model:ty = $model:expr; without: [$($without:expr),* $(,)?]) => {
        lt_laws::conformance! {
            $name: $Model = $model;
            inputs: [];
            input: |_inputs| PredictAt::new(TokenIds::new(&IDS, &two_and_three()), &ROWS).unwrap();
            gradients: |_grad| vec![];
            without_gradient: [$($without),*];
            wrong: [];
        }
    };
}

at_rows!(text_encoder: TextEncoder =
    TextEncoder::zeros(&bert().into(), Top::Nothing).unwrap();
    without: ["encoder.layers.0.attention.key.bias"]);
at_rows!(text_encoder_of_shared_layers: TextEncoder =
    TextEncoder::zeros(&albert().into(), Top::Nothing).unwrap();
    without: ["encoder.layers.0.0.attention.key.bias"]);
at_rows!(masked_lm_tied: MaskedLm = MaskedLm::zeros(&bert().into(), Decoder::Tied).unwrap();
    without: ["encoder.encoder.layers.0.attention.key.bias"]);
at_rows!(masked_lm_untied: MaskedLm = MaskedLm::zeros(&bert().into(), Decoder::Own).unwrap();
    without: ["encoder.encoder.layers.0.attention.key.bias"]);
at_rows!(masked_lm_of_tables_of_another_width: MaskedLm =
    MaskedLm::zeros(&electra().into(), Decoder::Tied).unwrap();
    without: ["encoder.encoder.layers.0.attention.key.bias"]);
at_rows!(masked_lm_with_windows: MaskedLm =
    MaskedLm::zeros(&modernbert().into(), Decoder::Tied).unwrap(); without: []);
at_rows!(causal_lm_tied: CausalLm = CausalLm::zeros(&gpt2().into(), Decoder::Tied).unwrap();
    without: ["encoder.decoder.layers.0.attention.key.bias"]);
at_rows!(causal_lm_untied: CausalLm = CausalLm::zeros(&gpt2().into(), Decoder::Own).unwrap();
    without: ["encoder.decoder.layers.0.attention.key.bias"]);
at_rows!(causal_lm_capped: CausalLm = CausalLm::zeros(&gemma().into(), Decoder::Tied).unwrap();
    without: []);
at_rows!(token_classifier: TokenClassifier = TokenClassifier::zeros(&bert().into()).unwrap();
    without: ["encoder.encoder.layers.0.attention.key.bias"]);
at_rows!(question_answering: QuestionAnswering =
    QuestionAnswering::zeros(&modernbert().into()).unwrap(); without: []);
at_rows!(replaced_tokens: ReplacedTokens = ReplacedTokens::zeros(&electra().into()).unwrap();
    without: ["encoder.encoder.layers.0.attention.key.bias"]);

/// A model that sorts texts.
macro_rules! of_texts {
    ($name:ident: $model:expr; without: [$($without:expr),*]) => {
        lt_laws::conformance! {
            $name: SequenceClassifier = $model;
            inputs: [];
            input: |_inputs| TokenIds::new(&IDS, &two_and_three());
            gradients: |_grad| vec![];
            without_gradient: [$($without),*];
            wrong: [];
        }
    };
}

of_texts!(texts_by_their_first_token: SequenceClassifier::zeros(&electra().into()).unwrap();
    without: ["encoder.encoder.layers.0.attention.key.bias"]);
of_texts!(texts_by_their_mean: SequenceClassifier::zeros(&ModernBertConfig {
        classifier_pooling: lt_config::Pooling::Mean, ..modernbert() }.into()).unwrap();
    without: []);
of_texts!(texts_by_their_last_token: SequenceClassifier::zeros(&Gpt2Config {
        pad_token_id: Some(2), ..gpt2() }.into()).unwrap();
    without: ["encoder.decoder.layers.0.attention.key.bias"]);

/// With dropout at every place that BERT has, as long as the draws are the same.
#[test]
fn backward_is_the_slope_of_a_model_that_drops() {
    fn model() -> TokenClassifier {
        let config = BertConfig {
            hidden_dropout_prob: 0.3,
            attention_probs_dropout_prob: 0.2,
            classifier_dropout: Some(0.4),
            ..bert()
        };
        TokenClassifier::zeros(&config.into()).unwrap()
    }
    fn forward(model: &TokenClassifier) -> lt_core::Result<ndarray::Array2<f32>> {
        let batch = two_and_three();
        let input = PredictAt::new(TokenIds::new(&IDS, &batch), &ROWS)?;
        Ok(model.forward_cached(input, &mut Train::new(3, 5))?.0)
    }
    gradient::backward_is_the_slope(&Subject {
        layer: model,
        inputs: vec![],
        without_gradient: vec![],
        wrong: vec![],
        forward: |model, _| forward(model),
        forward_in: |model, _, _| forward(model),
        forward_cached: |model, _| forward(model),
        backward: |model, _, d_output, grads, scratch| {
            let batch = two_and_three();
            let input = PredictAt::new(TokenIds::new(&IDS, &batch), &ROWS)?;
            let (_, cache) = model.forward_cached(input, &mut Train::new(3, 5))?;
            model.backward(input, &cache, d_output, grads, scratch)?;
            Ok(vec![])
        },
    });
}

/// Predictions for some rows are those rows of the predictions for all, to the bit.
#[test]
fn predictions_for_some_tokens_are_those_of_all() {
    let model = filled(MaskedLm::zeros(&bert().into(), Decoder::Tied).unwrap(), 1);
    let batch = two_and_three();
    let tokens = TokenIds::new(&IDS, &batch);
    let all = model.forward(tokens).unwrap();
    let some = model.forward(PredictAt::new(tokens, &ROWS).unwrap()).unwrap();
    for (row, some) in ROWS.iter().zip(some.rows()) {
        assert_eq!(some, all.row(*row as usize));
    }
}

/// The draws of a head are those of its tokens, whichever others are predicted.
#[test]
fn what_a_head_drops_does_not_depend_on_the_other_rows() {
    let config = BertConfig { classifier_dropout: Some(0.5), ..bert() };
    let model = filled(TokenClassifier::zeros(&config.into()).unwrap(), 1);
    let batch = two_and_three();
    let run = |rows: &[u32]| {
        let input = PredictAt::new(TokenIds::new(&IDS, &batch), rows).unwrap();
        let mut train = Train::new(3, 5).with_sequences(7, &batch);
        model.forward_cached(input, &mut train).unwrap().0
    };
    let (all, last) = (run(&[0, 1, 2, 3, 4]), run(&[4]));
    assert_eq!(all.row(4), last.row(0));
    assert_ne!(all.row(4), model.forward(TokenIds::new(&IDS, &batch)).unwrap().row(4));
}

/// Of the table of an untied model only the rows of the text's words are touched.
#[test]
fn the_gradient_of_a_table_is_of_the_words_of_the_text() {
    let model = filled(TokenClassifier::zeros(&bert().into()).unwrap(), 1);
    let batch = two_and_three();
    let input = PredictAt::new(TokenIds::new(&IDS, &batch), &ROWS).unwrap();
    let (output, cache) = model.forward_cached(input, &mut Train::default()).unwrap();
    let mut grads = zeros_like(&model);
    model.backward(input, &cache, &output, &mut grads, &mut lt_core::Scratch::new()).unwrap();
    let Values::Rows(rows) = grads.encoder().embeddings().token().weight().values() else {
        panic!("stored in another way")
    };
    assert_eq!(rows.iter().map(|(row, _)| row).collect::<Vec<_>>(), [0, 1, 2, 3, 4]);
}
