//! `lt train mlm`: an encoder learns to guess hidden words.

use std::path::PathBuf;
use std::sync::Arc;

use lt_model::MaskedLm;
use lt_tokenizer::Tokenizer;
use lt_train::data::{Drawn, Order};
use lt_train::loss::CrossEntropy;
use lt_train::objective::{LabelledRows, LanguageModelling, Masking, Sequence, Whole};

use super::{Ways, begin, refuse_unread};
use crate::carry_out::{Finished, Job, Session, carry_out};
use crate::rows::{Source, Wanted, source};
use crate::start::Start;
use crate::texts::{Pieces, max_length};
use crate::{DataSection, Mlm, RecipeError, Result, Training};

impl Training<Mlm> {
    /// Trains a model that guesses hidden words.
    ///
    /// # Errors
    /// Whatever is wrong with the recipe, the data or the model, and what stops the run.
    pub fn run(&self, session: Session<'_>) -> Result<Finished> {
        refuse_unread(self, &["text"])?;
        let start = Start::read(&self.model, &self.tokenizer)?;
        let loss = CrossEntropy::new().smoothing(self.objective.label_smoothing)?;
        let ways = Ways {
            new: MaskedLm::random,
            load: |config, source| Ok(MaskedLm::from_source(config, source)?.model),
            on_encoder: MaskedLm::on_encoder,
        };
        let model = begin(&start, self.seed, &ways)?;
        let length = max_length(self.data.max_length, model.encoder().longest())?;
        let masking = self.objective.masking(&start.tokenizer, self.seed)?;
        let sources = self.sources(|files, order| {
            hidden_words(&self.data, files, order, (&start.tokenizer, length), masking.clone())
        })?;
        let objective = LanguageModelling::<MaskedLm>::new(loss);
        carry_out(self, Job::new(objective, sources, model, start.folder()?), session)
    }
}

/// Texts in which words are hidden.
pub(crate) fn hidden_words(
    data: &DataSection,
    files: &[PathBuf],
    order: Order,
    (tokenizer, length): (&Arc<Tokenizer>, usize),
    masking: Masking,
) -> Result<Box<dyn Source<Shard = LabelledRows>>> {
    let text = Wanted { key: "text", column: data.text.as_ref() };
    let corpus = data.corpus(files, data.rows(&[text])?)?;
    let (tokenizer, pieces) = (Arc::clone(tokenizer), Pieces::new(tokenizer, length)?);
    let encode = move |rows: Vec<Vec<String>>| {
        let mut sequences = Vec::new();
        for text in rows.iter().flatten() {
            sequences.extend(pieces.cut(&tokenizer, text)?);
        }
        Ok(sequences)
    };
    let collate = move |drawn: Vec<Drawn<Sequence>>| Ok(masking.shard(&drawn));
    source(corpus, (order, data.budget(4)), encode, collate)
}

impl Mlm {
    /// How words are hidden.
    pub(crate) fn masking(&self, tokenizer: &Tokenizer, seed: u64) -> Result<Masking> {
        let shares = [
            ("objective.rate", self.rate),
            ("objective.masked", self.masked),
            ("objective.replaced", self.replaced),
            ("objective.masked + objective.replaced", self.masked + self.replaced),
        ];
        if let Some((key, got)) = shares.iter().find(|(_, share)| !(0.0..=1.0).contains(share)) {
            return Err(RecipeError::setting(key, got, "between 0 and 1"));
        }
        let special = tokenizer.special_tokens();
        let Some(mask) = &special.mask else {
            let expected = "that of a tokenizer with a mask token: `lt train tokenizer` makes one \
                            with kind = \"wordpiece\"";
            return Err(RecipeError::setting("tokenizer.from", "without a mask", expected));
        };
        let all = [&special.unk, &special.cls, &special.sep, &special.pad, &special.mask];
        let all = all.into_iter().chain([&special.bos, &special.eos]);
        let never = all.flatten().map(|token| token.id);
        let whole = if self.whole_words { Whole::Word } else { Whole::Token };
        let masking = Masking::new(seed, mask.id, 0..tokenizer.vocab_size() as u32);
        let mut masking = masking.never(never).whole(whole);
        (masking.rate, masking.masked, masking.replaced) = (self.rate, self.masked, self.replaced);
        Ok(masking)
    }
}
