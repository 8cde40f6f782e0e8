//! Models that have not been trained: what they begin with, and what training drops of them.

#![allow(clippy::unwrap_used)] // what fails here is the test

use std::collections::BTreeMap;

use lt_config::{
    AlbertConfig, BertConfig, DistilBertConfig, ElectraConfig, Gemma3TextConfig, Gpt2Config,
    Labels, LlamaConfig, ModelConfig, ModernBertConfig, MpnetConfig, RobertaConfig,
};
use lt_core::{Ragged, Result, Weight, weights};
use lt_embedding::sinusoidal_table;
use lt_encoder::{EncoderLayer, SublayerDropout};
use lt_layers::Dropout;
use lt_model::{
    CausalLm, HeadDropout, MaskedLm, QuestionAnswering, SequenceClassifier, TextEncoder,
    TokenClassifier, TokenIds, Top,
};

fn bert() -> BertConfig {
    BertConfig {
        vocab_size: 300,
        hidden_size: 16,
        num_hidden_layers: 2,
        num_attention_heads: 2,
        intermediate_size: 64,
        max_position_embeddings: 60,
        initializer_range: 0.05,
        labels: Labels::numbered(3),
        ..BertConfig::default()
    }
}

fn gpt2() -> Gpt2Config {
    let (vocab_size, n_embd, n_layer, n_head, n_positions) = (300, 16, 8, 2, 60);
    Gpt2Config { vocab_size, n_embd, n_layer, n_head, n_positions, ..Gpt2Config::default() }
}

/// The mean and the standard deviation of each parameter, by name.
fn spread(weights: Vec<(String, &Weight)>) -> BTreeMap<String, (f64, f64)> {
    let of = |weight: &Weight| {
        let numbers: Vec<f64> = weight.to_f32().into_iter().map(f64::from).collect();
        let n = numbers.len() as f64;
        let mean = numbers.iter().sum::<f64>() / n;
        let square = numbers.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / n;
        (mean, square.sqrt())
    };
    weights.into_iter().map(|(name, weight)| (name, of(weight))).collect()
}

/// Of n numbers, the standard deviation is known to σ/√(2n): six of these.
#[track_caller]
fn assert_spread(spread: &BTreeMap<String, (f64, f64)>, name: &str, sigma: f64, n: usize) {
    let (mean, deviation) = spread[name];
    assert!(
        (deviation - sigma).abs() < 6.0 * sigma / (2.0 * n as f64).sqrt(),
        "{name}: {deviation}"
    );
    assert!(mean.abs() < 6.0 * sigma / (n as f64).sqrt(), "{name}: mean {mean}");
}

#[test]
fn matrices_are_as_wide_as_the_configuration_says_biases_are_zero_and_gains_one() {
    let model = MaskedLm::random(&bert().into(), 1).unwrap();
    let spread = spread(weights(&model));
    for (name, &(mean, deviation)) in &spread {
        match name.rsplit('.').next().unwrap() {
            "gain" => assert_eq!((mean, deviation), (1.0, 0.0), "{name}"),
            "bias" => assert_eq!((mean, deviation), (0.0, 0.0), "{name}"),
            _ => assert!((0.03..0.07).contains(&deviation), "{name}: {deviation}"),
        }
    }
    assert_spread(&spread, "encoder.embeddings.token.weight", 0.05, 4800);
    assert_spread(&spread, "encoder.encoder.layers.1.feed_forward.up.weight", 0.05, 1024);
}

#[test]
fn gpt2_has_narrower_matrices_where_rows_are_added_to() {
    let spread = spread(weights(&CausalLm::random(&gpt2().into(), 1).unwrap()));
    let layer = |name: &str| format!("encoder.decoder.layers.7.{name}.weight");
    // 0.02/√(2·8) = 0.005
    assert_spread(&spread, &layer("feed_forward.down"), 0.005, 1024);
    assert_spread(&spread, &layer("attention.output"), 0.005, 256);
    assert_spread(&spread, &layer("feed_forward.up"), 0.02, 1024);
    assert_spread(&spread, "encoder.embeddings.token.weight", 0.02, 4800);
}

#[test]
fn modernbert_draws_within_two_deviations_and_its_last_matrix_by_its_width() {
    let config = ModernBertConfig {
        vocab_size: 300,
        hidden_size: 64,
        num_attention_heads: 2,
        intermediate_size: 32,
        layer_types: vec![lt_config::LayerType::Full; 2],
        pad_token_id: None,
        labels: Labels::numbered(40),
        ..ModernBertConfig::default()
    };
    let model = TokenClassifier::random(&config.into(), 1).unwrap();
    // Cut off at two deviations, a normal distribution is narrower by this.
    let cut = 0.8796;
    let by_name = spread(weights(&model));
    assert_spread(&by_name, "head.output.weight", cut / 8.0, 2560);
    assert_spread(&by_name, "head.transform.dense.weight", cut * 0.01, 4096); // 0.02/√4
    assert_spread(&by_name, "encoder.encoder.layers.0.feed_forward.down.weight", cut * 0.01, 2048);
    assert_spread(&by_name, "encoder.encoder.layers.0.attention.query.weight", cut * 0.02, 4096);
    for (name, weight) in weights(&model) {
        if name == "encoder.embeddings.token.weight" {
            assert!(weight.f32().iter().all(|x| x.abs() <= 0.04));
        }
    }
}

#[test]
fn gains_that_are_one_more_than_what_is_stored_begin_at_zero() {
    let gemma = Gemma3TextConfig {
        vocab_size: 30,
        hidden_size: 8,
        num_attention_heads: 2,
        num_key_value_heads: 1,
        head_dim: 4,
        intermediate_size: 8,
        layer_types: vec![lt_config::LayerType::Full],
        pad_token_id: None,
        bos_token_id: None,
        eos_token_id: vec![],
        ..Gemma3TextConfig::default()
    };
    let llama = LlamaConfig {
        vocab_size: 30,
        hidden_size: 8,
        num_hidden_layers: 1,
        num_attention_heads: 2,
        num_key_value_heads: 1,
        head_dim: 4,
        intermediate_size: 8,
        bos_token_id: None,
        eos_token_id: vec![],
        ..LlamaConfig::default()
    };
    for (config, gain) in [(ModelConfig::from(gemma), 0.0), (ModelConfig::from(llama), 1.0)] {
        let model = CausalLm::random(&config, 1).unwrap();
        let norms = weights(&model).into_iter().filter(|(_, weight)| weight.shape().len() == 1);
        let norms: Vec<_> = norms.collect();
        assert!(norms.len() >= 3);
        for (name, weight) in norms {
            assert!(weight.f32().iter().all(|&x| x == gain), "{name}");
        }
    }
}

#[test]
fn distilbert_may_begin_with_sines() {
    let config = DistilBertConfig {
        vocab_size: 30,
        dim: 8,
        n_layers: 1,
        n_heads: 2,
        hidden_dim: 8,
        max_position_embeddings: 6,
        sinusoidal_pos_embds: true,
        ..DistilBertConfig::default()
    };
    let model = TextEncoder::random(&config.into(), Top::Nothing, 1).unwrap();
    let positions = model.embeddings().position().unwrap().table().weight();
    assert_eq!(*positions, sinusoidal_table(6, 8).unwrap());
}

#[test]
fn a_parameter_depends_on_the_seed_and_its_name_alone() {
    let config = ModelConfig::from(bert());
    let model = |seed| TokenClassifier::random(&config, seed).unwrap();
    assert_eq!(model(1), model(1));
    let (one, other) = (model(1), model(2));
    for ((name, a), (_, b)) in weights(&one).into_iter().zip(weights(&other)) {
        assert_eq!(a == b, a.shape().len() == 1, "{name}");
    }
    // With another head on top the body is the same.
    let answers = QuestionAnswering::random(&config, 1).unwrap();
    assert_eq!(answers.encoder(), one.encoder());
}

#[test]
fn a_new_head_on_a_trained_encoder_is_that_of_a_new_model() {
    let config = ModelConfig::from(bert());
    let trained = TextEncoder::random(&config, Top::Nothing, 9).unwrap();
    let model = TokenClassifier::on_encoder(&config, trained.clone(), 1).unwrap();
    assert_eq!(model.encoder(), &trained);
    assert_eq!(model.head(), TokenClassifier::random(&config, 1).unwrap().head());

    let wider = ModelConfig::from(BertConfig { intermediate_size: 65, ..bert() });
    let refused = TokenClassifier::on_encoder(&wider, trained, 1).unwrap_err().to_string();
    assert!(
        refused.contains("encoder is encoder.layers.0.feed_forward.up.weight [64, 16]"),
        "{refused}"
    );
    assert!(
        refused.contains("expected encoder.layers.0.feed_forward.up.weight [65, 16]"),
        "{refused}"
    );
}

/// BERT's pooler is the first layer of its head for texts, and was trained; RoBERTa's is not used.
#[test]
fn a_trained_pooler_is_taken_over_where_the_head_begins_with_it() {
    let roberta = RobertaConfig {
        vocab_size: 30,
        hidden_size: 8,
        num_hidden_layers: 1,
        num_attention_heads: 2,
        intermediate_size: 8,
        max_position_embeddings: 9,
        ..RobertaConfig::default()
    };
    for (config, taken) in [(ModelConfig::from(bert()), true), (roberta.into(), false)] {
        let trained = TextEncoder::random(&config, Top::Pooler, 9).unwrap();
        let pooler = weights(trained.pooler().unwrap())[0].1.clone();
        let model = SequenceClassifier::on_encoder(&config, trained, 1).unwrap();
        assert!(model.encoder().pooler().is_none());
        let first = weights(model.head())[0].1;
        assert_eq!(*first == pooler, taken, "{}", config.family());
    }
}

// What training drops.

fn dropout(rate: f32) -> Dropout {
    Dropout::new(rate).unwrap()
}

fn layers(encoder: &TextEncoder) -> &[EncoderLayer] {
    encoder.layers().encoder().unwrap().layers()
}

/// Rates of embeddings, attention weights, sublayers; of the heads for texts (before the transform
/// and before the scores), tokens and answers.
#[track_caller]
fn assert_drops(config: &ModelConfig, rates: [f32; 4], heads: [f32; 4]) {
    let texts = SequenceClassifier::zeros(config).unwrap();
    let tokens = TokenClassifier::zeros(config).unwrap();
    let answers = QuestionAnswering::zeros(config).unwrap();
    let encoder = texts.encoder();
    assert_eq!(encoder.embeddings().dropout(), dropout(rates[0]));
    for layer in layers(encoder) {
        assert_eq!(layer.attention().config().dropout, dropout(rates[1]));
        let sublayers =
            SublayerDropout { attention: dropout(rates[2]), feed_forward: dropout(rates[3]) };
        assert_eq!(layer.dropout(), sublayers);
    }
    let of = |head: HeadDropout| [head.before_transform, head.before_output];
    assert_eq!(of(texts.head().score().dropout()), [dropout(heads[0]), dropout(heads[1])]);
    assert_eq!(of(tokens.head().dropout()), [dropout(0.0), dropout(heads[2])]);
    assert_eq!(of(answers.head().dropout()), [dropout(0.0), dropout(heads[3])]);
}

#[test]
fn each_family_drops_what_transformers_drops() {
    let bert =
        BertConfig { hidden_dropout_prob: 0.25, attention_probs_dropout_prob: 0.125, ..bert() };
    assert_drops(&bert.clone().into(), [0.25, 0.125, 0.25, 0.25], [0.0, 0.25, 0.25, 0.0]);
    let said = BertConfig { classifier_dropout: Some(0.5), ..bert };
    assert_drops(&said.into(), [0.25, 0.125, 0.25, 0.25], [0.0, 0.5, 0.5, 0.0]);
    let roberta = RobertaConfig { hidden_dropout_prob: 0.25, ..RobertaConfig::default() };
    assert_drops(&roberta.into(), [0.25, 0.1, 0.25, 0.25], [0.25, 0.25, 0.25, 0.0]);
    let electra = ElectraConfig { classifier_dropout: Some(0.5), ..ElectraConfig::default() };
    assert_drops(&electra.into(), [0.1, 0.1, 0.1, 0.1], [0.5, 0.5, 0.5, 0.0]);
    let mpnet = MpnetConfig { hidden_dropout_prob: 0.25, ..MpnetConfig::default() };
    assert_drops(&mpnet.into(), [0.25, 0.1, 0.25, 0.25], [0.25, 0.25, 0.25, 0.0]);
    let albert = AlbertConfig {
        hidden_dropout_prob: 0.25,
        classifier_dropout_prob: 0.5,
        ..AlbertConfig::default()
    };
    assert_drops(&albert.into(), [0.25, 0.0, 0.25, 0.0], [0.0, 0.5, 0.5, 0.0]);
    let distilbert = DistilBertConfig {
        dropout: 0.25,
        attention_dropout: 0.125,
        seq_classif_dropout: 0.5,
        qa_dropout: 0.75,
        ..DistilBertConfig::default()
    };
    assert_drops(&distilbert.into(), [0.25, 0.125, 0.0, 0.25], [0.0, 0.5, 0.25, 0.75]);
    let modernbert = ModernBertConfig {
        embedding_dropout: 0.25,
        attention_dropout: 0.125,
        classifier_dropout: 0.5,
        ..ModernBertConfig::default()
    };
    assert_drops(&modernbert.into(), [0.25, 0.125, 0.125, 0.0], [0.0, 0.5, 0.5, 0.5]);
}

#[test]
fn gpt2_drops_at_its_three_places() {
    let config = Gpt2Config { resid_pdrop: 0.25, embd_pdrop: 0.5, attn_pdrop: 0.125, ..gpt2() };
    let model = TokenClassifier::zeros(&config.into()).unwrap();
    assert_eq!(model.encoder().embeddings().dropout(), dropout(0.5));
    for layer in model.encoder().layers().decoder().unwrap().layers() {
        assert_eq!(layer.dropout(), dropout(0.25));
        assert_eq!(layer.attention().config().dropout, dropout(0.125));
    }
    assert_eq!(model.head().dropout().before_output, dropout(0.1));
}

/// Nothing of it is seen in use.
#[test]
fn a_model_in_use_drops_nothing() -> Result<()> {
    use lt_core::Module;
    let dropping = BertConfig { hidden_dropout_prob: 0.5, ..bert() };
    let whole = BertConfig { hidden_dropout_prob: 0.0, ..bert() };
    let (ids, batch) = Ragged::concatenate(&[[5, 6, 7]]);
    let input = TokenIds::new(&ids, &batch);
    let run = |config: BertConfig| TokenClassifier::random(&config.into(), 1)?.forward(input);
    assert_eq!(run(dropping)?, run(whole)?);
    Ok(())
}
