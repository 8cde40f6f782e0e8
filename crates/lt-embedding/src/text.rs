//! Token, segment and position, added up and normalised.

#[cfg(feature = "train")]
pub(crate) mod backward;

use lt_core::{Error, Module, Ragged, Result, Scratch, Shape, check_shape, dims, params, shape};
use lt_kernels::{Gather, Lookup, gather};
use lt_layers::{Dropout, LayerNorm};
use ndarray::Array2;

use crate::{Embedding, Positions};

/// Ids of a batch, laid end to end.
#[derive(Debug, Clone, Copy)]
pub struct TokenIds<'a> {
    /// The id of each token, `[tokens]`.
    pub ids: &'a [u32],
    /// Which segment each token belongs to, `[tokens]`; none: all to the first. Hugging Face's
    /// `token_type_ids`.
    pub segments: Option<&'a [u32]>,
    /// Where each sequence begins.
    pub sequences: &'a Ragged,
    /// How many tokens stand before the first of each sequence, which is the rest of a text; none:
    /// none do.
    pub before: &'a [usize],
}

impl<'a> TokenIds<'a> {
    /// Texts of one segment each.
    #[must_use]
    pub fn new(ids: &'a [u32], sequences: &'a Ragged) -> Self {
        Self { ids, segments: None, sequences, before: &[] }
    }

    /// With so many tokens before the first of each sequence.
    #[must_use]
    pub fn before(self, before: &'a [usize]) -> Self {
        Self { before, ..self }
    }

    /// With the segment of each token.
    #[must_use]
    pub fn segments(self, segments: &'a [u32]) -> Self {
        Self { segments: Some(segments), ..self }
    }
}

/// The input of an encoder: for each token, the vectors of its id, its segment and its position are
/// added, and the sum is normalised. Families leave out segments, positions that come in elsewhere, or
/// the norm, and some scale the vector of the id.
///
/// # Shapes
/// ids `[tokens]` to rows `[tokens, d]`.
///
/// [Devlin et al. 2018](https://arxiv.org/abs/1810.04805), figure 2. PyTorch: `BertEmbeddings`.
#[derive(Debug, Clone, PartialEq)]
pub struct TextEmbeddings {
    token: Embedding,
    segment: Option<Embedding>,
    position: Option<Positions>,
    norm: Option<LayerNorm>,
    dropout: Dropout,
    scale: f32,
}

params!(TextEmbeddings { token, segment, position, norm });

/// What each part of [`TextEmbeddings`] contributes: rows `[tokens, d]`.
#[derive(Debug, Clone)]
pub struct EmbeddingParts {
    /// The vectors of the ids, scaled where the family scales them.
    pub token: Array2<f32>,
    /// The vectors of the segments; zeros where the family has none.
    pub segment: Array2<f32>,
    /// The vectors of the positions; zeros where the family has none.
    pub position: Array2<f32>,
    /// Their sum, normalised where the family does: the output.
    pub output: Array2<f32>,
}

impl TextEmbeddings {
    /// Embeddings of these tables. In training, the sum is normalised and then dropped from.
    ///
    /// # Errors
    /// [`Error::Shape`] if the tables and the norm are not of one width.
    pub fn new(
        token: Embedding,
        segment: Option<Embedding>,
        position: impl Into<Option<Positions>>,
        norm: impl Into<Option<LayerNorm>>,
        dropout: Dropout,
    ) -> Result<Self> {
        const AT: &str = "TextEmbeddings::new";
        let (d, position, norm) = (token.width(), position.into(), norm.into());
        for table in segment.iter().chain(position.as_ref().map(Positions::table)) {
            check_shape(AT, dims!["rows", d], table.weight().shape())?;
        }
        if let Some(norm) = &norm {
            check_shape(AT, dims![d], &[norm.width()])?;
        }
        Ok(Self { token, segment, position, norm, dropout, scale: 1.0 })
    }

    /// With vectors of the ids that are multiplied by a number before others are added: √d in the
    /// Transformer paper (section 3.4) and in Gemma.
    #[must_use]
    pub fn with_scale(self, scale: f32) -> Self {
        Self { scale, ..self }
    }

    /// What the vectors of the ids are multiplied by.
    #[must_use]
    pub fn scale(&self) -> f32 {
        self.scale
    }

    /// The table of token vectors, `[v, d]`.
    #[must_use]
    pub fn token(&self) -> &Embedding {
        &self.token
    }

    /// The table of segment vectors, if the family has one.
    #[must_use]
    pub fn segment(&self) -> Option<&Embedding> {
        self.segment.as_ref()
    }

    /// The positions, if they are added here.
    #[must_use]
    pub fn position(&self) -> Option<&Positions> {
        self.position.as_ref()
    }

    /// The longest sequence there are positions for, if there is a limit.
    #[must_use]
    pub fn limit(&self) -> Option<usize> {
        self.position.as_ref().map(Positions::limit)
    }

    /// The norm of the sum, if there is one.
    #[must_use]
    pub fn norm(&self) -> Option<&LayerNorm> {
        self.norm.as_ref()
    }

    /// What training drops from the normalised sum.
    #[must_use]
    pub fn dropout(&self) -> Dropout {
        self.dropout
    }

    /// What each part contributes, apart.
    ///
    /// # Errors
    /// As for [`Module::forward`].
    pub fn parts(&self, input: TokenIds<'_>) -> Result<EmbeddingParts> {
        let output = self.forward(input)?;
        let none = || Array2::zeros(output.raw_dim());
        let no_segments = vec![0; input.ids.len()];
        let segments = input.segments.unwrap_or(&no_segments);
        Ok(EmbeddingParts {
            token: self.token.forward(input.ids)? * self.scale,
            segment: match &self.segment {
                Some(table) => table.forward(segments)?,
                None => none(),
            },
            position: match &self.position {
                Some(positions) => {
                    let mut rows = Vec::new();
                    number_all(positions, input, &mut rows);
                    positions.table().forward(rows.as_slice())?
                }
                None => none(),
            },
            output,
        })
    }

    /// The rows of the tables, added up, and normalised if there is a norm.
    fn gather(
        &self,
        input: TokenIds<'_>,
        numbers: &Numbers,
        norm: Option<&LayerNorm>,
        scratch: &mut Scratch,
    ) -> Array2<f32> {
        // In this order, as PyTorch has it: f32 addition is not associative.
        let token = Lookup { table: self.token.weight(), rows: input.ids };
        let segments = input.segments.unwrap_or(&numbers.segments);
        let segment =
            self.segment.as_ref().map(|table| Lookup { table: table.weight(), rows: segments });
        let position = self
            .position
            .as_ref()
            .map(|table| Lookup { table: table.table().weight(), rows: &numbers.positions });
        // formula: embedding
        let mut gather = |lookups: &[Lookup<'_>]| {
            gather(&Gather::new(lookups, norm.map(LayerNorm::norm)).scale(self.scale), scratch)
        };
        match (segment, position) {
            (Some(segment), Some(position)) => gather(&[token, segment, position]),
            (Some(other), None) | (None, Some(other)) => gather(&[token, other]),
            (None, None) => gather(&[token]),
        }
    }

    /// The numbers of rows that an input does not hold itself.
    fn numbers(&self, input: TokenIds<'_>, scratch: &mut Scratch) -> Numbers {
        let (mut positions, mut segments) = (scratch.take_indices(), scratch.take_indices());
        if let Some(table) = &self.position {
            number_all(table, input, &mut positions);
        }
        if input.segments.is_none() {
            segments.resize(input.ids.len(), 0);
        }
        Numbers { positions, segments }
    }

    fn check(&self, input: TokenIds<'_>) -> Result<()> {
        const AT: &str = "TextEmbeddings::forward";
        let tokens = input.sequences.tokens();
        check_shape(AT, dims![tokens], &[input.ids.len()])?;
        let texts = input.sequences.len();
        if !input.before.is_empty() && input.before.len() != texts {
            let got = format!("{} numbers", input.before.len());
            let expected = format!("none, or one for each of {texts} sequences");
            return Err(Error::Config { at: AT, field: "before", got, expected });
        }
        self.token.check(AT, "token id", input.ids)?;
        if let Some(segments) = input.segments {
            check_shape(AT, dims![tokens], &[segments.len()])?;
            match &self.segment {
                Some(table) => table.check(AT, "segment id", segments)?,
                None => {
                    return Err(Error::Shape {
                        at: AT,
                        expected: shape!["no segments"],
                        got: Shape::of(&[segments.len()]),
                    });
                }
            }
        }
        match &self.position {
            Some(positions) => positions.check(AT, input.sequences, input.before),
            None => Ok(()),
        }
    }
}

/// Which rows of the other tables the tokens get.
struct Numbers {
    /// Of the table of positions, `[tokens]`; empty if there is none.
    positions: Vec<u32>,
    /// Of the table of segments, where the input names none: the first, `[tokens]`.
    segments: Vec<u32>,
}

impl Numbers {
    fn give_back(self, scratch: &mut Scratch) {
        scratch.give_indices(self.positions);
        scratch.give_indices(self.segments);
    }
}

/// The row of each token in the table of positions.
fn number_all(positions: &Positions, input: TokenIds<'_>, rows: &mut Vec<u32>) {
    for (sequence, range) in input.sequences.ranges().enumerate() {
        let before = input.before.get(sequence).copied().unwrap_or(0);
        rows.extend(positions.numbers(&input.ids[range], before).map(|number| number as u32));
    }
}

impl<'a> Module<TokenIds<'a>> for TextEmbeddings {
    type Output = Array2<f32>;

    fn forward(&self, input: TokenIds<'a>) -> Result<Array2<f32>> {
        self.forward_in(input, &mut Scratch::new())
    }

    fn forward_in(&self, input: TokenIds<'a>, scratch: &mut Scratch) -> Result<Array2<f32>> {
        self.check(input)?;
        let numbers = self.numbers(input, scratch);
        let output = self.gather(input, &numbers, self.norm.as_ref(), scratch);
        numbers.give_back(scratch);
        Ok(output)
    }
}
