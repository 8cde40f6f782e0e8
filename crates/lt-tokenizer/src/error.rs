//! What can go wrong, and how it is said.

use std::error::Error;
use std::path::PathBuf;

/// An error of the library underneath.
pub(crate) type Foreign = Box<dyn Error + Send + Sync>;

/// Why a tokenizer could not be loaded, or a text not be tokenized.
///
/// `origin` is the file, or says that the text was given in memory. What the message leaves to
/// [`source`](Error::source) it does not repeat: print the whole chain.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TokenizerError {
    /// A directory without a tokenizer.
    #[error("no tokenizer in `{}`: expected tokenizer.json, or vocab.txt, or vocab.json and merges.txt{hint}", dir.display())]
    NotFound {
        /// Where it was looked for.
        dir: PathBuf,
        /// What is there instead and what to do about it; starts with a separator, or is empty.
        hint: String,
    },
    /// A file that cannot be read.
    #[error("cannot read `{}`", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file that is larger than any real one.
    #[error(
        "`{}` has {bytes} bytes, expected at most {limit}: is it the file its name says?",
        path.display()
    )]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Its size, as far as it was looked at.
        bytes: u64,
        /// The largest size that is read.
        limit: u64,
    },
    /// A file that is not text.
    #[error(
        "`{}` is not UTF-8 at byte {at}: a Git LFS download that broke off, or another encoding? \
         Fetch it anew",
        path.display()
    )]
    NotUtf8 {
        /// The file.
        path: PathBuf,
        /// The first byte that is not.
        at: usize,
    },
    /// Text that should be JSON and is not.
    #[error("`{origin}` is not JSON: fetch it anew")]
    NotJson {
        /// The file.
        origin: String,
        /// Where and why.
        source: serde_json::Error,
    },
    /// A part of a file that does not say what it must.
    #[error("`{origin}`: {field} is {got}, expected {expected}")]
    Invalid {
        /// The file.
        origin: String,
        /// Which part: `model.vocab`.
        field: String,
        /// What it says.
        got: String,
        /// What it could say.
        expected: String,
    },
    /// A `tokenizer.json` that the `tokenizers` library cannot make sense of.
    #[error(
        "`{origin}` describes a tokenizer that cannot be built: it is damaged, or was written by \
         a tokenizers library newer than 0.22 (the one this program has). To save it again for \
         this one, in Python, after `pip install transformers \"tokenizers<0.23\"`:\n  \
         from transformers import AutoTokenizer\n  \
         AutoTokenizer.from_pretrained(\"DIRECTORY\").save_pretrained(\"DIRECTORY\")"
    )]
    Unsupported {
        /// The file.
        origin: String,
        /// What the library said.
        source: Foreign,
    },
    /// A limit that leaves no room even for the special tokens.
    #[error("a limit of {limit} tokens: expected at least {special}, the special tokens alone")]
    Limit {
        /// The limit that was asked for.
        limit: usize,
        /// How many special tokens the template adds.
        special: usize,
    },
    /// A window that leaves no room for the text that it is moved over.
    #[error(
        "a window of {limit} tokens, of which the special tokens and the first text of the pair \
         take {taken}: expected one of at least {}, or a shorter first text",
        taken + 1
    )]
    NoRoom {
        /// How many tokens a window may have.
        limit: usize,
        /// How many of them are taken.
        taken: usize,
    },
    /// A second text that leaves no room for the first, which alone may be cut.
    #[error(
        "the second text has {second} tokens, which with {special} special ones are more than the \
         limit of {limit}: shorten it"
    )]
    SecondText {
        /// The limit that was asked for.
        limit: usize,
        /// How many tokens the second text has.
        second: usize,
        /// How many special tokens the template adds.
        special: usize,
    },
    /// A text that this tokenizer has no tokens for.
    #[error("the text cannot be tokenized with this vocabulary")]
    Encode {
        /// What the library said.
        source: Foreign,
    },
    /// A number that is no token's.
    #[error(
        "token id {id} is not in the vocabulary, expected less than {vocab_size}: \
         was it made with another tokenizer?"
    )]
    UnknownId {
        /// The id.
        id: u32,
        /// One more than the largest id there is.
        vocab_size: usize,
    },
    /// Ids that this tokenizer cannot turn into a text.
    #[error("the ids cannot be turned into text")]
    Decode {
        /// What the library said.
        source: Foreign,
    },
    /// A text that no vocabulary can be learned from.
    #[error("no words to learn a vocabulary from: expected text that is not only spaces")]
    NoWords,
    /// A vocabulary that is too small for what must be in it.
    #[error(
        "a vocabulary of {vocab_size} pieces: expected at least {needed}, for the special tokens \
         and the {characters} characters alone; ask for more, or for fewer characters"
    )]
    VocabTooSmall {
        /// The size that was asked for.
        vocab_size: usize,
        /// The smallest size there can be.
        needed: usize,
        /// How many pieces of a single character there are.
        characters: usize,
    },
    /// A special token that is named twice, or empty.
    #[error("the special token {token:?}: expected each one once, and none empty")]
    SpecialToken {
        /// The token.
        token: String,
    },
    /// A text that the `tokenizers` library cannot learn from.
    #[error("no tokenizer can be trained on this text")]
    Training {
        /// What the library said.
        source: Foreign,
    },
    /// A file that cannot be written.
    #[error("cannot write `{}`", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A directory without a chat template.
    #[error(
        "no chat template in `{}`: expected chat_template.jinja, or chat_template in \
         tokenizer_config.json; a model that was not trained for conversations has none: give it \
         a plain prompt instead",
        dir.display()
    )]
    NoChatTemplate {
        /// Where it was looked for.
        dir: PathBuf,
    },
    /// A chat template of a name that there is not.
    #[error("`{origin}` has no chat template named {name:?}, expected one of: {known}")]
    UnknownChatTemplate {
        /// The file.
        origin: String,
        /// The name.
        name: String,
        /// The names that there are.
        known: String,
    },
    /// A chat template that does not parse.
    #[error("`{origin}`: the chat template does not parse at line {line}")]
    ChatTemplateSyntax {
        /// The file.
        origin: String,
        /// The line, counted from 1; 0 if it is not known.
        line: usize,
        /// What is wrong there.
        source: Foreign,
    },
    /// A conversation without messages.
    #[error("a conversation of no messages: expected at least one")]
    NoMessages,
    /// A conversation that the template refuses.
    #[error("the chat template refuses the conversation: {message}")]
    ChatRefused {
        /// What the template says.
        message: String,
    },
    /// A chat template that would go on for ever.
    #[error(
        "`{origin}`: the chat template is stopped at line {line}: it takes more steps or memory \
         than any conversation needs. Does it loop?"
    )]
    ChatTemplateEndless {
        /// The file.
        origin: String,
        /// Where it was, counted from 1; 0 if that is not known.
        line: usize,
    },
    /// A chat template that cannot go on.
    #[error("`{origin}`: the chat template fails at line {line}")]
    ChatTemplateFailed {
        /// The file.
        origin: String,
        /// Where, counted from 1; 0 if that is not known.
        line: usize,
        /// Why.
        source: Foreign,
    },
}
