//! BERT: an encoder of text that looks both ways.

use lt_attention::{AttentionConfig, HiddenStates, MultiHeadAttention};
use lt_config::BertConfig;
use lt_core::{Mask, Module, Result, Scratch, Weight, params};
use lt_embedding::{Embedding, PositionIds, Positions, TextEmbeddings, TokenIds};
use lt_encoder::{Encoder, EncoderLayer, NormPlacement, Norms, Pooler, Sequences};
use lt_layers::{Dropout, FeedForward, LayerNorm, Linear, activation_from_name};
use ndarray::{Array2, Array3};

/// BERT without a head: ids in, one vector per token out, and one per sequence if there is a
/// pooler.
///
/// # Shapes
/// ids `[tokens]` to `[tokens, d]` and `[b, d]`.
///
/// [Devlin et al. 2018](https://arxiv.org/abs/1810.04805). PyTorch: transformers' `BertModel`.
#[derive(Debug, Clone, PartialEq)]
pub struct Bert {
    embeddings: TextEmbeddings,
    encoder: Encoder,
    pooler: Option<Pooler>,
}

params!(Bert { embeddings, encoder, pooler });

/// What [`Bert`] gives.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct BertOutput {
    /// One vector per token, `[tokens, d]`.
    pub last_hidden_state: Array2<f32>,
    /// One vector per sequence, `[b, d]`, if the checkpoint has a pooler.
    pub pooler_output: Option<Array2<f32>>,
}

/// What [`Bert`] gives, and everything on the way to it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct BertTrace {
    /// The output of the embeddings, then that of each layer: `[tokens, d]`.
    pub hidden_states: Vec<Array2<f32>>,
    /// For each layer, for each sequence, the attention weights `[h, t, t]`.
    pub attentions: Vec<Vec<Array3<f32>>>,
    /// One vector per sequence, `[b, d]`, if the checkpoint has a pooler.
    pub pooler_output: Option<Array2<f32>>,
}

impl Bert {
    /// A model of these sizes whose numbers are all zero, which takes no memory: to be loaded
    /// into.
    ///
    /// # Errors
    /// If a setting cannot be built: an activation that is not known, sizes that do not fit.
    pub fn zeros(config: &BertConfig, with_pooler: bool) -> Result<Self> {
        let d = config.hidden_size;
        let table = |rows| Embedding::new(Weight::zeros(&[rows, d]));
        let dropout = Dropout::new(config.hidden_dropout_prob)?;
        let embeddings = TextEmbeddings::new(
            table(config.vocab_size)?,
            Some(table(config.type_vocab_size)?),
            Positions::new(table(config.max_position_embeddings)?, PositionIds::FromZero)?,
            LayerNorm::zeros(d, config.layer_norm_eps)?,
            dropout,
        )?;
        let layers = (0..config.num_hidden_layers).map(|_| encoder_layer(config));
        let encoder = Encoder::new(layers.collect::<Result<_>>()?, None);
        let pooler = if with_pooler { Some(Pooler::new(Linear::zeros(d, d)?)) } else { None };
        Ok(Self { embeddings, encoder, pooler })
    }

    /// The layer that turns ids into vectors.
    #[must_use]
    pub fn embeddings(&self) -> &TextEmbeddings {
        &self.embeddings
    }

    /// The layers that let tokens look at each other.
    #[must_use]
    pub fn encoder(&self) -> &Encoder {
        &self.encoder
    }

    /// The layer that makes one vector of a sequence, if the checkpoint has it.
    #[must_use]
    pub fn pooler(&self) -> Option<&Pooler> {
        self.pooler.as_ref()
    }

    /// One vector per token, `[tokens, d]`, without the pooler.
    ///
    /// # Errors
    /// As for [`Module::forward`].
    pub fn hidden(&self, input: TokenIds<'_>, scratch: &mut Scratch) -> Result<Array2<f32>> {
        let embedded = self.embeddings.forward_in(input, scratch)?;
        let hidden = self.encoder.forward_in(states(&embedded, &input), scratch)?;
        scratch.give(embedded);
        Ok(hidden)
    }

    /// The output, and everything on the way to it, with the same bits.
    ///
    /// # Errors
    /// As for [`Module::forward`].
    pub fn trace(&self, input: TokenIds<'_>, scratch: &mut Scratch) -> Result<BertTrace> {
        let embedded = self.embeddings.forward_in(input, scratch)?;
        let trace = self.encoder.trace(states(&embedded, &input), scratch)?;
        let last = trace.hidden_states.last().unwrap_or(&embedded);
        let pooler_output = self.pool(last, &input, scratch)?;
        let (hidden_states, attentions) = (trace.hidden_states, trace.attentions);
        Ok(BertTrace { hidden_states, attentions, pooler_output })
    }

    fn pool(
        &self,
        hidden: &Array2<f32>,
        input: &TokenIds<'_>,
        scratch: &mut Scratch,
    ) -> Result<Option<Array2<f32>>> {
        let Some(pooler) = &self.pooler else { return Ok(None) };
        let sequences = Sequences { hidden: hidden.view(), sequences: input.sequences };
        pooler.forward_in(sequences, scratch).map(Some)
    }
}

/// Every token may look at every token of its sequence: BERT looks both ways.
static BOTH_WAYS: Mask = Mask::all();

fn states<'a>(hidden: &'a Array2<f32>, input: &'a TokenIds<'_>) -> HiddenStates<'a> {
    HiddenStates::new(hidden.view(), input.sequences).mask(&BOTH_WAYS)
}

fn encoder_layer(config: &BertConfig) -> Result<EncoderLayer> {
    let (d, wide) = (config.hidden_size, config.intermediate_size);
    let dropout = Dropout::new(config.attention_probs_dropout_prob)?;
    let attention = AttentionConfig::new(config.num_attention_heads).dropout(dropout);
    let activation = activation_from_name(&config.hidden_act)?;
    let norm = || LayerNorm::zeros(d, config.layer_norm_eps);
    let layer = EncoderLayer::new(
        MultiHeadAttention::zeros(d, attention)?,
        FeedForward::new(Linear::zeros(d, wide)?, activation, Linear::zeros(wide, d)?)?,
        Norms { attention: Some(norm()?), feed_forward: norm()?, placement: NormPlacement::Post },
    )?;
    Ok(layer.with_dropout(Dropout::new(config.hidden_dropout_prob)?))
}

impl<'a> Module<TokenIds<'a>> for Bert {
    type Output = BertOutput;

    fn forward(&self, input: TokenIds<'a>) -> Result<BertOutput> {
        self.forward_in(input, &mut Scratch::new())
    }

    fn forward_in(&self, input: TokenIds<'a>, scratch: &mut Scratch) -> Result<BertOutput> {
        let last_hidden_state = self.hidden(input, scratch)?;
        let pooler_output = self.pool(&last_hidden_state, &input, scratch)?;
        Ok(BertOutput { last_hidden_state, pooler_output })
    }
}
