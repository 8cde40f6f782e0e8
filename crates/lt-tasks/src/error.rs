//! What can go wrong between a text and its answer.

use std::sync::Arc;

use lt_config::ConfigError;
use lt_generate::GenerateError;
use lt_model::ModelError;
use lt_tokenizer::TokenizerError;

/// Why a task could not be loaded, or a text not be answered.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TaskError {
    /// A file that says how texts are to be handled is absent, damaged or not supported.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The tokenizer could not be loaded, or could not handle the text.
    #[error(transparent)]
    Tokenizer(#[from] TokenizerError),
    /// The model could not be loaded. Boxed, as it may name every tensor of a checkpoint.
    #[error(transparent)]
    Model(Box<ModelError>),
    /// Nothing could be written.
    #[error(transparent)]
    Generate(#[from] GenerateError),
    /// A conversation needs a chat template: there is none, or it is damaged.
    #[error(transparent)]
    ChatTemplate(Arc<TokenizerError>),
    /// A configuration that asks for beams whose tokens are drawn.
    #[error(
        "do_sample is true and num_beams more than 1: beams whose tokens are drawn are not \
         supported, expected one or the other"
    )]
    SampledBeams,
    /// A text in which nothing can be foretold.
    #[error(
        "the text has {tokens} tokens, expected at least 2: the first is what others follow from"
    )]
    ShortText {
        /// How many it has.
        tokens: usize,
    },
    /// The model refused its input.
    #[error(transparent)]
    Forward(#[from] lt_core::Error),
    /// The pooling settings are for a model of another width.
    #[error(
        "the pooling is for vectors of {pooling} numbers, but the model's have {model}: were the \
         files of two models mixed?"
    )]
    Width {
        /// The width that the pooling settings name.
        pooling: usize,
        /// The width of the model.
        model: usize,
    },
    /// A pooling that this crate has no formula for.
    #[error("the pooling {name} is not supported")]
    Pooling {
        /// Its name.
        name: &'static str,
    },
    /// No way to make one vector of many was given.
    #[error("expected at least one pooling, got none")]
    NoPooling,
    /// A maximum length that the model cannot have.
    #[error("a maximum length of {got} tokens: expected {least} to {most}, as the model has it")]
    MaxLength {
        /// What was asked for.
        got: usize,
        /// The least that leaves room for the special tokens and one more.
        least: usize,
        /// The most that the model has positions for.
        most: usize,
    },
    /// Several texts were given, and this one could not be handled.
    #[error("text {number}, counted from 0")]
    Text {
        /// Which of the texts.
        number: usize,
        /// Why.
        source: Box<TaskError>,
    },
    /// An id of the tokenizer's that the model has no vector for.
    #[error(
        "the tokenizer gives the token {token:?} the id {id}, but the model has {rows} tokens: were \
         the files of two models mixed?"
    )]
    UnknownId {
        /// The token.
        token: String,
        /// Its id.
        id: u32,
        /// How many the model has.
        rows: usize,
    },
    /// The model computed NaN or infinity.
    #[error(
        "the model's result is not finite: its weights hold NaN or infinity, or are too large for \
         f32"
    )]
    NotFinite,
    /// The tokenizer has no token that stands for a masked word.
    #[error(
        "this model's tokenizer has no mask token: it was not trained to fill in words, or its \
         tokenizer_config.json is missing"
    )]
    NoMaskToken,
    /// A text without a masked word.
    #[error("the text has no {mask}: write {mask} where a word is to be guessed")]
    NoMask {
        /// The mask token of this model.
        mask: String,
    },
    /// A text of which nothing is left to look at.
    #[error("the text has no tokens, and this model's tokenizer adds none: give it some words")]
    NoTokens,
    /// Names that do not fit the head.
    #[error(
        "the head tells {head} labels apart, but {names} names were given: expected as many names \
         as labels"
    )]
    Labels {
        /// How many labels the head has.
        head: usize,
        /// How many names were given.
        names: usize,
    },
    /// A token from beyond its text.
    #[error(
        "a token at the characters {start}..{end}, but the text has {characters}: were the tokens \
         of two texts mixed?"
    )]
    Offsets {
        /// The token's first character.
        start: usize,
        /// One behind its last character.
        end: usize,
        /// How many characters there are.
        characters: usize,
    },
    /// Windows that would not move on.
    #[error("windows that overlap by {got} tokens: expected at most {most}, so that they move on")]
    Overlap {
        /// What was asked for.
        got: usize,
        /// The most that leaves a step of one token.
        most: usize,
    },
    /// A question that leaves no room for what it is asked of.
    #[error(
        "the question and the special tokens are {tokens} tokens, expected less than the {limit} of \
         a window: shorten the question"
    )]
    LongQuestion {
        /// How many they are.
        tokens: usize,
        /// How many a window has.
        limit: usize,
    },
    /// Beginnings and ends that are not of the same tokens.
    #[error("{starts} probabilities of beginning and {ends} of ending: expected one each a token")]
    Spans {
        /// How many probabilities of beginning an answer there are.
        starts: usize,
        /// How many of ending one.
        ends: usize,
    },
    /// A model that was not trained to say whether a text follows from another.
    #[error(
        "expected a label that begins with \"entail\" and another one, got {}: take a model that was \
         trained on natural language inference (NLI), or name its labels in id2label in config.json",
        listed(labels)
    )]
    NoEntailment {
        /// The labels it has.
        labels: Vec<String>,
    },
    /// Nothing to choose from.
    #[error("expected at least one label to choose from, got none")]
    NoCandidates,
    /// A sentence with a gap that has none, or too many.
    #[error("the template is {template:?}, expected {expected}")]
    Template {
        /// What was given.
        template: String,
        /// What is missing or too much.
        expected: &'static str,
    },
    /// A model with several labels where one score is wanted.
    #[error(
        "expected a model with one score for a pair of texts, but this one tells {} labels apart \
         ({}): classify the pairs, and sort them by the score of the label that is wanted",
        labels.len(), listed(labels)
    )]
    NotOneScore {
        /// The labels it has.
        labels: Vec<String>,
    },
    /// A word that is no single token, where one is needed: a mask stands for one token.
    #[error(
        "the word {word:?} is {} for this model, expected one token it knows: a mask stands for one; \
         choose another word",
        pieces_of(pieces)
    )]
    Word {
        /// The word.
        word: String,
        /// What the tokenizer makes of it.
        pieces: Vec<String>,
    },
    /// A word that stands for two labels, or twice for one.
    #[error("the word {word:?} is given twice, for {first:?} and for {second:?}: once is expected")]
    WordTwice {
        /// The word.
        word: String,
        /// The label that it stands for.
        first: String,
        /// The label that it is given for again.
        second: String,
    },
    /// A label without a word that stands for it.
    #[error("the label {label:?} has no word: give one that could stand where the mask is")]
    NoWord {
        /// The label.
        label: String,
    },
    /// A text that would have to be cut.
    #[error("the text has {tokens} tokens, expected at most {limit}: shorten it")]
    TooLong {
        /// How many it has, special tokens included.
        tokens: usize,
        /// How many the model takes.
        limit: usize,
    },
}

impl From<ModelError> for TaskError {
    fn from(error: ModelError) -> Self {
        Self::Model(Box::new(error))
    }
}

impl TaskError {
    /// Says which of several texts it was about.
    pub(crate) fn of_text(self, number: usize) -> Self {
        Self::Text { number, source: Box::new(self) }
    }
}

/// The first labels of a list that may be long.
fn listed(labels: &[String]) -> String {
    const SHOWN: usize = 8;
    let mut list: Vec<&str> = labels.iter().take(SHOWN).map(String::as_str).collect();
    if labels.len() > SHOWN {
        list.push("…");
    }
    if list.is_empty() { "no labels".to_owned() } else { list.join(", ") }
}

/// What a tokenizer makes of a word.
fn pieces_of(pieces: &[String]) -> String {
    match pieces {
        [] => "nothing".to_owned(),
        [one] => format!("the token {one}"),
        several => format!("{} tokens ({})", several.len(), several.join(" ")),
    }
}
