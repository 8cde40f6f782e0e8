//! ELECTRA: BERT that learned to tell which words were replaced.
//!
//! [Clark et al. 2020](https://arxiv.org/abs/2003.10555). Its tables may be narrower than its
//! layers, and there is no pooler. PyTorch: transformers' `models/electra/modeling_electra.py`.

use lt_config::ElectraConfig;
use lt_core::{Error, NameMap, Result, Weight};
use lt_embedding::{Embedding, PositionIds, Positions, TextEmbeddings};
use lt_encoder::Encoder;
use lt_layers::{Activation, Dropout, LayerNorm, Linear};
use lt_weights::{Heads, Layout};

use super::bert;
use super::bert::rename;
use crate::family::{Family, Names, finding_answers, masked_lm_layouts, sorting_tokens};
use crate::masked_lm::{Decoder, MaskedLmHead};
use crate::{SequenceHead, TextEncoder, Top};

impl Family for ElectraConfig {
    fn names(&self) -> &'static Names {
        &NAMES
    }

    fn encoder(&self, top: Top) -> Result<TextEncoder> {
        if top == Top::Pooler {
            return Err(Error::Config {
                at: "TextEncoder::zeros",
                field: "pooler",
                got: "one".to_owned(),
                expected: "none: an ELECTRA has no pooler".to_owned(),
            });
        }
        let (config, e) = (&self.bert, self.embedding_size);
        let table = |rows| Embedding::new(Weight::zeros(&[rows, e]));
        let embeddings = TextEmbeddings::new(
            table(config.vocab_size)?,
            Some(table(config.type_vocab_size)?),
            Positions::new(table(config.max_position_embeddings)?, PositionIds::FromZero)?,
            LayerNorm::zeros(e, config.layer_norm_eps)?,
            Dropout::new(config.hidden_dropout_prob)?,
        )?;
        let layers = (0..config.num_hidden_layers).map(|_| bert::layer(config));
        let encoder = Encoder::new(layers.collect::<Result<_>>()?, None);
        let encoder = TextEncoder::new(&NAMES, embeddings, encoder, None);
        if e == config.hidden_size {
            return Ok(encoder);
        }
        Ok(encoder.widened(Linear::zeros(e, config.hidden_size)?))
    }

    fn masked_lm_head(&self, decoder: Decoder) -> Result<MaskedLmHead> {
        let (d, e, words) = (self.bert.hidden_size, self.embedding_size, self.bert.vocab_size);
        let norm = LayerNorm::zeros(e, self.bert.layer_norm_eps)?;
        MaskedLmHead::zeros(Linear::zeros(d, e)?, Activation::Gelu, norm, words, decoder)
    }

    fn sequence_head(&self, labels: usize) -> Result<SequenceHead> {
        SequenceHead::on_first_token(self.bert.hidden_size, Activation::Gelu, labels)
    }
}

/// The encoder under a head: its names are BERT's, and `embeddings_project` is called the same
/// here.
const UNDER: NameMap = bert::ENCODER.below("encoder.", "electra.");

/// What an ELECTRA checkpoint may hold besides: a buffer and heads.
const SPELLING: Layout = Layout {
    prefixes: &["electra."],
    ignored: &[
        "embeddings.position_ids",
        "embeddings.token_type_ids",
        "generator_predictions.*",
        "generator_lm_head.*",
        "discriminator_predictions.*",
        "classifier.*",
        "qa_outputs.*",
    ],
    ..Layout::new(NameMap::new(&[]))
};

static NAMES: Names = Names {
    classes: &["Electra"],
    pooler: None,
    encoder: Layout { map: bert::ENCODER, heads: Heads::WithoutPrefix, ..SPELLING },
    masked_lm: masked_lm_layouts! {
        spelling: SPELLING,
        encoder: UNDER,
        head: [
            rename("head.transform", "generator_predictions.dense"),
            rename("head.norm.gain", "generator_predictions.LayerNorm.weight"),
            rename("head.norm.bias", "generator_predictions.LayerNorm.bias"),
        ],
        own: ["generator_predictions.*", "generator_lm_head.*"],
        words: "embeddings.word_embeddings.weight",
        decoder: "generator_lm_head.weight",
        bias: "generator_lm_head.bias",
        decoder_bias: "generator_lm_head.bias",
    },
    sequences: Layout {
        map: UNDER.and(&[NameMap::new(&[
            rename("head.transform", "classifier.dense"),
            rename("head.output", "classifier.out_proj"),
        ])]),
        own: &["classifier.*"],
        ..SPELLING
    },
    tokens: sorting_tokens(SPELLING, UNDER),
    questions: finding_answers(SPELLING, UNDER),
};
