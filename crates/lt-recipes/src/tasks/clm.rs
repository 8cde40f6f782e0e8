//! `lt train clm`: a decoder learns to foretell the next word.

use std::path::PathBuf;
use std::sync::Arc;

use lt_model::CausalLm;
use lt_tokenizer::{Limit, Tokenizer};
use lt_train::data::{Drawn, Order, packed};
use lt_train::loss::CrossEntropy;
use lt_train::objective::{LabelledRows, LanguageModelling, Sequence, next_tokens};

use super::{Ways, begin, refuse_unread};
use crate::carry_out::{Finished, Job, Session, carry_out};
use crate::rows::{Source, Wanted, source};
use crate::start::Start;
use crate::texts::{Pieces, max_length};
use crate::{Clm, Result, Training};

impl Training<Clm> {
    /// Trains a model that foretells the next word.
    ///
    /// # Errors
    /// Whatever is wrong with the recipe, the data or the model, and what stops the run.
    pub fn run(&self, session: Session<'_>) -> Result<Finished> {
        refuse_unread(self, &["text"])?;
        let start = Start::read(&self.model, &self.tokenizer)?;
        let loss = CrossEntropy::new().smoothing(self.objective.label_smoothing)?;
        let ways = Ways {
            new: CausalLm::random,
            load: |config, source| Ok(CausalLm::from_source(config, source)?.model),
            on_encoder: CausalLm::on_encoder,
        };
        let model = begin(&start, self.seed, &ways)?;
        let length = max_length(self.data.max_length, model.encoder().longest())?;
        let sources =
            self.sources(|files, order| self.rows_of(files, order, &start.tokenizer, length))?;
        let objective = LanguageModelling::<CausalLm>::new(loss);
        carry_out(self, Job::new(objective, sources, model, start.folder()?), session)
    }

    fn rows_of(
        &self,
        files: &[PathBuf],
        order: Order,
        tokenizer: &Arc<Tokenizer>,
        length: usize,
    ) -> Result<Box<dyn Source<Shard = LabelledRows>>> {
        let text = Wanted { key: "text", column: self.data.text.as_ref() };
        let corpus = self.data.corpus(files, self.data.rows(&[text])?)?;
        let end = tokenizer.special_tokens().eos.as_ref().map(|token| token.id);
        let pieces = Pieces::new(tokenizer, length)?.ending_with(end);
        let (tokenizer, pack) = (Arc::clone(tokenizer), self.objective.pack);
        let encode = move |rows: Vec<Vec<String>>| {
            let mut sequences = Vec::new();
            if pack {
                let mut texts = Vec::with_capacity(rows.len());
                for text in rows.iter().flatten() {
                    let own = tokenizer.encode_bare(text, Limit::None)?.ids;
                    texts.push([pieces.before(), &own, pieces.behind()].concat());
                }
                sequences.extend(packed(texts, length, None).into_iter().map(Sequence::new));
            } else {
                for text in rows.iter().flatten() {
                    sequences.extend(pieces.cut(&tokenizer, text)?);
                }
            }
            // One token foretells nothing.
            sequences.retain(|sequence| sequence.ids.len() > 1);
            Ok(sequences)
        };
        let collate = |drawn: Vec<Drawn<Sequence>>| Ok(next_tokens(&drawn));
        source(corpus, (order, self.data.budget(4)), encode, collate)
    }
}
