//! Many texts through one encoder: tokenized by all threads, computed in batches of about one size.

use std::ops::Range;
use std::sync::OnceLock;

use lt_core::{Scratch, Threads};
use lt_model::{TextEncoder, TokenIds};
use lt_tokenizer::{Encoding, Text};
use ndarray::ArrayView2;

use crate::TaskError;
use crate::token_batch::{Ids, TokenBatch, batches};

/// The tokens of one text, and what a task wants to know of it when they come out of the model.
#[derive(Debug)]
pub(crate) struct Tokenized<N> {
    ids: Ids,
    note: N,
}

impl<N> Tokenized<N> {
    /// Tokens that the model has vectors for.
    ///
    /// # Errors
    /// [`TaskError::UnknownId`] if it has none for one: the tokenizer is another model's.
    pub(crate) fn new(
        encoding: Encoding,
        note: N,
        encoder: &TextEncoder,
    ) -> Result<Self, TaskError> {
        check_ids(&encoding, encoder)?;
        let Encoding { ids, segments, .. } = encoding;
        Ok(Self { ids: Ids { ids, segments }, note })
    }
}

/// Some texts, and the vectors that the encoder gives for their tokens.
pub(crate) struct EncodedBatch<'a, N> {
    /// The tokens, as the encoder got them.
    pub(crate) input: TokenIds<'a>,
    /// One vector per token, `[tokens, d]`.
    pub(crate) hidden: ArrayView2<'a, f32>,
    first: usize,
    numbers: &'a [usize],
    texts: &'a [Tokenized<N>],
}

impl<N> EncodedBatch<'_, N> {
    /// For each text of the batch which one it is of all, which rows of the batch are its tokens,
    /// and the note that was made of it.
    pub(crate) fn texts(&self) -> impl Iterator<Item = (usize, Range<usize>, &N)> {
        self.numbers.iter().zip(self.input.sequences.ranges()).map(|(&number, rows)| {
            let text = &self.texts[number];
            (self.first + number, rows, &text.note)
        })
    }
}

/// Tokenizes the texts, runs the encoder, and hands over what comes out, a batch at a time.
///
/// Each text is in one batch; those of a batch are about equally long, and come in no order of
/// theirs. A text has the same bits in any batch: nothing is padded. A batch of texts without any
/// token is left out.
///
/// # Errors
/// [`TaskError::Text`] with the number of the first text that could not be tokenized.
pub(crate) fn in_batches<N: Send + Sync>(
    encoder: &TextEncoder,
    texts: &[Text<'_>],
    tokenize: &(dyn Fn(Text<'_>) -> Result<Tokenized<N>, TaskError> + Sync),
    scratch: &mut Scratch,
    mut take: impl FnMut(EncodedBatch<'_, N>, &mut Scratch) -> Result<(), TaskError>,
) -> Result<(), TaskError> {
    let mut first = 0;
    while first < texts.len() {
        let some = &texts[first..first + at_a_time(&texts[first..])];
        let texts = tokenize_all(some, first, tokenize, scratch.threads())?;
        let ids: Vec<&Ids> = texts.iter().map(|text| &text.ids).collect();
        encode_all(encoder, &ids, scratch, |numbers, input, hidden, scratch| {
            take(EncodedBatch { input, hidden, first, numbers, texts: &texts }, scratch)
        })?;
        first += some.len();
    }
    Ok(())
}

/// Runs the encoder on these ids, in batches of about one size, and hands over their numbers, the
/// batch, and its vectors `[tokens, d]`. A batch without any token is left out.
pub(crate) fn encode_all(
    encoder: &TextEncoder,
    ids: &[&Ids],
    scratch: &mut Scratch,
    mut take: impl FnMut(
        &[usize],
        TokenIds<'_>,
        ArrayView2<'_, f32>,
        &mut Scratch,
    ) -> Result<(), TaskError>,
) -> Result<(), TaskError> {
    let lengths: Vec<usize> = ids.iter().map(|ids| ids.ids.len()).collect();
    let mut batch = TokenBatch::default();
    for numbers in batches(&lengths) {
        batch.fill(numbers.iter().map(|&number| ids[number]));
        if batch.ids.is_empty() {
            continue;
        }
        let sequences = batch.sequences();
        let input = encoder.token_ids(&batch.ids, &batch.segments, &sequences);
        let hidden = encoder.hidden(input, scratch)?; // [tokens, d]
        take(&numbers, input, hidden.view(), scratch)?;
        scratch.give(hidden);
    }
    Ok(())
}

/// Each thread tokenizes some of the texts, of which the first is number `first`.
///
/// # Errors
/// [`TaskError::Text`] with the number of the first text that could not be tokenized.
pub(crate) fn tokenize_all<T: Send + Sync>(
    texts: &[Text<'_>],
    first: usize,
    tokenize: &(dyn Fn(Text<'_>) -> Result<T, TaskError> + Sync),
    threads: &Threads,
) -> Result<Vec<T>, TaskError> {
    let tokenized: Vec<OnceLock<Result<T, TaskError>>> =
        texts.iter().map(|_| OnceLock::new()).collect();
    threads.run(texts.len(), &|number| {
        tokenized[number].get_or_init(|| tokenize(texts[number]));
    });
    let tokenized = tokenized.into_iter().enumerate().map(|(number, done)| {
        // Threads that somebody lent may have left one out.
        let done = done.into_inner().unwrap_or_else(|| tokenize(texts[number]));
        done.map_err(|error| error.of_text(first + number))
    });
    tokenized.collect()
}

/// How many of these texts are tokenized before the model runs on them: enough to be sorted by
/// length, and never all of a long list.
pub(crate) fn at_a_time(texts: &[Text<'_>]) -> usize {
    const TEXTS: usize = 2048;
    const BYTES: usize = 1 << 20;
    let mut bytes = 0;
    let fits = |text: &&Text<'_>| {
        bytes += text.first().len() + text.second().map_or(0, str::len);
        bytes <= BYTES
    };
    texts.iter().take(TEXTS).take_while(fits).count().max(1)
}

/// Refuses ids that the model has no vector for: the tokenizer is another model's.
pub(crate) fn check_ids(encoding: &Encoding, model: &TextEncoder) -> Result<(), TaskError> {
    let rows = model.embeddings().token().entries();
    let mut tokens = encoding.ids.iter().zip(&encoding.tokens);
    match tokens.find(|(id, _)| **id as usize >= rows) {
        None => Ok(()),
        Some((&id, token)) => Err(TaskError::UnknownId { token: token.clone(), id, rows }),
    }
}
