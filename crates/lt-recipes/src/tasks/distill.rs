//! `lt train distill`: a student learns the sentence vectors of a teacher.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use lt_core::{Scratch, Threads};
use lt_model::LoadOptions;
use lt_tasks::SentenceEncoder;
use lt_tokenizer::Tokenizer;
use lt_train::data::{Drawn, Order, Tokens};
use lt_train::objective::{Pooling, Sequence, TaughtSequence, TaughtTexts, VectorDistillation};

use super::embed::{WAYS, frozen_pooler};
use super::sentence_model::{SentenceModel, SentenceSettings};
use super::{begin, refuse_unread};
use crate::carry_out::{Finished, Job, Session, carry_out};
use crate::rows::{Foreign, Kept, Source, Wanted, source};
use crate::start::Start;
use crate::texts::{max_length, sequence};
use crate::{Distill, RecipeError, Result, Training};

/// A text, as tokens for the student and as text for the teacher.
#[derive(Debug, Clone, PartialEq)]
struct Lesson {
    sequence: Sequence,
    text: String,
}

impl Tokens for Lesson {
    fn tokens(&self) -> usize {
        self.sequence.tokens()
    }
}

/// The teacher, and what it has said.
#[derive(Debug)]
struct Teacher {
    encoder: SentenceEncoder,
    scratch: Mutex<Scratch>,
}

impl Teacher {
    /// The texts of a shard with their vectors. A text has the same bits in any batch.
    fn teach(&self, lessons: Vec<Drawn<Lesson>>, kept: &Kept) -> Result<TaughtTexts, Foreign> {
        let known: Vec<Option<Vec<f32>>> =
            lessons.iter().map(|lesson| kept.get(lesson.number)).collect();
        let asked = || lessons.iter().zip(&known).filter(|(_, known)| known.is_none());
        let texts: Vec<&str> = asked().map(|(lesson, _)| &lesson.example.text[..]).collect();
        let mut scratch = self.scratch.lock().unwrap_or_else(PoisonError::into_inner);
        let found = self.encoder.encode(&texts, &mut scratch)?; // [n, d]
        drop(scratch);
        let mut found = found.outer_iter().map(|vector| vector.to_vec());
        let mut taught = Vec::with_capacity(lessons.len());
        for (lesson, known) in lessons.into_iter().zip(known) {
            let vector = match known {
                Some(vector) => vector,
                None => {
                    let vector = found.next().unwrap_or_default();
                    kept.put(lesson.number, &vector);
                    vector
                }
            };
            let example = TaughtSequence::new(lesson.example.sequence, vector);
            taught.push(Drawn::new(example, lesson.number, lesson.epoch));
        }
        Ok(TaughtTexts::of_drawn(&taught)?)
    }
}

impl Training<Distill> {
    /// Trains a student that gives the vectors of its teacher.
    ///
    /// # Errors
    /// Whatever is wrong with the recipe, the data or a model, and what stops the run.
    pub fn run(&self, session: Session<'_>) -> Result<Finished> {
        refuse_unread(self, &["text"])?;
        let Some(dir) = &self.objective.teacher else {
            let expected = "the folder of a model";
            return Err(RecipeError::setting("objective.teacher", "not said", expected));
        };
        let start = Start::read(&self.model, &self.tokenizer)?;
        let encoder = SentenceEncoder::from_dir(dir, &LoadOptions::default())?;
        let model = begin(&start, self.seed, &WAYS)?;
        if model.0.width() != encoder.width() {
            let expected = format!("{}, the width of the teacher's vectors", encoder.width());
            return Err(RecipeError::setting("model.hidden_size", model.0.width(), expected));
        }
        let scratch = Mutex::new(Scratch::with_threads(Threads::clone(&session.threads)));
        let teacher = Arc::new(Teacher { encoder, scratch });
        let length = max_length(self.data.max_length, model.0.longest())?;
        let sources = self.sources(|files, order| {
            self.lessons(files, order, (&start.tokenizer, length), &teacher)
        })?;
        let settings = SentenceSettings {
            pooling: self.objective.pooling,
            normalize: self.objective.normalize,
            max_length: length,
            width: model.0.width(),
        };
        let pooling = Pooling::from(self.objective.pooling);
        let objective = VectorDistillation::<SentenceModel>::new(pooling);
        let freeze = frozen_pooler(&model);
        let job = Job::new(objective, sources, model, start.folder()?);
        carry_out(self, job.of_sentences(settings, freeze), session)
    }

    fn lessons(
        &self,
        files: &[PathBuf],
        order: Order,
        (tokenizer, length): (&Arc<Tokenizer>, usize),
        teacher: &Arc<Teacher>,
    ) -> Result<Box<dyn Source<Shard = TaughtTexts>>> {
        let text = Wanted { key: "text", column: self.data.text.as_ref() };
        let corpus = self.data.corpus(files, self.data.rows(&[text])?)?;
        let tokenizer = Arc::clone(tokenizer);
        let encode = move |rows: Vec<Vec<String>>| {
            let lesson =
                |text: String| Ok(Lesson { sequence: sequence(&tokenizer, &text, length)?, text });
            let lessons: Result<Vec<Lesson>> = rows.into_iter().flatten().map(lesson).collect();
            Ok(lessons?)
        };
        let (teacher, kept) = (Arc::clone(teacher), Kept::default());
        let collate = move |drawn: Vec<Drawn<Lesson>>| teacher.teach(drawn, &kept);
        source(corpus, (order, self.data.budget(4)), encode, collate)
    }
}
