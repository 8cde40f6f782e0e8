//! Everything the tour shows, computed before any of it is shown.

use lt_core::{Ragged, Scratch};
use serde::Serialize;

use super::attention::{self, Attention, Wanted};
use super::cache::Cache;
use super::checkpoint::Checkpoint;
use super::embeddings::{Build, Embeddings};
use super::heads::LayerView;
use super::layers::Layers;
use super::next_token::NextToken;
use super::outcome::{self, Outcome};
use super::pieces::Pieces;
use super::sight::Sight;
use super::spelling::Spelling;
use crate::failure::Result;

/// One sentence on its way through a model. As JSON, this is what `--format json` prints.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Tour {
    pub(crate) text: String,
    /// The text that the tokenizer got, in which pieces have their places, if it is another: behind
    /// a prompt, or in lower case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) prepared: Option<String>,
    pub(crate) model: Sizes,
    #[serde(flatten)]
    pub(crate) pieces: Pieces,
    pub(crate) embeddings: Embeddings,
    pub(crate) attention: Attention,
    #[serde(flatten)]
    pub(crate) layers: Layers,
    pub(crate) result: Outcome,
    /// Of a language model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cache: Option<Cache>,
}

/// How large the model is.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Sizes {
    pub(crate) vocabulary: usize,
    /// The longest text that it was made for, in tokens.
    pub(crate) positions: usize,
    /// How many rows the table of positions has, if there is one.
    pub(crate) position_rows: Option<usize>,
    pub(crate) layers: usize,
    pub(crate) heads: usize,
    /// How many numbers a vector has in the layers.
    pub(crate) width: usize,
    /// How many a row of the tables has.
    pub(crate) embedding_width: usize,
}

impl Tour {
    pub(crate) fn new(
        checkpoint: &Checkpoint,
        text: &str,
        wanted: Wanted,
        scratch: &mut Scratch,
    ) -> Result<Self> {
        let encoder = checkpoint.encoder();
        let encoding = checkpoint.tokenize(text)?;
        let prepared = checkpoint.prepare(text);
        let pieces = Pieces::new(&prepared, &encoding, checkpoint.tokenizer(), checkpoint.limit());

        attention::check_size(encoder.layers(), encoding.len())?;
        let sequences = Ragged::single(encoding.len());
        let input = encoder.token_ids(&encoding.ids, &encoding.segments, &sequences);
        let parts = encoder.embeddings().parts(input)?;
        let trace = encoder.trace(input, scratch)?;

        let key_heads = encoder.layers().attentions().into_iter().map(|it| it.config().key_heads);
        // There is one sequence.
        let weights = trace.attentions.iter().flatten();
        let layers = weights.zip(Sight::of_layers(encoder.layers())).zip(key_heads);
        let views: Vec<LayerView<'_>> = layers
            .map(|((weights, sight), key_heads)| LayerView { weights, sight, key_heads })
            .collect();
        let attention = Attention::new(&pieces, &views, wanted)?;
        let layers = Layers::new(&pieces, &trace.hidden_states);
        let last = trace.hidden_states.last().unwrap_or(&parts.output);
        let result = match checkpoint {
            Checkpoint::Sentences(encoder) => Outcome::SentenceVector(outcome::sentence_vector(
                encoder, text, &pieces, last, scratch,
            )?),
            Checkpoint::MaskedLm { model, tokenizer, .. } => Outcome::MaskedWords {
                masks: outcome::masked_words(model, tokenizer, text, &pieces, scratch)?,
            },
            Checkpoint::CausalLm(generator) => {
                let spelling = Spelling::new(generator.tokenizer());
                let model = generator.model();
                Outcome::NextToken(NextToken::new(model, spelling, &pieces, last, scratch)?)
            }
        };
        let cache = match checkpoint {
            Checkpoint::CausalLm(generator) => {
                let spelling = Spelling::new(generator.tokenizer());
                let ends = &generator.config().eos_token_id;
                Some(Cache::new(generator.model(), spelling, &encoding.ids, ends, scratch)?)
            }
            _ => None,
        };
        let table = encoder.embeddings().token().weight().shape();
        let position = encoder.embeddings().position();
        Ok(Self {
            text: text.to_owned(),
            prepared: (prepared != text).then(|| prepared.into_owned()),
            model: Sizes {
                vocabulary: table[0],
                positions: encoder.longest(),
                position_rows: position.map(|position| position.table().entries()),
                layers: views.len(),
                heads: views.first().map_or(0, |layer| layer.weights.shape()[0]),
                width: encoder.width(),
                embedding_width: encoder.embeddings().token().width(),
            },
            embeddings: Embeddings::new(&parts, Build::of(encoder), layers.followed.as_ref()),
            pieces,
            attention,
            layers,
            result,
            cache,
        })
    }
}
