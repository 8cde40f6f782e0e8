#![doc = concat!(
    include_str!("../doc/01-tokenizer.md"),
    include_str!("../doc/pieces.svg"),
    include_str!("../doc/01a-sentence.md"),
    include_str!("../doc/01b-word-piece.md"),
    include_str!("../doc/word-piece.mathml"),
    include_str!("../doc/02-longest-first.md"),
    include_str!("../doc/longest-first.mathml"),
    include_str!("../doc/03-code.md"),
    include_str!("../doc/04-training.md"),
    include_str!("../doc/merge.mathml"),
    include_str!("../doc/05-training-code.md"),
    include_str!("../doc/05b-conversations.md"),
    include_str!("../doc/06-traps.md"),
)]

mod byte_level;
mod char_offsets;
mod charsmap;
mod chat_template;
mod check;
mod chunks;
mod config;
mod encode;
mod encoding;
mod error;
mod growth;
mod guard;
pub mod lesson;
mod load;
mod read;
mod special_tokens;
mod text;
mod tokenizer;
mod train;
mod truncate;
mod windows;
mod wordpiece;

pub use char_offsets::slice;
pub use chat_template::{Chat, ChatTemplate, Json, Message, Moment};
pub use encoding::Encoding;
pub use error::TokenizerError;
#[doc(hidden)]
pub use guard::panics_become_errors;
pub use special_tokens::{SpecialToken, SpecialTokens};
pub use text::{Limit, Specials, Text};
pub use tokenizer::Tokenizer;
pub use train::{
    ByteLevelStyle, Letters, PrunedWords, TokenizerTrainer, TokenizerTraining, TrainedTokenizer,
};
pub use windows::{Window, WindowSize};
pub use wordpiece::WordPieceSettings;

/// The result of everything that can go wrong here.
pub type Result<T, E = TokenizerError> = std::result::Result<T, E>;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
